/**
 * Each value op as WebAssembly, written once for every back end. How an operand is fetched and stored is the target's: the
 * JIT keeps temps in Wasm locals, the interpreter loads and stores cells whose addresses it reads from the bytecode.
 *
 * A lowering brackets each output, in order: `t.out(i)`, push the value, `t.put(i)`. Operand numbers count outputs, inputs and
 * immediates as the row does. Immediates of kind cond, fcond and lane are known when Wasm is generated (the interpreter has
 * a case for each value): `t.imm(i)`. All others are known to the JIT only; what depends on them is pushed through
 * `t.i32`, `t.i64` and `t.v128`, which take a function of the immediates: the JIT emits a constant, the interpreter
 * evaluates the function when it encodes bytecode and loads the result from there.
 */
import { I32, I64 } from '@emu/wasm';
import type { FuncBuilder, ValType } from '@emu/wasm';
import { productOdd, sumOdd, vectorProductOdd, vectorSumOdd } from './lower-odd.ts';
import { oddFloat, vectorWild, wildFloat } from './lower-wild.ts';
import type { ValueOp } from './ops.ts';
import { Cond, FCond, Type } from './types.ts';

/** Gives an immediate of the op by operand number. */
export type Immediates = (operand: number) => number;

export interface LowerTarget {
  readonly f: FuncBuilder;
  /** Immediates of every kind are known now; `imm` may be called for all of them. */
  readonly static: boolean;
  /** Pushes input operand `i`. */
  get(i: number): void;
  /** Begins output operand `i`. */
  out(i: number): void;
  /** Pops the value of output operand `i`. */
  put(i: number): void;
  /** A cond, fcond or lane immediate; any immediate when `static`. */
  imm(i: number): number;
  /** Pushes an i32 that depends on immediates. */
  i32(value: (imm: Immediates) => number): void;
  /** Pushes an i64 that depends on immediates, given by its halves. */
  i64(lo: (imm: Immediates) => number, hi: (imm: Immediates) => number): void;
  /** Pushes a v128 that depends on a `shuffle` immediate: 16 bytes computed from the 16 bytes of the pool constant. */
  v128(operand: number, value: (bytes: Uint8Array) => Uint8Array): void;
  /** The 16 bytes of a `shuffle` immediate, when `static`. */
  shuffle(operand: number): Uint8Array;
  /** A scratch Wasm local, to be given back with `free`. */
  tmp(wasmType: ValType): number;
  free(local: number): void;
}

export type Lower = (t: LowerTarget, type: Type) => void;
/** Names of `FuncBuilder` methods that take nothing. */
type Plain = { [K in keyof FuncBuilder]: FuncBuilder[K] extends () => void ? K : never }[keyof FuncBuilder];
type Laned = { [K in keyof FuncBuilder]: FuncBuilder[K] extends (lane: number) => void ? K : never }[keyof FuncBuilder];

const is64 = (type: Type) => type === Type.i64;
/** Runs an instruction of either width. */
const pick = (t: LowerTarget, type: Type, narrow: Plain, wide: Plain): void => { t.f[is64(type) || type === Type.f64 ? wide : narrow](); };
const constant = (t: LowerTarget, type: Type, value: number) => (is64(type) ? t.f.i64Const(value, value >> 31) : t.f.i32Const(value));
const width = (type: Type) => (is64(type) ? 64 : 32);

const op1 = (narrow: Plain, wide: Plain): Lower => (t, type) => { t.out(0); t.get(1); pick(t, type, narrow, wide); t.put(0); };
const op2 = (narrow: Plain, wide: Plain): Lower => (t, type) => { t.out(0); t.get(1); t.get(2); pick(t, type, narrow, wide); t.put(0); };
/** d = ~(a op b) */
const inverted = (narrow: Plain, wide: Plain): Lower => (t, type) => {
  t.out(0);
  t.get(1);
  t.get(2);
  pick(t, type, narrow, wide);
  invert(t, type);
  t.put(0);
};
/** d = a op ~b */
const withInverted = (narrow: Plain, wide: Plain): Lower => (t, type) => {
  t.out(0);
  t.get(1);
  t.get(2);
  invert(t, type);
  pick(t, type, narrow, wide);
  t.put(0);
};
const invert = (t: LowerTarget, type: Type) => {
  constant(t, type, -1);
  pick(t, type, 'i32Xor', 'i64Xor');
};
const v1 = (name: Plain): Lower => (t) => { t.out(0); t.get(1); t.f[name](); t.put(0); };
const v2 = (name: Plain): Lower => (t) => { t.out(0); t.get(1); t.get(2); t.f[name](); t.put(0); };
const vget = (name: Laned): Lower => (t) => { t.out(0); t.get(1); t.f[name](t.imm(2)); t.put(0); };
const vset = (name: Laned): Lower => (t) => { t.out(0); t.get(1); t.get(2); t.f[name](t.imm(3)); t.put(0); };

const COMPARE: Readonly<Record<number, readonly [Plain, Plain]>> = {
  [Cond.eq]: ['i32Eq', 'i64Eq'], [Cond.ne]: ['i32Ne', 'i64Ne'],
  [Cond.lt]: ['i32LtS', 'i64LtS'], [Cond.ge]: ['i32GeS', 'i64GeS'], [Cond.le]: ['i32LeS', 'i64LeS'], [Cond.gt]: ['i32GtS', 'i64GtS'],
  [Cond.ltu]: ['i32LtU', 'i64LtU'], [Cond.geu]: ['i32GeU', 'i64GeU'], [Cond.leu]: ['i32LeU', 'i64LeU'], [Cond.gtu]: ['i32GtU', 'i64GtU'],
};

/** Pushes operands `a cond b` as an i32 truth value. Back ends use it for `brcond` too. */
export function emitCompare(t: LowerTarget, type: Type, a: number, b: number, cond: number): void {
  t.get(a);
  t.get(b);
  const compare = COMPARE[cond];
  if (compare) return pick(t, type, compare[0], compare[1]);
  pick(t, type, 'i32And', 'i64And');
  pick(t, type, 'i32Eqz', 'i64Eqz');
  if (cond === Cond.tstne) t.f.i32Eqz();
}

const setcond: Lower = (t, type) => {
  t.out(0);
  emitCompare(t, type, 1, 2, t.imm(3));
  if (is64(type)) t.f.i64ExtendI32U();
  t.put(0);
};
const negsetcond: Lower = (t, type) => {
  t.out(0);
  constant(t, type, 0);
  emitCompare(t, type, 1, 2, t.imm(3));
  if (is64(type)) t.f.i64ExtendI32U();
  pick(t, type, 'i32Sub', 'i64Sub');
  t.put(0);
};
const movcond: Lower = (t, type) => {
  t.out(0);
  t.get(3);
  t.get(4);
  emitCompare(t, type, 1, 2, t.imm(5));
  t.f.select();
  t.put(0);
};

const FCOMPARE: Readonly<Record<number, readonly [Plain, Plain]>> = {
  [FCond.eq]: ['f32Eq', 'f64Eq'], [FCond.ne]: ['f32Ne', 'f64Ne'], [FCond.lt]: ['f32Lt', 'f64Lt'], [FCond.le]: ['f32Le', 'f64Le'],
  [FCond.gt]: ['f32Gt', 'f64Gt'], [FCond.ge]: ['f32Ge', 'f64Ge'],
};
const fsetcond: Lower = (t, type) => {
  const cond = t.imm(3), compare = FCOMPARE[cond];
  t.out(0);
  if (compare) {
    t.get(1);
    t.get(2);
    pick(t, type, compare[0], compare[1]);
  } else { // a NaN is what differs from itself
    for (const i of [1, 2]) {
      t.get(i);
      t.get(i);
      if (cond === FCond.un) pick(t, type, 'f32Ne', 'f64Ne');
      else pick(t, type, 'f32Eq', 'f64Eq');
    }
    if (cond === FCond.un) t.f.i32Or();
    else t.f.i32And();
  }
  t.put(0);
};

/** Pushes a value of type T that depends on immediates. */
const immT = (t: LowerTarget, type: Type, lo: (imm: Immediates) => number, hi: (imm: Immediates) => number) =>
  (is64(type) ? t.i64(lo, hi) : t.i32(lo));
const zero = () => 0;
const shiftBy = (t: LowerTarget, type: Type, amount: (imm: Immediates) => number) => immT(t, type, amount, zero);
/** Halves of the mask of `len` ones from bit `pos`. */
const maskLo = (pos: number, len: number) => low(pos + len) & ~low(pos);
const maskHi = (pos: number, len: number) => low(pos + len - 32) & ~low(pos - 32);
const low = (n: number) => (n <= 0 ? 0 : n >= 32 ? -1 : (1 << n) - 1);

const extract: Lower = (t, type) => {
  t.out(0);
  t.get(1);
  const known = t.static, pos = known ? t.imm(2) : 0, len = known ? t.imm(3) : 0;
  if (!known || pos > 0) {
    shiftBy(t, type, (imm) => imm(2));
    pick(t, type, 'i32ShrU', 'i64ShrU');
  }
  if (!known || pos + len < width(type)) {
    immT(t, type, (imm) => maskLo(0, imm(3)), (imm) => maskHi(0, imm(3)));
    pick(t, type, 'i32And', 'i64And');
  }
  t.put(0);
};

const EXTEND: Readonly<Record<number, readonly [Plain, Plain]>> = {
  8: ['i32Extend8S', 'i64Extend8S'], 16: ['i32Extend16S', 'i64Extend16S'], 32: ['i32Extend8S', 'i64Extend32S'],
};
const sextract: Lower = (t, type) => {
  const w = width(type);
  t.out(0);
  t.get(1);
  const extend = t.static && t.imm(2) === 0 && t.imm(3) < w ? EXTEND[t.imm(3)] : undefined;
  if (extend) pick(t, type, extend[0], extend[1]);
  else {
    shiftBy(t, type, (imm) => w - imm(2) - imm(3));
    pick(t, type, 'i32Shl', 'i64Shl');
    shiftBy(t, type, (imm) => w - imm(3));
    pick(t, type, 'i32ShrS', 'i64ShrS');
  }
  t.put(0);
};

const deposit: Lower = (t, type) => {
  t.out(0);
  t.get(1);
  immT(t, type, (imm) => ~maskLo(imm(3), imm(4)), (imm) => ~maskHi(imm(3), imm(4)));
  pick(t, type, 'i32And', 'i64And');
  t.get(2);
  if (t.static && t.imm(3) + t.imm(4) === width(type)) {
    shiftBy(t, type, (imm) => imm(3));
    pick(t, type, 'i32Shl', 'i64Shl');
  } else {
    immT(t, type, (imm) => maskLo(0, imm(4)), (imm) => maskHi(0, imm(4)));
    pick(t, type, 'i32And', 'i64And');
    if (!t.static || t.imm(3) > 0) {
      shiftBy(t, type, (imm) => imm(3));
      pick(t, type, 'i32Shl', 'i64Shl');
    }
  }
  pick(t, type, 'i32Or', 'i64Or');
  t.put(0);
};

/** Shifts b in two steps, so that a shift count of 0 needs no case of its own. */
const extract2: Lower = (t, type) => {
  t.out(0);
  t.get(1);
  shiftBy(t, type, (imm) => imm(3));
  pick(t, type, 'i32ShrU', 'i64ShrU');
  t.get(2);
  constant(t, type, 1);
  pick(t, type, 'i32Shl', 'i64Shl');
  shiftBy(t, type, (imm) => width(type) - 1 - imm(3));
  pick(t, type, 'i32Shl', 'i64Shl');
  pick(t, type, 'i32Or', 'i64Or');
  t.put(0);
};

/** d = a ? count(a) : b */
const countZeros = (narrow: Plain, wide: Plain): Lower => (t, type) => {
  t.out(0);
  t.get(1);
  pick(t, type, narrow, wide);
  t.get(2);
  t.get(1);
  if (is64(type)) {
    t.f.i64Eqz();
    t.f.i32Eqz();
  }
  t.f.select();
  t.put(0);
};

/** Swaps bytes by exchanging halves, quarters, ... below `bits`. */
const byteSwap = (bits: 16 | 32 | 64): Lower => (t, type) => {
  const f = t.f, v = t.tmp(is64(type) ? I64 : I32);
  const constHalves = (lo: number, hi: number) => (is64(type) ? f.i64Const(lo, hi) : f.i32Const(lo));
  t.get(1);
  if (bits < 64) {
    constHalves(bits === 16 ? 0xffff : -1, 0);
    pick(t, type, 'i32And', 'i64And');
  }
  f.localSet(v);
  for (let step = 8; step < bits; step *= 2) {
    const mask = step === 8 ? 0x00ff00ff : step === 16 ? 0x0000ffff : -1;
    const upper = step === 32 ? 0 : bits === 64 ? mask : 0;
    const lower = bits === 16 ? 0xff : mask;
    f.localGet(v);
    constant(t, type, step);
    pick(t, type, 'i32ShrU', 'i64ShrU');
    constHalves(lower, upper);
    pick(t, type, 'i32And', 'i64And');
    f.localGet(v);
    constHalves(lower, upper);
    pick(t, type, 'i32And', 'i64And');
    constant(t, type, step);
    pick(t, type, 'i32Shl', 'i64Shl');
    pick(t, type, 'i32Or', 'i64Or');
    f.localSet(v);
  }
  t.out(0);
  f.localGet(v);
  t.put(0);
  t.free(v);
};

/** Pushes a 32-bit operand as i64. */
const widen32 = (t: LowerTarget, operand: number, signed: boolean) => {
  t.get(operand);
  if (signed) t.f.i64ExtendI32S();
  else t.f.i64ExtendI32U();
};
const product32 = (t: LowerTarget, a: number, b: number, signed: boolean) => {
  widen32(t, a, signed);
  widen32(t, b, signed);
  t.f.i64Mul();
};
const HALF = 32;
/** Pushes the high half of the 64 x 64 -> 128 product of operands a and b: schoolbook on 32-bit digits. */
function highProduct64(t: LowerTarget, a: number, b: number, signed: boolean): void {
  const f = t.f;
  const x = t.tmp(I64), y = t.tmp(I64), low = t.tmp(I64), mid = t.tmp(I64);
  const digit = (v: number, high: boolean) => {
    f.localGet(v);
    if (high) {
      f.i64Const(HALF, 0);
      f.i64ShrU();
    } else {
      f.i64Const(-1, 0);
      f.i64And();
    }
  };
  const partial = (xHigh: boolean, yHigh: boolean) => { digit(x, xHigh); digit(y, yHigh); f.i64Mul(); };
  t.get(a);
  f.localSet(x);
  t.get(b);
  f.localSet(y);
  // low = xh * yl + (xl * yl >> 32); it cannot overflow
  partial(true, false);
  partial(false, false);
  f.i64Const(HALF, 0);
  f.i64ShrU();
  f.i64Add();
  f.localSet(low);
  // mid = xl * yh + (low mod 2^32)
  partial(false, true);
  digit(low, false);
  f.i64Add();
  f.localSet(mid);
  partial(true, true);
  digit(low, true);
  f.i64Add();
  digit(mid, true);
  f.i64Add();
  if (signed) {
    for (const [sign, other] of [[x, y], [y, x]] as const) { // a negative operand counts 2^64 too much
      f.localGet(sign);
      f.i64Const(63, 0);
      f.i64ShrS();
      f.localGet(other);
      f.i64And();
      f.i64Sub();
    }
  }
  for (const v of [x, y, low, mid]) t.free(v);
}
const multiplyHigh = (signed: boolean): Lower => (t, type) => {
  t.out(0);
  if (is64(type)) highProduct64(t, 1, 2, signed);
  else {
    product32(t, 1, 2, signed);
    t.f.i64Const(HALF, 0);
    t.f.i64ShrU();
    t.f.i32WrapI64();
  }
  t.put(0);
};
/** Outputs may be inputs too: both results are in locals before the first is stored. */
const multiplyWide = (signed: boolean): Lower => (t, type) => {
  const f = t.f, lo = t.tmp(I64), hi = t.tmp(I64);
  if (is64(type)) {
    t.get(2);
    t.get(3);
    f.i64Mul();
    f.localSet(lo);
    highProduct64(t, 2, 3, signed);
    f.localSet(hi);
  } else {
    product32(t, 2, 3, signed);
    f.localTee(lo);
    f.i64Const(HALF, 0);
    f.i64ShrU();
    f.localSet(hi);
  }
  putPair(t, type, lo, hi);
};
function putPair(t: LowerTarget, type: Type, lo: number, hi: number): void {
  [lo, hi].forEach((local, i) => {
    t.out(i);
    t.f.localGet(local);
    if (!is64(type)) t.f.i32WrapI64();
    t.put(i);
    t.free(local);
  });
}
/** Operands 2..5: al, ah, bl, bh. The carry or borrow is an unsigned comparison of the low halves. */
const addPair = (subtract: boolean): Lower => (t, type) => {
  const f = t.f, lo = t.tmp(I64), hi = t.tmp(I64);
  const get = (i: number) => (is64(type) ? t.get(i) : widen32(t, i, false));
  const combine = () => (subtract ? f.i64Sub() : f.i64Add());
  get(2);
  get(4);
  combine();
  f.localSet(lo);
  get(3);
  get(5);
  combine();
  if (is64(type)) {
    if (subtract) { get(2); get(4); } else { f.localGet(lo); get(2); }
    f.i64LtU();
    f.i64ExtendI32U();
  } else { // bit 32 of the 64-bit sum or difference
    f.localGet(lo);
    f.i64Const(HALF, 0);
    f.i64ShrU();
    f.i64Const(1, 0);
    f.i64And();
  }
  combine();
  f.localSet(hi);
  putPair(t, type, lo, hi);
};

/** Wasm traps where the row says unspecified: b = 0 becomes 1, and so does b = -1 with a = MIN. */
const divide = (narrow: Plain, wide: Plain, signed: boolean, remainder: boolean): Lower => (t, type) => {
  const f = t.f, w = is64(type) ? I64 : I32, b = t.tmp(w);
  t.get(2);
  f.localTee(b);
  constant(t, type, 1);
  f.localGet(b);
  pick(t, type, 'i32Eqz', 'i64Eqz');
  if (signed && !remainder) {
    f.localGet(b);
    constant(t, type, -1);
    pick(t, type, 'i32Eq', 'i64Eq');
    t.get(1);
    if (is64(type)) f.i64Const(0, 0x80000000 | 0);
    else f.i32Const(0x80000000 | 0);
    pick(t, type, 'i32Eq', 'i64Eq');
    f.i32And();
    f.i32Or();
  }
  f.i32Eqz();
  f.select();
  f.localSet(b);
  t.out(0);
  t.get(1);
  f.localGet(b);
  pick(t, type, narrow, wide);
  t.put(0);
  t.free(b);
};

/** Two swizzles stand in for a shuffle whose lanes are not known when Wasm is generated. */
const shuffle: Lower = (t) => {
  t.out(0);
  t.get(1);
  if (t.static) {
    t.get(2);
    t.f.i8x16Shuffle(t.shuffle(3));
  } else {
    t.v128(3, (s) => s);
    t.f.i8x16Swizzle();
    t.get(2);
    t.v128(3, (s) => s.map((i) => (i < 16 ? 255 : i - 16)));
    t.f.i8x16Swizzle();
    t.f.v128Or();
  }
  t.put(0);
};

/** A copy; the type says nothing about the instruction, operands move as they are. */
const move: Lower = (t) => { t.out(0); t.get(1); t.put(0); };

export const LOWER: Record<ValueOp, Lower> = {
  mov: move,
  add: op2('i32Add', 'i64Add'),
  sub: op2('i32Sub', 'i64Sub'),
  mul: op2('i32Mul', 'i64Mul'),
  neg: (t, type) => { t.out(0); constant(t, type, 0); t.get(1); pick(t, type, 'i32Sub', 'i64Sub'); t.put(0); },
  muluh: multiplyHigh(false),
  mulsh: multiplyHigh(true),
  mulu2: multiplyWide(false),
  muls2: multiplyWide(true),
  add2: addPair(false),
  sub2: addPair(true),
  divs: divide('i32DivS', 'i64DivS', true, false),
  divu: divide('i32DivU', 'i64DivU', false, false),
  rems: divide('i32RemS', 'i64RemS', true, true),
  remu: divide('i32RemU', 'i64RemU', false, true),
  not: (t, type) => { t.out(0); t.get(1); invert(t, type); t.put(0); },
  and: op2('i32And', 'i64And'),
  or: op2('i32Or', 'i64Or'),
  xor: op2('i32Xor', 'i64Xor'),
  andc: withInverted('i32And', 'i64And'),
  orc: withInverted('i32Or', 'i64Or'),
  eqv: inverted('i32Xor', 'i64Xor'),
  nand: inverted('i32And', 'i64And'),
  nor: inverted('i32Or', 'i64Or'),
  shl: op2('i32Shl', 'i64Shl'),
  shr: op2('i32ShrU', 'i64ShrU'),
  sar: op2('i32ShrS', 'i64ShrS'),
  rotl: op2('i32Rotl', 'i64Rotl'),
  rotr: op2('i32Rotr', 'i64Rotr'),
  extract,
  sextract,
  deposit,
  extract2,
  clz: countZeros('i32Clz', 'i64Clz'),
  ctz: countZeros('i32Ctz', 'i64Ctz'),
  ctpop: op1('i32Popcnt', 'i64Popcnt'),
  bswap16: byteSwap(16),
  bswap32: byteSwap(32),
  bswap64: (t) => byteSwap(64)(t, Type.i64),
  setcond,
  negsetcond,
  movcond,
  ext_i32_i64: v1('i64ExtendI32S'),
  extu_i32_i64: v1('i64ExtendI32U'),
  extrl_i64_i32: v1('i32WrapI64'),
  extrh_i64_i32: (t) => { t.out(0); t.get(1); t.f.i64Const(32, 0); t.f.i64ShrU(); t.f.i32WrapI64(); t.put(0); },
  concat_i32_i64: (t) => {
    t.out(0);
    t.get(1);
    t.f.i64ExtendI32U();
    t.get(2);
    t.f.i64ExtendI32U();
    t.f.i64Const(32, 0);
    t.f.i64Shl();
    t.f.i64Or();
    t.put(0);
  },

  fadd: op2('f32Add', 'f64Add'),
  fsub: op2('f32Sub', 'f64Sub'),
  fmul: op2('f32Mul', 'f64Mul'),
  fdiv: op2('f32Div', 'f64Div'),
  fsqrt: op1('f32Sqrt', 'f64Sqrt'),
  fneg: op1('f32Neg', 'f64Neg'),
  fabs: op1('f32Abs', 'f64Abs'),
  ffloor: op1('f32Floor', 'f64Floor'),
  fceil: op1('f32Ceil', 'f64Ceil'),
  ftrunc: op1('f32Trunc', 'f64Trunc'),
  fnearest: op1('f32Nearest', 'f64Nearest'),
  fsetcond,
  fsumodd: sumOdd,
  fproductodd: productOdd,
  fwild: wildFloat,
  fodd: oddFloat,
  f32_f64: v1('f64PromoteF32'),
  f64_f32: v1('f32DemoteF64'),
  i32_f32: v1('f32ConvertI32S'),
  i32_f64: v1('f64ConvertI32S'),
  i64_f32: v1('f32ConvertI64S'),
  i64_f64: v1('f64ConvertI64S'),
  f32_i32: v1('i32TruncSatF32S'),
  f64_i32: v1('i32TruncSatF64S'),
  f32_i64: v1('i64TruncSatF32S'),
  f64_i64: v1('i64TruncSatF64S'),
  bits_i32_f32: v1('f32ReinterpretI32'),
  bits_i64_f64: v1('f64ReinterpretI64'),
  bits_f32_i32: v1('i32ReinterpretF32'),
  bits_f64_i64: v1('i64ReinterpretF64'),

  vand: v2('v128And'),
  vor: v2('v128Or'),
  vxor: v2('v128Xor'),
  vandc: v2('v128Andnot'),
  vnot: v1('v128Not'),
  vbitsel: (t) => { t.out(0); t.get(1); t.get(2); t.get(3); t.f.v128Bitselect(); t.put(0); },
  vadd8: v2('i8x16Add'),
  vadd16: v2('i16x8Add'),
  vadd32: v2('i32x4Add'),
  vadd64: v2('i64x2Add'),
  vsub8: v2('i8x16Sub'),
  vsub16: v2('i16x8Sub'),
  vsub32: v2('i32x4Sub'),
  vsub64: v2('i64x2Sub'),
  vmul16: v2('i16x8Mul'),
  vmul32: v2('i32x4Mul'),
  vneg8: v1('i8x16Neg'),
  vneg16: v1('i16x8Neg'),
  vneg32: v1('i32x4Neg'),
  vneg64: v1('i64x2Neg'),
  vabs8: v1('i8x16Abs'),
  vabs16: v1('i16x8Abs'),
  vabs32: v1('i32x4Abs'),
  vadds8: v2('i8x16AddSatS'),
  vadds16: v2('i16x8AddSatS'),
  vaddu8: v2('i8x16AddSatU'),
  vaddu16: v2('i16x8AddSatU'),
  vsubs8: v2('i8x16SubSatS'),
  vsubs16: v2('i16x8SubSatS'),
  vsubu8: v2('i8x16SubSatU'),
  vsubu16: v2('i16x8SubSatU'),
  vavgu8: v2('i8x16AvgrU'),
  vavgu16: v2('i16x8AvgrU'),
  vmins8: v2('i8x16MinS'),
  vmins16: v2('i16x8MinS'),
  vmins32: v2('i32x4MinS'),
  vminu8: v2('i8x16MinU'),
  vminu16: v2('i16x8MinU'),
  vminu32: v2('i32x4MinU'),
  vmaxs8: v2('i8x16MaxS'),
  vmaxs16: v2('i16x8MaxS'),
  vmaxs32: v2('i32x4MaxS'),
  vmaxu8: v2('i8x16MaxU'),
  vmaxu16: v2('i16x8MaxU'),
  vmaxu32: v2('i32x4MaxU'),
  vcmpeq8: v2('i8x16Eq'),
  vcmpeq16: v2('i16x8Eq'),
  vcmpeq32: v2('i32x4Eq'),
  vcmpeq64: v2('i64x2Eq'),
  vcmpgts8: v2('i8x16GtS'),
  vcmpgts16: v2('i16x8GtS'),
  vcmpgts32: v2('i32x4GtS'),
  vcmpgts64: v2('i64x2GtS'),
  vshl16: v2('i16x8Shl'),
  vshl32: v2('i32x4Shl'),
  vshl64: v2('i64x2Shl'),
  vshr16: v2('i16x8ShrU'),
  vshr32: v2('i32x4ShrU'),
  vshr64: v2('i64x2ShrU'),
  vsar8: v2('i8x16ShrS'),
  vsar16: v2('i16x8ShrS'),
  vsar32: v2('i32x4ShrS'),
  vdot16: v2('i32x4DotI16x8S'),
  vmulq15: v2('i16x8Q15mulrSatS'),
  vmulls16: v2('i32x4ExtmulLowI16x8S'),
  vmulhs16: v2('i32x4ExtmulHighI16x8S'),
  vmullu16: v2('i32x4ExtmulLowI16x8U'),
  vmulhu16: v2('i32x4ExtmulHighI16x8U'),
  vmulls32: v2('i64x2ExtmulLowI32x4S'),
  vmullu32: v2('i64x2ExtmulLowI32x4U'),
  vpacks16: v2('i8x16NarrowI16x8S'),
  vpacku16: v2('i8x16NarrowI16x8U'),
  vpacks32: v2('i16x8NarrowI32x4S'),
  vpacku32: v2('i16x8NarrowI32x4U'),
  vexts8: v1('i16x8ExtendLowI8x16S'),
  vexts16: v1('i32x4ExtendLowI16x8S'),
  vexts32: v1('i64x2ExtendLowI32x4S'),
  vextu8: v1('i16x8ExtendLowI8x16U'),
  vextu16: v1('i32x4ExtendLowI16x8U'),
  vextu32: v1('i64x2ExtendLowI32x4U'),
  vpairs8: v1('i16x8ExtaddPairwiseI8x16S'),
  vpairu8: v1('i16x8ExtaddPairwiseI8x16U'),
  vpairs16: v1('i32x4ExtaddPairwiseI16x8S'),
  vpairu16: v1('i32x4ExtaddPairwiseI16x8U'),
  vctpop8: v1('i8x16Popcnt'),
  vshuffle: shuffle,
  vswizzle: v2('i8x16Swizzle'),
  vsplat8: v1('i8x16Splat'),
  vsplat16: v1('i16x8Splat'),
  vsplat32: v1('i32x4Splat'),
  vsplat64: v1('i64x2Splat'),
  vget8: vget('i8x16ExtractLaneU'),
  vget16: vget('i16x8ExtractLaneU'),
  vget32: vget('i32x4ExtractLane'),
  vget64: vget('i64x2ExtractLane'),
  vgetf32: vget('f32x4ExtractLane'),
  vgetf64: vget('f64x2ExtractLane'),
  vset8: vset('i8x16ReplaceLane'),
  vset16: vset('i16x8ReplaceLane'),
  vset32: vset('i32x4ReplaceLane'),
  vset64: vset('i64x2ReplaceLane'),
  vsetf32: vset('f32x4ReplaceLane'),
  vsetf64: vset('f64x2ReplaceLane'),
  vbitmask8: v1('i8x16Bitmask'),
  vbitmask16: v1('i16x8Bitmask'),
  vbitmask32: v1('i32x4Bitmask'),
  vbitmask64: v1('i64x2Bitmask'),
  vanytrue: v1('v128AnyTrue'),
  vaddf32: v2('f32x4Add'),
  vaddf64: v2('f64x2Add'),
  vsubf32: v2('f32x4Sub'),
  vsubf64: v2('f64x2Sub'),
  vmulf32: v2('f32x4Mul'),
  vmulf64: v2('f64x2Mul'),
  vdivf32: v2('f32x4Div'),
  vdivf64: v2('f64x2Div'),
  vsqrtf32: v1('f32x4Sqrt'),
  vsqrtf64: v1('f64x2Sqrt'),
  vcmpeqf32: v2('f32x4Eq'),
  vcmpeqf64: v2('f64x2Eq'),
  vcmpltf32: v2('f32x4Lt'),
  vcmpltf64: v2('f64x2Lt'),
  vcmplef32: v2('f32x4Le'),
  vcmplef64: v2('f64x2Le'),
  vsumoddf32: vectorSumOdd.f32,
  vsumoddf64: vectorSumOdd.f64,
  vproductoddf32: vectorProductOdd.f32,
  vproductoddf64: vectorProductOdd.f64,
  vwildf32: vectorWild.f32,
  vwildf64: vectorWild.f64,
  vfloorf32: v1('f32x4Floor'),
  vfloorf64: v1('f64x2Floor'),
  vceilf32: v1('f32x4Ceil'),
  vceilf64: v1('f64x2Ceil'),
  vtruncf32: v1('f32x4Trunc'),
  vtruncf64: v1('f64x2Trunc'),
  vnearestf32: v1('f32x4Nearest'),
  vnearestf64: v1('f64x2Nearest'),
  vf64_i32: v1('i32x4TruncSatF64x2SZero'),
  vi32_f32: v1('f32x4ConvertI32x4S'),
  vi32_f64: v1('f64x2ConvertLowI32x4S'),
  vf32_i32: v1('i32x4TruncSatF32x4S'),
  vf32_f64: v1('f64x2PromoteLowF32x4'),
};
