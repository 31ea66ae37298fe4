/** Flag bits, control and debug registers, MSRs, time, CPUID, caches, waiting. SDM Vol. 2. */
import { Cond, Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { ExitCode } from '../ctx.ts';
import { HF, IOPL_SHIFT } from '../hflags.ts';
import { EFLAGS, Reg, ST, Vector } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

// ---- Flag bits ---------------------------------------------------------------------------------------------------------------------

export const emitClc: Emit = (c) => c.flags.setEflags(c.ir.and(c.flags.eflags(), c.ir.const64(~EFLAGS.CF)));
export const emitStc: Emit = (c) => c.flags.setEflags(c.ir.or(c.flags.eflags(), c.ir.const64(EFLAGS.CF)));
export const emitCmc: Emit = (c) => c.flags.setEflags(c.ir.xor(c.flags.eflags(), c.ir.const64(EFLAGS.CF)));
const setDf = (step: 1 | -1): Emit => (c) => c.ir.st(c.ir.const32(step), c.ir.const32(c.env), ST.df);
export const emitCld: Emit = setDf(1);
export const emitStd: Emit = setDf(-1);

/** CLI and STI need CPL <= IOPL; no model has the virtual flag of CR4.VME and PVI. SDM Vol. 2, CLI, STI. */
function interruptFlag(c: Ctx, set: boolean): void {
  const iopl = (c.hflags & HF.IOPL) >>> IOPL_SHIFT, virtual8086 = (c.hflags & HF.VM) !== 0;
  if (c.hflags & HF.PE && (virtual8086 ? iopl < 3 : c.cpl > iopl)) return c.raise(Vector.GP, 0);
  if (set) return c.openInterrupts();
  const ir = c.ir, env = ir.const32(c.env);
  ir.st(ir.and(ir.ld(Type.i32, env, ST.eflags), ir.const32(~EFLAGS.IF)), env, ST.eflags);
}
export const emitCli: Emit = (c) => interruptFlag(c, false);
export const emitSti: Emit = (c) => interruptFlag(c, true);

export const emitHlt: Emit = (c) => c.exit(ExitCode.HALT);

// ---- Control and debug registers -----------------------------------------------------------------------------------------------------

export const emitClts: Emit = (c) => {
  c.ir.call(c.h.clts);
  c.endMode();
};
export const emitMovFromCr: Emit = (c, i) => {
  const ir = c.ir, env = ir.const32(c.env);
  switch (i.reg) {
    case 0: return c.write(0, ir.ld32u(env, ST.cr0));
    case 2: return c.write(0, ir.ld(Type.i64, env, ST.cr2));
    case 3: return c.write(0, ir.ld(Type.i64, env, ST.cr3));
    case 4: return c.write(0, ir.ld32u(env, ST.cr4));
    default: return c.write(0, ir.call(c.h.readCr8));
  }
};
export const emitMovToCr: Emit = (c, i) => {
  c.flags.flush();
  c.ir.call(c.h.writeCr, c.ir.const32(i.reg), c.readZ(1));
  c.exit(ExitCode.POLL);
};
export const emitMovFromDr: Emit = (c, i) => c.write(0, c.ir.call(c.h.readDr, c.ir.const32(i.reg)));
export const emitMovToDr: Emit = (c, i) => {
  c.ir.call(c.h.writeDr, c.ir.const32(i.reg), c.readZ(1));
  c.endMode();
};
export const emitSmsw: Emit = (c) => {
  if (c.hflags & HF.UMIP && c.cpl !== 0) return c.raise(Vector.GP, 0);
  c.write(0, c.ir.ld32u(c.ir.const32(c.env), ST.cr0));
};
export const emitLmsw: Emit = (c) => {
  c.ir.call(c.h.lmsw, c.ir.extrl_i64_i32(c.zext(c.read(0), 16)));
  c.endMode();
};
export const emitInvlpg: Emit = (c) => {
  c.ir.call(c.h.invlpg, c.ea());
  c.endMode();
};
export const emitInvpcid: Emit = (c) => {
  const ir = c.ir, low = c.load(64, c.ea()), address = c.load(64, ir.add(c.ea(), ir.const64(8)));
  ir.call(c.h.invpcid, c.readZ(0), low, address);
  c.endMode();
};

// ---- MSRs and time -------------------------------------------------------------------------------------------------------------------

/** EDX:EAX, both zero-extended, from one i64. */
function setEdxEax(c: Ctx, v: Temp): void {
  c.setReg(Reg.RDX, 32, c.ir.shr(v, c.ir.const64(32)));
  c.setReg(Reg.RAX, 32, v);
}
const edxEax = (c: Ctx): Temp => c.ir.deposit(c.g.gpr[Reg.RAX]!, c.g.gpr[Reg.RDX]!, 32, 32);
const ecx = (c: Ctx): Temp => c.ir.extrl_i64_i32(c.g.gpr[Reg.RCX]!);

export const emitRdmsr: Emit = (c) => setEdxEax(c, c.ir.call(c.h.rdmsr, ecx(c)));
export const emitWrmsr: Emit = (c) => {
  c.ir.call(c.h.wrmsr, ecx(c), edxEax(c));
  c.exit(ExitCode.POLL);
};
const timeDisabled = (c: Ctx): boolean => {
  if (!(c.hflags & HF.TSD) || c.cpl === 0) return false;
  c.raise(Vector.GP, 0);
  return true;
};
export const emitRdtsc: Emit = (c) => { if (!timeDisabled(c)) setEdxEax(c, c.ir.call(c.h.rdtsc)); };
export const emitRdtscp: Emit = (c) => {
  if (timeDisabled(c)) return;
  setEdxEax(c, c.ir.call(c.h.rdtsc));
  c.setReg(Reg.RCX, 32, c.ir.ld(Type.i64, c.ir.const32(c.env), ST.tscAux));
};
/** CPUID says there are no performance counters. */
export const emitRdpmc: Emit = (c) => c.raise(Vector.GP, 0);
export const emitRdpid: Emit = (c) => c.write(0, c.ir.ld32u(c.ir.const32(c.env), ST.tscAux));

/** CF = 1: the random number is there; it always is. */
const random: Emit = (c) => {
  const v = c.ir.call(c.h.random);
  c.flags.setEflags(c.ir.const64(EFLAGS.CF));
  c.write(0, v);
};
export const emitRdrand: Emit = random;
export const emitRdseed: Emit = random;

export const emitCpuid: Emit = (c) => {
  const ir = c.ir, g = c.g.gpr;
  ir.call(c.h.cpuid, ir.extrl_i64_i32(g[Reg.RAX]!), ir.extrl_i64_i32(g[Reg.RCX]!));
  [Reg.RAX, Reg.RBX, Reg.RCX, Reg.RDX].forEach((r, n) => ir.set(g[r]!, ir.ld32u(ir.const32(c.env), c.scratchOffset(0) + 4 * n)));
};

// ---- Caches, order, waiting ----------------------------------------------------------------------------------------------------------

export const emitInvd: Emit = () => {};
export const emitWbinvd: Emit = () => {};
/** Loads a byte as far as permissions go; there is no cache. */
export const emitClflush: Emit = (c) => { c.load(8, c.ea()); };
export const emitFence: Emit = () => {};
/** The address is checked; nothing watches it, MWAIT returns at the next interrupt. */
export const emitMonitor: Emit = (c, i) => {
  if (c.cpl !== 0) return c.raise(Vector.UD);
  const seg = i.segOverride >= 0 ? i.segOverride : 3;
  c.raiseIf(c.zext(c.g.gpr[Reg.RCX]!, 32), c.ir.const64(0), Cond.ne, Vector.GP, 0);
  c.load(8, c.linear(c.wrap(c.g.gpr[Reg.RAX]!, i.asz), seg, 8));
};
export const emitMwait: Emit = (c) => {
  if (c.cpl !== 0) return c.raise(Vector.UD);
  c.exit(ExitCode.HALT);
};
const accessControl = (set: boolean): Emit => (c) => {
  if (c.cpl !== 0 || c.hflags & HF.VM) return c.raise(Vector.UD);
  c.ir.call(set ? c.h.stac : c.h.clac);
  c.endMode();
};
export const emitClac: Emit = accessControl(false);
export const emitStac: Emit = accessControl(true);

