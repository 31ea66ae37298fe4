/** Our CPU as the harness's twin: user mode at CPL 3 under 4-level paging, one code and one data page with nothing around them. */
import { PhysMap } from '@emu/softmmu';
import { Engine, JumpCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import { ATTR, CpuModel, CR4, createX86, SegReg, X86_STATE, type X86Bus, type X86Parts } from '@emu/x86';
import { CODE, DATA, DATA_BYTES, Fx, Output, type Input } from './step.ts';

const ST = X86_STATE.offset;
const MIB = 1 << 20;
/** Physical layout. */
const Phys = { PML4: 0x1000, PDPT: 0x2000, CODE_PD: 0x3000, CODE_PT: 0x4000, DATA_PT: 0x5000, CODE: 0x10000, DATA: 0x11000 } as const;
const USER_PAGE = 0x67;
const FLAT = 0xffffffff;
/** Instructions after which a run is given up. */
const LIMIT = 20_000;
const INT3 = 0xcc;

const silentBus = (): X86Bus => ({
  ioRead: () => 0, ioWrite: () => {}, interruptPending: () => false, acknowledge: () => -1, tsc: () => 0, tscHi: () => 0,
  shutdown: () => {}, ferr: () => {}, random32: () => 4, logs: () => false, log: () => {},
});

/** What a back end is made from; the default is the interpreter alone. */
export interface EmulatedOptions {
  /** Makes the engine, given the parts. */
  readonly makeEngine?: (arena: Arena, parts: X86Parts, map: PhysMap) => Engine;
}

export const tciEngine = (arena: Arena, parts: X86Parts, map: PhysMap): Engine => {
  const jumpCache = new JumpCache(arena), { header, registry: helpers, mmu } = parts;
  return new Engine({
    arena, header, jumpCache, guest: parts.guest, helpers,
    backend: new Tci({ arena, header, jumpCache, helpers, memory: mmu }),
    codePages: { protect: (p) => map.protectCode(p), unprotect: (p) => map.unprotect(p) },
  });
};

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

  constructor(options: EmulatedOptions = {}) {
    const arena = (this.#arena = new Arena(96 * MIB)), map = new PhysMap(arena);
    this.#ram = arena.alloc(MIB, 4096);
    map.addRam('ram', 0, MIB, this.#ram);
    const later: { engine?: Engine } = {};
    this.parts = createX86({
      arena, map, bus: silentBus(), model: new EveryFeature(), onCodeWrite: (host, n) => !later.engine!.codeWrite(host, n), onFlush: () => later.engine?.flushJumpCache(),
    });
    this.engine = later.engine = (options.makeEngine ?? tciEngine)(arena, this.parts, map);
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
    put(Phys.PML4, Phys.PDPT | USER_PAGE);
    put(Phys.PDPT, Phys.CODE_PD | USER_PAGE);
    put(Phys.CODE_PD + (CODE >>> 21) * 8, Phys.CODE_PT | USER_PAGE);
    put(Phys.CODE_PD + (DATA >>> 21) * 8, Phys.DATA_PT | USER_PAGE);
    put(Phys.CODE_PT + ((CODE >>> 12) & 511) * 8, Phys.CODE | USER_PAGE);
    put(Phys.DATA_PT + ((DATA >>> 12) & 511) * 8, Phys.DATA | USER_PAGE);
  }

  #load(input: Input): void {
    const { cpu } = this.parts, { u8 } = this.#arena, s = cpu.s, code = this.#ram + Phys.CODE;
    cpu.reset();
    s.cr3Lo = Phys.PML4;
    s.cr4 = CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT | CR4.FSGSBASE | CR4.OSXSAVE;
    s.efer = 0xd01;
    s.cr0 = 0x80050033 | 0;
    s.xcr0Lo = 3;
    const data = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED | ATTR.DPL | ATTR.G | ATTR.DB;
    for (let n = 0; n < 6; n++) cpu.setSegment(n, 0x2b, 0, 0, FLAT, data);
    const long = input.mode === 64;
    cpu.setSegment(SegReg.CS, long ? 0x33 : 0x23, 0, 0, FLAT, ATTR.P | ATTR.S | ATTR.CODE | ATTR.READABLE | ATTR.ACCESSED | ATTR.DPL | ATTR.G | (long ? ATTR.L : ATTR.DB));
    u8.fill(INT3, code, code + 4096);
    u8.set(input.code, code + input.codeOffset);
    u8.set(input.data, this.#ram + Phys.DATA + input.dataOffset);
    for (let n = 0; n < 16; n++) {
      const v = input.gpr(n);
      cpu.setGpr(n, Number(BigInt.asIntN(32, v)), Number(BigInt.asIntN(32, v >> 32n)));
    }
    cpu.setPc(Number(BigInt.asIntN(32, input.rip)), 0);
    this.#loadFx(input.fx);
    cpu.updateHflags(3);
    cpu.writeEflags(input.rflags, ~0);
    this.engine.flush();
  }

  #loadFx(fx: Uint8Array): void {
    const { s, env } = this.parts.cpu, { u8 } = this.#arena, v = new DataView(fx.buffer, fx.byteOffset);
    s.fcw = v.getUint16(Fx.FCW, true);
    const fsw = v.getUint16(Fx.FSW, true);
    s.top = (fsw >> 11) & 7;
    s.fsw = fsw & ~0x3800;
    s.valid = v.getUint8(Fx.FTW);
    s.mxcsr = v.getUint32(Fx.MXCSR, true);
    for (let i = 0; i < 8; i++) u8.set(fx.subarray(Fx.ST + 16 * i, Fx.ST + 16 * i + 10), env + ST.st + 16 * ((s.top + i) & 7));
    u8.set(fx.subarray(Fx.XMM, Fx.END), env + ST.xmm);
  }

  /** Runs `input` to its end; `out` is comparable with the processor's. */
  run(input: Input, out: Output): void {
    const { cpu } = this.parts, s = cpu.s;
    this.#load(input);
    this.#fault = -1;
    while (this.#fault < 0) if (this.engine.run(LIMIT) >= LIMIT && this.#fault < 0) break;
    out.bytes.fill(0);
    out.vector = this.#fault < 0 ? 0xff : this.#fault;
    out.error = this.#fault === 3 || this.#error < 0 ? 0 : this.#error;
    out.cr2 = pair(s.cr2Lo, s.cr2Hi);
    out.rip = pair(s.pcLo, s.pcHi) + (this.#fault === 3 ? 1n : 0n);
    out.rflags = cpu.readEflags();
    for (let n = 0; n < 16; n++) out.setGpr(n, pair(cpu.gprLo(n), cpu.gprHi(n)));
    this.#storeFx(out.fx);
    const data = this.#ram + Phys.DATA + input.dataOffset;
    out.data.set(this.#arena.u8.subarray(data, data + DATA_BYTES));
  }

  #storeFx(fx: Uint8Array): void {
    const { s, env } = this.parts.cpu, { u8 } = this.#arena, v = new DataView(fx.buffer, fx.byteOffset);
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
