/**
 * What the forward pass knows of each temp at the current op: which op wrote it last, of what it is a copy, and which of its bits may be
 * ones. Facts hold from a label to the next (branches away change nothing); constants always know their value.
 */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Type } from '../types.ts';

/** A record of each temp: index of the op that wrote it last, root that it copies, mask of its bits. Nothing known is all -1. */
const RECORD = 4, COPY_OF = 1, MASK_LO = 2, MASK_HI = 3;
const UNKNOWN = -1;

export class Facts {
  #ir!: Ir;
  #args!: Int32Array;
  /** First op since the last label. */
  #blockStart = 0;
  /** Everything is unknown between runs, so that constants made on the way are too. */
  #records = new Int32Array(0);

  /** Begins a TB that will get no more than `spare` further temps, all of them constants. */
  begin(ir: Ir, spare: number): void {
    this.#ir = ir;
    this.#args = ir.args;
    this.#blockStart = 0;
    const n = (ir.tempCount + spare) * RECORD;
    if (n > this.#records.length) this.#records = new Int32Array(n * 2).fill(UNKNOWN);
  }

  end(): void {
    this.#records.fill(UNKNOWN, 0, this.#ir.tempCount * RECORD);
  }

  /** A label at op `i`: nothing that was learnt holds behind it. */
  label(i: number): void {
    this.#blockStart = i;
  }

  /** Op `i` may have written every global. */
  clobberGlobals(i: number): void {
    const n = this.#ir.globalCount * RECORD, records = this.#records;
    records.fill(UNKNOWN, 0, n);
    for (let r = 0; r < n; r += RECORD) records[r] = i;
  }

  /** Op `i` wrote `t`, whose ones are within hi:lo. */
  write(i: number, t: Temp, lo: number, hi: number): void {
    const records = this.#records, r = t * RECORD;
    records[r] = i;
    records[r + COPY_OF] = UNKNOWN;
    records[r + MASK_LO] = lo;
    records[r + MASK_HI] = hi;
  }

  /** Op `i` copied `root` (which is no copy of something known) to `t`. */
  copy(i: number, t: Temp, root: Temp): void {
    this.write(i, t, this.maskLo(root), this.maskHi(root));
    this.#records[t * RECORD + COPY_OF] = root;
  }

  /** The temp or constant that `t` is a copy of, or `t`. */
  root(t: Temp): Temp {
    const records = this.#records, at = records[t * RECORD]!;
    if (at < this.#blockStart) return t;
    const from = records[t * RECORD + COPY_OF]!;
    return from >= 0 && records[from * RECORD]! < at ? from : t;
  }

  /** Bits that may be ones. The high half of an i32 is 0. */
  maskLo(t: Temp): number {
    const records = this.#records, r = t * RECORD;
    if (records[r]! >= this.#blockStart) return records[r + MASK_LO]!;
    return this.#ir.tempKind[t] === Kind.CONST ? this.#ir.tempLo[t]! : UNKNOWN;
  }

  maskHi(t: Temp): number {
    const ir = this.#ir, records = this.#records, r = t * RECORD;
    if (ir.tempType[t] !== Type.i64) return 0;
    if (records[r]! >= this.#blockStart) return records[r + MASK_HI]!;
    return ir.tempKind[t] === Kind.CONST ? ir.tempHi[t]! : UNKNOWN;
  }

  /** Index of the op in this block that computed `t` (behind copies), or -1. */
  definition(t: Temp): number {
    const root = this.root(t), at = this.#records[root * RECORD]!;
    return at >= this.#blockStart && this.#args[at * STRIDE] === root ? at : UNKNOWN;
  }

  /** Whether input `t` of op `at` still has the value that the op saw. */
  unchanged(t: Temp, at: number): boolean {
    return this.#records[t * RECORD]! < at;
  }
}
