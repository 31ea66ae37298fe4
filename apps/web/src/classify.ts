/** What a file is that somebody dropped onto the page, by its first bytes: signatures of Linux's boot protocol (`Documentation/arch/x86/boot.rst`),
 *  ELF, cpio (`Documentation/driver-api/early-userspace/buffer-format.rst`) and the compressors that an initrd may use. */

export const FILE_ROLES = ['kernel', 'initrd', 'disk'] as const;
export type FileRole = (typeof FILE_ROLES)[number];

/** Bytes of a file that `classify` wants to see. */
export const HEAD_BYTES = 4096;

const SIGNATURES: readonly (readonly [offset: number, bytes: string, role: FileRole])[] = [
  [0x202, 'HdrS', 'kernel'],
  [0, '\x7fELF', 'kernel'],
  [0, '070701', 'initrd'],
  [0, '070702', 'initrd'],
  [0, '\x1f\x8b', 'initrd'], // gzip
  [0, '\xfd7zXZ\0', 'initrd'],
  [0, '\x28\xb5\x2f\xfd', 'initrd'], // zstd
  [0, 'BZh', 'initrd'],
  [0, '\x02\x21\x4c\x18', 'initrd'], // lz4 as the kernel has it
];
/** Formats that look like disks to a user, and are no raw images. */
const NOT_RAW: readonly (readonly [offset: number, bytes: string, name: string])[] = [
  [0, 'QFI\xfb', 'qcow2'], [0, 'KDMV', 'VMDK'], [0, 'conectix', 'VHD'], [0, 'vhdxfile', 'VHDX'], [0x40, '\x7f\x10\xda\xbe', 'VDI'],
];

/** The role of a file, or why it has none. */
export function classify(head: Uint8Array, name: string): { readonly role: FileRole } | { readonly problem: string } {
  const has = (offset: number, bytes: string): boolean => [...bytes].every((c, i) => head[offset + i] === c.charCodeAt(0));
  const found = SIGNATURES.find(([offset, bytes]) => has(offset, bytes));
  if (found) return { role: found[2] };
  const foreign = NOT_RAW.find(([offset, bytes]) => has(offset, bytes));
  if (foreign) return { problem: `${name} is a ${foreign[2]} image; convert it: qemu-img convert -O raw ${name} disk.img` };
  if (head.length < 512) return { problem: `${name} has ${head.length} bytes: too short for a kernel, an initrd or a disk image` };
  return { role: 'disk' };
}
