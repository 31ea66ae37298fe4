/** A range of ports or of MMIO that a device answers for, and the glue that fits guest accesses to what the device handles. */

export type AccessBytes = 1 | 2 | 4;

/** Offsets count bytes from the region's start; values are unsigned numbers of `bytes` bytes. 64-bit accesses arrive as two of 4. */
export interface IoRegion {
  readonly name: string;
  /** Bytes that the region covers. */
  readonly size: number;
  /** What the device itself handles; default 1..4. Wider accesses are split, narrower ones widened (see `regionRead`). */
  readonly access?: { readonly min?: AccessBytes; readonly max?: AccessBytes };
  read(offset: number, bytes: AccessBytes): number;
  write(offset: number, bytes: AccessBytes, value: number): void;
}

/** Keeps the low `bytes` bytes of a value, unsigned. */
export const truncate = (value: number, bytes: AccessBytes): number =>
  bytes === 1 ? value & 0xff : bytes === 2 ? value & 0xffff : value >>> 0;

/** The value of a bus that nobody drives. */
export const openBus = (bytes: AccessBytes): number => truncate(0xffff_ffff, bytes);

/** Reads as the bus does: too wide an access is split in ascending order, too narrow a one takes its bytes from the aligned word. */
export function regionRead(region: IoRegion, offset: number, bytes: AccessBytes): number {
  const max = region.access?.max ?? 4;
  const min = region.access?.min ?? 1;
  if (bytes > max) {
    let value = 0;
    for (let i = 0; i < bytes; i += max) value |= truncate(region.read(offset + i, max), max) << (8 * i);
    return truncate(value, bytes);
  }
  if (bytes < min) {
    const start = offset & -min;
    return truncate(region.read(start, min) >>> (8 * (offset - start)), bytes);
  }
  return truncate(region.read(offset, bytes), bytes);
}

/** Writes as the bus does: too wide an access is split in ascending order, too narrow a one is zero-extended at the aligned word. */
export function regionWrite(region: IoRegion, offset: number, bytes: AccessBytes, value: number): void {
  const max = region.access?.max ?? 4;
  const min = region.access?.min ?? 1;
  if (bytes > max) {
    for (let i = 0; i < bytes; i += max) region.write(offset + i, max, truncate(value >>> (8 * i), max));
  } else if (bytes < min) {
    const start = offset & -min;
    region.write(start, min, (truncate(value, bytes) << (8 * (offset - start))) >>> 0);
  } else region.write(offset, bytes, truncate(value, bytes));
}
