/** Helpers for control and debug registers, MSRs, CPUID, time, ports, interrupt flag. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { CR0, EFLAGS, SegReg, ST, Vector } from '../state.ts';
import { invalidatePcid, loadMachineStatus, setCr0, setCr3, setCr4, setCr8 } from '../system/control-registers.ts';
import { codeBreakpointsAt, ioBreakpointsAt, readDr, setDr6, writeDr } from '../system/debug.ts';
import { readMsr, writeMsr } from '../system/msr.ts';

export function systemHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const s = cpu.s, pair = { lo: 0, hi: 0 }, leaf = new Int32Array(4);
  const result = (lo: number, hi: number) => {
    s.retHi = hi;
    return lo;
  };

  /** I/O breakpoints trap after the instruction. */
  const watchPort = (port: number, bytes: number): void => {
    const hits = s.flags & HF.BREAKPOINTS ? ioBreakpointsAt(cpu, port, bytes) : 0;
    if (hits) cpu.debugTrap(hits);
  };

  return {
    readCr8: r.js('readCr8', [], 'i64', () => result(cpu.bus.apic ? cpu.bus.apic.tpr() : s.cr8, 0), { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    writeCr: r.js('writeCr', ['i32', 'i64'], 'void', (n, lo, hi) => {
      if (n === 0) setCr0(cpu, lo!, hi!);
      else if (n === 2) {
        s.cr2Lo = lo!;
        s.cr2Hi = hi!;
      } else if (n === 3) setCr3(cpu, lo!, hi!);
      else if (n === 4) setCr4(cpu, lo!, hi!);
      else setCr8(cpu, lo!, hi!);
    }),
    readDr: r.js('readDr', ['i32'], 'i64', (n) => {
      readDr(cpu, n!, pair);
      return result(pair.lo, pair.hi);
    }, { noWriteGlobals: true }),
    writeDr: r.js('writeDr', ['i32', 'i64'], 'void', (n, lo, hi) => writeDr(cpu, n!, lo!, hi!)),
    clts: r.js('clts', [], 'void', () => {
      s.cr0 &= ~CR0.TS;
      cpu.updateHflags();
    }, { noFault: true }),
    lmsw: r.js('lmsw', ['i32'], 'void', (value) => loadMachineStatus(cpu, value!)),
    invlpg: r.js('invlpg', ['i64'], 'void', (lo, hi) => cpu.mmu.flushPage(lo!, hi!), { noFault: true, noWriteGlobals: true }),
    /** (type, descriptor low, address) */
    invpcid: r.js('invpcid', ['i64', 'i64', 'i64'], 'void', (type, typeHi, pcid, reserved, addressLo, addressHi) => {
      if (typeHi !== 0 || reserved !== 0) cpu.raise(Vector.GP, 0);
      invalidatePcid(cpu, type! >>> 0, pcid!, addressLo!, addressHi!);
    }, { noWriteGlobals: true }),

    rdmsr: r.js('rdmsr', ['i32'], 'i64', (index) => {
      readMsr(cpu, index! >>> 0, pair);
      return result(pair.lo, pair.hi);
    }, { noWriteGlobals: true }),
    wrmsr: r.js('wrmsr', ['i32', 'i64'], 'void', (index, lo, hi) => writeMsr(cpu, index! >>> 0, lo!, hi!)),
    rdtsc: r.js('rdtsc', [], 'i64', () => {
      cpu.readTsc(pair);
      return result(pair.lo, pair.hi);
    }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    random: r.js('random', [], 'i64', () => result(cpu.bus.random32(), cpu.bus.random32()), { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    /** (leaf, subleaf): EAX EBX ECX EDX in scratch words 0 and 1, in that order. */
    cpuid: r.js('cpuid', ['i32', 'i32'], 'void', (index, sub) => {
      cpu.model.cpuid(cpu, index!, sub!, leaf);
      const at = (cpu.env + ST.scratch) >>> 2;
      for (let n = 0; n < 4; n++) cpu.arena.i32[at + n] = leaf[n]!;
    }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),

    sti: r.js('sti', [], 'void', () => {
      if (!(s.eflags & EFLAGS.IF)) s.flags |= HF.INHIBIT;
      s.eflags |= EFLAGS.IF;
    }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    allowInterrupts: r.js('allowInterrupts', [], 'void', () => { s.flags &= ~HF.INHIBIT; }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    clearRf: r.js('clearRf', [], 'void', () => {
      s.eflags &= ~EFLAGS.RF;
      s.flags &= ~HF.RF;
    }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    /** (linear address of the instruction): #DB as a fault if a breakpoint is there. */
    codeBreakpoint: r.js('codeBreakpoint', ['i64'], 'void', (lo, hi) => {
      const hits = codeBreakpointsAt(cpu, lo!, hi!);
      if (!hits) return;
      setDr6(cpu, hits);
      cpu.raise(Vector.DB);
    }, { noWriteGlobals: true }),
    stac: r.js('stac', [], 'void', () => cpu.setAc(true), { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    clac: r.js('clac', [], 'void', () => cpu.setAc(false), { noFault: true, noReadGlobals: true, noWriteGlobals: true }),

    ioRead: r.js('ioRead', ['i32', 'i32'], 'i32', (port, bytes) => {
      watchPort(port!, bytes!);
      return cpu.bus.ioRead(port!, bytes as 1 | 2 | 4);
    }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    ioWrite: r.js('ioWrite', ['i32', 'i32', 'i32'], 'void', (port, bytes, value) => {
      watchPort(port!, bytes!);
      cpu.bus.ioWrite(port!, bytes as 1 | 2 | 4, bytes === 4 ? value! >>> 0 : value! & ((1 << (8 * bytes!)) - 1));
    }, { noFault: true, noReadGlobals: true, noWriteGlobals: true }),
    /** (port, bytes): #GP(0) unless the I/O permission bitmap of the TSS has zeros for all of them. SDM Vol. 1, 19.5.2. */
    checkIo: r.js('checkIo', ['i32', 'i32'], 'void', (port, bytes) => {
      const limit = cpu.segLimit(SegReg.TR), baseLo = cpu.segBaseLo(SegReg.TR), baseHi = cpu.segBaseHi(SegReg.TR);
      if (!cpu.taskIs32() || limit < 0x67) cpu.raise(Vector.GP, 0);
      const at = (offset: number) => cpu.sysRead16((baseLo + offset) | 0, cpu.carry(baseLo, baseHi, offset));
      const first = at(0x66) + (port! >> 3);
      if (first + 1 > limit || (at(first) >> (port! & 7)) & ((1 << bytes!) - 1)) cpu.raise(Vector.GP, 0);
    }, { noWriteGlobals: true }),
  };
}
