/** AES-NI, PCLMULQDQ, SHA. SDM Vol. 2, FIPS 197, FIPS 180-4. The work is done by the functions of `../vector`. */
import { Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { BLOCK } from '../vector/block.ts';
import type { VectorHelper } from '../helpers/vector.ts';
import { readVec, writeVec } from '../simd-operands.ts';
import type { Ctx, Emit } from './types.ts';

/** Offset in CPU state of a place of the block. */
const at = (c: Ctx, place: number): number => c.scratchOffset(0) + place;
const put = (c: Ctx, v: Temp, place: number): void => c.ir.st(v, c.ir.const32(c.env), at(c, place));

/** Calls a function of the block and writes its result to the destination. */
function run(c: Ctx, name: VectorHelper): void {
  c.ir.call(c.h[name]);
  writeVec(c, 0, c.ir.ld(Type.v128, c.ir.const32(c.env), at(c, BLOCK.RESULT)));
}

/** dst = f(dst, src). */
function both(c: Ctx): void {
  put(c, readVec(c, 1), BLOCK.B);
  put(c, readVec(c, 0), BLOCK.A);
}

/** AESENC, AESENCLAST, AESDEC, AESDECLAST (dst = round(dst, src)) and AESIMC (dst = InvMixColumns(src)). */
export const emitAes = (step: 'enc' | 'enclast' | 'dec' | 'declast' | 'imc'): Emit => (c) => {
  if (step === 'imc') put(c, readVec(c, 1), BLOCK.B);
  else both(c);
  run(c, `aes${step}`);
};
export const emitAeskeygenassist: Emit = (c, { imm }) => {
  put(c, readVec(c, 1), BLOCK.B);
  put(c, c.ir.const32(imm), BLOCK.A);
  run(c, 'aeskeygenassist');
};
/** Imm8 bit 0 chooses the destination's half, bit 4 the source's. */
export const emitPclmulqdq: Emit = (c, { imm }) => {
  const source = readVec(c, 1);
  put(c, c.ir.vget64(source, (imm >> 4) & 1), BLOCK.B);
  put(c, c.ir.vget64(readVec(c, 0), imm & 1), BLOCK.A);
  run(c, 'pclmulqdq');
};
/** The SHA extensions; `sha1rnds4` takes its function from imm8, `sha256rnds2` its keys from XMM0. */
export const emitSha = (step: 'sha1nexte' | 'sha1msg1' | 'sha1msg2' | 'sha1rnds4' | 'sha256rnds2' | 'sha256msg1' | 'sha256msg2'): Emit => (c, { imm }) => {
  both(c);
  if (step === 'sha256rnds2') put(c, readVec(c, 2), BLOCK.C);
  run(c, step === 'sha1rnds4' ? `sha1rnds4_${(imm & 3) as 0 | 1 | 2 | 3}` : step);
};
