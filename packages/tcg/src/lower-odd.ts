/**
 * Lowering of `fsumodd`, `fproductodd` and their vector forms: the guards that stand before a plain float result where the guest's exception
 * flags matter. Worked out on the bits: with the sign shifted out, x - 1 is below (smallest normal - 1) just for denormals, as unsigned numbers.
 */
import { F32, F64, I32, V128 } from '@emu/wasm';
import type { FuncBuilder } from '@emu/wasm';
import type { Lower, LowerTarget } from './lower.ts';
import { Type } from './types.ts';

const A = 1, B = 2, C = 3;
const SMALLEST = { f32: 2 ** -126, f64: 2 ** -1022 } as const;

/** Pushes whether operand `i` is denormal. */
function denormal(t: LowerTarget, double: boolean, i: number): void {
  const f = t.f;
  t.get(i);
  if (double) {
    f.i64ReinterpretF64();
    f.i64Const(1, 0);
    f.i64Shl();
    f.i64Const(1, 0);
    f.i64Sub();
    f.i64Const(-1, 0x1fffff);
    f.i64LtU();
  } else {
    f.i32ReinterpretF32();
    f.i32Const(1);
    f.i32Shl();
    f.i32Const(1);
    f.i32Sub();
    f.i32Const(0xffffff);
    f.i32LtU();
  }
}

const constant = (f: FuncBuilder, double: boolean, value: number): void => { if (double) f.f64Const(value); else f.f32Const(value); };
const op = (f: FuncBuilder, double: boolean, name: 'Abs' | 'Lt' | 'Gt' | 'Eq'): void => { f[`${double ? 'f64' : 'f32'}${name}`](); };

/** Pushes whether operand `i` equals 0. */
function isZero(t: LowerTarget, double: boolean, i: number): void {
  t.get(i);
  constant(t.f, double, 0);
  op(t.f, double, 'Eq');
}

export const sumOdd: Lower = (t, type) => {
  const f = t.f, double = type === Type.f64;
  t.out(0);
  denormal(t, double, A);
  denormal(t, double, B);
  f.i32Or();
  t.get(C);
  op(f, double, 'Abs');
  constant(f, double, Infinity);
  op(f, double, 'Lt');
  f.i32Eqz();
  f.i32Or();
  t.put(0);
};

/** Whether an operand is 0 is only asked where the result is small. */
export const productOdd: Lower = (t, type) => {
  const f = t.f, double = type === Type.f64, size = t.tmp(double ? F64 : F32);
  t.out(0);
  denormal(t, double, A);
  denormal(t, double, B);
  f.i32Or();
  t.get(C);
  op(f, double, 'Abs');
  f.localTee(size);
  constant(f, double, Infinity);
  op(f, double, 'Lt');
  f.localGet(size);
  constant(f, double, double ? SMALLEST.f64 : SMALLEST.f32);
  op(f, double, 'Gt');
  f.i32And();
  f.if_(I32);
  f.i32Const(0);
  f.else_();
  isZero(t, double, A);
  isZero(t, double, B);
  f.i32Or();
  isZero(t, double, C);
  f.i32And();
  f.i32Eqz();
  f.end();
  f.i32Or();
  t.put(0);
  t.free(size);
};

/** What differs between lanes of 32 and of 64 bits. Comparisons are signed, so the sign bit is added where unsigned ones are meant. */
interface Lanes {
  /** Lanes shifted left by one, plus this, are below the next for denormals. */
  readonly bias: readonly number[];
  readonly limit: readonly number[];
  readonly magnitude: readonly number[];
  /** Bits of the largest finite number; of the smallest normal one plus 1. */
  readonly finite: readonly number[];
  readonly aboveSmallest: readonly number[];
  add(f: FuncBuilder): void;
  gt(f: FuncBuilder): void;
  eqFloat(f: FuncBuilder): void;
}
const TOP = 0x80000000 | 0;
const twice = (lo: number, hi: number): number[] => [lo, hi, lo, hi];
const four = (x: number): number[] => [x, x, x, x];
const LANES32: Lanes = {
  bias: four(0x7fffffff), limit: four(TOP | 0xffffff), magnitude: four(0x7fffffff), finite: four(0x7f7fffff), aboveSmallest: four(0x800001),
  add: (f) => f.i32x4Add(), gt: (f) => f.i32x4GtS(), eqFloat: (f) => f.f32x4Eq(),
};
const LANES64: Lanes = {
  bias: twice(-1, 0x7fffffff), limit: twice(-1, TOP | 0x1fffff), magnitude: twice(-1, 0x7fffffff), finite: twice(-1, 0x7fefffff), aboveSmallest: twice(1, 0x100000),
  add: (f) => f.i64x2Add(), gt: (f) => f.i64x2GtS(), eqFloat: (f) => f.f64x2Eq(),
};

/** Pushes a mask of the denormal lanes of operand `i`. */
function denormalLanes(t: LowerTarget, l: Lanes, i: number): void {
  const f = t.f;
  f.v128Const(l.limit);
  t.get(i);
  t.get(i);
  l.add(f);
  f.v128Const(l.bias);
  l.add(f);
  l.gt(f);
}

/** Pushes |c| by its bits, into `magnitude` too. */
function magnitudeOf(t: LowerTarget, l: Lanes, magnitude: number): void {
  const f = t.f;
  t.get(C);
  f.v128Const(l.magnitude);
  f.v128And();
  f.localTee(magnitude);
}

const vectorSum = (l: Lanes): Lower => (t) => {
  const f = t.f, magnitude = t.tmp(V128);
  t.out(0);
  denormalLanes(t, l, A);
  denormalLanes(t, l, B);
  f.v128Or();
  magnitudeOf(t, l, magnitude);
  f.v128Const(l.finite);
  l.gt(f);
  f.v128Or();
  f.v128AnyTrue();
  t.put(0);
  t.free(magnitude);
};

const vectorProduct = (l: Lanes): Lower => (t) => {
  const f = t.f, magnitude = t.tmp(V128), operands = t.tmp(V128), result = t.tmp(V128);
  t.out(0);
  denormalLanes(t, l, A);
  denormalLanes(t, l, B);
  f.v128Or();
  f.localSet(operands);
  magnitudeOf(t, l, magnitude);
  f.v128Const(l.finite);
  l.gt(f);
  f.v128Const(l.aboveSmallest);
  f.localGet(magnitude);
  l.gt(f);
  f.v128Or();
  f.localTee(result);
  f.localGet(operands);
  f.v128Or();
  f.v128AnyTrue();
  f.if_(I32);
  f.localGet(result);
  for (const i of [A, B, C]) {
    t.get(i);
    f.v128Const([0, 0, 0, 0]);
    l.eqFloat(f);
    if (i === B) f.v128Or();
  }
  f.v128And();
  f.v128Andnot();
  f.localGet(operands);
  f.v128Or();
  f.v128AnyTrue();
  f.else_();
  f.i32Const(0);
  f.end();
  t.put(0);
  for (const local of [magnitude, operands, result]) t.free(local);
};

export const vectorSumOdd = { f32: vectorSum(LANES32), f64: vectorSum(LANES64) } as const;
export const vectorProductOdd = { f32: vectorProduct(LANES32), f64: vectorProduct(LANES64) } as const;
