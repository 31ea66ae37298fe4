/**
 * Rounding and packing: from a sign, an exponent and a 128-bit significand to a value of a format, with OE, UE and PE. SDM Vol. 1,
 * sections 4.8.4 (rounding), 4.9.1.4 to 4.9.1.6 (overflow, underflow, inexact), 8.1.5 (precision control), 10.2.3.3 (FTZ).
 * Underflow is detected after rounding, as x86 does.
 */
import { I32, I64 } from '@emu/wasm';
import { INTEGER_BIT, raise, ROUNDED_UP, roundingFlags, type Core } from './core.ts';
import { i32, i64, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Format } from './formats.ts';
import type { Callable, Fn } from './fn.ts';
import { Exception, MXCSR, Rounding } from './state.ts';

const HALF = INTEGER_BIT;

export interface Rounder {
  /** `(sign, exp, hi, lo) -> value`: rounds `hi` + `lo` / 2^64, with the leading one in bit 63 of `hi`, to the format. */
  readonly pack: Callable;
  /** Rounds and leaves the function with the value; the common case of f80 goes without a call. */
  return(fn: Fn, sign: Int32, exp: Int32, hi: Int64, lo: Int64): void;
}

/** Parts that do not depend on the format. */
export interface RoundParts {
  /** `(sign, lo, odd) -> i32`: 1 where a magnitude with the discarded fraction `lo` / 2^64 rounds away from zero. */
  readonly up: Callable;
  /** `(hi, lo, n) -> (hi, lo)`: shifts right by n >= 1; the lowest bit of `lo` is set where ones were lost. */
  readonly shiftRight: Callable<readonly [typeof I64, typeof I64]>;
}

export function defineRoundParts(core: Core): RoundParts {
  const up = core.emitter.define('round_up', [I32, I64, I32], [I32], (fn, sign, lo, odd) => {
    fn.if(core.rounding.eqz(), () => fn.return(lo.ltS(0n).and(lo.shl(1n).ne(0n).or(odd))));
    fn.return(lo.ne(0n).and(core.rounding.eq(sign.select32(Rounding.DOWN, Rounding.UP))));
  });
  const shiftRight = core.emitter.define('shift_right', [I64, I64, I32], [I64, I64] as const, (fn, hi, lo, n) => {
    const count = fn.let(n.u64());
    fn.if(n.ltU(64), () => {
      const back = fn.let(i64(64n).sub(count));
      fn.return(hi.shrU(count), hi.shl(back).or(lo.shrU(count)).or(lo.shl(back).sticky()));
    });
    // Counts are modulo 64, so this shifts by n - 64; the part shifted out is split to stay right for n = 64.
    fn.if(n.ltU(128), () => fn.return(i64(0n), hi.shrU(count).or(hi.shl(1n).shl(i64(63n).sub(count)).or(lo).sticky())));
    fn.return(i64(0n), hi.or(lo).sticky());
  });
  return { up, shiftRight };
}

export function defineRounder(core: Core, parts: RoundParts, format: Format): Rounder {
  const pack = core.emitter.define(`round_${format.name}`, [I32, I32, I64, I64], format.types, (fn, sign, exp, hi, lo) => {
    if (format.bias !== 16383) fn.set(exp, exp.sub(16383 - format.bias));
    const dropped = format.drop ? i64(BigInt(format.drop)) : fn.let(core.precision.u64());
    const ulp = fn.let(i64(1n).shl(dropped));
    const ones = fn.let(i64(-1n).shl(dropped));
    const up = fn.var32();
    const tiny = fn.var32();
    const cut = (): void => {
      const reduce = (): void => {
        fn.set(lo, hi.shl(i64(64n).sub(dropped)).or(lo.sticky()));
        fn.set(hi, hi.and(ones));
      };
      if (format.drop) reduce();
      else fn.if(core.precision, reduce);
      fn.set(up, parts.up.i32(sign, lo, hi.and(ulp).ne(0n)));
    };

    fn.if(exp.leS(0), () => {
      const [fullHi, fullLo] = [fn.let(hi), fn.let(lo)];
      cut();
      fn.set(tiny, exp.ltS(0).or(up.and(hi.eq(ones)).eqz()));
      fn.set(hi, fullHi);
      fn.set(lo, fullLo);
      fn.if(tiny.and(core.masks.and(Exception.UE).eqz()), () => {
        raise(core, fn, Exception.UE);
        fn.set(tiny, i32(0));
        fn.set(exp, exp.add(format.wrap));
      }, () => {
        if (format.name !== 'f80') {
          fn.if(tiny.and(core.zeroing.and(MXCSR.FTZ).ne(0)), () => {
            raise(core, fn, Exception.UE | Exception.PE);
            fn.return(...format.zero(sign));
          });
        }
        fn.assign([hi, lo], parts.shiftRight, hi, lo, i32(1).sub(exp));
        fn.set(exp, i32(0));
      });
    });
    cut();
    fn.if(up, () => {
      fn.set(hi, hi.add(ulp));
      fn.if(hi.eqz(), () => {
        fn.set(hi, i64(INTEGER_BIT));
        fn.set(exp, exp.add(1));
      });
    });
    fn.if(exp.eqz(), () => fn.set(exp, hi.ltS(0n)));
    fn.if(exp.geS(format.maxExp), () => overflow(core, fn, format, { sign, exp, hi, lo, up, ones }));
    const inexact = fn.let(lo.ne(0n));
    raise(core, fn, roundingFlags(inexact, up).or(tiny.and(inexact).shl(4)));
    fn.return(...format.pack(sign, exp, hi));
  });
  return {
    pack,
    return(fn, sign, exp, hi, lo) {
      if (format.name === 'f80') returnPlain(core, fn, format, sign, exp, hi, lo);
      returnCall(fn, pack, sign, exp, hi, lo);
    },
  };
}

/** Leaves the function with what another function of the same results returns. */
export function returnCall(fn: Fn, callee: Callable, ...args: readonly Expr[]): void {
  callee.emit(fn.f, args);
  fn.f.return_();
}

interface Overflow { sign: Int32; exp: Int32; hi: Int64; lo: Int64; up: Int32; ones: Int64 }

/** The exponent is too large for the format after rounding. Unmasked, the result is delivered with its exponent wrapped. */
function overflow(core: Core, fn: Fn, format: Format, { sign, exp, hi, lo, up, ones }: Overflow): void {
  raise(core, fn, Exception.OE);
  fn.if(core.masks.and(Exception.OE), () => {
    raise(core, fn, Exception.PE);
    const toward = sign.select32(Rounding.DOWN, Rounding.UP);
    fn.if(core.rounding.eqz().or(core.rounding.eq(toward)), () => {
      raise(core, fn, ROUNDED_UP);
      fn.return(...format.infinity(sign));
    });
    fn.return(...format.pack(sign, i32(format.maxExp - 1), ones));
  });
  fn.set(exp, exp.sub(format.wrap));
  raise(core, fn, roundingFlags(lo.ne(0n), up));
  fn.return(...format.pack(sign, exp, hi));
}

/** To nearest, in full precision, and the exponent stays in range: no call. */
function returnPlain(core: Core, fn: Fn, format: Format, sign: Int32, exp: Int32, hi: Int64, lo: Int64): void {
  fn.if(core.rounding.or(core.precision).eqz().and(exp.sub(1).ltU(format.maxExp - 2)), () => {
    const up = fn.let(lo.ltS(0n).and(lo.shl(1n).ne(0n).or(hi.low().and(1))));
    const sig = fn.let(hi.add(up.u64()));
    raise(core, fn, roundingFlags(lo.ne(0n), up));
    fn.if(sig.eqz(), () => fn.return(...format.pack(sign, exp.add(1), i64(HALF))));
    fn.return(...format.pack(sign, exp, sig));
  });
}
