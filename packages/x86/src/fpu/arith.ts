/**
 * Addition, subtraction, multiplication and division on values of one format. SDM Vol. 1, table 4-10 (masked responses to invalid
 * operations) and section 4.9.2 (which exception comes first). Each function takes two values and returns one; flags go to
 * `Core.flags`. Where an unmasked exception stopped the operation the result means nothing.
 */
import { I64 } from '@emu/wasm';
import { ANY_NAN, BIAS, Class, INTEGER_BIT, raise, raiseDenormal, stopped, type Core, type Num } from './core.ts';
import { i32, i64, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import type { Format, Value } from './formats.ts';
import { returnInvalid, returnNan, type NanRule } from './nan.ts';
import type { Rounder, RoundParts } from './round.ts';
import { Exception, Rounding } from './state.ts';

export interface ArithContext {
  readonly core: Core;
  readonly parts: RoundParts;
  readonly format: Format;
  readonly rounder: Rounder;
  readonly nanRule: NanRule;
}

interface Operation {
  /** Cases without a numeric answer: invalid operations and division by zero. Both operands are free of NaN. */
  invalid(fn: Fn, a: Num, b: Num): void;
  /** Infinities and zeros, after DE was looked at. Falls through where both operands are finite and not zero. */
  special(fn: Fn, a: Num, b: Num): void;
  /** Finite operands other than zero. */
  finite(fn: Fn, a: Num, b: Num): void;
}

/** A function of two values, in the order of precedence of exceptions. */
function defineBinary(c: ArithContext, name: string, operation: Operation, alter: (b: Num) => Num = (b) => b): Callable {
  const { core, format } = c;
  const width = format.types.length;
  return core.emitter.define(`${name}_${format.name}`, [...format.types, ...format.types], format.types, (fn, ...values) => {
    const operands = values as unknown as Value;
    const a = format.unpack(fn, operands.slice(0, width));
    const unaltered = format.unpack(fn, operands.slice(width));
    const b = alter(unaltered);
    fn.if(a.cls.or(b.cls), () => {
      const classes = fn.let(a.cls.or(b.cls));
      fn.if(classes.and(ANY_NAN), () => returnNan(fn, format, c.nanRule, a, unaltered));
      operation.invalid(fn, a, b);
      raiseDenormal(core, fn, classes, () => fn.return(...format.none()));
      operation.special(fn, a, b);
    });
    operation.finite(fn, a, b);
  });
}

/** a + b, or a - b. */
export function defineAdd(c: ArithContext, subtract: boolean): Callable {
  const { core, format, rounder } = c;
  const zeroSign = core.rounding.eq(Rounding.DOWN);
  return defineBinary(c, subtract ? 'sub' : 'add', {
    invalid(fn, a, b) {
      fn.if(a.cls.and(b.cls).and(Class.INFINITY).and(a.sign.ne(b.sign).shl(1)), () => returnInvalid(core, fn, format));
    },
    special(fn, a, b) {
      fn.if(a.cls.and(Class.INFINITY), () => fn.return(...format.infinity(a.sign)));
      fn.if(b.cls.and(Class.INFINITY), () => fn.return(...format.infinity(b.sign)));
      fn.if(a.cls.and(Class.ZERO), () => {
        fn.if(b.cls.and(Class.ZERO), () => fn.return(...format.zero(a.sign.eq(b.sign).select32(a.sign, zeroSign))));
        rounder.return(fn, b.sign, b.exp, b.sig, i64(0n));
      });
      fn.if(b.cls.and(Class.ZERO), () => rounder.return(fn, a.sign, a.exp, a.sig, i64(0n)));
    },
    finite(fn, a, b) {
      const [sign, exp, hi, lo, opposite] = [fn.let(a.sign), fn.let(a.exp), fn.let(a.sig), fn.var64(), fn.let(a.sign.ne(b.sign))];
      const smaller = fn.let(b.sig);
      const distance = fn.let(a.exp.sub(b.exp));
      fn.if(distance.ltS(0).or(distance.eqz().and(a.sig.ltU(b.sig))), () => {
        fn.set(sign, b.sign);
        fn.set(exp, b.exp);
        fn.set(hi, b.sig);
        fn.set(smaller, a.sig);
        fn.set(distance, i32(0).sub(distance));
      });
      fn.if(distance, () => alignSmaller(fn, c.parts, smaller, lo, distance));
      fn.if(opposite, () => {
        fn.set(hi, hi.sub(smaller).sub(lo.sticky()));
        fn.set(lo, i64(0n).sub(lo));
        normalizeDifference(fn, hi, lo, exp, () => fn.return(...format.zero(zeroSign)));
      }, () => {
        fn.set(hi, hi.add(smaller));
        fn.if(hi.ltU(smaller), () => {
          fn.set(lo, hi.shl(63n).or(lo.shrU(1n)).or(lo.and(1n)));
          fn.set(hi, hi.shrU(1n).or(INTEGER_BIT));
          fn.set(exp, exp.add(1));
        });
      });
      rounder.return(fn, sign, exp, hi, lo);
    },
  }, subtract ? (b) => ({ ...b, sign: b.sign.xor(1) }) : undefined);
}

/** Shifts the operand of smaller magnitude right by `distance` > 0 into `sig` and `lo`. */
function alignSmaller(fn: Fn, parts: RoundParts, sig: Int64, lo: Int64, distance: Int32): void {
  fn.if(distance.ltU(64), () => {
    const count = fn.let(distance.u64());
    fn.set(lo, sig.shl(i64(64n).sub(count)));
    fn.set(sig, sig.shrU(count));
  }, () => fn.assign([sig, lo], parts.shiftRight, sig, i64(0n), distance));
}

/** Brings the leading one of a difference to bit 63 of `hi`, or takes the exit where nothing is left. */
function normalizeDifference(fn: Fn, hi: Int64, lo: Int64, exp: Int32, whenZero: () => void): void {
  fn.if(hi.ltS(0n).eqz(), () => {
    fn.if(hi.eqz(), () => {
      fn.if(lo.eqz(), whenZero);
      fn.set(hi, lo);
      fn.set(lo, i64(0n));
      fn.set(exp, exp.sub(64));
    });
    const shift = fn.let(hi.clz());
    fn.if(shift.ne(0n), () => {
      fn.set(hi, hi.shl(shift).or(lo.shrU(i64(64n).sub(shift))));
      fn.set(lo, lo.shl(shift));
      fn.set(exp, exp.sub(shift.low()));
    });
  });
}

export function defineMul(c: ArithContext): Callable {
  const { core, format, rounder } = c;
  return defineBinary(c, 'mul', {
    invalid(fn, a, b) {
      fn.if(a.cls.or(b.cls).and(Class.ZERO | Class.INFINITY).eq(Class.ZERO | Class.INFINITY), () => returnInvalid(core, fn, format));
    },
    special(fn, a, b) {
      const sign = a.sign.xor(b.sign);
      fn.if(a.cls.or(b.cls).and(Class.INFINITY), () => fn.return(...format.infinity(sign)));
      fn.if(a.cls.or(b.cls).and(Class.ZERO), () => fn.return(...format.zero(sign)));
    },
    finite(fn, a, b) {
      const [hi, lo] = multiply(fn, a.sig, b.sig);
      const exp = fn.let(a.exp.add(b.exp).sub(BIAS - 1));
      fn.if(hi.geS(0n), () => {
        fn.set(hi, hi.shl(1n).or(lo.shrU(63n)));
        fn.set(lo, lo.shl(1n));
        fn.set(exp, exp.sub(1));
      });
      rounder.return(fn, fn.let(a.sign.xor(b.sign)), exp, hi, lo);
    },
  });
}

const LOW32 = 0xffff_ffffn;

/** The 128-bit product of two 64-bit numbers as new variables `[hi, lo]`. */
export function multiply(fn: Fn, a: Int64, b: Int64): [Int64, Int64] {
  const [aLow, aHigh, bLow, bHigh] = [fn.let(a.and(LOW32)), fn.let(a.high()), fn.let(b.and(LOW32)), fn.let(b.high())];
  const low = fn.let(aLow.mul(bLow));
  const middle = fn.let(aHigh.mul(bLow).add(low.high()));
  const cross = fn.let(aLow.mul(bHigh).add(middle.and(LOW32)));
  const hi = fn.let(aHigh.mul(bHigh).add(middle.high()).add(cross.high()));
  return [hi, fn.let(cross.shl(32n).or(low.and(LOW32)))];
}

export function defineDiv(c: ArithContext, divide: Callable<readonly [typeof I64, typeof I64]>): Callable {
  const { core, format, rounder } = c;
  return defineBinary(c, 'div', {
    invalid(fn, a, b) {
      fn.if(a.cls.and(b.cls).and(Class.ZERO | Class.INFINITY), () => returnInvalid(core, fn, format));
      fn.if(b.cls.and(Class.ZERO).and(a.cls.and(Class.INFINITY).eqz()), () => {
        raise(core, fn, Exception.ZE);
        fn.if(stopped(core), () => fn.return(...format.none()));
        fn.return(...format.infinity(a.sign.xor(b.sign)));
      });
    },
    special(fn, a, b) {
      const sign = a.sign.xor(b.sign);
      fn.if(a.cls.and(Class.INFINITY), () => fn.return(...format.infinity(sign)));
      fn.if(a.cls.and(Class.ZERO).or(b.cls.and(Class.INFINITY)), () => fn.return(...format.zero(sign)));
    },
    finite(fn, a, b) {
      const exp = fn.let(a.exp.sub(b.exp).add(BIAS));
      const [dividendHi, dividendLo] = [fn.let(a.sig), fn.var64()];
      fn.if(a.sig.geU(b.sig), () => {
        fn.set(dividendHi, a.sig.shrU(1n));
        fn.set(dividendLo, a.sig.shl(63n));
      }, () => fn.set(exp, exp.sub(1)));
      const [quotient, remainder] = fn.results(divide, dividendHi, dividendLo, b.sig);
      fn.set(dividendLo, fractionOf(fn, remainder, b.sig));
      rounder.return(fn, fn.let(a.sign.xor(b.sign)), exp, quotient, dividendLo);
    },
  });
}

/** The fraction remainder / divisor to two bits: a half, and a sticky one. */
function fractionOf(fn: Fn, remainder: Int64, divisor: Int64): Int64 {
  const rest = fn.let(divisor.sub(remainder));
  const half = remainder.geU(rest);
  const exact = remainder.eqz().or(remainder.eq(rest));
  return half.u64().shl(63n).or(exact.eqz().u64());
}

/**
 * `(hi, lo, divisor) -> (quotient, remainder)`: 128 by 64 bits. The divisor has bit 63 set and is larger than `hi`. Two digits of 32
 * bits, each estimated from the leading half of the divisor and at most two too large (Knuth, TAOCP vol. 2, 4.3.1, algorithm D).
 */
export function defineDivide(core: Core): Callable<readonly [typeof I64, typeof I64]> {
  return core.emitter.define('divide_128', [I64, I64, I64], [I64, I64] as const, (fn, hi, lo, divisor) => {
    const [dHigh, dLow] = [fn.let(divisor.high()), fn.let(divisor.and(LOW32))];
    const digit = (top: Int64, next: Int64): [Int64, Int64] => {
      const q = fn.let(top.divU(dHigh));
      const rest = fn.let(top.sub(q.mul(dHigh)));
      const tooLarge = q.gtU(LOW32).or(q.mul(dLow).gtU(rest.shl(32n).or(next)));
      fn.while(rest.leU(LOW32).and(tooLarge), () => {
        fn.set(q, q.sub(1n));
        fn.set(rest, rest.add(dHigh));
      });
      return [q, fn.let(top.shl(32n).or(next).sub(q.mul(divisor)))];
    };
    const [q1, middle] = digit(hi, lo.high());
    const [q0, remainder] = digit(middle, lo.and(LOW32));
    fn.return(q1.shl(32n).or(q0), remainder);
  });
}
