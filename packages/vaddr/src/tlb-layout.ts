/**
 * One TLB entry in linear memory, for either address width: the layout that the interpreter, compiled code and the slow path share. A
 * comparator holds the whole page address plus flag bits below it, so 0x80000000 and 0xffffffff80000000 differ. `addend` is 32 bits
 * for either width: host = i32.add(i32.wrap(va), addend).
 */
import { struct } from './struct.ts';
import { VaddrError, type VaddrBits } from './width.ts';

export interface TlbLayout {
  /** Bytes of an entry. */
  readonly size: number;
  /** Bytes of a comparator. */
  readonly comparatorSize: 4 | 8;
  /** Byte offsets of the comparators for loads, stores and instruction fetch, and of what to add to the low half of the address. */
  readonly read: number;
  readonly write: number;
  readonly code: number;
  readonly addend: number;
}

const entry32 = struct({ read: 'u32', write: 'u32', code: 'u32', addend: 'u32' });
const entry64 = struct({ read: 'i64', write: 'i64', code: 'i64', addend: 'u32', pad: 'u32' });

export const TLB_LAYOUT: Readonly<Record<VaddrBits, TlbLayout>> = {
  32: assertLayout({ size: entry32.size, comparatorSize: 4, ...pick(entry32.offset) }),
  64: assertLayout({ size: entry64.size, comparatorSize: 8, ...pick(entry64.offset) }),
};

function pick({ read, write, code, addend }: Omit<TlbLayout, 'size' | 'comparatorSize'>): Omit<TlbLayout, 'size' | 'comparatorSize'> {
  return { read, write, code, addend };
}

/** Throws `VaddrError` unless the layout is what generated code relies on: a power of two in size, comparators in a row at their natural
 *  alignment, then the addend. */
export function assertLayout(layout: TlbLayout): TlbLayout {
  const { size, comparatorSize: c, read, write, code, addend } = layout;
  const good = size === 4 * c && read === 0 && write === c && code === 2 * c && addend === 3 * c;
  if (!good) throw new VaddrError(`TLB entry layout ${JSON.stringify(layout)} is not { read, write, code, addend } in four words of the address width; fix the record`);
  return layout;
}
