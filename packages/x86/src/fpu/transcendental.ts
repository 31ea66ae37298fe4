/**
 * F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS. SDM Vol. 1, sections 8.3.7 to 8.3.10; Vol. 2 (tables of special operands).
 *
 * Results are those of the exact function, correctly rounded but for the rarest ties, so within one unit of the last place of what the
 * SDM promises. Arguments of the trigonometric functions are reduced as hardware does it, by a pi of 66 significant bits (SDM Vol. 1,
 * 8.3.8): sin(x) near multiples of pi differs from the true sine the way it does on a processor. Precision control does not apply.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { atan, bitLength, expm1, ln2, log2, pi, shift, sinCos } from './big-fixed.ts';
import { ANY_NAN, BIAS, Class, INTEGER_BIT, QUIET_BIT } from './core.ts';
import { Exception, FSW } from './state.ts';
import { INDEFINITE, infinity, ONE, unpack, X87Registers, zero, type F80, type Operand, type RoundOperand } from './x87-registers.ts';

export const TRANSCENDENTALS = ['f2xm1', 'fyl2x', 'fyl2xp1', 'fptan', 'fpatan', 'fsin', 'fcos', 'fsincos'] as const;

/** pi as the processor holds it, over 2^66. */
const PI66 = 0xc90fdaa22168c234cn;
const PI66_BITS = 66;
/** Significant bits of an intermediate result. */
const WORKING_BITS = 136;
/** Below 2^-TINY hardware delivers the argument as its own sine and tangent, and 1 as its cosine, whatever the rounding. */
const TINY = 70;
/** From this exponent on FSIN and its like set C2 and do nothing. */
const OUT_OF_RANGE = 63;
const { ZERO, INFINITY, DENORMAL } = Class;

/** A magnitude with the sign apart: magnitude * 2^exp. */
interface Approximation { readonly sign: number; readonly magnitude: bigint; readonly exp: number }

const fromFixed = (n: bigint, bits: number): Approximation => ({ sign: n < 0n ? 1 : 0, magnitude: n < 0n ? -n : n, exp: -bits });
export class Transcendental {
  readonly #x: X87Registers;

  constructor(arena: Arena, env: HostPtr, fpuOffset: number, round: RoundOperand) {
    this.#x = new X87Registers(arena, env, fpuOffset, round);
  }

  f2xm1(): void { this.#unary((a) => this.#f2xm1(a)); }
  fyl2x(): void { this.#binary((y, x) => this.#fyl2x(y, x)); }
  fyl2xp1(): void { this.#binary((y, x) => this.#fyl2xp1(y, x)); }
  fpatan(): void { this.#binary((y, x) => this.#fpatan(y, x)); }
  fsin(): void { this.#trigonometric(false, (a) => [this.#sine(a)]); }
  fcos(): void { this.#trigonometric(false, (a) => [this.#cosine(a)]); }
  fsincos(): void { this.#trigonometric(true, (a) => [this.#sine(a), this.#cosine(a)]); }
  fptan(): void { this.#trigonometric(true, (a) => [this.#tangent(a), ONE]); }

  // ---- Frames ----------------------------------------------------------------------------------------------------------------

  /** ST(0) = f(ST(0)). */
  #unary(f: (a: Operand) => F80): void {
    const x = this.#x;
    x.begin();
    let result = INDEFINITE;
    if (!x.isValid(0)) x.underflow();
    else result = this.#nan(unpack(x.read(0))) ?? f(unpack(x.read(0)));
    if (x.settle(x.fpu.fsw & FSW.C2)) x.write(0, result);
  }

  /** ST(1) = f(ST(1), ST(0)), then pops. */
  #binary(f: (y: Operand, x: Operand) => F80): void {
    const x = this.#x;
    x.begin();
    let result = INDEFINITE;
    if (!x.isValid(0) || !x.isValid(1)) x.underflow();
    else {
      const [b, a] = [unpack(x.read(1)), unpack(x.read(0))];
      result = this.#nanOfTwo(b, a) ?? f(b, a);
    }
    if (!x.settle(x.fpu.fsw & FSW.C2)) return;
    x.write(1, result);
    x.pop();
  }

  /** Replaces ST(0) by the first result and pushes the second, if there is one. C2 tells that the argument was out of range. */
  #trigonometric(pushes: boolean, f: (a: Operand) => readonly F80[]): void {
    const x = this.#x;
    x.begin();
    const a = unpack(x.read(0));
    let results: readonly F80[] = [INDEFINITE, INDEFINITE];
    if (!x.isValid(0)) x.underflow();
    else if (pushes && x.isValid(7)) x.overflow();
    else if (!(a.cls & (ANY_NAN | INFINITY | ZERO)) && a.exp >= OUT_OF_RANGE) {
      x.settle(FSW.C2);
      return;
    } else if (a.cls & INFINITY) x.invalid();
    else {
      const nan = this.#nan(a);
      if (nan) results = [nan, nan];
      else if (!this.#denormal(a.cls)) results = f(a);
    }
    if (!x.settle()) return;
    x.write(0, results[0]!);
    if (pushes) x.push(results[1]!);
  }

  /** Raises what a NaN operand raises and gives the NaN result; undefined for numbers. */
  #nan(a: Operand): F80 | undefined {
    if (!(a.cls & ANY_NAN)) return undefined;
    if (a.cls & Class.UNSUPPORTED) return this.#x.invalid();
    if (a.cls & Class.SNAN) this.#x.raise(Exception.IE);
    return { se: a.sign << 15 | 0x7fff, sig: a.sig | QUIET_BIT };
  }
  #nanOfTwo(a: Operand, b: Operand): F80 | undefined {
    const both = a.cls | b.cls;
    if (!(both & ANY_NAN)) return undefined;
    if (both & Class.UNSUPPORTED) return this.#x.invalid();
    if (both & Class.SNAN) this.#x.raise(Exception.IE);
    return this.#nan(preferred(a, b))!;
  }

  #rounded({ sign, magnitude, exp }: Approximation): F80 {
    return this.#x.round(sign, magnitude, exp);
  }
  /** Raises DE; tells whether to stop there. */
  #denormal(classes: number): boolean {
    if (classes & DENORMAL) this.#x.raise(Exception.DE);
    return this.#x.stopped;
  }

  // ---- Functions -------------------------------------------------------------------------------------------------------------

  #f2xm1(a: Operand): F80 {
    if (a.cls & ZERO) return zero(a.sign);
    if (a.cls & INFINITY) return a.sign ? { se: 0xbfff, sig: INTEGER_BIT } : infinity(0);
    if (this.#denormal(a.cls)) return INDEFINITE;
    if (a.exp >= 0) return this.#outOfF2xm1(a);
    const bits = WORKING_BITS + Math.min(-a.exp, TINY);
    if (a.exp < -TINY) return this.#rounded({ sign: a.sign, magnitude: a.sig * ln2(bits), exp: a.exp - 63 - bits });
    const magnitude = shift(a.sig * ln2(bits), a.exp - 63);
    return this.#rounded(fromFixed(expm1(a.sign ? -magnitude : magnitude, bits), bits));
  }
  /** At -1 and 1 the result is exact; beyond, the SDM leaves it undefined and hardware gives the operand. PE is raised all the same. */
  #outOfF2xm1(a: Operand): F80 {
    this.#x.raise(Exception.PE);
    if (a.exp === 0 && a.sig === INTEGER_BIT) return a.sign ? { se: 0xbffe, sig: INTEGER_BIT } : ONE;
    return packed(a);
  }

  /** y * log2(x). */
  #fyl2x(y: Operand, x: Operand): F80 {
    if (x.cls & ZERO) {
      if (y.cls & ZERO) return this.#x.invalid();
      if (y.cls & INFINITY) return infinity(y.sign ^ 1);
      this.#x.raise(Exception.ZE);
      return infinity(y.sign ^ 1);
    }
    if (x.sign) return this.#x.invalid();
    const isOne = !x.cls && x.exp === 0 && x.sig === INTEGER_BIT;
    const below = !(x.cls & INFINITY) && x.exp < 0 ? 1 : 0;
    if (y.cls & INFINITY && isOne || x.cls & INFINITY && y.cls & ZERO) return this.#x.invalid();
    if (this.#denormal(x.cls | y.cls)) return INDEFINITE;
    if ((x.cls | y.cls) & INFINITY) return infinity(y.sign ^ below);
    if (y.cls & ZERO || isOne) return zero(y.sign ^ below);
    this.#x.raise(Exception.PE); // hardware does not look whether the result is exact
    if (x.sig === INTEGER_BIT) {
      const magnitude = y.sig * BigInt(Math.abs(x.exp));
      if (y.exp - 63 + bitLength(magnitude) <= 1 - BIAS) this.#x.raise(Exception.UE); // nor there
      return this.#rounded({ sign: y.sign ^ below, magnitude, exp: y.exp - 63 });
    }
    const bits = WORKING_BITS + 64;
    const [numerator, denominator] = x.exp === -1 ? [x.sig, 2n * INTEGER_BIT] : [x.sig, INTEGER_BIT];
    const whole = x.exp === -1 ? 0n : BigInt(x.exp) << BigInt(bits);
    return this.#product(y, whole + log2(numerator, denominator, bits), bits);
  }

  /** y * log2(x + 1). */
  #fyl2xp1(y: Operand, x: Operand): F80 {
    if (x.cls & ZERO) {
      if (y.cls & INFINITY) return this.#x.invalid();
      if (this.#denormal(y.cls)) return INDEFINITE;
      return zero(y.sign ^ x.sign);
    }
    if (x.cls & INFINITY && (x.sign || y.cls & ZERO)) return this.#x.invalid();
    if (this.#denormal(x.cls | y.cls)) return INDEFINITE;
    if ((x.cls | y.cls) & INFINITY) return infinity(y.sign ^ x.sign);
    if (y.cls & ZERO) return zero(y.sign ^ x.sign);
    if (x.exp < -TINY) {
      const bits = WORKING_BITS;
      return this.#rounded({ sign: y.sign ^ x.sign, magnitude: (y.sig * x.sig << BigInt(bits)) / ln2(bits), exp: y.exp + x.exp - 126 });
    }
    const bits = WORKING_BITS + TINY;
    const places = BigInt(63 - Math.min(x.exp, 63));
    const one = 1n << places;
    const sum = one + (x.sign ? -x.sig : x.sig) * (x.exp > 63 ? 1n << BigInt(x.exp - 63) : 1n);
    if (sum <= 0n) { // beyond the range that the SDM allows
      this.#x.raise(Exception.PE);
      return packed(x);
    }
    return this.#product(y, log2(sum, one, bits), bits);
  }
  #product(y: Operand, factor: bigint, bits: number): F80 {
    const { sign, magnitude, exp } = fromFixed(factor, bits);
    return this.#rounded({ sign: sign ^ y.sign, magnitude: magnitude * y.sig, exp: exp + y.exp - 63 });
  }

  /** The angle of the point (x, y). */
  #fpatan(y: Operand, x: Operand): F80 {
    if (this.#denormal(x.cls | y.cls)) return INDEFINITE;
    if (y.cls & ZERO || x.cls & INFINITY && !(y.cls & INFINITY)) return x.sign ? this.#angle(y.sign, pi(WORKING_BITS)) : zero(y.sign);
    const right = pi(WORKING_BITS) >> 1n;
    if (x.cls & ZERO || y.cls & INFINITY && !(x.cls & INFINITY)) return this.#angle(y.sign, right);
    if (x.cls & INFINITY) return this.#angle(y.sign, x.sign ? right + (right >> 1n) : right >> 1n);
    const distance = y.exp - x.exp;
    if (distance > TINY) return this.#angle(y.sign, right); // just below or above; the sticky bits of pi say so already
    if (distance < -TINY) return x.sign ? this.#angle(y.sign, pi(WORKING_BITS)) : this.#tinyQuotient(y, x);
    const bits = WORKING_BITS + Math.max(0, -distance);
    const [a, b] = distance >= 0 ? [y.sig << BigInt(distance), x.sig] : [y.sig, x.sig << BigInt(-distance)];
    const steep = a > b;
    const [small, large] = steep ? [b, a] : [a, b];
    const acute = atan((small << BigInt(bits)) / large, bits);
    const first = steep ? (pi(bits) >> 1n) - acute : acute;
    return this.#rounded({ sign: y.sign, magnitude: x.sign ? pi(bits) - first : first, exp: -bits });
  }
  #angle(sign: number, magnitude: bigint): F80 {
    return this.#rounded({ sign, magnitude, exp: -WORKING_BITS });
  }
  #tinyQuotient(y: Operand, x: Operand): F80 {
    this.#x.raise(Exception.PE);
    const remainder = (y.sig << 128n) % x.sig === 0n ? 0n : 1n;
    return this.#rounded({ sign: y.sign, magnitude: (y.sig << 128n) / x.sig << 1n | remainder, exp: y.exp - x.exp - 129 });
  }

  #itself(a: Operand): F80 {
    this.#x.raise(a.exp < 1 - BIAS ? Exception.UE | Exception.PE : Exception.PE);
    return this.#rounded({ sign: a.sign, magnitude: a.sig, exp: a.exp - 63 });
  }
  #sine(a: Operand): F80 {
    if (a.cls & ZERO) return zero(a.sign);
    if (a.exp < -TINY) return this.#itself(a);
    const { sin, cos, quadrant, bits } = reduced(a);
    const value = fromFixed(quadrant & 1 ? cos : sin, bits);
    return this.#rounded({ ...value, sign: value.sign ^ quadrant >> 1 ^ a.sign });
  }
  #cosine(a: Operand): F80 {
    if (a.cls & ZERO) return ONE;
    if (a.exp < -TINY) {
      this.#x.raise(Exception.PE);
      return ONE;
    }
    const { sin, cos, quadrant, bits } = reduced(a);
    const value = fromFixed(quadrant & 1 ? sin : cos, bits);
    return this.#rounded({ ...value, sign: value.sign ^ (quadrant + 1 & 2) >> 1 });
  }
  #tangent(a: Operand): F80 {
    if (a.cls & ZERO) return zero(a.sign);
    if (a.exp < -TINY) return this.#itself(a);
    const { sin, cos, quadrant, bits } = reduced(a);
    const [numerator, denominator] = quadrant & 1 ? [-cos, sin] : [sin, cos];
    const value = fromFixed((numerator << BigInt(bits)) / denominator, bits);
    return this.#rounded({ ...value, sign: value.sign ^ a.sign });
  }
}

/** A normal number put together again. */
const packed = (a: Operand): F80 => ({ se: a.sign << 15 | (a.exp + BIAS), sig: a.sig });

/** The NaN that x87 prefers: see `nan.ts`. */
function preferred(a: Operand, b: Operand): Operand {
  if (!(b.cls & ANY_NAN)) return a;
  if (!(a.cls & ANY_NAN)) return b;
  if (a.cls !== b.cls) return a.cls & Class.QNAN ? a : b;
  if (a.sig !== b.sig) return a.sig > b.sig ? a : b;
  return a.sign ? b : a;
}

/** |a| = quadrant * pi/2 + r with |r| <= pi/4; sine and cosine of r over 2^bits. */
function reduced(a: Operand): { sin: bigint; cos: bigint; quadrant: number; bits: number } {
  const fraction = Math.max(PI66_BITS + 1, 63 - a.exp);
  const x = shift(a.sig, fraction - (63 - a.exp));
  const half = shift(PI66, fraction - (PI66_BITS + 1));
  const q = (2n * x + half) / (2n * half);
  const r = x - q * half;
  const bits = WORKING_BITS + fraction - bitLength(r < 0n ? -r : r);
  return { ...sinCos(shift(r, bits - fraction), bits), quadrant: Number(q & 3n), bits };
}
