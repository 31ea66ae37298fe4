/**
 * Guest pages that a probe has found already. An access whose address is that of an earlier one plus a constant is mostly in the same page: then
 * comparing the two addresses stands in for the probe, and the distance from guest to host address is known. If it is not in that page, the
 * runtime probes.
 *
 * An address is known as a root, which stands for a value that is not looked into, plus a constant. What is found lasts from a block into those
 * that only it leads to, and until a helper runs that may change the mapping. Accesses that must be aligned are probed each.
 */
import { MemOp, Op, STRIDE, type Temp } from '@emu/tcg';
import { I32, I64, type FuncBuilder } from '@emu/wasm';
import { AddressRoots, type RootState } from './address-roots.ts';
import type { Flow } from './flow.ts';
import { REMOVED, type Globals } from './globals.ts';
import { LoopPages } from './loop-pages.ts';
import type { WindowAccess, WindowContext } from './loop-windows.ts';
import type { RegionCode } from './region-code.ts';
import { changesMapping, isGuestOp, writesGuest } from './shape.ts';

/** Pages known at the same time. */
const SLOTS = 6;
/** Distance to a known address up to which an access is tried there. */
const NEAR = 1024;
const NONE = -1;

/** A known page: locals that hold the address that was found there (with bit 13 changed if that was not by a TLB hit), and host minus guest address. */
export interface KnownPage { readonly tag: number; readonly distance: number }

/**
 * How an access finds its page: through a known one, `offset` bytes from the address there; and where it leaves what it finds. Or by the page that a loop
 * keeps, whose locals hold its address and host minus guest address. Or it is in a window of a loop, or a call.
 */
export interface PageUse {
  readonly isCall: boolean;
  readonly window: WindowAccess | null;
  readonly through: KnownPage | null;
  readonly offset: number;
  readonly makes: KnownPage | null;
  readonly kept: KnownPage | null;
}

interface Slot { root: number; offset: number; write: boolean; use: number }

/** What is known where a block ends. */
export interface PageState { readonly roots: RootState; readonly slots: readonly Slot[] }

const NOTHING: PageUse = { isCall: false, window: null, through: null, offset: 0, makes: null, kept: null };
export const CALL: PageUse = { ...NOTHING, isCall: true };

export class KnownPages {
  #f!: FuncBuilder;
  #code!: RegionCode;
  readonly #roots = new AddressRoots();
  readonly #loops = new LoopPages();
  /** By access of the block, as an index of ops: root, offset, whether a later one may use what it finds. */
  #accessRoot = new Int32Array(4096);
  #accessOffset = new Float64Array(4096);
  #isUseful = new Uint8Array(4096);
  readonly #locals: KnownPage[] = [];
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ root: NONE, offset: 0, write: false, use: 0 }));
  #block = 0;
  #rare = 0;
  #uses = 0;

  /** @param rare executions below which a TB counts as rare. */
  begin(context: WindowContext, code: RegionCode, flow: Flow, globals: Globals, rare: number): void {
    this.#rare = rare;
    this.#f = context.f;
    this.#code = code;
    this.#locals.length = 0;
    const ops = code.ir.length;
    if (ops > this.#accessRoot.length) [this.#accessRoot, this.#accessOffset, this.#isUseful] = [new Int32Array(ops * 2), new Float64Array(ops * 2), new Uint8Array(ops * 2)];
    this.#uses = 0;
    this.#roots.begin(code, globals);
    this.#loops.begin(context, code, flow, globals);
    this.forget();
  }

  /** Nothing is known: control may come from several places. */
  forget(): void {
    this.#roots.forget();
    for (const slot of this.#slots) slot.root = NONE;
  }

  /** The loop of node `n` is entered from outside, next. */
  enterLoop(n: number): void {
    this.#loops.enter(n);
  }

  save(): PageState {
    return { roots: this.#roots.save(), slots: this.#slots.map((slot) => ({ ...slot })) };
  }

  restore(state: PageState): void {
    this.#roots.restore(state.roots);
    state.slots.forEach((slot, i) => Object.assign(this.#slots[i]!, slot));
  }

  /** Looks ahead at block `b`: what its accesses have to do with each other. */
  enter(b: number): void {
    const { ir, start, end } = this.#code, roots = this.#roots, accesses: number[] = [];
    this.#block = b;
    roots.enterBlock();
    for (let i = start[b]!; i < end[b]!; i++) {
      const op = ir.op[i]!;
      if (op === REMOVED) continue;
      if (isGuestOp(op)) {
        const t = ir.args[i * STRIDE + 1]!;
        this.#accessRoot[i] = roots.rootOf(t);
        this.#accessOffset[i] = roots.offsetOf(t);
        this.#isUseful[i] = 0;
        for (const earlier of accesses) if (this.#isNear(earlier, i) && (writesGuest(ir, earlier) || !writesGuest(ir, i))) this.#isUseful[earlier] = 1;
        accesses.push(i);
      } else if (op === Op.call && changesMapping(ir, i)) accesses.length = 0;
      roots.define(i, op);
    }
  }

  /** A helper is called by op `i`. */
  call(i: number): void {
    if (!changesMapping(this.#code.ir, i)) return;
    for (const slot of this.#slots) slot.root = NONE;
    this.#loops.changed(this.#block);
  }

  /** `t`, a global or `base`, gets another value than by an op. */
  changed(t: Temp): void {
    this.#roots.fresh(t);
  }

  /** Whether code for block `b` had better be small than fast: it is in no loop, and its TB seldom ran. */
  isRare(b: number): boolean {
    return this.#code.tbs[this.#code.tbOf[b]!]!.count < this.#rare && !this.#loops.isInLoop(b);
  }

  /** How the access by op `i` finds its page. */
  use(i: number, memop: number): PageUse {
    const window = this.#loops.windowOf(i);
    if (window) return { ...NOTHING, window };
    if (this.isRare(this.#block)) return CALL;
    const write = writesGuest(this.#code.ir, i);
    if (memop & MemOp.ALIGN) return NOTHING;
    const kept = this.#loops.pageOf(this.#block, i);
    if (kept) return { ...NOTHING, kept };
    const root = this.#accessRoot[i]!, offset = this.#accessOffset[i]!, bytes = 1 << (memop & MemOp.SIZE);
    this.#uses++;
    const k = this.#slots.findIndex((slot) => slot.root === root && (slot.write || !write) && fits(offset - slot.offset, bytes));
    if (k >= 0) {
      this.#slots[k]!.use = this.#uses;
      return { ...NOTHING, through: this.#localsOf(k), offset: offset - this.#slots[k]!.offset };
    }
    return this.#isUseful[i] ? { ...NOTHING, makes: this.#make(root, offset, write) } : NOTHING;
  }

  #isNear(earlier: number, later: number): boolean {
    return this.#accessRoot[earlier] === this.#accessRoot[later] && Math.abs(this.#accessOffset[earlier]! - this.#accessOffset[later]!) <= NEAR;
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
