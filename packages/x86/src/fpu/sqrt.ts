/**
 * Square root, exact to the last bit: the integer root of a 128-bit number in two steps of 32 bits (P. Zimmermann, "Karatsuba
 * Square Root", INRIA RR-3805), the first from Wasm's `f64.sqrt`.
 */
import { I64 } from '@emu/wasm';
import { ANY_NAN, BIAS, Class, raiseDenormal, type Core } from './core.ts';
import { i32, i64, Int64 } from './expr.ts';
import type { ArithContext } from './arith.ts';
import type { Callable, Fn } from './fn.ts';
import type { Value } from './formats.ts';
import { returnInvalid, returnNan } from './nan.ts';

const LOW32 = 0xffff_ffffn;

export function defineSqrt(c: ArithContext, root: Callable<readonly [typeof I64, typeof I64]>): Callable {
  const { core, format, rounder } = c;
  return core.emitter.define(`sqrt_${format.name}`, format.types, format.types, (fn, ...value) => {
    const a = format.unpack(fn, value as unknown as Value);
    fn.if(a.cls, () => {
      fn.if(a.cls.and(ANY_NAN), () => returnNan(fn, format, c.nanRule, a, a));
      fn.if(a.cls.and(Class.ZERO), () => fn.return(...format.zero(a.sign)));
      fn.if(a.sign, () => returnInvalid(core, fn, format));
      fn.if(a.cls.and(Class.INFINITY), () => fn.return(...format.infinity(a.sign)));
      raiseDenormal(core, fn, a.cls, () => fn.return(...format.none()));
    });
    fn.if(a.sign, () => returnInvalid(core, fn, format));
    // The radicand is sig * 2^63 or sig * 2^62, so that the exponent left over is even.
    const odd = fn.let(a.exp.sub(BIAS).and(1));
    const exp = fn.let(a.exp.sub(BIAS).shrS(1).add(BIAS));
    const [hi, lo] = [fn.let(a.sig), fn.var64()];
    fn.if(odd.eqz(), () => {
      fn.set(hi, a.sig.shrU(1n));
      fn.set(lo, a.sig.shl(63n));
    });
    const [sig, rest] = fn.results(root, hi, lo);
    rounder.return(fn, i32(0), exp, sig, rest);
  });
}

/** `(hi, lo) -> (root, fraction)`: the root of hi * 2^64 + lo >= 2^126; the fraction has the half bit, and a sticky one. */
export function defineRoot(core: Core): Callable<readonly [typeof I64, typeof I64]> {
  return core.emitter.define('root_128', [I64, I64], [I64, I64] as const, (fn, hi, lo) => {
    const s = fn.let(estimate(hi));
    fn.if(s.gtU(LOW32), () => fn.set(s, i64(LOW32)));
    fn.while(s.mul(s).gtU(hi), () => fn.set(s, s.sub(1n)));
    fn.while(hi.sub(s.mul(s)).gtU(s.shl(1n)), () => fn.set(s, s.add(1n)));
    // hi = s^2 + r with r <= 2s; the next digit is (r * 2^32 + next) / 2s, halved on both sides to stay within 64 bits.
    const r = hi.sub(s.mul(s));
    const next = fn.let(lo.high());
    const dividend = fn.let(r.shl(31n).or(next.shrU(1n)));
    const q = fn.let(dividend.divU(s));
    fn.if(q.gtU(LOW32), () => fn.set(q, i64(LOW32)));
    const u = fn.let(dividend.sub(q.mul(s)).shl(1n).or(next.and(1n)));
    // remainder = u * 2^32 + low half - q^2, as a 128-bit number: u can have 34 bits.
    const [high, low] = remainder(fn, u, lo.and(LOW32), q);
    const root = fn.let(s.shl(32n).or(q));
    fn.while(high.ltS(0n), () => {
      fn.set(root, root.sub(1n));
      addTwicePlusOne(fn, high, low, root);
    });
    const half = fn.let(high.ne(0n).or(low.gtU(root)));
    fn.return(root, half.u64().shl(63n).or(high.or(low).sticky()));
  });
}

/** The root of an unsigned 64-bit number to 32 bits, at most a few too large or small. */
const estimate = (x: Int64): Int64 => new Int64((f) => {
  x.emit(f);
  f.f64ConvertI64U();
  f.f64Sqrt();
  f.i64TruncSatF64U();
});

/** u * 2^32 + digit - q^2 as `[high, low]`. */
function remainder(fn: Fn, u: Int64, digit: Int64, q: Int64): [Int64, Int64] {
  const low = fn.let(u.shl(32n).or(digit));
  const square = fn.let(q.mul(q));
  const borrow = fn.let(low.ltU(square).u64());
  fn.set(low, low.sub(square));
  return [fn.let(u.shrU(32n).sub(borrow)), low];
}

/** high:low += 2 * root + 1. */
function addTwicePlusOne(fn: Fn, high: Int64, low: Int64, root: Int64): void {
  const addend = fn.let(root.shl(1n).or(1n));
  fn.set(low, low.add(addend));
  fn.set(high, high.add(root.shrU(63n)).add(low.ltU(addend).u64()));
}
