/**
 * What the forward pass knows of each temp at the current op: which op wrote it last, of what it is a copy, and which of its bits may be
 * ones. Facts hold from a label to the next (branches away change nothing); constants always know their value.
 */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Type } from '../types.ts';

const NEVER = -1;

export class Facts {
  ir!: Ir;
  /** First op since the last label. */
  blockStart = 0;
  /** Index of the op that wrote the temp last; -1 for none in this TB. */
  lastWrite = new Int32Array(0);
  /** Index of the op that the facts come from: valid if it is that of the last write and in this block. */
  #factsAt = new Int32Array(0);
  #copyOf = new Int32Array(0);
  #maskLo = new Int32Array(0);
  #maskHi = new Int32Array(0);

  /** Constants may be made on the way; nothing is kept of them. */
  begin(ir: Ir): void {
    this.ir = ir;
    this.blockStart = 0;
    const n = ir.tempCount;
    if (n > this.lastWrite.length) this.#grow(n * 2);
    this.lastWrite.fill(NEVER, 0, n);
    this.#factsAt.fill(NEVER, 0, n);
  }

  /** A label at op `i`: nothing that was learnt holds behind it. */
  label(i: number): void {
    this.blockStart = i;
  }

  /** Op `i` may have written every global. */
  clobberGlobals(i: number): void {
    this.lastWrite.fill(i, 0, this.ir.globalCount);
    this.#factsAt.fill(NEVER, 0, this.ir.globalCount);
  }

  /** Op `i` wrote `t`, whose ones are within hi:lo. */
  write(i: number, t: Temp, lo: number, hi: number): void {
    this.lastWrite[t] = this.#factsAt[t] = i;
    this.#copyOf[t] = NEVER;
    this.#maskLo[t] = lo;
    this.#maskHi[t] = hi;
  }

  /** Op `i` copied `root` (which is no copy of something known) to `t`. */
  copy(i: number, t: Temp, root: Temp): void {
    const lo = this.maskLo(root), hi = this.maskHi(root);
    this.write(i, t, lo, hi);
    this.#copyOf[t] = root;
  }

  /** The temp or constant that `t` is a copy of, or `t`. */
  root(t: Temp): Temp {
    if (this.ir.tempKind[t] === Kind.CONST || !this.#known(t)) return t;
    const from = this.#copyOf[t]!;
    return from >= 0 && this.unchanged(from, this.lastWrite[t]!) ? from : t;
  }

  /** Bits that may be ones. The high half of an i32 is 0. */
  maskLo(t: Temp): number {
    if (this.ir.tempKind[t] === Kind.CONST) return this.ir.tempLo[t]!;
    return this.#known(t) ? this.#maskLo[t]! : -1;
  }

  maskHi(t: Temp): number {
    if (this.ir.tempType[t] !== Type.i64) return 0;
    if (this.ir.tempKind[t] === Kind.CONST) return this.ir.tempHi[t]!;
    return this.#known(t) ? this.#maskHi[t]! : -1;
  }

  /** Index of the op in this block that computed `t` (behind copies), or -1. */
  definition(t: Temp): number {
    const root = this.root(t);
    if (this.ir.tempKind[root] === Kind.CONST) return NEVER;
    const at = this.lastWrite[root]!;
    return at >= this.blockStart && this.#factsAt[root] === at && this.ir.args[at * STRIDE] === root ? at : NEVER;
  }

  /** Whether input `t` of op `at` still has the value that the op saw. */
  unchanged(t: Temp, at: number): boolean {
    return this.ir.tempKind[t] === Kind.CONST || this.lastWrite[t]! < at;
  }

  #known(t: Temp): boolean {
    const at = this.#factsAt[t]!;
    return at >= this.blockStart && at === this.lastWrite[t];
  }

  #grow(n: number): void {
    this.lastWrite = new Int32Array(n);
    this.#factsAt = new Int32Array(n);
    this.#copyOf = new Int32Array(n);
    this.#maskLo = new Int32Array(n);
    this.#maskHi = new Int32Array(n);
  }
}
