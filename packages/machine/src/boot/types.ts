/** What a boot loader is given. */

/** A file that a multiboot kernel gets as a module. */
export interface BootModule {
  data: Uint8Array;
  /** Its command line; by convention the file name comes first. */
  args: string;
}

export interface BootFiles {
  /** The kernel command line (`-append`). */
  append: string;
  /** Absent without `-initrd`. */
  initrd?: Uint8Array;
  /** For multiboot kernels, `-initrd` names modules; default: the initrd alone. */
  modules?: readonly BootModule[];
  /** Physical address of the ACPI RSDP, 0 for none. */
  rsdp: number;
}
