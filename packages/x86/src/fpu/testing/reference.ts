/**
 * A slow and obvious model of floating-point arithmetic: exact rational numbers on BigInt, rounded once by the definition. IEEE 754-2019
 * sections 4.3 and 7; SDM Vol. 1, section 4.9. Numbers only: the tests beside it say what NaNs do.
 */
import { Exception, Rounding } from '../state.ts';

/** A binary format: significand bits with the leading one, and the exponents of the smallest and the largest normal number. */
export interface FormatModel { readonly precision: number; readonly emin: number; readonly emax: number }
export const F32: FormatModel = { precision: 24, emin: -126, emax: 127 };
export const F64: FormatModel = { precision: 53, emin: -1022, emax: 1023 };
/** Double extended, with the precision that FCW.PC sets. */
export const f80Model = (precision: number): FormatModel => ({ precision, emin: -16382, emax: 16383 });

/** numerator / denominator with its sign apart, so that there are two zeros; or an infinity. */
export interface Real { readonly sign: number; readonly numerator: bigint; readonly denominator: bigint; readonly infinite?: boolean }
/** magnitude * 2^exp, or an infinity. */
export interface Rounded { readonly sign: number; readonly magnitude: bigint; readonly exp: number; readonly infinite: boolean; readonly flags: number }

const power = (n: number): bigint => 1n << BigInt(n);
export const real = (sign: number, magnitude: bigint, exp: number): Real =>
  exp >= 0 ? { sign, numerator: magnitude * power(exp), denominator: 1n } : { sign, numerator: magnitude, denominator: power(-exp) };

/** Rounds away from zero? `twice` is twice the discarded fraction times the denominator. */
function roundsUp(mode: number, sign: number, rest: bigint, denominator: bigint, odd: boolean): boolean {
  if (rest === 0n) return false;
  if (mode === Rounding.NEAREST) return 2n * rest > denominator || 2n * rest === denominator && odd;
  return mode === (sign ? Rounding.DOWN : Rounding.UP);
}

/** The integer nearest to numerator / denominator / 2^exp by the mode. */
function quantize(x: Real, exp: number, mode: number): { magnitude: bigint; exact: boolean } {
  const [numerator, denominator] = exp >= 0 ? [x.numerator, x.denominator * power(exp)] : [x.numerator * power(-exp), x.denominator];
  const magnitude = numerator / denominator;
  const rest = numerator % denominator;
  return { magnitude: magnitude + (roundsUp(mode, x.sign, rest, denominator, (magnitude & 1n) === 1n) ? 1n : 0n), exact: rest === 0n };
}

/** Exponent of the leading one of a number other than zero. */
function exponent({ numerator, denominator }: Real): number {
  const guess = numerator.toString(2).length - denominator.toString(2).length;
  const reaches = (e: number): boolean => e >= 0 ? numerator >= denominator * power(e) : numerator * power(-e) >= denominator;
  return reaches(guess) ? guess : guess - 1;
}

/** Rounds to a format, all exceptions masked. */
export function round(x: Real, format: FormatModel, mode: number): Rounded {
  const infinity = { sign: x.sign, magnitude: 0n, exp: 0, infinite: true, flags: 0 };
  if (x.infinite) return infinity;
  if (x.numerator === 0n) return { sign: x.sign, magnitude: 0n, exp: 0, infinite: false, flags: 0 };
  const places = format.precision - 1;
  const unit = exponent(x) - places;
  const unbounded = quantize(x, unit, mode).magnitude;
  const tiny = unit + unbounded.toString(2).length - 1 < format.emin;
  const exp = Math.max(unit, format.emin - places);
  const { magnitude, exact } = quantize(x, exp, mode);
  const flags = (exact ? 0 : Exception.PE) | (tiny && !exact ? Exception.UE : 0);
  if (exp + magnitude.toString(2).length - 1 <= format.emax) return { sign: x.sign, magnitude, exp, infinite: false, flags };
  const toInfinity = mode === Rounding.NEAREST || mode === (x.sign ? Rounding.DOWN : Rounding.UP);
  const overflow = Exception.OE | Exception.PE;
  return toInfinity ? { ...infinity, flags: overflow }
    : { sign: x.sign, magnitude: power(format.precision) - 1n, exp: format.emax - places, infinite: false, flags: overflow };
}

/** The exact result, or undefined where there is none (invalid), or the flag ZE. */
export type Exact = Real | undefined | typeof Exception.ZE;
export type BinaryName = 'add' | 'sub' | 'mul' | 'div';

/** Exact arithmetic; the sign of an exact zero sum depends on the rounding mode. */
export const exactly: Record<BinaryName, (a: Real, b: Real, mode: number) => Exact> = {
  add(a, b, mode) {
    if (a.infinite || b.infinite) return a.infinite && b.infinite && a.sign !== b.sign ? undefined : a.infinite ? a : b;
    const signed = (x: Real): bigint => x.sign ? -x.numerator : x.numerator;
    const sum = signed(a) * b.denominator + signed(b) * a.denominator;
    if (sum === 0n) {
      const sign = a.sign === b.sign ? a.sign : mode === Rounding.DOWN ? 1 : 0;
      return { sign, numerator: 0n, denominator: 1n };
    }
    return { sign: sum < 0n ? 1 : 0, numerator: sum < 0n ? -sum : sum, denominator: a.denominator * b.denominator };
  },
  sub: (a, b, mode) => exactly.add(a, { ...b, sign: b.sign ^ 1 }, mode),
  mul(a, b) {
    if (a.infinite && b.numerator === 0n && !b.infinite || b.infinite && a.numerator === 0n && !a.infinite) return undefined;
    return {
      sign: a.sign ^ b.sign, numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator,
      infinite: a.infinite === true || b.infinite === true,
    };
  },
  div(a, b) {
    const sign = a.sign ^ b.sign;
    if (a.infinite) return b.infinite ? undefined : { sign, numerator: 1n, denominator: 1n, infinite: true };
    if (b.infinite) return { sign, numerator: 0n, denominator: 1n };
    if (b.numerator === 0n) return a.numerator === 0n ? undefined : Exception.ZE;
    return { sign, numerator: a.numerator * b.denominator, denominator: a.denominator * b.numerator };
  },
};

/** A number whose square is so near to `x` that it rounds as the root does: with `bits` bits more than any format has, and a sticky one. */
export function exactRoot(x: Real): Exact {
  if (x.numerator === 0n && !x.infinite) return x;
  if (x.sign) return undefined;
  if (x.infinite) return x;
  const bits = 40_000;
  const scaled = (x.numerator * power(2 * bits)) / x.denominator;
  const remainder = (x.numerator * power(2 * bits)) % x.denominator;
  let root = 1n << BigInt(Math.ceil(scaled.toString(2).length / 2));
  for (let next = (root + scaled / root) >> 1n; next < root; next = (root + scaled / root) >> 1n) root = next;
  const exact = root * root === scaled && remainder === 0n;
  return { sign: 0, numerator: 2n * root + (exact ? 0n : 1n), denominator: power(bits + 1) };
}

