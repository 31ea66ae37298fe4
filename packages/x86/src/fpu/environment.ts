/**
 * Images of the x87 state in memory: the environment of FLDENV and FNSTENV, the state of FRSTOR and FNSAVE, and the x87 part of FXSAVE and
 * XSAVE. SDM Vol. 1, figures 8-9 to 8-12 and table 10-2. Images are read and written in the arena; the caller moves them to and
 * from guest memory.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { ALL_EXCEPTIONS, FCW_RESERVED, FCW_WRITABLE, fninit, FpuState, FSW, Tag, TOP_SHIFT, type FpuView } from './state.ts';

/** Operand size in bits, and whether the image is that of protected mode (a selector beside each offset) or real mode. */
export interface EnvironmentForm { readonly bits: 16 | 32; readonly protectedMode: boolean }

export const environmentBytes = (form: EnvironmentForm): number => form.bits === 32 ? 28 : 14;
/** Of FNSAVE: the environment and eight registers of ten bytes. */
export const stateBytes = (form: EnvironmentForm): number => environmentBytes(form) + 80;

const REGISTER_BYTES = 10;
const CELL_BYTES = 16;
const TOP_MASK = 7 << TOP_SHIFT;
const FOP_MASK = 0x7ff;

/** The x87 state of the CPU at one place in the arena. */
export class FpuImage {
  readonly arena: Arena;
  readonly base: HostPtr;
  readonly fpu: FpuView;

  /** @param base address of the `FpuState`. */
  constructor(arena: Arena, base: HostPtr) {
    this.arena = arena;
    this.base = base;
    this.fpu = FpuState.at(arena, base);
  }

  /** FSW with TOP in its place. */
  get fsw(): number {
    return this.fpu.fsw | this.fpu.top << TOP_SHIFT;
  }
  /** Sets FSW and TOP; ES and B follow from the masks in FCW. */
  set fsw(value: number) {
    const { fpu } = this;
    const kept = value & 0xffff & ~(TOP_MASK | FSW.ES | FSW.B);
    fpu.top = (value & TOP_MASK) >> TOP_SHIFT;
    fpu.fsw = kept & ~fpu.fcw & ALL_EXCEPTIONS ? kept | FSW.ES | FSW.B : kept;
  }
  set fcw(value: number) {
    this.fpu.fcw = value & FCW_WRITABLE | FCW_RESERVED;
  }

  /** The full tag word, worked out from the registers. */
  tagWord(): number {
    let tags = 0;
    for (let i = 0; i < 8; i++) tags |= this.tag(i) << 2 * i;
    return tags;
  }
  private tag(register: number): number {
    if (!(this.fpu.valid >> register & 1)) return Tag.EMPTY;
    const at = this.cell(register);
    const exp = this.arena.u16[(at + 8) >> 1]! & 0x7fff;
    const [lo, hi] = [this.arena.i32[at >> 2]!, this.arena.i32[(at + 4) >> 2]!];
    if (exp === 0 && lo === 0 && hi === 0) return Tag.ZERO;
    return exp === 0 || exp === 0x7fff || hi >= 0 ? Tag.SPECIAL : Tag.VALID;
  }
  /** Takes only empty or not from a full tag word, as hardware does. */
  private setTagWord(tags: number): void {
    let valid = 0;
    for (let i = 0; i < 8; i++) if ((tags >> 2 * i & 3) !== Tag.EMPTY) valid |= 1 << i;
    this.fpu.valid = valid;
  }
  private cell(register: number): HostPtr {
    return this.base + FpuState.offset.st + CELL_BYTES * register;
  }
  private st(i: number): HostPtr {
    return this.cell((this.fpu.top + i) & 7);
  }

  /** What FNSTENV does once the environment is stored: masks all exceptions. */
  maskAll(): void {
    this.fpu.fcw |= ALL_EXCEPTIONS;
    this.fsw = this.fsw;
  }
  /** What FNSAVE does once the state is stored. */
  init(): void {
    fninit(this.fpu);
  }

  /** Writes the environment at `at`. */
  writeEnvironment(at: HostPtr, { bits, protectedMode }: EnvironmentForm): void {
    const { fpu, arena: { view } } = this;
    const words = [fpu.fcw, this.fsw, this.tagWord()];
    const [ip, dp] = [fpu.fipLo, fpu.fdpLo];
    const fop = fpu.fop & FOP_MASK;
    if (bits === 32) {
      words.forEach((word, i) => view.setUint32(at + 4 * i, word | 0xffff_0000, true));
      const pointers = protectedMode
        ? [ip, fop << 16 | fpu.fcs, dp, fpu.fds | 0xffff_0000]
        : [ip & 0xffff | 0xffff_0000, ip >>> 16 << 12 | fop, dp & 0xffff | 0xffff_0000, dp >>> 16 << 12];
      pointers.forEach((word, i) => view.setUint32(at + 12 + 4 * i, word, true));
    } else {
      const pointers = protectedMode ? [ip, fpu.fcs, dp, fpu.fds] : [ip, (ip >>> 16 & 15) << 12 | fop, dp, (dp >>> 16 & 15) << 12];
      [...words, ...pointers].forEach((word, i) => view.setUint16(at + 2 * i, word, true));
    }
  }

  /** FLDENV. */
  loadEnvironment(at: HostPtr, { bits, protectedMode }: EnvironmentForm): void {
    const { fpu, arena: { view } } = this;
    const step = bits === 32 ? 4 : 2;
    const word = (i: number): number => view.getUint16(at + step * i, true);
    this.fcw = word(0);
    this.fsw = word(1);
    this.setTagWord(word(2));
    const wide = (i: number): number => bits === 32 ? view.getInt32(at + 4 * i, true) : view.getUint16(at + 2 * i, true);
    const linear = (i: number): number => word(i) | wide(i + 1) >>> 12 << 16;
    fpu.fipHi = fpu.fdpHi = 0;
    fpu.fipLo = protectedMode ? wide(3) : linear(3);
    fpu.fdpLo = protectedMode ? wide(5) : linear(5);
    fpu.fcs = protectedMode ? word(4) : 0;
    fpu.fds = protectedMode ? word(6) : 0;
    fpu.fop = protectedMode ? (bits === 32 ? view.getUint16(at + 18, true) & FOP_MASK : 0) : word(4) & FOP_MASK;
  }

  /** Writes environment and registers, ST(0) first. */
  writeState(at: HostPtr, form: EnvironmentForm): void {
    this.writeEnvironment(at, form);
    const registers = at + environmentBytes(form);
    for (let i = 0; i < 8; i++) this.copyOut(i, registers + REGISTER_BYTES * i);
  }
  /** FRSTOR. */
  loadState(at: HostPtr, form: EnvironmentForm): void {
    this.loadEnvironment(at, form);
    const registers = at + environmentBytes(form);
    for (let i = 0; i < 8; i++) this.copyIn(i, registers + REGISTER_BYTES * i);
  }

  /**
   * The x87 part of FXSAVE and of legacy XSAVE: bytes 0 to 23 and 32 to 159 of the area. With `wide` (REX.W) the pointers are 64-bit offsets,
   * else offset and selector.
   */
  storeFx(at: HostPtr, wide: boolean): void {
    const { fpu, arena: { view } } = this;
    [fpu.fcw, this.fsw, fpu.valid, fpu.fop & FOP_MASK].forEach((word, i) => view.setUint16(at + 2 * i, word, true));
    view.setInt32(at + 8, fpu.fipLo, true);
    view.setInt32(at + 12, wide ? fpu.fipHi : fpu.fcs, true);
    view.setInt32(at + 16, fpu.fdpLo, true);
    view.setInt32(at + 20, wide ? fpu.fdpHi : fpu.fds, true);
    for (let i = 0; i < 8; i++) {
      this.copyOut(i, at + 32 + CELL_BYTES * i);
      this.arena.u8.fill(0, at + 32 + CELL_BYTES * i + REGISTER_BYTES, at + 48 + CELL_BYTES * i);
    }
  }
  /** The counterpart of `storeFx`, of FXRSTOR and XRSTOR. */
  loadFx(at: HostPtr, wide: boolean): void {
    const { fpu, arena: { view } } = this;
    this.fcw = view.getUint16(at, true);
    this.fsw = view.getUint16(at + 2, true);
    fpu.valid = view.getUint8(at + 4);
    fpu.fop = view.getUint16(at + 6, true) & FOP_MASK;
    fpu.fipLo = view.getInt32(at + 8, true);
    fpu.fipHi = wide ? view.getInt32(at + 12, true) : 0;
    fpu.fcs = wide ? 0 : view.getUint16(at + 12, true);
    fpu.fdpLo = view.getInt32(at + 16, true);
    fpu.fdpHi = wide ? view.getInt32(at + 20, true) : 0;
    fpu.fds = wide ? 0 : view.getUint16(at + 20, true);
    for (let i = 0; i < 8; i++) this.copyIn(i, at + 32 + CELL_BYTES * i);
  }

  private copyOut(i: number, to: HostPtr): void {
    this.arena.u8.copyWithin(to, this.st(i), this.st(i) + REGISTER_BYTES);
  }
  private copyIn(i: number, from: HostPtr): void {
    const cell = this.st(i);
    this.arena.u8.copyWithin(cell, from, from + REGISTER_BYTES);
    this.arena.u8.fill(0, cell + REGISTER_BYTES, cell + CELL_BYTES);
  }
}
