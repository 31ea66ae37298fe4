/**
 * The three formats: binary32, binary64 and double extended. How their bits are taken apart into the unpacked form of `core.ts`
 * and what zero, infinity and NaN look like. SDM Vol. 1, section 4.8 (formats, NaNs) and 8.2.2 (unsupported 80-bit encodings).
 *
 * A value of f32 is an i32, of f64 an i64, of f80 an i32 (sign and exponent) and an i64 (significand).
 */
import { I32, I64, type ValType } from '@emu/wasm';
import { BIAS, Class, INTEGER_BIT, QUIET_BIT, type Core, type Num } from './core.ts';
import { i32, i64, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import { MXCSR } from './state.ts';

/** Set above the sign of an 80-bit value that was widened from a denormal m32 or m64: it is normal now, but still raises DE. */
export const WAS_DENORMAL = 0x10000;

/** Exponent that an unpacked zero has: below that of every number, so that magnitudes compare as they are. */
const ZERO_EXP = -0x10000;

export type Value = readonly Expr[];

export interface Format {
  readonly name: 'f32' | 'f64' | 'f80';
  /** Types of a value on the Wasm stack. */
  readonly types: readonly ValType[];
  /** Significand bits of the unpacked form that this format drops: 40, 11 or 0. */
  readonly drop: number;
  readonly bias: number;
  /** The exponent field of infinities and NaNs. */
  readonly maxExp: number;
  /** Added to or taken from the exponent where an unmasked underflow or overflow delivers a result. SDM Vol. 1, 4.9.1.4. */
  readonly wrap: number;
  sign(value: Value): Int32;
  /** Takes a value apart; normal numbers inline, others by a call. */
  unpack(fn: Fn, value: Value): Num;
  /** Puts fields together; the integer bit of `sig` is left out where the format hides it. */
  pack(sign: Int32, exp: Int32, sig: Int64): Value;
  zero(sign: Int32): Value;
  infinity(sign: Int32): Value;
  /** A NaN with the payload of `sig`, made quiet. */
  nan(sign: Int32, sig: Int64): Value;
  /** Leaves the function with a value of the format (one of any kind, where the caller will not use it). */
  none(): Value;
}

const slowUnpack = (core: Core, name: string, params: readonly ValType[], body: (fn: Fn, value: Value) => void): Callable<readonly [typeof I32, typeof I32, typeof I64]> =>
  core.emitter.define(`unpack_${name}`, params, [I32, I32, I64] as const, (fn, ...value) => body(fn, value as unknown as Value));

/** Class, exponent and significand of a denormal whose fraction is left-justified in `sig`; `exp` is that of the smallest normal. */
function returnDenormal(fn: Fn, exp: number, sig: Int64): void {
  const shift = fn.let(sig.clz());
  fn.return(i32(Class.DENORMAL), i32(exp).sub(shift.low()), sig.shl(shift));
}

const nanClass = (sig: Int64): Int32 => sig.and(QUIET_BIT).eqz().select32(Class.SNAN, Class.QNAN);

export function defineF80(core: Core): Format {
  const slow = slowUnpack(core, 'f80', [I32, I64], (fn, [se, sig]) => {
    const [signExp, significand] = [se as Int32, sig as Int64];
    const exp = fn.let(signExp.and(0x7fff));
    fn.if(signExp.and(WAS_DENORMAL), () => fn.return(i32(Class.DENORMAL), exp, significand));
    fn.if(exp.eqz(), () => {
      fn.if(significand.eqz(), () => fn.return(i32(Class.ZERO), i32(ZERO_EXP), significand));
      returnDenormal(fn, 1, significand);
    });
    fn.if(significand.geS(0n), () => fn.return(i32(Class.UNSUPPORTED), exp, significand));
    fn.if(significand.shl(1n).eqz(), () => fn.return(i32(Class.INFINITY), exp, significand));
    fn.return(nanClass(significand), exp, significand);
  });
  const format: Format = {
    name: 'f80', types: [I32, I64], drop: 0, bias: BIAS, maxExp: 0x7fff, wrap: 24576,
    sign: ([se]) => (se as Int32).shrU(15).and(1),
    unpack(fn, value) {
      const [se, significand] = value as [Int32, Int64];
      const cls = fn.let(i32(0));
      const exp = fn.let(se.and(0x7fff | WAS_DENORMAL));
      const sig = fn.let(significand);
      fn.if(exp.sub(1).ltU(0x7ffe).and(sig.ltS(0n)).eqz(), () => fn.assign([cls, exp, sig], slow, se, significand));
      return { cls, sign: fn.let(format.sign(value)), exp, sig };
    },
    pack: (sign, exp, sig) => [sign.shl(15).or(exp), sig],
    zero: (sign) => [sign.shl(15), i64(0n)],
    infinity: (sign) => [sign.shl(15).or(0x7fff), i64(INTEGER_BIT)],
    nan: (sign, sig) => [sign.shl(15).or(0x7fff), sig.or(QUIET_BIT)],
    none: () => [i32(0), i64(0n)],
  };
  return format;
}

export function defineF64(core: Core): Format {
  const slow = slowUnpack(core, 'f64', [I64], (fn, [bits]) => {
    const exp = fn.let((bits as Int64).shrU(52n).low().and(0x7ff));
    const fraction = fn.let((bits as Int64).shl(12n).shrU(1n));
    returnSpecial(core, fn, exp, fraction, BIAS - 1023);
  });
  const format: Format = {
    name: 'f64', types: [I64], drop: 11, bias: 1023, maxExp: 0x7ff, wrap: 1536,
    sign: ([bits]) => (bits as Int64).shrU(63n).low(),
    unpack(fn, value) {
      const bits = value[0] as Int64;
      const cls = fn.let(i32(0));
      const field = fn.let(bits.shrU(52n).low().and(0x7ff));
      const exp = fn.let(field.add(BIAS - 1023));
      const sig = fn.let(bits.shl(11n).or(INTEGER_BIT));
      fn.if(field.sub(1).geU(0x7fe), () => fn.assign([cls, exp, sig], slow, bits));
      return { cls, sign: fn.let(format.sign(value)), exp, sig };
    },
    pack: (sign, exp, sig) => [sign.u64().shl(63n).or(exp.u64().shl(52n).add(sig.shl(1n).shrU(12n)))],
    zero: (sign) => [sign.u64().shl(63n)],
    infinity: (sign) => [sign.u64().shl(63n).or(0x7ff0_0000_0000_0000n)],
    nan: (sign, sig) => [sign.u64().shl(63n).or(0x7ff8_0000_0000_0000n).or(sig.shl(1n).shrU(12n))],
    none: () => [i64(0n)],
  };
  return format;
}

export function defineF32(core: Core): Format {
  const slow = slowUnpack(core, 'f32', [I32], (fn, [bits]) => {
    const exp = fn.let((bits as Int32).shrU(23).and(0xff));
    const fraction = fn.let((bits as Int32).shl(9).u64().shl(31n));
    returnSpecial(core, fn, exp.eq(0xff).select32(0x7ff, exp), fraction, BIAS - 127);
  });
  const format: Format = {
    name: 'f32', types: [I32], drop: 40, bias: 127, maxExp: 0xff, wrap: 192,
    sign: ([bits]) => (bits as Int32).shrU(31),
    unpack(fn, value) {
      const bits = value[0] as Int32;
      const cls = fn.let(i32(0));
      const field = fn.let(bits.shrU(23).and(0xff));
      const exp = fn.let(field.add(BIAS - 127));
      const sig = fn.let(bits.u64().shl(40n).or(INTEGER_BIT));
      fn.if(field.sub(1).geU(0xfe), () => fn.assign([cls, exp, sig], slow, bits));
      return { cls, sign: fn.let(format.sign(value)), exp, sig };
    },
    pack: (sign, exp, sig) => [sign.shl(31).or(exp.shl(23).add(sig.shl(1n).shrU(41n).low()))],
    zero: (sign) => [sign.shl(31)],
    infinity: (sign) => [sign.shl(31).or(0x7f80_0000)],
    nan: (sign, sig) => [sign.shl(31).or(0x7fc0_0000).or(sig.shl(1n).shrU(41n).low())],
    none: () => [i32(0)],
  };
  return format;
}

/** Zeros, denormals, infinities and NaNs of f32 and f64; `field` is 0 or 0x7ff, `fraction` starts at bit 62. */
function returnSpecial(core: Core, fn: Fn, field: Int32, fraction: Int64, biasDifference: number): void {
  const exp = fn.let(i32(0x7fff));
  fn.if(field.eqz(), () => {
    fn.if(fraction.eqz().or(core.zeroing.and(MXCSR.DAZ)), () => fn.return(i32(Class.ZERO), i32(ZERO_EXP), i64(0n)));
    returnDenormal(fn, biasDifference + 1, fraction);
  });
  fn.if(fraction.eqz(), () => fn.return(i32(Class.INFINITY), exp, i64(INTEGER_BIT)));
  fn.return(nanClass(fraction), exp, fraction.or(INTEGER_BIT));
}
