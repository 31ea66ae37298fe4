/**
 * The x87 register stack as generated code sees it: addresses, tags, push and pop, stack faults, and taking flags over into FSW.
 * SDM Vol. 1, sections 8.1.2 to 8.1.7 and 8.5.1.1 (stack faults).
 */
import { I32, I64 } from '@emu/wasm';
import { QUIET_BIT, raise, type Core } from './core.ts';
import { i32, i64, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import { ALL_EXCEPTIONS, Exception, FCW, FpuState, FSW, PRE_COMPUTATION } from './state.ts';

/** An 80-bit value on the Wasm stack or in variables: sign and exponent, significand. */
export type F80Value = readonly [Int32, Int64];
export const F80_TYPES = [I32, I64] as const;

const ST_BYTES_LOG2 = 4;
const SIGN_EXPONENT = 8;
const SF_AND_IE = FSW.SF | Exception.IE;

export type X87 = ReturnType<typeof defineX87>;

/** Registers and tags of one CPU; made once for the module. */
export function defineX87(core: Core) {
  const at = (field: keyof typeof FpuState.offset): number => core.layout.fpu + FpuState.offset[field];
  const get = (env: Int32, field: 'fcw' | 'fsw' | 'top' | 'valid' | 'nextFsw'): Int32 => env.load32(at(field));
  const put = (fn: Fn, env: Int32, field: 'fcw' | 'fsw' | 'top' | 'valid' | 'nextFsw', value: Int32): void => fn.store32(env, at(field), value);

  /** `(env) -> flags merged into FSW`; ES and B where one of them is unmasked. C1 is what this instruction made it. */
  const merged = core.emitter.define('merged_fsw', [I32], [I32], (fn, env) => {
    const fsw = fn.let(get(env, 'fsw').and(~FSW.C1).or(core.flags));
    fn.if(core.flags.and(core.masks.xor(-1)).and(ALL_EXCEPTIONS), () => fn.set(fsw, fsw.or(FSW.ES | FSW.B)));
    fn.return(fsw);
  });
  const unmasked = (): Int32 => core.flags.and(core.masks.xor(-1)).and(ALL_EXCEPTIONS);
  /** `(env) -> 1` where a result is to be delivered; takes the flags over into FSW. */
  const settleNow = core.emitter.define('settle', [I32], [I32], (fn, env) => {
    put(fn, env, 'fsw', merged.i32(env));
    fn.return(core.flags.and(core.masks.xor(-1)).and(PRE_COMPUTATION).eqz());
  });
  /** Takes the flags over into FSW; runs `deliver` unless an unmasked exception keeps the result from being delivered. */
  const settle = (fn: Fn, env: Int32, deliver: () => void): void => fn.block((leave) => {
    fn.if(unmasked(), () => leave(settleNow.i32(env).eqz()), () => put(fn, env, 'fsw', get(env, 'fsw').and(~FSW.C1).or(core.flags)));
    deliver();
  });

  const register = (env: Int32, i: Int32): Int32 => get(env, 'top').add(i).and(7);
  const cell = (env: Int32, register: Int32): Int32 => env.add(register.shl(ST_BYTES_LOG2));

  return {
    core, at, get, put, merged, settle, settleNow,
    /** Physical number of ST(i). */
    register,
    /** Starts an instruction: settings from FCW, no flags raised. */
    begin: (fn: Fn, env: Int32): void => core.useFcw(fn, fn.let(get(env, 'fcw'))),
    /** As `begin`, with a precision of 64 bits whatever precision control says. */
    beginExact: (fn: Fn, env: Int32): void => core.useFcw(fn, fn.let(get(env, 'fcw').or(FCW.PC))),
    /** 1 where physical register `r` is not empty. */
    isValid: (env: Int32, r: Int32): Int32 => get(env, 'valid').shrU(r).and(1),
    read: (env: Int32, r: Int32): F80Value => [cell(env, r).load16(at('st') + SIGN_EXPONENT), cell(env, r).load64(at('st'))],
    /** Writes physical register `r` and tags it valid. */
    write(fn: Fn, env: Int32, r: Int32, value: readonly Expr[]): void {
      const [se, sig] = value as F80Value;
      const address = fn.let(cell(env, r));
      fn.store64(address, at('st'), sig);
      fn.store16(address, at('st') + SIGN_EXPONENT, se);
      put(fn, env, 'valid', get(env, 'valid').or(i32(1).shl(r)));
    },
    /** Empties ST(0) and advances TOP. */
    pop(fn: Fn, env: Int32): void {
      const top = fn.let(get(env, 'top'));
      put(fn, env, 'valid', get(env, 'valid').and(i32(1).shl(top).xor(-1)));
      put(fn, env, 'top', top.add(1).and(7));
    },
    /** Makes ST(7) the new ST(0) and writes it. */
    push(fn: Fn, env: Int32, value: readonly Expr[]): void {
      const top = fn.let(get(env, 'top').sub(1).and(7));
      put(fn, env, 'top', top);
      this.write(fn, env, top, value);
    },
    /** Raises the invalid-operation exception of an empty source. */
    underflow: (fn: Fn): void => raise(core, fn, SF_AND_IE),
    /** ... of a destination that is not empty. */
    overflow: (fn: Fn): void => raise(core, fn, SF_AND_IE | FSW.C1),
    /** The value delivered by masked invalid operations. */
    indefinite: [i32(0xffff), i64(INDEFINITE)] as F80Value,
  };
}

const INDEFINITE = 1n << 63n | QUIET_BIT;

/** `(env) -> (se, sig)` of each kind of memory operand; used by loads and by arithmetic. */
export type LoadOperand = Callable<typeof F80_TYPES>;
