/** IRET in every mode. Intel SDM Vol. 2, IRET/IRETD/IRETQ. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, EFER, EFLAGS, SegReg, Vector } from '../state.ts';
import { Descriptor, fetchDescriptor, isNull, loadFrom, markAccessed } from './descriptor.ts';
import { checkStack, clearSegment, loadRealSegment } from './load-segment.ts';
import { leaveTask } from './task.ts';

/** What IRET may load whatever the privilege. */
const BASE_MASK = EFLAGS.CF | EFLAGS.PF | EFLAGS.AF | EFLAGS.ZF | EFLAGS.SF | EFLAGS.TF | EFLAGS.DF | EFLAGS.OF | EFLAGS.NT;
const WIDE_MASK = EFLAGS.RF | EFLAGS.AC | EFLAGS.ID;

/** EFLAGS bits that IRET and POPF at `cpl` may load, of an image of `bytes`. */
export function loadableFlags(cpl: number, iopl: number, bytes: number): number {
  let mask = BASE_MASK | (bytes > 2 ? WIDE_MASK : 0);
  if (cpl <= iopl) mask |= EFLAGS.IF;
  if (cpl === 0) mask |= EFLAGS.IOPL | (bytes > 2 ? EFLAGS.VIF | EFLAGS.VIP : 0);
  return mask;
}
/** Limit of the segments of virtual-8086 mode. */
const V86_LIMIT = 0xffff;
const ioplOf = (cpu: X86Cpu) => (cpu.s.eflags & EFLAGS.IOPL) >>> 12;

/** @param bytes operand size: 2, 4 or 8. @param nextLo address of the next instruction, where a task goes on that returns. */
export function iret(cpu: X86Cpu, bytes: number, nextLo: number): void {
  const f = cpu.s.flags;
  cpu.s.nmiBlocked = 0;
  if (!(f & HF.PE)) iretReal(cpu, bytes);
  else if (f & HF.VM) iretV86(cpu, bytes);
  else if (!(cpu.s.eflags & EFLAGS.NT)) iretProtected(cpu, bytes);
  else if (f & HF.LMA) cpu.raise(Vector.GP, 0);
  else returnFromTask(cpu, nextLo);
}

function iretReal(cpu: X86Cpu, bytes: number): void {
  const stack = cpu.stack;
  stack.current(cpu);
  const pc = stack.pop(cpu, bytes), cs = stack.pop(cpu, bytes) & 0xffff, flags = stack.pop(cpu, bytes);
  if (pc >>> 0 > cpu.segLimit(SegReg.CS)) cpu.raise(Vector.GP, 0);
  stack.commit(cpu);
  cpu.setSegment(SegReg.CS, cs, cs << 4, 0, cpu.segLimit(SegReg.CS), cpu.segAttr(SegReg.CS));
  cpu.setPc(pc, 0);
  cpu.writeEflags(flags, loadableFlags(0, 3, bytes) & ~(EFLAGS.VIF | EFLAGS.VIP));
}

function iretV86(cpu: X86Cpu, bytes: number): void {
  const stack = cpu.stack;
  if (ioplOf(cpu) < 3) cpu.raise(Vector.GP, 0);
  stack.current(cpu);
  const pc = stack.pop(cpu, bytes), cs = stack.pop(cpu, bytes) & 0xffff, flags = stack.pop(cpu, bytes);
  if (pc >>> 0 > V86_LIMIT) cpu.raise(Vector.GP, 0);
  stack.commit(cpu);
  loadRealSegment(cpu, SegReg.CS, cs);
  cpu.setPc(pc, 0);
  cpu.writeEflags(flags, loadableFlags(3, 3, bytes));
}

function returnFromTask(cpu: X86Cpu, nextLo: number): void {
  const link = cpu.sysRead32(cpu.segBaseLo(SegReg.TR), 0) & 0xffff;
  leaveTask(cpu, link, 'iret', nextLo);
}

function iretProtected(cpu: X86Cpu, bytes: number): void {
  const stack = cpu.stack, cpl = cpu.cpl, long = (cpu.s.efer & EFER.LMA) !== 0;
  stack.current(cpu);
  const pcLo = stack.pop(cpu, bytes), pcHi = stack.popHi;
  const cs = stack.pop(cpu, bytes) & 0xffff;
  const flags = stack.pop(cpu, bytes);
  if (bytes > 2 && flags & EFLAGS.VM && cpl === 0 && !long) return iretToV86(cpu, pcLo, cs, flags);

  const code = new Descriptor();
  if (isNull(cs)) cpu.raise(Vector.GP, 0);
  fetchDescriptor(cpu, code, cs, Vector.GP);
  checkReturnCode(cpu, code, cpl);
  const newCpl = code.rpl, mask = loadableFlags(cpl, ioplOf(cpu), bytes), outer = newCpl > cpl;
  const target = long && code.isLong ? pcHi : 0;
  if (!code.isLong && pcLo >>> 0 > code.limit) cpu.raise(Vector.GP, 0);
  if (outer || cpu.s.flags & HF.CS64) {
    const spLo = stack.pop(cpu, bytes), spHi = stack.popHi, ss = stack.pop(cpu, bytes) & 0xffff;
    const stackDescriptor = returnStack(cpu, ss, newCpl, code.isLong && long);
    commitCode(cpu, code, pcLo, target, newCpl);
    loadReturnStack(cpu, ss, stackDescriptor, newCpl);
    cpu.setStackPointer(spLo, spHi, code.isLong && long, (stackDescriptor?.attr ?? 0) & ATTR.DB ? 32 : 16, bytes);
    if (outer) dropInner(cpu, newCpl);
  } else {
    stack.commit(cpu);
    commitCode(cpu, code, pcLo, target, newCpl);
  }
  cpu.writeEflags(flags, mask);
}

/** CS of a return: code, privilege not more than now, present. */
export function checkReturnCode(cpu: X86Cpu, d: Descriptor, cpl: number): void {
  const error = d.selector & 0xfffc;
  if (!d.isCode || d.rpl < cpl) cpu.raise(Vector.GP, error);
  if (d.isConforming ? d.dpl > d.rpl : d.dpl !== d.rpl) cpu.raise(Vector.GP, error);
  if (cpu.s.efer & EFER.LMA && d.isLong && d.attr & ATTR.DB) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
}

/** SS of a return to `cpl`; undefined for the null selector that 64-bit code may have below ring 3. */
export function returnStack(cpu: X86Cpu, selector: number, cpl: number, to64: boolean): Descriptor | undefined {
  if (isNull(selector)) {
    if (!to64 || cpl === 3 || (selector & 3) !== cpl) cpu.raise(Vector.GP, 0);
    return undefined;
  }
  const d = new Descriptor();
  fetchDescriptor(cpu, d, selector, Vector.GP);
  checkStack(cpu, d, cpl, Vector.GP, Vector.SS, 0);
  return d;
}

export function loadReturnStack(cpu: X86Cpu, selector: number, d: Descriptor | undefined, cpl: number): void {
  if (!d) return cpu.setSegment(SegReg.SS, selector, 0, 0, 0, cpl << 13);
  markAccessed(cpu, d);
  loadFrom(cpu, SegReg.SS, d, cpl);
}

export function commitCode(cpu: X86Cpu, code: Descriptor, pcLo: number, pcHi: number, cpl: number): void {
  markAccessed(cpu, code);
  loadFrom(cpu, SegReg.CS, code, cpl);
  cpu.setPc(pcLo, pcHi);
  cpu.updateHflags(cpl);
}

/** Data segments that the outer level may not have become null. SDM Vol. 3, 5.8.6. */
export function dropInner(cpu: X86Cpu, cpl: number): void {
  for (const n of [SegReg.ES, SegReg.DS, SegReg.FS, SegReg.GS]) {
    const attr = cpu.segAttr(n), conforming = (attr & (ATTR.CODE | ATTR.CONFORMING)) === (ATTR.CODE | ATTR.CONFORMING);
    if (attr & ATTR.P && !conforming && ((attr & ATTR.DPL) >>> 13) < cpl) clearSegment(cpu, n, 0);
  }
  cpu.updateHflags();
}

function iretToV86(cpu: X86Cpu, pc: number, cs: number, flags: number): void {
  const stack = cpu.stack;
  const sp = stack.pop(cpu, 4), selectors = [SegReg.SS, SegReg.ES, SegReg.DS, SegReg.FS, SegReg.GS].map((n) => [n, stack.pop(cpu, 4) & 0xffff] as const);
  if (pc >>> 0 > V86_LIMIT) cpu.raise(Vector.GP, 0);
  cpu.writeEflags(flags, loadableFlags(0, 0, 4) | EFLAGS.VM);
  cpu.updateHflags(3);
  loadRealSegment(cpu, SegReg.CS, cs);
  for (const [n, selector] of selectors) loadRealSegment(cpu, n, selector);
  cpu.setPc(pc, 0);
  cpu.setGpr(4, sp, 0);
  cpu.updateHflags(3);
}

