/** Delivery of interrupts and exceptions through IVT or IDT, double and triple faults. Intel SDM Vol. 3 chapter 6. */
import { GUEST_FAULT } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, EFER, EFLAGS, SegReg, Vector } from '../state.ts';
import { Descriptor, fetchDescriptor, isNull, loadFrom, markAccessed, SystemType } from './descriptor.ts';
import { checkStack, clearSegment } from './load-segment.ts';
import { switchTask } from './task.ts';

/** What is being delivered. */
export interface Event {
  vector: number;
  /** Error code, or -1. */
  error: number;
  /** INT n, INT3, INTO: privilege of the gate is checked, no EXT bit. */
  software: boolean;
  /** An interrupt from outside (INTR, NMI), not an exception. */
  external: boolean;
  /** Bytes to add to the saved instruction pointer: the length of INT n. */
  skip: number;
}

const CONTRIBUTORY = new Set<number>([Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP]);
/** SDM Vol. 3, table 6-5: what a second exception makes of a first. */
const becomesDouble = (first: number, second: number): boolean =>
  (CONTRIBUTORY.has(first) && CONTRIBUTORY.has(second)) || (first === Vector.PF && (second === Vector.PF || CONTRIBUTORY.has(second)));

const event: () => Event = () => ({ vector: 0, error: -1, software: false, external: false, skip: 0 });

/**
 * Delivers the recorded fault, and what goes wrong on the way. Returns false after a triple fault (the machine was told).
 */
export function deliverRecorded(cpu: X86Cpu): boolean {
  const s = cpu.s, e = event();
  e.vector = s.exception;
  e.error = s.errorCode;
  e.software = s.softwareInt !== 0;
  e.skip = s.insnLength;
  return deliverChain(cpu, e);
}

/** Delivers an external interrupt. */
export function deliverExternal(cpu: X86Cpu, vector: number): boolean {
  const e = event();
  e.vector = vector;
  e.external = true;
  return deliverChain(cpu, e);
}

function deliverChain(cpu: X86Cpu, e: Event): boolean {
  const s = cpu.s;
  s.exception = -1;
  s.fault = 0;
  s.flags &= ~HF.INHIBIT;
  for (;;) {
    s.delivering = e.vector;
    cpu.logInterrupt(e);
    try {
      deliver(cpu, e);
      s.delivering = -1;
      return true;
    } catch (thrown) {
      if (thrown !== GUEST_FAULT) throw thrown;
    }
    s.fault = 0;
    const second = s.exception;
    s.exception = -1;
    if (e.vector === Vector.DF && !e.software && !e.external) {
      s.delivering = -1;
      cpu.bus.log('cpu_reset', 'Triple fault');
      cpu.bus.shutdown();
      return false;
    }
    const double = !e.external && !e.software && becomesDouble(e.vector, second);
    e.vector = double ? Vector.DF : second;
    e.error = double ? 0 : s.errorCode;
    e.software = false;
    e.external = false;
    e.skip = 0;
  }
}

function deliver(cpu: X86Cpu, e: Event): void {
  const f = cpu.s.flags;
  if (!(f & HF.PE)) deliverReal(cpu, e);
  else if (f & HF.LMA) deliverLong(cpu, e);
  else deliverProtected(cpu, e);
}

/** EFLAGS as it is saved: faults set RF, so that the restarted instruction does not hit its breakpoint again. SDM Vol. 3, 17.3.1.1. */
function savedFlags(cpu: X86Cpu, e: Event): number {
  const flags = cpu.readEflags();
  const isFault = !e.external && !e.software && e.vector !== Vector.DB && e.vector !== Vector.BP && e.vector !== Vector.OF;
  return isFault ? flags | EFLAGS.RF : flags;
}

function deliverReal(cpu: X86Cpu, e: Event): void {
  const s = cpu.s, stack = cpu.stack;
  if (e.vector * 4 + 3 > s.idtLimit) cpu.raise(Vector.GP, e.vector * 8 + 2);
  const at = (s.idtBaseLo + e.vector * 4) | 0;
  const target = cpu.sysRead32(at, 0);
  stack.current(cpu);
  stack.push(cpu, 2, cpu.readEflags() & 0xffff);
  stack.push(cpu, 2, cpu.segSelector(SegReg.CS));
  stack.push(cpu, 2, (s.pcLo + e.skip) & 0xffff);
  stack.commit(cpu);
  cpu.setSegment(SegReg.CS, target >>> 16, (target >>> 16) << 4, 0, cpu.segLimit(SegReg.CS), cpu.segAttr(SegReg.CS));
  cpu.setPc(target & 0xffff, 0);
  cpu.writeEflags(0, EFLAGS.IF | EFLAGS.TF | EFLAGS.AC | EFLAGS.RF);
}

/** Index of a gate as error code. */
const gateError = (e: Event) => e.vector * 8 + 2 + ext(e);
const ext = (e: Event) => (e.software ? 0 : 1);

/** Checks common to all IDT gates; `allowed` are the types that the mode knows. */
function checkGate(cpu: X86Cpu, e: Event, gate: Descriptor, allowed: readonly number[]): void {
  if (gate.isSegment || !allowed.includes(gate.type)) cpu.raise(Vector.GP, gateError(e));
  if (e.software && gate.dpl < cpu.cpl) cpu.raise(Vector.GP, gateError(e));
  if (!gate.present) cpu.raise(Vector.NP, gateError(e));
}

/** Fetches the handler's code segment into `cpu.descriptor`; returns the privilege level it runs at. */
function handlerCode(cpu: X86Cpu, e: Event, selector: number): number {
  const d = cpu.descriptor, x = ext(e);
  if (isNull(selector)) cpu.raise(Vector.GP, x);
  fetchDescriptor(cpu, d, selector, Vector.GP, x);
  const error = (selector & 0xfffc) | x;
  if (!d.isCode || d.dpl > cpu.cpl) cpu.raise(Vector.GP, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  return d.isConforming ? cpu.cpl : d.dpl;
}

const PROTECTED_GATES = [SystemType.TASK_GATE, SystemType.INT16, SystemType.TRAP16, SystemType.INT32, SystemType.TRAP32];

function deliverProtected(cpu: X86Cpu, e: Event): void {
  const s = cpu.s, gate = new Descriptor();
  if (e.vector * 8 + 7 > s.idtLimit) cpu.raise(Vector.GP, gateError(e));
  const at = (s.idtBaseLo + e.vector * 8) | 0;
  gate.lo = cpu.sysRead32(at, 0);
  gate.hi = cpu.sysRead32((at + 4) | 0, 0);
  checkGate(cpu, e, gate, PROTECTED_GATES);
  if (gate.type === SystemType.TASK_GATE) {
    cpu.setPc((s.pcLo + e.skip) | 0, 0);
    switchTask(cpu, gate.gateSelector, 'interrupt', ext(e));
    if (e.error >= 0) {
      cpu.stack.current(cpu);
      cpu.stack.push(cpu, cpu.taskIs32() ? 4 : 2, e.error);
      cpu.stack.commit(cpu);
    }
    return;
  }
  const cpl = handlerCode(cpu, e, gate.gateSelector);
  const code = cpu.descriptor.copy();
  const v86 = (s.flags & HF.VM) !== 0, bytes = gate.type >= SystemType.INT32 ? 4 : 2, stack = cpu.stack;
  if (v86 && cpl !== 0) cpu.raise(Vector.GP, (code.selector & 0xfffc) | ext(e));
  const inner = cpl < cpu.cpl, flags = savedFlags(cpu, e);
  let ss: Descriptor | undefined;
  if (inner) {
    ss = innerStack(cpu, cpl, ext(e));
    if (v86) for (const n of [SegReg.GS, SegReg.FS, SegReg.DS, SegReg.ES]) stack.push(cpu, bytes, cpu.segSelector(n));
    stack.push(cpu, bytes, cpu.segSelector(SegReg.SS));
    stack.push(cpu, bytes, cpu.gprLo(4));
  } else stack.current(cpu);
  stack.push(cpu, bytes, flags);
  stack.push(cpu, bytes, cpu.segSelector(SegReg.CS));
  stack.push(cpu, bytes, (s.pcLo + e.skip) | 0);
  if (e.error >= 0) stack.push(cpu, bytes, e.error);
  // nothing faults from here on
  if (ss) {
    markAccessed(cpu, ss);
    loadFrom(cpu, SegReg.SS, ss, cpl);
    if (v86) for (const n of [SegReg.GS, SegReg.FS, SegReg.DS, SegReg.ES]) clearSegment(cpu, n, 0);
  }
  cpu.updateHflags(cpl);
  stack.commit(cpu);
  enterHandler(cpu, code, cpl, bytes === 4 ? gate.gateOffset : gate.gateOffset16, 0, isInterruptGate(gate.type));
}

const isInterruptGate = (type: number) => type === SystemType.INT16 || type === SystemType.INT32;

/** The stack of privilege level `cpl` from the TSS; checked, set up in `cpu.stack`, not yet loaded. */
export function innerStack(cpu: X86Cpu, cpl: number, x: number): Descriptor {
  const is32 = cpu.taskIs32(), base = cpu.segBaseLo(SegReg.TR), limit = cpu.segLimit(SegReg.TR);
  const offset = is32 ? 4 + cpl * 8 : 2 + cpl * 4;
  if (offset + (is32 ? 5 : 3) > limit) cpu.raise(Vector.TS, (cpu.segSelector(SegReg.TR) & 0xfffc) | x);
  const at = (base + offset) | 0;
  const sp = is32 ? cpu.sysRead32(at, 0) : cpu.sysRead32(at, 0) & 0xffff;
  const selector = (is32 ? cpu.sysRead32((at + 4) | 0, 0) : cpu.sysRead32(at, 0) >>> 16) & 0xffff;
  if (isNull(selector)) cpu.raise(Vector.TS, x);
  const d = new Descriptor();
  fetchDescriptor(cpu, d, selector, Vector.TS, x);
  checkStack(cpu, d, cpl, Vector.TS, Vector.SS, x);
  cpu.stack.segment(cpu, d.base, d.limit, d.attr, sp, cpl, (selector & 0xfffc) | x);
  return d;
}

const LONG_GATES = [SystemType.INT32, SystemType.TRAP32];

function deliverLong(cpu: X86Cpu, e: Event): void {
  const s = cpu.s, gate = new Descriptor(), stack = cpu.stack;
  if (e.vector * 16 + 15 > s.idtLimit) cpu.raise(Vector.GP, gateError(e));
  const atLo = (s.idtBaseLo + e.vector * 16) | 0, atHi = cpu.carry(s.idtBaseLo, s.idtBaseHi, e.vector * 16);
  gate.lo = cpu.sysRead32(atLo, atHi);
  gate.hi = cpu.sysRead32((atLo + 4) | 0, atHi);
  const offsetHi = cpu.sysRead32((atLo + 8) | 0, atHi);
  checkGate(cpu, e, gate, LONG_GATES);
  const cpl = handlerCode(cpu, e, gate.gateSelector);
  const code = cpu.descriptor.copy();
  if (!code.isLong || code.attr & ATTR.DB) cpu.raise(Vector.GP, (code.selector & 0xfffc) | ext(e));
  const ist = gate.hi & 7, inner = cpl < cpu.cpl, flags = savedFlags(cpu, e);
  const oldRspLo = cpu.gprLo(4), oldRspHi = cpu.gprHi(4);
  if (ist || inner) tssStack(cpu, ist ? 0x24 + 8 * (ist - 1) : 4 + 8 * cpl, cpl, ext(e));
  else stack.long(cpu, oldRspLo, oldRspHi, cpl);
  stack.lo &= ~15;
  stack.push(cpu, 8, cpu.segSelector(SegReg.SS));
  stack.push(cpu, 8, oldRspLo, oldRspHi);
  stack.push(cpu, 8, flags);
  stack.push(cpu, 8, cpu.segSelector(SegReg.CS));
  stack.push(cpu, 8, (s.pcLo + e.skip) | 0, cpu.carry(s.pcLo, s.pcHi, e.skip));
  if (e.error >= 0) stack.push(cpu, 8, e.error);
  if (inner) cpu.setSegment(SegReg.SS, cpl, 0, 0, 0, cpl << 13);
  stack.commit(cpu);
  enterHandler(cpu, code, cpl, gate.gateOffset, offsetHi, isInterruptGate(gate.type));
}

/** The stack pointer at `offset` of the 64-bit TSS. */
export function tssStack(cpu: X86Cpu, offset: number, cpl: number, x: number): void {
  const baseLo = cpu.segBaseLo(SegReg.TR), baseHi = cpu.segBaseHi(SegReg.TR);
  if (offset + 7 > cpu.segLimit(SegReg.TR)) cpu.raise(Vector.TS, (cpu.segSelector(SegReg.TR) & 0xfffc) | x);
  const lo = (baseLo + offset) | 0, hi = cpu.carry(baseLo, baseHi, offset);
  cpu.stack.long(cpu, cpu.sysRead32(lo, hi), cpu.sysRead32((lo + 4) | 0, cpu.carry(lo, hi, 4)), cpl);
}

function enterHandler(cpu: X86Cpu, code: Descriptor, cpl: number, pcLo: number, pcHi: number, clearIf: boolean): void {
  markAccessed(cpu, code);
  loadFrom(cpu, SegReg.CS, code, cpl);
  cpu.setPc(pcLo, cpu.s.efer & EFER.LMA ? pcHi : 0);
  cpu.s.flags = (cpu.s.flags & ~HF.CPL) | cpl;
  cpu.writeEflags(0, EFLAGS.TF | EFLAGS.VM | EFLAGS.RF | EFLAGS.NT | (clearIf ? EFLAGS.IF : 0));
}
