/**
 * What SSE helpers have in common: lanes of registers in memory, MXCSR, and the verdict. SDM Vol. 1, sections 11.5.2 and 11.5.3.
 *
 * Every helper is `name(env, d, a, b?, imm?) -> i32`: `d` is the address of the destination, `a` and `b` those of the sources (which may be
 * the same). The result is 0, or 1 where an unmasked exception calls for #XM: flags are in MXCSR then, and the destination is as before.
 */
import { I32, type ValType } from '@emu/wasm';
import { PRE_COMPUTATION, ALL_EXCEPTIONS } from './state.ts';
import type { Core } from './core.ts';
import { i32, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';

/** Packed and scalar forms, by the suffix that the manual gives them. */
export const FORMS = [
  { suffix: 'ss', format: 'f32', bytes: 4, lanes: 1 },
  { suffix: 'sd', format: 'f64', bytes: 8, lanes: 1 },
  { suffix: 'ps', format: 'f32', bytes: 4, lanes: 4 },
  { suffix: 'pd', format: 'f64', bytes: 8, lanes: 2 },
] as const;
export type Form = (typeof FORMS)[number];

export type Sse = ReturnType<typeof defineSse>;

/** Made once for the module. */
export function defineSse(core: Core) {
  const { emitter, flags, masks } = core;
  const mxcsr = (env: Int32): Int32 => env.load32(core.layout.mxcsr);
  /** `(env) -> 1` where #XM is due. Takes the flags over into MXCSR; those of rounding only where every operand was acceptable. */
  const settle = emitter.define('settle_mxcsr', [I32], [I32], (fn, env) => {
    const unmasked = fn.let(flags.and(masks.xor(-1)).and(ALL_EXCEPTIONS));
    fn.if(unmasked.and(PRE_COMPUTATION), () => fn.set(flags, flags.and(PRE_COMPUTATION)));
    fn.store32(env, core.layout.mxcsr, mxcsr(env).or(flags.and(ALL_EXCEPTIONS)));
    fn.return(unmasked.ne(0));
  });
  return {
    core,
    begin: (fn: Fn, env: Int32): void => core.useMxcsr(fn, fn.let(mxcsr(env))),
    load: (address: Int32, bytes: number, lane: number): Expr => bytes === 4 ? address.load32(4 * lane) : address.load64(8 * lane),
    /**
     * Defines a helper. `compute` gives the values to be stored, in order from the destination's first byte; all operands are read before
     * anything is written.
     */
    helper(name: string, sources: number, compute: (fn: Fn, operands: readonly Int32[], env: Int32) => readonly Expr[]): void {
      emitter.export(name, Array.from({ length: 2 + sources }, () => I32), [I32], (fn, ...params) => {
        const [env, d, ...operands] = params as unknown as [Int32, Int32, ...Int32[]];
        this.begin(fn, env);
        const results = compute(fn, operands, env).map((value) => fn.let(value));
        fn.if(settle.i32(env), () => fn.return(i32(1)));
        this.store(fn, d, results);
        fn.return(i32(0));
      });
    },
    /** Stores values one after the other. */
    store(fn: Fn, d: Int32, values: readonly Expr[]): void {
      let offset = 0;
      for (const value of values) {
        if (value.type === I32) fn.store32(d, offset, value as Int32);
        else fn.store64(d, offset, value as Int64);
        offset += value.type === I32 ? 4 : 8;
      }
    },
    settle,
  };
}

/** One result lane: a call with the values of that lane. */
export const callLane = (callee: Callable, type: ValType, args: readonly Expr[]): Expr => type === I32 ? callee.i32(...args) : callee.i64(...args);
