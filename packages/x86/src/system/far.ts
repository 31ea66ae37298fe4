/** Far jumps, calls and returns: code segments, call gates, task gates. Intel SDM Vol. 2, JMP, CALL, RET; Vol. 3, 5.8. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, EFER, SegReg, Vector } from '../state.ts';
import { Descriptor, fetchDescriptor, fetchHighBase, isNull, loadFrom, markAccessed, SystemType } from './descriptor.ts';
import { innerStack, tssStack } from './interrupt.ts';
import { checkReturnCode, commitCode, dropInner, loadReturnStack, returnStack } from './iret.ts';
import { leaveTask } from './task.ts';

const isRealOrV86 = (cpu: X86Cpu) => !(cpu.s.flags & HF.PE) || (cpu.s.flags & HF.VM) !== 0;

function realTransfer(cpu: X86Cpu, selector: number, offset: number): void {
  if (offset >>> 0 > cpu.segLimit(SegReg.CS)) cpu.raise(Vector.GP, 0);
  cpu.setSegment(SegReg.CS, selector, selector << 4, 0, cpu.segLimit(SegReg.CS), cpu.segAttr(SegReg.CS));
  cpu.setPc(offset, 0);
  cpu.updateHflags();
}

/** Code segment of a direct far jump or call: SDM Vol. 3, 5.8.1. */
function checkDirect(cpu: X86Cpu, d: Descriptor): void {
  const error = d.selector & 0xfffc, cpl = cpu.cpl;
  if (d.isConforming ? d.dpl > cpl : d.rpl > cpl || d.dpl !== cpl) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  if (cpu.s.efer & EFER.LMA && d.isLong && d.attr & ATTR.DB) cpu.raise(Vector.GP, error);
}

function checkLimit(cpu: X86Cpu, d: Descriptor, lo: number): void {
  const long = cpu.s.efer & EFER.LMA && d.isLong;
  if (!long && lo >>> 0 > d.limit) cpu.raise(Vector.GP, 0);
}

const CALL_GATES = [SystemType.CALL16, SystemType.CALL32];

/** Fetches the target of a far transfer; in long mode the only system descriptor is the 64-bit call gate. */
function fetchTarget(cpu: X86Cpu, selector: number): Descriptor {
  const d = new Descriptor();
  if (isNull(selector)) cpu.raise(Vector.GP, 0);
  fetchDescriptor(cpu, d, selector, Vector.GP);
  if (!d.isSegment && cpu.s.efer & EFER.LMA && d.type !== SystemType.CALL32) cpu.raise(Vector.GP, selector & 0xfffc);
  if (d.isSegment && !d.isCode) cpu.raise(Vector.GP, selector & 0xfffc);
  return d;
}

/** @param bytes operand size: 2, 4 or 8. @param nextLo,nextHi address of the next instruction (task switches save it). */
export function jumpFar(cpu: X86Cpu, selector: number, lo: number, hi: number, bytes: number, nextLo: number): void {
  if (isRealOrV86(cpu)) return realTransfer(cpu, selector, bytes === 2 ? lo & 0xffff : lo);
  const d = fetchTarget(cpu, selector);
  if (d.isCode) {
    checkDirect(cpu, d);
    checkLimit(cpu, d, lo);
    return commitCode(cpu, d, bytes === 2 ? lo & 0xffff : lo, d.isLong && cpu.s.efer & EFER.LMA ? hi : 0, cpu.cpl);
  }
  if (!CALL_GATES.includes(d.type as never)) return taskTransfer(cpu, d, 'jump', nextLo);
  const code = gateTarget(cpu, d);
  if (code.descriptor.isConforming ? code.descriptor.dpl > cpu.cpl : code.descriptor.dpl !== cpu.cpl) cpu.raise(Vector.GP, code.descriptor.selector & 0xfffc);
  checkLimit(cpu, code.descriptor, code.lo);
  commitCode(cpu, code.descriptor, code.lo, code.hi, cpu.cpl);
}

export function callFar(cpu: X86Cpu, selector: number, lo: number, hi: number, bytes: number, nextLo: number, nextHi: number): void {
  const stack = cpu.stack;
  if (isRealOrV86(cpu)) {
    stack.current(cpu);
    stack.push(cpu, bytes, cpu.segSelector(SegReg.CS));
    stack.push(cpu, bytes, nextLo);
    realTransfer(cpu, selector, bytes === 2 ? lo & 0xffff : lo);
    return stack.commit(cpu);
  }
  const d = fetchTarget(cpu, selector);
  if (d.isCode) {
    checkDirect(cpu, d);
    checkLimit(cpu, d, lo);
    stack.current(cpu);
    stack.push(cpu, bytes, cpu.segSelector(SegReg.CS));
    stack.push(cpu, bytes, nextLo, nextHi);
    stack.commit(cpu);
    return commitCode(cpu, d, bytes === 2 ? lo & 0xffff : lo, d.isLong && cpu.s.efer & EFER.LMA ? hi : 0, cpu.cpl);
  }
  if (!CALL_GATES.includes(d.type as never)) return taskTransfer(cpu, d, 'call', nextLo);
  callGate(cpu, d, nextLo, nextHi);
}

interface GateTarget { descriptor: Descriptor; lo: number; hi: number }

/** Checks a call gate and fetches what it leads to. */
function gateTarget(cpu: X86Cpu, gate: Descriptor): GateTarget {
  const error = gate.selector & 0xfffc, long = (cpu.s.efer & EFER.LMA) !== 0;
  if (gate.dpl < cpu.cpl || gate.dpl < gate.rpl) cpu.raise(Vector.GP, error);
  if (!gate.present) cpu.raise(Vector.NP, error);
  const hi = long ? fetchHighBase(cpu, gate) : 0;
  const descriptor = new Descriptor(), selector = gate.gateSelector;
  if (isNull(selector)) cpu.raise(Vector.GP, 0);
  fetchDescriptor(cpu, descriptor, selector, Vector.GP);
  const target = selector & 0xfffc;
  if (!descriptor.isCode || descriptor.dpl > cpu.cpl) cpu.raise(Vector.GP, target);
  if (long && (!descriptor.isLong || descriptor.attr & ATTR.DB)) cpu.raise(Vector.GP, target);
  if (!descriptor.present) cpu.raise(Vector.NP, target);
  return { descriptor, lo: gate.type === SystemType.CALL16 ? gate.gateOffset16 : gate.gateOffset, hi };
}

function callGate(cpu: X86Cpu, gate: Descriptor, nextLo: number, nextHi: number): void {
  const { descriptor: code, lo, hi } = gateTarget(cpu, gate);
  const long = (cpu.s.efer & EFER.LMA) !== 0, bytes = long ? 8 : gate.type === SystemType.CALL32 ? 4 : 2, stack = cpu.stack;
  const cpl = code.isConforming ? cpu.cpl : code.dpl;
  const oldSpLo = cpu.gprLo(4), oldSpHi = cpu.gprHi(4), oldSs = cpu.segSelector(SegReg.SS);
  let ss: Descriptor | undefined;
  if (cpl < cpu.cpl) {
    const parameters: number[] = [];
    if (!long) {
      stack.current(cpu);
      for (let n = 0; n < gate.gateCount; n++) parameters.unshift(stack.pop(cpu, bytes));
      ss = innerStack(cpu, cpl, 0);
    } else tssStack(cpu, 4 + 8 * cpl, cpl, 0);
    stack.push(cpu, bytes, oldSs);
    stack.push(cpu, bytes, oldSpLo, oldSpHi);
    for (const p of parameters) stack.push(cpu, bytes, p);
  } else stack.current(cpu);
  stack.push(cpu, bytes, cpu.segSelector(SegReg.CS));
  stack.push(cpu, bytes, nextLo, nextHi);
  if (cpl < cpu.cpl) {
    if (ss) {
      markAccessed(cpu, ss);
      loadFrom(cpu, SegReg.SS, ss, cpl);
    } else cpu.setSegment(SegReg.SS, cpl, 0, 0, 0, cpl << 13);
  }
  stack.commit(cpu);
  commitCode(cpu, code, lo, hi, cpl);
}

function taskTransfer(cpu: X86Cpu, d: Descriptor, how: 'jump' | 'call', nextLo: number): void {
  const error = d.selector & 0xfffc;
  if (d.dpl < cpu.cpl || d.dpl < d.rpl) cpu.raise(Vector.GP, error);
  if (d.type !== SystemType.TASK_GATE && d.type !== SystemType.TSS32 && d.type !== SystemType.TSS16) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  leaveTask(cpu, d.type === SystemType.TASK_GATE ? d.gateSelector : d.selector, how, nextLo);
}

/** @param release bytes that RET imm16 drops after the return address. */
export function returnFar(cpu: X86Cpu, bytes: number, release: number): void {
  const stack = cpu.stack;
  stack.current(cpu);
  const lo = stack.pop(cpu, bytes), hi = stack.popHi, cs = stack.pop(cpu, bytes) & 0xffff;
  if (isRealOrV86(cpu)) {
    stack.skip(cpu, release);
    realTransfer(cpu, cs, bytes === 2 ? lo & 0xffff : lo);
    return stack.commit(cpu);
  }
  const cpl = cpu.cpl, code = new Descriptor(), long = (cpu.s.efer & EFER.LMA) !== 0;
  if (isNull(cs)) cpu.raise(Vector.GP, 0);
  fetchDescriptor(cpu, code, cs, Vector.GP);
  checkReturnCode(cpu, code, cpl);
  checkLimit(cpu, code, lo);
  const to64 = long && code.isLong;
  stack.skip(cpu, release);
  if (code.rpl === cpl) {
    stack.commit(cpu);
    return commitCode(cpu, code, lo, to64 ? hi : 0, cpl);
  }
  const spLo = stack.pop(cpu, bytes), spHi = stack.popHi, ss = stack.pop(cpu, bytes) & 0xffff;
  const d = returnStack(cpu, ss, code.rpl, to64);
  commitCode(cpu, code, lo, to64 ? hi : 0, code.rpl);
  loadReturnStack(cpu, ss, d, code.rpl);
  const spBits = (d?.attr ?? 0) & ATTR.DB ? 32 : 16;
  cpu.setStackPointer((spLo + release) | 0, cpu.carry(spLo, spHi, release), to64, spBits, bytes);
  dropInner(cpu, code.rpl);
}
