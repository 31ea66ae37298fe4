/** What a PC's firmware finds in CMOS RAM: the memory map and the equipment. Byte numbers as in the IBM AT and, for memory above 16 MB, Bochs and QEMU. */

/** CMOS bytes outside the clock. */
export const Cmos = {
  FLOPPY: 0x10, DISKS: 0x12, EQUIPMENT: 0x14, BASE_KB: 0x15, EXTENDED_KB: 0x17, EXTENDED_KB_ACTUAL: 0x30, ABOVE_16M: 0x34,
  BOOT_ORDER_3: 0x38, BOOT_ORDER_12: 0x3d, ABOVE_4G: 0x5b, CPUS: 0x5f, SHUTDOWN: 0x0f,
} as const;

/** Equipment byte: a coprocessor and a PS/2 mouse. */
const EQUIPMENT = 0x06;
const KB = 1024;
const MB = 1024 * KB;
const BASE_KB = 640;

export interface CmosLayout {
  /** Bytes of RAM below 4 GB and above it. */
  readonly ramBelow4G: number;
  readonly ramAbove4G: number;
  readonly cpus: number;
  /** BIOS boot devices in order: 1 floppy, 2 disk, 3 CD, 4 network; up to three. Default disk, CD, floppy as in QEMU. */
  readonly boot?: readonly number[];
}

/** CMOS RAM at power-on for `RtcOptions.nvram`. */
export function pcNvram(layout: CmosLayout): Record<number, number> {
  const bytes: Record<number, number> = {};
  const put = (at: number, value: number, count: number) => {
    for (let i = 0; i < count; i++) bytes[at + i] = Math.floor(value / 256 ** i) % 256;
  };
  const upTo = (bytesOfRam: number, unit: number) => Math.max(0, Math.min(0xffff, Math.floor(bytesOfRam / unit)));
  put(Cmos.EQUIPMENT, EQUIPMENT, 1);
  put(Cmos.BASE_KB, BASE_KB, 2);
  put(Cmos.EXTENDED_KB, upTo(layout.ramBelow4G - MB, KB), 2);
  put(Cmos.EXTENDED_KB_ACTUAL, upTo(layout.ramBelow4G - MB, KB), 2);
  put(Cmos.ABOVE_16M, upTo(layout.ramBelow4G - 16 * MB, 64 * KB), 2);
  put(Cmos.ABOVE_4G, Math.floor(layout.ramAbove4G / (64 * KB)), 3);
  put(Cmos.CPUS, layout.cpus - 1, 1);
  const [first = 0, second = 0, third = 0] = layout.boot ?? [2, 3, 1];
  put(Cmos.BOOT_ORDER_3, third << 4, 1);
  put(Cmos.BOOT_ORDER_12, first | (second << 4), 1);
  return bytes;
}
