/**
 * What the engine asks of a back end, and what a guest CPU tells the engine. The engine knows neither x86 nor WebAssembly.
 *
 * Contract of generated code, the same for every back end:
 * - It starts at the beginning of a TB and goes from TB to TB by itself through linked `goto_tb` slots, the jump cache and
 *   compiled entries. It leaves with an `Exit` in the CPU header.
 * - Entering a TB: `budget -= icount`; if that is below 0 it adds it back and leaves with Exit.BUDGET, before any effect.
 *   `pc` in the header is exact then. Nothing else checks for interrupts: whoever wants the CPU's attention (a device
 *   raising a line inside an MMIO access) makes the budget 0 through `Engine.requestExit`.
 * - Whenever a helper or slow path runs, the header's budget is exact (the whole current TB paid), the guest globals are in
 *   memory unless the helper's flags say it does not read them, and they are read again afterwards unless it does not write them.
 * - After a call that may fault, and after each slow path, generated code looks at `fault`. If set: it puts `faultTb` and
 *   `faultInsn` (index of the current `insn_start`) in the header, stores its cached globals, and leaves with Exit.FAULT. The op that
 *   faulted has written none of its outputs, which may be globals.
 *   The engine pays back the instructions that did not run.
 */
import type { HostPtr } from '@emu/vaddr';
import type { Ir } from './ir.ts';
import type { Tb } from './tb.ts';

export interface Backend {
  readonly name: string;
  /** Makes `tb` runnable from optimised IR: fills `code` of its record. */
  generate(tb: Tb, ir: Ir): void;
  /** Runs from `tb` until generated code leaves; the header says why. */
  execute(tb: HostPtr): void;
  /**
   * The TB will not be entered again; links to it are already undone. It may be running at this moment (a helper wrote over it):
   * its code must stay as it is until the next `generate`.
   */
  invalidate(tb: Tb): void;
  /** Every TB is gone. Never called while generated code runs. */
  flush(): void;
  /** Bytes of code memory left is too small for another TB: the engine flushes everything. */
  readonly full: boolean;
}

/** A second back end on top of the first: compiles what is hot and puts itself into `entry` of the TB records. */
export interface HotBackend {
  readonly name: string;
  /** Executions after which a TB is reported once; goes into `hotCount` of new TBs. */
  readonly threshold: number;
  /** Generated code left with Exit.HOT at this TB, which has not run yet. `tbs` finds its successors and gives their IR. */
  hot(tb: Tb, tbs: TbSource): void;
  /** Between slices: install what finished compiling. */
  poll(): void;
  /** As `Backend.invalidate`: no compiled code may enter the TB any more, though code that contains it may be running until the next TB boundary. */
  invalidate(tb: Tb): void;
  flush(): void;
}

/** What the engine offers a hot back end. */
export interface TbSource {
  /** The TB whose record is at `record`: a `jump` slot or `lastTarget` of another record. */
  tbAt(record: HostPtr): Tb;
  /** Optimised IR of a valid TB, translated once more; it lasts until the next call. */
  retranslate(tb: Tb): Ir;
  /** The TBs that are linked to `tb`, or were; again for each link. What has a record of theirs now may be another TB. */
  incoming(tb: Tb): readonly Tb[];
  /** The TB with the same key that begins where `tb` ends, if it was ever needed: where a call in `tb` returns to. */
  following(tb: Tb): Tb | null;
}

/** Reads guest code for the translator. */
export interface CodeSource {
  /**
   * Host address of the page that holds guest linear address hi:lo (wrapped as the CPU's mode wraps it), looked up as an instruction
   * fetch; -1 after a guest fault (recorded in CPU state, delivered only by `GuestCpu.deliverFault`), -2 where the page is not RAM or ROM
   * that could be cached.
   */
  page(lo: number, hi: number): HostPtr;
  /** Physical page number (address / 4096) that the last `page` call found. */
  readonly physPage: number;
  /** One code byte through the slow path, where `page` says -2; -1 after a guest fault. */
  byte(lo: number, hi: number): number;
}

/** Who write-protects pages with translated code: SoftMMU. */
export interface CodePages {
  /** The first TB in the physical page appeared: stores into it must call `Engine.codeWrite` first. */
  protect(physPage: number): void;
  /** The last TB in the page is gone. */
  unprotect(physPage: number): void;
}

/** A guest CPU as the engine drives it. */
export interface GuestCpu {
  readonly name: string;
  /** Declares the IR globals; called once. */
  declareGlobals(ir: Ir): void;
  /** Linear address of the next instruction: `csBase + pc` as the mode wraps it. */
  linearPc(out: { lo: number; hi: number }): void;
  /** Code fetch through the guest's MMU. */
  readonly code: CodeSource;
  /**
   * Translates the TB that starts at the key and `hostPc` in `tb` into `ir`, at most `maxInsns` instructions; `translatorLoop` does most of it
   * and fills `icount`, `size`, `insnData`. Nothing may depend on the header's key or virtual pc: the TB may be translated once more, later.
   * Returns false if fetching the first instruction faulted: the fault is recorded, nothing was translated.
   */
  translate(ir: Ir, tb: Tb, maxInsns: number): boolean;
  /** Makes CPU state exact for instruction `insn` of `tb` (the pc, and what else `insn_start` words describe). */
  restoreState(tb: Tb, insn: number): void;
  /** Delivers the fault that a helper, slow path or fetch recorded; the header's key is the handler's afterwards. Returns false to end the slice (shut down). */
  deliverFault(): boolean;
  /** `exit_tb(reason)` was executed. Returns false to end the slice (halted, shut down). */
  exitTb(reason: number): boolean;
  /**
   * Takes a pending, unmasked interrupt if there is one. Called at the start of a slice and whenever the engine is between TBs after a
   * requested exit. Returns false to end the slice: the CPU sleeps (halted, shut down) and nothing woke it.
   */
  pollInterrupt(): boolean;
}
