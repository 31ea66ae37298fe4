/**
 * What the functions of the vector module have in common: three operands of 128 bits and a result, at fixed places in memory (`BLOCK`), so that
 * a call has no arguments and touches no guest register. Doublewords are numbered from the lowest.
 */
import type { Emitter, Fn } from '../fpu/fn.ts';
import { i32, type Int32 } from '../fpu/expr.ts';

/** Byte offsets of the operands and the result from the block's address. */
export const BLOCK = { A: 0, B: 16, C: 32, RESULT: 48 } as const;

export interface BlockContext {
  readonly emitter: Emitter;
  /** Address of the block. */
  readonly block: number;
}

/** Doubleword `n` of the operand at `offset`, in a variable. */
export const word = (ctx: BlockContext, fn: Fn, offset: number, n: number): Int32 => fn.let(i32(ctx.block).load32(offset + 4 * n));
/** All four. */
export const words = (ctx: BlockContext, fn: Fn, offset: number): [Int32, Int32, Int32, Int32] =>
  [0, 1, 2, 3].map((n) => word(ctx, fn, offset, n)) as [Int32, Int32, Int32, Int32];

/** Stores the result, lowest doubleword first. */
export function storeWords(ctx: BlockContext, fn: Fn, values: readonly Int32[]): void {
  values.forEach((value, n) => fn.store32(i32(ctx.block), BLOCK.RESULT + 4 * n, value));
}
