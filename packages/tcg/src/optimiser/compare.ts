/** Rules for comparisons: `setcond`, `negsetcond`, `movcond`, `brcond`. */
import { STRIDE } from '../ir.ts';
import { Op } from '../ops.ts';
import { Cond, invertCond, Type } from '../types.ts';
import type { Folder } from './folder.ts';
import { compare, reflexive, swapCond } from './pair.ts';

/** What a comparison comes to. */
export const Verdict = { FALSE: 0, TRUE: 1, UNKNOWN: 2 } as const;
type Verdict = (typeof Verdict)[keyof typeof Verdict];
const verdict = (b: boolean): Verdict => (b ? Verdict.TRUE : Verdict.FALSE);

/** Simplifies, in place, the comparison of type `type` whose operands are at `args[at]` and `args[at + 1]`, its condition at `args[condAt]`. */
export function simplifyCompare(f: Folder, at: number, condAt: number, type: Type): Verdict {
  for (let round = 0; round < 4; round++) {
    const args = f.ir.args;
    if (f.isConst(args[at]!) && !f.isConst(args[at + 1]!)) swap(args, at, condAt);
    const a = args[at]!, b = args[at + 1]!, cond = args[condAt]! as Cond;
    if (f.same(a, b)) {
      const always = reflexive(cond);
      if (always !== undefined) return verdict(always);
      setZero(f, at, condAt, cond === Cond.tsteq ? Cond.eq : Cond.ne, type);
      continue;
    }
    if (!f.isConst(b)) return Verdict.UNKNOWN;
    if (f.isConst(a)) return verdict(compare(f.lo(a), f.signHi(a), f.lo(b), f.signHi(b), cond));
    const known = byMask(f, a, b, cond);
    if (known !== Verdict.UNKNOWN) return known;
    if (!(f.isConstValue(b, 0) ? againstZero(f, at, condAt, type) : againstConstant(f, at, condAt, type))) return Verdict.UNKNOWN;
  }
  return Verdict.UNKNOWN;
}

function swap(args: Int32Array, at: number, condAt: number): void {
  const a = args[at]!;
  args[at] = args[at + 1]!;
  args[at + 1] = a;
  args[condAt] = swapCond(args[condAt]!);
}

/** Makes it `a cond 0`. */
function setZero(f: Folder, at: number, condAt: number, cond: Cond, type: Type): void {
  const zero = f.ir.constant(type, 0);
  f.ir.args[at + 1] = zero;
  f.ir.args[condAt] = cond;
}

/** Decides by the bits of `a` that are known to be zeros. */
function byMask(f: Folder, a: number, b: number, cond: Cond): Verdict {
  const lo = f.facts.maskLo(a), hi = f.facts.maskHi(a), bLo = f.lo(b), bHi = f.hi(b);
  switch (cond) {
    case Cond.eq: case Cond.ne: return (bLo & ~lo) | (bHi & ~hi) ? verdict(cond === Cond.ne) : Verdict.UNKNOWN;
    case Cond.tsteq: case Cond.tstne: return (bLo & lo) | (bHi & hi) ? Verdict.UNKNOWN : verdict(cond === Cond.tsteq);
    case Cond.ltu: case Cond.geu:
      if (compare(lo, hi, bLo, bHi, Cond.ltu)) return verdict(cond === Cond.ltu);
      return bLo === 0 && bHi === 0 ? verdict(cond === Cond.geu) : Verdict.UNKNOWN;
    case Cond.leu: case Cond.gtu: return compare(lo, hi, bLo, bHi, Cond.leu) ? verdict(cond === Cond.leu) : Verdict.UNKNOWN;
    default: return Verdict.UNKNOWN;
  }
}

/** Simplifies `a cond 0`. True if it changed. */
function againstZero(f: Folder, at: number, condAt: number, type: Type): boolean {
  const args = f.ir.args, cond = args[condAt]!;
  if (cond === Cond.leu || cond === Cond.gtu) {
    args[condAt] = cond === Cond.leu ? Cond.eq : Cond.ne;
    return true;
  }
  return (cond === Cond.eq || cond === Cond.ne) && lookThrough(f, at, condAt, type);
}

/** Simplifies `a == 0` or `a != 0` by what computed a. */
function lookThrough(f: Folder, at: number, condAt: number, type: Type): boolean {
  const { args } = f.ir, cond = args[condAt]! as Cond;
  const def = f.facts.definition(args[at]!);
  if (def < 0 || f.ir.type[def] !== type) return false;
  const op = f.ir.op[def], x = f.inputOf(def, 1);
  if (x < 0) return false;
  if (op === Op.extract) return setTestOfField(f, at, condAt, type, x, def);
  const y = op === Op.setcond || op === Op.negsetcond || op === Op.and || op === Op.xor || op === Op.sub ? f.inputOf(def, 2) : -1;
  if (y < 0) return false;
  args[at] = x;
  args[at + 1] = y;
  if (op === Op.and) args[condAt] = cond === Cond.eq ? Cond.tsteq : Cond.tstne;
  else if (op === Op.setcond || op === Op.negsetcond) args[condAt] = cond === Cond.eq ? invertCond(f.immOf(def, 3) as Cond) : f.immOf(def, 3);
  return true;
}

function setTestOfField(f: Folder, at: number, condAt: number, type: Type, x: number, def: number): boolean {
  const pos = f.immOf(def, 2), len = f.immOf(def, 3), { pair, ir } = f;
  pair.shl(-1, -1, 64 - len);
  pair.shr(pair.lo, pair.hi, 64 - len - pos);
  const mask = type === Type.i64 ? ir.const64(pair.lo, pair.hi) : ir.const32(pair.lo);
  ir.args[condAt] = ir.args[condAt] === Cond.eq ? Cond.tsteq : Cond.tstne;
  ir.args[at] = x;
  ir.args[at + 1] = mask;
  return true;
}

/** Simplifies `a cond constant`. True if it changed. */
function againstConstant(f: Folder, at: number, condAt: number, type: Type): boolean {
  const { args } = f.ir, cond = args[condAt]! as Cond;
  if (cond < Cond.tsteq) return false;
  if (f.isConstValue(args[at + 1]!, -1)) {
    setZero(f, at, condAt, cond === Cond.tsteq ? Cond.eq : Cond.ne, type);
    return true;
  }
  const stripped = f.strip(args[at]!, bitLengthOf(f, args[at + 1]!, type));
  if (stripped === args[at]) return false;
  args[at] = stripped;
  return true;
}

const bitLengthOf = (f: Folder, t: number, type: Type): number =>
  (type === Type.i64 && f.hi(t) !== 0 ? 64 - Math.clz32(f.hi(t)) : 32 - Math.clz32(f.lo(t)));

export function foldSetcond(f: Folder, i: number, p: number, type: Type): void {
  const known = simplifyCompare(f, p + 1, p + 3, type), args = f.ir.args;
  if (known !== Verdict.UNKNOWN) return f.constant(i, type, known, 0);
  const bit = f.facts.maskLo(args[p + 1]!) >>> 0 <= 1 && f.facts.maskHi(args[p + 1]!) === 0;
  if (bit && ((args[p + 3] === Cond.ne && f.isConstValue(args[p + 2]!, 0)) || (args[p + 3] === Cond.eq && f.isConstValue(args[p + 2]!, 1)))) {
    return f.copy(i, args[p + 1]!); // a truth value is its own truth value
  }
  f.maskBits(1);
}

export function foldNegsetcond(f: Folder, i: number, p: number, type: Type): void {
  const known = simplifyCompare(f, p + 1, p + 3, type);
  if (known !== Verdict.UNKNOWN) f.constant(i, type, -known, -known);
}

export function foldMovcond(f: Folder, i: number, p: number, type: Type): void {
  const known = simplifyCompare(f, p + 1, p + 5, type), args = f.ir.args;
  const x = args[p + 3]!, y = args[p + 4]!;
  if (known !== Verdict.UNKNOWN) return f.copy(i, known === Verdict.TRUE ? x : y);
  if (f.same(x, y)) return f.copy(i, x);
  f.mask(f.facts.maskLo(x) | f.facts.maskLo(y), f.facts.maskHi(x) | f.facts.maskHi(y));
  const yes = f.isConstValue(x, 1) && f.isConstValue(y, 0), no = f.isConstValue(x, 0) && f.isConstValue(y, 1);
  if (!yes && !no) return;
  f.ir.op[i] = Op.setcond;
  args[p + 3] = no ? invertCond(args[p + 5]! as Cond) : args[p + 5]!;
}

/** Returns what is known of the branch. */
export function foldBrcond(f: Folder, i: number): Verdict {
  return simplifyCompare(f, i * STRIDE, i * STRIDE + 2, f.ir.type[i] as Type);
}

