/**
 * Elementary functions in fixed point on BigInt: a number is an integer over 2^bits, with `bits` chosen by the caller so that enough
 * significant ones remain. Errors stay below 64 units of the last place, far less than the 60 or so guard bits callers leave. For rare
 * work only: each call takes microseconds and allocates.
 */

/** Fraction bits of the constants. */
const CONSTANT_BITS = 256;
const PI = 0x3243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89n;
const LN2 = 0xb17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2bn;

/** pi and ln 2, cut to `bits` <= 256 fraction bits. */
export const pi = (bits: number): bigint => PI >> BigInt(CONSTANT_BITS - bits);
export const ln2 = (bits: number): bigint => LN2 >> BigInt(CONSTANT_BITS - bits);

export const bitLength = (n: bigint): number => n === 0n ? 0 : n.toString(16).length * 4 - (Math.clz32(Number.parseInt(n.toString(16)[0]!, 16)) - 28);

/** Shifts left by a number of places that may be negative. */
export const shift = (n: bigint, places: number): bigint => places >= 0 ? n << BigInt(places) : n >> BigInt(-places);

/** floor(sqrt(n)) by Newton's method from above. */
export function isqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt(Math.ceil(bitLength(n) / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** e^t - 1 for |t| < 1. */
export function expm1(t: bigint, bits: number): bigint {
  let sum = t;
  let term = t;
  for (let n = 2n; term > 1n || term < -1n; n++) {
    term = ((term * t) >> BigInt(bits)) / n;
    sum += term;
  }
  return sum;
}

/** sin t and cos t for |t| <= 1. */
export function sinCos(t: bigint, bits: number): { sin: bigint; cos: bigint } {
  const places = BigInt(bits);
  const square = (t * t) >> places;
  const series = (first: bigint, n: bigint): bigint => {
    let [sum, term] = [first, first];
    for (let k = n; term > 1n || term < -1n; k += 2n) {
      term = -((term * square) >> places) / (k * (k + 1n));
      sum += term;
    }
    return sum;
  };
  return { sin: series(t, 2n), cos: series(1n << places, 1n) };
}

/** atan t for 0 <= t <= 1: three halvings of the angle, then the series. */
export function atan(t: bigint, bits: number): bigint {
  const places = BigInt(bits);
  const one = 1n << places;
  for (let i = 0; i < HALVINGS; i++) t = (t << places) / (one + isqrt((one << places) + t * t));
  return oddSeries(t, -((t * t) >> places), bits) << BigInt(HALVINGS);
}
const HALVINGS = 3;

/** log2(numerator / denominator); relative accuracy holds where `bits` counts from the leading one of numerator / denominator - 1. */
export function log2(numerator: bigint, denominator: bigint, bits: number): bigint {
  const places = BigInt(bits);
  let k = bitLength(numerator) - bitLength(denominator);
  // Bring the ratio between 1/sqrt(2) and sqrt(2): compare its square with 2 and 1/2.
  const ratio = (by: number): [bigint, bigint] => by >= 0 ? [numerator, denominator << BigInt(by)] : [numerator << BigInt(-by), denominator];
  let [a, b] = ratio(k);
  if (a * a > 2n * b * b) [a, b] = ratio(++k);
  else if (2n * a * a < b * b) [a, b] = ratio(--k);
  const z = ((a - b) << places) / (a + b);
  const ln = 2n * oddSeries(z, (z * z) >> places, bits);
  return (BigInt(k) << places) + (ln << places) / ln2(bits);
}

/** t + t q / 3 + t q^2 / 5 + ...: atanh for q = t^2, atan for q = -t^2. */
function oddSeries(t: bigint, q: bigint, bits: number): bigint {
  let [sum, power] = [t, t];
  for (let n = 3n; power > 1n || power < -1n; n += 2n) {
    power = (power * q) >> BigInt(bits);
    sum += power / n;
  }
  return sum;
}
