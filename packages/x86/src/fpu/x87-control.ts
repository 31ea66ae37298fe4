/**
 * Helpers of the control instructions. SDM Vol. 2. ES and B of FSW follow from flags and masks whenever either is written.
 *
 * `fninit(env)`, `fnclex(env)`, `fldcw(env, value)`, `fnstsw(env) -> i32` (with TOP). FNSTCW is a load of `fcw`.
 */
import { I32 } from '@emu/wasm';
import { i32, i64, type Int32 } from './expr.ts';
import type { Fn } from './fn.ts';
import { ALL_EXCEPTIONS, FCW_INIT, FCW_RESERVED, FCW_WRITABLE, FSW, TOP_SHIFT } from './state.ts';
import type { X87 } from './x87-stack.ts';

export function defineX87Control(x: X87): void {
  const { emitter } = x.core;
  emitter.export('fninit', [I32], [], (fn, env) => {
    x.put(fn, env, 'fcw', i32(FCW_INIT));
    for (const field of ['fsw', 'top', 'valid', 'fop', 'fcs', 'fds'] as const) fn.store32(env, x.at(field), i32(0));
    for (const field of ['fip', 'fdp'] as const) fn.store64(env, x.at(field), i64(0n));
  });
  emitter.export('fnclex', [I32], [], (fn, env) =>
    x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~(ALL_EXCEPTIONS | FSW.SF | FSW.ES | FSW.B))));
  emitter.export('fldcw', [I32, I32], [], (fn, env, value) => {
    const fcw = fn.let(value.and(FCW_WRITABLE).or(FCW_RESERVED));
    x.put(fn, env, 'fcw', fcw);
    setSummary(x, fn, env, fcw);
  });
  emitter.export('fnstsw', [I32], [I32], (fn, env) => fn.return(x.get(env, 'fsw').or(x.get(env, 'top').shl(TOP_SHIFT))));
}

/** ES and B: whether an unmasked exception is flagged. */
function setSummary(x: X87, fn: Fn, env: Int32, fcw: Int32): void {
  const fsw = fn.let(x.get(env, 'fsw').and(~(FSW.ES | FSW.B)));
  fn.if(fsw.and(fcw.xor(-1)).and(ALL_EXCEPTIONS), () => fn.set(fsw, fsw.or(FSW.ES | FSW.B)));
  x.put(fn, env, 'fsw', fsw);
}
