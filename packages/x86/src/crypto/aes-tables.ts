/** Tables of AES, computed from the definition. FIPS 197, 4.2 (GF(2^8)) and 5.1.1 (S-box). */

/** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function product(a: number, b: number): number {
  let d = 0;
  for (let x = a, y = b; y; y >>= 1, x = (x << 1) ^ (x & 0x80 ? 0x11b : 0)) if (y & 1) d ^= x;
  return d;
}

const rotated = (x: number, n: number): number => ((x << n) | (x >> (8 - n))) & 0xff;

/** The S-box: inverse, then an affine map. */
export function sBox(): Uint8Array {
  const box = new Uint8Array(256);
  for (let x = 0, inverse = 0; x < 256; x++) {
    inverse = 0;
    while (x !== 0 && product(x, inverse) !== 1) inverse++;
    box[x] = inverse ^ rotated(inverse, 1) ^ rotated(inverse, 2) ^ rotated(inverse, 3) ^ rotated(inverse, 4) ^ 0x63;
  }
  return box;
}

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
