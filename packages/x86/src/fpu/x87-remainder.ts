/**
 * FPREM and FPREM1: partial remainder, truncating or to nearest. SDM Vol. 2. Helpers: `fprem(env)`, `fprem1(env)`. A reduction of
 * fewer than 64 binary places is done at once, with the low quotient bits in C0, C3, C1 (bits 2, 1, 0); a larger one goes part of the
 * way and sets C2.
 */
import { I32, I64 } from '@emu/wasm';
import { ANY_NAN, Class, raiseDenormal } from './core.ts';
import type { ArithContext } from './arith.ts';
import { i32, i64, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import { returnInvalid, returnNan } from './nan.ts';
import { FSW } from './state.ts';
import { F80_TYPES, type X87 } from './x87-stack.ts';

export function defineX87Remainder(x: X87, c: ArithContext): void {
  const conditions = c.core.emitter.global('conditions');
  const operation = (name: string, nearest: boolean): void => {
    const remainder = defineRemainder(c, name, nearest, (fn, value) => fn.set(conditions, value));
    c.core.emitter.export(name, [I32], [], (fn, env) => {
      x.beginExact(fn, env);
      fn.set(conditions, x.get(env, 'fsw').and(FSW.C0 | FSW.C3));
      const [d, s] = [fn.let(x.get(env, 'top')), fn.let(x.register(env, i32(1)))];
      const [se, sig] = [fn.let(x.indefinite[0]), fn.let(x.indefinite[1])];
      fn.if(x.isValid(env, d).and(x.isValid(env, s)), () => fn.assign([se, sig], remainder, ...x.read(env, d), ...x.read(env, s)), () => x.underflow(fn));
      const deliver = fn.let(x.settleNow.i32(env));
      x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~(FSW.C0 | FSW.C2 | FSW.C3)).or(conditions));
      fn.if(deliver, () => x.write(fn, env, d, [se, sig]));
    });
  };
  operation('fprem', false);
  operation('fprem1', true);
}

function defineRemainder(c: ArithContext, name: string, nearest: boolean, setConditions: (fn: Fn, value: Int32) => void): Callable {
  const { core, format, rounder } = c;
  return core.emitter.define(`${name}_f80`, [I32, I64, I32, I64], F80_TYPES, (fn, aSe, aSig, bSe, bSig) => {
    const [a, b] = [format.unpack(fn, [aSe, aSig]), format.unpack(fn, [bSe, bSig])];
    fn.if(a.cls.or(b.cls), () => {
      const classes = fn.let(a.cls.or(b.cls));
      fn.if(classes.and(ANY_NAN), () => returnNan(fn, format, c.nanRule, a, b));
      fn.if(a.cls.and(Class.INFINITY).or(b.cls.and(Class.ZERO)), () => returnInvalid(core, fn, format));
      raiseDenormal(core, fn, classes, () => fn.return(...format.none()));
      setConditions(fn, i32(0));
      fn.if(a.cls.and(Class.ZERO), () => fn.return(...format.zero(a.sign)));
      fn.if(b.cls.and(Class.INFINITY), () => rounder.return(fn, a.sign, a.exp, a.sig, i64(0n)));
    });
    const distance = fn.let(a.exp.sub(b.exp));
    const [rest, quotient, sign, exp] = [fn.let(a.sig), fn.var64(), fn.let(a.sign), fn.let(b.exp)];
    fn.if(distance.geS(64), () => {
      setConditions(fn, i32(FSW.C2));
      reducePartially(fn, { distance, rest, quotient, exp, divisor: b.sig, aExp: a.exp });
    }, () => {
      fn.if(distance.ltS(0), () => {
        fn.set(exp, a.exp);
        if (nearest) nearestBelowOne(fn, distance, rest, quotient, b.sig, sign);
      }, () => {
        divideSteps(fn, rest, quotient, b.sig, distance);
        if (nearest) {
          const other = fn.let(b.sig.sub(rest));
          fn.if(other.ltU(rest).or(other.eq(rest).and(quotient.low().and(1))), () => {
            fn.set(rest, other);
            fn.set(quotient, quotient.add(1n));
            fn.set(sign, sign.xor(1));
          });
        }
      });
      const q = fn.let(quotient.low());
      setConditions(fn, q.and(4).shl(6).or(q.and(2).shl(13)).or(q.and(1).shl(9)));
    });
    fn.if(rest.eqz(), () => fn.return(...format.zero(a.sign)));
    const shift = fn.let(rest.clz());
    rounder.return(fn, sign, fn.let(exp.sub(shift.low())), fn.let(rest.shl(shift)), i64(0n));
  });
}

/** rest, quotient = rest * 2^distance divided by divisor, bit by bit; rest < 2 * divisor at first, < divisor in the end. */
function divideSteps(fn: Fn, rest: Int64, quotient: Int64, divisor: Int64, distance: Int32): void {
  const left = fn.let(distance);
  const carry = fn.var32();
  fn.if(rest.geU(divisor), () => {
    fn.set(rest, rest.sub(divisor));
    fn.set(quotient, i64(1n));
  });
  fn.while(left, () => {
    fn.set(carry, rest.ltS(0n));
    fn.set(rest, rest.shl(1n));
    fn.set(quotient, quotient.shl(1n));
    fn.if(carry.or(rest.geU(divisor)), () => {
      fn.set(rest, rest.sub(divisor));
      fn.set(quotient, quotient.or(1n));
    });
    fn.set(left, left.sub(1));
  });
}

/** |a| < |b|: the nearest multiple is 0 or b itself, where |a| > |b| / 2. */
function nearestBelowOne(fn: Fn, distance: Int32, rest: Int64, quotient: Int64, divisor: Int64, sign: Int32): void {
  // Only where the exponents are one apart can a be more than half of b: rest / 2 against divisor / 2.
  fn.if(distance.eq(-1).and(rest.gtU(divisor)), () => {
    // b - a at the exponent of a: 2 * divisor - rest, which is below 2^64.
    fn.set(rest, divisor.sub(rest.sub(divisor)));
    fn.set(quotient, i64(1n));
    fn.set(sign, sign.xor(1));
  });
}

interface Partial { distance: Int32; rest: Int64; quotient: Int64; exp: Int32; divisor: Int64; aExp: Int32 }

/** Takes off the largest multiple of divisor * 2^(distance - n), with n between 32 and 63. */
function reducePartially(fn: Fn, { distance, rest, quotient, exp, divisor, aExp }: Partial): void {
  const n = fn.let(distance.and(31).or(32));
  divideSteps(fn, rest, quotient, divisor, n);
  fn.set(exp, aExp.sub(n));
}
