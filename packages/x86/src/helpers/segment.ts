/** Helpers over `system/`: segment loads, far transfers, interrupts raised by instructions, fast system calls. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { EFLAGS, ST, Vector } from '../state.ts';
import { isNull, SystemType, tryFetch } from '../system/descriptor.ts';
import type { Descriptor } from '../system/descriptor.ts';
import { callFar, jumpFar, returnFar } from '../system/far.ts';
import { iret, loadableFlags } from '../system/iret.ts';
import { loadLdt, loadSegment, loadTaskRegister } from '../system/load-segment.ts';
import { syscall, sysenter, sysexit, sysret } from '../system/syscall.ts';

/** Types whose limit LSL gives, and whose rights LAR gives. SDM Vol. 2, LSL table 3-57, LAR table 3-52. */
const LSL_TYPES: readonly number[] = [SystemType.TSS16, SystemType.LDT, SystemType.TSS16_BUSY, SystemType.TSS32, SystemType.TSS32_BUSY];
const LAR_TYPES: readonly number[] = [...LSL_TYPES, SystemType.CALL16, SystemType.TASK_GATE, SystemType.CALL32];
/** In long mode the 16-bit types are gone. */
const LONG_LSL: readonly number[] = [SystemType.LDT, SystemType.TSS32, SystemType.TSS32_BUSY];
const LONG_LAR: readonly number[] = [...LONG_LSL, SystemType.CALL32];

export function segmentHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const found = (yes: boolean) => {
    cpu.arena.i32[(cpu.env + ST.scratch) >>> 2] = yes ? 1 : 0;
    return yes;
  };
  /** Whether the descriptor of `selector` is visible to LAR, LSL, VERR, VERW; it is in `cpu.descriptor` then. */
  const visible = (selector: number, allowed: readonly number[]): boolean => {
    const d = cpu.descriptor;
    if (isNull(selector) || !tryFetch(cpu, d, selector)) return false;
    if (!d.isSegment && !allowed.includes(d.type)) return false;
    return (d.isCode && d.isConforming) || (d.dpl >= cpu.cpl && d.dpl >= d.rpl);
  };
  const long = () => (cpu.s.flags & HF.LMA) !== 0;
  const usable = (d: Descriptor, write: boolean) => d.isSegment && (write ? d.isWritableData : d.isReadable);

  return {
    loadSegment: r.js('loadSegment', ['i32', 'i32'], 'void', (n, selector) => loadSegment(cpu, n!, selector!)),
    inhibitInterrupts: r.js('inhibitInterrupts', [], 'void', () => { cpu.s.flags |= HF.INHIBIT; }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    loadLdt: r.js('loadLdt', ['i32'], 'void', (selector) => loadLdt(cpu, selector!)),
    loadTaskRegister: r.js('loadTaskRegister', ['i32'], 'void', (selector) => loadTaskRegister(cpu, selector!)),
    jumpFar: r.js('jumpFar', ['i32', 'i64', 'i32', 'i64'], 'void', (sel, lo, hi, bytes, nLo, _nHi) => jumpFar(cpu, sel!, lo!, hi!, bytes!, nLo!)),
    callFar: r.js('callFar', ['i32', 'i64', 'i32', 'i64'], 'void', (sel, lo, hi, bytes, nLo, nHi) => callFar(cpu, sel!, lo!, hi!, bytes!, nLo!, nHi!)),
    returnFar: r.js('returnFar', ['i32', 'i32'], 'void', (bytes, release) => returnFar(cpu, bytes!, release!)),
    /** (operand size in bytes, address of the next instruction) */
    iret: r.js('iret', ['i32', 'i64'], 'void', (bytes, nextLo) => iret(cpu, bytes!, nextLo!)),
    syscall: r.js('syscall', ['i64'], 'void', (lo, hi) => syscall(cpu, lo!, hi!)),
    sysret: r.js('sysret', ['i32'], 'void', (bytes) => sysret(cpu, bytes!)),
    sysenter: r.js('sysenter', [], 'void', () => sysenter(cpu)),
    sysexit: r.js('sysexit', ['i32'], 'void', (bytes) => sysexit(cpu, bytes!)),

    /** (vector, length): INT n, INT3, INTO. */
    softInt: r.js('softInt', ['i32', 'i32'], 'void', (vector, length) => {
      const s = cpu.s;
      if (s.flags & HF.VM && (s.eflags & EFLAGS.IOPL) !== EFLAGS.IOPL && vector !== Vector.BP && vector !== Vector.OF) cpu.raise(Vector.GP, 0);
      cpu.recordSoftware(vector!, length!);
    }),
    icebp: r.js('icebp', ['i32'], 'void', (length) => cpu.recordTrap(Vector.DB, length!)),

    /** (operand size): the image PUSHF stores. */
    pushf: r.js('pushf', ['i32'], 'i32', (_bits) => {
      if (cpu.s.flags & HF.VM && (cpu.s.eflags & EFLAGS.IOPL) !== EFLAGS.IOPL) cpu.raise(Vector.GP, 0);
      return cpu.readEflags() & ~(EFLAGS.VM | EFLAGS.RF);
    }, { noWriteGlobals: true }),
    /** (value, operand size) */
    popf: r.js('popf', ['i32', 'i32'], 'void', (value, bits) => {
      const s = cpu.s, iopl = (s.eflags & EFLAGS.IOPL) >>> 12;
      if (s.flags & HF.VM && iopl < 3) cpu.raise(Vector.GP, 0);
      const mask = loadableFlags(cpu.cpl, s.flags & HF.PE ? iopl : 3, bits! >> 3) & ~(EFLAGS.VIF | EFLAGS.VIP | EFLAGS.RF);
      cpu.writeEflags(value!, mask);
      if (bits !== 16) cpu.writeEflags(0, EFLAGS.RF);
    }),

    /** (selector): access rights; scratch word 0 says whether they may be seen. */
    lar: r.js('lar', ['i32'], 'i32', (selector) => (found(visible(selector!, long() ? LONG_LAR : LAR_TYPES)) ? cpu.descriptor.hi & 0x00ffff00 : 0)),
    lsl: r.js('lsl', ['i32'], 'i32', (selector) => (found(visible(selector!, long() ? LONG_LSL : LSL_TYPES)) ? cpu.descriptor.limit : 0)),
    /** (selector, 1 for writing): 1 if the segment could be read (written). */
    verify: r.js('verify', ['i32', 'i32'], 'i32', (selector, write) => (visible(selector!, []) && usable(cpu.descriptor, write !== 0) ? 1 : 0)),
  };
}

