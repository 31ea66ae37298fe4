/** What the folding rules work with: the op at hand, facts about its inputs, and the ways to replace it by something simpler. */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op } from '../ops.ts';
import { Type, TYPE_BITS } from '../types.ts';
import { Facts } from './facts.ts';
import { onesHi, onesLo, Pair } from './pair.ts';

/** Marks a removed op; never seen outside of the optimiser. */
export const REMOVED = 0xffff;

export class Folder {
  ir!: Ir;
  readonly facts = new Facts();
  readonly pair = new Pair();
  /** Bits of the (first) output that may be ones; a rule narrows them down. */
  maskLo = -1;
  maskHi = -1;

  isConst(t: Temp): boolean {
    return this.ir.tempKind[t] === Kind.CONST;
  }

  isConstValue(t: Temp, lo: number): boolean {
    const { ir } = this;
    return ir.tempKind[t] === Kind.CONST && ir.tempLo[t] === lo && (ir.tempType[t] === Type.i32 || ir.tempHi[t] === lo >> 31);
  }

  lo(t: Temp): number {
    return this.ir.tempLo[t]!;
  }

  /** High half of a constant; 0 for i32. */
  hi(t: Temp): number {
    return this.ir.tempHi[t]!;
  }

  /** High half as comparisons want it: an i32 is sign-extended. */
  signHi(t: Temp): number {
    return this.ir.tempType[t] === Type.i64 ? this.ir.tempHi[t]! : this.ir.tempLo[t]! >> 31;
  }

  same(a: Temp, b: Temp): boolean {
    return a === b || this.facts.root(a) === this.facts.root(b);
  }

  /** The result is the value of `t`. */
  copy(i: number, t: Temp): void {
    this.ir.op[i] = Op.mov;
    this.ir.type[i] = this.ir.tempType[t]!;
    this.ir.args[i * STRIDE + 1] = t;
  }

  /** The result is a constant of integer type `type`. */
  constant(i: number, type: Type, lo: number, hi: number): void {
    this.copy(i, type === Type.i64 ? this.ir.const64(lo, hi) : this.ir.const32(lo));
  }

  constantPair(i: number, type: Type): void {
    this.constant(i, type, this.pair.lo, this.pair.hi);
  }

  /** Moves a constant from the first input to the second. */
  constantSecond(p: number): void {
    const args = this.ir.args, a = args[p + 1]!;
    if (!this.isConst(a)) return;
    args[p + 1] = args[p + 2]!;
    args[p + 2] = a;
  }

  /** The output has ones within these bits only. */
  mask(lo: number, hi: number): void {
    this.maskLo = lo;
    this.maskHi = hi;
  }

  maskBits(n: number): void {
    this.mask(onesLo(n), onesHi(n));
  }

  /** The op that computed `t` in this block, if it is `op` of the type; -1 if not. */
  definedBy(t: Temp, op: number, type: Type): number {
    const at = this.facts.definition(t);
    return at >= 0 && this.ir.op[at] === op && this.ir.type[at] === type ? at : -1;
  }

  /** Input `n` (an operand number) of the op at `at`, if it still has the same value; -1 if not. */
  inputOf(at: number, n: number): Temp {
    const t = this.ir.args[at * STRIDE + n]!;
    return this.facts.unchanged(t, at) ? t : -1;
  }

  immOf(at: number, n: number): number {
    return this.ir.args[at * STRIDE + n]!;
  }

  /** A temp with the same low `bits` bits as `t`, without the extensions and masks that only change bits above. */
  strip(t: Temp, bits: number): Temp {
    for (let depth = 0; depth < 4; depth++) {
      const at = this.facts.definition(t);
      if (at < 0) return t;
      const inner = this.#stripOp(at, bits);
      if (inner < 0) return t;
      t = inner;
    }
    return t;
  }

  #stripOp(at: number, bits: number): Temp {
    const { op } = this.ir, o = op[at];
    if (o === Op.extract || o === Op.sextract) return this.immOf(at, 2) === 0 && this.immOf(at, 3) >= bits ? this.inputOf(at, 1) : -1;
    if (o === Op.deposit) return this.#stripDeposit(at, bits);
    if (o !== Op.and) return -1;
    const mask = this.ir.args[at * STRIDE + 2]!;
    const keeps = this.isConst(mask) && (~this.lo(mask) & onesLo(bits)) === 0 && (~this.hi(mask) & onesHi(bits)) === 0;
    return keeps ? this.inputOf(at, 1) : -1;
  }

  #stripDeposit(at: number, bits: number): Temp {
    const pos = this.immOf(at, 3);
    if (pos >= bits) return this.inputOf(at, 1);
    return pos === 0 && this.immOf(at, 4) >= bits ? this.inputOf(at, 2) : -1;
  }
}

export const widthOf = (type: Type): number => TYPE_BITS[type];
