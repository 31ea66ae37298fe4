/** Bit masks by number, so that a register's bits read as in its data sheet. A bit is a mask here, never an index. */

/** The mask of bit `n` (0..31) as an unsigned number. */
export const bit = (n: number): number => (1 << n) >>> 0;

/** The mask of `width` bits from bit `low` up, as an unsigned number: `field(4, 2)` is 0x30. */
export const field = (low: number, width: number): number => (((2 ** width - 1) * 2 ** low) >>> 0);
