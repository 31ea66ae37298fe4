/** SSE floating point: arithmetic and comparison under MXCSR. SDM Vol. 1 chapters 10 to 12, Vol. 2. Conversions: `sse-convert.ts`. */
import { Cond, FCond, Type } from '@emu/tcg';
import type { Helper, Label, Temp } from '@emu/tcg';
import { shuffle, vecAddress, zeroV } from '../simd-operands.ts';
import {
  branchIf, callExact, exactly, guarded, guardsLeave, isFast, loadSource, raiseWhere, scalarOf, sourceAddress, sourceScalar, sourceVector, withScalar,
  type Plain,
} from './sse-exact.ts';
import { areOrdered, boundedArithmetic, boundedSelect, boundedSqrt, guardOrdered, registerOperand, sourceOperand } from './sse-bounded.ts';
import { guardControl, guardExactProduct, guardExactQuotient, guardExactSum } from './sse-inexact.ts';
import { lanes } from './simd-shuffle.ts';
import type { Ctx, Emit } from './types.ts';

export { emitCvt, emitRound } from './sse-convert.ts';

/** Packed or scalar, single or double. Scalar forms leave the rest of the destination alone. */
export type FloatFormat = 'ps' | 'pd' | 'ss' | 'sd';

/** dst = dst op src; `sqrt`, `rsqrt` and `rcp` have one source. */
export type FloatOp = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'sqrt' | 'rsqrt' | 'rcp';

/** What a conversion converts: `dq` four (or two) i32 in XMM, `pi` two i32 in MMX, `si` a general register or memory integer. */
export type CvtFormat = FloatFormat | 'dq' | 'pi' | 'si';

const isDouble = (fmt: FloatFormat): boolean => fmt.endsWith('d');
type Helpers = Readonly<Record<string, Helper>>;
const helper = (c: Ctx, name: string): Helper => (c.h as Helpers)[name]!;

/** dst, dst, src by address. */
const exactBinary = (name: string) => (c: Ctx, loaded: Temp): void =>
  callExact(c, helper(c, name), vecAddress(c, 0), vecAddress(c, 0), sourceAddress(c, 1, loaded));
const exactUnary = (name: string) => (c: Ctx, loaded: Temp): void => callExact(c, helper(c, name), vecAddress(c, 0), sourceAddress(c, 1, loaded));
const exactImmediate = (name: string, mask: number) => (c: Ctx, loaded: Temp): void =>
  callExact(c, helper(c, name), vecAddress(c, 0), vecAddress(c, 0), sourceAddress(c, 1, loaded), c.ir.const32(c.insn.imm & mask));

// ---- Plain results ---------------------------------------------------------------------------------------------------------------

type Arithmetic = 'add' | 'sub' | 'mul' | 'div';
const SCALAR = { add: 'fadd', sub: 'fsub', mul: 'fmul', div: 'fdiv' } as const;
const VECTOR = {
  ps: { add: 'vaddf32', sub: 'vsubf32', mul: 'vmulf32', div: 'vdivf32' }, pd: { add: 'vaddf64', sub: 'vsubf64', mul: 'vmulf64', div: 'vdivf64' },
} as const;

/** Branches to `odd` unless c = a + b (vectors) raises PE at most. */
export const guardSums = (c: Ctx, fmt: 'ps' | 'pd', a: Temp, b: Temp, sum: Temp, odd: Label): void =>
  branchIf(c, fmt === 'ps' ? c.ir.vsumoddf32(a, b, sum) : c.ir.vsumoddf64(a, b, sum), odd);
const guardProducts = (c: Ctx, fmt: 'ps' | 'pd', a: Temp, b: Temp, product: Temp, odd: Label): void =>
  branchIf(c, fmt === 'ps' ? c.ir.vproductoddf32(a, b, product) : c.ir.vproductoddf64(a, b, product), odd);

/** Where PE is not set yet: branches to `odd` unless d = a op b is exact. */
function guardExact(c: Ctx, op: Arithmetic, fmt: FloatFormat, a: Temp, b: Temp, d: Temp, odd: Label): void {
  if (isFast(c)) return;
  if (op === 'mul') guardExactProduct(c, fmt, a, b, odd);
  else if (op === 'div') guardExactQuotient(c, fmt, a, b, d, odd);
  else guardExactSum(c, fmt, op, a, b, d, odd);
}

const plainArithmetic = (op: Arithmetic, fmt: FloatFormat): Plain => (c, loaded, odd) => {
  const { ir } = c, sum = op === 'add' || op === 'sub', a = c.g.xmm[c.insn.reg]!;
  if (fmt === 'ps' || fmt === 'pd') {
    const b = sourceVector(c, 1, loaded), d = ir[VECTOR[fmt][op]](a, b);
    (sum ? guardSums : guardProducts)(c, fmt, a, b, d, odd);
    guardExact(c, op, fmt, a, b, d, odd);
    return d;
  }
  const double = isDouble(fmt), x = scalarOf(c, a, double), y = sourceScalar(c, 1, loaded, double), d = ir[SCALAR[op]](x, y);
  branchIf(c, sum ? ir.fsumodd(x, y, d) : ir.fproductodd(x, y, d), odd);
  guardExact(c, op, fmt, x, y, d, odd);
  return withScalar(c, a, d, double);
};

/** A negative number gives a NaN, which is odd. */
const plainSqrt = (fmt: FloatFormat): Plain => (c, loaded, odd) => {
  const { ir } = c;
  if (fmt === 'ps' || fmt === 'pd') {
    const b = sourceVector(c, 1, loaded), d = fmt === 'ps' ? ir.vsqrtf32(b) : ir.vsqrtf64(b);
    guardSums(c, fmt, b, b, d, odd);
    if (!isFast(c)) guardExactQuotient(c, fmt, b, d, d, odd);
    return d;
  }
  const double = isDouble(fmt), y = sourceScalar(c, 1, loaded, double), d = ir.fsqrt(y);
  branchIf(c, ir.fsumodd(y, y, d), odd);
  if (!isFast(c)) guardExactQuotient(c, fmt, y, d, d, odd);
  return withScalar(c, c.g.xmm[c.insn.reg]!, d, double);
};

/** Comparison is plain where neither operand is a NaN or denormal. */
function guardScalarComparison(c: Ctx, x: Temp, y: Temp, odd: Label): void {
  const { ir } = c, zero = ir.constFloat(ir.tempType[x] as Type, 0);
  branchIf(c, ir.or(ir.fsumodd(x, y, zero), ir.fsetcond(x, y, FCond.un)), odd);
}
/** Here infinities go the exact way too, for the sum tells. */
function guardVectorComparison(c: Ctx, fmt: 'ps' | 'pd', a: Temp, b: Temp, odd: Label): void {
  guardSums(c, fmt, a, b, c.ir[VECTOR[fmt].add](a, b), odd);
}

/** The first operand where it is the smaller (larger) one, else the second. */
const plainSelect = (op: 'min' | 'max', fmt: FloatFormat): Plain => (c, loaded, odd) => {
  const { ir } = c, a = c.g.xmm[c.insn.reg]!, b = sourceVector(c, 1, loaded);
  if (fmt === 'ps' || fmt === 'pd') {
    if (!guardsLeave(c) || !areOrdered(c, fmt, loaded)) guardVectorComparison(c, fmt, a, b, odd);
    const [x, y] = op === 'min' ? [a, b] : [b, a];
    return ir.vbitsel(a, b, fmt === 'ps' ? ir.vcmpltf32(x, y) : ir.vcmpltf64(x, y));
  }
  const double = isDouble(fmt), x = scalarOf(c, a, double), y = sourceScalar(c, 1, loaded, double);
  guardScalarComparison(c, x, y, odd);
  const first = ir.fsetcond(x, y, op === 'min' ? FCond.lt : FCond.gt);
  if (double) return ir.vset64(a, ir.movcond(ir.extu_i32_i64(first), ir.const64(0), ir.vget64(a, 0), ir.vget64(b, 0), Cond.ne), 0);
  return ir.vset32(a, ir.movcond(first, ir.const32(0), ir.vget32(a, 0), ir.vget32(b, 0), Cond.ne), 0);
};

/** The operation `op` in format `fmt`. */
export const emitFloat = (op: FloatOp, fmt: FloatFormat): Emit => {
  const name = `${op}${fmt}`;
  switch (op) {
    case 'sqrt': return guarded(plainSqrt(fmt), exactUnary(name), undefined, boundedSqrt(fmt));
    case 'rsqrt': case 'rcp': return (c) => callExact(c, helper(c, name), vecAddress(c, 0), sourceAddress(c, 1, loadSource(c, 1)));
    case 'min': case 'max': return guarded(plainSelect(op, fmt), exactBinary(name), undefined, fmt === 'sd' || fmt === 'ss' ? boundedSelect(op, fmt) : undefined);
    default: return guarded(plainArithmetic(op, fmt), exactBinary(name), undefined, boundedArithmetic(op, fmt));
  }
};

// ---- Comparison ------------------------------------------------------------------------------------------------------------------

const PREDICATE = 7;
/** Without NaNs: EQ, LT, LE, UNORD (never), NEQ, NLT, NLE, ORD (always). SDM Vol. 2, table 3-1. */
const UNORDERED = 3, ORDERED = 7;
const CONDITIONS = [FCond.eq, FCond.lt, FCond.le, FCond.un, FCond.ne, FCond.ge, FCond.gt, FCond.ord] as const;

function vectorMask(c: Ctx, fmt: 'ps' | 'pd', predicate: number, a: Temp, b: Temp): Temp {
  const { ir } = c;
  if (predicate === UNORDERED) return zeroV(c);
  if (predicate === ORDERED) return ir.constV128(-1, -1, -1, -1);
  const kind = predicate & 3;
  const mask = fmt === 'ps' ? (kind === 0 ? ir.vcmpeqf32(a, b) : kind === 1 ? ir.vcmpltf32(a, b) : ir.vcmplef32(a, b))
    : kind === 0 ? ir.vcmpeqf64(a, b) : kind === 1 ? ir.vcmpltf64(a, b) : ir.vcmplef64(a, b);
  return predicate & 4 ? ir.vnot(mask) : mask;
}

const plainCmp = (fmt: FloatFormat): Plain => (c, loaded, odd) => {
  const { ir } = c, a = c.g.xmm[c.insn.reg]!, predicate = c.insn.imm & PREDICATE;
  if (fmt === 'ps' || fmt === 'pd') {
    const b = sourceVector(c, 1, loaded);
    if (!guardsLeave(c) || !areOrdered(c, fmt, loaded)) guardVectorComparison(c, fmt, a, b, odd);
    return vectorMask(c, fmt, predicate, a, b);
  }
  const double = isDouble(fmt);
  let x: Temp, y: Temp;
  if (guardsLeave(c)) [x, y] = orderedOperands(c, fmt, loaded);
  else {
    [x, y] = [scalarOf(c, a, double), sourceScalar(c, 1, loaded, double)];
    guardScalarComparison(c, x, y, odd);
  }
  const mask = ir.neg(ir.fsetcond(x, y, CONDITIONS[predicate]!));
  return double ? ir.vset64(a, ir.ext_i32_i64(mask), 0) : ir.vset32(a, mask, 0);
};
/** CMPccPS and the like: the predicate is imm8 bits 2:0. */
export const emitFloatCmp = (fmt: FloatFormat): Emit => guarded(plainCmp(fmt), exactImmediate(`cmp${fmt}`, PREDICATE));

const ZF_SHIFT = 6;
/** Both operands, for a comparison that raises nothing. */
function orderedOperands(c: Ctx, fmt: 'sd' | 'ss', loaded: Temp): [Temp, Temp] {
  const a = registerOperand(c, fmt, c.insn.reg), b = sourceOperand(c, fmt, loaded);
  guardOrdered(c, fmt, [a, b]);
  return [a.t, b.t];
}
/** EFLAGS of a comparison without NaNs. */
const comparisonFlags = (c: Ctx, x: Temp, y: Temp): Temp =>
  c.ir.or(c.ir.fsetcond(x, y, FCond.lt), c.ir.shl(c.ir.fsetcond(x, y, FCond.eq), c.ir.const32(ZF_SHIFT)));

/** COMISx (signals invalid for any NaN) and UCOMISx (only for signalling NaNs). */
export const emitComis = (kind: 'comis' | 'ucomis', fmt: 'ss' | 'sd'): Emit => (c) => {
  const { ir } = c, loaded = loadSource(c, 1), double = isDouble(fmt);
  if (guardsLeave(c)) {
    const [x, y] = orderedOperands(c, fmt, loaded);
    return c.flags.setComparison(ir.extu_i32_i64(comparisonFlags(c, x, y)), x, y);
  }
  const flags = ir.temp(Type.i32), odd = ir.newLabel(), done = ir.newLabel();
  if (!isFast(c)) guardControl(c, odd);
  const x = scalarOf(c, c.g.xmm[c.insn.reg]!, double), y = sourceScalar(c, 1, loaded, double);
  guardScalarComparison(c, x, y, odd);
  ir.set(flags, comparisonFlags(c, x, y));
  ir.br(done);
  ir.set_label(odd);
  const exact = ir.call(helper(c, `comi${fmt}`), ir.const32(c.env), vecAddress(c, 0), sourceAddress(c, 1, loaded), ir.const32(kind === 'ucomis' ? 1 : 0));
  if (!isFast(c)) raiseWhere(c, exact, Cond.lt);
  ir.set(flags, exact);
  ir.set_label(done);
  c.flags.setEflags(ir.extu_i32_i64(flags)); // a comparison never sets PE: the TB goes on
};

// ---- Between lanes ---------------------------------------------------------------------------------------------------------------

const EVEN = { ps: lanes(32, [0, 2, 4, 6]), pd: lanes(64, [0, 2]) } as const;
const ODD = { ps: lanes(32, [1, 3, 5, 7]), pd: lanes(64, [1, 3]) } as const;
/** Even lanes of the first vector, odd ones of the second. */
const ALTERNATE = { ps: lanes(32, [0, 5, 2, 7]), pd: lanes(64, [0, 3]) } as const;

/** HADDPx, HSUBPx. */
export const emitFloatHorizontal = (op: 'add' | 'sub', fmt: 'ps' | 'pd'): Emit => guarded((c, loaded, odd) => {
  const a = c.g.xmm[c.insn.reg]!, b = sourceVector(c, 1, loaded);
  const x = shuffle(c, a, b, EVEN[fmt]), y = shuffle(c, a, b, ODD[fmt]), d = c.ir[VECTOR[fmt][op]](x, y);
  guardSums(c, fmt, x, y, d, odd);
  guardExact(c, op, fmt, x, y, d, odd);
  return d;
}, exactBinary(`h${op}${fmt}`));
/** ADDSUBPx: subtract in even lanes, add in odd ones. */
export const emitAddsub = (fmt: 'ps' | 'pd'): Emit => guarded((c, loaded, odd) => {
  const a = c.g.xmm[c.insn.reg]!, b = sourceVector(c, 1, loaded), { ir } = c;
  const differences = ir[VECTOR[fmt].sub](a, b), sums = ir[VECTOR[fmt].add](a, b), d = shuffle(c, differences, sums, ALTERNATE[fmt]);
  guardSums(c, fmt, a, b, d, odd);
  guardExact(c, 'sub', fmt, a, b, differences, odd); // of lanes that are not used too
  guardExact(c, 'add', fmt, a, b, sums, odd);
  return d;
}, exactBinary(`addsub${fmt}`));
/** DPPx: masked dot product by imm8. */
export const emitDp = (fmt: 'ps' | 'pd'): Emit => exactly(exactImmediate(`dp${fmt}`, 0xff));
