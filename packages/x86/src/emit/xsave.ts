/** State saving: FXSAVE, the XSAVE family, XCR0, MXCSR. SDM Vol. 1 chapters 10.5 and 13, Vol. 2. The images are made by `system/xstate.ts`. */
import { Cond } from '@emu/tcg';
import { HF } from '../hflags.ts';
import { Reg, ST, Vector } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

/** FXSAVE and FXRSTOR fault by CR0.EM and CR0.TS alike: #NM. */
function fxUnavailable(c: Ctx): boolean {
  if (!(c.hflags & (HF.EM | HF.TS))) return false;
  c.raise(Vector.NM);
  return true;
}
/** The XSAVE family: #UD without CR4.OSXSAVE, #NM with CR0.TS. */
function xsaveUnavailable(c: Ctx): boolean {
  if (!(c.hflags & HF.OSXSAVE)) c.raise(Vector.UD);
  else if (c.hflags & HF.TS) c.raise(Vector.NM);
  else return false;
  return true;
}

const wide = (c: Ctx) => c.ir.const32(c.insn.rexW ? 1 : 0);
const mask = (c: Ctx) => c.ir.extrl_i64_i32(c.g.gpr[Reg.RAX]!);

export const emitFxsave: Emit = (c) => {
  if (!fxUnavailable(c)) c.ir.call(c.h.fxsave, c.ea(), wide(c));
};
export const emitFxrstor: Emit = (c) => {
  if (fxUnavailable(c)) return;
  c.ir.call(c.h.fxrstor, c.ea(), wide(c));
  c.endMode();
};

const save = (compact: boolean, optimised: boolean): Emit => (c) => {
  if (!xsaveUnavailable(c)) c.ir.call(c.h.xsave, c.ea(), wide(c), mask(c), c.ir.const32((compact ? 1 : 0) | (optimised ? 2 : 0)));
};
const restore: Emit = (c) => {
  if (xsaveUnavailable(c)) return;
  c.ir.call(c.h.xrstor, c.ea(), wide(c), mask(c));
  c.endMode();
};
export const emitXsave: Emit = save(false, false);
export const emitXsaveopt: Emit = save(false, true);
export const emitXsavec: Emit = save(true, true);
export const emitXsaves: Emit = save(true, true);
export const emitXrstor: Emit = restore;
export const emitXrstors: Emit = restore;

export const emitXgetbv: Emit = (c) => {
  const ir = c.ir;
  if (!(c.hflags & HF.OSXSAVE)) return c.raise(Vector.UD);
  // ECX = 1 asks for the components in use: ours all are
  c.raiseIf(c.zext(c.g.gpr[Reg.RCX]!, 32), ir.const64(1), Cond.gtu, Vector.GP, 0);
  c.setReg(Reg.RAX, 32, ir.ld32u(ir.const32(c.env), ST.xcr0));
  c.setReg(Reg.RDX, 32, ir.const64(0));
};
export const emitXsetbv: Emit = (c) => {
  const ir = c.ir;
  if (!(c.hflags & HF.OSXSAVE)) return c.raise(Vector.UD);
  ir.call(c.h.xsetbv, ir.extrl_i64_i32(c.g.gpr[Reg.RCX]!), ir.deposit(c.g.gpr[Reg.RAX]!, c.g.gpr[Reg.RDX]!, 32, 32));
  c.endMode();
};

/** LDMXCSR and STMXCSR name no XMM register, but belong to them. SDM Vol. 3, tables 13-1 and 13-2. */
function mxcsrUnavailable(c: Ctx): boolean {
  if (c.hflags & HF.EM || !(c.hflags & HF.OSFXSR)) c.raise(Vector.UD);
  else if (c.hflags & HF.TS) c.raise(Vector.NM);
  else return false;
  return true;
}

export const emitLdmxcsr: Emit = (c) => {
  if (mxcsrUnavailable(c)) return;
  c.ir.call(c.h.loadMxcsr, c.ir.extrl_i64_i32(c.load(32, c.ea())));
  c.endMode();
};
export const emitStmxcsr: Emit = (c) => {
  if (!mxcsrUnavailable(c)) c.store(32, c.ea(), c.ir.ld32u(c.ir.const32(c.env), ST.mxcsr));
};
