/**
 * How a guest memory access is described, as far as the memory system cares: the bit layout of the IR's `MemOp` and `memOpIdx` in
 * `@emu/tcg`, repeated here because this package stands below it.
 */

/** Log2 of the size in bytes (0-4) in bits 0-2, then flags. Guests are little-endian. */
export const MemOp = {
  b8: 0, b16: 1, b32: 2, b64: 3, b128: 4, SIZE: 7,
  /** Sign-extend to the result type. */
  SIGN: 8,
  /** The address must be a multiple of the size; else the guest's alignment fault. */
  ALIGN: 16,
  /** A load that precedes a store to the same place: needs, and faults as, a write. */
  RMW: 32,
} as const;

/** What an access wants. The numbers order the comparators of a TLB entry. */
export const Access = { READ: 0, WRITE: 1, FETCH: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];

/** Memory op and mmu index in one i32, as slow paths take it: bits 0-7 and 8 up. */
export const MMU_IDX_SHIFT = 8;
export const MEM_OP_MASK = 0xff;
