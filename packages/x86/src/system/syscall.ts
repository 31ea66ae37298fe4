/** SYSCALL, SYSRET, SYSENTER, SYSEXIT. Intel SDM Vol. 2; Vol. 3, 5.8.7 and 5.8.8. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, EFER, EFLAGS, Reg, SegReg, Vector } from '../state.ts';
import { loadableFlags } from './iret.ts';

const FLAT = 0xffffffff;
/** Attributes of the segments that fast system calls load, but for DPL and the code size. */
export const FAST_DATA = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED | ATTR.G | ATTR.DB;
export const FAST_CODE = ATTR.P | ATTR.S | ATTR.CODE | ATTR.READABLE | ATTR.ACCESSED | ATTR.G;

/** The flat segments that fast system calls load without looking at a descriptor. */
function flatSegments(cpu: X86Cpu, cs: number, ss: number, cpl: number, long: boolean): void {
  const dpl = cpl << 13;
  cpu.setSegment(SegReg.CS, cs, 0, 0, FLAT, FAST_CODE | dpl | (long ? ATTR.L : ATTR.DB));
  cpu.setSegment(SegReg.SS, ss, 0, 0, FLAT, FAST_DATA | dpl);
  cpu.updateHflags(cpl);
}

/** SYSCALL and SYSRET exist; on Intel's processors in 64-bit mode only. */
const hasFastCalls = ({ s, model }: X86Cpu): boolean => (s.efer & EFER.SCE) !== 0 && (!model.isIntel || (s.flags & HF.CS64) !== 0);
/** SYSENTER and SYSEXIT exist; on AMD's processors not in long mode. AMD64 APM Vol. 3, SYSENTER. */
const hasSysenter = ({ s, model }: X86Cpu): boolean => model.isIntel || !(s.efer & EFER.LMA);

/** @param nextLo,nextHi the return address. */
export function syscall(cpu: X86Cpu, nextLo: number, nextHi: number): void {
  const s = cpu.s;
  if (!hasFastCalls(cpu)) cpu.raise(Vector.UD);
  const selector = s.starHi & 0xffff;
  if (s.flags & HF.LMA) {
    cpu.setGpr(Reg.RCX, nextLo, nextHi);
    const flags = cpu.readEflags();
    cpu.setGpr(Reg.R11, flags & ~EFLAGS.RF, 0);
    cpu.setPc(s.flags & HF.CS64 ? s.lstarLo : s.cstarLo, s.flags & HF.CS64 ? s.lstarHi : s.cstarHi);
    flatSegments(cpu, selector & 0xfffc, (selector + 8) & 0xfffc, 0, true);
    cpu.writeEflags(flags & ~s.sfmaskLo & ~EFLAGS.RF, ~0);
  } else {
    cpu.setGpr(Reg.RCX, nextLo, 0);
    cpu.setPc(s.starLo, 0);
    flatSegments(cpu, selector & 0xfffc, (selector + 8) & 0xfffc, 0, false);
    cpu.writeEflags(0, EFLAGS.IF | EFLAGS.VM | EFLAGS.RF);
  }
}

/** @param bytes operand size: 8 returns to 64-bit code, 4 to 32-bit code. */
export function sysret(cpu: X86Cpu, bytes: number): void {
  const s = cpu.s;
  if (!hasFastCalls(cpu)) cpu.raise(Vector.UD);
  if (cpu.cpl !== 0 || !(s.flags & HF.PE)) cpu.raise(Vector.GP, 0);
  const selector = (s.starHi >>> 16) & 0xffff, long = bytes === 8;
  const rcxLo = cpu.gprLo(Reg.RCX), rcxHi = cpu.gprHi(Reg.RCX);
  if (long && !cpu.isCanonical(rcxLo, rcxHi)) cpu.raise(Vector.GP, 0);
  cpu.setPc(rcxLo, long ? rcxHi : 0);
  flatSegments(cpu, ((selector + (long ? 16 : 0)) & 0xfffc) | 3, ((selector + 8) & 0xfffc) | 3, 3, long);
  if (s.efer & EFER.LMA) cpu.writeEflags(cpu.gprLo(Reg.R11) & ~EFLAGS.RF, loadableFlags(0, 0, 4));
  else cpu.writeEflags(EFLAGS.IF, EFLAGS.IF);
}

export function sysenter(cpu: X86Cpu): void {
  if (!hasSysenter(cpu)) cpu.raise(Vector.UD);
  const s = cpu.s, cs = s.sysenterCsLo & 0xfffc, long = (s.efer & EFER.LMA) !== 0;
  if (!(s.flags & HF.PE) || cs === 0) cpu.raise(Vector.GP, 0);
  cpu.writeEflags(0, EFLAGS.VM | EFLAGS.IF | EFLAGS.RF);
  flatSegments(cpu, cs, cs + 8, 0, long);
  cpu.setGpr(Reg.RSP, s.sysenterEspLo, long ? s.sysenterEspHi : 0);
  cpu.setPc(s.sysenterEipLo, long ? s.sysenterEipHi : 0);
}

export function sysexit(cpu: X86Cpu, bytes: number): void {
  if (!hasSysenter(cpu)) cpu.raise(Vector.UD);
  const s = cpu.s, cs = s.sysenterCsLo & 0xfffc, long = bytes === 8;
  if (!(s.flags & HF.PE) || cs === 0 || cpu.cpl !== 0) cpu.raise(Vector.GP, 0);
  const rcxLo = cpu.gprLo(Reg.RCX), rcxHi = cpu.gprHi(Reg.RCX), rdxLo = cpu.gprLo(Reg.RDX), rdxHi = cpu.gprHi(Reg.RDX);
  if (long && !(cpu.isCanonical(rcxLo, rcxHi) && cpu.isCanonical(rdxLo, rdxHi))) cpu.raise(Vector.GP, 0);
  flatSegments(cpu, (cs + (long ? 32 : 16)) | 3, (cs + (long ? 40 : 24)) | 3, 3, long);
  cpu.setGpr(Reg.RSP, rcxLo, long ? rcxHi : 0);
  cpu.setPc(rdxLo, long ? rdxHi : 0);
}
