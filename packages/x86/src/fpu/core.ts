/**
 * What every generated floating-point function shares: the control settings and flags of the instruction at hand as module
 * globals, and the classes of operands. The unpacked form of a number is the same for all formats: a sign, the exponent biased as
 * in the 80-bit format, and a significand with its leading one in bit 63, so that value = significand * 2^(exponent - BIAS - 63).
 */
import { I32 } from '@emu/wasm';
import { i32, type Int32, type Int64 } from './expr.ts';
import type { Emitter, Fn, Global } from './fn.ts';
import { Exception, FCW_RC_SHIFT, MXCSR_MASK_SHIFT, MXCSR_RC_SHIFT, MXCSR, PC_SHIFT, PRE_COMPUTATION, type FpuLayout } from './state.ts';

/** Exponent bias of the unpacked form. */
export const BIAS = 16383;
/** The leading one of a significand. */
export const INTEGER_BIT = 1n << 63n;
/** Set in the significand of a quiet NaN. */
export const QUIET_BIT = 1n << 62n;

/** Classes of operands, as bits; 0 is a normal number. A denormal is unpacked like a normal one. */
export const Class = { ZERO: 1, INFINITY: 2, QNAN: 4, SNAN: 8, UNSUPPORTED: 16, DENORMAL: 32 } as const;
export const ANY_NAN = Class.QNAN | Class.SNAN | Class.UNSUPPORTED;

/** An unpacked operand. */
export interface Num { readonly cls: Int32; readonly sign: Int32; readonly exp: Int32; readonly sig: Int64 }

/** The flag C1 of FSW among the exception flags: the result was rounded up (away from zero). */
export const ROUNDED_UP = 0x200;
const ROUNDED_UP_SHIFT = 9;
const PE_SHIFT = 5;

/** Globals that hold the control settings in force and what the instruction raised. */
export interface Core {
  readonly emitter: Emitter;
  readonly layout: FpuLayout;
  /** Exception flags raised so far, and `ROUNDED_UP`. */
  readonly flags: Global;
  /** Exceptions that are masked, in the places of their flags. */
  readonly masks: Global;
  /** A `Rounding`. */
  readonly rounding: Global;
  /** Low bits that precision control cuts off an 80-bit significand: 0, 11 or 40. */
  readonly precision: Global;
  /** MXCSR.DAZ and MXCSR.FTZ as they stand there; zero for x87. */
  readonly zeroing: Global;
  /** Makes the settings those of an x87 control word, and clears the flags. */
  useFcw(fn: Fn, fcw: Int32): void;
  /** Makes the settings those of MXCSR, and clears the flags. */
  useMxcsr(fn: Fn, mxcsr: Int32): void;
}

const FCW_SETTINGS = 0x0f3f;
const MXCSR_SETTINGS = MXCSR.DAZ | MXCSR.MASKS | MXCSR.RC | MXCSR.FTZ;
/** Mark where settings were taken from, so that those of FCW never equal those of MXCSR, nor zero. */
const FROM_FCW = 0x10000;
const FROM_MXCSR = 0x20000;

export function defineCore(emitter: Emitter, layout: FpuLayout): Core {
  const [flags, masks, rounding, precision, zeroing, source] =
    (['flags', 'masks', 'rounding', 'precision', 'zeroing', 'source'] as const).map((name) => emitter.global(name)) as
    [Global, Global, Global, Global, Global, Global];
  const settings = (name: string, key: (word: Int32) => Int32, load: (fn: Fn, word: Int32) => void): Core['useFcw'] => {
    const change = emitter.define(name, [I32], [], (fn, word) => {
      fn.set(source, key(word));
      load(fn, word);
    });
    return (fn, word) => {
      fn.set(flags, i32(0));
      fn.if(source.ne(key(word)), () => fn.call(change, word));
    };
  };
  const useFcw = settings('use_fcw', (fcw) => fcw.and(FCW_SETTINGS).or(FROM_FCW), (fn, fcw) => {
    fn.set(masks, fcw.and(0x3f));
    fn.set(rounding, fcw.shrU(FCW_RC_SHIFT).and(3));
    const pc = fn.let(fcw.shrU(PC_SHIFT).and(3));
    fn.set(precision, pc.and(1).select32(0, pc.eqz().select32(40, 11)));
    fn.set(zeroing, i32(0));
  });
  const useMxcsr = settings('use_mxcsr', (mxcsr) => mxcsr.and(MXCSR_SETTINGS).or(FROM_MXCSR), (fn, mxcsr) => {
    fn.set(masks, mxcsr.shrU(MXCSR_MASK_SHIFT).and(0x3f));
    fn.set(rounding, mxcsr.shrU(MXCSR_RC_SHIFT).and(3));
    fn.set(precision, i32(0));
    fn.set(zeroing, mxcsr.and(MXCSR.DAZ | MXCSR.FTZ));
  });
  return { emitter, layout, flags, masks, rounding, precision, zeroing, useFcw, useMxcsr };
}

/** Adds exception flags to those raised. */
export function raise(core: Core, fn: Fn, flags: Int32 | number): void {
  fn.set(core.flags, core.flags.or(flags));
}

/** Whether an unmasked exception was found that keeps the operation from being carried out. */
export const stopped = (core: Core): Int32 => core.flags.and(core.masks.xor(-1)).and(PRE_COMPUTATION);

/** Flags of a rounding: PE where it was inexact, `ROUNDED_UP` where the magnitude grew. Both conditions are 0 or 1. */
export const roundingFlags = (inexact: Int32, up: Int32): Int32 => inexact.shl(PE_SHIFT).or(up.shl(ROUNDED_UP_SHIFT));

/** Raises DE, and tells by `stopped` whether to go on. */
export function raiseDenormal(core: Core, fn: Fn, classes: Int32, whenStopped: () => void): void {
  fn.if(classes.and(Class.DENORMAL), () => {
    raise(core, fn, Exception.DE);
    fn.if(stopped(core), whenStopped);
  });
}
