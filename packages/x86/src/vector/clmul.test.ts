/** PCLMULQDQ against multiplication bit by bit. SDM Vol. 2. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { VectorRig, type Vector } from './testing.ts';

const rig = new VectorRig();
const vector = (x: bigint): Vector => new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, x), x >> 64n).buffer);
const number = (v: Vector): bigint => {
  const [lo, hi] = new BigUint64Array(v.slice().buffer) as unknown as [bigint, bigint];
  return hi << 64n | lo;
};
const product = (a: bigint, b: bigint): bigint => {
  let d = 0n;
  for (let i = 0n; i < 64n; i++) if (b >> i & 1n) d ^= a << i;
  return d;
};
const multiply = (a: bigint, b: bigint): bigint => number(rig.run('pclmulqdq', vector(a), vector(b)));
const sample = (n: number): bigint => createHash('sha256').update(String(n)).digest().readBigUInt64LE();

it('multiplies numbers of one bit, of all bits and random ones without carries', () => {
  const ones = (1n << 64n) - 1n;
  for (const [a, b] of [[0n, ones], [1n, ones], [ones, ones], [1n << 63n, 1n << 63n], [1n << 63n, ones], [0x1111111111111111n, 0x8888888888888888n]] as const) {
    expect(multiply(a, b)).toBe(product(a, b));
  }
  for (let n = 0; n < 300; n++) expect(multiply(sample(n), sample(n + 1000))).toBe(product(sample(n), sample(n + 1000)));
  for (let i = 0n; i < 64n; i++) expect(multiply(1n << i, ones)).toBe(ones << i);
});

it('does not look at the upper halves of what it is given', () => {
  expect(number(rig.run('pclmulqdq', vector(7n | 99n << 64n), vector(9n | 1n << 127n)))).toBe(product(7n, 9n));
});
