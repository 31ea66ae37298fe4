/**
 * The op table: one row an op. A row says the operands, the flags, what the op means in one line, and a slow and obvious
 * reference function. Builder, printer, parser, verifier, optimiser, documentation, back ends and the test "reference = tci =
 * jit" derive from it; a new row does not compile until each back end has it. Names are QEMU's where QEMU has the op.
 *
 * Operand order everywhere: outputs, inputs, immediates. `T` is the op's own type, stored beside the opcode.
 *
 * Reference functions take i32 and i64 operands as unsigned bigints, f32 and f64 as numbers, v128 as 16 bytes, then the
 * immediates as numbers, then the width of T in bits; results are truncated to their type by the caller.
 */
import { Cond, FCond, Type } from './types.ts';
import type { TypeName } from './types.ts';
import * as fl from './float-ref.ts';
import * as vec from './vec-ref.ts';

/** Type of an operand in a row: a fixed type, or the op's own. */
export type OperandType = TypeName | 'T';
/** Immediates: what they are for the printer, the parser and the verifier. */
export type ImmKind = 'cond' | 'fcond' | 'pos' | 'len' | 'shift' | 'lane' | 'shuffle' | 'offset' | 'memop' | 'mmu' | 'label' | 'slot' | 'reason' | 'word';

export interface OpFlags {
  /** Has an effect besides its outputs: never removed. */
  readonly sideEffects?: boolean;
  /** May leave the TB at the fault exit: globals must be precise here. */
  readonly mayFault?: boolean;
  /** Control does not (only) go to the next op. */
  readonly control?: boolean;
  /** Control never goes to the next op. */
  readonly terminal?: boolean;
  /** Inputs may be swapped. */
  readonly commutative?: boolean;
  /** Result of such inputs is any value of the type (never a trap). The reference gives one; tests skip them. */
  readonly unspecified?: string;
}

export interface Row<
  O extends readonly OperandType[] = readonly OperandType[],
  I extends readonly OperandType[] = readonly OperandType[],
  M extends readonly ImmKind[] = readonly ImmKind[],
> {
  readonly outs: O;
  readonly ins: I;
  readonly imms: M;
  /** Types that T may be; empty when no operand is a T. */
  readonly types: readonly TypeName[];
  readonly doc: string;
  readonly flags: OpFlags;
  /** Absent for ops that touch memory or control. Two results come as an array. */
  readonly ref?: (...args: any[]) => unknown;
}

const INT = ['i32', 'i64'] as const;
const FLOAT = ['f32', 'f64'] as const;
const ANY = ['i32', 'i64', 'v128', 'f32', 'f64'] as const;

const signed = (a: bigint, width: number) => BigInt.asIntN(width, a);
const count = (b: bigint, width: number) => b % BigInt(width);

type Int1 = (a: bigint, width: number) => bigint;
type Int2 = (a: bigint, b: bigint, width: number) => bigint;
const make = <const O extends readonly OperandType[], const I extends readonly OperandType[], const M extends readonly ImmKind[]>(
  outs: O, ins: I, imms: M, types: readonly TypeName[], doc: string, ref: Row['ref'], flags: OpFlags = {},
): Row<O, I, M> => ({ outs, ins, imms, types, doc, flags, ref });

const unary = (doc: string, ref: Int1, flags?: OpFlags) => make(['T'], ['T'], [], INT, doc, ref, flags);
const binary = (doc: string, ref: Int2, flags?: OpFlags) => make(['T'], ['T', 'T'], [], INT, doc, ref, flags);
const commutative = (doc: string, ref: Int2) => binary(doc, ref, { commutative: true });
const convert = <const A extends TypeName, const D extends TypeName>(d: D, a: A, doc: string, ref: Row['ref'], flags?: OpFlags) =>
  make([d], [a], [], [], doc, ref, flags);

const float1 = (doc: string, ref: (a: number) => number) => make(['T'], ['T'], [], FLOAT, doc, ref);
const float2 = (doc: string, ref: (a: number, b: number) => number) => make(['T'], ['T', 'T'], [], FLOAT, doc, ref);
const vec1 = (doc: string, ref: vec.Ref1) => make(['v128'], ['v128'], [], [], doc, ref);
const vec2 = (doc: string, ref: vec.Ref2, flags?: OpFlags) => make(['v128'], ['v128', 'v128'], [], [], doc, ref, flags);
const vec3 = (doc: string, ref: vec.Ref3) => make(['v128'], ['v128', 'v128', 'v128'], [], [], doc, ref);
const vshift = (doc: string, ref: (a: Uint8Array, n: bigint) => Uint8Array) => make(['v128'], ['v128', 'i32'], [], [], doc, ref);
const vodd = (doc: string, ref: (a: Uint8Array, b: Uint8Array, c: Uint8Array) => bigint) => make(['i32'], ['v128', 'v128', 'v128'], [], [], doc, ref);
const vtest = (doc: string, ref: (a: Uint8Array) => bigint) => make(['i32'], ['v128'], [], [], doc, ref);

const compare = (a: bigint, b: bigint, cond: number, width: number): boolean => {
  switch (cond) {
    case Cond.eq: return a === b;
    case Cond.ne: return a !== b;
    case Cond.lt: return signed(a, width) < signed(b, width);
    case Cond.ge: return signed(a, width) >= signed(b, width);
    case Cond.le: return signed(a, width) <= signed(b, width);
    case Cond.gt: return signed(a, width) > signed(b, width);
    case Cond.ltu: return a < b;
    case Cond.geu: return a >= b;
    case Cond.leu: return a <= b;
    case Cond.gtu: return a > b;
    case Cond.tsteq: return (a & b) === 0n;
    default: return (a & b) !== 0n;
  }
};
const fcompare = (a: number, b: number, cond: number): boolean => {
  switch (cond) {
    case FCond.eq: return a === b;
    case FCond.ne: return a !== b;
    case FCond.lt: return a < b;
    case FCond.le: return a <= b;
    case FCond.gt: return a > b;
    case FCond.ge: return a >= b;
    case FCond.un: return Number.isNaN(a) || Number.isNaN(b);
    default: return !Number.isNaN(a) && !Number.isNaN(b);
  }
};
const ones = (bits: number | bigint) => (1n << BigInt(bits)) - 1n;
const leadingZeros = (a: bigint, width: number) => BigInt(width - a.toString(2).length);
const trailingZeros = (a: bigint) => BigInt(a.toString(2).match(/0*$/)![0].length);
const bits1 = (a: bigint) => BigInt(a.toString(2).replaceAll('0', '').length);
const byteSwap = (a: bigint, bytes: number) => {
  let d = 0n;
  for (let i = 0; i < bytes; i++) d = (d << 8n) | ((a >> BigInt(8 * i)) & 0xffn);
  return d;
};
const deposit = (a: bigint, b: bigint, pos: number, len: number) =>
  (a & ~(ones(len) << BigInt(pos))) | ((b & ones(len)) << BigInt(pos));
const wide2 = (x: bigint, width: number) => [x & ones(width), (x >> BigInt(width)) & ones(width)];
/** Ties to even, as IEEE 754 roundToIntegralTiesToEven. */
const nearest = (a: number) => {
  const floor = Math.floor(a), diff = a - floor;
  const d = diff < 0.5 ? floor : diff > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1;
  return d === 0 && (a < 0 || Object.is(a, -0)) ? -0 : d;
};
const saturate = (a: number, width: number) =>
  Number.isNaN(a) ? 0n
    : a >= 2 ** (width - 1) ? ones(width - 1)
      : a < -(2 ** (width - 1)) ? -(1n << BigInt(width - 1))
        : BigInt(Math.trunc(a));
const floatBits = (a: number, width: number) => {
  const v = new DataView(new ArrayBuffer(8));
  if (width === 32) return v.setFloat32(0, a), BigInt(v.getUint32(0));
  return v.setFloat64(0, a), v.getBigUint64(0);
};
const bitsFloat = (a: bigint, width: number) => {
  const v = new DataView(new ArrayBuffer(8));
  if (width === 32) return v.setUint32(0, Number(a)), v.getFloat32(0);
  return v.setBigUint64(0, a), v.getFloat64(0);
};

/** Ops that compute outputs from inputs and do nothing else. */
export const VALUE_OPS = {
  mov: make(['T'], ['T'], [], ANY, 'd = a', (a: unknown) => a),

  // Integer arithmetic
  add: commutative('d = a + b', (a, b) => a + b),
  sub: binary('d = a - b', (a, b) => a - b),
  mul: commutative('d = a * b, low half', (a, b) => a * b),
  neg: unary('d = -a', (a) => -a),
  muluh: commutative('d = a * b unsigned, high half', (a, b, w) => (a * b) >> BigInt(w)),
  mulsh: commutative('d = a * b signed, high half', (a, b, w) => (signed(a, w) * signed(b, w)) >> BigInt(w)),
  mulu2: make(['T', 'T'], ['T', 'T'], [], INT, 'low, high = a * b unsigned', (a: bigint, b: bigint, w: number) => wide2(a * b, w), { commutative: true }),
  muls2: make(['T', 'T'], ['T', 'T'], [], INT, 'low, high = a * b signed',
    (a: bigint, b: bigint, w: number) => wide2(signed(a, w) * signed(b, w), w), { commutative: true }),
  add2: make(['T', 'T'], ['T', 'T', 'T', 'T'], [], INT, 'dl:dh = ah:al + bh:bl, inputs al, ah, bl, bh',
    (al: bigint, ah: bigint, bl: bigint, bh: bigint, w: number) => wide2(((ah << BigInt(w)) | al) + ((bh << BigInt(w)) | bl), w)),
  sub2: make(['T', 'T'], ['T', 'T', 'T', 'T'], [], INT, 'dl:dh = ah:al - bh:bl, inputs al, ah, bl, bh',
    (al: bigint, ah: bigint, bl: bigint, bh: bigint, w: number) => wide2(((ah << BigInt(w)) | al) - ((bh << BigInt(w)) | bl), w)),
  divs: binary('d = a / b signed, toward zero', (a, b, w) => (b === 0n ? 0n : signed(a, w) / signed(b, w)), { unspecified: 'b = 0, or MIN / -1' }),
  divu: binary('d = a / b unsigned', (a, b) => (b === 0n ? 0n : a / b), { unspecified: 'b = 0' }),
  rems: binary('d = a % b signed, sign of a', (a, b, w) => (b === 0n ? 0n : signed(a, w) % signed(b, w)), { unspecified: 'b = 0, or MIN / -1' }),
  remu: binary('d = a % b unsigned', (a, b) => (b === 0n ? 0n : a % b), { unspecified: 'b = 0' }),

  // Logic
  not: unary('d = ~a', (a) => ~a),
  and: commutative('d = a & b', (a, b) => a & b),
  or: commutative('d = a | b', (a, b) => a | b),
  xor: commutative('d = a ^ b', (a, b) => a ^ b),
  andc: binary('d = a & ~b', (a, b) => a & ~b),
  orc: binary('d = a | ~b', (a, b) => a | ~b),
  eqv: commutative('d = ~(a ^ b)', (a, b) => ~(a ^ b)),
  nand: commutative('d = ~(a & b)', (a, b) => ~(a & b)),
  nor: commutative('d = ~(a | b)', (a, b) => ~(a | b)),

  // Shifts and bit fields
  shl: binary('d = a << b', (a, b, w) => a << count(b, w), { unspecified: 'b >= width' }),
  shr: binary('d = a >> b unsigned', (a, b, w) => a >> count(b, w), { unspecified: 'b >= width' }),
  sar: binary('d = a >> b signed', (a, b, w) => signed(a, w) >> count(b, w), { unspecified: 'b >= width' }),
  rotl: binary('d = a rotated left by b', (a, b, w) => (a << count(b, w)) | (a >> (BigInt(w) - count(b, w))), { unspecified: 'b >= width' }),
  rotr: binary('d = a rotated right by b', (a, b, w) => (a >> count(b, w)) | (a << (BigInt(w) - count(b, w))), { unspecified: 'b >= width' }),
  extract: make(['T'], ['T'], ['pos', 'len'], INT, 'd = len bits of a from bit pos, zero-extended',
    (a: bigint, pos: number, len: number) => (a >> BigInt(pos)) & ones(len)),
  sextract: make(['T'], ['T'], ['pos', 'len'], INT, 'd = len bits of a from bit pos, sign-extended',
    (a: bigint, pos: number, len: number) => signed(a >> BigInt(pos), len)),
  deposit: make(['T'], ['T', 'T'], ['pos', 'len'], INT, 'd = a with len bits from bit pos replaced by the low bits of b',
    (a: bigint, b: bigint, pos: number, len: number) => deposit(a, b, pos, len)),
  extract2: make(['T'], ['T', 'T'], ['shift'], INT, 'd = low half of (b:a >> shift), 0 <= shift < width',
    (a: bigint, b: bigint, shift: number, w: number) => ((b << BigInt(w)) | a) >> BigInt(shift)),
  clz: binary('d = a ? leading zeros of a : b', (a, b, w) => (a ? leadingZeros(a, w) : b)),
  ctz: binary('d = a ? trailing zeros of a : b', (a, b) => (a ? trailingZeros(a) : b)),
  ctpop: unary('d = number of one bits in a', (a) => (a ? bits1(a) : 0n)),
  bswap16: unary('d = low 16 bits of a byte-swapped, zero-extended', (a) => byteSwap(a & 0xffffn, 2)),
  bswap32: unary('d = low 32 bits of a byte-swapped, zero-extended', (a) => byteSwap(a & 0xffffffffn, 4)),
  bswap64: convert('i64', 'i64', 'd = a byte-swapped', (a: bigint) => byteSwap(a, 8)),

  // Conditions
  setcond: make(['T'], ['T', 'T'], ['cond'], INT, 'd = a cond b ? 1 : 0', (a: bigint, b: bigint, c: number, w: number) => (compare(a, b, c, w) ? 1n : 0n)),
  negsetcond: make(['T'], ['T', 'T'], ['cond'], INT, 'd = a cond b ? -1 : 0', (a: bigint, b: bigint, c: number, w: number) => (compare(a, b, c, w) ? -1n : 0n)),
  movcond: make(['T'], ['T', 'T', 'T', 'T'], ['cond'], INT, 'd = a cond b ? x : y, inputs a, b, x, y',
    (a: bigint, b: bigint, x: bigint, y: bigint, c: number, w: number) => (compare(a, b, c, w) ? x : y)),

  // Width changes
  ext_i32_i64: convert('i64', 'i32', 'd = a sign-extended', (a: bigint) => signed(a, 32)),
  extu_i32_i64: convert('i64', 'i32', 'd = a zero-extended', (a: bigint) => a),
  extrl_i64_i32: convert('i32', 'i64', 'd = low half of a', (a: bigint) => a),
  extrh_i64_i32: convert('i32', 'i64', 'd = high half of a', (a: bigint) => a >> 32n),
  concat_i32_i64: make(['i64'], ['i32', 'i32'], [], [], 'd = b:a, inputs low, high', (a: bigint, b: bigint) => (b << 32n) | a),

  // Scalar floats (IEEE 754, round to nearest even). Which NaN results is unspecified; that it is a NaN is not.
  fadd: float2('d = a + b', (a, b) => a + b),
  fsub: float2('d = a - b', (a, b) => a - b),
  fmul: float2('d = a * b', (a, b) => a * b),
  fdiv: float2('d = a / b', (a, b) => a / b),
  fsqrt: float1('d = square root of a', Math.sqrt),
  fneg: float1('d = a with its sign inverted', (a) => -a),
  fabs: float1('d = a with its sign cleared', Math.abs),
  ffloor: float1('d = a rounded toward minus infinity', Math.floor),
  fceil: float1('d = a rounded toward plus infinity', Math.ceil),
  ftrunc: float1('d = a rounded toward zero', Math.trunc),
  fnearest: float1('d = a rounded to nearest, ties to even', nearest),
  fsetcond: make(['i32'], ['T', 'T'], ['fcond'], FLOAT, 'd = a cond b ? 1 : 0', (a: number, b: number, c: number) => (fcompare(a, b, c) ? 1n : 0n)),
  fsumodd: make(['i32'], ['T', 'T', 'T'], [], FLOAT, 'd = a or b is denormal, or c is infinite or a NaN ? 1 : 0: else c = a + b raised no exception but inexact',
    (a: number, b: number, c: number, w: number) => BigInt(fl.sumOdd(a, b, c, w))),
  fproductodd: make(['i32'], ['T', 'T', 'T'], [], FLOAT, 'd = as fsumodd, or |c| <= the smallest normal number unless c = 0 and a or b = 0 ? 1 : 0: for c = a * b and a / b',
    (a: number, b: number, c: number, w: number) => BigInt(fl.productOdd(a, b, c, w))),
  fwild: make(['i32'], ['T'], [], FLOAT, 'd = a is a NaN or infinite, or not 0 and |a| is not from 2^-255 to 2^257 (f32: 2^-50 to 2^50) ? 1 : 0',
    (a: number, w: number) => BigInt(fl.wild(a, w))),
  fodd: make(['i32'], ['T'], [], FLOAT, 'd = a is denormal or a NaN ? 1 : 0', (a: number, w: number) => BigInt(fl.odd(a, w))),
  f32_f64: convert('f64', 'f32', 'd = a widened', (a: number) => a),
  f64_f32: convert('f32', 'f64', 'd = a rounded to single', (a: number) => a),
  i32_f32: convert('f32', 'i32', 'd = a as a signed integer', (a: bigint) => Number(signed(a, 32))),
  i32_f64: convert('f64', 'i32', 'd = a as a signed integer', (a: bigint) => Number(signed(a, 32))),
  i64_f32: convert('f32', 'i64', 'd = a as a signed integer, rounded once', (a: bigint) => vec.roundToF32(signed(a, 64))),
  i64_f64: convert('f64', 'i64', 'd = a as a signed integer', (a: bigint) => Number(signed(a, 64))),
  f32_i32: convert('i32', 'f32', 'd = a truncated, saturating, NaN gives 0', (a: number) => saturate(a, 32)),
  f64_i32: convert('i32', 'f64', 'd = a truncated, saturating, NaN gives 0', (a: number) => saturate(a, 32)),
  f32_i64: convert('i64', 'f32', 'd = a truncated, saturating, NaN gives 0', (a: number) => saturate(a, 64)),
  f64_i64: convert('i64', 'f64', 'd = a truncated, saturating, NaN gives 0', (a: number) => saturate(a, 64)),
  bits_i32_f32: convert('f32', 'i32', 'd = the float whose bits are a', (a: bigint) => bitsFloat(a, 32), { unspecified: 'a is a signalling NaN' }),
  bits_i64_f64: convert('f64', 'i64', 'd = the float whose bits are a', (a: bigint) => bitsFloat(a, 64), { unspecified: 'a is a signalling NaN' }),
  bits_f32_i32: convert('i32', 'f32', 'd = the bits of a', (a: number) => floatBits(a, 32), { unspecified: 'a is a NaN' }),
  bits_f64_i64: convert('i64', 'f64', 'd = the bits of a', (a: number) => floatBits(a, 64), { unspecified: 'a is a NaN' }),

  // 128-bit logic
  vand: vec2('d = a & b', vec.bytes2((a, b) => a & b), { commutative: true }),
  vor: vec2('d = a | b', vec.bytes2((a, b) => a | b), { commutative: true }),
  vxor: vec2('d = a ^ b', vec.bytes2((a, b) => a ^ b), { commutative: true }),
  vandc: vec2('d = a & ~b', vec.bytes2((a, b) => a & ~b)),
  vnot: vec1('d = ~a', (a) => a.map((x) => ~x)),
  vbitsel: vec3('d = (a & c) | (b & ~c)', (a, b, c) => a.map((x, i) => (x & c[i]!) | (b[i]! & ~c[i]!))),

  // Integer lanes; the number is the lane width in bits, s and u say how lanes are read
  vadd8: vec2('d = a + b', vec.lanes2(8, (a, b) => a + b), { commutative: true }),
  vadd16: vec2('d = a + b', vec.lanes2(16, (a, b) => a + b), { commutative: true }),
  vadd32: vec2('d = a + b', vec.lanes2(32, (a, b) => a + b), { commutative: true }),
  vadd64: vec2('d = a + b', vec.lanes2(64, (a, b) => a + b), { commutative: true }),
  vsub8: vec2('d = a - b', vec.lanes2(8, (a, b) => a - b)),
  vsub16: vec2('d = a - b', vec.lanes2(16, (a, b) => a - b)),
  vsub32: vec2('d = a - b', vec.lanes2(32, (a, b) => a - b)),
  vsub64: vec2('d = a - b', vec.lanes2(64, (a, b) => a - b)),
  vmul16: vec2('d = a * b, low halves', vec.lanes2(16, (a, b) => a * b), { commutative: true }),
  vmul32: vec2('d = a * b, low halves', vec.lanes2(32, (a, b) => a * b), { commutative: true }),
  vneg8: vec1('d = -a', vec.lanes1(8, (a) => -a)),
  vneg16: vec1('d = -a', vec.lanes1(16, (a) => -a)),
  vneg32: vec1('d = -a', vec.lanes1(32, (a) => -a)),
  vneg64: vec1('d = -a', vec.lanes1(64, (a) => -a)),
  vabs8: vec1('d = |a|', vec.lanes1(8, vec.abs)),
  vabs16: vec1('d = |a|', vec.lanes1(16, vec.abs)),
  vabs32: vec1('d = |a|', vec.lanes1(32, vec.abs)),
  vadds8: vec2('d = a + b, signed saturation', vec.lanes2(8, (a, b) => vec.clampS(a + b, 8)), { commutative: true }),
  vadds16: vec2('d = a + b, signed saturation', vec.lanes2(16, (a, b) => vec.clampS(a + b, 16)), { commutative: true }),
  vaddu8: vec2('d = a + b, unsigned saturation', vec.ulanes2(8, (a, b) => vec.clampU(a + b, 8)), { commutative: true }),
  vaddu16: vec2('d = a + b, unsigned saturation', vec.ulanes2(16, (a, b) => vec.clampU(a + b, 16)), { commutative: true }),
  vsubs8: vec2('d = a - b, signed saturation', vec.lanes2(8, (a, b) => vec.clampS(a - b, 8))),
  vsubs16: vec2('d = a - b, signed saturation', vec.lanes2(16, (a, b) => vec.clampS(a - b, 16))),
  vsubu8: vec2('d = a - b, unsigned saturation', vec.ulanes2(8, (a, b) => vec.clampU(a - b, 8))),
  vsubu16: vec2('d = a - b, unsigned saturation', vec.ulanes2(16, (a, b) => vec.clampU(a - b, 16))),
  vavgu8: vec2('d = (a + b + 1) >> 1 unsigned', vec.ulanes2(8, (a, b) => (a + b + 1n) >> 1n), { commutative: true }),
  vavgu16: vec2('d = (a + b + 1) >> 1 unsigned', vec.ulanes2(16, (a, b) => (a + b + 1n) >> 1n), { commutative: true }),
  vmins8: vec2('d = signed minimum', vec.lanes2(8, vec.min), { commutative: true }),
  vmins16: vec2('d = signed minimum', vec.lanes2(16, vec.min), { commutative: true }),
  vmins32: vec2('d = signed minimum', vec.lanes2(32, vec.min), { commutative: true }),
  vminu8: vec2('d = unsigned minimum', vec.ulanes2(8, vec.min), { commutative: true }),
  vminu16: vec2('d = unsigned minimum', vec.ulanes2(16, vec.min), { commutative: true }),
  vminu32: vec2('d = unsigned minimum', vec.ulanes2(32, vec.min), { commutative: true }),
  vmaxs8: vec2('d = signed maximum', vec.lanes2(8, vec.max), { commutative: true }),
  vmaxs16: vec2('d = signed maximum', vec.lanes2(16, vec.max), { commutative: true }),
  vmaxs32: vec2('d = signed maximum', vec.lanes2(32, vec.max), { commutative: true }),
  vmaxu8: vec2('d = unsigned maximum', vec.ulanes2(8, vec.max), { commutative: true }),
  vmaxu16: vec2('d = unsigned maximum', vec.ulanes2(16, vec.max), { commutative: true }),
  vmaxu32: vec2('d = unsigned maximum', vec.ulanes2(32, vec.max), { commutative: true }),
  vcmpeq8: vec2('d = a == b ? -1 : 0', vec.lanes2(8, vec.eq), { commutative: true }),
  vcmpeq16: vec2('d = a == b ? -1 : 0', vec.lanes2(16, vec.eq), { commutative: true }),
  vcmpeq32: vec2('d = a == b ? -1 : 0', vec.lanes2(32, vec.eq), { commutative: true }),
  vcmpeq64: vec2('d = a == b ? -1 : 0', vec.lanes2(64, vec.eq), { commutative: true }),
  vcmpgts8: vec2('d = a > b signed ? -1 : 0', vec.lanes2(8, vec.gt)),
  vcmpgts16: vec2('d = a > b signed ? -1 : 0', vec.lanes2(16, vec.gt)),
  vcmpgts32: vec2('d = a > b signed ? -1 : 0', vec.lanes2(32, vec.gt)),
  vcmpgts64: vec2('d = a > b signed ? -1 : 0', vec.lanes2(64, vec.gt)),
  vshl16: vshift('d = a << n, n modulo the lane width', vec.shift(16, (a, n) => a << n)),
  vshl32: vshift('d = a << n, n modulo the lane width', vec.shift(32, (a, n) => a << n)),
  vshl64: vshift('d = a << n, n modulo the lane width', vec.shift(64, (a, n) => a << n)),
  vshr16: vshift('d = a >> n unsigned, n modulo the lane width', vec.ushift(16)),
  vshr32: vshift('d = a >> n unsigned, n modulo the lane width', vec.ushift(32)),
  vshr64: vshift('d = a >> n unsigned, n modulo the lane width', vec.ushift(64)),
  vsar8: vshift('d = a >> n signed, n modulo the lane width', vec.shift(8, (a, n) => a >> n)),
  vsar16: vshift('d = a >> n signed, n modulo the lane width', vec.shift(16, (a, n) => a >> n)),
  vsar32: vshift('d = a >> n signed, n modulo the lane width', vec.shift(32, (a, n) => a >> n)),
  vdot16: vec2('d32 = a16 * b16 + the next a16 * b16, signed', vec.dot16, { commutative: true }),
  vmulq15: vec2('d = (a * b + 0x4000) >> 15 signed, saturating', vec.lanes2(16, (a, b) => vec.clampS((a * b + 0x4000n) >> 15n, 16)), { commutative: true }),
  vmulls16: vec2('d32 = a16 * b16 signed, low four lanes', vec.widenMul(16, true, 0), { commutative: true }),
  vmulhs16: vec2('d32 = a16 * b16 signed, high four lanes', vec.widenMul(16, true, 1), { commutative: true }),
  vmullu16: vec2('d32 = a16 * b16 unsigned, low four lanes', vec.widenMul(16, false, 0), { commutative: true }),
  vmulhu16: vec2('d32 = a16 * b16 unsigned, high four lanes', vec.widenMul(16, false, 1), { commutative: true }),
  vmulls32: vec2('d64 = a32 * b32 signed, low two lanes', vec.widenMul(32, true, 0), { commutative: true }),
  vmullu32: vec2('d64 = a32 * b32 unsigned, low two lanes', vec.widenMul(32, false, 0), { commutative: true }),
  vpacks16: vec2('d8 = a16 then b16, signed saturation', vec.pack(16, true)),
  vpacku16: vec2('d8 = a16 then b16 read signed, unsigned saturation', vec.pack(16, false)),
  vpacks32: vec2('d16 = a32 then b32, signed saturation', vec.pack(32, true)),
  vpacku32: vec2('d16 = a32 then b32 read signed, unsigned saturation', vec.pack(32, false)),
  vexts8: vec1('d16 = low eight a8, sign-extended', vec.extend(8, true)),
  vexts16: vec1('d32 = low four a16, sign-extended', vec.extend(16, true)),
  vexts32: vec1('d64 = low two a32, sign-extended', vec.extend(32, true)),
  vextu8: vec1('d16 = low eight a8, zero-extended', vec.extend(8, false)),
  vextu16: vec1('d32 = low four a16, zero-extended', vec.extend(16, false)),
  vextu32: vec1('d64 = low two a32, zero-extended', vec.extend(32, false)),
  vpairs8: vec1('d16 = sums of neighbouring a8, signed', vec.pairwise(8, true)),
  vpairu8: vec1('d16 = sums of neighbouring a8, unsigned', vec.pairwise(8, false)),
  vpairs16: vec1('d32 = sums of neighbouring a16, signed', vec.pairwise(16, true)),
  vpairu16: vec1('d32 = sums of neighbouring a16, unsigned', vec.pairwise(16, false)),
  vctpop8: vec1('d = number of one bits in each a8', (a) => a.map((x) => Number(bits1(BigInt(x))))),

  // Moving lanes
  vshuffle: make(['v128'], ['v128', 'v128'], ['shuffle'], [], 'd[i] = (a ++ b)[s[i]], byte lanes; s is a v128 constant of the pool, 0-31 each',
    (a: Uint8Array, b: Uint8Array, s: Uint8Array) => s.map((i) => (i < 16 ? a[i]! : b[i - 16]!))),
  vswizzle: vec2('d[i] = b[i] < 16 ? a[b[i]] : 0, byte lanes', (a, b) => b.map((i) => (i < 16 ? a[i]! : 0))),
  vsplat8: convert('v128', 'i32', 'd = a in every lane', vec.splat(8)),
  vsplat16: convert('v128', 'i32', 'd = a in every lane', vec.splat(16)),
  vsplat32: convert('v128', 'i32', 'd = a in every lane', vec.splat(32)),
  vsplat64: convert('v128', 'i64', 'd = a in every lane', vec.splat(64)),
  vget8: make(['i32'], ['v128'], ['lane'], [], 'd = lane of a, zero-extended', vec.get(8)),
  vget16: make(['i32'], ['v128'], ['lane'], [], 'd = lane of a, zero-extended', vec.get(16)),
  vget32: make(['i32'], ['v128'], ['lane'], [], 'd = lane of a', vec.get(32)),
  vget64: make(['i64'], ['v128'], ['lane'], [], 'd = lane of a', vec.get(64)),
  vgetf32: make(['f32'], ['v128'], ['lane'], [], 'd = lane of a', (a: Uint8Array, l: number) => bitsFloat(vec.get(32)(a, l), 32), { unspecified: 'the lane is a NaN' }),
  vgetf64: make(['f64'], ['v128'], ['lane'], [], 'd = lane of a', (a: Uint8Array, l: number) => bitsFloat(vec.get(64)(a, l), 64), { unspecified: 'the lane is a NaN' }),
  vset8: make(['v128'], ['v128', 'i32'], ['lane'], [], 'd = a with the lane replaced by b', vec.set(8)),
  vset16: make(['v128'], ['v128', 'i32'], ['lane'], [], 'd = a with the lane replaced by b', vec.set(16)),
  vset32: make(['v128'], ['v128', 'i32'], ['lane'], [], 'd = a with the lane replaced by b', vec.set(32)),
  vset64: make(['v128'], ['v128', 'i64'], ['lane'], [], 'd = a with the lane replaced by b', vec.set(64)),
  vsetf32: make(['v128'], ['v128', 'f32'], ['lane'], [], 'd = a with the lane replaced by b',
    (a: Uint8Array, b: number, l: number) => vec.set(32)(a, floatBits(b, 32), l), { unspecified: 'b is a NaN' }),
  vsetf64: make(['v128'], ['v128', 'f64'], ['lane'], [], 'd = a with the lane replaced by b',
    (a: Uint8Array, b: number, l: number) => vec.set(64)(a, floatBits(b, 64), l), { unspecified: 'b is a NaN' }),
  vbitmask8: vtest('d = top bits of the lanes, lane 0 in bit 0', vec.bitmask(8)),
  vbitmask16: vtest('d = top bits of the lanes, lane 0 in bit 0', vec.bitmask(16)),
  vbitmask32: vtest('d = top bits of the lanes, lane 0 in bit 0', vec.bitmask(32)),
  vbitmask64: vtest('d = top bits of the lanes, lane 0 in bit 0', vec.bitmask(64)),
  vanytrue: vtest('d = a != 0 ? 1 : 0', (a) => (a.some((x) => x !== 0) ? 1n : 0n)),

  // Float lanes
  vaddf32: vec2('d = a + b', vec.f32lanes2((a, b) => a + b)),
  vaddf64: vec2('d = a + b', vec.f64lanes2((a, b) => a + b)),
  vsubf32: vec2('d = a - b', vec.f32lanes2((a, b) => a - b)),
  vsubf64: vec2('d = a - b', vec.f64lanes2((a, b) => a - b)),
  vmulf32: vec2('d = a * b', vec.f32lanes2((a, b) => a * b)),
  vmulf64: vec2('d = a * b', vec.f64lanes2((a, b) => a * b)),
  vdivf32: vec2('d = a / b', vec.f32lanes2((a, b) => a / b)),
  vdivf64: vec2('d = a / b', vec.f64lanes2((a, b) => a / b)),
  vsqrtf32: vec1('d = square root of a', vec.f32lanes1(Math.sqrt)),
  vsqrtf64: vec1('d = square root of a', vec.f64lanes1(Math.sqrt)),
  vcmpeqf32: vec2('d = a == b ? -1 : 0', vec.f32compare((a, b) => a === b)),
  vcmpeqf64: vec2('d = a == b ? -1 : 0', vec.f64compare((a, b) => a === b)),
  vcmpltf32: vec2('d = a < b ? -1 : 0', vec.f32compare((a, b) => a < b)),
  vcmpltf64: vec2('d = a < b ? -1 : 0', vec.f64compare((a, b) => a < b)),
  vcmplef32: vec2('d = a <= b ? -1 : 0', vec.f32compare((a, b) => a <= b)),
  vcmplef64: vec2('d = a <= b ? -1 : 0', vec.f64compare((a, b) => a <= b)),
  vsumoddf32: vodd('d = fsumodd of some lane', fl.anyLane(32, fl.sumOdd)),
  vsumoddf64: vodd('d = fsumodd of some lane', fl.anyLane(64, fl.sumOdd)),
  vproductoddf32: vodd('d = fproductodd of some lane', fl.anyLane(32, fl.productOdd)),
  vproductoddf64: vodd('d = fproductodd of some lane', fl.anyLane(64, fl.productOdd)),
  vwildf32: vtest('d = fwild of some lane', fl.someLane(32, fl.wild)),
  vwildf64: vtest('d = fwild of some lane', fl.someLane(64, fl.wild)),
  vi32_f32: vec1('d = a32 as signed integers', fl.map32((a) => a, 'i32', 'f32')),
  vi32_f64: vec1('d64 = low two a32 as signed integers', fl.map32((a) => a, 'i32', 'f64')),
  vfloorf32: vec1('d = a rounded toward minus infinity', vec.f32lanes1(Math.floor)),
  vfloorf64: vec1('d = a rounded toward minus infinity', vec.f64lanes1(Math.floor)),
  vceilf32: vec1('d = a rounded toward plus infinity', vec.f32lanes1(Math.ceil)),
  vceilf64: vec1('d = a rounded toward plus infinity', vec.f64lanes1(Math.ceil)),
  vtruncf32: vec1('d = a rounded toward zero', vec.f32lanes1(Math.trunc)),
  vtruncf64: vec1('d = a rounded toward zero', vec.f64lanes1(Math.trunc)),
  vnearestf32: vec1('d = a rounded to nearest, ties to even', vec.f32lanes1(nearest)),
  vnearestf64: vec1('d = a rounded to nearest, ties to even', vec.f64lanes1(nearest)),
  vf64_i32: vec1('d32 = both a64 truncated, saturating, NaN gives 0; the upper half is 0', fl.map64ToI32),
  vf32_i32: vec1('d = a32 truncated, saturating, NaN gives 0', fl.map32(fl.saturate32, 'f32', 'i32')),
  vf32_f64: vec1('d64 = low two a32 widened', fl.map32((a) => a, 'f32', 'f64')),
} satisfies Record<string, Row>;

const memory = <const O extends readonly OperandType[], const I extends readonly OperandType[], const M extends readonly ImmKind[]>(
  outs: O, ins: I, imms: M, types: readonly TypeName[], doc: string, flags: OpFlags,
): Row<O, I, M> => ({ outs, ins, imms, types, doc, flags });
const hostLoad = (doc: string) => memory(['T'], ['i32'], ['offset'], INT, doc, {});
const hostStore = (doc: string) => memory([], ['T', 'i32'], ['offset'], INT, doc, { sideEffects: true });
const GUEST = { sideEffects: true, mayFault: true } as const;
const atomic = (doc: string) => memory(['T'], ['i64', 'T'], ['memop', 'mmu'], INT, doc, GUEST);

/**
 * Ops that read or write memory. Host ops take a `HostPtr` (i32) and a constant byte offset; guest ops take a guest virtual
 * address, zero-extended to i64 where the guest's addresses have 32 bits. Atomic ops are indivisible towards other vCPUs,
 * fault as writes, and return the old value, zero-extended or as `SIGN` says.
 */
export const MEMORY_OPS = {
  ld8u: hostLoad('d = zero-extended byte at a + offset'),
  ld8s: hostLoad('d = sign-extended byte at a + offset'),
  ld16u: hostLoad('d = zero-extended 16 bits at a + offset'),
  ld16s: hostLoad('d = sign-extended 16 bits at a + offset'),
  ld32u: memory(['i64'], ['i32'], ['offset'], [], 'd = zero-extended 32 bits at a + offset', {}),
  ld32s: memory(['i64'], ['i32'], ['offset'], [], 'd = sign-extended 32 bits at a + offset', {}),
  ld: memory(['T'], ['i32'], ['offset'], ANY, 'd = T at a + offset', {}),
  st8: hostStore('byte at b + offset = a'),
  st16: hostStore('16 bits at b + offset = a'),
  st32: memory([], ['i64', 'i32'], ['offset'], [], '32 bits at b + offset = a', { sideEffects: true }),
  st: memory([], ['T', 'i32'], ['offset'], ANY, 'T at b + offset = a', { sideEffects: true }),
  qemu_ld: memory(['T'], ['i64'], ['memop', 'mmu'], ['i32', 'i64', 'v128'], 'd = guest memory at a', GUEST),
  qemu_st: memory([], ['T', 'i64'], ['memop', 'mmu'], ['i32', 'i64', 'v128'], 'guest memory at b = a', GUEST),
  atomic_xchg: atomic('d = old guest memory at a; new = b'),
  atomic_fetch_add: atomic('d = old guest memory at a; new = d + b'),
  atomic_fetch_and: atomic('d = old guest memory at a; new = d & b'),
  atomic_fetch_or: atomic('d = old guest memory at a; new = d | b'),
  atomic_fetch_xor: atomic('d = old guest memory at a; new = d ^ b'),
  atomic_cmpxchg: memory(['T'], ['i64', 'T', 'T'], ['memop', 'mmu'], INT,
    'd = old guest memory at a; new = d == b ? c : d (b is compared at the access size); written back either way', GUEST),
} satisfies Record<string, Row>;

const control = <const I extends readonly OperandType[], const M extends readonly ImmKind[]>(
  ins: I, imms: M, types: readonly TypeName[], doc: string, flags: OpFlags,
): Row<readonly [], I, M> => ({ outs: [], ins, imms, types, doc, flags: { sideEffects: true, ...flags } });

/** Ops that steer. Labels are branched to forwards only: a loop is a TB that goes to itself, so that the budget sees every turn. */
export const CONTROL_OPS = {
  insn_start: control([], ['word', 'word', 'word'], [], 'a guest instruction begins: its pc offset in the TB, and two words for the guest', {}),
  set_label: control([], ['label'], [], 'the label is here', { control: true }),
  br: control([], ['label'], [], 'go to the label', { control: true, terminal: true }),
  brcond: control(['T', 'T'], ['cond', 'label'], INT, 'go to the label if a cond b', { control: true }),
  goto_tb: control([], ['slot'], [], 'go on at the guest pc, which is always the same for this slot (0 or 1) and in the page of this TB', { control: true, terminal: true }),
  lookup_and_goto_ptr: control([], [], [], 'go on at the guest pc', { control: true, terminal: true }),
  exit_tb: control([], ['reason'], [], 'return to the engine with Exit.TB and the reason', { control: true, terminal: true }),
  /** Operands: output or -1, helper index, first argument in the call pool, number of arguments. Use `ir.call`. */
  call: control([], ['word', 'word', 'word', 'word'], [], 'call a helper', { mayFault: true }),
  discard: make(['T'], [], [], ANY, 'the value of d is of no interest from here', undefined, {}),
} satisfies Record<string, Row>;

export const OPS = { ...VALUE_OPS, ...MEMORY_OPS, ...CONTROL_OPS };
export type ValueOp = keyof typeof VALUE_OPS;
export type MemoryOp = keyof typeof MEMORY_OPS;
export type ControlOp = keyof typeof CONTROL_OPS;
export type OpName = keyof typeof OPS;

/** Opcode = index of the row. Value ops come first: `opcode < VALUE_OP_COUNT`. */
export const OP_NAMES = Object.keys(OPS) as OpName[];
export const VALUE_OP_COUNT = Object.keys(VALUE_OPS).length;
export const ROWS: readonly Row[] = OP_NAMES.map((name) => OPS[name]);
/** Opcode by name: `Op.add`. */
export const Op = Object.fromEntries(OP_NAMES.map((name, i) => [name, i])) as { readonly [K in OpName]: number };

/** The type of operand `kind` of an op whose T is `t`. */
export const operandType = (kind: OperandType, t: Type): Type => (kind === 'T' ? t : Type[kind]);
