/** MOV/POP/Lxx to a data segment register, LLDT, LTR: all checks. Intel SDM Vol. 3, 5.6 and 5.7; Vol. 2, MOV. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, DPL_SHIFT, EFER, SegReg, Vector } from '../state.ts';
import { Descriptor, fetchDescriptor, fetchHighBase, isNull, loadFrom, markAccessed, SystemType } from './descriptor.ts';

/** Real mode changes selector and base only: limits and attributes loaded in protected mode stay ("unreal mode"). */
export function loadRealSegment(cpu: X86Cpu, n: number, selector: number): void {
  const v86 = (cpu.s.flags & HF.VM) !== 0;
  const attr = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED | (v86 ? ATTR.DPL : 0);
  cpu.setSegment(n, selector & 0xffff, (selector & 0xffff) << 4, 0, v86 ? 0xffff : cpu.segLimit(n), v86 ? attr : cpu.segAttr(n));
}

/** Loads ES, SS, DS, FS or GS. */
export function loadSegment(cpu: X86Cpu, n: number, selector: number): void {
  if (!(cpu.s.flags & HF.PE) || cpu.s.flags & HF.VM) loadRealSegment(cpu, n, selector);
  else if (isNull(selector)) loadNull(cpu, n, selector);
  else {
    const d = cpu.descriptor;
    fetchDescriptor(cpu, d, selector, Vector.GP);
    if (n === SegReg.SS) checkStack(cpu, d, cpu.cpl, Vector.GP, Vector.SS, 0);
    else checkData(cpu, d);
    markAccessed(cpu, d);
    loadFrom(cpu, n, d);
  }
  cpu.updateHflags();
}

function loadNull(cpu: X86Cpu, n: number, selector: number): void {
  const cpl = cpu.cpl;
  if (n === SegReg.SS && (!(cpu.s.flags & HF.CS64) || cpl === 3 || (selector & 3) !== cpl)) cpu.raise(Vector.GP, 0);
  clearSegment(cpu, n, selector);
}

/** A null selector's hidden part: not usable outside 64-bit mode. SS keeps the privilege level. */
export function clearSegment(cpu: X86Cpu, n: number, selector: number): void {
  cpu.setSegment(n, selector, 0, 0, 0, n === SegReg.SS ? cpu.cpl << DPL_SHIFT : 0);
}

/** SS at privilege level `cpl`: RPL and DPL equal it, writable data, present. */
export function checkStack(cpu: X86Cpu, d: Descriptor, cpl: number, vector: number, absent: number, ext: number): void {
  const error = (d.selector & 0xfffc) | ext;
  if (!d.isWritableData || d.rpl !== cpl || d.dpl !== cpl) cpu.raise(vector, error);
  if (!d.present) cpu.raise(absent, error);
}

function checkData(cpu: X86Cpu, d: Descriptor): void {
  const error = d.selector & 0xfffc;
  if (!d.isReadable) cpu.raise(Vector.GP, error);
  if (!(d.isCode && d.isConforming) && (d.rpl > d.dpl || cpu.cpl > d.dpl)) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
}

/** LLDT. */
export function loadLdt(cpu: X86Cpu, selector: number): void {
  if (isNull(selector)) return cpu.setSegment(SegReg.LDTR, selector, 0, 0, 0, 0);
  const d = cpu.descriptor, error = selector & 0xfffc;
  if (selector & 4) cpu.raise(Vector.GP, error);
  fetchDescriptor(cpu, d, selector, Vector.GP);
  if (d.isSegment || d.type !== SystemType.LDT) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  const high = cpu.s.efer & EFER.LMA ? fetchHighBase(cpu, d) : 0;
  cpu.setSegment(SegReg.LDTR, selector, d.base, high, d.limit, d.attr);
}

/** LTR: marks the TSS busy. */
export function loadTaskRegister(cpu: X86Cpu, selector: number): void {
  const d = cpu.descriptor, error = selector & 0xfffc, long = (cpu.s.efer & EFER.LMA) !== 0;
  if (isNull(selector) || selector & 4) cpu.raise(Vector.GP, error);
  fetchDescriptor(cpu, d, selector, Vector.GP);
  if (d.isSegment || (d.type !== SystemType.TSS32 && (long || d.type !== SystemType.TSS16))) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  const high = long ? fetchHighBase(cpu, d) : 0;
  d.hi |= BUSY;
  cpu.sysWrite32((d.addrLo + 4) | 0, cpu.carry(d.addrLo, d.addrHi, 4), d.hi);
  cpu.setSegment(SegReg.TR, selector, d.base, high, d.limit, d.attr);
}

/** Busy bit of a TSS descriptor's type. */
export const BUSY = 1 << 9;
