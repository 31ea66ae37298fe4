/** Reference semantics of the ops that tell ordinary floats from those that raise exceptions, and of conversions by lanes. IEEE 754-2008, 7. */
import { packLanes } from './vec-ref.ts';

/** Smallest normal number of a format. */
const smallestNormal = (width: number): number => (width === 32 ? 2 ** -126 : 2 ** -1022);
const denormal = (a: number, width: number): boolean => a !== 0 && Math.abs(a) < smallestNormal(width);

/** Of c = a + b or a - b: a denormal operand, an overflow, a NaN. Such a sum never underflows inexactly. */
export const sumOdd = (a: number, b: number, c: number, width: number): boolean => denormal(a, width) || denormal(b, width) || !Number.isFinite(c);

/** Of c = a * b or a / b: the same, and what may have underflowed (a result that was rounded up to the smallest normal number may). */
export const productOdd = (a: number, b: number, c: number, width: number): boolean =>
  sumOdd(a, b, c, width) || (Math.abs(c) <= smallestNormal(width) && !(c === 0 && (a === 0 || b === 0)));

/** Exponents of numbers that are not wild: from 2^low, below 2^high. Products of two of them are normal, and their sums no smaller than a normal number. */
export const TAME = { 32: { low: -50, high: 50 }, 64: { low: -255, high: 257 } } as const;
export const wild = (a: number, width: number): boolean => {
  const { low, high } = TAME[width as 32 | 64];
  return a !== 0 && !(Math.abs(a) >= 2 ** low && Math.abs(a) < 2 ** high);
};
/** What is no ordinary operand of a comparison. */
export const odd = (a: number, width: number): boolean => denormal(a, width) || Number.isNaN(a);

const lanesOf = (v: Uint8Array, width: number): number[] => {
  const bytes = v.slice().buffer;
  return [...(width === 32 ? new Float32Array(bytes) : new Float64Array(bytes))];
};

/** 1 where some lane is odd. */
export const anyLane = (width: number, odd: typeof sumOdd) => (a: Uint8Array, b: Uint8Array, c: Uint8Array): bigint => {
  const y = lanesOf(b, width), z = lanesOf(c, width);
  return lanesOf(a, width).some((x, i) => odd(x, y[i]!, z[i]!, width)) ? 1n : 0n;
};

export const someLane = (width: number, test: typeof wild) => (a: Uint8Array): bigint => (lanesOf(a, width).some((x) => test(x, width)) ? 1n : 0n);

export const saturate32 = (a: number): number => (Number.isNaN(a) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(a))));

/** Converts 32-bit lanes, as many as fit the result. */
export const map32 = (f: (a: number) => number, from: 'i32' | 'f32', to: 'i32' | 'f32' | 'f64') => (v: Uint8Array): Uint8Array => {
  const values = [...(from === 'i32' ? new Int32Array(v.slice().buffer) : new Float32Array(v.slice().buffer))].map(f);
  if (to === 'i32') return packLanes(values.map(BigInt), 32);
  const d = to === 'f32' ? Float32Array.from(values) : Float64Array.from(values.slice(0, 2));
  return new Uint8Array(d.buffer);
};

/** Both doubles to integers of 32 bits, the rest zero. */
export const map64ToI32 = (v: Uint8Array): Uint8Array => packLanes([...lanesOf(v, 64).map((a) => BigInt(saturate32(a))), 0n, 0n], 32);
