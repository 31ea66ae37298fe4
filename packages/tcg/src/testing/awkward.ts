/** Values that go wrong first: ends of ranges, lone bits, sign changes, halves that differ, NaNs and infinities, denormals. */
import { Type, TYPE_BITS } from '../types.ts';
import { bytesOf } from '../reference-values.ts';
import type { IrValue } from '../reference-values.ts';

const integers = (width: number): bigint[] => {
  const w = BigInt(width), half = 1n << (w - 1n);
  const small = [0n, 1n, 2n, 3n, 7n, 8n, 31n, 32n, 33n, 63n, 64n, 127n, 128n, 255n, 256n, 0x7fffn, 0x8000n, 0xffffn, 0x10000n];
  const large = [half - 1n, half, half + 1n, 2n * half - 1n, 2n * half - 2n, 0x12345678n, 0x7fffffffn, 0x80000000n, 0xffffffffn];
  const wide = [0x1_0000_0000n, 0x0123_4567_89ab_cdefn, 0xfedc_ba98_7654_3210n, 0xffff_ffff_8100_0000n, 0xaaaa_aaaa_5555_5555n, 0xffff_ffff_0000_0000n];
  return [...new Set([...small, ...large, ...wide].map((x) => BigInt.asUintN(width, x)))];
};

const FLOATS = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 3.4028234663852886e38, 1.401298464324817e-45, 1.1754943508222875e-38,
  2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 16777217, 9223372036854775807, -9223372036854775808, 1e300, 5e-324,
  2.2250738585072014e-308, -2.225073858507201e-308,
  2 ** -255, -(2 ** -255 - 2 ** -308), 2 ** 257, 2 ** 257 - 2 ** 204, 2 ** -50, 2 ** -50 - 2 ** -74, -(2 ** 50), 2 ** 50 - 2 ** 26, // ends of what fwild tells apart
  Infinity, -Infinity, NaN,
];

const VECTORS = [
  0n, (1n << 128n) - 1n, 0x0f0e0d0c_0b0a0908_07060504_03020100n, 0x80008000_80008000_80008000_80008000n, 0x7fff8000_00017fff_ffff0001_80007fffn,
  0x80000000_7fffffff_00000001_ffffffffn, 0x8000000000000000_7fffffffffffffffn, 0x80ff7f01_10203040_fe02fd03_817e0180n,
  0x3f800000_bf800000_7fc00000_ff800000n, 0x3ff0000000000000_fff8000000000000n, 0x00000001_80000000_7f7fffff_42c80000n, 0x0123456789abcdef_fedcba9876543210n,
  0xbff0000000000000_0000000000000000n, 0x3ff8000000000000_8000000000000001n, 0x3f800000_00000000_c0490fdb_80000000n,
].map(bytesOf);

/** Awkward values of a type; f32 values are exact singles. */
export function awkwardValues(type: Type): readonly IrValue[] {
  switch (type) {
    case Type.f32: return [...new Set(FLOATS.map(Math.fround))];
    case Type.f64: return FLOATS;
    case Type.v128: return VECTORS;
    default: return integers(TYPE_BITS[type]);
  }
}
