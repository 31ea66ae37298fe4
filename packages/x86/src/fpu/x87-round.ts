/**
 * FRNDINT, FSCALE and FXTRACT. SDM Vol. 2. Helpers: `frndint(env)`, `fscale(env)`, `fxtract(env)`.
 *
 * For results that TypeScript works out there is `round_operand(env, sign, exp) -> flags`: rounds the 128-bit significand in `operand` (upper
 * half first) by rounding control to 64 bits, and leaves the 80-bit value there.
 */
import { I32, I64 } from '@emu/wasm';
import { ANY_NAN, BIAS, Class, raise, raiseDenormal, ROUNDED_UP, roundingFlags } from './core.ts';
import type { ArithContext } from './arith.ts';
import { i32, i64, type Expr, type Int32 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import { returnInvalid, returnNan } from './nan.ts';
import { Exception } from './state.ts';
import { F80_TYPES, type F80Value, type X87 } from './x87-stack.ts';

/** FSCALE by more than this over- or underflows from any start. */
const SCALE_LIMIT = 0x10000;

export function defineX87Round(x: X87, c: ArithContext): void {
  const { emitter } = c.core;
  const unary = (name: string, operation: Callable): void => void emitter.export(name, [I32], [], (fn, env) => {
    x.begin(fn, env);
    const top = fn.let(x.get(env, 'top'));
    const [se, sig] = [fn.let(x.indefinite[0]), fn.let(x.indefinite[1])];
    fn.if(x.isValid(env, top), () => fn.assign([se, sig], operation, ...x.read(env, top)), () => x.underflow(fn));
    x.settle(fn, env, () => x.write(fn, env, top, [se, sig]));
  });
  unary('frndint', defineRoundToInteger(c));
  const scale = defineScale(c);
  emitter.export('fscale', [I32], [], (fn, env) => {
    x.beginExact(fn, env);
    const [d, s] = [fn.let(x.get(env, 'top')), fn.let(x.register(env, i32(1)))];
    const [se, sig] = [fn.let(x.indefinite[0]), fn.let(x.indefinite[1])];
    fn.if(x.isValid(env, d).and(x.isValid(env, s)), () => fn.assign([se, sig], scale, ...x.read(env, d), ...x.read(env, s)), () => x.underflow(fn));
    x.settle(fn, env, () => x.write(fn, env, d, [se, sig]));
  });
  defineExtract(x, c);
  emitter.export('round_operand', [I32, I32, I32], [I32], (fn, env, sign, exp) => {
    const at = x.at('operand');
    x.beginExact(fn, env);
    const [se, sig] = fn.results(c.rounder.pack, sign, exp, env.load64(at), env.load64(at + 8)) as unknown as F80Value;
    fn.store64(env, at, sig);
    fn.store64(env, at + 8, se.u64());
    fn.return(c.core.flags);
  });
}

/** `(value) -> value` rounded to an integer by rounding control, at full precision. */
function defineRoundToInteger(c: ArithContext): Callable {
  const { core, format, parts } = c;
  return core.emitter.define('round_to_integer_f80', F80_TYPES, F80_TYPES, (fn, se, sig) => {
    const a = format.unpack(fn, [se, sig]);
    fn.if(a.cls, () => {
      fn.if(a.cls.and(ANY_NAN), () => returnNan(fn, format, c.nanRule, a, a));
      fn.if(a.cls.and(Class.INFINITY | Class.ZERO), () => fn.return(se.and(0xffff), sig));
      raiseDenormal(core, fn, a.cls, () => fn.return(...format.none()));
    });
    const shift = fn.let(i32(BIAS + 63).sub(a.exp));
    fn.if(shift.leS(0), () => fn.return(se, sig));
    const [hi, lo] = fn.results(parts.shiftRight, a.sig, i64(0n), shift);
    const up = fn.let(parts.up.i32(a.sign, lo, hi.low().and(1)));
    raise(core, fn, roundingFlags(lo.ne(0n), up));
    fn.set(hi, hi.add(up.u64()));
    fn.if(hi.eqz(), () => fn.return(...format.zero(a.sign)));
    const back = fn.let(hi.clz());
    fn.return(a.sign.shl(15).or(i32(BIAS + 63).sub(back.low())), hi.shl(back));
  });
}

/** `(a, b) -> a * 2^trunc(b)`. */
function defineScale(c: ArithContext): Callable {
  const { core, format, rounder } = c;
  const { ZERO, INFINITY } = Class;
  return core.emitter.define('scale_f80', [I32, I64, I32, I64], F80_TYPES, (fn, aSe, aSig, bSe, bSig) => {
    const [a, b] = [format.unpack(fn, [aSe, aSig]), format.unpack(fn, [bSe, bSig])];
    fn.if(a.cls.or(b.cls), () => {
      const classes = fn.let(a.cls.or(b.cls));
      fn.if(classes.and(ANY_NAN), () => returnNan(fn, format, c.nanRule, a, b));
      fn.if(b.cls.and(INFINITY), () => {
        fn.if(a.cls.and(b.sign.select32(INFINITY, ZERO)), () => returnInvalid(core, fn, format));
      });
      raiseDenormal(core, fn, classes, () => fn.return(...format.none()));
      fn.if(b.cls.and(INFINITY), () => {
        fn.if(b.sign, () => fn.return(...format.zero(a.sign)));
        fn.return(...format.infinity(a.sign));
      });
      fn.if(a.cls.and(INFINITY), () => fn.return(...format.infinity(a.sign)));
      fn.if(a.cls.and(ZERO), () => fn.return(...format.zero(a.sign)));
    });
    const by = fn.let(truncated(fn, b.exp, b.sig));
    fn.if(b.sign, () => fn.set(by, i32(0).sub(by)));
    const exp = fn.let(a.exp.add(by));
    // Unmasked, the exponent is wrapped; where that does not bring it into range, hardware delivers zero or infinity.
    fn.if(exp.leS(-format.wrap).and(core.masks.and(Exception.UE).eqz()), () => {
      raise(core, fn, Exception.UE | Exception.PE);
      fn.return(...format.zero(a.sign));
    });
    fn.if(exp.geS(format.maxExp + format.wrap).and(core.masks.and(Exception.OE).eqz()), () => {
      raise(core, fn, Exception.OE | Exception.PE | ROUNDED_UP);
      fn.return(...format.infinity(a.sign));
    });
    rounder.return(fn, a.sign, exp, a.sig, i64(0n));
  });
}

/** The integer part of a magnitude, at most `SCALE_LIMIT`. */
function truncated(fn: Fn, exp: Int32, sig: Expr): Int32 {
  const result = fn.var32();
  fn.if(exp.geS(BIAS + 16), () => fn.set(result, i32(SCALE_LIMIT)), () =>
    fn.if(exp.geS(BIAS), () => fn.set(result, (sig as F80Value[1]).shrU(i32(BIAS + 63).sub(exp).u64()).low())));
  return result;
}

/** FXTRACT: ST(0) becomes the unbiased exponent, and the significand with exponent 0 is pushed. */
function defineExtract(x: X87, c: ArithContext): void {
  const { core, format } = c;
  const integer = (fn: Fn, n: Int32): F80Value => {
    const negative = fn.let(n.ltS(0));
    const magnitude = fn.let(negative.select32(i32(0).sub(n), n).u64());
    const shift = fn.let(magnitude.clz());
    return [magnitude.eqz().select32(0, negative.shl(15).or(i32(BIAS + 63).sub(shift.low()))), magnitude.shl(shift)];
  };
  /** `(value) -> (exponent, significand)`. */
  const extract = core.emitter.define('extract_f80', F80_TYPES, [I32, I64, I32, I64] as const, (fn, se, sig) => {
    const a = format.unpack(fn, [se, sig]);
    fn.if(a.cls, () => {
      fn.if(a.cls.and(ANY_NAN), () => {
        const [sign, payload] = fn.results(c.nanRule, a.cls, a.sign, a.sig, a.cls, a.sign, a.sig);
        fn.return(...format.nan(sign, payload), ...format.nan(sign, payload));
      });
      fn.if(a.cls.and(Class.INFINITY), () => fn.return(...format.infinity(i32(0)), ...format.infinity(a.sign)));
      fn.if(a.cls.and(Class.ZERO), () => {
        raise(core, fn, Exception.ZE);
        fn.return(...format.infinity(i32(1)), ...format.zero(a.sign));
      });
      raise(core, fn, Exception.DE);
    });
    const exponent = integer(fn, fn.let(a.exp.sub(BIAS)));
    fn.return(...exponent, a.sign.shl(15).or(BIAS), a.sig);
  });
  core.emitter.export('fxtract', [I32], [], (fn, env) => {
    x.begin(fn, env);
    const [top, next] = [fn.let(x.get(env, 'top')), fn.let(x.register(env, i32(7)))];
    const [exponent, significand] = [[fn.let(x.indefinite[0]), fn.let(x.indefinite[1])], [fn.let(x.indefinite[0]), fn.let(x.indefinite[1])]] as const;
    fn.if(x.isValid(env, top).eqz(), () => x.underflow(fn), () =>
      fn.if(x.isValid(env, next), () => x.overflow(fn), () => fn.assign([...exponent, ...significand], extract, ...x.read(env, top))));
    x.settle(fn, env, () => {
      x.write(fn, env, top, exponent);
      x.push(fn, env, significand);
    });
  });
}
