/** SSE conversions between floats and integers, and rounding to integers. SDM Vol. 2, CVTx2y and ROUNDxx; Vol. 1, 11.5.2 for what each raises. */
import { Cond, FCond, Type } from '@emu/tcg';
import type { Helper, Label, Temp } from '@emu/tcg';
import { addressOf, readVec, resultAddress, resultLow, shuffle, splat32, splat64, vecAddress, writeLow, writeVec } from '../simd-operands.ts';
import {
  branchIf, callExact, exactly, guarded, guardsLeave, isFast, sourceAddress, sourceScalar, sourceVector, twoWays, withScalar, type Exact, type Plain,
} from './sse-exact.ts';
import { boundedWidening, integerBounds, writeResult } from './sse-bounded.ts';
import { guardEqual } from './sse-inexact.ts';
import { mmx, touchMmx } from './simd-emit.ts';
import { lanes } from './simd-shuffle.ts';
import type { CvtFormat, FloatFormat } from './sse-float.ts';
import type { Ctx, Emit } from './types.ts';

type Helpers = Readonly<Record<string, Helper>>;
const helper = (c: Ctx, name: string): Helper => (c.h as Helpers)[name]!;


/** Into the XMM destination by address. */
const exactToXmm = (name: string): Exact => (c, loaded) => callExact(c, helper(c, name), vecAddress(c, 0), sourceAddress(c, 1, loaded));
const destination = (c: Ctx): Temp => c.g.xmm[c.insn.reg]!;

// ---- Integers to floats ----------------------------------------------------------------------------------------------------------

/** CVTSI2SS, CVTSI2SD. A doubleword always fits a double; otherwise PE may be raised: not if the result is that integer again. */
const fromGeneral = (double: boolean): Emit => (c) => {
  const { ir } = c, wide = c.bits(1) === 64, value = c.readZ(1), word = wide ? value : ir.extrl_i64_i32(value);
  const convert = (): Temp => (wide ? (double ? ir.i64_f64(word) : ir.i64_f32(word)) : double ? ir.i32_f64(word) : ir.i32_f32(word));
  const write = (d: Temp): void => writeVec(c, 0, withScalar(c, destination(c), d, double));
  if (guardsLeave(c)) return writeResult(c, double ? 'sd' : 'ss', convert(), integerBounds(wide ? 64 : 32));
  if (isFast(c) || (double && !wide)) return write(convert());
  twoWays(c, (odd) => {
    const d = convert(), back = wide ? (double ? ir.f64_i64(d) : ir.f32_i64(d)) : ir.f32_i32(d);
    ir.brcond(ir.fsetcond(d, limitOf(c, double, wide ? 64 : 32), FCond.lt), ir.const32(0), Cond.eq, odd); // going back is bounded there
    ir.brcond(back, word, Cond.ne, odd);
    write(d);
  }, () => callExact(c, helper(c, `cvtsi2${double ? 'sd' : 'ss'}${wide ? '_64' : ''}`), vecAddress(c, 0), addressOf(c, value)));
};

/** Without a guard: PE is all that an integer can raise. */
const fromPacked = (name: string, plain: (c: Ctx, v: Temp) => void): Emit => {
  const exact = exactly((c, loaded) => {
    touchMmx(c);
    exactToXmm(name)(c, loaded);
  });
  return (c, i) => {
    if (!isFast(c)) return exact(c, i);
    plain(c, readVec(c, 1));
    touchMmx(c);
  };
};

// ---- Floats to floats ------------------------------------------------------------------------------------------------------------

/** CVTSS2SD, CVTPS2PD: exact but for NaNs and denormals. */
const widenScalar: Emit = guarded((c, loaded, odd) => {
  const a = sourceScalar(c, 1, loaded, false);
  branchIf(c, c.ir.fsumodd(a, a, a), odd);
  return withScalar(c, destination(c), c.ir.f32_f64(a), true);
}, exactToXmm('cvtss2sd'), undefined, boundedWidening);
const widenPacked: Emit = guarded((c, loaded, odd) => {
  const v = sourceVector(c, 1, loaded), low = shuffle(c, v, v, lanes(64, [0, 0]));
  branchIf(c, c.ir.vsumoddf32(low, low, low), odd);
  return c.ir.vf32_f64(low);
}, exactToXmm('cvtps2pd'));

/** Narrows and guards: the result, scaled so that the smallest normal single becomes the smallest normal double, is a product's. */
const SCALE_HI = (1023 - 896) << 20;
function narrow(c: Ctx, a: Temp, odd: Label): Temp {
  const { ir } = c, d = ir.f64_f32(a);
  branchIf(c, ir.fproductodd(a, a, ir.fmul(ir.f32_f64(d), ir.constFloat(Type.f64, 0, SCALE_HI))), odd);
  if (!isFast(c)) guardEqual(c, 'sd', ir.f32_f64(d), a, odd);
  return d;
}
const narrowScalar: Emit = guarded((c, loaded, odd) =>
  withScalar(c, destination(c), narrow(c, sourceScalar(c, 1, loaded, true), odd), false), exactToXmm('cvtsd2ss'));
const narrowPacked: Emit = guarded((c, loaded, odd) => {
  const { ir } = c, v = sourceVector(c, 1, loaded);
  const low = narrow(c, ir.vgetf64(v, 0), odd), high = narrow(c, ir.vgetf64(v, 1), odd);
  return ir.vsetf32(ir.vsetf32(ir.constV128(0, 0, 0, 0), low, 0), high, 1);
}, exactToXmm('cvtpd2ps'));

// ---- Floats to integers ----------------------------------------------------------------------------------------------------------

/** 2^31 and 2^63 in both formats: the upper word of a double, a single. */
const LIMIT_F64 = { 32: 0x41e00000, 64: 0x43e00000 } as const;
const LIMIT_F32 = { 32: 0x4f000000, 64: 0x5f000000 } as const;
const limitOf = (c: Ctx, double: boolean, bits: 32 | 64): Temp => (double ? c.ir.constFloat(Type.f64, 0, LIMIT_F64[bits]) : c.ir.constFloat(Type.f32, LIMIT_F32[bits]));

/** To a general register. What is not smaller than 2^31 (2^63) goes the exact way, NaNs included. */
const toGeneral = (double: boolean, truncate: boolean): Emit => {
  const plain: Plain = (c, loaded, odd) => {
    const { ir } = c, bits = c.bits(0) === 64 ? 64 : 32, source = sourceScalar(c, 1, loaded, double);
    const a = truncate ? source : ir.fnearest(source);
    ir.brcond(ir.fsetcond(ir.fabs(a), limitOf(c, double, bits), FCond.lt), ir.const32(0), Cond.eq, odd);
    if (!isFast(c)) guardEqual(c, double ? 'sd' : 'ss', truncate ? ir.ftrunc(source) : a, source, odd);
    if (bits === 64) return double ? ir.f64_i64(a) : ir.f32_i64(a);
    return ir.extu_i32_i64(double ? ir.f64_i32(a) : ir.f32_i32(a));
  };
  const exact: Exact = (c, loaded) => {
    const name = `cvt${truncate ? 't' : ''}${double ? 'sd' : 'ss'}2si${c.bits(0) === 64 ? '_64' : ''}`;
    callExact(c, helper(c, name), resultAddress(c), sourceAddress(c, 1, loaded));
    c.write(0, resultLow(c));
  };
  return guarded(plain, exact, (c, value) => c.write(0, value));
};

const toPacked = (double: boolean, truncate: boolean): Emit => guarded((c, loaded, odd) => {
  const { ir } = c, v = sourceVector(c, 1, loaded);
  const a = truncate ? v : double ? ir.vnearestf64(v) : ir.vnearestf32(v);
  const inRange = double ? ir.vcmpltf64(ir.vand(a, splat64(c, -1, 0x7fffffff)), splat64(c, 0, LIMIT_F64[32]))
    : ir.vcmpltf32(ir.vand(a, splat32(c, 0x7fffffff)), splat32(c, LIMIT_F32[32]));
  branchIf(c, ir.vanytrue(ir.vnot(inRange)), odd);
  if (!isFast(c)) guardEqual(c, double ? 'pd' : 'ps', truncate ? (double ? ir.vtruncf64(v) : ir.vtruncf32(v)) : a, v, odd);
  return double ? ir.vf64_i32(a) : ir.vf32_i32(a);
}, exactToXmm(`cvt${truncate ? 't' : ''}${double ? 'pd' : 'ps'}2dq`));

/** To an MMX register, which is written once nothing can be raised any more; #XM comes with the x87 registers being MMX registers already. */
const toMmx = (double: boolean, truncate: boolean): Emit => exactly((c, loaded) => {
  touchMmx(c);
  callExact(c, helper(c, `cvt${truncate ? 't' : ''}${double ? 'pd' : 'ps'}2pi`), resultAddress(c), sourceAddress(c, 1, loaded));
  writeLow(c, 0, resultLow(c));
});

/** CVTx2y rounds by MXCSR, CVTTx2y truncates. */
export const emitCvt = (from: CvtFormat, to: CvtFormat, rounding: 'round' | 'truncate' = 'round'): Emit => {
  const truncate = rounding === 'truncate', double = from.endsWith('d');
  switch (`${from} ${to}`) {
    case 'si ss': case 'si sd': return fromGeneral(to === 'sd');
    case 'pi ps': return fromPacked('cvtpi2ps', (c, v) => writeLow(c, 0, c.ir.vget64(c.ir.vi32_f32(v), 0)));
    case 'dq ps': return fromPacked('cvtdq2ps', (c, v) => writeVec(c, 0, c.ir.vi32_f32(v)));
    case 'pi pd': case 'dq pd': return mmx((c) => writeVec(c, 0, c.ir.vi32_f64(readVec(c, 1))));
    case 'ss sd': return widenScalar;
    case 'ps pd': return widenPacked;
    case 'sd ss': return narrowScalar;
    case 'pd ps': return narrowPacked;
    case 'ss si': case 'sd si': return toGeneral(double, truncate);
    case 'ps dq': case 'pd dq': return toPacked(double, truncate);
    case 'ps pi': case 'pd pi': return toMmx(double, truncate);
    default: throw new Error(`no conversion from ${from} to ${to}`);
  }
};

// ---- ROUNDxx ---------------------------------------------------------------------------------------------------------------------

/** Bit 2 of the immediate takes MXCSR's rounding, which is to nearest where results are plain; with bit 3 PE stays as it is. */
const BY_MXCSR = 4, NO_PE = 8;
const SCALAR_ROUND = ['fnearest', 'ffloor', 'fceil', 'ftrunc'] as const;
const VECTOR_ROUND = {
  ps: ['vnearestf32', 'vfloorf32', 'vceilf32', 'vtruncf32'], pd: ['vnearestf64', 'vfloorf64', 'vceilf64', 'vtruncf64'],
} as const;

/** ROUNDxx by imm8. Denormals raise nothing here; only NaNs are odd. */
export const emitRound = (fmt: FloatFormat): Emit => guarded((c, loaded, odd) => {
  const { ir } = c, { imm } = c.insn, mode = imm & BY_MXCSR ? 0 : imm & 3;
  const guard = (v: Temp, d: Temp): void => { if (!isFast(c) && !(imm & NO_PE)) guardEqual(c, fmt, v, d, odd); };
  if (fmt === 'ps' || fmt === 'pd') {
    const v = sourceVector(c, 1, loaded), d = ir[VECTOR_ROUND[fmt][mode]!](v);
    branchIf(c, ir.vanytrue(ir.vnot(fmt === 'ps' ? ir.vcmpeqf32(v, v) : ir.vcmpeqf64(v, v))), odd);
    guard(v, d);
    return d;
  }
  const double = fmt === 'sd', a = sourceScalar(c, 1, loaded, double), d = ir[SCALAR_ROUND[mode]!](a);
  branchIf(c, ir.fsetcond(a, a, FCond.un), odd);
  guard(a, d);
  return withScalar(c, destination(c), d, double);
}, (c, loaded) => callExact(c, helper(c, `round${fmt}`), vecAddress(c, 0), sourceAddress(c, 1, loaded), c.ir.const32(c.insn.imm)));
