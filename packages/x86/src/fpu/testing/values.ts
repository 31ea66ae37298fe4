/** Operands that matter: boundary and special values of each format, mixed with random ones, from a seeded generator. */

/** xorshift128+ halves enough for test data: uniform 32-bit numbers from a seed. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** SplitMix32. */
  u32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }
  below(n: number): number {
    return this.u32() % n;
  }
  u64(): bigint {
    return BigInt(this.u32()) << 32n | BigInt(this.u32());
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const J = 1n << 63n;
const ALL = (1n << 64n) - 1n;

const EXPONENTS_80 = [0, 0, 1, 2, 24, 53, 63, 64, 65, 0x3f7f, 0x3f80, 0x3f81, 0x3bff, 0x3c00, 0x3c01, 0x3fbf, 0x3ffd, 0x3ffe, 0x3fff, 0x4000,
  0x400d, 0x400e, 0x400f, 0x401d, 0x401e, 0x403c, 0x403d, 0x403e, 0x403f, 0x407e, 0x407f, 0x43fe, 0x43ff, 0x7ffd, 0x7ffe, 0x7fff, 0x7fff];
const SIGNIFICANDS = [J, J, J | 1n, ALL, ALL - 1n, 3n << 62n, 3n << 62n | 1n, 0xffffffff00000000n, 0xffffff8000000000n, 0xffffff0000000000n,
  0xffffff7fffffffffn, 0xfffffffffffff800n, 0xfffffffffffffc00n, 0xfffffffffffffbffn, 0x8000000000000400n, 0x8000008000000000n, 0x8000000000000800n];

/** Shapes of significands: runs of ones and zeros, few bits, halves of a last place, or anything. */
function significand(r: Random): bigint {
  switch (r.below(6)) {
    case 0: return r.pick(SIGNIFICANDS);
    case 1: return J | 1n << BigInt(r.below(64));
    case 2: return ALL << BigInt(r.below(64)) & ALL;
    case 3: return J | (r.u64() >> BigInt(r.below(63) + 1));
    case 4: return J | r.u64() & ~(ALL >> BigInt(r.below(64)));
    default: return J | r.u64();
  }
}

/** An 80-bit operand. `wild` allows the encodings the format calls unsupported. */
export function f80(r: Random, wild = true): [bigint, number] {
  const sign = r.below(2) << 15;
  const exp = r.below(3) === 0 ? r.pick(EXPONENTS_80) : r.below(3) === 0 ? r.below(0x8000) : 0x3fff + r.below(140) - 70;
  let sig = significand(r);
  if (exp === 0 && !(wild && r.below(8) === 0)) sig = r.below(4) === 0 ? 0n : sig & ~J;
  if (exp === 0x7fff && r.below(3) === 0) sig = J;
  if (wild && r.below(40) === 0) sig ^= J;
  return [sig, sign | exp];
}

/** Bits of a binary64 operand. */
export function f64(r: Random): bigint {
  const exp = r.below(3) === 0 ? r.pick([0, 0, 1, 2, 52, 53, 0x3fe, 0x3ff, 0x400, 0x41e, 0x432, 0x433, 0x43e, 0x7fd, 0x7fe, 0x7ff, 0x7ff])
    : r.below(3) === 0 ? r.below(0x800) : 0x3ff + r.below(120) - 60;
  const zero = (exp === 0 || exp === 0x7ff) && r.below(3) === 0;
  return BigInt(r.below(2)) << 63n | BigInt(exp) << 52n | (zero ? 0n : (significand(r) << 1n & ALL) >> 12n);
}

/** Bits of a binary32 operand. */
export function f32(r: Random): number {
  const exp = r.below(3) === 0 ? r.pick([0, 0, 1, 2, 23, 24, 0x7e, 0x7f, 0x80, 0x8e, 0x95, 0x96, 0x9d, 0x9e, 0xbd, 0xbe, 0xfd, 0xfe, 0xff, 0xff])
    : r.below(3) === 0 ? r.below(0x100) : 0x7f + r.below(60) - 30;
  const zero = (exp === 0 || exp === 0xff) && r.below(3) === 0;
  return (r.below(2) << 31 | exp << 23 | (zero ? 0 : Number((significand(r) << 1n & ALL) >> 41n))) >>> 0;
}

/** An FCW: mostly all masked, any rounding and precision. */
export function fcw(r: Random): number {
  const masks = r.below(3) === 0 ? r.below(0x40) : 0x3f;
  const pc = r.below(2) === 0 ? 3 : r.below(4);
  return 0x40 | masks | pc << 8 | r.below(4) << 10;
}
