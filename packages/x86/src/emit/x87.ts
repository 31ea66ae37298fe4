/**
 * x87 floating point: arithmetic on 80-bit reals, loads, stores, comparison, transcendental functions, control. SDM Vol. 1 chapter 8,
 * Vol. 2. The work is done by the helpers of `../fpu`; memory operands pass through `operand` of the CPU state. #NM and #MF are checked
 * before an emitter runs (`emitX87Check`). FCS and FDS stay zero, as on processors with CPUID.07H:EBX[13].
 */
import { Cond, MemOp, Type } from '@emu/tcg';
import type { Helper, Temp } from '@emu/tcg';
import { Method, Size } from '../decode/operands.ts';
import { Seg } from '../decode/insn.ts';
import { FldConstant } from '../fpu/x87-load.ts';
import { OperandKind } from '../fpu/x87-operand.ts';
import { FSW } from '../fpu/state.ts';
import { HF } from '../hflags.ts';
import { EnvForm } from '../helpers/fpu.ts';
import { ST, Vector } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

const FOP_HIGH = 7;

const env = (c: Ctx): Temp => c.ir.const32(c.env);

/** Calls a helper that takes `env` and constants. */
const call = (c: Ctx, helper: Helper, ...args: number[]): Temp => c.ir.call(helper, env(c), ...args.map((a) => c.ir.const32(a)));

/** What comes before every x87 instruction: #NM by CR0.EM and CR0.TS; unless it is `nowait`, #MF where an exception is pending. */
export function emitX87Check(c: Ctx, nowait: boolean): void {
  if (c.hflags & (HF.EM | HF.TS)) return c.raise(Vector.NM);
  if (!nowait) checkPending(c);
}

function checkPending(c: Ctx): void {
  const { ir } = c;
  const skip = ir.newLabel();
  ir.brcond(ir.ld(Type.i32, env(c), ST.fsw), ir.const32(FSW.ES), Cond.tsteq, skip);
  ir.call(c.h.x87Error);
  ir.set_label(skip);
}

/**
 * Records what FNSTENV shows: the instruction pointer, and after an unmasked exception the opcode and the offset of a memory operand, as on
 * processors with CPUID.07H:EBX[6] (FDP_EXCPTN_ONLY). Control instructions record nothing. SDM Vol. 1, 8.1.8 and 8.1.9.
 */
function recordPointers(c: Ctx): void {
  const { ir, insn: i } = c, done = ir.newLabel();
  ir.st(c.pcAt(c.pcOffset), env(c), ST.fip);
  ir.brcond(ir.ld(Type.i32, env(c), ST.fsw), ir.const32(FSW.ES), Cond.tsteq, done);
  ir.st(ir.const32((i.opcode & FOP_HIGH) << 8 | i.modrm), env(c), ST.fop);
  if (i.isMem) ir.st(c.mode === 64 && i.seg < Seg.FS ? c.ea() : c.offset(), env(c), ST.fdp);
  ir.set_label(done);
}

/** An emitter that records the pointers when nothing can fault any more... */
const recording = (emit: Emit): Emit => (c, i) => {
  emit(c, i);
  recordPointers(c);
};
/** ... and is one helper call. */
const simple = (helper: (c: Ctx) => Helper, ...args: number[]): Emit => recording((c) => call(c, helper(c), ...args));

/** Number of the register operand `k`: 0 for ST, i for ST(i). */
const stack = (c: Ctx, k: number): number => c.operand(k).method === Method.ST0 ? 0 : c.insn.rm & 7;

/** `OperandKind` of memory operand `k`. */
function kindOf(c: Ctx, k: number): number {
  const { name, memSize } = c.operand(k);
  if (name.endsWith('i')) return memSize === Size.w ? OperandKind.M16INT : memSize === Size.d ? OperandKind.M32INT : OperandKind.M64INT;
  return memSize === Size.d ? OperandKind.M32FP : OperandKind.M64FP;
}

/** Loads memory operand `k` (up to 64 bits) into `operand`; gives its kind. */
function loadOperand(c: Ctx, k: number): number {
  c.ir.st(c.load(c.bits(k), c.ea()), env(c), ST.operand);
  return kindOf(c, k);
}

const TEN_BYTE_REST = 8;
const restOf = (c: Ctx): Temp => c.ir.add(c.ea(), c.ir.const64(TEN_BYTE_REST));

/** Loads an 80-bit memory operand. */
function loadTenBytes(c: Ctx): void {
  const low = c.load(64, c.ea());
  const high = c.load(16, restOf(c));
  c.ir.st(low, env(c), ST.operand);
  c.ir.st(high, env(c), ST.operand + TEN_BYTE_REST);
}

/** Stores 80 bits. Both parts are probed first, so that a fault leaves them alone. */
function storeTenBytes(c: Ctx): void {
  c.load(64, c.ea(), MemOp.RMW);
  c.load(16, restOf(c), MemOp.RMW);
  c.store(64, c.ea(), c.ir.ld(Type.i64, env(c), ST.operand));
  c.store(16, restOf(c), c.ir.ld(Type.i64, env(c), ST.operand + TEN_BYTE_REST));
}

/** The two steps of a store (see `../fpu/x87-store.ts`): `ready` is 0 where an unmasked exception keeps memory as it is. */
function storeWhen(c: Ctx, ready: Temp, pops: number, store: () => void): void {
  const { ir } = c;
  const skip = ir.newLabel();
  ir.brcond(ready, ir.const32(0), Cond.eq, skip);
  store();
  call(c, c.h.fst_done, pops);
  ir.set_label(skip);
}

/** The `r` forms have their operands exchanged. */
export type FarithOp = 'add' | 'mul' | 'sub' | 'subr' | 'div' | 'divr';

/** operands[0] = operands[0] op operands[1], in ST(i) or from a memory real or integer; then pops `pops` times. */
export const emitFarith = (op: FarithOp, pops: 0 | 1 = 0): Emit => recording((c) => {
  if (c.isMem(1)) call(c, c.h[`f${op}_m`], loadOperand(c, 1));
  else call(c, c.h[`f${op}`], stack(c, 0), stack(c, 1), pops);
});
/** FCOM, FICOM and (quiet NaNs pass) FUCOM: ST(0) with operands[1], result in C3, C2, C0. */
export const emitFcom = (kind: 'fcom' | 'fucom', pops: 0 | 1 | 2): Emit => recording((c) => {
  const quiet = kind === 'fucom' ? 1 : 0;
  if (pops === 2) call(c, c.h.fcom, 1, pops, quiet);
  else if (c.isMem(1)) call(c, c.h.fcom_m, loadOperand(c, 1), pops);
  else call(c, c.h.fcom, stack(c, 1), pops, quiet);
});
/** FCOMI, FUCOMI: the same with the result in ZF, PF, CF. */
export const emitFcomi = (kind: 'fcom' | 'fucom', pops: 0 | 1): Emit => recording((c) => {
  c.flags.setEflags(c.ir.extu_i32_i64(call(c, c.h.fcomi, stack(c, 1), pops, kind === 'fucom' ? 1 : 0)));
});
/** FST, FSTP to memory or ST(i). */
export const emitFst = (pops: 0 | 1): Emit => recording((c, i) => {
  if (!c.isMem(0)) {
    if (i.row.mnemonic === 'FSTPNCE') call(c, c.h.fstpnce, stack(c, 0));
    else call(c, c.h.fst_st, stack(c, 0), pops);
  } else if (c.operand(0).memSize === Size.t) storeWhen(c, call(c, c.h.fst_m80), pops, () => storeTenBytes(c));
  else storeWhen(c, call(c, c.h.fst_m, kindOf(c, 0)), pops, () => storeOperand(c));
});
const storeOperand = (c: Ctx): void => c.store(c.bits(0), c.ea(), c.ir.ld(Type.i64, env(c), ST.operand));
/** FIST, FISTP by rounding control; FISTTP truncates. */
export const emitFist = (rounding: 'round' | 'truncate', pops: 0 | 1): Emit => recording((c) =>
  storeWhen(c, call(c, c.h.fist_m, kindOf(c, 0), rounding === 'truncate' ? 1 : 0), pops, () => storeOperand(c)));

const CONSTANTS = {
  '1': FldConstant.ONE, l2t: FldConstant.L2T, l2e: FldConstant.L2E, pi: FldConstant.PI, lg2: FldConstant.LG2, ln2: FldConstant.LN2, z: FldConstant.ZERO,
} as const;
/** Pushes a constant: FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
export const emitFldConst = (constant: keyof typeof CONSTANTS): Emit => simple((c) => c.h.fld_const, CONSTANTS[constant]);

/** Condition codes as in Jcc. */
const CONDITIONS = { b: 2, nb: 3, e: 4, ne: 5, be: 6, nbe: 7, u: 10, nu: 11 } as const;
/** FCMOVcc by CF, ZF, CF|ZF, PF or their complements. */
export const emitFcmov = (cond: keyof typeof CONDITIONS): Emit => recording((c) => {
  const { ir } = c;
  c.conditions.prepare(CONDITIONS[cond]);
  const taken = ir.extrl_i64_i32(ir.setcond(c.conditions.a, c.conditions.b, c.conditions.op));
  ir.call(c.h.fcmov, env(c), ir.const32(stack(c, 1)), taken);
});
/** FFREE, and the undocumented FFREEP, which pops too. */
export const emitFfree = (pops: 0 | 1): Emit => recording((c) => call(c, c.h.ffree, stack(c, 0), pops));
/** WAIT: #NM if CR0.MP and CR0.TS, #MF if an exception is pending; CR0.EM does not matter. */
export const emitFwait: Emit = (c) => {
  if (c.hflags & HF.MP && c.hflags & HF.TS) c.raise(Vector.NM);
  else checkPending(c);
};
export const emitFnop: Emit = recording(() => {});
/** FENI, FDISI, FSETPM do nothing since the 387; unlike FNOP they leave the instruction pointer alone (hardware). */
export const emitFneni: Emit = () => {};

export const emitFld: Emit = recording((c) => {
  if (!c.isMem(0)) call(c, c.h.fld_st, stack(c, 0));
  else if (c.operand(0).memSize === Size.t) {
    loadTenBytes(c);
    call(c, c.h.fld_m80);
  } else call(c, c.h.fld_m, loadOperand(c, 0));
});
export const emitFild: Emit = recording((c) => call(c, c.h.fld_m, loadOperand(c, 0)));
export const emitFbld: Emit = recording((c) => {
  loadTenBytes(c);
  call(c, c.h.fbld);
});
export const emitFbstp: Emit = recording((c) => storeWhen(c, call(c, c.h.fbstp), 1, () => storeTenBytes(c)));
export const emitFxch: Emit = recording((c) => call(c, c.h.fxch, stack(c, 0)));
export const emitFchs: Emit = simple((c) => c.h.fchs);
export const emitFabs: Emit = simple((c) => c.h.fabs);
export const emitFtst: Emit = simple((c) => c.h.ftst);
export const emitFxam: Emit = simple((c) => c.h.fxam);
export const emitFxtract: Emit = simple((c) => c.h.fxtract);
export const emitFprem: Emit = simple((c) => c.h.fprem);
export const emitFprem1: Emit = simple((c) => c.h.fprem1);
export const emitFsqrt: Emit = simple((c) => c.h.fsqrt);
export const emitFrndint: Emit = simple((c) => c.h.frndint);
export const emitFscale: Emit = simple((c) => c.h.fscale);
export const emitFdecstp: Emit = simple((c) => c.h.fdecstp);
export const emitFincstp: Emit = simple((c) => c.h.fincstp);

/** The transcendental functions are rare and written in TypeScript; they know their CPU. */
const transcendental = (helper: (c: Ctx) => Helper): Emit => recording((c) => c.ir.call(helper(c)));
export const emitF2xm1: Emit = transcendental((c) => c.h.f2xm1);
export const emitFyl2x: Emit = transcendental((c) => c.h.fyl2x);
export const emitFyl2xp1: Emit = transcendental((c) => c.h.fyl2xp1);
export const emitFptan: Emit = transcendental((c) => c.h.fptan);
export const emitFpatan: Emit = transcendental((c) => c.h.fpatan);
export const emitFsin: Emit = transcendental((c) => c.h.fsin);
export const emitFcos: Emit = transcendental((c) => c.h.fcos);
export const emitFsincos: Emit = transcendental((c) => c.h.fsincos);

export const emitFnclex: Emit = (c) => call(c, c.h.fnclex);
export const emitFninit: Emit = (c) => call(c, c.h.fninit);
export const emitFldcw: Emit = (c) => c.ir.call(c.h.fldcw, env(c), c.ir.extrl_i64_i32(c.readZ(0)));
export const emitFnstcw: Emit = (c) => c.write(0, c.ir.ld16u(Type.i64, env(c), ST.fcw));
export const emitFnstsw: Emit = (c) => c.write(0, c.ir.extu_i32_i64(call(c, c.h.fnstsw)));

/** Images of environment and state: 16-bit or 32-bit form, of real or protected mode. */
const image = (helper: (c: Ctx) => Helper): Emit => (c, i) => {
  const protectedMode = c.hflags & HF.PE && !(c.hflags & HF.VM);
  const form = (i.osz === 16 ? 0 : EnvForm.BITS32) | (protectedMode ? EnvForm.PROTECTED : 0);
  c.ir.call(helper(c), c.ea(), c.ir.const32(form), c.ir.const32(c.mmu));
};
export const emitFldenv: Emit = image((c) => c.h.fldenv);
export const emitFnstenv: Emit = image((c) => c.h.fnstenv);
export const emitFrstor: Emit = image((c) => c.h.frstor);
export const emitFnsave: Emit = image((c) => c.h.fnsave);
