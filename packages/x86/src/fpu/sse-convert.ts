/**
 * Helpers of the SSE conversions and of ROUNDxx. SDM Vol. 2. As in `sse-lanes.ts`: `name(env, d, a, ...) -> xm`; `a` is the address of the
 * source (register, MMX register or memory), `d` receives as many bytes as the instruction defines.
 *
 * - `cvtss2sd`, `cvtsd2ss`, `cvtps2pd`, `cvtpd2ps` (clears the upper half).
 * - `cvtsi2ss`, `cvtsi2sd` from 4 bytes, `cvtsi2ss_64`, `cvtsi2sd_64` from 8. `cvtdq2ps`, `cvtdq2pd`, `cvtpi2ps` (8 bytes).
 * - `cvtss2si`, `cvtsd2si`, `cvttss2si`, `cvttsd2si` to 4 bytes, with `_64` to 8. `cvtps2dq`, `cvttps2dq`, `cvtpd2dq`, `cvttpd2dq` (clear
 *   the upper half); `cvtps2pi`, `cvttps2pi`, `cvtpd2pi`, `cvttpd2pi` to 8 bytes. CVTPI2PD is `cvtdq2pd`.
 * - `roundss(env, d, a, imm) -> xm`, `roundsd`, `roundps`, `roundpd`.
 */
import { I32, I64 } from '@emu/wasm';
import { ANY_NAN, BIAS, Class, raise, raiseDenormal, roundingFlags, type Core } from './core.ts';
import type { ArithContext } from './arith.ts';
import { i32, i64, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import type { Value } from './formats.ts';
import { returnNan } from './nan.ts';
import { returnCall, type RoundParts } from './round.ts';
import { FORMS, type Sse } from './sse-lanes.ts';
import { Exception } from './state.ts';

type Contexts = Readonly<Record<'f32' | 'f64', ArithContext>>;

/** Rounding of a helper: 0 to 3 as in MXCSR, or what MXCSR says. */
const TRUNCATE = i32(1);
const BY_MXCSR = i32(0);

export function defineSseConvert(sse: Sse, contexts: Contexts): void {
  const { core } = sse;
  const { f32, f64 } = contexts;
  const widen = defineChange(core, f32, f64, 'widen');
  const narrow = defineChange(core, f64, f32, 'narrow');
  const single = (a: Int32, lane: number): Int32 => a.load32(4 * lane);
  const double = (a: Int32, lane: number): Int64 => a.load64(8 * lane);
  const two = <T>(make: (lane: number) => T): T[] => [make(0), make(1)];
  const four = <T>(make: (lane: number) => T): T[] => [make(0), make(1), make(2), make(3)];
  const upperZero = i64(0n);

  sse.helper('cvtss2sd', 1, (_fn, [a]) => [widen.i64(single(a!, 0))]);
  sse.helper('cvtsd2ss', 1, (_fn, [a]) => [narrow.i32(double(a!, 0))]);
  sse.helper('cvtps2pd', 1, (_fn, [a]) => two((lane) => widen.i64(single(a!, lane))));
  sse.helper('cvtpd2ps', 1, (_fn, [a]) => [...two((lane) => narrow.i32(double(a!, lane))), upperZero]);

  const [toF32, toF64] = [defineFromInteger(core, f32), defineFromInteger(core, f64)];
  sse.helper('cvtsi2ss', 1, (_fn, [a]) => [toF32.i32(single(a!, 0).s64())]);
  sse.helper('cvtsi2sd', 1, (_fn, [a]) => [toF64.i64(single(a!, 0).s64())]);
  sse.helper('cvtsi2ss_64', 1, (_fn, [a]) => [toF32.i32(double(a!, 0))]);
  sse.helper('cvtsi2sd_64', 1, (_fn, [a]) => [toF64.i64(double(a!, 0))]);
  sse.helper('cvtpi2ps', 1, (_fn, [a]) => two((lane) => toF32.i32(single(a!, lane).s64())));
  sse.helper('cvtdq2ps', 1, (_fn, [a]) => four((lane) => toF32.i32(single(a!, lane).s64())));
  sse.helper('cvtdq2pd', 1, (_fn, [a]) => two((lane) => toF64.i64(single(a!, lane).s64())));

  const [fromF32, fromF64] = [defineToInteger(core, f32), defineToInteger(core, f64)];
  const [word, quad] = [i64(32n), i64(64n)];
  for (const [t, truncate] of [['', BY_MXCSR], ['t', TRUNCATE]] as const) {
    sse.helper(`cvt${t}ss2si`, 1, (_fn, [a]) => [fromF32.i64(single(a!, 0), word, truncate).low()]);
    sse.helper(`cvt${t}sd2si`, 1, (_fn, [a]) => [fromF64.i64(double(a!, 0), word, truncate).low()]);
    sse.helper(`cvt${t}ss2si_64`, 1, (_fn, [a]) => [fromF32.i64(single(a!, 0), quad, truncate)]);
    sse.helper(`cvt${t}sd2si_64`, 1, (_fn, [a]) => [fromF64.i64(double(a!, 0), quad, truncate)]);
    const singles = (a: Int32) => (lane: number): Expr => fromF32.i64(single(a, lane), word, truncate).low();
    const doubles = (a: Int32) => (lane: number): Expr => fromF64.i64(double(a, lane), word, truncate).low();
    sse.helper(`cvt${t}ps2dq`, 1, (_fn, [a]) => four(singles(a!)));
    sse.helper(`cvt${t}ps2pi`, 1, (_fn, [a]) => two(singles(a!)));
    sse.helper(`cvt${t}pd2dq`, 1, (_fn, [a]) => [...two(doubles(a!)), upperZero]);
    sse.helper(`cvt${t}pd2pi`, 1, (_fn, [a]) => two(doubles(a!)));
  }
  defineRound(sse, contexts);
}

/** Another binary format, rounded by MXCSR where that is narrower. */
function defineChange(core: Core, from: ArithContext, to: ArithContext, name: string): Callable {
  return core.emitter.define(name, from.format.types, to.format.types, (fn, ...value) => {
    const a = from.format.unpack(fn, value as unknown as Value);
    fn.if(a.cls, () => {
      fn.if(a.cls.and(ANY_NAN), () => returnNan(fn, to.format, from.nanRule, a, a));
      fn.if(a.cls.and(Class.INFINITY), () => fn.return(...to.format.infinity(a.sign)));
      fn.if(a.cls.and(Class.ZERO), () => fn.return(...to.format.zero(a.sign)));
      raiseDenormal(core, fn, a.cls, () => fn.return(...to.format.none()));
    });
    returnCall(fn, to.rounder.pack, a.sign, a.exp, a.sig, i64(0n));
  });
}

/** `(i64) -> value`. */
function defineFromInteger(core: Core, to: ArithContext): Callable {
  return core.emitter.define(`from_integer_${to.format.name}`, [I64], to.format.types, (fn, n) => {
    fn.if(n.eqz(), () => fn.return(...to.format.zero(i32(0))));
    const sign = fn.let(n.ltS(0n));
    fn.if(sign, () => fn.set(n, i64(0n).sub(n)));
    const shift = fn.let(n.clz());
    returnCall(fn, to.rounder.pack, sign, i32(BIAS + 63).sub(shift.low()), n.shl(shift), i64(0n));
  });
}

/** `(value, bits, truncate) -> i64`: an integer of 32 or 64 bits; NaN and numbers out of range give the integer indefinite and IE. */
function defineToInteger(core: Core, { format, parts }: ArithContext): Callable {
  return core.emitter.define(`to_integer_${format.name}`, [...format.types, I64, I32], [I64], (fn, ...params) => {
    const [value, bits, truncate] = params as unknown as [Expr, Int64, Int32];
    const a = format.unpack(fn, [value]);
    const limit = fn.let(i64(1n).shl(bits.sub(1n)));
    const invalid = (): void => {
      raise(core, fn, Exception.IE);
      fn.return(limit);
    };
    fn.if(a.cls.and(Class.ZERO), () => fn.return(i64(0n)));
    const shift = fn.let(i32(BIAS + 63).sub(a.exp));
    fn.if(a.cls.and(ANY_NAN | Class.INFINITY).or(shift.ltS(0)), invalid);
    const { hi, lo, up } = shifted(fn, parts, a.sig, shift, a.sign, truncate);
    fn.if(hi.gtU(limit.sub(a.sign.eqz().u64())), invalid);
    raise(core, fn, roundingFlags(lo.ne(0n), up));
    fn.return(a.sign.select64(i64(0n).sub(hi), hi));
  });
}

/** `sig` / 2^shift as an integer, rounded unless `truncate`; `lo` is what was cut off. */
function shifted(fn: Fn, parts: RoundParts, sig: Int64, shift: Int32, sign: Int32, truncate: Int32): { hi: Int64; lo: Int64; up: Int32 } {
  const [hi, lo] = [fn.let(sig), fn.var64()];
  fn.if(shift, () => fn.assign([hi, lo], parts.shiftRight, hi, lo, shift));
  const up = fn.let(truncate.eqz().and(parts.up.i32(sign, lo, hi.low().and(1))));
  fn.set(hi, hi.add(up.u64()));
  return { hi, lo, up };
}

/** Immediate of ROUNDxx: rounding in bits 0 and 1, bit 2 takes MXCSR's, bit 3 keeps PE from being raised. */
const RoundImm = { RC: 3, BY_MXCSR: 4, NO_PE: 8 } as const;

function defineRound(sse: Sse, contexts: Contexts): void {
  const { core } = sse;
  const rounders = { f32: defineRoundToInteger(core, contexts.f32), f64: defineRoundToInteger(core, contexts.f64) };
  for (const form of FORMS) {
    const { format } = contexts[form.format];
    const callee = rounders[form.format];
    sse.helper(`round${form.suffix}`, 2, (fn, [a, imm]) => {
      const byMxcsr = fn.let(core.rounding.and(-1));
      fn.if(imm!.and(RoundImm.BY_MXCSR).eqz(), () => fn.set(core.rounding, imm!.and(RoundImm.RC)));
      const values = Array.from({ length: form.lanes }, (_, lane) => {
        const bits = sse.load(a!, form.bytes, lane);
        return fn.let(format.name === 'f32' ? callee.i32(bits) : callee.i64(bits));
      });
      fn.set(core.rounding, byMxcsr);
      fn.if(imm!.and(RoundImm.NO_PE), () => fn.set(core.flags, core.flags.and(~Exception.PE)));
      return values;
    });
  }
}

/** `(value) -> value`, an integer in the same format. */
function defineRoundToInteger(core: Core, c: ArithContext): Callable {
  const { format, parts } = c;
  return core.emitter.define(`round_to_integer_${format.name}`, format.types, format.types, (fn, ...value) => {
    const bits = value as unknown as Value;
    const a = format.unpack(fn, bits);
    fn.if(a.cls, () => {
      fn.if(a.cls.and(ANY_NAN), () => returnNan(fn, format, c.nanRule, a, a));
      fn.if(a.cls.and(Class.ZERO), () => fn.return(...format.zero(a.sign)));
    });
    const shift = fn.let(i32(BIAS + 63).sub(a.exp));
    fn.if(shift.leS(format.drop), () => fn.return(...bits));
    const { hi, lo, up } = shifted(fn, parts, a.sig, shift, a.sign, BY_MXCSR);
    raise(core, fn, roundingFlags(lo.ne(0n), up));
    fn.if(hi.eqz(), () => fn.return(...format.zero(a.sign)));
    const back = fn.let(hi.clz());
    fn.return(...format.pack(a.sign, i32(format.bias + 63).sub(back.low()), hi.shl(back)));
  });
}
