/** CPU state that IR code has names for: registers, and the parts that EFLAGS is worked out from (`flags.ts`). */
import type { HostPtr } from '@emu/vaddr';
import { HDR, Type } from '@emu/tcg';
import type { Ir, Temp } from '@emu/tcg';
import { ST } from './state.ts';

export interface Globals {
  readonly rip: Temp;
  readonly gpr: readonly Temp[];
  readonly xmm: readonly Temp[];
  readonly ccOp: Temp;
  readonly ccDst: Temp;
  readonly ccSrc: Temp;
  readonly ccSrc2: Temp;
  /** Bases of ES CS SS DS FS GS. */
  readonly segBase: readonly Temp[];
}

const GPR_NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const SEG_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

/** Declares the IR globals of a CPU whose state is at `env`. */
export function declareGlobals(ir: Ir, env: HostPtr): Globals {
  return {
    rip: ir.global('rip', Type.i64, env + HDR.pc),
    gpr: GPR_NAMES.map((name, n) => ir.global(name, Type.i64, env + ST.gpr + 8 * n)),
    ccOp: ir.global('cc_op', Type.i32, env + ST.ccOp),
    ccDst: ir.global('cc_dst', Type.i64, env + ST.ccDst),
    ccSrc: ir.global('cc_src', Type.i64, env + ST.ccSrc),
    ccSrc2: ir.global('cc_src2', Type.i64, env + ST.ccSrc2),
    segBase: SEG_NAMES.map((name, n) => ir.global(`${name}_base`, Type.i64, env + ST.segBase + 8 * n)),
    xmm: GPR_NAMES.map((_, n) => ir.global(`xmm${n}`, Type.v128, env + ST.xmm + 16 * n)),
  };
}
