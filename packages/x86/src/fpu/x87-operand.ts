/** Memory operands of x87 instructions, widened to 80 bits. SDM Vol. 1, section 8.2 (formats) and 8.3.2 (data transfer). */
import { I32 } from '@emu/wasm';
import { INTEGER_BIT } from './core.ts';
import { i32, i64, type Int32, type Int64 } from './expr.ts';
import type { Fn } from './fn.ts';
import { WAS_DENORMAL } from './formats.ts';
import { F80_TYPES, type LoadOperand, type X87 } from './x87-stack.ts';

/** Kinds of memory operands in `FpuState.operand`, the second argument of helpers named `..._m`. */
export const OperandKind = { M32FP: 0, M64FP: 1, M16INT: 2, M32INT: 3, M64INT: 4 } as const;
const M64_MIN_EXP = 16383 - 1022;
const M32_MIN_EXP = 16383 - 126;
const INT64_EXP = 16383 + 63;

/** `(env, kind) -> (se, sig)`. A denormal comes out normal but marked with `WAS_DENORMAL`; a signalling NaN stays one. */
export function defineLoadOperand(x: X87): LoadOperand {
  const { emitter } = x.core;
  const at = x.at('operand');
  /** `fraction` is left-justified to bit 62, `field` 0 or the largest, `minExp` the exponent of the smallest normal. */
  const special = (fn: Fn, sign: Int32, isZeroField: Int32, fraction: Int64, minExp: number): void => {
    fn.if(isZeroField, () => {
      fn.if(fraction.eqz(), () => fn.return(sign, fraction));
      const shift = fn.let(fraction.clz());
      fn.return(sign.or(WAS_DENORMAL | minExp).sub(shift.low()), fraction.shl(shift));
    });
    fn.return(sign.or(0x7fff), fraction.or(INTEGER_BIT));
  };
  const integer = (fn: Fn, value: Int64): void => {
    const n = fn.let(value);
    fn.if(n.eqz(), () => fn.return(i32(0), i64(0n)));
    const sign = fn.let(n.shrU(63n).low().shl(15));
    fn.if(sign, () => fn.set(n, i64(0n).sub(n)));
    const shift = fn.let(n.clz());
    fn.return(sign.or(INT64_EXP).sub(shift.low()), n.shl(shift));
  };
  return emitter.define('load_operand', [I32, I32], F80_TYPES, (fn, env, kind) => fn.switch(kind, [
    () => {
      const bits = fn.let(env.load32(at));
      const field = fn.let(bits.shrU(23).and(0xff));
      const sign = fn.let(bits.shrU(31).shl(15));
      const fraction = fn.let(bits.shl(9).u64().shl(31n));
      fn.if(field.sub(1).geU(0xfe), () => special(fn, sign, field.eqz(), fraction, M32_MIN_EXP));
      fn.return(sign.or(field.add(M32_MIN_EXP - 1)), fraction.or(INTEGER_BIT));
    },
    () => {
      const bits = fn.let(env.load64(at));
      const field = fn.let(bits.shrU(52n).low().and(0x7ff));
      const sign = fn.let(bits.shrU(63n).low().shl(15));
      const fraction = fn.let(bits.shl(12n).shrU(1n));
      fn.if(field.sub(1).geU(0x7fe), () => special(fn, sign, field.eqz(), fraction, M64_MIN_EXP));
      fn.return(sign.or(field.add(M64_MIN_EXP - 1)), fraction.or(INTEGER_BIT));
    },
    () => integer(fn, env.loadS16(at).s64()),
    () => integer(fn, env.load32(at).s64()),
    () => integer(fn, env.load64(at)),
  ]));
}
