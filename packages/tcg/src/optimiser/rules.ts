/**
 * Folding rules by opcode: constants, identities, known zero bits, and pairs of ops that one op can do. A rule looks at the op at `i` (operands
 * from `p` on), whose inputs are replaced by what they are copies of already. It turns the op into `mov`, or into a simpler op, or leaves
 * it and says which bits of the result may be ones. Ops without a rule are folded through their reference function when all inputs are constants.
 */
import { MemOp, Type } from '../types.ts';
import type { OpName } from '../ops.ts';
import { Op, OP_NAMES } from '../ops.ts';
import { foldMovcond, foldNegsetcond, foldSetcond } from './compare.ts';
import type { Folder } from './folder.ts';
import { widthOf } from './folder.ts';
import { bitLength, onesHi, onesLo } from './pair.ts';

export type Rule = (f: Folder, i: number, p: number, type: Type) => void;

const bothConst = (f: Folder, p: number): boolean => f.isConst(f.ir.args[p + 1]!) && f.isConst(f.ir.args[p + 2]!);

const add: Rule = (f, i, p, type) => {
  f.constantSecond(p);
  const args = f.ir.args, a = args[p + 1]!, b = args[p + 2]!;
  if (bothConst(f, p)) {
    f.pair.add(f.lo(a), f.hi(a), f.lo(b), f.hi(b));
    return f.constantPair(i, type);
  }
  if (f.isConstValue(b, 0)) return f.copy(i, a);
  if (f.isConst(b) && addToSum(f, p, type, a, b)) return add(f, i, p, type);
  sumMask(f, a, b, type);
};

/** (x + c) + b = x + (c + b) */
function addToSum(f: Folder, p: number, type: Type, a: number, b: number): boolean {
  const inner = f.definedBy(a, Op.add, type);
  if (inner < 0) return false;
  const x = f.inputOf(inner, 1), c = f.immOf(inner, 2);
  if (x < 0 || !f.isConst(c) || f.isConst(x)) return false;
  f.pair.add(f.lo(c), f.hi(c), f.lo(b), f.hi(b));
  const sum = type === Type.i64 ? f.ir.const64(f.pair.lo, f.pair.hi) : f.ir.const32(f.pair.lo);
  f.ir.args[p + 1] = x;
  f.ir.args[p + 2] = sum;
  return true;
}

function sumMask(f: Folder, a: number, b: number, type: Type): void {
  const { facts } = f;
  const n = Math.max(bitLength(facts.maskLo(a), facts.maskHi(a)), bitLength(facts.maskLo(b), facts.maskHi(b)));
  if (n < widthOf(type)) f.maskBits(n + 1);
}

const sub: Rule = (f, i, p, type) => {
  const args = f.ir.args, a = args[p + 1]!, b = args[p + 2]!;
  if (f.same(a, b)) return f.constant(i, type, 0, 0);
  if (f.isConst(b)) { // a - c = a + -c, which sums of constants like better
    f.pair.sub(0, 0, f.lo(b), f.hi(b));
    const minus = type === Type.i64 ? f.ir.const64(f.pair.lo, f.pair.hi) : f.ir.const32(f.pair.lo);
    f.ir.args[p + 2] = minus;
    f.ir.op[i] = Op.add;
    return add(f, i, p, type);
  }
  if (!f.isConstValue(a, 0)) return;
  f.ir.op[i] = Op.neg;
  args[p + 1] = b;
};

const mul: Rule = (f, i, p, type) => {
  f.constantSecond(p);
  const args = f.ir.args, a = args[p + 1]!, b = args[p + 2]!;
  if (!f.isConst(b)) return;
  if (f.isConst(a)) {
    f.pair.mul(f.lo(a), f.hi(a), f.lo(b), f.hi(b));
    return f.constantPair(i, type);
  }
  const lo = f.lo(b), hi = f.hi(b);
  if (lo === 0 && hi === 0) return f.copy(i, b);
  if (lo === 1 && hi === 0) return f.copy(i, a);
  const bits = (lo === 0 ? 32 : 31 - Math.clz32(lo)) + (hi === 0 ? 0 : 31 - Math.clz32(hi));
  if (lo !== 0 && hi !== 0 || (lo & (lo - 1)) !== 0 || (hi & (hi - 1)) !== 0) return;
  const count = f.ir.constant(type, bits);
  f.ir.args[p + 2] = count;
  f.ir.op[i] = Op.shl;
  shl(f, i, p, type);
};

const neg: Rule = (f, i, p, type) => {
  const a = f.ir.args[p + 1]!;
  if (!f.isConst(a)) return;
  f.pair.sub(0, 0, f.lo(a), f.hi(a));
  f.constantPair(i, type);
};

const not: Rule = (f, i, p, type) => {
  const a = f.ir.args[p + 1]!;
  if (f.isConst(a)) f.constant(i, type, ~f.lo(a), ~f.hi(a));
};

const and: Rule = (f, i, p, type) => {
  f.constantSecond(p);
  const { args } = f.ir, { facts } = f, a = args[p + 1]!, b = args[p + 2]!;
  if (f.same(a, b)) return f.copy(i, a);
  const lo = facts.maskLo(a) & facts.maskLo(b), hi = facts.maskHi(a) & facts.maskHi(b);
  if ((lo | hi) === 0) return f.constant(i, type, 0, 0);
  if (f.isConst(b)) {
    if (f.isConst(a)) return f.constant(i, type, lo, hi);
    if (lo === facts.maskLo(a) && hi === facts.maskHi(a)) return f.copy(i, a);
    args[p + 1] = f.strip(a, bitLength(f.lo(b), f.hi(b)));
  }
  f.mask(lo, hi);
};

const or: Rule = (f, i, p, type) => {
  f.constantSecond(p);
  const { args } = f.ir, { facts } = f, a = args[p + 1]!, b = args[p + 2]!;
  if (f.same(a, b) || f.isConstValue(b, 0)) return f.copy(i, a);
  if (f.isConstValue(b, -1)) return f.copy(i, b);
  if (bothConst(f, p)) return f.constant(i, type, f.lo(a) | f.lo(b), f.hi(a) | f.hi(b));
  f.mask(facts.maskLo(a) | facts.maskLo(b), facts.maskHi(a) | facts.maskHi(b));
};

const xor: Rule = (f, i, p, type) => {
  f.constantSecond(p);
  const { args } = f.ir, { facts } = f, a = args[p + 1]!, b = args[p + 2]!;
  if (f.same(a, b)) return f.constant(i, type, 0, 0);
  if (f.isConstValue(b, 0)) return f.copy(i, a);
  if (bothConst(f, p)) return f.constant(i, type, f.lo(a) ^ f.lo(b), f.hi(a) ^ f.hi(b));
  if (f.isConstValue(b, -1)) f.ir.op[i] = Op.not;
  else f.mask(facts.maskLo(a) | facts.maskLo(b), facts.maskHi(a) | facts.maskHi(b));
};

const andc: Rule = (f, i, p, type) => {
  const { args } = f.ir, { facts } = f, a = args[p + 1]!, b = args[p + 2]!;
  if (f.same(a, b)) return f.constant(i, type, 0, 0);
  if (f.isConst(b)) {
    const inverted = type === Type.i64 ? f.ir.const64(~f.lo(b), ~f.hi(b)) : f.ir.const32(~f.lo(b));
    f.ir.args[p + 2] = inverted;
    f.ir.op[i] = Op.and;
    return and(f, i, p, type);
  }
  f.mask(facts.maskLo(a), facts.maskHi(a));
};

/** Shifts by a constant; the count is taken modulo the width, as any result will do beyond. */
const shift = (by: (f: Folder, lo: number, hi: number, n: number) => void): Rule => (f, i, p, type) => {
  const { args } = f.ir, a = args[p + 1]!, b = args[p + 2]!;
  if (!f.isConst(b)) return f.isConstValue(a, 0) ? f.copy(i, a) : undefined;
  const n = f.lo(b) & (widthOf(type) - 1);
  if (n === 0) return f.copy(i, a);
  if (f.isConst(a)) {
    by(f, f.lo(a), type === Type.i64 ? f.hi(a) : 0, n);
    return f.constantPair(i, type);
  }
  by(f, f.facts.maskLo(a), f.facts.maskHi(a), n);
  f.mask(f.pair.lo, type === Type.i64 ? f.pair.hi : 0);
};
const shl = shift((f, lo, hi, n) => f.pair.shl(lo, hi, n));
const shr = shift((f, lo, hi, n) => f.pair.shr(lo, hi, n));

const sar: Rule = (f, i, p, type) => {
  const { args } = f.ir, a = args[p + 1]!, b = args[p + 2]!;
  if (!f.isConst(b)) return;
  const n = f.lo(b) & (widthOf(type) - 1);
  if (n === 0) return f.copy(i, a);
  if (f.isConst(a)) {
    f.pair.sar(f.lo(a), f.signHi(a), n);
    return f.constantPair(i, type);
  }
  if (!signMayBeSet(f, a, type)) shr(f, i, p, type);
};

const signMayBeSet = (f: Folder, t: number, type: Type): boolean => (type === Type.i64 ? f.facts.maskHi(t) : f.facts.maskLo(t)) < 0;

const extract: Rule = (f, i, p, type) => {
  const args = f.ir.args;
  if (args[p + 2] === 0) args[p + 1] = f.strip(args[p + 1]!, args[p + 3]!);
  const a = args[p + 1]!, pos = args[p + 2]!, len = args[p + 3]!, { pair, facts } = f;
  if (len === widthOf(type)) return f.copy(i, a);
  if (f.isConst(a)) {
    pair.extract(f.lo(a), f.hi(a), pos, len);
    return f.constantPair(i, type);
  }
  const lo = facts.maskLo(a), hi = facts.maskHi(a);
  if (pos === 0 && (lo & ~onesLo(len)) === 0 && (hi & ~onesHi(len)) === 0) return f.copy(i, a);
  pair.extract(lo, hi, pos, len);
  f.mask(pair.lo, pair.hi);
  if ((pair.lo | pair.hi) === 0) return f.constant(i, type, 0, 0);
  if (extractOfField(f, p, type)) extract(f, i, p, type);
};

/** An extract of a bit field, or of a shifted value, is one of the value itself. True if it changed. */
function extractOfField(f: Folder, p: number, type: Type): boolean {
  const args = f.ir.args, pos = args[p + 2]!, len = args[p + 3]!;
  const at = f.facts.definition(args[p + 1]!);
  if (at < 0 || f.ir.type[at] !== type) return false;
  const op = f.ir.op[at];
  let from = -1, newPos = pos, newLen = len;
  if (op === Op.extract) {
    from = f.inputOf(at, 1);
    newPos = pos + f.immOf(at, 2);
    newLen = Math.min(len, f.immOf(at, 3) - pos);
  } else if (op === Op.shr && f.isConst(f.immOf(at, 2))) {
    const n = f.lo(f.immOf(at, 2)) & (widthOf(type) - 1);
    from = f.inputOf(at, 1);
    newPos = pos + n;
    newLen = Math.min(len, widthOf(type) - newPos);
  } else if (op === Op.deposit) {
    const at0 = f.immOf(at, 3), end = at0 + f.immOf(at, 4);
    if (pos >= at0 && pos + len <= end) {
      from = f.inputOf(at, 2);
      newPos = pos - at0;
    } else if (pos >= end || pos + len <= at0) from = f.inputOf(at, 1);
  }
  if (from < 0 || newLen <= 0) return false;
  args[p + 1] = from;
  args[p + 2] = newPos;
  args[p + 3] = newLen;
  return true;
}

const sextract: Rule = (f, i, p, type) => {
  const args = f.ir.args, pos = args[p + 2]!, len = args[p + 3]!;
  const a = (args[p + 1] = f.strip(args[p + 1]!, pos + len));
  if (len === widthOf(type)) return f.copy(i, a);
  const { pair, facts } = f;
  if (f.isConst(a)) {
    pair.sextract(f.lo(a), f.hi(a), pos, len);
    return f.constantPair(i, type);
  }
  pair.extract(facts.maskLo(a), facts.maskHi(a), pos + len - 1, 1);
  if (pair.lo !== 0) return;
  f.ir.op[i] = Op.extract; // the sign is a zero
  extract(f, i, p, type);
};

const deposit: Rule = (f, i, p, type) => {
  const args = f.ir.args, pos = args[p + 3]!, len = args[p + 4]!;
  const a = args[p + 1]!, b = (args[p + 2] = f.strip(args[p + 2]!, len)), { pair, facts } = f;
  if (len === widthOf(type)) return f.copy(i, b);
  if (bothConst(f, p)) {
    pair.deposit(f.lo(a), f.hi(a), f.lo(b), f.hi(b), pos, len);
    return f.constantPair(i, type);
  }
  pair.deposit(facts.maskLo(a), facts.maskHi(a), facts.maskLo(b), facts.maskHi(b), pos, len);
  f.mask(pair.lo, type === Type.i64 ? pair.hi : 0);
  if (!f.isConstValue(a, 0) || pos !== 0) return;
  f.ir.op[i] = Op.extract;
  args[p + 1] = b;
  args[p + 2] = 0;
  args[p + 3] = len;
  extract(f, i, p, type);
};

const sextend32: Rule = (f, i, p) => {
  const a = f.ir.args[p + 1]!;
  if (f.isConst(a)) return f.constant(i, Type.i64, f.lo(a), f.lo(a) >> 31);
  if (f.facts.maskLo(a) >= 0) return f.mask(f.facts.maskLo(a), 0);
  widenOfNarrow(f, i, p, a, Op.sextract, sextract);
};

const zextend32: Rule = (f, i, p) => {
  const a = f.ir.args[p + 1]!;
  if (f.isConst(a)) return f.constant(i, Type.i64, f.lo(a), 0);
  f.mask(f.facts.maskLo(a), 0);
  widenOfNarrow(f, i, p, a, Op.extract, extract);
};

/** Widening the low half of an i64: a bit field of that i64. */
function widenOfNarrow(f: Folder, i: number, p: number, a: number, op: number, rule: Rule): void {
  const at = f.definedBy(a, Op.extrl_i64_i32, Type.i32);
  const x = at < 0 ? -1 : f.inputOf(at, 1);
  if (x < 0) return;
  const args = f.ir.args;
  f.ir.op[i] = op;
  f.ir.type[i] = Type.i64;
  args[p + 1] = x;
  args[p + 2] = 0;
  args[p + 3] = 32;
  f.mask(-1, -1);
  rule(f, i, p, Type.i64);
}

const lowHalf: Rule = (f, i, p) => {
  const { args } = f.ir;
  const a = (args[p + 1] = f.strip(args[p + 1]!, 32));
  if (f.isConst(a)) return f.constant(i, Type.i32, f.lo(a), 0);
  f.mask(f.facts.maskLo(a), 0);
  const at = f.facts.definition(a), op = at < 0 ? -1 : f.ir.op[at];
  if (op !== Op.ext_i32_i64 && op !== Op.extu_i32_i64 && op !== Op.concat_i32_i64) return;
  const x = f.inputOf(at, 1);
  if (x >= 0) f.copy(i, x);
};

const highHalf: Rule = (f, i, p) => {
  const a = f.ir.args[p + 1]!;
  if (f.isConst(a)) return f.constant(i, Type.i32, f.hi(a), 0);
  if (f.facts.maskHi(a) === 0) return f.constant(i, Type.i32, 0, 0);
  f.mask(f.facts.maskHi(a), 0);
  const at = f.facts.definition(a);
  if (at < 0 || f.ir.op[at] !== Op.concat_i32_i64) return;
  const x = f.inputOf(at, 2);
  if (x >= 0) f.copy(i, x);
};

const concat: Rule = (f, i, p) => {
  const { args } = f.ir, lo = args[p + 1]!, hi = args[p + 2]!;
  if (bothConst(f, p)) return f.constant(i, Type.i64, f.lo(lo), f.lo(hi));
  if (f.isConstValue(hi, 0)) {
    f.ir.op[i] = Op.extu_i32_i64;
    return zextend32(f, i, p, Type.i64);
  }
  f.mask(f.facts.maskLo(lo), f.facts.maskLo(hi));
};

const vxor: Rule = (f, i, p) => {
  if (f.same(f.ir.args[p + 1]!, f.ir.args[p + 2]!)) f.copy(i, f.ir.constV128(0, 0, 0, 0));
};

/** The result has its ones in the low `n` bits. */
const narrow = (n: number): Rule => (f) => f.maskBits(n);
const guestLoad: Rule = (f, _i, p, type) => {
  const memop = f.ir.args[p + 2]!, bits = 8 << (memop & MemOp.SIZE);
  if (!(memop & MemOp.SIGN) && bits < widthOf(type)) f.maskBits(bits);
};
/** The stored value's bits beyond the access do not matter. */
const store = (bits: number): Rule => (f, _i, p) => { f.ir.args[p] = f.strip(f.ir.args[p]!, bits); };
const guestStore: Rule = (f, _i, p, type) => {
  if (type !== Type.v128) f.ir.args[p] = f.strip(f.ir.args[p]!, 8 << (f.ir.args[p + 2]! & MemOp.SIZE));
};

const BY_NAME: Partial<Record<OpName, Rule>> = {
  add, sub, mul, neg, not, and, or, xor, andc, shl, shr, sar, extract, sextract, deposit,
  setcond: foldSetcond, negsetcond: foldNegsetcond, movcond: foldMovcond,
  ext_i32_i64: sextend32, extu_i32_i64: zextend32, extrl_i64_i32: lowHalf, extrh_i64_i32: highHalf, concat_i32_i64: concat,
  vxor,
  bswap16: narrow(16), bswap32: narrow(32), ctpop: narrow(7), fsetcond: narrow(1), vanytrue: narrow(1),
  vget8: narrow(8), vget16: narrow(16), vbitmask8: narrow(16), vbitmask16: narrow(8), vbitmask32: narrow(4), vbitmask64: narrow(2),
  ld8u: narrow(8), ld16u: narrow(16), ld32u: narrow(32),
  qemu_ld: guestLoad, qemu_st: guestStore, st8: store(8), st16: store(16), st32: store(32),
};

/** By opcode. */
export const RULES: readonly (Rule | undefined)[] = OP_NAMES.map((name) => BY_NAME[name]);
