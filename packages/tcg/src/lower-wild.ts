/**
 * Lowering of `fwild`, `fodd` and their vector forms: whether an operand is outside of where float operations raise nothing but inexact. What
 * decides mostly is the exponent alone: with the sign shifted out it is compared as an unsigned number. Only what is not in range is looked at
 * again: it may be 0.
 */
import { I32, V128 } from '@emu/wasm';
import type { FuncBuilder } from '@emu/wasm';
import { TAME } from './float-ref.ts';
import type { Lower, LowerTarget } from './lower.ts';
import { Type } from './types.ts';

const A = 1;
/** Of a format's upper 32 bits without the sign: where the exponent begins, what is added to it. Of infinity: the exponent. */
const FORMAT = {
  32: { shift: 24, bias: 127, infinite: 0xff }, 64: { shift: 21, bias: 1023, infinite: 0x7ff },
} as const;
type Width = keyof typeof FORMAT;

/** Exponents from `low` on, below `high`, in the upper bits of 32. */
interface Range { readonly from: number; readonly size: number }
const range = (low: number, high: number, { shift }: (typeof FORMAT)[Width]): Range => ({ from: low * 2 ** shift, size: (high - low) * 2 ** shift });
const tameRange = (width: Width): Range => range(FORMAT[width].bias + TAME[width].low, FORMAT[width].bias + TAME[width].high, FORMAT[width]);
const normalRange = (width: Width): Range => range(1, FORMAT[width].infinite, FORMAT[width]);

/** Pushes whether the exponent of the operand is not in the range. */
function outside(t: LowerTarget, width: Width, { from, size }: Range): void {
  const f = t.f;
  t.get(A);
  if (width === 64) {
    f.i64ReinterpretF64();
    f.i64Const(32, 0);
    f.i64ShrU();
    f.i32WrapI64();
  } else f.i32ReinterpretF32();
  f.i32Const(1);
  f.i32Shl();
  f.i32Const(-from | 0);
  f.i32Add();
  f.i32Const(size | 0);
  f.i32GeU();
}

/** d = the exponent is outside of the range, and `otherwise` says so too. */
const scalar = (rangeOf: (width: Width) => Range, otherwise: (t: LowerTarget, double: boolean) => void): Lower => (t, type) => {
  const f = t.f, width = type === Type.f64 ? 64 : 32;
  t.out(0);
  outside(t, width, rangeOf(width));
  f.if_(I32);
  otherwise(t, width === 64);
  f.else_();
  f.i32Const(0);
  f.end();
  t.put(0);
};

const constant = (f: FuncBuilder, double: boolean, value: number): void => { if (double) f.f64Const(value); else f.f32Const(value); };

export const wildFloat: Lower = scalar(tameRange, (t, double) => {
  t.get(A);
  constant(t.f, double, 0);
  t.f[double ? 'f64Ne' : 'f32Ne']();
});

/** Zeros and infinities are ordinary. */
export const oddFloat: Lower = scalar(normalRange, (t, double) => {
  const f = t.f;
  t.get(A);
  constant(f, double, 0);
  f[double ? 'f64Ne' : 'f32Ne']();
  t.get(A);
  f[double ? 'f64Abs' : 'f32Abs']();
  constant(f, double, Infinity);
  f[double ? 'f64Ne' : 'f32Ne']();
  f.i32And();
});

const TOP = 0x80000000;
const four = (x: number): number[] => [x | 0, x | 0, x | 0, x | 0];

/** Comparisons of lanes are signed, so the range is moved to where the smallest numbers are. */
const vector = (width: Width): Lower => (t) => {
  const f = t.f, { from, size } = tameRange(width), outsideMask = t.tmp(V128);
  const bits = (): void => { if (width === 64) f.i64x2Bitmask(); else f.i32x4Bitmask(); };
  t.out(0);
  t.get(A);
  t.get(A);
  f.i32x4Add();
  f.v128Const(four(TOP - from));
  f.i32x4Add();
  f.v128Const(four(TOP + size - 1));
  f.i32x4GtS();
  f.localTee(outsideMask);
  bits();
  f.if_(I32);
  f.localGet(outsideMask);
  bits();
  t.get(A);
  f.v128Const(four(0));
  f[width === 64 ? 'f64x2Ne' : 'f32x4Ne']();
  bits();
  f.i32And();
  f.i32Const(0);
  f.i32Ne();
  f.else_();
  f.i32Const(0);
  f.end();
  t.put(0);
  t.free(outsideMask);
};

export const vectorWild = { f32: vector(32), f64: vector(64) } as const;
