/**
 * SSE floating point where results are plain (`SSE_FAST`): operations on values with known bounds, see `../float-values.ts`. An operand of which
 * too little is known is guarded once; the bounds of the result follow. SDM Vol. 1, 11.5.2: overflow, underflow and denormal operands are what bounds exclude.
 *
 * |a + b| < 2^(high + 1), and it is a multiple of the smaller unit: 0, or no smaller than that. A sum that is denormal is exact. |a * b| >= 2^(lowA + lowB)
 * unless 0, |a / b| > 2^(lowA - highB). Rounding does not leave these bounds, as they are powers of two.
 */
import { Cond, FCond, Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { factsOf, FloatKind, type FloatFacts, type FloatValue } from '../float-values.ts';
import { zeroV } from '../simd-operands.ts';
import { branchIf, guardsLeave, scalarOf, sourceScalar, sourceVector, withScalar } from './sse-exact.ts';
import type { FloatFormat } from './sse-float.ts';
import type { Ctx } from './types.ts';

type Arithmetic = 'add' | 'sub' | 'mul' | 'div';
const SCALAR = { add: 'fadd', sub: 'fsub', mul: 'fmul', div: 'fdiv' } as const;
const VECTOR = {
  ps: { add: 'vaddf32', sub: 'vsubf32', mul: 'vmulf32', div: 'vdivf32' }, pd: { add: 'vaddf64', sub: 'vsubf64', mul: 'vmulf64', div: 'vdivf64' },
} as const;
const KIND = { sd: FloatKind.SD, ss: FloatKind.SS, pd: FloatKind.PD, ps: FloatKind.PS } as const;
const isVector = (fmt: FloatFormat): fmt is 'ps' | 'pd' => fmt === 'ps' || fmt === 'pd';
const isDouble = (fmt: FloatFormat): boolean => fmt.endsWith('d');

/** An operand: its value, and the temp to calculate with. */
export interface Operand { readonly v: FloatValue; readonly t: Temp }

/** XMM register `n`. */
export function registerOperand(c: Ctx, fmt: FloatFormat, n: number): Operand {
  const { floats } = c, kind = KIND[fmt], xmm = c.g.xmm[n]!;
  let v = floats.held(kind, n);
  if (v < 0) floats.hold(kind, n, (v = floats.unknown(-1)));
  if (!isVector(fmt) && floats.temp(v) < 0) floats.taken(v, scalarOf(c, xmm, isDouble(fmt)));
  return { v, t: isVector(fmt) ? xmm : floats.temp(v) };
}

/** Operand 1, which is `loaded` if that is not -1. */
export function sourceOperand(c: Ctx, fmt: FloatFormat, loaded: Temp): Operand {
  if (loaded < 0) return registerOperand(c, fmt, c.insn.rm);
  const t = isVector(fmt) ? sourceVector(c, 1, loaded) : sourceScalar(c, 1, loaded, isDouble(fmt));
  return { v: c.floats.unknown(t), t };
}

/** From here on the operand is tame. */
function tame(c: Ctx, fmt: FloatFormat, { v, t }: Operand): void {
  const { ir, floats } = c;
  branchIf(c, fmt === 'pd' ? ir.vwildf64(t) : fmt === 'ps' ? ir.vwildf32(t) : ir.fwild(t), c.early.oddLabel());
  floats.tame(v, factsOf(KIND[fmt]));
}

/** From here on all operands are tame if `enough` does not find them good enough as they are. */
function guardOperands(c: Ctx, fmt: FloatFormat, operands: readonly Operand[], enough: () => boolean): void {
  const { floats } = c;
  for (const o of operands) if (!floats.isKnown(o.v)) tame(c, fmt, o);
  if (enough()) return;
  for (const o of operands) if (!floats.isTame(o.v, factsOf(KIND[fmt]))) tame(c, fmt, o);
}

/** From here on the operand is not 0, in no lane. */
function guardNonzero(c: Ctx, fmt: FloatFormat, { v, t }: Operand): void {
  const { ir, floats } = c;
  if (floats.isNonzero(v)) return;
  if (isVector(fmt)) branchIf(c, ir.vanytrue(fmt === 'ps' ? ir.vcmpeqf32(t, zeroV(c)) : ir.vcmpeqf64(t, zeroV(c))), c.early.oddLabel());
  else branchIf(c, ir.fsetcond(t, ir.constFloat(ir.tempType[t] as Type, 0), FCond.eq), c.early.oddLabel());
  floats.nonzero(v);
}

interface Bounds { readonly low: number; readonly high: number; readonly unit: number }

function boundsOf(c: Ctx, op: Arithmetic, f: FloatFacts, a: FloatValue, b: FloatValue): Bounds {
  const { floats } = c, last = f.digits - 1;
  if (op === 'add' || op === 'sub') {
    const unit = Math.min(floats.unit(a), floats.unit(b));
    return { low: unit, high: Math.max(floats.high(a), floats.high(b)) + 1, unit };
  }
  const low = op === 'mul' ? floats.low(a) + floats.low(b) : floats.low(a) - floats.high(b);
  const high = op === 'mul' ? floats.high(a) + floats.high(b) : floats.high(a) - floats.low(b);
  return { low, high, unit: op === 'mul' ? Math.max(floats.unit(a) + floats.unit(b), low - last) : low - last };
}

/** Writes a result to operand 0, with its bounds as far as they show that it is not denormal. */
export function writeResult(c: Ctx, fmt: FloatFormat, d: Temp, b: Bounds): void {
  const { ir, floats, insn } = c, xmm = c.g.xmm[insn.reg]!, f = factsOf(KIND[fmt]);
  ir.set(xmm, isVector(fmt) ? d : withScalar(c, xmm, d, isDouble(fmt)));
  const temp = isVector(fmt) ? -1 : d;
  floats.hold(KIND[fmt], insn.reg, b.low >= f.low && b.high <= f.high + 1 ? floats.make(temp, b.low, b.high, b.unit) : floats.unknown(temp));
}

export const boundedArithmetic = (op: Arithmetic, fmt: FloatFormat) => (c: Ctx, loaded: Temp): void => {
  const { ir } = c, f = factsOf(KIND[fmt]), a = registerOperand(c, fmt, c.insn.reg), b = sourceOperand(c, fmt, loaded);
  const bounds = (): Bounds => boundsOf(c, op, f, a.v, b.v);
  guardOperands(c, fmt, [a, b], () => {
    const { low, high } = bounds();
    return high <= f.high && (op === 'add' || op === 'sub' || low >= f.low);
  });
  if (op === 'div') guardNonzero(c, fmt, b);
  writeResult(c, fmt, isVector(fmt) ? ir[VECTOR[fmt][op]](a.t, b.t) : ir[SCALAR[op]](a.t, b.t), bounds());
};

/** The square root of a negative number is a NaN. */
export const boundedSqrt = (fmt: FloatFormat) => (c: Ctx, loaded: Temp): void => {
  const { ir, floats } = c, f = factsOf(KIND[fmt]), b = sourceOperand(c, fmt, loaded);
  guardOperands(c, fmt, [b], () => floats.high(b.v) <= f.high);
  const d = fmt === 'ps' ? ir.vsqrtf32(b.t) : fmt === 'pd' ? ir.vsqrtf64(b.t) : ir.fsqrt(b.t);
  if (isVector(fmt)) branchIf(c, ir.vanytrue(ir.vnot(fmt === 'ps' ? ir.vcmpeqf32(d, d) : ir.vcmpeqf64(d, d))), c.early.oddLabel());
  else branchIf(c, ir.fsetcond(d, d, FCond.un), c.early.oddLabel());
  const low = Math.floor(floats.low(b.v) / 2);
  writeResult(c, fmt, d, { low, high: Math.ceil(floats.high(b.v) / 2), unit: low - f.digits + 1 });
};

/** From here on a comparison of the scalars raises nothing: neither is a NaN or denormal. */
export function guardOrdered(c: Ctx, fmt: 'sd' | 'ss', operands: readonly Operand[]): void {
  const { ir, floats } = c;
  for (const { v, t } of operands) {
    if (floats.isKnown(v)) continue;
    branchIf(c, ir.fodd(t), c.early.oddLabel());
    floats.ordered(v, factsOf(KIND[fmt]));
  }
}

/** MINSx, MAXSx: the first operand where it is the smaller (larger) one, else the second. */
export const boundedSelect = (op: 'min' | 'max', fmt: 'sd' | 'ss') => (c: Ctx, loaded: Temp): void => {
  const { ir, floats } = c, a = registerOperand(c, fmt, c.insn.reg), b = sourceOperand(c, fmt, loaded);
  guardOrdered(c, fmt, [a, b]);
  const first = ir.fsetcond(a.t, b.t, op === 'min' ? FCond.lt : FCond.gt);
  const d = fmt === 'sd'
    ? ir.bits_i64_f64(ir.movcond(ir.extu_i32_i64(first), ir.const64(0), ir.bits_f64_i64(a.t), ir.bits_f64_i64(b.t), Cond.ne))
    : ir.bits_i32_f32(ir.movcond(first, ir.const32(0), ir.bits_f32_i32(a.t), ir.bits_f32_i32(b.t), Cond.ne));
  writeResult(c, fmt, d, {
    low: Math.min(floats.low(a.v), floats.low(b.v)), high: Math.max(floats.high(a.v), floats.high(b.v)), unit: Math.min(floats.unit(a.v), floats.unit(b.v)),
  });
};

/** Whether both vector operands are known, so that a comparison needs no guard. */
export function areOrdered(c: Ctx, fmt: 'pd' | 'ps', loaded: Temp): boolean {
  const { floats } = c, a = floats.held(KIND[fmt], c.insn.reg), b = loaded < 0 ? floats.held(KIND[fmt], c.insn.rm) : -1;
  return a >= 0 && b >= 0 && floats.isKnown(a) && floats.isKnown(b);
}

/** Integers of `bits` bits, signed. */
export const integerBounds = (bits: 32 | 64): Bounds => ({ low: 0, high: bits, unit: 0 });

/** CVTSS2SD: what is known of the single is true of the double. */
export const boundedWidening = (c: Ctx, loaded: Temp): void => {
  const { ir, floats } = c, b = sourceOperand(c, 'ss', loaded);
  guardOperands(c, 'ss', [b], () => floats.high(b.v) <= factsOf(FloatKind.SS).high);
  writeResult(c, 'sd', ir.f32_f64(b.t), { low: floats.low(b.v), high: floats.high(b.v), unit: floats.unit(b.v) });
};

/** What XMM register `n` holds, to be copied: a double of which nothing is known yet will be known of both registers. */
export function copiedFloats(c: Ctx, n: number): FloatValue[] {
  if (guardsLeave(c) && c.floats.held(FloatKind.SD, n) < 0) c.floats.hold(FloatKind.SD, n, c.floats.unknown(-1));
  return c.floats.holdings(n);
}

/** Operand 0, an XMM register, was loaded with the scalar whose bits are `low`: takes it from there, not from the register. */
export function loadedScalar(c: Ctx, fmt: 'sd' | 'ss', low: Temp): void {
  const { ir, floats } = c;
  if (!guardsLeave(c)) return;
  floats.hold(KIND[fmt], c.insn.reg, floats.unknown(fmt === 'sd' ? ir.bits_i64_f64(low) : ir.bits_i32_f32(ir.extrl_i64_i32(low))));
}

/** The bits of the double in XMM operand 1, as an i64, where they need not be taken from the register. */
export function storedScalar(c: Ctx): Temp | undefined {
  const { ir, floats, insn } = c, v = floats.held(FloatKind.SD, insn.reg);
  return c.bits(0) === 64 && v >= 0 && floats.isKnown(v) ? ir.bits_f64_i64(floats.temp(v)) : undefined;
}

/** UNPCKLPD and the like of one register: both lanes are now lane 0 of `from`, which held `v`. */
export function spread(c: Ctx, v: FloatValue): void {
  const { floats, insn } = c;
  if (v < 0 || !floats.isKnown(v)) return;
  floats.hold(FloatKind.PD, insn.reg, floats.make(-1, floats.low(v), floats.high(v), floats.unit(v)));
}

/** XMM register `n` is 0. */
export const clearedFloats = (c: Ctx, n: number): void =>
  c.floats.cleared(n, (kind) => (kind === FloatKind.SD ? c.ir.constFloat(Type.f64, 0) : kind === FloatKind.SS ? c.ir.constFloat(Type.f32, 0) : -1));
