/**
 * Whether a plain result is exact. Before a program's first inexact result MXCSR.PE is clear, and a result may only be plain if it does not set it; programs
 * that count in doubles never do. Each guard sends what it cannot show to be exact to the helper; it comes behind the guard against other exceptions, so
 * there are no NaNs, infinities, denormals or results that vanish. SDM Vol. 1, 11.5.2.6.
 *
 * A sum is exact if taking away either operand leaves the other: for the larger operand this difference has no rounding error (Dekker 1971). A product is
 * exact if its operands have no more significant bits together than the format; trailing zeros of the fractions count them.
 */
import { Cond, FCond, Type } from '@emu/tcg';
import type { Label, Temp } from '@emu/tcg';
import { ST } from '../state.ts';
import { splat32, splat64 } from '../simd-operands.ts';
import type { FloatFormat } from './sse-float.ts';
import type { Ctx } from './types.ts';

/** MXCSR without its flags, as it is where plain results are right if they are exact: to nearest, no DAZ or FTZ, all masked. */
const CONTROL_BITS = 0xffc0;
const CONTROL_VALUE = 0x1f80;

/** Branches to `odd` unless MXCSR is set like this now. */
export function guardControl(c: Ctx, odd: Label): void {
  const { ir } = c;
  ir.brcond(ir.and(ir.ld(Type.i32, ir.const32(c.env), ST.mxcsr), ir.const32(CONTROL_BITS)), ir.const32(CONTROL_VALUE), Cond.ne, odd);
}

const VECTOR = {
  ps: { add: 'vaddf32', sub: 'vsubf32', mul: 'vmulf32', eq: 'vcmpeqf32' }, pd: { add: 'vaddf64', sub: 'vsubf64', mul: 'vmulf64', eq: 'vcmpeqf64' },
} as const;
const SCALAR = { add: 'fadd', sub: 'fsub', mul: 'fmul' } as const;
const isVector = (fmt: FloatFormat): fmt is 'ps' | 'pd' => fmt === 'ps' || fmt === 'pd';

/** Arithmetic in a format. */
const calculate = (c: Ctx, fmt: FloatFormat, op: 'add' | 'sub' | 'mul', a: Temp, b: Temp): Temp => (isVector(fmt) ? c.ir[VECTOR[fmt][op]](a, b) : c.ir[SCALAR[op]](a, b));

/** Branches to `odd` unless a = b, in all lanes. */
export function guardEqual(c: Ctx, fmt: FloatFormat, a: Temp, b: Temp, odd: Label): void {
  const { ir } = c, zero = ir.const32(0);
  if (isVector(fmt)) ir.brcond(ir.vanytrue(ir.vnot(ir[VECTOR[fmt].eq](a, b))), zero, Cond.ne, odd);
  else ir.brcond(ir.fsetcond(a, b, FCond.eq), zero, Cond.eq, odd);
}

/** d = a + b (or a - b). */
export function guardExactSum(c: Ctx, fmt: FloatFormat, op: 'add' | 'sub', a: Temp, b: Temp, d: Temp, odd: Label): void {
  if (op === 'add') guardEqual(c, fmt, calculate(c, fmt, 'sub', d, a), b, odd);
  else guardEqual(c, fmt, calculate(c, fmt, 'sub', a, d), b, odd);
  guardEqual(c, fmt, calculate(c, fmt, op === 'add' ? 'sub' : 'add', d, b), a, odd);
}

/** Fraction bits and significant bits of a double and of a single; in vectors each operand may have half of these. */
const DOUBLE = { fraction: 52, digits: 53, halfLo: 0x7ffffff } as const, SINGLE = { fraction: 23, digits: 24, half: 0xfff } as const;

/** a * b */
export function guardExactProduct(c: Ctx, fmt: FloatFormat, a: Temp, b: Temp, odd: Label): void {
  const { ir } = c;
  if (isVector(fmt)) {
    const low = fmt === 'pd' ? splat64(c, DOUBLE.halfLo, 0) : splat32(c, SINGLE.half);
    return ir.brcond(ir.vanytrue(ir.vand(ir.vor(a, b), low)), ir.const32(0), Cond.ne, odd);
  }
  const zeros = (x: Temp): Temp => { // all there are, and more, for powers of two and 0
    if (fmt === 'sd') return ir.ctz(ir.extract(ir.bits_f64_i64(x), 0, DOUBLE.fraction), ir.const64(DOUBLE.digits));
    return ir.ctz(ir.extract(ir.bits_f32_i32(x), 0, SINGLE.fraction), ir.const32(SINGLE.digits));
  };
  ir.brcond(ir.add(zeros(a), zeros(b)), fmt === 'sd' ? ir.const64(DOUBLE.digits) : ir.const32(SINGLE.digits), Cond.ltu, odd);
}

/** d = a / b, or with b = d the square root of a. */
export function guardExactQuotient(c: Ctx, fmt: FloatFormat, a: Temp, b: Temp, d: Temp, odd: Label): void {
  guardExactProduct(c, fmt, b, d, odd);
  guardEqual(c, fmt, calculate(c, fmt, 'mul', b, d), a, odd);
}
