/** Our CPU as the harness's twin: user mode at CPL 3 under 4-level paging; one page of code and two of data with nothing around them. */
import { PhysMap } from '@emu/softmmu';
import type { Engine } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import { ATTR, CpuModel, CR0, CR4, createX86, EFER, SegReg, X86_STATE, type X86Bus, type X86Parts } from '@emu/x86';
import { tciEngine, type MakeEngine } from './engines.ts';
import { CODE, DATA, DATA_BYTES, Fx, Output, SecondPage, type Input } from './step.ts';

const ST = X86_STATE.offset;
const MIB = 1 << 20;
const PAGE = 4096;
/** Physical layout. */
const Phys = { PML4: 0x1000, PDPT: 0x2000, PD: 0x3000, CODE_PT: 0x4000, DATA_PT: 0x5000, CODE: 0x10000, DATA: 0x11000 } as const;
const USER = 0x67, READ_ONLY = 0x65;
/** Page-table entry of the second data page, by `SecondPage`. */
const SECOND = { [SecondPage.ABSENT]: 0, [SecondPage.WRITABLE]: USER, [SecondPage.READ_ONLY]: READ_ONLY } as Readonly<Record<number, number>>;
const FLAT = 0xffffffff;
/** Instructions after which a run is given up, and the vector that says so. */
const LIMIT = 20_000;
export const TIMED_OUT = 0xff;
const INT3 = 0xcc;
const BP = 3;

const silentBus = (): X86Bus => ({
  ioRead: () => 0, ioWrite: () => {}, acknowledge: () => -1, tsc: () => 0, tscHi: () => 0,
  shutdown: () => {}, ferr: () => {}, random32: () => 4, logs: () => false, log: () => {},
});

/** All that the decode tables know, also what no model may promise (TZCNT belongs to BMI1, whose other instructions have VEX prefixes). */
class EveryFeature extends CpuModel {
  override allows(): boolean {
    return true;
  }
}

export class EmulatedCpu {
  readonly parts: X86Parts;
  readonly engine: Engine;
  readonly #arena: Arena;
  readonly #ram: number;
  #fault = -1;
  #error = 0;
  #mode: 32 | 64 | 0 = 0;
  #second = -1;
  #dataOffset = 0;
  /** Code in the code page, to keep its translations while runs repeat it. */
  #code = new Uint8Array(0);
  #codeOffset = 0;

  constructor(makeEngine: MakeEngine = tciEngine) {
    const arena = (this.#arena = new Arena(96 * MIB)), map = new PhysMap(arena);
    this.#ram = arena.alloc(MIB, PAGE);
    map.addRam('ram', 0, MIB, this.#ram);
    const later: { engine?: Engine } = {};
    this.parts = createX86({
      arena, map, bus: silentBus(), model: new EveryFeature(), onCodeWrite: (host, n) => !later.engine!.codeWrite(host, n),
      onFlush: () => later.engine?.flushJumpCache(),
    });
    this.engine = later.engine = makeEngine(arena, this.parts, map);
    this.parts.guest.deliverFault = () => this.#caught();
    this.#mapPages();
  }

  /** Records the exception instead of delivering it, and ends the run. */
  #caught(): boolean {
    const s = this.parts.cpu.s;
    this.#fault = s.exception;
    this.#error = s.errorCode;
    s.fault = 0;
    return false;
  }

  #mapPages(): void {
    const put = (at: number, v: number) => this.#arena.view.setUint32(this.#ram + at, v, true);
    put(Phys.PML4, Phys.PDPT | USER);
    put(Phys.PDPT, Phys.PD | USER);
    put(Phys.PD + (CODE >>> 21) * 8, Phys.CODE_PT | USER);
    put(Phys.PD + (DATA >>> 21) * 8, Phys.DATA_PT | USER);
    put(Phys.CODE_PT + ((CODE >>> 12) & 511) * 8, Phys.CODE | USER);
    put(Phys.DATA_PT + ((DATA >>> 12) & 511) * 8, Phys.DATA | USER);
  }

  #enterMode(mode: 32 | 64): void {
    const { cpu } = this.parts, s = cpu.s;
    cpu.reset();
    s.cr3Lo = Phys.PML4;
    s.cr4 = CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT | CR4.FSGSBASE | CR4.OSXSAVE;
    s.efer = EFER.SCE | EFER.LME | EFER.LMA | EFER.NXE;
    s.cr0 = CR0.PE | CR0.MP | CR0.ET | CR0.NE | CR0.WP | CR0.AM | CR0.PG;
    s.xcr0Lo = 3;
    const data = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED | ATTR.DPL | ATTR.G | ATTR.DB;
    for (const n of [SegReg.ES, SegReg.SS, SegReg.DS]) cpu.setSegment(n, 0x2b, 0, 0, FLAT, data);
    for (const n of [SegReg.FS, SegReg.GS]) cpu.setSegment(n, 0, 0, 0, 0, 0);
    const code = ATTR.P | ATTR.S | ATTR.CODE | ATTR.READABLE | ATTR.ACCESSED | ATTR.DPL | ATTR.G;
    cpu.setSegment(SegReg.CS, mode === 64 ? 0x33 : 0x23, 0, 0, FLAT, code | (mode === 64 ? ATTR.L : ATTR.DB));
    cpu.updateHflags(3);
    this.#mode = mode;
    this.#second = -1;
  }

  #load(input: Input): void {
    const { cpu } = this.parts, { u8, view } = this.#arena, s = cpu.s, ram = this.#ram;
    if (input.mode !== this.#mode) this.#enterMode(input.mode);
    if (input.second !== this.#second) this.#mapSecond(input.second);
    this.#loadCode(input);
    u8.fill(0, ram + Phys.DATA, ram + Phys.DATA + 2 * PAGE);
    u8.set(input.data, ram + Phys.DATA + input.dataOffset);
    u8.set(input.gprs, cpu.env + ST.gpr);
    for (const [n, base] of [[SegReg.FS, input.fsBase], [SegReg.GS, input.gsBase]] as const) view.setBigUint64(cpu.env + ST.segBase + 8 * n, base, true);
    cpu.setPc(Number(BigInt.asIntN(32, input.rip)), 0);
    this.#loadFx(input.fx);
    cpu.writeEflags(input.rflags, ~0);
    s.fault = s.halted = 0;
    s.exception = -1;
  }

  #mapSecond(second: number): void {
    const entry = SECOND[second]!;
    this.#second = second;
    this.#arena.view.setUint32(this.#ram + Phys.DATA_PT + (((DATA >>> 12) & 511) + 1) * 8, entry && (Phys.DATA + PAGE) | entry, true);
    this.parts.mmu.flushAll();
  }

  #loadCode({ code, codeOffset }: Input): void {
    if (codeOffset === this.#codeOffset && code.length === this.#code.length && code.every((b, i) => b === this.#code[i])) return;
    const { u8 } = this.#arena, page = this.#ram + Phys.CODE;
    u8.fill(INT3, page, page + PAGE);
    u8.set(code, page + codeOffset);
    this.#code = code.slice();
    this.#codeOffset = codeOffset;
    this.engine.flush();
  }

  #loadFx(fx: Uint8Array): void {
    const { s, env } = this.parts.cpu, { u8 } = this.#arena, v = new DataView(fx.buffer, fx.byteOffset);
    s.fcw = v.getUint16(Fx.FCW, true);
    const fsw = v.getUint16(Fx.FSW, true);
    s.top = (fsw >> 11) & 7;
    s.fsw = fsw & ~0x3800;
    s.valid = v.getUint8(Fx.FTW);
    s.fop = s.fipLo = s.fipHi = s.fdpLo = s.fdpHi = s.fcs = s.fds = 0;
    s.mxcsr = v.getUint32(Fx.MXCSR, true);
    for (let i = 0; i < 8; i++) u8.set(fx.subarray(Fx.ST + 16 * i, Fx.ST + 16 * i + 10), env + ST.st + 16 * ((s.top + i) & 7));
    u8.set(fx.subarray(Fx.XMM, Fx.END), env + ST.xmm);
  }

  /** Runs `input` to its end; `out` is comparable with the processor's. */
  run(input: Input, out: Output): void {
    this.#load(input);
    this.#dataOffset = input.dataOffset;
    this.#go(out);
  }

  /** Changes the second data page and goes on where the last run ended in a fault. */
  resume(second: number, out: Output): void {
    this.#mapSecond(second);
    this.#go(out);
  }

  #go(out: Output): void {
    const { cpu } = this.parts, { u8, view } = this.#arena, s = cpu.s;
    this.#fault = -1;
    this.engine.run(LIMIT);
    const breakpoint = this.#fault === BP;
    out.vector = this.#fault < 0 ? TIMED_OUT : this.#fault;
    out.error = breakpoint || this.#error < 0 ? 0 : this.#error;
    out.cr2 = pair(s.cr2Lo, s.cr2Hi);
    out.rip = pair(s.pcLo, s.pcHi) + (breakpoint ? 1n : 0n);
    out.rflags = cpu.readEflags();
    out.fsBase = view.getBigUint64(cpu.env + ST.segBase + 8 * SegReg.FS, true);
    out.gsBase = view.getBigUint64(cpu.env + ST.segBase + 8 * SegReg.GS, true);
    out.gprs.set(u8.subarray(cpu.env + ST.gpr, cpu.env + ST.gpr + 128));
    this.#storeFx(out.fx);
    const data = this.#ram + Phys.DATA + this.#dataOffset;
    out.data.set(u8.subarray(data, data + DATA_BYTES));
  }

  #storeFx(fx: Uint8Array): void {
    const { s, env } = this.parts.cpu, { u8 } = this.#arena, v = new DataView(fx.buffer, fx.byteOffset);
    fx.fill(0);
    v.setUint16(Fx.FCW, s.fcw, true);
    v.setUint16(Fx.FSW, s.fsw | (s.top << 11), true);
    v.setUint8(Fx.FTW, s.valid);
    v.setUint32(Fx.MXCSR, s.mxcsr, true);
    for (let i = 0; i < 8; i++) {
      const cell = env + ST.st + 16 * ((s.top + i) & 7);
      fx.set(u8.subarray(cell, cell + 10), Fx.ST + 16 * i);
    }
    fx.set(u8.subarray(env + ST.xmm, env + ST.xmm + 256), Fx.XMM);
  }
}

const pair = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
