/**
 * Comparison of two values of a format. SDM Vol. 1, section 8.3.6 (x87) and Vol. 2, COMISD. The answer has the bits of the EFLAGS
 * that FCOMI and COMISx set; eight bits up they are C0, C2 and C3 of FSW.
 */
import { I32 } from '@emu/wasm';
import { ANY_NAN, Class, raise, raiseDenormal, type Core, type Num } from './core.ts';
import { i32, type Int32 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import type { Format, Value } from './formats.ts';
import { Exception } from './state.ts';

/** CF, PF, ZF. */
export const Ordering = { GREATER: 0, LESS: 0x01, EQUAL: 0x40, UNORDERED: 0x45 } as const;
/** From the flags of `Ordering` to the condition codes. */
export const ORDERING_TO_CC = 8;

/** `(a, b, quiet) -> Ordering`. A quiet comparison raises IE for signalling NaNs only. */
export function defineCompare(core: Core, format: Format): Callable {
  const width = format.types.length;
  return core.emitter.define(`compare_${format.name}`, [...format.types, ...format.types, I32], [I32], (fn, ...values) => {
    const operands = values as unknown as Value;
    const quiet = operands.at(-1) as Int32;
    const [a, b] = [format.unpack(fn, operands.slice(0, width)), format.unpack(fn, operands.slice(width, 2 * width))];
    fn.if(a.cls.or(b.cls), () => {
      const classes = fn.let(a.cls.or(b.cls));
      fn.if(classes.and(ANY_NAN), () => {
        fn.if(classes.and(Class.SNAN | Class.UNSUPPORTED).or(quiet.eqz()), () => raise(core, fn, Exception.IE));
        fn.return(i32(Ordering.UNORDERED));
      });
      raiseDenormal(core, fn, classes, () => {});
      fn.if(a.cls.and(b.cls).and(Class.ZERO), () => fn.return(i32(Ordering.EQUAL)));
    });
    fn.return(order(fn, a, b));
  });
}

/** Order of two numbers that are not both zero. */
export function order(fn: Fn, a: Num, b: Num): Int32 {
  const result = fn.let(a.sign.select32(Ordering.LESS, Ordering.GREATER));
  fn.if(a.sign.eq(b.sign), () => {
    const smaller = a.exp.ltS(b.exp).or(a.exp.eq(b.exp).and(a.sig.ltU(b.sig)));
    fn.set(result, result.xor(smaller));
    fn.if(a.exp.eq(b.exp).and(a.sig.eq(b.sig)), () => fn.set(result, i32(Ordering.EQUAL)));
  });
  return result;
}
