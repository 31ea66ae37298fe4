/**
 * The two ways through an SSE floating-point instruction. SDM Vol. 1, 11.5.
 *
 * Exact: a helper of `../fpu` works by MXCSR, sets its flags, and says whether #XM is due. Plain: where the TB's key has `SSE_FAST` (to nearest,
 * no DAZ or FTZ, all masked, PE already set), IR float ops give the result, and guards keep away whatever could raise more than PE: they leave the TB
 * for one with `SSE_EXACT` that consists of this instruction alone. So what guards have shown is true of the rest of the TB (`sse-bounded.ts`).
 * Where numbers are odd all the time that would cost more than it saves: with `SSE_WIDE` the exact way is in the TB, and control comes together again.
 * In TBs without `SSE_FAST` MXCSR is looked at, and the guard sends what is not exact to the helper too (`sse-inexact.ts`). The helper may be the one that
 * sets PE: then the key changes, and the TB is left after the instruction.
 */
import { Cond, Type } from '@emu/tcg';
import type { Helper, Label, Temp } from '@emu/tcg';
import { HF, ONE_INSN } from '../hflags.ts';
import { addressOf, fromLow, readLow, readVec, vecAddress, writeVec } from '../simd-operands.ts';
import { ST } from '../state.ts';
import { PLAIN_MXCSR } from '../transfer-bits.ts';
import { guardControl } from './sse-inexact.ts';
import type { Ctx, Emit } from './types.ts';

export const isFast = (c: Ctx): boolean => (c.hflags & HF.SSE_FAST) !== 0;
const env = (c: Ctx): Temp => c.ir.const32(c.env);

// ---- The source operand, loaded once for both ways -----------------------------------------------------------------------------

/** Memory operand `k`: an i64 (fewer than 128 bits) or v128. -1 for a register. */
export const loadSource = (c: Ctx, k: number): Temp => (!c.isMem(k) ? -1 : c.bits(k) === 128 ? readVec(c, k) : readLow(c, k));
export const sourceAddress = (c: Ctx, k: number, loaded: Temp): Temp => (loaded < 0 ? vecAddress(c, k) : addressOf(c, loaded));
export const sourceVector = (c: Ctx, k: number, loaded: Temp): Temp =>
  loaded < 0 ? readVec(c, k) : c.bits(k) === 128 ? loaded : fromLow(c, loaded);
export function sourceScalar(c: Ctx, k: number, loaded: Temp, double: boolean): Temp {
  const { ir } = c;
  if (loaded < 0) return scalarOf(c, readVec(c, k), double);
  return double ? ir.bits_i64_f64(loaded) : ir.bits_i32_f32(ir.extrl_i64_i32(loaded));
}
export const scalarOf = (c: Ctx, v: Temp, double: boolean): Temp => (double ? c.ir.vgetf64(v, 0) : c.ir.vgetf32(v, 0));
/** `v` with its low lane replaced. */
export const withScalar = (c: Ctx, v: Temp, x: Temp, double: boolean): Temp => (double ? c.ir.vsetf64(v, x, 0) : c.ir.vsetf32(v, x, 0));

// ---- Exact ---------------------------------------------------------------------------------------------------------------------

/** Calls a helper that takes `env` first and gives 1 where #XM is due; raises that. */
export function callExact(c: Ctx, helper: Helper, ...args: Temp[]): void {
  const xm = c.ir.call(helper, env(c), ...args);
  if (!isFast(c)) raiseWhere(c, xm, Cond.ne);
}

/** #XM where `xm cond 0`. */
export function raiseWhere(c: Ctx, xm: Temp, cond: Cond): void {
  const { ir } = c, skip = ir.newLabel();
  ir.brcond(xm, ir.const32(0), (cond ^ 1) as Cond, skip);
  ir.call(c.h.simdException);
  ir.set_label(skip);
}

/** Ends an instruction that went the exact way: leaves the TB if MXCSR now allows plain results. */
function finishExact(c: Ctx): void {
  if (isFast(c) || c.cpl !== 3) return;
  const { ir } = c;
  ir.brcond(ir.and(ir.ld(Type.i32, env(c), ST.mxcsr), ir.const32(PLAIN_MXCSR.mask)), ir.const32(PLAIN_MXCSR.value), Cond.eq, c.early.fastLabel());
}

// ---- Both ----------------------------------------------------------------------------------------------------------------------

/** The plain way: gives the value to write, and branches to `odd` where it may not be right. `loaded` is the source, see `loadSource`. */
export type Plain = (c: Ctx, loaded: Temp, odd: Label) => Temp;
/** The exact way, writing included. */
export type Exact = (c: Ctx, loaded: Temp) => void;

/** Whether guards leave the TB: results are plain, that is not often too little, and this instruction is not one to be worked out exactly. */
export const guardsLeave = (c: Ctx): boolean => isFast(c) && !(c.hflags & (ONE_INSN | HF.SSE_WIDE));

/** An instruction with the source operands[1]; `write` takes what `plain` gives. `bounded` is the plain way where guards leave the TB, writing included. */
export const guarded = (plain: Plain, exact: Exact, write: (c: Ctx, value: Temp) => void = writeFirst, bounded?: Exact): Emit => (c) => {
  const loaded = loadSource(c, 1);
  if (bounded && guardsLeave(c)) return bounded(c, loaded);
  twoWays(c, (odd) => write(c, plain(c, loaded, odd)), () => exact(c, loaded));
};

/** Both ways, for instructions that load by themselves. */
export function twoWays(c: Ctx, plain: (odd: Label) => void, exact: () => void): void {
  if (guardsLeave(c)) return plain(c.early.oddLabel());
  if (isFast(c) && c.hflags & ONE_INSN) return exact();
  const { ir } = c, odd = ir.newLabel(), done = ir.newLabel();
  if (!isFast(c)) {
    c.flags.flush(); // the exact way may leave the TB
    guardControl(c, odd);
  }
  plain(odd);
  ir.br(done);
  ir.set_label(odd);
  exact();
  finishExact(c);
  ir.set_label(done);
}
const writeFirst = (c: Ctx, v: Temp): void => writeVec(c, 0, v);

/** An instruction without a plain way. */
export const exactly = (exact: Exact): Emit => (c) => {
  exact(c, loadSource(c, 1));
  finishExact(c);
};

/** Branches where `flag` (i32) is not 0. */
export const branchIf = (c: Ctx, flag: Temp, to: Label): void => c.ir.brcond(flag, c.ir.const32(0), Cond.ne, to);
