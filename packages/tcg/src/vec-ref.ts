/** Reference semantics of v128 lanes, slow and obvious: a v128 is 16 bytes, little-endian; integer lanes become bigints. */
export type Ref1 = (a: Uint8Array) => Uint8Array;
export type Ref2 = (a: Uint8Array, b: Uint8Array) => Uint8Array;
export type Ref3 = (a: Uint8Array, b: Uint8Array, c: Uint8Array) => Uint8Array;
type Lane2 = (a: bigint, b: bigint) => bigint;

const TRUE = -1n;
export const abs = (a: bigint) => (a < 0n ? -a : a);
export const min: Lane2 = (a, b) => (a < b ? a : b);
export const max: Lane2 = (a, b) => (a > b ? a : b);
export const eq: Lane2 = (a, b) => (a === b ? TRUE : 0n);
export const gt: Lane2 = (a, b) => (a > b ? TRUE : 0n);
export const clampS = (a: bigint, bits: number) => max(min(a, (1n << BigInt(bits - 1)) - 1n), -(1n << BigInt(bits - 1)));
export const clampU = (a: bigint, bits: number) => max(min(a, (1n << BigInt(bits)) - 1n), 0n);

/** The lanes of a vector, lane 0 first. */
export function unpack(v: Uint8Array, bits: number, signed: boolean): bigint[] {
  const bytes = bits / 8;
  return Array.from({ length: 16 / bytes }, (_, lane) => {
    let x = 0n;
    for (let i = bytes - 1; i >= 0; i--) x = (x << 8n) | BigInt(v[lane * bytes + i]!);
    return signed ? BigInt.asIntN(bits, x) : x;
  });
}

/** The vector with these lanes, each truncated to `bits`. */
export function packLanes(lanes: readonly bigint[], bits: number): Uint8Array {
  const bytes = bits / 8;
  const v = new Uint8Array(16);
  lanes.forEach((x, lane) => {
    for (let i = 0; i < bytes; i++) v[lane * bytes + i] = Number((x >> BigInt(8 * i)) & 0xffn);
  });
  return v;
}

export const bytes2 = (f: (a: number, b: number) => number): Ref2 => (a, b) => a.map((x, i) => f(x, b[i]!));
export const lanes1 = (bits: number, f: (a: bigint) => bigint): Ref1 => (a) => packLanes(unpack(a, bits, true).map(f), bits);
const each2 = (bits: number, signed: boolean, f: Lane2): Ref2 => (a, b) => {
  const y = unpack(b, bits, signed);
  return packLanes(unpack(a, bits, signed).map((x, i) => f(x, y[i]!)), bits);
};
export const lanes2 = (bits: number, f: Lane2): Ref2 => each2(bits, true, f);
export const ulanes2 = (bits: number, f: Lane2): Ref2 => each2(bits, false, f);

export const shift = (bits: number, f: Lane2) => (a: Uint8Array, n: bigint) =>
  packLanes(unpack(a, bits, true).map((x) => f(x, n % BigInt(bits))), bits);
export const ushift = (bits: number) => (a: Uint8Array, n: bigint) =>
  packLanes(unpack(a, bits, false).map((x) => x >> (n % BigInt(bits))), bits);

export const dot16: Ref2 = (a, b) => {
  const y = unpack(b, 16, true);
  const products = unpack(a, 16, true).map((x, i) => x * y[i]!);
  return packLanes([0, 2, 4, 6].map((i) => products[i]! + products[i + 1]!), 32);
};
export const widenMul = (bits: number, signed: boolean, half: 0 | 1): Ref2 => (a, b) => {
  const n = 64 / bits, y = unpack(b, bits, signed);
  return packLanes(unpack(a, bits, signed).map((x, i) => x * y[i]!).slice(half * n, half * n + n), bits * 2);
};
export const pack = (bits: number, signed: boolean): Ref2 => (a, b) => {
  const clamp = signed ? clampS : clampU;
  return packLanes([...unpack(a, bits, true), ...unpack(b, bits, true)].map((x) => clamp(x, bits / 2)), bits / 2);
};
export const extend = (bits: number, signed: boolean): Ref1 => (a) => packLanes(unpack(a, bits, signed).slice(0, 64 / bits), bits * 2);
export const pairwise = (bits: number, signed: boolean): Ref1 => (a) => {
  const x = unpack(a, bits, signed);
  return packLanes(x.filter((_, i) => i % 2 === 0).map((v, i) => v + x[2 * i + 1]!), bits * 2);
};
export const splat = (bits: number) => (a: bigint) => packLanes(Array<bigint>(128 / bits).fill(a), bits);
export const get = (bits: number) => (a: Uint8Array, lane: number) => unpack(a, bits, false)[lane]!;
export const set = (bits: number) => (a: Uint8Array, b: bigint, lane: number) =>
  packLanes(unpack(a, bits, false).map((x, i) => (i === lane ? b : x)), bits);
export const bitmask = (bits: number) => (a: Uint8Array) =>
  unpack(a, bits, true).reduce((m, x, i) => m | (x < 0n ? 1n << BigInt(i) : 0n), 0n);

const copy = (a: Uint8Array) => a.slice().buffer as ArrayBuffer;
const bytesOf = (a: ArrayBufferView) => new Uint8Array(a.buffer as ArrayBuffer);
export const f32lanes1 = (f: (a: number) => number): Ref1 => (a) => bytesOf(new Float32Array(copy(a)).map(f));
export const f64lanes1 = (f: (a: number) => number): Ref1 => (a) => bytesOf(new Float64Array(copy(a)).map(f));
type Float2 = (a: number, b: number) => number;
export const f32lanes2 = (f: Float2): Ref2 => (a, b) => {
  const y = new Float32Array(copy(b));
  return bytesOf(new Float32Array(copy(a)).map((x, i) => f(x, y[i]!)));
};
export const f64lanes2 = (f: Float2): Ref2 => (a, b) => {
  const y = new Float64Array(copy(b));
  return bytesOf(new Float64Array(copy(a)).map((x, i) => f(x, y[i]!)));
};
type Test2 = (a: number, b: number) => boolean;
export const f32compare = (f: Test2): Ref2 => (a, b) => {
  const x = new Float32Array(copy(a)), y = new Float32Array(copy(b));
  return packLanes(Array.from(x, (v, i) => (f(v, y[i]!) ? TRUE : 0n)), 32);
};
export const f64compare = (f: Test2): Ref2 => (a, b) => {
  const x = new Float64Array(copy(a)), y = new Float64Array(copy(b));
  return packLanes(Array.from(x, (v, i) => (f(v, y[i]!) ? TRUE : 0n)), 64);
};

/** Rounds an integer to single precision once (through a double it could round twice). */
export function roundToF32(a: bigint): number {
  const magnitude = abs(a);
  const drop = Math.max(0, magnitude.toString(2).length - 24);
  const unit = 1n << BigInt(drop), rest = magnitude % unit;
  let kept = magnitude - rest;
  if (rest * 2n > unit || (rest * 2n === unit && (kept / unit) % 2n === 1n)) kept += unit;
  return Number(a < 0n ? -kept : kept);
}
