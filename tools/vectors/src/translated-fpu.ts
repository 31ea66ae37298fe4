/** A bare x86-64 CPU in 64-bit mode over a few pages, that runs one floating-point instruction a record. */
import { PhysMap } from '@emu/softmmu';
import type { Engine } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import { ATTR, CR0, CR4, createX86, EFER, EFLAGS, SegReg, Vector, X86_STATE, type X86Bus, type X86Parts } from '@emu/x86';
import { FPU_MEMORY_BYTES, FPU_RECORD_BYTES, FpuImage, FpuRecord, type FpuCase } from '@emu/x86/testing';
import { tciEngine, type MakeEngine } from './engines.ts';

const MB = 1 << 20;
const RAM_BYTES = 4 * MB;
/** Guest addresses: page tables, code, operand memory. */
const Place = { PML4: 0x1000, PDPT: 0x2000, PD: 0x3000, CODE: 0x10_0000, MEMORY: 0x20_0000 } as const;
const CODE_STEP = 64;
const HLT = 0xf4;
const PRESENT_WRITABLE = 3;
const LARGE = 0x80;
const XMM_COUNT = 3;
const SIGFPE = 8;
const RDI = 7;
const STATUS_FLAGS = EFLAGS.CF | EFLAGS.PF | EFLAGS.AF | EFLAGS.ZF | EFLAGS.SF | EFLAGS.OF;

const NOTHING: X86Bus = {
  ioRead: () => -1, ioWrite: () => {}, acknowledge: () => -1, tsc: () => 0, tscHi: () => 0,
  shutdown: () => { throw new Error('triple fault'); }, ferr: () => {}, random32: () => 0, logs: () => false, log: () => {},
};

export class TranslatedFpu {
  readonly #arena = new Arena(64 * MB);
  readonly #map = new PhysMap(this.#arena);
  readonly #ram = this.#arena.alloc(RAM_BYTES, 4096);
  readonly #area = this.#arena.alloc(FPU_RECORD_BYTES, 64);
  readonly #parts: X86Parts;
  readonly #engine: Engine;
  readonly #image: FpuImage;
  #nextCode = Place.CODE;
  #vector = -1;

  constructor(makeEngine: MakeEngine = tciEngine) {
    const arena = this.#arena;
    this.#map.addRam('ram', 0, RAM_BYTES, this.#ram);
    this.#parts = createX86({
      arena, map: this.#map, bus: NOTHING,
      onCodeWrite: (host, bytes) => !this.#engine.codeWrite(host, bytes), onFlush: () => this.#engine?.flushJumpCache(),
    });
    const { header, guest, cpu } = this.#parts;
    guest.deliverFault = () => {
      this.#vector = cpu.s.exception;
      return false;
    };
    this.#engine = makeEngine(arena, this.#parts, this.#map);
    this.#image = new FpuImage(arena, header + X86_STATE.offset.st);
    this.#enterLongMode();
  }

  #enterLongMode(): void {
    const { view } = this.#arena;
    const table = (at: number, entry: number): void => view.setUint32(this.#ram + at, entry, true);
    table(Place.PML4, Place.PDPT | PRESENT_WRITABLE);
    table(Place.PDPT, Place.PD | PRESENT_WRITABLE);
    table(Place.PD, PRESENT_WRITABLE | LARGE);
    table(Place.PD + 8, Place.MEMORY | PRESENT_WRITABLE | LARGE);
    const { cpu } = this.#parts;
    cpu.reset();
    cpu.s.cr0 = CR0.PE | CR0.PG | CR0.NE | CR0.MP;
    cpu.s.cr3Lo = Place.PML4;
    cpu.s.cr4 = CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT;
    cpu.s.efer = EFER.LME | EFER.LMA;
    for (const n of [SegReg.ES, SegReg.SS, SegReg.DS, SegReg.FS, SegReg.GS]) cpu.setSegment(n, 16, 0, 0, 0xffff_ffff, ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.DB | ATTR.G);
    cpu.setSegment(SegReg.CS, 8, 0, 0, 0xffff_ffff, ATTR.P | ATTR.S | ATTR.CODE | ATTR.L | ATTR.G);
    cpu.updateHflags(0);
  }

  /** End states of a case's start states. */
  run(test: FpuCase, start: DataView<ArrayBuffer>): DataView<ArrayBuffer> {
    const code = this.#nextCode;
    this.#nextCode += CODE_STEP;
    this.#map.write(code, new Uint8Array([...test.code, HLT]));
    const view = new DataView(start.buffer.slice(0));
    for (let at = 0; at < view.byteLength; at += FPU_RECORD_BYTES) this.#step(code, new Uint8Array(view.buffer, at, FPU_RECORD_BYTES));
    return view;
  }

  #step(code: number, record: Uint8Array): void {
    const { cpu, header } = this.#parts;
    const { u8, i32 } = this.#arena;
    const area = this.#area;
    const xmm = header + X86_STATE.offset.xmm;
    const memory = this.#ram + Place.MEMORY;
    const word = (offset: number): number => (area + offset) >> 2;
    u8.set(record, area);
    this.#image.loadFx(area, true);
    u8.copyWithin(xmm, area + FpuRecord.XMM, area + FpuRecord.XMM + 16 * XMM_COUNT);
    u8.copyWithin(memory, area + FpuRecord.MEMORY, area + FpuRecord.MEMORY + FPU_MEMORY_BYTES);
    cpu.s.mxcsr = i32[word(FpuRecord.MXCSR)]!;
    cpu.setGpr(0, i32[word(FpuRecord.RAX)]!, i32[word(FpuRecord.RAX + 4)]!);
    cpu.setGpr(RDI, Place.MEMORY, 0);
    cpu.s.exception = this.#vector = -1;
    cpu.s.fault = cpu.s.halted = 0;
    cpu.writeEflags(i32[word(FpuRecord.RFLAGS)]!, STATUS_FLAGS);
    cpu.setPc(code, 0);
    this.#engine.run(100);

    this.#image.storeFx(area, true);
    u8.copyWithin(area + FpuRecord.XMM, xmm, xmm + 16 * XMM_COUNT);
    u8.copyWithin(area + FpuRecord.MEMORY, memory, memory + FPU_MEMORY_BYTES);
    i32[word(FpuRecord.MXCSR)] = cpu.s.mxcsr;
    i32[word(FpuRecord.RAX)] = cpu.gprLo(0);
    i32[word(FpuRecord.RAX + 4)] = cpu.gprHi(0);
    const flags = i32[word(FpuRecord.RFLAGS)]!;
    i32[word(FpuRecord.RFLAGS)] = flags & ~STATUS_FLAGS | cpu.readEflags() & STATUS_FLAGS;
    i32[word(FpuRecord.SIGNAL)] = this.#vector === Vector.MF || this.#vector === Vector.XM ? SIGFPE : this.#vector < 0 ? 0 : 0x100 | this.#vector;
    record.set(u8.subarray(area, area + FPU_RECORD_BYTES));
  }
}
