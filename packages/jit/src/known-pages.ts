/**
 * Guest pages that a probe has found already. An access whose address is that of an earlier one plus a constant is mostly in the same page: then
 * comparing the two addresses stands in for the probe, and the distance from guest to host address is known. If it is not in that page, the
 * runtime probes.
 *
 * An address is known as a root, which stands for a value that is not looked into, plus a constant. What is found lasts from a block into those
 * that only it leads to, and until a helper runs that may change the mapping. Accesses that must be aligned are probed each.
 */
import { Kind, MemOp, Op, STRIDE, type Temp } from '@emu/tcg';
import { I32, I64, type FuncBuilder } from '@emu/wasm';
import { REMOVED, type Globals } from './globals.ts';
import type { RegionCode } from './region-code.ts';
import { isGuestOp, OUTS } from './shape.ts';

/** Pages known at the same time. */
const SLOTS = 6;
/** Distance to a known address up to which an access is tried there. */
const NEAR = 1024;
const NONE = -1;

/** A known page: locals that hold the address that was found there (inverted if that was not by a TLB hit), and host minus guest address. */
export interface KnownPage { readonly tag: number; readonly distance: number }

/** How an access finds its page: through a known one, `offset` bytes from the address there; and where it leaves what it finds. */
export interface PageUse { readonly through: KnownPage | null; readonly offset: number; readonly makes: KnownPage | null }

interface Slot { root: number; offset: number; write: boolean; use: number }

/** What is known where a block ends. */
export interface PageState { readonly roots: Int32Array; readonly offsets: Int32Array; readonly slots: readonly Slot[] }

const NOTHING: PageUse = { through: null, offset: 0, makes: null };

export class KnownPages {
  #f!: FuncBuilder;
  #code!: RegionCode;
  #globals!: Globals;
  /** Root and offset of each temp; those within a block count while `#seen` holds the block's number. */
  #root = new Int32Array(4096);
  #offset = new Int32Array(4096);
  #seen = new Int32Array(4096);
  /** By access of the block, as an index of ops: root, offset, whether a later one may use what it finds. */
  #accessRoot = new Int32Array(4096);
  #accessOffset = new Int32Array(4096);
  #isUseful = new Uint8Array(4096);
  readonly #locals: KnownPage[] = [];
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ root: NONE, offset: 0, write: false, use: 0 }));
  #block = 0;
  #nextRoot = 0;
  #uses = 0;

  begin(f: FuncBuilder, code: RegionCode, globals: Globals): void {
    this.#f = f;
    this.#code = code;
    this.#globals = globals;
    this.#locals.length = 0;
    const temps = code.ir.tempCount, ops = code.ir.length;
    if (temps > this.#root.length) [this.#root, this.#offset, this.#seen] = [new Int32Array(temps * 2), new Int32Array(temps * 2), new Int32Array(temps * 2)];
    this.#seen.fill(0, 0, temps);
    if (ops > this.#accessRoot.length) [this.#accessRoot, this.#accessOffset, this.#isUseful] = [new Int32Array(ops * 2), new Int32Array(ops * 2), new Uint8Array(ops * 2)];
    this.#block = this.#nextRoot = this.#uses = 0;
    this.forget();
  }

  /** Nothing is known: control may come from several places. */
  forget(): void {
    for (let t = 0; t < this.#lasting; t++) this.#fresh(t);
    for (const slot of this.#slots) slot.root = NONE;
  }

  save(): PageState {
    return { roots: this.#root.slice(0, this.#lasting), offsets: this.#offset.slice(0, this.#lasting), slots: this.#slots.map((slot) => ({ ...slot })) };
  }

  restore(state: PageState): void {
    this.#root.set(state.roots);
    this.#offset.set(state.offsets);
    state.slots.forEach((slot, i) => Object.assign(this.#slots[i]!, slot));
  }

  /** Looks ahead at block `b`: what its accesses have to do with each other. */
  enter(b: number): void {
    const { ir, start, end } = this.#code, accesses: number[] = [];
    this.#block++;
    for (let i = start[b]!; i < end[b]!; i++) {
      const op = ir.op[i]!;
      if (op === REMOVED) continue;
      if (isGuestOp(op)) {
        const t = ir.args[i * STRIDE + 1]!;
        this.#accessRoot[i] = this.#rootOf(t);
        this.#accessOffset[i] = this.#offset[t]!;
        this.#isUseful[i] = 0;
        for (const earlier of accesses) if (this.#isNear(earlier, i) && (this.#writes(earlier) || !this.#writes(i))) this.#isUseful[earlier] = 1;
        accesses.push(i);
      } else if (op === Op.call && this.#changesMapping(i)) accesses.length = 0;
      this.#define(i, op);
    }
  }

  /** A helper is called by op `i`. */
  call(i: number): void {
    if (this.#changesMapping(i)) for (const slot of this.#slots) slot.root = NONE;
  }

  /** `t`, a global or `base`, gets another value than by an op. */
  changed(t: Temp): void {
    this.#fresh(t);
  }

  /** How the access by op `i` finds its page. */
  use(i: number, memop: number): PageUse {
    const write = this.#writes(i);
    if (memop & MemOp.ALIGN) return NOTHING;
    const root = this.#accessRoot[i]!, offset = this.#accessOffset[i]!, bytes = 1 << (memop & MemOp.SIZE);
    this.#uses++;
    const k = this.#slots.findIndex((slot) => slot.root === root && (slot.write || !write) && fits(offset - slot.offset, bytes));
    if (k >= 0) {
      this.#slots[k]!.use = this.#uses;
      return { through: this.#localsOf(k), offset: offset - this.#slots[k]!.offset, makes: null };
    }
    return this.#isUseful[i] ? { through: null, offset: 0, makes: this.#make(root, offset, write) } : NOTHING;
  }

  /** Globals and `base`, which come first among the temps. */
  get #lasting(): number {
    return this.#code.base + 1;
  }

  #fresh(t: Temp): void {
    this.#root[t] = ++this.#nextRoot;
    this.#offset[t] = 0;
  }

  #rootOf(t: Temp): number {
    if (t >= this.#lasting && this.#seen[t] !== this.#block) {
      this.#seen[t] = this.#block;
      this.#fresh(t);
    }
    return this.#root[t]!;
  }

  #isNear(earlier: number, later: number): boolean {
    return this.#accessRoot[earlier] === this.#accessRoot[later] && Math.abs(this.#accessOffset[earlier]! - this.#accessOffset[later]!) <= NEAR;
  }

  #writes(i: number): boolean {
    const { ir } = this.#code;
    return ir.op[i] !== Op.qemu_ld || (ir.args[i * STRIDE + 2]! & MemOp.RMW) !== 0;
  }

  #changesMapping(i: number): boolean {
    return !this.#code.ir.helpers[this.#code.ir.args[i * STRIDE + 1]!]!.flags.noSideEffects;
  }

  #define(i: number, op: number): void {
    const { ir } = this.#code, p = i * STRIDE, { args } = ir;
    if (op === Op.call) {
      if (args[p]! >= 0) this.#set(args[p]!);
      for (let g = 0; g < ir.globalCount; g++) if (this.#globals.mayWrite(p, g)) this.#fresh(g);
      return;
    }
    if (op === Op.mov) return this.#set(args[p]!, args[p + 1]!, 0);
    const sign = op === Op.add ? 1 : op === Op.sub ? -1 : 0, b = args[p + 2]!;
    if (sign !== 0 && ir.tempKind[b] === Kind.CONST && ir.tempHi[b] === ir.tempLo[b]! >> 31 && Math.abs(ir.tempLo[b]!) <= NEAR * NEAR) {
      return this.#set(args[p]!, args[p + 1]!, sign * ir.tempLo[b]!);
    }
    for (let k = 0; k < OUTS[op]!; k++) this.#set(args[p + k]!);
  }

  /** d = a + offset; without `a` it is a value of its own. */
  #set(d: Temp, a: Temp = NONE, offset = 0): void {
    const root = a < 0 ? ++this.#nextRoot : this.#rootOf(a), at = a < 0 ? 0 : this.#offset[a]! + offset;
    this.#seen[d] = this.#block;
    this.#root[d] = root;
    this.#offset[d] = at;
  }

  #make(root: number, offset: number, write: boolean): KnownPage {
    let oldest = 0;
    for (let k = 1; k < SLOTS; k++) if (this.#slots[k]!.use < this.#slots[oldest]!.use) oldest = k;
    Object.assign(this.#slots[oldest]!, { root, offset, write, use: this.#uses });
    return this.#localsOf(oldest);
  }

  #localsOf(slot: number): KnownPage {
    return (this.#locals[slot] ??= { tag: this.#f.local(I64), distance: this.#f.local(I32) });
  }
}

/** Whether one comparison says that an access of `bytes`, `offset` away from a known address, lies in its page: the end farther away decides. */
const fits = (offset: number, bytes: number): boolean => Math.abs(offset) <= NEAR && (offset >= 0 || offset + bytes <= 1);
