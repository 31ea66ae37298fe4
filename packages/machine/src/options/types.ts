/**
 * The description of a machine, as plain data. `parseQemuArgs` makes one from QEMU's command line; an embedder writes it
 * directly. Files are named by a string, which the host opens, or given as bytes or as a ready back end.
 */
import type { BlockBackend } from '@emu/devices';

/** A host file by name, or its contents. */
export type FileSource = string | Uint8Array;

/** Where a character device's bytes go. `stdio` is the embedder's console; `mux` shares it with the monitor (Ctrl-A c); `signal` off: Ctrl-C is for the guest even where it is not shared. */
export type CharSource =
  | { readonly type: 'none' }
  | { readonly type: 'null' }
  | { readonly type: 'stdio'; readonly mux?: boolean; readonly signal?: boolean | undefined }
  | { readonly type: 'file'; readonly path: string; readonly append?: boolean };

/** How writes reach the host's file (QEMU's `cache=`): `none` is as `writeback` here, since Node has no O_DIRECT. */
export type CacheMode = 'writeback' | 'none' | 'writethrough' | 'directsync' | 'unsafe';

export interface DriveOptions {
  readonly id: string;
  /** `virtio` makes a virtio-blk-pci device for it; `none` leaves that to a `-device` which names the id. */
  readonly interface: 'virtio' | 'none';
  readonly file: string | BlockBackend;
  readonly readonly: boolean;
  /** Guest writes go to memory and are lost at the end. */
  readonly snapshot: boolean;
  readonly cache: CacheMode;
  /** Whether the guest's discards reach the file. */
  readonly discard: boolean;
}

/** PCI slot of a device, 0..31; absent: the next free one. */
interface PciOptions {
  readonly slot?: number;
}

export interface VirtioOptions extends PciOptions {
  readonly disableLegacy?: boolean;
  readonly vectors?: number;
}

export type DeviceOptions =
  | (VirtioOptions & {
    readonly driver: 'virtio-blk-pci'; readonly drive: string; readonly serial?: string; readonly numQueues?: number; readonly queueSize?: number;
    readonly logicalBlockSize?: number; readonly physicalBlockSize?: number;
  })
  | (VirtioOptions & { readonly driver: 'virtio-rng-pci' })
  | (VirtioOptions & { readonly driver: 'virtio-serial-pci'; readonly maxPorts?: number })
  | { readonly driver: 'virtconsole' | 'virtserialport'; readonly chardev: string; readonly name?: string }
  | { readonly driver: 'isa-debug-exit'; readonly iobase: number; readonly iosize: number }
  | { readonly driver: 'isa-debugcon'; readonly iobase: number; readonly chardev: string }
  | { readonly driver: 'pvpanic'; readonly ioport: number };

export type DeviceDriver = DeviceOptions['driver'];

export interface CpuOptions {
  /** A CPU model, for example `qemu64` or `max`. */
  readonly model: string;
  /** Features switched on or off against the model, by QEMU's names. */
  readonly features: Readonly<Record<string, boolean>>;
}

/** What a machine runs on when `-accel` does not say (or says `tcg`). */
export const DEFAULT_ACCEL: 'tci' | 'jit' = 'jit';

export interface AccelOptions {
  /** `tci`: the interpreter; `jit`: the same with the region compiler for hot code; `auto`: `DEFAULT_ACCEL`. */
  readonly kind: 'auto' | 'tci' | 'jit';
  /** Executions of a block before it is compiled. */
  readonly threshold?: number;
  /** Bytes for translated code. */
  readonly tbSizeBytes?: number;
  /** Each instruction is a block of its own, for logs and for finding faults. */
  readonly oneInsnPerTb?: boolean;
}

export interface IcountOptions {
  /** Virtual time per guest instruction: 2^shift ns. `auto` starts at 3 and follows real time. */
  readonly shift: number | 'auto';
  /** While the guest sleeps, virtual time passes as real time does (true) or jumps to the next timer (false). */
  readonly sleep: boolean;
}

export interface RtcOptions {
  /** Start of the guest's calendar: UTC, the host's local time, or ms since 1970. */
  readonly base: 'utc' | 'localtime' | number;
}

export interface FwCfgOptions {
  readonly name: string;
  readonly data: FileSource;
}

export const LOG_ITEMS = ['in_asm', 'op', 'out_asm', 'int', 'cpu_reset', 'guest_errors', 'unimp'] as const;
export type LogItem = (typeof LOG_ITEMS)[number];

export interface MachineOptions {
  /** RAM in bytes. */
  readonly memory: number;
  readonly kernel?: FileSource;
  readonly initrd?: FileSource;
  /** Kernel command line. */
  readonly append: string;
  readonly cpu: CpuOptions;
  readonly accel: AccelOptions;
  /** Absent: virtual time follows the host's clock. */
  readonly icount?: IcountOptions;
  readonly rtc: RtcOptions;
  readonly acpi: boolean;
  readonly drives: readonly DriveOptions[];
  readonly devices: readonly DeviceOptions[];
  /** COM1 to COM4. */
  readonly serials: readonly CharSource[];
  readonly monitor: CharSource;
  /** `-chardev`, by id. */
  readonly chardevs: Readonly<Record<string, CharSource>>;
  readonly fwCfg: readonly FwCfgOptions[];
  /** A guest reset: does it reset, or end the machine (`-no-reboot`)? */
  readonly onReset: 'reset' | 'shutdown';
  /** A guest power-off: does it end the machine, or leave it paused (`-no-shutdown`)? */
  readonly onShutdown: 'poweroff' | 'pause';
  /** Start paused (`-S`). */
  readonly paused: boolean;
  readonly log: readonly LogItem[];
  /** `-D`: where log lines go; absent: standard error. */
  readonly logFile?: string;
  /** Directories of `-L`, searched for files that are not found as given. */
  readonly dataDirs: readonly string[];
  /** Makes RDRAND and virtio-rng repeatable. */
  readonly seed?: number;
  readonly name?: string;
}

/** A machine of 128 MiB with nothing but what every PC has: QEMU's defaults. */
export const DEFAULT_OPTIONS: MachineOptions = {
  memory: 128 * 2 ** 20, append: '', cpu: { model: 'qemu64', features: {} }, accel: { kind: 'auto' }, rtc: { base: 'utc' }, acpi: true,
  drives: [], devices: [], serials: [], monitor: { type: 'none' }, chardevs: {}, fwCfg: [], onReset: 'reset', onShutdown: 'poweroff',
  paused: false, log: [], dataDirs: [],
};
