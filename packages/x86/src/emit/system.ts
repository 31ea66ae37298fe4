/** Flag bits, control and debug registers, MSRs, time, CPUID, fast system calls, caches, waiting. SDM Vol. 2. */
import { Cond, HDR, Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { ExitCode } from '../ctx.ts';
import { HF, IOPL_SHIFT, ONE_INSN } from '../hflags.ts';
import { ARITH_FLAGS, ATTR, DPL_SHIFT, EFER, EFLAGS, Reg, SegReg, ST, Vector } from '../state.ts';
import { loadableFlags } from '../system/iret.ts';
import { FAST_CODE, FAST_DATA } from '../system/syscall.ts';
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

// ---- Fast system calls ---------------------------------------------------------------------------------------------------------------

/** What SYSRET takes from R11. SDM Vol. 2, SYSRET: all but RF and VM. */
const SYSRET_FLAGS = loadableFlags(0, 0, 8) & ~EFLAGS.RF;

/** EFER.SCE off: the helper raises. */
function unlessEnabled(c: Ctx, helper: () => void): void {
  const ir = c.ir, enabled = ir.newLabel();
  c.flags.flush();
  ir.brcond(ir.ld(Type.i32, ir.const32(c.env), ST.efer), ir.const32(EFER.SCE), Cond.tstne, enabled);
  helper();
  ir.set_label(enabled);
}

/** Hidden parts of the flat CS and SS that 64-bit SYSCALL and SYSRET load, and the selectors: IA32_STAR[48 or 32 up] plus `cs`, `ss`. */
function flatSegments(c: Ctx, shift: 16 | 0, cs: number, ss: number, cpl: 0 | 3): void {
  const ir = c.ir, env = ir.const32(c.env), star = ir.shr(ir.ld32u(env, ST.star + 4), ir.const64(shift));
  const selector = (add: number) => ir.or(ir.and(ir.extrl_i64_i32(ir.add(star, ir.const64(add))), ir.const32(0xfffc)), ir.const32(cpl));
  const load = (n: number, value: Temp, attr: number) => {
    ir.st(value, env, ST.segSelector + 4 * n);
    ir.set(c.g.segBase[n]!, ir.const64(0));
    ir.st(ir.const32(-1), env, ST.segLimit + 4 * n);
    ir.st(ir.const32(attr | cpl << DPL_SHIFT), env, ST.segAttr + 4 * n);
    ir.st(ir.const64(0, 1), env, ST.segEnd + 8 * n);
  };
  load(SegReg.CS, selector(cs), FAST_CODE | ATTR.L);
  load(SegReg.SS, selector(ss), FAST_DATA);
}

/** EFLAGS = e (i64), in parts, and the mode bits of the next TB at `cpl`; all else about the mode stays as it is. As `X86Cpu.updateHflags`. */
function setFlagsAndMode(c: Ctx, e: Temp, cpl: 0 | 3): void {
  const ir = c.ir, env = ir.const32(c.env), e32 = ir.extrl_i64_i32(e), moved = (bits: number, by: number): Temp => {
    const v = ir.and(e32, ir.const32(bits));
    return by > 0 ? ir.shl(v, ir.const32(by)) : v;
  };
  c.flags.setEflags(ir.and(e, ir.const64(ARITH_FLAGS)));
  ir.st(ir.or(ir.and(e32, ir.const32(~(ARITH_FLAGS | EFLAGS.DF))), ir.const32(EFLAGS.FIXED1)), env, ST.eflags);
  // 1, or -1 with DF
  ir.st(ir.sub(ir.const32(1), ir.shr(ir.and(e32, ir.const32(EFLAGS.DF)), ir.const32(9))), env, ST.df);
  let mode = ir.const32(c.hflags & ~(HF.CPL | HF.SSE_FAST | HF.SSE_WIDE | HF.AC | HF.TF | HF.IOPL | HF.SMAP) | cpl);
  mode = ir.or(mode, ir.or(moved(EFLAGS.IOPL, IOPL_SHIFT - 12), moved(EFLAGS.TF, 8)));
  const noAc = ir.shr(ir.andc(ir.const32(EFLAGS.AC), e32), ir.const32(18));
  const smap = ir.and(ir.shr(ir.ld(Type.i32, env, ST.cr4), ir.const32(21)), noAc);
  mode = ir.or(mode, ir.shl(smap, ir.const32(18)));
  if (cpl === 3) {
    const am = ir.and(ir.shr(ir.ld(Type.i32, env, ST.cr0), ir.const32(18)), ir.shr(e32, ir.const32(18)));
    mode = ir.or(mode, ir.shl(ir.and(am, ir.const32(1)), ir.const32(19)));
    const fast = ir.setcond(ir.and(ir.ld(Type.i32, env, ST.mxcsr), ir.const32(0xffe0)), ir.const32(0x1fa0), Cond.eq);
    mode = ir.or(mode, ir.shl(fast, ir.const32(24)));
  }
  ir.st(mode, env, HDR.flags);
}

/** Whether SYSCALL and SYSRET are few enough cases here to be made inline: 64-bit code without debugging. */
const isPlain64 = (c: Ctx): boolean => (c.hflags & (HF.CS64 | ONE_INSN)) === HF.CS64;

/** Interrupts are looked at on the way back to user code. */
export const emitSyscall: Emit = (c) => {
  const ir = c.ir, g = c.g, env = ir.const32(c.env), helper = () => void ir.call(c.h.syscall, c.nextPc());
  if (!isPlain64(c)) {
    c.flags.flush();
    helper();
    return c.endTransferDirect();
  }
  unlessEnabled(c, helper);
  const direction = ir.and(ir.ld(Type.i32, env, ST.df), ir.const32(EFLAGS.DF));
  const rest = ir.or(ir.and(ir.ld(Type.i32, env, ST.eflags), ir.const32(~EFLAGS.RF)), direction);
  const e = ir.or(c.flags.eflags(), ir.extu_i32_i64(rest));
  ir.set(g.gpr[Reg.RCX]!, c.nextPc());
  ir.set(g.gpr[Reg.R11]!, e);
  ir.set(g.rip, ir.ld(Type.i64, env, ST.lstar));
  flatSegments(c, 0, 0, 8, 0);
  setFlagsAndMode(c, ir.andc(e, ir.ld32u(env, ST.sfmask)), 0);
  c.flags.flush();
  c.endTransferDirect();
};

const returning = (name: 'sysret' | 'sysexit'): Emit => (c, i) => {
  c.flags.flush();
  c.ir.call(c.h[name], c.ir.const32(i.osz === 64 ? 8 : 4));
  c.endTransfer();
};
export const emitSysexit: Emit = returning('sysexit');
export const emitSysret: Emit = (c, i) => {
  if (!isPlain64(c) || c.cpl !== 0 || i.osz !== 64) return returning('sysret')(c, i);
  const ir = c.ir, g = c.g, target = g.gpr[Reg.RCX]!;
  unlessEnabled(c, () => void ir.call(c.h.sysret, ir.const32(8)));
  c.canonicalOrGp(target);
  ir.set(g.rip, target);
  flatSegments(c, 16, 16, 8, 3);
  const env = ir.const32(c.env), kept = ir.and(ir.ld32u(env, ST.eflags), ir.const64(~SYSRET_FLAGS & ~(ARITH_FLAGS | EFLAGS.DF | EFLAGS.RF)));
  setFlagsAndMode(c, ir.or(ir.and(g.gpr[Reg.R11]!, ir.const64(SYSRET_FLAGS)), kept), 3);
  c.flags.flush();
  c.endTransfer();
};
export const emitSysenter: Emit = (c) => {
  c.flags.flush();
  c.ir.call(c.h.sysenter);
  c.endTransfer();
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

