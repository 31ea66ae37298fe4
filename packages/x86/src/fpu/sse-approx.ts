/**
 * RCPxx and RSQRTxx: approximations to 12 bits. SDM Vol. 2 leaves the bits open; these are Intel's (measured on family 6, model 207,
 * every mantissa): the mantissa is cut to 11 bits (RSQRT: 10, and the parity of the exponent), and the result is that of the middle of
 * the interval, rounded to 12 bits. No flags, no rounding control; denormals count as zeros, and results below the normal range are zero.
 *
 * `rcpss(env, d, a) -> 0`, `rcpps`, `rsqrtss`, `rsqrtps`.
 */
import { I32 } from '@emu/wasm';
import { i32, Int32 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import { FORMS, type Sse } from './sse-lanes.ts';

const INFINITY = 0x7f80_0000;
const QUIET = 0x0040_0000;
const DEFAULT_NAN = 0xffc0_0000;
const SIGN = 0x8000_0000;
/** Bits of the result below its 12-bit fraction. */
const FRACTION_SHIFT = 11;

export function defineSseApprox(sse: Sse): void {
  const functions = { rcp: defineRcp(sse), rsqrt: defineRsqrt(sse) };
  for (const form of FORMS) {
    if (form.format !== 'f32') continue;
    for (const [name, callee] of Object.entries(functions)) {
      sse.helper(`${name}${form.suffix}`, 1, (_fn, [a]) => Array.from({ length: form.lanes }, (_, lane) => callee.i32(a!.load32(4 * lane))));
    }
  }
}

/** Zeros, infinities and NaNs; `negative` is what a negative number gives, where it is special. */
function specials(fn: Fn, bits: Int32, exp: Int32, negative?: Int32): void {
  fn.if(exp.eqz(), () => fn.return(bits.and(SIGN).or(INFINITY)));
  fn.if(bits.shl(1).gtU((0xff00_0000) | 0), () => fn.return(bits.or(QUIET)));
  if (negative) fn.if(bits.ltS(0), () => fn.return(negative));
  fn.if(exp.eq(0xff), () => fn.return(bits.and(SIGN)));
}

function defineRcp(sse: Sse): Callable {
  return sse.core.emitter.define('rcp', [I32], [I32], (fn, bits) => {
    const exp = fn.let(bits.shrU(23).and(0xff));
    specials(fn, bits, exp);
    const resultExp = fn.let(i32(253).sub(exp));
    fn.if(resultExp.leS(0), () => fn.return(bits.and(SIGN)));
    // 8192 / x to nearest, where x = odd / 4096 is the middle of the interval.
    const odd = fn.let(bits.shrU(12).and(0x7ff).shl(1).add(4097));
    const quotient = i32(1 << 26).add(odd).divU(odd.shl(1));
    fn.return(bits.and(SIGN).or(resultExp.shl(23)).or(quotient.sub(4096).shl(FRACTION_SHIFT)));
  });
}

function defineRsqrt(sse: Sse): Callable {
  return sse.core.emitter.define('rsqrt', [I32], [I32], (fn, bits) => {
    const exp = fn.let(bits.shrU(23).and(0xff));
    specials(fn, bits, exp, i32(DEFAULT_NAN));
    const unbiased = exp.sub(127);
    const middle = fn.let(bits.shrU(13).and(0x3ff).shl(1).add(2049).shl(unbiased.and(1)));
    fn.return(i32(126).sub(unbiased.shrS(1)).shl(23).or(scaledRootReciprocal(middle).sub(4096).shl(FRACTION_SHIFT)));
  });
}

/** 8192 / sqrt(n / 2048) to nearest. */
const scaledRootReciprocal = (n: Int32): Int32 => new Int32((f) => {
  f.f64Const(8192);
  n.emit(f);
  f.f64ConvertI32S();
  f.f64Const(2048);
  f.f64Div();
  f.f64Sqrt();
  f.f64Div();
  f.f64Const(0.5);
  f.f64Add();
  f.i32TruncSatF64S();
});
