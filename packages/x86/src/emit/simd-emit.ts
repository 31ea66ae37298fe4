/** What MMX and SSE emitters have in common: the x87 state after an MMX instruction, and shapes of emitters. SDM Vol. 3, 13.2. */
import type { Temp } from '@emu/tcg';
import { enterMmx, isMmxOperand, readVec, writeVec } from '../simd-operands.ts';
import type { Ctx, Emit } from './types.ts';

/** Whether an operand of the row is an MMX register (or stands for one). */
const touchesMmx = (c: Ctx): boolean => c.insn.row.operands.some((_, k) => isMmxOperand(c, k));

/** An emitter of rows that may name MMX registers: afterwards the x87 registers are MMX registers. */
export const mmx = (emit: Emit): Emit => (c, i) => {
  emit(c, i);
  if (touchesMmx(c)) enterMmx(c);
};

/** dst = f(dst, src). */
export const binary = (f: (c: Ctx, a: Temp, b: Temp) => Temp): Emit => mmx((c) => {
  const b = readVec(c, 1);
  writeVec(c, 0, f(c, readVec(c, 0), b));
});

/** dst = f(src). */
export const unary = (f: (c: Ctx, a: Temp) => Temp): Emit => mmx((c) => writeVec(c, 0, f(c, readVec(c, 1))));
