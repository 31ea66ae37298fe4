/**
 * PCLMULQDQ: product of two polynomials over GF(2). SDM Vol. 2.
 *
 * Ordinary multiplication with holes: numbers with one bit in four set multiply without a carry reaching the next bit that counts, as at most 16
 * ones meet in one place (and the place where 16 do is the highest). Four by four such products, each kept in its places, give the low half;
 * the high half is the low half of the product of the reversed operands, reversed.
 */
import { I64 } from '@emu/wasm';
import { i32, type Int64 } from '../fpu/expr.ts';
import type { Callable, Fn } from '../fpu/fn.ts';
import { BLOCK, type BlockContext } from './block.ts';

const EVERY_FOURTH = 0x1111_1111_1111_1111n;
const PARTS = [0, 1, 2, 3] as const;

/** Bits reversed: neighbours, pairs, nibbles, ... exchanged. */
function reversed(fn: Fn, x: Int64): Int64 {
  const v = fn.let(x);
  const masks = [0x5555_5555_5555_5555n, 0x3333_3333_3333_3333n, 0x0f0f_0f0f_0f0f_0f0fn, 0x00ff_00ff_00ff_00ffn, 0x0000_ffff_0000_ffffn];
  masks.forEach((mask, k) => {
    const shift = BigInt(1 << k);
    fn.set(v, v.shrU(shift).and(mask).or(v.and(mask).shl(shift)));
  });
  fn.set(v, v.rotl(32n));
  return v;
}

/** `(a, b) -> low 64 bits`. */
function defineLow(ctx: BlockContext): Callable {
  return ctx.emitter.define('clmul_low', [I64, I64], [I64], (fn, a, b) => {
    const masked = (x: Int64): Int64[] => PARTS.map((i) => fn.let(x.and(EVERY_FOURTH << BigInt(i))));
    const x = masked(a), y = masked(b);
    const place = (k: number): Int64 => PARTS.map((i) => x[i]!.mul(y[(k - i) & 3]!)).reduce((sum, p) => sum.xor(p)).and(EVERY_FOURTH << BigInt(k));
    fn.return(PARTS.map(place).reduce((sum, p) => sum.or(p)));
  });
}

/** The operands are the low halves of A and B. */
export function defineClmul(ctx: BlockContext): void {
  const low = defineLow(ctx);
  ctx.emitter.export('pclmulqdq', [], [], (fn) => {
    const [a, b] = [fn.let(i32(ctx.block).load64(BLOCK.A)), fn.let(i32(ctx.block).load64(BLOCK.B))];
    fn.store64(i32(ctx.block), BLOCK.RESULT, low.i64(a, b));
    fn.store64(i32(ctx.block), BLOCK.RESULT + 8, reversed(fn, low.i64(reversed(fn, a), reversed(fn, b))).shrU(1n));
  });
}
