/**
 * Integer vectors: MMX and the integer half of SSE2 to SSE4.2. One emitter serves the MMX and the XMM row of an operation.
 * SDM Vol. 1 chapters 9 to 12, Vol. 2.
 */
import { Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { Method } from '../decode/operands.ts';
import { enterMmx, isMmxOperand, readVec, shuffle, splat8, vectorBytes, writeVec, xmmNumber, zeroV } from '../simd-operands.ts';
import { FloatKind } from '../float-values.ts';
import { Reg, ST } from '../state.ts';
import { BLOCK } from '../vector/block.ts';
import { PcmpstrImm, PCMPSTR_FORMATS } from '../vector/pcmpstr.ts';
import { binary, mmx, unary } from './simd-emit.ts';
import { laneFunction, productsOfBytes, roundedProduct, shiftBy, sumOfDifferences, type ShiftOp, type VecOp } from './simd-lane-ops.ts';
import { lanes, numbers, pickLanes, type Lane } from './simd-shuffle.ts';
import { clearedFloats, spread } from './sse-bounded.ts';
import type { Ctx, Emit } from './types.ts';

export type { Lane } from './simd-shuffle.ts';
export type { VecOp } from './simd-lane-ops.ts';

/** The operation `op` on lanes of `lane` bits. Shifts by imm8 have their register in ModR/M rm. */
export const emitVec = (op: VecOp, lane: Lane): Emit => {
  const plain = binary(laneFunction(op, lane));
  const byConstant = mmx((c, i) => writeVec(c, 0, shiftBy(c, op as ShiftOp, lane, readVec(c, 0), i.imm)));
  return (c, i) => {
    if (c.operand(1).method === Method.I) return byConstant(c, i);
    const n = xmmNumber(c, 0), same = n >= 0 && xmmNumber(c, 1) === n, low = same ? c.floats.held(FloatKind.SD, n) : -1;
    plain(c, i);
    if (same && op === 'xor') clearedFloats(c, n);
    if (same && op === 'unpckl' && lane === 64) spread(c, low);
  };
};
/** dst = |src| a lane. */
export const emitPabs = (lane: Lane): Emit => unary((c, a) => (lane === 8 ? c.ir.vabs8(a) : lane === 16 ? c.ir.vabs16(a) : c.ir.vabs32(a)));
/** Narrows lanes of `lane` bits to half of that with signed or unsigned saturation (PACKSS, PACKUS). */
export const emitPack = (to: 'S' | 'U', lane: Lane): Emit => {
  const op = lane === 16 ? (to === 'S' ? 'vpacks16' : 'vpacku16') : to === 'S' ? 'vpacks32' : 'vpacku32';
  return binary((c, a, b) => {
    if (vectorBytes(c) === 16) return c.ir[op](a, b);
    const both = shuffle(c, a, b, lanes(64, [0, 2]));
    return c.ir[op](both, both);
  });
};
/** Widens the low lanes from `from` to `to` bits with sign or zero extension (PMOVSX, PMOVZX). */
export const emitPmovx = (ext: 'S' | 'U', from: Lane, to: Lane): Emit => unary((c, a) => {
  const { ir } = c;
  let v = a;
  if (from === 8) v = ext === 'S' ? ir.vexts8(v) : ir.vextu8(v);
  if (from <= 16 && to >= 32) v = ext === 'S' ? ir.vexts16(v) : ir.vextu16(v);
  if (to === 64) v = ext === 'S' ? ir.vexts32(v) : ir.vextu32(v);
  return v;
});

// ---- Lanes to and from general registers ---------------------------------------------------------------------------------------

/** Number of the lane that imm8 names. */
const laneNumber = (c: Ctx, lane: number, imm: number, vector: number): number => imm & ((8 * (isMmxOperand(c, vector) ? 8 : 16)) / lane - 1);

function setLane(c: Ctx, v: Temp, lane: number, value: Temp, n: number): Temp {
  const { ir } = c;
  if (lane === 64) return ir.vset64(v, value, n);
  const low = ir.extrl_i64_i32(value);
  return lane === 8 ? ir.vset8(v, low, n) : lane === 16 ? ir.vset16(v, low, n) : ir.vset32(v, low, n);
}
function getLane(c: Ctx, v: Temp, lane: number, n: number): Temp {
  const { ir } = c;
  if (lane === 64) return ir.vget64(v, n);
  return ir.extu_i32_i64(lane === 8 ? ir.vget8(v, n) : lane === 16 ? ir.vget16(v, n) : ir.vget32(v, n));
}
const insert = (c: Ctx, lane: number, imm: number): void => {
  const value = c.read(1);
  writeVec(c, 0, setLane(c, readVec(c, 0), lane, value, laneNumber(c, lane, imm, 0)));
};
const extract = (c: Ctx, lane: number, imm: number): void => c.write(0, getLane(c, readVec(c, 1), lane, laneNumber(c, lane, imm, 1)));

/** Inserts the low `lane` bits of a general register or memory at the lane in imm8. */
export const emitPinsr = (lane: Lane): Emit => mmx((c, { imm }) => insert(c, lane, imm));
/** Extracts the lane in imm8, zero-extended to a register, or to memory. */
export const emitPextr = (lane: Lane): Emit => mmx((c, { imm }) => extract(c, lane, imm));
/** Lane width 32 or 64 from the operand size: PINSRD/PINSRQ. */
export const emitPinsrDq: Emit = (c, { imm }) => insert(c, c.bits(1), imm);
/** Lane width 32 or 64 from the operand size: PEXTRD/PEXTRQ. */
export const emitPextrDq: Emit = (c, { imm }) => extract(c, c.bits(0), imm);
export const emitPmovmskb: Emit = mmx((c) => {
  const { ir } = c, mask = ir.vbitmask8(readVec(c, 1));
  c.write(0, ir.extu_i32_i64(isMmxOperand(c, 1) ? ir.and(mask, ir.const32(0xff)) : mask));
});

// ---- Multiply and add, sums, minimum -------------------------------------------------------------------------------------------

export const emitPmadd: Emit = binary((c, a, b) => c.ir.vdot16(a, b));
export const emitPmaddubsw: Emit = binary(productsOfBytes);
export const emitPmulhrsw: Emit = binary(roundedProduct);
export const emitPsadbw: Emit = binary(sumOfDifferences);

/** Eight sums of four |a - b|: a from byte 4 * imm[2] on and one further each sum, b the four bytes from 4 * imm[1:0]. */
export const emitMpsadbw: Emit = (c, { imm }) => {
  const { ir } = c, zero = zeroV(c), b = readVec(c, 1), a = readVec(c, 0);
  const fromA = imm & 4, fromB = (imm & 3) * 4;
  const words = (v: Temp, byteOf: (i: number) => number): Temp => shuffle(c, v, zero, numbers(16, (i) => (i & 1 ? 16 : byteOf(i >> 1))));
  let sum = -1;
  for (let j = 0; j < 4; j++) {
    const difference = ir.vabs16(ir.vsub16(words(a, (i) => fromA + i + j), words(b, () => fromB + j)));
    sum = sum < 0 ? difference : ir.vadd16(sum, difference);
  }
  writeVec(c, 0, sum);
};

/** The smallest unsigned word and, in bits 18:16, the number of its first lane. */
export const emitPhminposuw: Emit = unary((c, a) => {
  const { ir } = c;
  let least = a;
  for (const step of [4, 2, 1]) least = ir.vminu16(least, shuffle(c, least, least, lanes(16, numbers(8, (i) => (i + step) & 7))));
  const lane = ir.ctz(ir.vbitmask16(ir.vcmpeq16(a, least)), ir.const32(0));
  return ir.vset16(ir.vset16(zeroV(c), ir.vget16(least, 0), 0), lane, 1);
});

// ---- Shuffles ------------------------------------------------------------------------------------------------------------------

/** Bit 7 of a selector gives zero, its low bits a byte of the vector. */
export const emitPshufb: Emit = binary((c, a, b) => c.ir.vswizzle(a, c.ir.vand(b, splat8(c, 0x80 | (vectorBytes(c) - 1)))));

const twoBits = (imm: number, i: number): number => (imm >> (2 * i)) & 3;
const shuffleImm = (width: Lane, order: (imm: number) => number[]): Emit => mmx((c, { imm }) => {
  const v = readVec(c, 1);
  writeVec(c, 0, shuffle(c, v, v, pickLanes(width, vectorBytes(c), order(imm))));
});
export const emitPshufw: Emit = shuffleImm(16, (imm) => numbers(4, (i) => twoBits(imm, i)));
export const emitPshufd: Emit = shuffleImm(32, (imm) => numbers(4, (i) => twoBits(imm, i)));
export const emitPshuflw: Emit = shuffleImm(16, (imm) => numbers(8, (i) => (i < 4 ? twoBits(imm, i) : i)));
export const emitPshufhw: Emit = shuffleImm(16, (imm) => numbers(8, (i) => (i < 4 ? i : 4 + twoBits(imm, i - 4))));

/** `bytes` bytes of low ++ high ++ zeros from byte `from` on. */
function window(c: Ctx, low: Temp, high: Temp, bytes: number, from: number): Temp {
  if (from >= 2 * bytes) return zeroV(c);
  if (from >= bytes) return shuffle(c, high, zeroV(c), numbers(16, (i) => (i + from < 2 * bytes && i < bytes ? i + from - bytes : 16)));
  return shuffle(c, low, high, numbers(16, (i) => (i + from < bytes ? i + from : i < bytes ? 16 + i + from - bytes : 0)));
}
export const emitPalignr: Emit = mmx((c, { imm }) => writeVec(c, 0, window(c, readVec(c, 1), readVec(c, 0), vectorBytes(c), imm)));
export const emitPsrldq: Emit = (c, { imm }) => writeVec(c, 0, window(c, readVec(c, 0), zeroV(c), 16, imm));
export const emitPslldq: Emit = (c, { imm }) => writeVec(c, 0, window(c, zeroV(c), readVec(c, 0), 16, 16 - Math.min(imm, 16)));

export const emitPblendvb: Emit = (c) => {
  const { ir } = c;
  writeVec(c, 0, ir.vbitsel(readVec(c, 1), readVec(c, 0), ir.vsar8(readVec(c, 2), ir.const32(7))));
};
export const emitPblendw: Emit = (c, { imm }) => {
  const b = readVec(c, 1);
  writeVec(c, 0, shuffle(c, readVec(c, 0), b, lanes(16, numbers(8, (i) => (imm >> i & 1 ? 8 + i : i)))));
};

// ---- Tests ---------------------------------------------------------------------------------------------------------------------

const ZF_SHIFT = 6;
/** ZF = no bit in common, CF = no bit of the source outside the destination; the other flags are zero. */
export const emitPtest: Emit = (c) => {
  const { ir } = c, b = readVec(c, 1), a = readVec(c, 0), one = ir.const32(1);
  const zf = ir.xor(ir.vanytrue(ir.vand(a, b)), one), cf = ir.xor(ir.vanytrue(ir.vandc(b, a)), one);
  c.flags.setEflags(ir.extu_i32_i64(ir.or(ir.shl(zf, ir.const32(ZF_SHIFT)), cf)));
};

export const emitEmms: Emit = (c) => {
  enterMmx(c);
  c.ir.st(c.ir.const32(0), c.ir.const32(c.env), ST.valid);
};

/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: explicit or implicit lengths, index or mask result. The block is that of `../vector`. */
export const emitPcmpstr = (lengths: 'explicit' | 'implicit', result: 'index' | 'mask'): Emit => (c, i) => {
  const { ir } = c, explicit = lengths === 'explicit', env = ir.const32(c.env), block = c.scratchOffset(0);
  const length = (n: number): Temp => (!explicit ? ir.const64(0) : i.rexW ? c.g.gpr[n]! : c.sext(c.g.gpr[n]!, 32));
  ir.st(readVec(c, 1), env, block + BLOCK.B);
  ir.st(readVec(c, 0), env, block + BLOCK.A);
  const control = i.imm | (result === 'mask' ? PcmpstrImm.WANTS_MASK : 0) | (explicit ? PcmpstrImm.EXPLICIT : 0);
  const answer = ir.call(c.h[PCMPSTR_FORMATS[i.imm & 3]!], ir.const32(control), length(Reg.RAX), length(Reg.RDX));
  if (result === 'mask') ir.set(c.g.xmm[0]!, ir.ld(Type.v128, env, block + BLOCK.RESULT));
  else c.setReg(Reg.RCX, 32, ir.extu_i32_i64(ir.shr(answer, ir.const32(16))));
  c.flags.setEflags(ir.extu_i32_i64(ir.and(answer, ir.const32(0xffff))));
};
