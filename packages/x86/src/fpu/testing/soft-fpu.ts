/** The floating-point module alone in a memory of its own, driven by the records that also go to the processor. */
import { Arena } from '@emu/vaddr';
import { FpuImage } from '../environment.ts';
import { instantiate } from '../softfloat.ts';
import { FpuState, TOP_SHIFT } from '../state.ts';
import { TRANSCENDENTALS, Transcendental } from '../transcendental.ts';
import type { RoundOperand } from '../x87-registers.ts';
import { Record, RECORD_BYTES, stAt, xmmAt } from './record.ts';

const ENV = 4096;
const MXCSR_OFFSET = 16;
const FPU_OFFSET = 64;
const XMM_OFFSET = 1024;
const XMM_COUNT = 3;
const OPERAND_BYTES = 16;
const AREA = 0x8000;

export type Helper = (...args: number[]) => number;

export class SoftFpu {
  readonly arena = new Arena(0x10000);
  readonly env = ENV;
  readonly layout = { fpu: FPU_OFFSET, mxcsr: MXCSR_OFFSET };
  readonly fpu = FpuState.at(this.arena, ENV + FPU_OFFSET);
  readonly image = new FpuImage(this.arena, ENV + FPU_OFFSET);
  /** Where images of FNSAVE and the like are made. */
  readonly area = AREA;
  readonly helpers: Record_<Helper>;

  constructor() {
    const generated = instantiate(this.arena.memory, this.layout) as Record_<Helper>;
    const t = new Transcendental(this.arena, ENV, FPU_OFFSET, generated['round_operand'] as RoundOperand);
    this.helpers = { ...generated, ...Object.fromEntries(TRANSCENDENTALS.map((name) => [name, () => t[name]() as unknown as number])) };
  }

  /** Address of XMMi; the first three are loaded from records. */
  xmm(i: number): number {
    return ENV + XMM_OFFSET + 16 * i;
  }
  get operand(): number {
    return ENV + FPU_OFFSET + FpuState.offset.operand;
  }
  get mxcsr(): number { return this.arena.i32[(ENV + MXCSR_OFFSET) >> 2]!; }
  set mxcsr(value: number) { this.arena.i32[(ENV + MXCSR_OFFSET) >> 2] = value; }

  /** Takes the state of the record at `at`. */
  load(view: DataView, at: number): void {
    const { fpu, arena } = this;
    fpu.fcw = view.getUint16(at + Record.FCW, true);
    const fsw = view.getUint16(at + Record.FSW, true);
    fpu.top = (fsw >> TOP_SHIFT) & 7;
    fpu.fsw = fsw & ~(7 << TOP_SHIFT);
    fpu.valid = view.getUint8(at + Record.VALID);
    for (let i = 0; i < 8; i++) copy(view, at + stAt(i), arena.view, this.stAddress(i), 16);
    this.mxcsr = view.getUint32(at + Record.MXCSR, true);
    for (let i = 0; i < XMM_COUNT; i++) copy(view, at + xmmAt(i), arena.view, this.xmm(i), 16);
    copy(view, at + Record.MEMORY, arena.view, this.operand, OPERAND_BYTES);
  }

  /** Writes the state into the record at `at`; the operand memory is the caller's business. */
  store(view: DataView, at: number): void {
    const { fpu, arena } = this;
    view.setUint16(at + Record.FCW, fpu.fcw, true);
    view.setUint16(at + Record.FSW, fpu.fsw | fpu.top << TOP_SHIFT, true);
    view.setUint8(at + Record.VALID, fpu.valid);
    for (let i = 0; i < 8; i++) copy(arena.view, this.stAddress(i), view, at + stAt(i), 16);
    view.setUint32(at + Record.MXCSR, this.mxcsr, true);
    for (let i = 0; i < XMM_COUNT; i++) copy(arena.view, this.xmm(i), view, at + xmmAt(i), 16);
  }

  private stAddress(i: number): number {
    return ENV + FPU_OFFSET + FpuState.offset.st + 16 * ((this.fpu.top + i) & 7);
  }
}

type Record_<T> = { readonly [name: string]: T };

function copy(from: DataView, fromAt: number, to: DataView, toAt: number, bytes: number): void {
  for (let i = 0; i < bytes; i += 4) to.setInt32(toAt + i, from.getInt32(fromAt + i, true), true);
}

/** Bytes that differ between two records and mean something: not the instruction and operand pointers, not reserved ones. */
export function difference(got: DataView, want: DataView, at: number): string | undefined {
  for (let i = 0; i < RECORD_BYTES; i++) {
    if (i >= 6 && i < Record.MXCSR) continue;
    if (i > Record.VALID && i < 6) continue;
    if (i >= 28 && i < 32) continue;
    if (got.getUint8(at + i) !== want.getUint8(at + i)) return fieldName(i);
  }
  return undefined;
}

function fieldName(i: number): string {
  if (i < 2) return 'FCW';
  if (i < 4) return 'FSW';
  if (i < 6) return 'FTW';
  if (i < 32) return 'MXCSR';
  if (i < Record.XMM) return `ST${(i - Record.ST) >> 4}`;
  if (i < Record.MEMORY) return `XMM${(i - Record.XMM) >> 4}`;
  if (i < Record.RAX) return `memory byte ${i - Record.MEMORY}`;
  return i < Record.RFLAGS ? 'RAX' : i < Record.SIGNAL ? 'RFLAGS' : 'signal';
}
