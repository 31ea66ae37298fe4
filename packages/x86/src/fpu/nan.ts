/**
 * NaN results of operations with two operands. SDM Vol. 1, table 4-7: x87 delivers the NaN with the larger significand (a quiet
 * one before a signalling one; of equal significands the positive one), SSE the first operand if that is a NaN, else the second.
 */
import { I32, I64 } from '@emu/wasm';
import { ANY_NAN, Class, INTEGER_BIT, QUIET_BIT, raise, type Core, type Num } from './core.ts';
import { i32, i64, type Int32, type Int64 } from './expr.ts';
import type { Format } from './formats.ts';
import type { Callable, Fn } from './fn.ts';
import { Exception } from './state.ts';

/** `(classA, signA, sigA, classB, signB, sigB) -> (sign, sig)`; one of the operands is a NaN or unsupported. Raises IE. */
export type NanRule = Callable<readonly [typeof I32, typeof I64]>;

const PARAMS = [I32, I32, I64, I32, I32, I64] as const;
const RESULTS = [I32, I64] as const;
const INVALID = Class.SNAN | Class.UNSUPPORTED;

const defaultNan = (fn: Fn): void => fn.return(i32(1), i64(3n << 62n));

export function defineX87NanRule(core: Core): NanRule {
  return core.emitter.define('nan_x87', PARAMS, RESULTS, (fn, classA, signA, sigA, classB, signB, sigB) => {
    const both = fn.let(classA.or(classB));
    fn.if(both.and(INVALID), () => raise(core, fn, Exception.IE));
    fn.if(both.and(Class.UNSUPPORTED), () => defaultNan(fn));
    fn.if(classB.and(ANY_NAN).eqz(), () => fn.return(signA, sigA));
    fn.if(classA.and(ANY_NAN).eqz(), () => fn.return(signB, sigB));
    const sameKind = fn.let(classA.eq(classB));
    fn.if(sameKind.eqz(), () => {
      fn.if(classA.and(Class.QNAN), () => fn.return(signA, sigA));
      fn.return(signB, sigB);
    });
    fn.if(sigA.gtU(sigB), () => fn.return(signA, sigA));
    fn.if(sigA.ltU(sigB), () => fn.return(signB, sigB));
    fn.return(signA.and(signB), sigA);
  });
}

export function defineSseNanRule(core: Core): NanRule {
  return core.emitter.define('nan_sse', PARAMS, RESULTS, (fn, classA, signA, sigA, classB, signB, sigB) => {
    fn.if(classA.or(classB).and(INVALID), () => raise(core, fn, Exception.IE));
    fn.if(classA.and(ANY_NAN), () => fn.return(signA, sigA.or(QUIET_BIT)));
    fn.return(signB, sigB.or(QUIET_BIT));
  });
}

/** Leaves the function with the NaN that the rule picks. */
export function returnNan(fn: Fn, format: Format, rule: NanRule, a: Num, b: Num): void {
  const [sign, sig] = fn.results(rule, a.cls, a.sign, a.sig, b.cls, b.sign, b.sig) as [Int32, Int64];
  fn.return(...format.nan(sign, sig));
}

/** Raises IE and leaves the function with the default NaN ("real indefinite"). */
export function returnInvalid(core: Core, fn: Fn, format: Format): void {
  raise(core, fn, Exception.IE);
  fn.return(...format.nan(i32(1), i64(INTEGER_BIT)));
}
