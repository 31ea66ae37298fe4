/**
 * Pages that accesses in a loop come back to: where an address is made of registers that the loop leaves alone or moves by small constants, turn after turn
 * is mostly in one page. Such accesses keep its address and its place in locals, from turn to turn, and probe when the page is another. Aligned
 * accesses only, since those lie in one page; others probe each time.
 *
 * That the guess is right matters to speed only: each access compares its page. The locals are valid, or hold no page, from the loop's start, and hold none
 * after a helper that may change the mapping. A loop whose own turn calls such a helper keeps no pages.
 */
import { MemOp, Op, STRIDE } from '@emu/tcg';
import { I32, I64, type FuncBuilder } from '@emu/wasm';
import { AddressRoots } from './address-roots.ts';
import type { Flow } from './flow.ts';
import { REMOVED, type Globals } from './globals.ts';
import { LoopWindows, type WindowAccess, type WindowContext } from './loop-windows.ts';
import type { KnownPage } from './known-pages.ts';
import type { RegionCode } from './region-code.ts';
import { changesMapping, isGuestOp, isInPlace, OUTS, INS, writesGuest } from './shape.ts';

/** Pages that a loop keeps. */
const PAGES = 8;
/** How far a register moves in a block, at most, so that a page lasts for some turns. */
const STEP = 256;
/** Accesses with one root that are no farther apart than this are mostly in one page. */
const NEAR = 1024;
/** Ops in a loop at most: in larger ones the locals cost more than they save. */
const OPS = 1500;
/** In the place of a page's address: has a bit that addresses are compared without. */
const NO_PAGE = 0x800;
const NONE = -1;

/** A page that is kept: of accesses with a root at about an offset from it, read or written. */
interface Kept { readonly root: number; readonly offset: number; readonly write: boolean; readonly page: KnownPage }

interface Loop {
  /** Nodes from which control comes back to the header; and blocks on the shortest ways there: ways back that are longer are loops around this one. */
  readonly isInside: Uint8Array;
  readonly blocks: readonly number[];
  /** Globals that it changes otherwise than by small constants. */
  changedLo: number;
  changedHi: number;
  fits: boolean;
  readonly pages: Kept[];
}

export class LoopPages {
  #f!: FuncBuilder;
  #code!: RegionCode;
  readonly #roots = new AddressRoots();
  readonly #windows = new LoopWindows();
  #context!: WindowContext;
  readonly #loops = new Map<number, Loop>();
  /** Innermost loop of a block. */
  readonly #loopOf: (Loop | undefined)[] = [];
  /** By access: its root in terms of the registers at its block's start. */
  #rootOf = new Int32Array(4096);
  #offsetOf = new Float64Array(4096);

  begin(context: WindowContext, code: RegionCode, flow: Flow, globals: Globals): void {
    this.#context = context;
    this.#f = context.f;
    this.#code = code;
    this.#loops.clear();
    this.#loopOf.length = 0;
    for (const n of flow.order) if (flow.isLoop[n]) this.#findLoop(n, flow);
    if (this.#loops.size === 0) return this.#windows.begin(code, globals, this.#loops);
    if (code.ir.length > this.#rootOf.length) [this.#rootOf, this.#offsetOf] = [new Int32Array(code.ir.length * 2), new Float64Array(code.ir.length * 2)];
    this.#roots.begin(code, globals);
    for (let b = 0; b < code.blockCount; b++) if (this.#loopOf[b]) this.#look(b);
    this.#windows.begin(code, globals, this.#loops);
  }

  /** The loop of node `n` is entered from outside, next. */
  enter(n: number): void {
    const loop = this.#loops.get(n);
    if (!loop?.fits) return;
    this.#windows.enter(this.#context, n);
    for (const b of loop.blocks) if (this.#loopOf[b] === loop) this.#choose(b, loop);
    this.#forget(loop);
  }

  /** A helper in block `b` may have changed the mapping. */
  changed(b: number): void {
    for (const [n, loop] of this.#loops) {
      if (!loop.isInside[b]) continue;
      this.#forget(loop);
      this.#windows.enter(this.#context, n);
    }
  }

  /** The window that access `i` is in, or null. */
  windowOf(i: number): WindowAccess | null {
    return this.#windows.of(i);
  }

  /** Whether block `b` is in a turn of a loop. */
  isInLoop(b: number): boolean {
    return this.#loopOf[b] !== undefined;
  }

  /** The page that access `i` of block `b` comes back to, or null. */
  pageOf(b: number, i: number): KnownPage | null {
    const loop = this.#loopOf[b];
    return loop?.fits ? this.#find(loop, i)?.page ?? null : null;
  }

  #forget(loop: Loop): void {
    for (const { page } of loop.pages) {
      this.#f.i64Const(NO_PAGE, 0);
      this.#f.localSet(page.tag);
    }
  }

  #find(loop: Loop, i: number): Kept | undefined {
    const write = writesGuest(this.#code.ir, i);
    return loop.pages.find((kept) => kept.root === this.#rootOf[i] && kept.write === write && Math.abs(kept.offset - this.#offsetOf[i]!) <= NEAR);
  }

  /** Inner loops come later than those around them, and take their blocks. */
  #findLoop(n: number, flow: Flow): void {
    const { edgeFrom, edgeTo, position } = flow, ways: Uint8Array[] = [];
    for (let e = 0; e < edgeTo.length; e++) if (edgeTo[e] === n && position[edgeFrom[e]!]! >= position[n]!) ways.push(flow.ways(n, [e]));
    const sized = ways.map((way) => ({ way, ops: this.#opsIn(way) })).sort((a, b) => a.ops - b.ops), isInside = new Uint8Array(flow.nodeCount), isShort = new Uint8Array(flow.nodeCount);
    for (const { way, ops } of sized) {
      const short = ops <= 2 * sized[0]!.ops;
      way.forEach((inside, m) => {
        if (inside === 0) return;
        isInside[m] = 1;
        if (short) isShort[m] = 1;
      });
    }
    const blocks: number[] = [];
    for (let b = 0; b < this.#code.blockCount; b++) if (isShort[b]) blocks.push(b);
    const loop: Loop = { isInside, blocks, changedLo: 0, changedHi: 0, fits: this.#opsIn(isShort) <= OPS, pages: [] };
    this.#loops.set(n, loop);
    for (const b of blocks) this.#loopOf[b] = loop;
  }

  #opsIn(nodes: Uint8Array): number {
    const { blockCount, start, end } = this.#code;
    let ops = 0;
    for (let b = 0; b < blockCount; b++) if (nodes[b]) ops += end[b]! - start[b]!;
    return ops;
  }

  /** What block `b` does to registers, and what its accesses' addresses are made of. */
  #look(b: number): void {
    const { ir, start, end, base } = this.#code, roots = this.#roots;
    roots.enterBlock();
    roots.name();
    let changes = false;
    for (let i = start[b]!; i < end[b]!; i++) {
      const op = ir.op[i]!;
      if (op === REMOVED) continue;
      if (isGuestOp(op)) this.#rootOf[i] = this.#addressRoot(i);
      else if (op === Op.call && changesMapping(ir, i)) changes = true;
      roots.define(i, op);
    }
    let lo = 0, hi = 0;
    for (let t = 0; t <= base; t++) {
      if (roots.rootOf(t) === t && Math.abs(roots.offsetOf(t)) <= STEP) continue;
      if (t < 32) lo |= 1 << t;
      else hi |= 1 << (t - 32);
    }
    for (const loop of this.#loops.values()) {
      if (!loop.blocks.includes(b)) continue;
      loop.changedLo |= lo;
      loop.changedHi |= hi;
      if (changes) loop.fits = false;
    }
  }

  /** NONE if it cannot keep a page. */
  #addressRoot(i: number): number {
    const { ir } = this.#code, op = ir.op[i]!, memop = ir.args[i * STRIDE + OUTS[op]! + INS[op]!]!;
    if (!isInPlace(op) || memop & MemOp.ALIGN || (memop & MemOp.SIZE) > MemOp.b64) return NONE;
    const root = this.#roots.rootOf(ir.args[i * STRIDE + 1]!);
    this.#offsetOf[i] = this.#roots.offsetOf(ir.args[i * STRIDE + 1]!);
    return this.#roots.partsLo(root) === -1 && this.#roots.partsHi(root) === -1 ? NONE : root;
  }

  #choose(b: number, loop: Loop): void {
    const { ir, start, end } = this.#code, roots = this.#roots;
    for (let i = start[b]!; i < end[b]!; i++) {
      if (ir.op[i] === REMOVED || !isGuestOp(ir.op[i]!) || this.#windows.of(i)) continue;
      const root = this.#rootOf[i]!;
      if (root === NONE || (roots.partsLo(root) & loop.changedLo) !== 0 || (roots.partsHi(root) & loop.changedHi) !== 0) continue;
      if (loop.pages.length >= PAGES || this.#find(loop, i)) continue;
      const page = { tag: this.#f.local(I64), distance: this.#f.local(I32) };
      loop.pages.push({ root, offset: this.#offsetOf[i]!, write: writesGuest(ir, i), page });
    }
  }
}
