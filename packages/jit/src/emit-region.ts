/**
 * A region as one Wasm function `(entry) -> ()`: guest registers in locals, the region's control flow as structured code, and one way out.
 *
 *     load what is live at the entries, the budget, and the TLB masks
 *     block chain 0 ... block chain n           ;; ways out enter the stores at the first global that is dirty
 *       block fault                             ;; a fault: the pc is the running TB's
 *         block accessFault                     ;; that an access function reports
 *           block budget                        ;; the budget does not cover the next TB
 *             the blocks
 *           end
 *           code = Leave.BUDGET; br fault
 *         end
 *         code = the instruction in the header
 *       end
 *       pc = base + offset of the running TB
 *     end chain 0; store; ... end chain n
 *     leave(code, tb, budget)
 */
import { emitMask } from '@emu/softmmu';
import { HDR, invertCond, Op, STRIDE, TB, type Cond } from '@emu/tcg';
import type { HostPtr } from '@emu/vaddr';
import { I32, type FuncBuilder } from '@emu/wasm';
import { Flow, NO_SELECT } from './flow.ts';
import type { Frame, GuestMemory } from './frame.ts';
import { Globals, REMOVED } from './globals.ts';
import { emitGuestOp } from './guest-access.ts';
import { emitCall, loadGlobal, storeGlobal } from './helper-call.ts';
import { emitHostOp } from './host-access.ts';
import { KnownPages } from './known-pages.ts';
import { emitFind } from './leave.ts';
import { Leave } from './leave-code.ts';
import { End, type RegionCode } from './region-code.ts';
import { INS, isGuestOp, OUTS } from './shape.ts';
import { runSplit } from './split.ts';
import { isValueOp, Values } from './values.ts';

export interface EmitContext {
  readonly header: HostPtr;
  readonly jumpCache: HostPtr;
  readonly memory: GuestMemory;
  /** Function indices in the module: of `leave` and `find`, of helpers by helper index, of access functions by `accessKey`. */
  readonly leave: number;
  readonly find: number;
  readonly helpers: ReadonlyMap<number, number>;
  readonly access: ReadonlyMap<number, number>;
}

/** The function's parameter. */
const ARGUMENT = 0;

export class RegionEmitter {
  readonly #flow = new Flow();
  readonly #globals = new Globals();
  readonly #values = new Values();
  readonly #pages = new KnownPages();
  /** Labels by node: the end of the block in front of it (a branch forwards), its loop (a branch back). */
  readonly #blockLabel: number[] = [];
  readonly #loopLabel: number[] = [];
  /** Label by position in the chain; the last is behind all stores. */
  #chainLabels: number[] = [];
  #budgetLabel = 0;
  #slot = 0;
  #frame!: Frame;
  #code!: RegionCode;
  #f!: FuncBuilder;

  /**
   * Emits `code`, entered at the first blocks of the TBs `entries`: at entry `i` when the argument is `i`. The function will be at `slot` of the table. Loops of TBs executed
   * `hot` times are worth copies; TBs executed less than `rare` times, and in no loop, get small code.
   */
  emit(f: FuncBuilder, code: RegionCode, entries: readonly number[], slot: number, hot: number, rare: number, context: EmitContext): void {
    const globals = this.#globals, flow = this.#flow;
    runSplit(flow, code, entries.map((tb) => code.headOf[tb]!), hot);
    globals.run(code, flow);
    this.#values.begin(f, code, globals);
    this.#code = code;
    this.#f = f;
    this.#slot = slot;
    const locals = { budgetLocal: f.local(I32), tbLocal: f.local(I32), codeLocal: f.local(I32), selectLocal: f.local(I32), hostLocal: f.local(I32), entryLocal: f.local(I32), headerLocal: f.local(I32) };
    const masks = new Map<number, number>();
    this.#pages.begin({ f, memory: context.memory, masks, values: this.#values, hostLocal: locals.hostLocal, entryLocal: locals.entryLocal }, code, flow, globals, rare);
    this.#findMasks(f, code, masks);
    const setCode = (value: number) => {
      f.i32Const(value);
      f.localSet(locals.codeLocal);
    };
    const start: Frame = { ...context, ...locals, masks, f, code, globals, values: this.#values, pages: this.#pages, faultLabel: 0, accessFaultLabel: 0, storedLabel: 0, setCode };
    this.#emitPrologue(start);
    this.#chainLabels = [f.block(), ...globals.chain.map(() => f.block())].reverse();
    const frame = (this.#frame = { ...start, storedLabel: this.#chainLabels[globals.chain.length]!, faultLabel: f.block(), accessFaultLabel: f.block() });
    this.#budgetLabel = f.block();
    this.#node(flow.root);
    f.end();
    setCode(Leave.BUDGET);
    f.br(frame.faultLabel);
    f.end();
    f.localGet(frame.headerLocal);
    f.i32Load(HDR.faultInsn);
    f.localSet(frame.codeLocal);
    f.end();
    this.#emitRunningPc();
    for (const g of globals.chain) {
      f.end();
      storeGlobal(frame, g);
    }
    f.end();
    f.localGet(frame.codeLocal);
    f.localGet(frame.tbLocal);
    f.localGet(frame.budgetLocal);
    f.returnCall(context.leave);
    f.end();
  }

  #emitPrologue(frame: Frame): void {
    const { f, header, headerLocal, budgetLocal, memory, masks, code: { ir, pc } } = frame, { liveIn } = this.#globals;
    f.i32Const(header);
    f.localTee(headerLocal);
    f.i32Load(HDR.budget);
    f.localSet(budgetLocal);
    for (const [mmu, mask] of masks) {
      emitMask(f, memory.descriptor(mmu));
      f.localSet(mask);
    }
    for (let g = 0; g < ir.globalCount; g++) if (g === pc || liveIn.has(this.#flow.root, g)) loadGlobal(frame, g);
  }

  /** Locals for the TLB masks that accesses look at which are not calls. */
  #findMasks(f: FuncBuilder, { ir, blockCount, start, end }: RegionCode, masks: Map<number, number>): void {
    for (let b = 0; b < blockCount; b++) {
      if (this.#flow.position[b]! < 0 || this.#pages.isRare(b)) continue;
      for (let i = start[b]!; i < end[b]!; i++) {
        const op = ir.op[i]!;
        if (!isGuestOp(op)) continue;
        const mmu = ir.args[i * STRIDE + OUTS[op]! + INS[op]! + 1]!;
        if (!masks.has(mmu)) masks.set(mmu, f.local(I32));
      }
    }
  }

  /** pc = base + offset of the running TB in its page. */
  #emitRunningPc(): void {
    const f = this.#f, { code, values, tbLocal } = this.#frame;
    f.localGet(values.localOf(code.base));
    f.localGet(tbLocal);
    f.i64Load32U(TB.pageOffset);
    f.i64Add();
    f.localSet(values.localOf(code.pc));
  }

  // ---- Structure -------------------------------------------------------------------------------------------------------------------

  /** Emits node `n` and all that it dominates. */
  #node(n: number): void {
    const f = this.#f, flow = this.#flow, isLoop = flow.isLoop[n]!;
    if (isLoop || flow.isMerge[n]) this.#pages.forget();
    if (isLoop) {
      this.#pages.enterLoop(n);
      this.#loopLabel[n] = f.loop();
    }
    const merges = flow.merges[n]!;
    for (const merge of merges) this.#blockLabel[merge] = f.block();
    if (flow.isSynthetic(n)) this.#dispatch(n);
    else this.#block(n);
    for (let i = merges.length - 1; i >= 0; i--) {
      f.end();
      this.#node(merges[i]!);
    }
    if (isLoop) f.end();
  }

  /** Goes along edge `e`. */
  #goto(e: number): void {
    const flow = this.#flow, f = this.#f;
    this.#select(e);
    if (this.#isBranch(e)) f.br(this.#labelOf(e));
    else this.#node(flow.edgeTo[e]!);
  }

  #isBranch(e: number): boolean {
    return this.#flow.isBackEdge(e) || this.#flow.isMerge[this.#flow.edgeTo[e]!]!;
  }

  #labelOf(e: number): number {
    const to = this.#flow.edgeTo[e]!;
    return this.#flow.isBackEdge(e) ? this.#loopLabel[to]! : this.#blockLabel[to]!;
  }

  /** Tells the dispatcher that the edge leads to where it is to go on. A dispatcher itself was told already. */
  #select(e: number): void {
    const flow = this.#flow, from = flow.edgeFrom[e]!;
    if (!this.#selects(e) || (from > flow.root && from !== flow.switch)) return;
    this.#f.i32Const(flow.select[e]!);
    this.#f.localSet(this.#frame.selectLocal);
  }

  #selects(e: number): boolean {
    return this.#flow.select[e]! !== NO_SELECT;
  }

  /** The root goes to the entry that the argument names, as does the switch; a dispatcher to the block that the selector names. */
  #dispatch(n: number): void {
    const flow = this.#flow, f = this.#f, first = flow.firstEdge[n]!, count = flow.edgeCount[n]!;
    if (n === flow.root && flow.switch >= 0) return this.#goto(first);
    if (n === flow.root || n === flow.switch) return this.#enter(first, count);
    for (let e = first; e < first + count - 1; e++) {
      f.localGet(this.#frame.selectLocal);
      f.i32Const(flow.goal[e]!);
      f.i32Eq();
      f.brIf(this.#labelOf(e));
    }
    this.#goto(first + count - 1);
  }

  #enter(first: number, count: number): void {
    const f = this.#f, flow = this.#flow;
    if (count > 1) {
      const labels = Array.from({ length: count }, () => f.block()).reverse();
      f.localGet(ARGUMENT);
      f.brTable(labels.slice(0, -1), labels[count - 1]!);
    }
    for (let i = 0; i < count; i++) {
      if (count > 1) f.end();
      this.#pages.forget();
      this.#setBase(this.#code.tbOf[flow.goal[first + i]!]!);
      this.#goto(first + i);
    }
  }

  /** base = pc - offset of TB `tb`, which begins at the pc. */
  #setBase(tb: number): void {
    const f = this.#f, { code, values } = this.#frame, offset = pageOffset(code, tb);
    f.localGet(values.localOf(code.pc));
    if (offset > 0) {
      f.i64Const(offset, 0);
      f.i64Sub();
    }
    f.localSet(values.localOf(code.base));
    this.#pages.changed(code.base);
  }

  // ---- Blocks ----------------------------------------------------------------------------------------------------------------------

  #block(b: number): void {
    const code = this.#code, { ir } = code;
    this.#values.tb = code.tbOf[b]!;
    if (code.isHead[b]) this.#enterTb(b);
    this.#pages.enter(b);
    for (let i = code.start[b]!; i < code.end[b]!; i++) if (ir.op[i] !== REMOVED) this.#op(i, ir.op[i]!);
    const e = this.#flow.firstEdge[b]!;
    switch (code.kind[b]) {
      case End.BR: return this.#goto(e);
      case End.BRCOND: return this.#brcond(code.end[b]!, e);
      case End.FAULT: return;
      case End.LOOKUP: this.#lookup(b, e);
    }
    this.#exit(b, code.end[b]!);
  }

  #enterTb(b: number): void {
    const f = this.#f, { budgetLocal, tbLocal } = this.#frame, { tb } = this.#code.tbs[this.#code.tbOf[b]!]!;
    f.i32Const(tb.record);
    f.localSet(tbLocal);
    f.localGet(budgetLocal);
    f.i32Const(tb.icount);
    f.i32Sub();
    f.localTee(budgetLocal);
    f.i32Const(0);
    f.i32LtS();
    if (!this.#pages.isRare(b)) f.unlikely();
    f.brIf(this.#budgetLabel);
  }

  #op(i: number, op: number): void {
    if (isValueOp(op)) this.#values.valueOp(i, op);
    else if (op === Op.call) emitCall(this.#frame, i);
    else if (isGuestOp(op)) emitGuestOp(this.#frame, i);
    else emitHostOp(this.#frame, i);
  }

  /** Edge `e` if the branch is taken, else `e + 1`. Whatever is not a plain branch is nested in the arm of an `if`, the shorter one if possible. */
  #brcond(i: number, e: number): void {
    const f = this.#f, cond = this.#code.ir.args[i * STRIDE + 2]!, taken = this.#isPlain(e), other = this.#isPlain(e + 1);
    const invert = !taken && (other || this.#isLeaf(e + 1));
    const first = invert ? e + 1 : e, second = invert ? e : e + 1;
    this.#values.compare(i, invert ? invertCond(cond as Cond) : cond);
    if (taken || other) f.brIf(this.#labelOf(first));
    else {
      const known = this.#pages.save();
      if (this.#isLeaf(first) && !this.#isLeaf(second)) f.unlikely(); // not in the region because it is rare
      f.if_();
      this.#goto(first);
      f.end();
      this.#pages.restore(known);
    }
    this.#goto(second);
  }

  #isPlain(e: number): boolean {
    return this.#isBranch(e) && !this.#selects(e);
  }

  /** Whether an edge leads to a block that leaves and that nobody else goes to. */
  #isLeaf(e: number): boolean {
    return !this.#isBranch(e) && this.#flow.edgeCount[this.#flow.edgeTo[e]!] === 0;
  }

  /** Stays inside if the pc leads to a TB of the region: that is seen from the pc where the TB is in this one's page, else the jump cache says so. */
  #lookup(b: number, e: number): void {
    const f = this.#f, { code, values, entryLocal, hostLocal, jumpCache, find } = this.#frame, pc = values.localOf(code.pc);
    const count = this.#flow.edgeCount[b]! - (code.isSwitch[b] ? 1 : 0), far: number[] = [];
    for (let k = e; k < e + count; k++) {
      const to = this.#targetOf(k);
      if (!code.isNear(b, to)) {
        far.push(k);
        continue;
      }
      f.localGet(pc);
      f.localGet(values.localOf(code.base));
      f.i64Sub();
      f.i64Const(pageOffset(code, to), 0);
      f.i64Eq();
      this.#enterIf(() => this.#goto(k));
    }
    if (far.length === 0 && !code.isSwitch[b]) return;
    if (this.#pages.isRare(b)) {
      f.localGet(pc);
      f.call(find);
    } else emitFind(f, pc, entryLocal, jumpCache);
    f.localSet(hostLocal);
    for (const k of far) {
      const to = this.#targetOf(k);
      f.localGet(hostLocal);
      f.i32Const(code.tbs[to]!.tb.record);
      f.i32Eq();
      if (code.keyMayDiffer[b]) this.#sameKey(to);
      this.#enterIf(() => {
        this.#setBase(to);
        this.#goto(k);
      });
    }
    if (code.isSwitch[b]) this.#switch(e + count);
  }

  /** The TB that edge `e` leads to. */
  #targetOf(e: number): number {
    return this.#code.tbOf[this.#flow.goal[e]!]!;
  }

  /** Pops whether a predicted jump goes where it is predicted to. */
  #enterIf(enter: () => void): void {
    const known = this.#pages.save();
    this.#f.likely();
    this.#f.if_();
    enter();
    this.#f.end();
    this.#pages.restore(known);
  }

  /** Stays inside if the TB found is an entry of this very function. Its key is that of every TB here. */
  #switch(e: number): void {
    const f = this.#f, { hostLocal } = this.#frame;
    f.localGet(hostLocal);
    f.i32Load(TB.entry);
    f.i32Const(this.#slot);
    f.i32Eq();
    f.if_();
    f.localGet(hostLocal);
    f.i32Load(TB.entryArg);
    f.localSet(ARGUMENT);
    this.#goto(e);
    f.end();
  }

  /** Pops a truth value; pushes it if the rest of the header's key is that of TB `to` too. */
  #sameKey(to: number): void {
    const f = this.#f, { headerLocal, code } = this.#frame, { tb } = code.tbs[to]!;
    f.localGet(headerLocal);
    f.i32Load(HDR.flags);
    f.i32Const(tb.flags);
    f.i32Eq();
    f.i32And();
    f.localGet(headerLocal);
    f.i64Load(HDR.csBase);
    f.i64Const(tb.csBaseLo, tb.csBaseHi);
    f.i64Eq();
    f.i32And();
  }

  #exit(b: number, i: number): void {
    const f = this.#f, { ir } = this.#code, op = ir.op[i]!, frame = this.#frame;
    if (op === Op.exit_tb) {
      f.localGet(frame.headerLocal);
      f.i32Const(ir.args[i * STRIDE]!);
      f.i32Store(HDR.exitSlot);
    }
    frame.setCode(op === Op.exit_tb ? Leave.EXIT : op === Op.goto_tb ? Leave.GOTO0 + ir.args[i * STRIDE]! : Leave.LOOKUP);
    f.br(this.#chainLabels[this.#globals.enterChain[b]!]!);
  }
}

const PAGE = 4096;
const pageOffset = (code: RegionCode, tb: number): number => code.tbs[tb]!.tb.physPc % PAGE;
