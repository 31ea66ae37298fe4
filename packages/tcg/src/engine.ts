/**
 * The engine: gets the TB at the guest's pc, lets the back end run it, and handles why it came back. Knows no guest and no back
 * end. One engine is one CPU; the header, the TB records and the jump cache are in the arena, so two engines share nothing.
 *
 * Writes to translated code are precise. SoftMMU asks `codeWrite` before it stores into a page with code. If the bytes belong to a TB,
 * the store is abandoned through the fault exit, the TBs go, and the instruction runs again in a TB of its own that may write; then
 * execution goes on with fresh translations, even if the code written was that of the next instruction (SDM Vol. 3A, section 12.6).
 */
import { CPU_HEADER, HDR } from './cpu.ts';
import type { EngineOptions } from './engine-options.ts';
import { EngineStats } from './engine-stats.ts';
import { EngineError } from './errors.ts';
import type { JumpCache } from './jump-cache-table.ts';
import type { Tb } from './tb.ts';
import type { TbStore } from './tb-store.ts';
import { Translations } from './translations.ts';
import { MAX_TB_INSNS } from './translator-loop.ts';
import { Exit } from './types.ts';

/** Longest slice: the budget is a positive i32. */
const MAX_BUDGET = 0x7fff_ffff;
/** Header fields that are read at each exit, as word offsets; the accessors of the record are for the rest. */
const BUDGET = HDR.budget >> 2, UNSPENT = HDR.unspent >> 2, REASON = HDR.exitReason >> 2, EXIT_TB = HDR.exitTb >> 2, SLOT = HDR.exitSlot >> 2, FLAGS = HDR.flags >> 2;
const PC = HDR.pc >> 2, CS_BASE = HDR.csBase >> 2;
/** Faults in a row, with no instruction executed in between, after which each costs an instruction of the budget. */
const FRUITLESS = 8;

export class Engine {
  readonly stats = new EngineStats();
  readonly store: TbStore;
  /** Finds and makes TBs. */
  readonly translations: Translations;
  readonly #options: EngineOptions;
  readonly #header;
  readonly #words: Int32Array;
  /** Word index of the header. */
  readonly #base: number;
  readonly #jumpCache: JumpCache;
  readonly #maxInsns: number;
  #running = false;
  #executing = false;
  #exitRequested = false;
  #flushRequested = false;
  /** A fault was delivered on the way to the next TB: it is not the one that the last exit meant. */
  #diverted = false;
  /** Budget taken out of the header by `requestExit`. */
  #held = 0;
  /** The last TBs that ran gave budget back. */
  #paidBack = false;
  /** Budget of the slice, and instructions of all slices before it. */
  #slice = 0;
  #before = 0;
  /** The running TB is there to write to translated code. */
  #mayWriteCode = false;
  /** Physical byte range of the abandoned store; length 0 is none. */
  #writePhys = 0;
  #writeLength = 0;
  /** Faults delivered since an instruction was executed, and the budget at the last. */
  #fruitless = 0;
  #instructionsAtFault = 0;

  constructor(options: EngineOptions) {
    const { arena, header } = options;
    this.#options = options;
    this.#header = CPU_HEADER.at(arena, header);
    this.#words = arena.i32;
    this.#base = header >>> 2;
    this.#jumpCache = options.jumpCache;
    this.#maxInsns = options.maxInsns ?? MAX_TB_INSNS;
    if (!(this.#maxInsns >= 1 && this.#maxInsns <= MAX_TB_INSNS)) {
      throw new EngineError(`A TB of at most ${this.#maxInsns} instructions is not possible; use 1 to ${MAX_TB_INSNS}`);
    }
    this.translations = new Translations(options, this.stats);
    this.store = this.translations.store;
  }

  /** Guest instructions executed so far. Exact between TBs; inside a helper the whole current TB counts. */
  get instructions(): number {
    return this.#before + this.#slice - this.#header.budget - this.#header.unspent - this.#held;
  }

  /**
   * Runs at most `budget` guest instructions (1 to 2^31 - 1) and returns how many. It ends earlier when the guest sleeps or shuts down, and
   * when the rest of the budget does not cover the next TB, unless `exact` asks for that rest too.
   */
  run(budget: number, exact = false): number {
    if (!(Number.isInteger(budget) && budget >= 1 && budget <= MAX_BUDGET)) {
      throw new EngineError(`A slice of ${budget} instructions is not possible; use a whole number from 1 to 2^31 - 1`);
    }
    if (this.#running) throw new EngineError('run() was called from inside itself; end the slice with requestExit()');
    const { guest, hot } = this.#options, header = this.#header;
    this.#running = true;
    this.#slice = header.budget = budget;
    try {
      hot?.poll();
      if (guest.pollInterrupt()) {
        let tb = this.#next();
        while (tb) tb = this.#step(tb, exact);
      }
      return this.#slice - header.budget;
    } finally {
      this.#before += this.#slice - header.budget;
      this.#slice = header.budget = header.unspent = this.#held = 0;
      this.#running = this.#executing = this.#exitRequested = false;
    }
  }

  /** Makes generated code leave at the next TB boundary; `pollInterrupt` is called then. From helpers, slow paths and between slices. */
  requestExit(): void {
    this.#exitRequested = true;
    if (!this.#executing) return;
    this.#held += this.#header.budget;
    this.#header.budget = 0;
  }

  /** The meaning of virtual addresses changed: to be called with every TLB flush. */
  flushJumpCache(): void {
    this.#jumpCache.flush();
  }

  /**
   * Throws away all translations of `length` bytes at physical address `phys`: they were written by something else than a guest store
   * (DMA, a page walk, a loader), or another memory is mapped there now. Generated code that is running leaves at the next TB boundary.
   */
  invalidatePhys(phys: number, length: number): void {
    const n = this.store.invalidateRange(phys, length);
    if (n > 0 && this.#executing) this.requestExit();
  }

  /**
   * A guest store of `length` bytes at `phys` is about to happen in a page with translated code. True: it may go on. False: nothing may be
   * written, the slow path returns as after a fault (which is recorded in the header already); the engine runs the instruction again.
   */
  codeWrite(phys: number, length: number): boolean {
    if (!this.store.overlaps(phys, length)) return true;
    if (this.#executing && !this.#mayWriteCode) {
      this.#writePhys = phys;
      this.#writeLength = length;
      this.#header.fault = 1;
      return false;
    }
    this.store.invalidateRange(phys, length);
    return true;
  }

  /** Throws away all translations. Inside generated code it happens at the next TB boundary. */
  flush(): void {
    this.#flushRequested = true;
    if (this.#executing) this.requestExit();
    else this.#flushNow();
  }

  /** Runs `tb` and what it goes on to, then says what is next; null ends the slice. */
  #step(tb: Tb, exact: boolean): Tb | null {
    const words = this.#words, base = this.#base;
    this.#execute(tb);
    const reason = words[base + REASON]!;
    this.stats.exits[reason]!++;
    switch (reason) {
      case Exit.CHAIN: return this.#chain(this.#left(), words[base + SLOT]!);
      case Exit.LOOKUP: return this.#lookup(this.#left());
      case Exit.BUDGET: return this.#spent(exact);
      case Exit.FAULT: return this.#fault(this.store.at(this.#header.faultTb), this.#header.faultInsn);
      case Exit.TB: return this.#options.guest.exitTb(words[base + SLOT]!) && this.#poll() ? this.#next() : null;
      case Exit.HOT: return this.#hot(this.#left());
      default: throw new EngineError(`Back end ${this.#options.backend.name} left with reason ${reason}, which is none`);
    }
  }

  /** The TB that generated code left from. */
  #left(): Tb {
    return this.store.at(this.#words[this.#base + EXIT_TB]! >>> 0);
  }

  #execute(tb: Tb): void {
    const start = this.stats.timing ? performance.now() : 0;
    this.#executing = true;
    this.#options.backend.execute(tb.record);
    this.#executing = this.#mayWriteCode = false;
    const words = this.#words, base = this.#base, unspent = words[base + UNSPENT]!;
    words[base + BUDGET]! += this.#held + unspent;
    words[base + UNSPENT] = this.#held = 0;
    this.#paidBack = unspent > 0;
    if (this.stats.timing) this.stats.executeNs += (performance.now() - start) * 1e6;
  }

  /** Serves what was asked for while generated code ran. False ends the slice. */
  #poll(): boolean {
    if (this.#flushRequested) this.#flushNow();
    if (!this.#exitRequested) return true;
    this.#exitRequested = false;
    return this.#options.guest.pollInterrupt();
  }

  #chain(from: Tb, slot: number): Tb | null {
    if (this.#exitRequested) return this.#poll() ? this.#next() : null;
    const linkable = from.valid, flushes = this.stats.flushes;
    const to = this.#next();
    // a TB in two pages is not the target of links: they would outlive the mapping of its second page
    if (to && !this.#diverted && to.valid && to.physPage2 < 0 && linkable && from.valid && flushes === this.stats.flushes) this.store.link(from, slot, to);
    return to;
  }

  #lookup(from: Tb): Tb | null {
    if (this.#exitRequested) return this.#poll() ? this.#next() : null;
    const linkable = from.valid, flushes = this.stats.flushes, words = this.#words, base = this.#base;
    const to = this.#next();
    if (!to?.valid || this.#diverted) return to;
    this.#jumpCache.fill(words[base + PC]!, words[base + PC + 1]!, words[base + CS_BASE]!, words[base + CS_BASE + 1]!, words[base + FLAGS]!, to);
    if (linkable && from.valid && flushes === this.stats.flushes) this.store.setLastTarget(from, to);
    return to;
  }

  /** The budget does not cover the next TB, or an exit was requested. */
  #spent(exact: boolean): Tb | null {
    if (this.#exitRequested || this.#flushRequested) return this.#poll() ? this.#next() : null;
    if (this.#paidBack) return this.#next(); // which it may cover now
    const left = this.#header.budget;
    return left > 0 && (exact || left === this.#slice) ? this.#once(left) : null;
  }

  /** Generated code raised at instruction `insn` of `tb`, which did not complete. */
  #fault(tb: Tb, insn: number): Tb | null {
    const { guest } = this.#options, header = this.#header;
    header.budget += tb.icount - insn;
    guest.restoreState(tb, insn);
    header.fault = 0;
    if (this.#writeLength > 0) return this.#rewrite();
    return this.#deliver() ? this.#next() : null;
  }

  /** Delivers a fault. A guest whose handlers fault on and on without executing anything must come to the end of its slice: in the end they cost. */
  #deliver(): boolean {
    const header = this.#header;
    if (!this.#options.guest.deliverFault()) return false;
    if (this.instructions !== this.#instructionsAtFault) this.#fruitless = 0;
    else if (++this.#fruitless > FRUITLESS && header.budget > 0) header.budget--;
    this.#instructionsAtFault = this.instructions;
    return this.#poll();
  }

  /** The instruction at the pc stores into translated code: runs it alone. */
  #rewrite(): Tb | null {
    const header = this.#header;
    this.stats.codeWrites++;
    this.store.invalidateRange(this.#writePhys, this.#writeLength);
    this.#writeLength = 0;
    const tb = this.#once(1);
    if (!tb) return null;
    this.#held = header.budget - 1; // so that nothing runs after it
    header.budget = 1;
    this.#mayWriteCode = true;
    return tb;
  }

  #hot(tb: Tb): Tb | null {
    this.#options.hot?.hot(tb, this.translations);
    if (this.#exitRequested || this.#flushRequested) return this.#poll() ? this.#next() : null;
    return tb.valid ? tb : this.#next();
  }

  /** The TB at the guest's pc, from the store or freshly translated; null ends the slice. */
  #next(): Tb | null {
    return this.#atPc(this.#maxInsns, false);
  }

  /** A TB of at most `maxInsns` instructions that nobody finds again. */
  #once(maxInsns: number): Tb | null {
    return this.#atPc(maxInsns, true);
  }

  #atPc(maxInsns: number, once: boolean): Tb | null {
    this.#diverted = false;
    for (;;) {
      const tb = this.translations.atPc(maxInsns, once);
      if (tb) return tb;
      this.#header.fault = 0;
      this.#diverted = true;
      if (!this.#deliver() || this.#header.budget <= 0) return null;
    }
  }

  #flushNow(): void {
    this.#flushRequested = false;
    this.translations.flush();
  }
}
