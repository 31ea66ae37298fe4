/** Tables of AES, computed from the definition. FIPS 197, 4.2 (GF(2^8)) and 5.1.1 (S-box). */

/** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function product(a: number, b: number): number {
  let d = 0;
  for (let x = a, y = b; y; y >>= 1, x = (x << 1) ^ (x & 0x80 ? 0x11b : 0)) if (y & 1) d ^= x;
  return d;
}

const rotated = (x: number, n: number): number => ((x << n) | (x >> (8 - n))) & 0xff;

/** Reciprocals (of 0: 0), by the powers of the generator 3. */
function reciprocals(): Uint8Array {
  const powers: number[] = [];
  for (let i = 0, x = 1; i < 255; i++, x = product(x, 3)) powers.push(x);
  const d = new Uint8Array(256);
  powers.forEach((x, i) => { d[x] = powers[(255 - i) % 255]!; });
  return d;
}

/** The S-box: reciprocal, then an affine map. */
export const sBox = (): Uint8Array => reciprocals().map((x) => x ^ rotated(x, 1) ^ rotated(x, 2) ^ rotated(x, 3) ^ rotated(x, 4) ^ 0x63);

export function inverseOf(box: Uint8Array): Uint8Array {
  const inverse = new Uint8Array(256);
  box.forEach((y, x) => { inverse[y] = x; });
  return inverse;
}

/** For each byte: what it contributes, substituted, to a column that it is the first row of, when columns are mixed by `factors`. */
const columns = (box: Uint8Array, factors: readonly [number, number, number, number]): Int32Array => Int32Array.from(box, (s) => {
  const [a, b, c, d] = factors.map((f) => product(s, f)) as [number, number, number, number];
  return a | (b << 8) | (c << 16) | (d << 24);
});
export const encryptionColumns = (box: Uint8Array): Int32Array => columns(box, [2, 1, 1, 3]);
export const decryptionColumns = (inverse: Uint8Array): Int32Array => columns(inverse, [14, 9, 13, 11]);
