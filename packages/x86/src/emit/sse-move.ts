/** Vector moves, shuffles and blends without arithmetic: MMX and SSE. SDM Vol. 2. */
import type { Temp } from '@emu/tcg';
import { Method } from '../decode/operands.ts';
import { Seg } from '../decode/insn.ts';
import { enterMmx, fromLow, readLow, readVec, shuffle, vecAddress, writeLow, writeVec, xmmNumber, zeroV } from '../simd-operands.ts';
import { FloatKind } from '../float-values.ts';
import { Reg } from '../state.ts';
import { copiedFloats, loadedScalar, spread, storedScalar } from './sse-bounded.ts';
import { mmx } from './simd-emit.ts';
import { lanes, type Lane } from './simd-shuffle.ts';
import type { Ctx, Emit } from './types.ts';

/** A whole register or 128/64-bit memory operand moves (MOVAPS, MOVDQU, MMX MOVQ, MOVNTDQ, LDDQU, ...); the row decides alignment. */
export const emitMovVec: Emit = mmx((c) => {
  const from = xmmNumber(c, 1), to = xmmNumber(c, 0), held = from >= 0 && to >= 0 ? copiedFloats(c, from) : null;
  writeVec(c, 0, readVec(c, 1));
  if (held) c.floats.copied(to, held, 128);
});
/** MOVSS and MOVSD: a load zeroes the rest of the destination, a register move keeps it. */
export const emitMovScalar: Emit = (c) => {
  const { ir } = c;
  if (c.isMem(1)) {
    const low = readLow(c, 1);
    writeVec(c, 0, fromLow(c, low));
    loadedScalar(c, c.bits(1) === 64 ? 'sd' : 'ss', low);
  } else if (c.isMem(0)) writeLow(c, 0, storedScalar(c) ?? readLow(c, 1));
  else {
    const bits = c.bits(0) === 64 ? 64 : 32, held = c.floats.holdings(xmmNumber(c, 1));
    if (bits === 64) writeLow(c, 0, readLow(c, 1));
    else writeVec(c, 0, ir.vset32(readVec(c, 0), ir.vget32(readVec(c, 1), 0), 0));
    c.floats.copied(xmmNumber(c, 0), held, bits);
  }
};
/** MOVD/MOVQ from a general register or memory into an MMX or XMM register, zero-extended. */
export const emitMovdLoad: Emit = mmx((c) => writeVec(c, 0, fromLow(c, c.readZ(1))));
/** MOVD/MOVQ from an MMX or XMM register to a general register or memory. */
export const emitMovdStore: Emit = mmx((c) => c.write(0, readLow(c, 1)));
/** MOVQ between XMM registers and memory: the destination register's upper half becomes zero. */
export const emitMovqXmm: Emit = (c) => {
  if (c.isMem(0)) writeLow(c, 0, readLow(c, 1));
  else writeVec(c, 0, fromLow(c, readLow(c, 1)));
};
/** MOVMSKPS, MOVMSKPD. */
export const emitMovmsk = (fmt: 'ps' | 'pd'): Emit => (c) => {
  const v = readVec(c, 1);
  c.write(0, c.ir.extu_i32_i64(fmt === 'ps' ? c.ir.vbitmask32(v) : c.ir.vbitmask64(v)));
};
/** SHUFPS, SHUFPD by imm8: the low lanes from the destination, the high ones from the source. */
export const emitShuf = (fmt: 'ps' | 'pd'): Emit => (c, { imm }) => {
  const order = fmt === 'ps' ? [imm & 3, (imm >> 2) & 3, 4 + ((imm >> 4) & 3), 4 + ((imm >> 6) & 3)] : [imm & 1, 2 + ((imm >> 1) & 1)];
  permute(c, readVec(c, 0), readVec(c, 1), fmt === 'ps' ? 32 : 64, order);
};
/** BLENDPS, BLENDPD by imm8. */
export const emitBlend = (fmt: 'ps' | 'pd'): Emit => (c, { imm }) => {
  const count = fmt === 'ps' ? 4 : 2;
  permute(c, readVec(c, 0), readVec(c, 1), fmt === 'ps' ? 32 : 64, Array.from({ length: count }, (_, i) => (imm >> i & 1 ? count + i : i)));
};
/** BLENDVPS, BLENDVPD by the sign bits of XMM0. */
export const emitBlendv = (fmt: 'ps' | 'pd'): Emit => (c) => {
  const { ir } = c, mask = readVec(c, 2);
  const wide = fmt === 'ps' ? ir.vsar32(mask, ir.const32(31)) : ir.vcmpgts64(zeroV(c), mask);
  writeVec(c, 0, ir.vbitsel(readVec(c, 1), readVec(c, 0), wide));
};

/** MOVLPS, MOVLPD: the low quadword from or to memory; the rest of the register stays. */
export const emitMovLow: Emit = (c) => writeLow(c, 0, readLow(c, 1));
/** MOVHPS, MOVHPD: the high quadword from or to memory; the rest of the register stays. */
export const emitMovHigh: Emit = (c) => {
  const { ir } = c;
  if (c.isMem(0)) c.store(64, c.ea(), ir.vget64(readVec(c, 1), 1));
  else writeVec(c, 0, ir.vset64(readVec(c, 0), readLow(c, 1), 1));
};

/** dst = the lanes of dst ++ src (numbers below and above the lane count) that `order` names. */
const permuting = (width: Lane, order: readonly number[]): Emit => (c) => permute(c, readVec(c, 0), readVec(c, 1), width, order);
function permute(c: Ctx, a: Temp, b: Temp, width: Lane, order: readonly number[]): void {
  writeVec(c, 0, shuffle(c, a, b, lanes(width, order)));
}
export const emitMovhlps: Emit = permuting(64, [3, 1]);
export const emitMovlhps: Emit = permuting(64, [0, 2]);
/** One source: its lanes are those above the lane count. */
const duplicating = (width: Lane, order: readonly number[]): Emit => (c) => {
  const v = readVec(c, 1);
  permute(c, v, v, width, order);
};
export const emitMovddup: Emit = (c) => {
  const held = c.isMem(1) ? -1 : c.floats.held(FloatKind.SD, xmmNumber(c, 1));
  const v = readVec(c, 1);
  permute(c, v, v, 64, [0, 0]);
  spread(c, held);
};
export const emitMovsldup: Emit = duplicating(32, [0, 0, 2, 2]);
export const emitMovshdup: Emit = duplicating(32, [1, 1, 3, 3]);
export const emitMovq2dq: Emit = mmx((c) => writeVec(c, 0, fromLow(c, readLow(c, 1))));
export const emitMovdq2q: Emit = mmx((c) => writeVec(c, 0, readVec(c, 1)));

/** MASKMOVQ, MASKMOVDQU: bytes whose mask has its sign bit set go to DS:rDI. */
export const emitMaskmov: Emit = (c, i) => {
  const { ir } = c, isMmx = c.operand(0).method === Method.P;
  const seg = i.segOverride >= 0 ? i.segOverride : Seg.DS;
  const to = c.linear(c.wrap(c.g.gpr[Reg.RDI]!, i.asz), seg, isMmx ? 64 : 128, true);
  const mask = ir.vbitmask8(readVec(c, 1));
  if (isMmx) enterMmx(c); // even if the store faults: so does hardware
  ir.call(c.h.maskmov, to, vecAddress(c, 0), isMmx ? ir.and(mask, ir.const32(0xff)) : mask, ir.const32(c.mmu), ir.const32(isMmx ? 8 : 16));
};

/** Imm8: source lane in bits 7:6 (a register's), destination lane in 5:4, lanes to zero in 3:0. */
export const emitInsertps: Emit = (c, { imm }) => {
  const { ir } = c;
  const lane = c.isMem(1) ? ir.extrl_i64_i32(readLow(c, 1)) : ir.vget32(readVec(c, 1), (imm >> 6) & 3);
  const v = ir.vset32(readVec(c, 0), lane, (imm >> 4) & 3);
  const keep = (n: number): number => (imm >> n & 1 ? 0 : -1);
  writeVec(c, 0, imm & 15 ? ir.vand(v, ir.constV128(keep(0), keep(1), keep(2), keep(3))) : v);
};
export const emitExtractps: Emit = (c, { imm }) => c.write(0, c.ir.extu_i32_i64(c.ir.vget32(readVec(c, 1), imm & 3)));
