/** A stack that far transfers and interrupts push to and pop from before the registers change. Faults leave everything as it was. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, Reg, SegReg, Vector } from '../state.ts';

export class FarStack {
  /** Stack pointer so far. */
  lo = 0;
  hi = 0;
  /** Upper half of the last 64-bit value popped. */
  popHi = 0;
  #base = 0;
  #limit = 0;
  #attr = 0;
  #bits = 64;
  #mmu = 0;
  #error = 0;

  /** The current stack, at the current privilege. */
  current(cpu: X86Cpu): void {
    const f = cpu.s.flags;
    this.lo = cpu.gprLo(Reg.RSP);
    this.hi = cpu.gprHi(Reg.RSP);
    this.#bits = f & HF.CS64 ? 64 : f & HF.SS32 ? 32 : 16;
    this.#base = this.#bits === 64 ? 0 : cpu.segBaseLo(SegReg.SS);
    this.#limit = cpu.segLimit(SegReg.SS);
    this.#attr = cpu.segAttr(SegReg.SS);
    this.#mmu = cpu.dataMmu(cpu.cpl);
    this.#error = 0;
  }

  /** A 64-bit stack at hi:lo for privilege `cpl`. */
  long(cpu: X86Cpu, lo: number, hi: number, cpl: number): void {
    this.lo = lo;
    this.hi = hi;
    this.#bits = 64;
    this.#base = 0;
    this.#mmu = cpu.stackMmu(cpl);
    this.#error = 0;
  }

  /** The stack of a segment not loaded yet; `error` is the code of #SS. */
  segment(cpu: X86Cpu, base: number, limit: number, attr: number, sp: number, cpl: number, error: number): void {
    this.lo = sp;
    this.hi = 0;
    this.#bits = attr & ATTR.DB ? 32 : 16;
    this.#base = base;
    this.#limit = limit;
    this.#attr = attr;
    this.#mmu = cpu.stackMmu(cpl);
    this.#error = error;
  }

  push(cpu: X86Cpu, bytes: number, lo: number, hi = 0): void {
    if (this.#bits === 64) {
      if ((this.lo >>> 0) < bytes) this.hi = (this.hi - 1) | 0;
      this.lo = (this.lo - bytes) | 0;
    } else this.#move(-bytes);
    const at = this.#address(cpu, bytes);
    if (bytes === 2) cpu.mmu.store16(at, this.#high(), this.#mmu, lo);
    else {
      cpu.mmu.store32(at, this.#high(), this.#mmu, lo);
      if (bytes === 8) cpu.mmu.store32((at + 4) | 0, cpu.carry(at, this.#high(), 4), this.#mmu, hi);
    }
  }

  /** Pops a value; its upper half, if 8 bytes, is in `popHi`. */
  pop(cpu: X86Cpu, bytes: number): number {
    const at = this.#address(cpu, bytes);
    this.popHi = 0;
    const lo = bytes === 2 ? cpu.mmu.load16(at, this.#high(), this.#mmu) : cpu.mmu.load32(at, this.#high(), this.#mmu);
    if (bytes === 8) this.popHi = cpu.mmu.load32((at + 4) | 0, cpu.carry(at, this.#high(), 4), this.#mmu);
    this.skip(cpu, bytes);
    return lo;
  }

  skip(cpu: X86Cpu, bytes: number): void {
    if (this.#bits === 64) {
      this.hi = cpu.carry(this.lo, this.hi, bytes);
      this.lo = (this.lo + bytes) | 0;
    } else this.#move(bytes);
  }

  /** Makes this stack pointer the CPU's, at the width of this stack. */
  commit(cpu: X86Cpu): void {
    if (this.#bits === 64) cpu.setGpr(Reg.RSP, this.lo, this.hi);
    else if (this.#bits === 32) cpu.setGpr(Reg.RSP, this.lo, 0);
    else cpu.setGpr(Reg.RSP, (cpu.gprLo(Reg.RSP) & ~0xffff) | (this.lo & 0xffff), cpu.gprHi(Reg.RSP));
  }

  #move(by: number): void {
    this.lo = this.#bits === 32 ? (this.lo + by) | 0 : (this.lo & ~0xffff) | ((this.lo + by) & 0xffff);
  }

  #high(): number {
    return this.#bits === 64 ? this.hi : 0;
  }

  #address(cpu: X86Cpu, bytes: number): number {
    if (this.#bits === 64) {
      if (!cpu.isCanonical(this.lo, this.hi)) cpu.raise(Vector.SS, this.#error);
      return this.lo;
    }
    const offset = this.#bits === 32 ? this.lo >>> 0 : this.lo & 0xffff, last = offset + bytes - 1;
    const bad = this.#attr & ATTR.EXPAND_DOWN && !(this.#attr & ATTR.CODE)
      ? offset <= this.#limit || last > (this.#attr & ATTR.DB ? 0xffffffff : 0xffff)
      : last > this.#limit;
    if (bad) cpu.raise(Vector.SS, this.#error);
    return (this.#base + offset) | 0;
  }
}
