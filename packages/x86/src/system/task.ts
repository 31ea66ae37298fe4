/** Hardware task switch through a TSS. Intel SDM Vol. 3 chapter 7. Not available in long mode. */
import type { X86Cpu } from '../cpu.ts';
import { CR0, EFLAGS, SegReg, Vector } from '../state.ts';
import { disableLocalBreakpoints } from './debug.ts';
import { Descriptor, fetchDescriptor, isNull, loadFrom, markAccessed, SystemType } from './descriptor.ts';
import { BUSY, checkStack, clearSegment, loadRealSegment } from './load-segment.ts';

export type TaskSwitch = 'jump' | 'call' | 'interrupt' | 'iret';

/** Offsets in a 32-bit TSS (bytes); `seg` and `gpr` are the first of several. SDM Vol. 3, figure 7-2. */
const TSS32 = { link: 0, cr3: 0x1c, eip: 0x20, eflags: 0x24, gpr: 0x28, seg: 0x48, ldt: 0x60, trap: 0x64, size: 0x67, word: 4 } as const;
/** And a 16-bit one. SDM Vol. 3, figure 7-10. */
const TSS16 = { link: 0, cr3: -1, eip: 0x0e, eflags: 0x10, gpr: 0x12, seg: 0x22, ldt: 0x2a, trap: -1, size: 0x2b, word: 2 } as const;

export function switchTask(cpu: X86Cpu, selector: number, how: TaskSwitch, ext: number): void {
  const s = cpu.s, d = new Descriptor(), vector = how === 'iret' ? Vector.TS : Vector.GP;
  const error = (selector & 0xfffc) | ext;
  if (isNull(selector) || selector & 4) cpu.raise(vector, error);
  fetchDescriptor(cpu, d, selector, vector, ext);
  const wanted = how === 'iret' ? [SystemType.TSS16_BUSY, SystemType.TSS32_BUSY] : [SystemType.TSS16, SystemType.TSS32];
  if (d.isSegment || !wanted.includes(d.type as never)) cpu.raise(vector, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  const is32 = (d.type & 8) !== 0, layout = is32 ? TSS32 : TSS16;
  if (d.limit < layout.size) cpu.raise(Vector.TS, error);

  const incoming = readTask(cpu, d.base, layout);
  saveTask(cpu, how);
  const oldSelector = cpu.segSelector(SegReg.TR);
  if (how === 'jump' || how === 'iret') setBusy(cpu, oldSelector, false);
  if (how !== 'iret') setBusy(cpu, selector, true);
  if (how === 'call' || how === 'interrupt') cpu.sysWrite16(d.base, 0, oldSelector);

  // The switch is done: faults from here on belong to the new task.
  cpu.setSegment(SegReg.TR, selector & 0xffff, d.base, 0, d.limit, d.attr | BUSY);
  s.cr0 |= CR0.TS;
  disableLocalBreakpoints(cpu);
  if (is32 && s.cr0 & CR0.PG) cpu.setCr3(incoming.cr3, 0);
  const nested = how === 'call' || how === 'interrupt' ? EFLAGS.NT : 0;
  const eflags = (is32 ? incoming.eflags : incoming.eflags & 0xffff) | nested;
  cpu.setPc(is32 ? incoming.eip : incoming.eip & 0xffff, 0);
  for (let n = 0; n < 8; n++) cpu.setGpr(n, is32 ? incoming.gpr[n]! : (cpu.gprLo(n) & ~0xffff) | incoming.gpr[n]!, 0);
  cpu.writeEflags(eflags, ~0);
  loadTaskSegments(cpu, incoming, eflags, ext);
  if (is32 && incoming.trap & 1) cpu.debugTrap(1 << 15);
}

/** As `switchTask`, for an instruction: the outgoing task goes on behind it, at `nextLo`. */
export function leaveTask(cpu: X86Cpu, selector: number, how: 'jump' | 'call' | 'iret', nextLo: number): void {
  const saved = cpu.s.pcLo, task = cpu.segSelector(SegReg.TR);
  cpu.setPc(nextLo, 0);
  try {
    switchTask(cpu, selector, how, 0);
  } catch (e) {
    if (cpu.segSelector(SegReg.TR) === task) cpu.setPc(saved, 0);
    else cpu.stateIsNew = true; // a fault of the new task, before its first instruction
    throw e;
  }
}

interface Task { cr3: number; eip: number; eflags: number; gpr: number[]; seg: number[]; ldt: number; trap: number }

function readTask(cpu: X86Cpu, base: number, l: typeof TSS32 | typeof TSS16): Task {
  const word = (offset: number) => (l.word === 4 ? cpu.sysRead32((base + offset) | 0, 0) : cpu.sysRead16((base + offset) | 0, 0));
  return {
    cr3: l.cr3 < 0 ? 0 : word(l.cr3),
    eip: word(l.eip),
    eflags: word(l.eflags),
    gpr: Array.from({ length: 8 }, (_, n) => word(l.gpr + n * l.word)),
    seg: Array.from({ length: l.word === 4 ? 6 : 4 }, (_, n) => word(l.seg + n * l.word) & 0xffff),
    ldt: word(l.ldt) & 0xffff,
    trap: l.trap < 0 ? 0 : cpu.sysRead16((base + l.trap) | 0, 0),
  };
}

function saveTask(cpu: X86Cpu, how: TaskSwitch): void {
  const l = cpu.taskIs32() ? TSS32 : TSS16, base = cpu.segBaseLo(SegReg.TR);
  const word = (offset: number, v: number) => (l.word === 4 ? cpu.sysWrite32((base + offset) | 0, 0, v) : cpu.sysWrite16((base + offset) | 0, 0, v));
  const flags = cpu.readEflags();
  word(l.eip, cpu.s.pcLo);
  word(l.eflags, how === 'iret' ? flags & ~EFLAGS.NT : flags);
  for (let n = 0; n < 8; n++) word(l.gpr + n * l.word, cpu.gprLo(n));
  for (let n = 0; n < (l.word === 4 ? 6 : 4); n++) cpu.sysWrite16((base + l.seg + n * l.word) | 0, 0, cpu.segSelector(n));
}

function setBusy(cpu: X86Cpu, selector: number, busy: boolean): void {
  const at = (cpu.s.gdtBaseLo + (selector & 0xfff8) + 4) | 0, hi = cpu.s.gdtBaseHi;
  const word = cpu.sysRead32(at, hi);
  cpu.sysWrite32(at, hi, busy ? word | BUSY : word & ~BUSY);
}

/** Segments of the incoming task, in the order the SDM checks them: LDT, CS, SS, data. A bad one is #TS in the new task. */
function loadTaskSegments(cpu: X86Cpu, task: Task, eflags: number, ext: number): void {
  const [es, cs, ss, ds, fs = 0, gs = 0] = task.seg;
  for (let n = 0; n < 6; n++) cpu.setSegment(n, task.seg[n] ?? 0, 0, 0, 0, 0);
  loadTaskLdt(cpu, task.ldt, ext);
  if (eflags & EFLAGS.VM) {
    cpu.updateHflags(3);
    [es, cs, ss, ds, fs, gs].forEach((selector, n) => loadRealSegment(cpu, n, selector!));
    return cpu.updateHflags(3);
  }
  const cpl = cs! & 3, code = new Descriptor(), stack = new Descriptor();
  cpu.updateHflags(cpl);
  if (isNull(cs!)) cpu.raise(Vector.TS, ext);
  fetchDescriptor(cpu, code, cs!, Vector.TS, ext);
  const error = (cs! & 0xfffc) | ext;
  if (!code.isCode || (code.isConforming ? code.dpl > cpl : code.dpl !== cpl)) cpu.raise(Vector.TS, error);
  if (!code.present) cpu.raise(Vector.NP, error);
  markAccessed(cpu, code);
  loadFrom(cpu, SegReg.CS, code);
  if (isNull(ss!)) cpu.raise(Vector.TS, ext);
  fetchDescriptor(cpu, stack, ss!, Vector.TS, ext);
  checkStack(cpu, stack, cpl, Vector.TS, Vector.SS, ext);
  markAccessed(cpu, stack);
  loadFrom(cpu, SegReg.SS, stack);
  for (const [n, selector] of [[SegReg.ES, es!], [SegReg.DS, ds!], [SegReg.FS, fs], [SegReg.GS, gs]] as const) loadTaskData(cpu, n, selector, cpl, ext);
  cpu.updateHflags(cpl);
}

function loadTaskData(cpu: X86Cpu, n: number, selector: number, cpl: number, ext: number): void {
  if (isNull(selector)) return clearSegment(cpu, n, selector);
  const d = new Descriptor(), error = (selector & 0xfffc) | ext;
  fetchDescriptor(cpu, d, selector, Vector.TS, ext);
  if (!d.isReadable || (!(d.isCode && d.isConforming) && (d.dpl < cpl || d.dpl < d.rpl))) cpu.raise(Vector.TS, error);
  if (!d.present) cpu.raise(Vector.NP, error);
  markAccessed(cpu, d);
  loadFrom(cpu, n, d);
}

function loadTaskLdt(cpu: X86Cpu, selector: number, ext: number): void {
  if (isNull(selector)) return cpu.setSegment(SegReg.LDTR, selector, 0, 0, 0, 0);
  const d = new Descriptor(), error = (selector & 0xfffc) | ext;
  if (selector & 4) cpu.raise(Vector.TS, error);
  fetchDescriptor(cpu, d, selector, Vector.TS, ext);
  if (d.isSegment || d.type !== SystemType.LDT || !d.present) cpu.raise(Vector.TS, error);
  cpu.setSegment(SegReg.LDTR, selector, d.base, 0, d.limit, d.attr);
}

