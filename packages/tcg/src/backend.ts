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
 *   `faultInsn` (index of the current `insn_start`) in the header, stores its cached globals, and leaves with Exit.FAULT.
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
  /** The TB's code will not be run again; links to it are already undone. */
  invalidate(tb: Tb): void;
  /** Every TB is gone. */
  flush(): void;
  /** Bytes of code memory left is too small for another TB: the engine flushes everything. */
  readonly full: boolean;
}

/** A second back end on top of the first: compiles what is hot and puts itself into `entry` of the TB records. */
export interface HotBackend {
  readonly name: string;
  /** Executions after which a TB is reported once; goes into `hotCount` of new TBs. */
  readonly threshold: number;
  /** Generated code left with Exit.HOT at this TB, which has not run yet. */
  hot(tb: Tb): void;
  /** Between slices: install what finished compiling. */
  poll(): void;
  invalidate(tb: Tb): void;
  flush(): void;
}

/** Reads guest code for the translator. */
export interface CodeSource {
  /**
   * Host address of the page that holds guest virtual address hi:lo, looked up as an instruction fetch; -1 after a guest
   * fault (recorded in CPU state), -2 where the page is not RAM or ROM that could be cached.
   */
  page(lo: number, hi: number): HostPtr;
  /** Physical page number (address / 4096) that the last `page` call found. */
  readonly physPage: number;
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
  /** Translates one TB that starts at the current header key into `ir`; returns what the store must know. */
  translate(ir: Ir, tb: Tb): void;
  /** Makes CPU state exact for instruction `insn` of `tb` (the pc, and what else `insn_start` words describe). */
  restoreState(tb: Tb, insn: number): void;
  /** Delivers the fault that a helper, slow path or fetch recorded; the header's key is the handler's afterwards. */
  deliverFault(): void;
  /** `exit_tb(reason)` was executed. Returns false to end the slice (halted, shut down). */
  exitTb(reason: number): boolean;
  /** Takes a pending, unmasked interrupt if there is one. Called whenever the engine is between TBs after a requested exit. */
  pollInterrupt(): void;
}
