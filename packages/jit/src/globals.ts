/**
 * Guest registers of a region, which live in Wasm locals: where a local may differ from CPU state (dirty), where its value is still needed
 * (live), what is stored at each way out, and which ops are of no use.
 *
 * Ways out share one sequence of stores, entered at the first global that is dirty there: rarely dirty globals come first, the pc last. Whatever
 * the sequence stores beyond need must hold CPU state's value, so it counts as used at that way out. Faults and spent budgets enter at the top.
 */
import { Kind, Op, STRIDE, TYPE_BITS, type HelperFlags, type Temp } from '@emu/tcg';
import { BitRows } from './bits.ts';
import type { Flow } from './flow.ts';
import { End, type RegionCode } from './region-code.ts';
import { INS, isGuestOp, isPure, OUTS } from './shape.ts';

/** Opcode of an op that is not emitted. */
export const REMOVED = 0xffff;
/** Size of a global by type. */
const BYTES = TYPE_BITS.map((bits) => bits / 8);
/** Rows of the working set. */
const NOW = 0, EXITS = 1, START = 2, ROWS = 3;

export class Globals {
  /** Globals in the order in which ways out store them. */
  readonly chain: Temp[] = [];
  /** Of blocks that leave: position in the chain to enter at. */
  readonly enterChain: number[] = [];
  /** By number of the call (operand 4): what is stored before it, and what is loaded after it. */
  readonly spills = new BitRows();
  readonly reloads = new BitRows();
  /** Rows: what the entries need. */
  readonly liveIn = new BitRows();
  /** By temp: its uses within its block. */
  uses = new Int32Array(4096);
  callCount = 0;
  /** By number of the call: globals in CPU state that the helper may read or write. */
  readonly #touched = new BitRows();
  #code!: RegionCode;
  #flow!: Flow;
  #globals = 0;
  readonly #dirtyIn = new BitRows();
  readonly #written = new BitRows();
  readonly #exitDirty = new BitRows();
  readonly #liveOut = new BitRows();
  readonly #used = new BitRows();
  readonly #defined = new BitRows();
  readonly #set = new BitRows();
  /** Globals that calls in a block clean. */
  readonly #cleaned = new BitRows();

  run(code: RegionCode, flow: Flow): void {
    this.#code = code;
    this.#flow = flow;
    const n = flow.nodeCount, bits = (this.#globals = code.ir.globalCount);
    for (const rows of [this.#dirtyIn, this.#written, this.#exitDirty, this.#liveOut, this.liveIn, this.#used, this.#defined, this.#cleaned]) rows.reset(n, bits);
    this.#set.reset(ROWS, bits);
    this.#numberCalls();
    this.#findDirty();
    this.#layChain();
    this.#findLive();
    if (this.uses.length < code.ir.tempCount) this.uses = new Int32Array(code.ir.tempCount * 2);
    this.uses.fill(0, 0, code.ir.tempCount);
    for (let b = 0; b < code.blockCount; b++) if (flow.position[b]! >= 0) this.#backwards(b, true);
  }

  #numberCalls(): void {
    const { ir } = this.#code;
    let calls = 0;
    for (let i = 0; i < ir.length; i++) if (ir.op[i] === Op.call) ir.args[i * STRIDE + 4] = calls++;
    this.callCount = calls;
    for (const rows of [this.spills, this.reloads, this.#touched]) rows.reset(calls, this.#globals);
    for (let i = 0; i < ir.length; i++) if (ir.op[i] === Op.call) this.#noteTouched(i * STRIDE);
  }

  /** Whether the call whose operands are at `p` may change global `g`. */
  mayWrite(p: number, g: Temp): boolean {
    const { ir } = this.#code;
    return !ir.helpers[ir.args[p + 1]!]!.flags.noWriteGlobals && this.#touched.has(ir.args[p + 4]!, g);
  }

  #noteTouched(p: number): void {
    const { ir } = this.#code, helper = ir.helpers[ir.args[p + 1]!]!, call = ir.args[p + 4]!;
    if (!spills(helper.flags)) return;
    if (!helper.flags.pointersOnly) return this.#touched.fill(call);
    for (let k = 0; k < ir.args[p + 3]!; k++) if (helper.params[k] === 'ptr') this.#touchAt(call, ir.callArgs[ir.args[p + 2]! + k]!);
  }

  /** A pointer argument: what is there. One that is not a constant may point anywhere. */
  #touchAt(call: number, pointer: Temp): void {
    const { ir } = this.#code;
    if (ir.tempKind[pointer] !== Kind.CONST) return this.#touched.fill(call);
    const at = ir.tempLo[pointer]!;
    for (let g = 0; g < this.#globals; g++) if (at >= ir.tempLo[g]! && at < ir.tempLo[g]! + BYTES[ir.tempType[g]!]!) this.#touched.add(call, g);
  }

  // ---- Dirty: forwards -------------------------------------------------------------------------------------------------------------

  #findDirty(): void {
    const code = this.#code, { order } = this.#flow;
    for (const n of order) if (n < code.blockCount) this.#summariseWrites(n);
    for (let changed = true; changed;) {
      changed = false;
      for (const n of order) {
        const block = n < code.blockCount, { firstEdge, edgeCount, edgeTo } = this.#flow;
        for (let e = firstEdge[n]!; e < firstEdge[n]! + edgeCount[n]!; e++) {
          const to = edgeTo[e]!;
          if (block && this.#dirtyIn.union(to, n, this.#written)) changed = true;
          if (block ? this.#dirtyIn.unionWithout(to, n, n, this.#dirtyIn, this.#cleaned) : this.#dirtyIn.union(to, n)) changed = true;
        }
      }
    }
    for (const n of order) if (n < code.blockCount) this.#forwards(n);
  }

  /** What block `b` leaves dirty of its own, and what calls in it clean. */
  #summariseWrites(b: number): void {
    this.#eachWrite(b, this.#written, b, (call) => this.#cleaned.union(b, call, this.#touched));
  }

  /** Notes what calls and ways out find dirty. */
  #forwards(b: number): void {
    const code = this.#code, set = this.#set;
    set.copy(NOW, b, this.#dirtyIn);
    if (code.isHead[b]) set.union(START, NOW);
    this.#eachWrite(b, set, NOW, (call) => {
      this.spills.copy(call, NOW, set);
      this.spills.intersect(call, call, this.#touched);
    });
    if (code.kind[b] === End.EXIT || code.kind[b] === End.LOOKUP) this.#exitDirty.copy(b, NOW, set);
  }

  /** Adds what block `b` writes to a row; at a call what the helper touches leaves the row after `onSpill`. */
  #eachWrite(b: number, rows: BitRows, row: number, onSpill: (call: number) => void): void {
    const { ir, start, end } = this.#code, globals = this.#globals, set = this.#set;
    for (let i = start[b]!; i < end[b]!; i++) {
      const op = ir.op[i]!, p = i * STRIDE;
      if (op === Op.call) {
        const { flags } = ir.helpers[ir.args[p + 1]!]!;
        if (spills(flags)) {
          onSpill(ir.args[p + 4]!);
          rows.subtract(row, ir.args[p + 4]!, this.#touched);
        } else if (!flags.noFault && rows === set) set.union(START, NOW);
        if (ir.args[p]! >= 0 && ir.args[p]! < globals) rows.add(row, ir.args[p]!);
        continue;
      }
      if (isGuestOp(op) && rows === set) set.union(START, NOW);
      for (let k = 0; k < OUTS[op]!; k++) if (ir.args[p + k]! < globals) rows.add(row, ir.args[p + k]!);
    }
  }

  // ---- The store sequence ------------------------------------------------------------------------------------------------------------

  #layChain(): void {
    const code = this.#code, counts = new Int32Array(this.#globals), set = this.#set, exits: number[] = [];
    for (const b of this.#flow.order) {
      if (b >= code.blockCount || (code.kind[b] !== End.EXIT && code.kind[b] !== End.LOOKUP)) continue;
      exits.push(b);
      set.union(EXITS, b, this.#exitDirty);
      for (let g = 0; g < this.#globals; g++) if (this.#exitDirty.has(b, g)) counts[g]!++;
    }
    set.union(EXITS, START);
    this.chain.length = 0;
    for (let g = 0; g < this.#globals; g++) if (g !== code.pc && set.has(EXITS, g)) this.chain.push(g);
    this.chain.sort((a, b) => counts[a]! - counts[b]! || a - b);
    this.chain.push(code.pc);
    for (const b of exits) {
      let at = 0;
      while (at < this.chain.length - 1 && !this.#exitDirty.has(b, this.chain[at]!)) at++;
      this.enterChain[b] = at;
    }
  }

  // ---- Live: backwards ---------------------------------------------------------------------------------------------------------------

  #findLive(): void {
    const code = this.#code, { order, firstEdge, edgeCount, edgeTo } = this.#flow;
    for (const n of order) if (n < code.blockCount) this.#backwards(n, false);
    for (let changed = true; changed;) {
      changed = false;
      for (let i = order.length - 1; i >= 0; i--) {
        const n = order[i]!;
        for (let e = firstEdge[n]!; e < firstEdge[n]! + edgeCount[n]!; e++) if (this.#liveOut.union(n, edgeTo[e]!, this.liveIn)) changed = true;
        if (this.liveIn.union(n, n, this.#used)) changed = true;
        if (this.liveIn.unionWithout(n, n, n, this.#liveOut, this.#defined)) changed = true;
      }
    }
  }

  /**
   * Goes through block `b` backwards. First time: summarises into `used` and `defined`. Last time, with what is live at its end known: removes ops
   * of no use, counts the uses of temps, notes what calls must load again.
   */
  #backwards(b: number, last: boolean): void {
    const { ir, start, end, kind, isHead, pc } = this.#code, set = this.#set, k = kind[b]!;
    if (last) set.copy(NOW, b, this.#liveOut);
    else set.clear(NOW);
    if (k === End.EXIT || k === End.LOOKUP) this.#useChain(this.enterChain[b]!, true);
    if (k === End.LOOKUP) set.add(NOW, pc);
    if (k === End.BRCOND) this.#useInputs(end[b]! * STRIDE, 2, last);
    for (let i = end[b]! - 1; i >= start[b]!; i--) this.#visit(b, i, ir.op[i]!, last);
    if (isHead[b]) this.#useChain(0, false);
    if (!last) this.#used.copy(b, NOW, set);
  }

  #visit(b: number, i: number, op: number, last: boolean): void {
    const { ir } = this.#code, p = i * STRIDE, outs = OUTS[op]!;
    if (op === REMOVED) return;
    if (op === Op.call) return this.#visitCall(b, i, last);
    if (last && isPure(op) && this.#isUseless(p, outs)) {
      ir.op[i] = REMOVED;
      return;
    }
    for (let k = 0; k < outs; k++) this.#define(b, ir.args[p + k]!, last);
    if (isGuestOp(op)) this.#useChain(0, false);
    this.#useInputs(p + outs, INS[op]!, last);
  }

  #visitCall(b: number, i: number, last: boolean): void {
    const { ir } = this.#code, p = i * STRIDE, d = ir.args[p]!, { flags } = ir.helpers[ir.args[p + 1]!]!, call = ir.args[p + 4]!, set = this.#set;
    if (last && flags.noSideEffects && (d < 0 || this.#isUseless(p, 1))) {
      ir.op[i] = REMOVED;
      return;
    }
    if (d >= 0) this.#define(b, d, last);
    if (!flags.noWriteGlobals) {
      if (last) {
        this.reloads.copy(call, NOW, set);
        this.reloads.intersect(call, call, this.#touched);
      } else this.#defined.union(b, call, this.#touched);
      set.subtract(NOW, call, this.#touched);
    }
    if (spills(flags)) set.union(NOW, call, this.spills);
    else if (!flags.noFault) this.#useChain(0, false);
    for (let a = ir.args[p + 2]!, end = a + ir.args[p + 3]!; a < end; a++) this.#use(ir.callArgs[a]!, last);
  }

  #isUseless(p: number, outs: number): boolean {
    const { ir } = this.#code;
    for (let k = 0; k < outs; k++) {
      const d = ir.args[p + k]!;
      if (d < this.#globals ? this.#set.has(NOW, d) : this.#code.crosses(d) || this.uses[d]! > 0) return false;
    }
    return outs > 0;
  }

  #define(b: number, t: Temp, last: boolean): void {
    if (t >= this.#globals) return;
    this.#set.remove(NOW, t);
    if (!last) this.#defined.add(b, t);
  }

  #useInputs(p: number, count: number, last: boolean): void {
    for (let k = p; k < p + count; k++) this.#use(this.#code.ir.args[k]!, last);
  }

  #use(t: Temp, last: boolean): void {
    if (t < this.#globals) this.#set.add(NOW, t);
    else if (last) this.uses[t]!++;
  }

  /** A way out that enters the store sequence at `from`. A fault computes the pc anew. */
  #useChain(from: number, withPc: boolean): void {
    for (let i = from; i < this.chain.length - (withPc ? 0 : 1); i++) this.#set.add(NOW, this.chain[i]!);
  }
}

/** Whether dirty globals are stored before a call: it reads them, or it writes some and all are loaded again. CPU state is exact then if it faults. */
export const spills = (flags: HelperFlags): boolean => !flags.noReadGlobals || !flags.noWriteGlobals;
