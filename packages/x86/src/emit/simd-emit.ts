/** What MMX and SSE emitters have in common: the x87 state after an MMX instruction, and shapes of emitters. SDM Vol. 3, 13.2. */
import type { Temp } from '@emu/tcg';
import { clearTop, enterMmx, isMmxOperand, readVec, writeVec } from '../simd-operands.ts';
import type { Ctx, Emit } from './types.ts';

const namesMmx = (c: Ctx): boolean => c.insn.row.operands.some((_, k) => isMmxOperand(c, k) && !c.isMem(k));

/** What rows that may name MMX registers do in the end: where one does, the x87 registers are MMX registers now. (CVTPI2Px from memory: none.) */
export function touchMmx(c: Ctx): void {
  if (namesMmx(c)) enterMmx(c);
}

/** An emitter of such rows. A store that faults has cleared TOP, but not filled the tags: so does hardware. */
export const mmx = (emit: Emit): Emit => (c, i) => {
  if (i.isMem && i.row.writesRm && namesMmx(c)) clearTop(c);
  emit(c, i);
  touchMmx(c);
};

/** dst = f(dst, src). */
export const binary = (f: (c: Ctx, a: Temp, b: Temp) => Temp): Emit => mmx((c) => {
  const b = readVec(c, 1);
  writeVec(c, 0, f(c, readVec(c, 0), b));
});

/** dst = f(src). */
export const unary = (f: (c: Ctx, a: Temp) => Temp): Emit => mmx((c) => writeVec(c, 0, f(c, readVec(c, 1))));
