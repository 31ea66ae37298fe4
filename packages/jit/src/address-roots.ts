/**
 * Addresses as a root, which stands for a value that is not looked into, plus a constant. Sums of roots, and roots scaled as an index is, have roots of
 * their own: the same expression of the same values is the same root. A value mod 2^32 counts as the value: it is that, or far from it.
 *
 * Globals and `base` have a root from block to block, other temps within a block.
 */
import { Kind, MemOp, Op, STRIDE, Type, type Ir, type Temp } from '@emu/tcg';
import type { Globals } from './globals.ts';
import type { RegionCode } from './region-code.ts';
import { OUTS } from './shape.ts';

/** Of an index in an address, at most. */
const MAX_SCALE = 3;
const HALF = 32;
/** Bits of a value that counts as small. */
const SMALL = 9;
/** More than there are roots. */
const KEY = 2 ** 24;

/** Roots and offsets of globals and `base` at some place. */
export interface RootState { readonly roots: Int32Array; readonly offsets: Float64Array }

export class AddressRoots {
  #ir!: Ir;
  #globals!: Globals;
  /** Globals and `base`, which come first among the temps. */
  #lasting = 0;
  /** Root and offset of each temp; those within a block count while `#seen` holds the block's number. */
  #root = new Int32Array(4096);
  #offset = new Float64Array(4096);
  #seen = new Int32Array(4096);
  /** Roots of sums of roots, and of scaled roots (negative keys). */
  readonly #expressions = new Map<number, number>();
  /** Globals that a root is made of, besides what is small, as two words of bits; both -1 if of other values too. */
  readonly #partsLo: number[] = [];
  readonly #partsHi: number[] = [];
  #block = 0;
  #next = 0;

  begin({ ir, base }: RegionCode, globals: Globals): void {
    this.#ir = ir;
    this.#globals = globals;
    this.#lasting = base + 1;
    const temps = ir.tempCount;
    if (temps > this.#root.length) [this.#root, this.#offset, this.#seen] = [new Int32Array(temps * 2), new Float64Array(temps * 2), new Int32Array(temps * 2)];
    this.#seen.fill(0, 0, temps);
    this.#expressions.clear();
    this.#block = this.#next = 0;
  }

  /** The next block begins; globals are what they were. */
  enterBlock(): void {
    this.#block++;
  }

  /** Globals have values that are not known. */
  forget(): void {
    for (let t = 0; t < this.#lasting; t++) this.fresh(t);
  }

  /** Globals have their values at a block's start: global `t` the root `t`. Comes before all else after `begin`, and is for a whole pass. */
  name(): void {
    for (let t = 0; t < this.#lasting; t++) {
      this.#root[t] = t;
      this.#offset[t] = 0;
      this.#partsLo[t] = t < 32 ? 1 << t : 0;
      this.#partsHi[t] = t < 32 ? 0 : 1 << (t - 32);
    }
    this.#next = Math.max(this.#next, this.#lasting);
  }

  save(): RootState {
    return { roots: this.#root.slice(0, this.#lasting), offsets: this.#offset.slice(0, this.#lasting) };
  }

  restore({ roots, offsets }: RootState): void {
    this.#root.set(roots);
    this.#offset.set(offsets);
  }

  /** `t` gets a value that is not looked into. */
  fresh(t: Temp): void {
    this.#root[t] = this.#made(-1, -1);
    this.#offset[t] = 0;
  }

  rootOf(t: Temp): number {
    if (t >= this.#lasting && this.#seen[t] !== this.#block) {
      this.#seen[t] = this.#block;
      this.fresh(t);
    }
    return this.#root[t]!;
  }

  /** After `rootOf`. */
  offsetOf(t: Temp): number {
    return this.#offset[t]!;
  }

  partsLo(root: number): number {
    return this.#partsLo[root]!;
  }

  partsHi(root: number): number {
    return this.#partsHi[root]!;
  }

  /** Op `i` computes its outputs. */
  define(i: number, op: number): void {
    const ir = this.#ir, p = i * STRIDE, { args } = ir;
    if (op === Op.call) {
      if (args[p]! >= 0) this.#set(args[p]!, this.#made(-1, -1), 0);
      for (let g = 0; g < ir.globalCount; g++) if (this.#globals.mayWrite(p, g)) this.fresh(g);
      return;
    }
    if (op === Op.mov) return this.#shift(args[p]!, args[p + 1]!, 0);
    if (ir.type[i] === Type.i64 && this.#arithmetic(op, args[p]!, args[p + 1]!, args[p + 2]!, args[p + 3]!)) return;
    const parts = this.#isSmall(i, op) ? 0 : -1;
    for (let k = 0; k < OUTS[op]!; k++) this.#set(args[p + k]!, this.#made(parts, parts), 0);
  }

  #isSmall(i: number, op: number): boolean {
    const { args, tempKind, tempLo, tempHi } = this.#ir, p = i * STRIDE, b = args[p + 2]!;
    switch (op) {
      case Op.qemu_ld: return (b & (MemOp.SIZE | MemOp.SIGN)) === MemOp.b8;
      case Op.extract: return args[p + 3]! <= SMALL;
      case Op.and: return tempKind[b] === Kind.CONST && tempHi[b] === 0 && tempLo[b]! >>> SMALL === 0;
      default: return false;
    }
  }

  /** Whether `d = a op b` (or `op a, b, c` with immediates) has a root that is known. */
  #arithmetic(op: number, d: Temp, a: Temp, b: number, c: number): boolean {
    const { tempKind, tempLo, tempHi } = this.#ir;
    switch (op) {
      case Op.add: case Op.sub:
        if (tempKind[b] === Kind.CONST && tempHi[b] === tempLo[b]! >> 31) this.#shift(d, a, op === Op.add ? tempLo[b]! : -tempLo[b]!);
        else if (op === Op.add) this.#sum(d, a, b);
        else return false;
        return true;
      case Op.shl:
        if (tempKind[b] !== Kind.CONST || tempLo[b]! > MAX_SCALE) return false;
        this.#scaled(d, a, tempLo[b]!);
        return true;
      case Op.extract:
        if (b !== 0 || c !== HALF) return false;
        this.#shift(d, a, 0);
        return true;
      default: return false;
    }
  }

  /** d = a + offset */
  #shift(d: Temp, a: Temp, offset: number): void {
    const root = this.rootOf(a);
    this.#set(d, root, this.#offset[a]! + offset);
  }

  #sum(d: Temp, a: Temp, b: Temp): void {
    const x = this.rootOf(a), y = this.rootOf(b), lo = this.#partsLo, hi = this.#partsHi;
    const root = this.#numbered(x < y ? x * KEY + y : y * KEY + x, lo[x]! | lo[y]!, hi[x]! | hi[y]!);
    this.#set(d, root, this.#offset[a]! + this.#offset[b]!);
  }

  #scaled(d: Temp, a: Temp, scale: number): void {
    const x = this.rootOf(a);
    this.#set(d, this.#numbered(-(x * KEY + scale), this.#partsLo[x]!, this.#partsHi[x]!), this.#offset[a]! * 2 ** scale);
  }

  #set(d: Temp, root: number, offset: number): void {
    this.#seen[d] = this.#block;
    this.#root[d] = root;
    this.#offset[d] = offset;
  }

  #numbered(key: number, partsLo: number, partsHi: number): number {
    let root = this.#expressions.get(key);
    if (root === undefined) this.#expressions.set(key, (root = this.#made(partsLo, partsHi)));
    return root;
  }

  #made(partsLo: number, partsHi: number): number {
    const root = ++this.#next;
    this.#partsLo[root] = partsLo;
    this.#partsHi[root] = partsHi;
    return root;
  }
}
