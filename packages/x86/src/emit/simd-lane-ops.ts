/** The lane-wise operations of `emitVec` as functions of two vectors: one table for MMX and XMM. SDM Vol. 2. */
import type { Ir, Temp } from '@emu/tcg';
import { shuffle, splat16, splat64, vectorBytes, zeroV } from '../simd-operands.ts';
import { lanes, numbers, pickLanes, type Lane } from './simd-shuffle.ts';
import type { Ctx } from './types.ts';

/**
 * Operation on lanes: dst = dst op src. `S` and `U` are signed and unsigned; `adds`/`subs` saturate; `mullo`/`mulhi` keep a half of the
 * product, `muleven` multiplies the even lanes to double width; `shl`, `shr`, `sar` take one count for all lanes from the source.
 */
export type VecOp =
  | 'add' | 'sub' | 'addsS' | 'addsU' | 'subsS' | 'subsU' | 'mullo' | 'mulhiS' | 'mulhiU' | 'mulevenS' | 'mulevenU' | 'avgU'
  | 'and' | 'andn' | 'or' | 'xor' | 'cmpeq' | 'cmpgtS' | 'minS' | 'minU' | 'maxS' | 'maxU' | 'shl' | 'shr' | 'sar'
  | 'unpckl' | 'unpckh' | 'sign' | 'hadd' | 'hsub' | 'haddsS' | 'hsubsS';

export type LaneFunction = (c: Ctx, a: Temp, b: Temp) => Temp;
type Method2 = { [K in keyof Ir]: Ir[K] extends (a: Temp, b: Temp) => Temp ? K : never }[keyof Ir];

/** Operations that are one IR op each, by lane width. */
const DIRECT: Partial<Record<VecOp, Partial<Record<Lane, Method2>>>> = {
  add: { 8: 'vadd8', 16: 'vadd16', 32: 'vadd32', 64: 'vadd64' },
  sub: { 8: 'vsub8', 16: 'vsub16', 32: 'vsub32', 64: 'vsub64' },
  addsS: { 8: 'vadds8', 16: 'vadds16' },
  addsU: { 8: 'vaddu8', 16: 'vaddu16' },
  subsS: { 8: 'vsubs8', 16: 'vsubs16' },
  subsU: { 8: 'vsubu8', 16: 'vsubu16' },
  mullo: { 16: 'vmul16', 32: 'vmul32' },
  avgU: { 8: 'vavgu8', 16: 'vavgu16' },
  and: { 64: 'vand' },
  or: { 64: 'vor' },
  xor: { 64: 'vxor' },
  cmpeq: { 8: 'vcmpeq8', 16: 'vcmpeq16', 32: 'vcmpeq32', 64: 'vcmpeq64' },
  cmpgtS: { 8: 'vcmpgts8', 16: 'vcmpgts16', 32: 'vcmpgts32', 64: 'vcmpgts64' },
  minS: { 8: 'vmins8', 16: 'vmins16', 32: 'vmins32' },
  minU: { 8: 'vminu8', 16: 'vminu16', 32: 'vminu32' },
  maxS: { 8: 'vmaxs8', 16: 'vmaxs16', 32: 'vmaxs32' },
  maxU: { 8: 'vmaxu8', 16: 'vmaxu16', 32: 'vmaxu32' },
};

/** The function of `op` on lanes of `lane` bits. */
export function laneFunction(op: VecOp, lane: Lane): LaneFunction {
  const direct = DIRECT[op]?.[lane];
  if (direct !== undefined) return (c, a, b) => c.ir[direct](a, b);
  switch (op) {
    case 'andn': return (c, a, b) => c.ir.vandc(b, a);
    case 'mulhiS': return (c, a, b) => highWords(c, c.ir.vmulls16(a, b), c.ir.vmulhs16(a, b));
    case 'mulhiU': return (c, a, b) => highWords(c, c.ir.vmullu16(a, b), c.ir.vmulhu16(a, b));
    case 'mulevenS': return (c, a, b) => c.ir.vmulls32(evenWords(c, a), evenWords(c, b));
    case 'mulevenU': return (c, a, b) => c.ir.vmullu32(evenWords(c, a), evenWords(c, b));
    case 'unpckl': return (c, a, b) => interleave(c, a, b, lane, false);
    case 'unpckh': return (c, a, b) => interleave(c, a, b, lane, true);
    case 'sign': return (c, a, b) => withSign(c, a, b, lane);
    case 'hadd': return horizontal(lane, lane === 16 ? 'vadd16' : 'vadd32');
    case 'hsub': return horizontal(lane, lane === 16 ? 'vsub16' : 'vsub32');
    case 'haddsS': return horizontal(lane, 'vadds16');
    case 'hsubsS': return horizontal(lane, 'vsubs16');
    case 'shl': case 'shr': case 'sar': return (c, a, b) => shiftByVector(c, op, lane, a, b);
    default: throw new Error(`${op} does not exist for lanes of ${lane} bits`);
  }
}

const highWords = (c: Ctx, low: Temp, high: Temp): Temp => shuffle(c, low, high, lanes(16, [1, 3, 5, 7, 9, 11, 13, 15]));
/** Lanes 0 and 2 of 32 bits, side by side. */
const evenWords = (c: Ctx, a: Temp): Temp => shuffle(c, a, a, lanes(32, [0, 2, 0, 2]));

function interleave(c: Ctx, a: Temp, b: Temp, lane: Lane, high: boolean): Temp {
  const bytes = vectorBytes(c), count = (8 * bytes) / lane, from = high ? count / 2 : 0;
  return shuffle(c, a, b, pickLanes(lane, bytes, numbers(count, (i) => from + (i >> 1) + (i & 1 ? count : 0))));
}

/** -a, 0 or a as b is negative, zero or positive. */
function withSign(c: Ctx, a: Temp, b: Temp, lane: Lane): Temp {
  const { ir } = c, shift = ir.const32(lane - 1), zero = zeroV(c);
  const negative = lane === 8 ? ir.vsar8(b, shift) : lane === 16 ? ir.vsar16(b, shift) : ir.vsar32(b, shift);
  const flipped = ir.vxor(a, negative);
  const signed = lane === 8 ? ir.vsub8(flipped, negative) : lane === 16 ? ir.vsub16(flipped, negative) : ir.vsub32(flipped, negative);
  return ir.vandc(signed, lane === 8 ? ir.vcmpeq8(b, zero) : lane === 16 ? ir.vcmpeq16(b, zero) : ir.vcmpeq32(b, zero));
}

/** Neighbours of the destination, then of the source. */
const horizontal = (lane: Lane, op: Method2): LaneFunction => (c, a, b) => {
  const bytes = vectorBytes(c), count = (8 * bytes) / lane;
  const every = (first: number): Temp => shuffle(c, a, b, pickLanes(lane, bytes, numbers(count, (i) => first + 2 * i)));
  return c.ir[op](every(0), every(1));
};

export type ShiftOp = 'shl' | 'shr' | 'sar';

function shift(c: Ctx, op: ShiftOp, lane: Lane, a: Temp, n: Temp): Temp {
  const { ir } = c;
  if (op === 'sar') return lane === 16 ? ir.vsar16(a, n) : ir.vsar32(a, n);
  if (op === 'shl') return lane === 16 ? ir.vshl16(a, n) : lane === 32 ? ir.vshl32(a, n) : ir.vshl64(a, n);
  return lane === 16 ? ir.vshr16(a, n) : lane === 32 ? ir.vshr32(a, n) : ir.vshr64(a, n);
}

/** The count is the low 64 bits of `b`; one that is too large shifts everything out. */
function shiftByVector(c: Ctx, op: ShiftOp, lane: Lane, a: Temp, b: Temp): Temp {
  const { ir } = c, n = ir.vget64(b, 0), width = ir.const64(lane);
  if (op === 'sar') return shift(c, op, lane, a, ir.extrl_i64_i32(ir.movcond(n, width, n, ir.const64(lane - 1), 6)));
  return ir.vand(shift(c, op, lane, a, ir.extrl_i64_i32(n)), ir.vsplat64(ir.negsetcond(n, width, 6)));
}

/** Shifts by a constant. */
export function shiftBy(c: Ctx, op: ShiftOp, lane: Lane, a: Temp, count: number): Temp {
  if (count < lane) return shift(c, op, lane, a, c.ir.const32(count));
  return op === 'sar' ? shift(c, op, lane, a, c.ir.const32(lane - 1)) : zeroV(c);
}

/** (a * b + 0x4000) >> 15; only -32768 * -32768 wraps where the IR op saturates. */
export function roundedProduct(c: Ctx, a: Temp, b: Temp): Temp {
  const { ir } = c;
  return ir.vxor(ir.vmulq15(a, b), ir.vcmpeq16(ir.vmaxs16(a, b), splat16(c, 0x8000)));
}

/** Unsigned bytes of a by signed bytes of b, neighbours added with saturation. */
export function productsOfBytes(c: Ctx, a: Temp, b: Temp): Temp {
  const { ir } = c, eight = ir.const32(8);
  const even = ir.vmul16(ir.vand(a, splat16(c, 0xff)), ir.vsar16(ir.vshl16(b, eight), eight));
  return ir.vadds16(even, ir.vmul16(ir.vshr16(a, eight), ir.vsar16(b, eight)));
}

/** |a - b| of bytes, summed in each half. */
export function sumOfDifferences(c: Ctx, a: Temp, b: Temp): Temp {
  const { ir } = c;
  const quarters = ir.vpairu16(ir.vpairu8(ir.vsub8(ir.vmaxu8(a, b), ir.vminu8(a, b))));
  return ir.vand(ir.vadd32(quarters, ir.vshr64(quarters, ir.const32(32))), splat64(c, -1, 0));
}
