/** The SHA extensions by whole digests, in the order of instructions that they are made for, against OpenSSL (node:crypto). FIPS 180-4. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { VectorRig, fromWords, toWords, xor, type Vector } from './testing.ts';

const rig = new VectorRig();
const add = (a: Vector, b: Vector): Vector => fromWords(...toWords(a).map((x, i) => x + toWords(b)[i]!));
/** PALIGNR by 4 bytes: the lowest doubleword of `high` on top of the upper three of `low`. */
const align = (high: Vector, low: Vector): Vector => fromWords(...toWords(low).slice(1), toWords(high)[0]!);

/** The message in blocks of 16 big-endian words, padded. */
function blocks(message: Uint8Array): Int32Array[] {
  const size = Math.ceil((message.length + 9) / 64) * 64, view = new DataView(new ArrayBuffer(size));
  new Uint8Array(view.buffer).set(message);
  view.setUint8(message.length, 0x80);
  view.setUint32(size - 4, message.length * 8);
  return Array.from({ length: size / 64 }, (_, b) => Int32Array.from({ length: 16 }, (_x, i) => view.getInt32(64 * b + 4 * i)));
}
const hex = (words: readonly number[]): string => words.map((w) => (w >>> 0).toString(16).padStart(8, '0')).join('');

/** SHA-1 keeps a, b, c, d and each four words with the first on top. */
const reversed = (words: Int32Array): Vector => fromWords(...words.toReversed());
const SHA1_START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

function sha1(message: Uint8Array): string {
  let state = SHA1_START.map((x) => x | 0);
  for (const block of blocks(message)) {
    const w: Vector[] = [0, 4, 8, 12].map((i) => reversed(block.slice(i, i + 4)));
    for (let k = 4; k < 20; k++) w.push(rig.run('sha1msg2', xor(rig.run('sha1msg1', w[k - 4]!, w[k - 3]!), w[k - 2]!), w[k - 1]!));
    let abcd = reversed(Int32Array.from(state.slice(0, 4)));
    let before = abcd, e = add(fromWords(0, 0, 0, state[4]!), w[0]!);
    for (let k = 0; k < 20; k++) {
      before = abcd;
      abcd = rig.run(`sha1rnds4_${Math.floor(k / 5) as 0 | 1 | 2 | 3}`, abcd, e);
      if (k < 19) e = rig.run('sha1nexte', before, w[k + 1]!);
    }
    const last = toWords(rig.run('sha1nexte', before, fromWords(0, 0, 0, state[4]!)))[3]!;
    state = [...toWords(abcd).toReversed().map((x, i) => x + state[i]!), last];
  }
  return hex(state);
}

const isPrime = (n: number): boolean => !Array.from({ length: n - 2 }, (_, i) => i + 2).some((d) => n % d === 0);
const PRIMES = Array.from({ length: 312 }, (_, i) => i).filter((n) => n > 1 && isPrime(n));
/** The first 32 bits of the fraction of the k-th root, exactly. FIPS 180-4, 4.2.2 and 5.3.3. */
function rootFraction(n: number, k: bigint): number {
  const target = BigInt(n) << (32n * k);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** k <= target) root += bit;
  return Number(BigInt.asIntN(32, root));
}
const SHA256_K = PRIMES.slice(0, 64).map((p) => rootFraction(p, 3n));
const SHA256_START = PRIMES.slice(0, 8).map((p) => rootFraction(p, 2n));

function sha256(message: Uint8Array): string {
  let state = SHA256_START;
  for (const block of blocks(message)) {
    const w: Vector[] = [0, 4, 8, 12].map((i) => fromWords(...block.slice(i, i + 4)));
    for (let k = 4; k < 16; k++) {
      w.push(rig.run('sha256msg2', add(rig.run('sha256msg1', w[k - 4]!, w[k - 3]!), align(w[k - 1]!, w[k - 2]!)), w[k - 1]!));
    }
    const pick = (...order: readonly number[]): Vector => fromWords(...order.map((i) => state[i]!));
    let abef = pick(5, 4, 1, 0), cdgh = pick(7, 6, 3, 2);
    for (let k = 0; k < 64; k += 2) {
      const keys = fromWords(toWords(w[k >> 2]!)[k & 3]! + SHA256_K[k]!, toWords(w[k >> 2]!)[(k & 3) + 1]! + SHA256_K[k + 1]!, 0, 0);
      [abef, cdgh] = [rig.run('sha256rnds2', cdgh, abef, keys), abef];
    }
    const x = toWords(abef), y = toWords(cdgh);
    state = [x[3], x[2], y[3], y[2], x[1], x[0], y[1], y[0]].map((sum, i) => (sum! + state[i]!) | 0);
  }
  return hex(state);
}

const MESSAGES = [0, 3, 55, 56, 63, 64, 65, 200].map((length) => Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255));

it.each(MESSAGES.map((m) => [m.length, m] as const))('SHA-1 and SHA-256 of %i bytes are OpenSSL\'s', (_length, message) => {
  expect(sha1(message)).toBe(createHash('sha1').update(message).digest('hex'));
  expect(sha256(message)).toBe(createHash('sha256').update(message).digest('hex'));
});
