/** The memory images of FXSAVE and XSAVE. Intel SDM Vol. 1, 10.5.1 and 13.4. Components: x87 (bit 0) and SSE (bit 1). */
import { Access } from '@emu/softmmu';
import { GUEST_FAULT } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { FCW_INIT, FSW, MXCSR_INIT, MXCSR_WRITABLE, TOP_SHIFT } from '../fpu/state.ts';
import { HF, mmuIndex } from '../hflags.ts';
import { ST, Vector } from '../state.ts';

export const Component = { X87: 1, SSE: 2 } as const;
/** Byte offsets in the image. SDM Vol. 1, table 10-2 and 13.4. */
const At = { FCW: 0, FSW: 2, FTW: 4, FOP: 6, FIP: 8, FCS: 12, FDP: 16, FDS: 20, MXCSR: 24, MXCSR_MASK: 28, ST: 32, XMM: 160, END: 416, FX_END: 512, BV: 512, COMP: 520, HEADER_END: 576 } as const;
const COMPACT_HI = 0x80000000 | 0;

export class XState {
  readonly #cpu: X86Cpu;
  readonly #image = new DataView(new ArrayBuffer(At.HEADER_END));
  readonly #words: Int32Array;

  constructor(cpu: X86Cpu) {
    this.#cpu = cpu;
    this.#words = new Int32Array(this.#image.buffer);
  }

  fxsave(lo: number, hi: number, wide: boolean): void {
    this.#aligned(lo, hi, 16);
    this.#probe(lo, hi, At.FX_END, Access.WRITE);
    this.#x87ToImage(wide);
    this.#sseToImage();
    this.#write(lo, hi, 0, At.ST + 128);
    this.#write(lo, hi, At.XMM, At.XMM + this.#xmmCount() * 16);
  }

  fxrstor(lo: number, hi: number, wide: boolean): void {
    this.#aligned(lo, hi, 16);
    this.#probe(lo, hi, At.FX_END, Access.READ);
    this.#read(lo, hi, 0, At.END);
    const mxcsr = this.#mxcsrOfImage();
    this.#x87FromImage(wide);
    this.#sseFromImage();
    this.#setMxcsr(mxcsr);
  }

  /** @param features EAX: components wanted (EDX's exist nowhere). */
  xsave(lo: number, hi: number, wide: boolean, features: number, compact: boolean, optimised: boolean): void {
    const wanted = features & this.#cpu.s.xcr0Lo, inUse = this.#inUse();
    this.#aligned(lo, hi, 64);
    this.#probe(lo, hi, At.HEADER_END, Access.WRITE);
    const stored = optimised ? wanted & inUse : wanted;
    if (stored & Component.X87) {
      this.#x87ToImage(wide);
      this.#write(lo, hi, 0, At.MXCSR);
      this.#write(lo, hi, At.ST, At.ST + 128);
    }
    this.#sseToImage();
    if (stored & Component.SSE) this.#write(lo, hi, At.XMM, At.XMM + this.#xmmCount() * 16);
    if (wanted & Component.SSE && (!compact || stored & Component.SSE)) this.#write(lo, hi, At.MXCSR, At.ST);
    const mmu = this.#mmu();
    const old = compact ? 0 : this.#cpu.mmu.load32((lo + At.BV) | 0, this.#cpu.carry(lo, hi, At.BV), mmu);
    const put = (at: number, v: number) => this.#cpu.mmu.store32((lo + at) | 0, this.#cpu.carry(lo, hi, at), mmu, v);
    put(At.BV, (old & ~wanted) | (wanted & inUse));
    if (!compact) return;
    put(At.BV + 4, 0);
    put(At.COMP, wanted);
    put(At.COMP + 4, COMPACT_HI);
  }

  xrstor(lo: number, hi: number, wide: boolean, features: number): void {
    const cpu = this.#cpu, xcr0 = cpu.s.xcr0Lo, wanted = features & xcr0;
    this.#aligned(lo, hi, 64);
    this.#read(lo, hi, 0, At.HEADER_END);
    const w = this.#words, bv = w[At.BV / 4]!, bvHi = w[At.BV / 4 + 1]!, comp = w[At.COMP / 4]!, compHi = w[At.COMP / 4 + 1]!;
    const compact = compHi < 0;
    if (compact && !cpu.model.has('xsavec')) cpu.raise(Vector.GP, 0);
    if (bv & ~xcr0 || bvHi !== 0) cpu.raise(Vector.GP, 0);
    if (compact ? compHi !== COMPACT_HI || comp & ~xcr0 || bv & ~comp : comp !== 0 || compHi !== 0) cpu.raise(Vector.GP, 0);
    for (let at = At.COMP + 8; at < At.HEADER_END; at += 4) if (w[at / 4] !== 0) cpu.raise(Vector.GP, 0);
    const loadsMxcsr = (wanted & Component.SSE) !== 0 && (!compact || (bv & Component.SSE) !== 0);
    const mxcsr = loadsMxcsr ? this.#mxcsrOfImage() : MXCSR_INIT;
    if (wanted & Component.X87) {
      if (!(bv & Component.X87)) this.#initX87Image();
      this.#x87FromImage(wide);
    }
    if (wanted & Component.SSE) {
      if (!(bv & Component.SSE)) w.fill(0, At.XMM / 4, At.END / 4);
      this.#sseFromImage();
      this.#setMxcsr(mxcsr);
    }
  }

  loadMxcsr(value: number): void {
    if (value & ~MXCSR_WRITABLE) this.#cpu.raise(Vector.GP, 0);
    this.#setMxcsr(value);
  }

  #setMxcsr(value: number): void {
    this.#cpu.s.mxcsr = value;
    this.#cpu.updateHflags();
  }

  #mmu(): number {
    return mmuIndex(this.#cpu.s.flags);
  }

  /** Eight registers outside 64-bit mode. */
  #xmmCount(): number {
    return this.#cpu.s.flags & HF.CS64 ? 16 : 8;
  }

  /** Before anything else, so that #SS is told from #GP as for other accesses. */
  #canonical(lo: number, hi: number): void {
    if (this.#cpu.s.flags & HF.CS64 && !this.#cpu.isCanonical(lo, hi)) {
      this.#cpu.recordNotCanonical(lo);
      throw GUEST_FAULT;
    }
  }

  #aligned(lo: number, hi: number, bytes: number): void {
    this.#canonical(lo, hi);
    this.#cpu.checkAlignment(lo, 4);
    if (lo & (bytes - 1)) this.#cpu.raise(Vector.GP, 0);
  }

  #probe(lo: number, hi: number, bytes: number, access: Access): void {
    const cpu = this.#cpu, mmu = this.#mmu();
    cpu.mmu.probe(lo, hi, 1, access, mmu);
    cpu.mmu.probe((lo + bytes - 1) | 0, cpu.carry(lo, hi, bytes - 1), 1, access, mmu);
  }

  #write(lo: number, hi: number, from: number, to: number): void {
    const cpu = this.#cpu, mmu = this.#mmu();
    for (let at = from; at < to; at += 4) cpu.mmu.store32((lo + at) | 0, cpu.carry(lo, hi, at), mmu, this.#words[at >> 2]!);
  }

  #read(lo: number, hi: number, from: number, to: number): void {
    const cpu = this.#cpu, mmu = this.#mmu();
    for (let at = from; at < to; at += 4) this.#words[at >> 2] = cpu.mmu.load32((lo + at) | 0, cpu.carry(lo, hi, at), mmu);
  }

  #mxcsrOfImage(): number {
    const value = this.#words[At.MXCSR / 4]!;
    if (value & ~MXCSR_WRITABLE) this.#cpu.raise(Vector.GP, 0);
    return value;
  }

  /** Components that are not in their initial state. */
  #inUse(): number {
    const s = this.#cpu.s, i32 = this.#cpu.arena.i32;
    const x87 = s.fcw !== FCW_INIT || s.fsw !== 0 || s.top !== 0 || s.valid !== 0;
    let sse = false;
    for (let at = (this.#cpu.env + ST.xmm) >> 2, end = at + 64; at < end && !sse; at++) sse = i32[at] !== 0;
    return (x87 ? Component.X87 : 0) | (sse ? Component.SSE : 0);
  }

  /** ST(i) is physical register (top + i) & 7: address of its cell. */
  #cell(i: number): number {
    return (this.#cpu.env + ST.st + 16 * ((this.#cpu.s.top + i) & 7)) >>> 0;
  }

  #x87ToImage(wide: boolean): void {
    const s = this.#cpu.s, v = this.#image, u8 = this.#cpu.arena.u8;
    v.setUint16(At.FCW, s.fcw, true);
    v.setUint16(At.FSW, (s.fsw & ~FSW.TOP) | (s.top << TOP_SHIFT), true);
    v.setUint16(At.FTW, s.valid & 0xff, true);
    v.setUint16(At.FOP, s.fop & 0x7ff, true);
    v.setInt32(At.FIP, s.fipLo, true);
    v.setInt32(At.FCS, wide ? s.fipHi : s.fcs & 0xffff, true);
    v.setInt32(At.FDP, s.fdpLo, true);
    v.setInt32(At.FDS, wide ? s.fdpHi : s.fds & 0xffff, true);
    const image = new Uint8Array(v.buffer);
    for (let i = 0; i < 8; i++) {
      const cell = this.#cell(i);
      image.set(u8.subarray(cell, cell + 10), At.ST + 16 * i);
      image.fill(0, At.ST + 16 * i + 10, At.ST + 16 * i + 16);
    }
  }

  #x87FromImage(wide: boolean): void {
    const s = this.#cpu.s, v = this.#image, u8 = this.#cpu.arena.u8;
    const fsw = v.getUint16(At.FSW, true);
    s.fcw = (v.getUint16(At.FCW, true) & 0x1f3f) | 0x40;
    s.top = (fsw & FSW.TOP) >> TOP_SHIFT;
    const pending = (fsw & 0x3f & ~s.fcw) !== 0;
    s.fsw = (fsw & ~(FSW.TOP | FSW.ES | FSW.B)) | (pending ? FSW.ES | FSW.B : 0);
    s.valid = v.getUint8(At.FTW);
    s.fop = v.getUint16(At.FOP, true) & 0x7ff;
    s.fipLo = v.getInt32(At.FIP, true);
    s.fipHi = wide ? v.getInt32(At.FCS, true) : 0;
    s.fcs = wide ? 0 : v.getUint16(At.FCS, true);
    s.fdpLo = v.getInt32(At.FDP, true);
    s.fdpHi = wide ? v.getInt32(At.FDS, true) : 0;
    s.fds = wide ? 0 : v.getUint16(At.FDS, true);
    const image = new Uint8Array(v.buffer);
    for (let i = 0; i < 8; i++) {
      const cell = this.#cell(i);
      u8.set(image.subarray(At.ST + 16 * i, At.ST + 16 * i + 10), cell);
      u8.fill(0, cell + 10, cell + 16);
    }
  }

  #initX87Image(): void {
    this.#words.fill(0, 0, At.MXCSR / 4);
    this.#words.fill(0, At.ST / 4, At.XMM / 4);
    this.#image.setUint16(At.FCW, FCW_INIT, true);
  }

  #sseToImage(): void {
    const cpu = this.#cpu, at = (cpu.env + ST.xmm) >>> 0;
    this.#words[At.MXCSR / 4] = cpu.s.mxcsr;
    this.#words[At.MXCSR_MASK / 4] = MXCSR_WRITABLE;
    new Uint8Array(this.#image.buffer).set(cpu.arena.u8.subarray(at, at + 256), At.XMM);
  }

  #sseFromImage(): void {
    const cpu = this.#cpu, bytes = this.#xmmCount() * 16;
    cpu.arena.u8.set(new Uint8Array(this.#image.buffer, At.XMM, bytes), cpu.env + ST.xmm);
  }
}
