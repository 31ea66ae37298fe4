/**
 * Random bytes as machine code, at all privileges and in every mode: whatever they do to registers, page tables, descriptors and control registers, our CPU must
 * end in guest faults, HLT, a triple fault or the end of its budget; never in a JavaScript error, a Wasm trap or a hang.
 *
 * `pnpm --filter @emu/tools-vectors fuzz [strings] [mode] [seed] [--accel jit]`, 10 million of each mode by default.
 */
import { fileURLToPath } from 'node:url';
import { PhysMap } from '@emu/softmmu';
import type { Engine } from '@emu/tcg';
import { Arena, EmuError } from '@emu/vaddr';
import { ALL_ROWS, ATTR, CR0, CR4, createX86, EFER, EFLAGS, SegReg, X86_STATE, type Row, type X86Bus, type X86Parts } from '@emu/x86';
import { accelOf, ENGINES, tciEngine, type MakeEngine } from './engines.ts';
import { Random } from './random.ts';

export const FUZZ_MODES = ['real', 'v86', 'protected16', 'protected32', 'compatibility', 'long'] as const;
export type FuzzMode = (typeof FUZZ_MODES)[number];

/** The CPU misbehaved: what it was given, and what it did. */
export class FuzzError extends EmuError {}

const MIB = 1 << 20;
/** Where things are in physical memory, which is mapped one to one. */
const At = { PML4: 0x1000, PDPT: 0x2000, PD: 0x3000, PD32: 0x4000, GDT: 0x6000, LDT: 0x6800, TSS: 0x7000, IDT: 0x8000, CODE: 0x10000, DATA: 0x80000 } as const;
/** Strings between two refreshes of memory and translations. */
const BATCH = 4096;
/** Bytes from one string to the next; HLT in between. */
const PITCH = 64, STRING_BYTES = 15, HLT = 0xf4;
/** Instructions that a string may run for, and ms after which a run counts as a hang. */
const BUDGET = 12, HANG_MS = 10_000;
/** Descriptors of the GDT: [first word, second word]. */
const GDT: readonly (readonly [number, number])[] = [
  [0, 0], [0x0000ffff, 0x00cf9a00], [0x0000ffff, 0x00cf9200], [0x0000ffff, 0x00af9a00], [0x0000ffff, 0x00cffa00], [0x0000ffff, 0x00cff200],
  [0x0000ffff, 0x00affa00], [(At.TSS << 16) | 0x67, 0x8900], [0, 0], [(At.TSS << 16) | 0x67, 0x8900], [0x00081234, 0xec00], [0, 0], [(At.LDT << 16) | 0xff, 0x8200], [0, 0],
  [0x00480000, 0xe500], [0x0000ffff, 0x00009a00], [0x0000ffff, 0x00009200], [0x0000ffff, 0x00cf9e00], [0x00000fff, 0x00409600], [0x0000ffff, 0x00001200],
  [0x0000ffff, 0x00cf9800], [0x0000ffff, 0x00cff000],
];

export class FuzzTarget {
  readonly mode: FuzzMode;
  readonly #arena = new Arena(96 * MIB);
  readonly #map = new PhysMap(this.#arena);
  readonly #ram: number;
  readonly #parts: X86Parts;
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #start: Uint8Array[] = [];
  readonly #rows: readonly Row[] = ALL_ROWS;
  #ended = false;
  #faults = 0;
  #delivers = false;
  readonly #deliver: () => boolean;

  constructor(mode: FuzzMode, seed: number, makeEngine: MakeEngine = tciEngine) {
    this.mode = mode;
    this.#random = new Random(seed, FUZZ_MODES.indexOf(mode));
    this.#ram = this.#arena.alloc(MIB, 4096);
    this.#map.addRam('ram', 0, MIB, this.#ram);
    const later: { engine?: Engine } = {};
    this.#parts = createX86({
      arena: this.#arena, map: this.#map, bus: this.#bus(), onCodeWrite: (host, n) => !later.engine!.codeWrite(host, n), onFlush: () => later.engine?.flushJumpCache(),
    });
    this.#engine = later.engine = makeEngine(this.#arena, this.#parts, this.#map, BUDGET);
    const { guest, cpu } = this.#parts;
    this.#deliver = guest.deliverFault.bind(guest);
    guest.deliverFault = () => {
      this.#faults++;
      if (this.#delivers) return this.#deliver();
      cpu.s.fault = 0;
      return false;
    };
    this.#memory();
    for (const cpl of mode === 'real' ? [0] : mode === 'v86' ? [3] : [0, 3]) {
      this.#state(cpl);
      this.#start.push(this.#arena.u8.slice(cpu.env, cpu.env + X86_STATE.size));
    }
  }

  #bus(): X86Bus {
    const r = () => this.#random;
    return {
      ioRead: () => r().bits32(), ioWrite: () => {}, acknowledge: () => r().below(256), tsc: () => r().bits32(), tscHi: () => 0,
      shutdown: () => { this.#ended = true; }, ferr: () => {}, random32: () => r().bits32(), logs: () => false, log: () => {},
    };
  }

  /** Page tables, descriptors, interrupt vectors that lead to random code; the rest is random data. */
  #memory(): void {
    const { view, u8 } = this.#arena, ram = this.#ram, r = this.#random;
    for (let at = 0; at < MIB; at += 4) view.setInt32(ram + at, r.bits32(), true);
    const put = (at: number, lo: number, hi = 0) => {
      view.setInt32(ram + at, lo, true);
      view.setInt32(ram + at + 4, hi, true);
    };
    put(At.PML4, At.PDPT | 7);
    put(At.PDPT, At.PD | 7);
    put(At.PD, 0x87);
    view.setInt32(ram + At.PD32, 0x87, true);
    GDT.forEach(([lo, hi], k) => put(At.GDT + 8 * k, lo, hi));
    const long = this.mode === 'long' || this.mode === 'compatibility';
    if (this.mode !== 'real') {
      for (let n = 0; n < (long ? 256 : 512); n++) { // of the first vectors some are trap gates, task gates, absent
        const handler = At.CODE + PITCH * r.below(BATCH), type = r.pick([0x8e00, 0x8f00, 0xee00, 0xef00, 0x0e00, long ? 0xee01 : 0x8500]);
        const selector = long ? 0x18 : r.pick([8, 8, 0x78, 0x88]);
        put(At.IDT + n * (long ? 16 : 8), (selector << 16) | (handler & 0xffff), (handler & ~0xffff) | type);
        if (long) put(At.IDT + n * 16 + 8, 0);
      }
      for (let k = 0; k < 26; k++) view.setInt32(ram + At.TSS + 4 * k, At.DATA + 0x1000 * (k & 7) + 0x800, true);
      for (const k of [2, 4, 6]) view.setInt32(ram + At.TSS + 4 * k, 0x10, true);
    }
    u8.fill(HLT, ram + At.CODE, ram + At.CODE + PITCH * BATCH);
    this.#engine.flush();
    this.#parts.mmu.flushAll();
  }

  #state(cpl: number): void {
    const { cpu } = this.#parts, { mode } = this, s = cpu.s, flat = 0xffffffff;
    cpu.reset();
    s.gdtBaseLo = At.GDT;
    s.gdtLimit = GDT.length * 8 - 1;
    s.idtBaseLo = mode === 'real' ? 0 : At.IDT;
    s.idtLimit = 0xfff;
    s.mxcsr = 0x1f80;
    s.fcw = 0x37f;
    const long = mode === 'long' || mode === 'compatibility', protectedMode = mode !== 'real', v86 = mode === 'v86';
    const dpl = cpl << 13, data = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED | dpl, code = ATTR.P | ATTR.S | ATTR.CODE | ATTR.READABLE | ATTR.ACCESSED | dpl;
    const small = mode === 'protected16', selector = cpl === 3 ? 0x2b : small ? 0x80 : 0x10;
    for (const n of [SegReg.ES, SegReg.SS, SegReg.DS, SegReg.FS, SegReg.GS]) {
      if (v86 || !protectedMode) cpu.setSegment(n, At.DATA >> 4, At.DATA, 0, 0xffff, data);
      else cpu.setSegment(n, selector, small ? At.DATA : 0, 0, small ? 0xffff : flat, small ? data : data | ATTR.DB | ATTR.G);
    }
    const kind = mode === 'long' ? ATTR.L | ATTR.G : small || v86 || !protectedMode ? 0 : ATTR.DB | ATTR.G;
    const segment16 = kind === 0, cs = v86 || !protectedMode ? At.CODE >> 4 : cpl === 3 ? (mode === 'long' ? 0x33 : 0x23) : mode === 'long' ? 0x18 : small ? 0x78 : 8;
    cpu.setSegment(SegReg.CS, cs, segment16 ? At.CODE : 0, 0, segment16 ? 0xffff : flat, code | kind);
    cpu.setSegment(SegReg.TR, 0x38, At.TSS, 0, 0x67, 0x8b00);
    cpu.setSegment(SegReg.LDTR, 0x60, At.LDT, 0, 0xff, 0x8200);
    s.cr0 = protectedMode ? CR0.PE | CR0.NE | CR0.ET | CR0.MP | (this.mode === 'protected16' ? 0 : CR0.PG) : CR0.ET;
    s.cr4 = CR4.OSFXSR | CR4.OSXMMEXCPT | CR4.OSXSAVE | CR4.PSE | CR4.FSGSBASE | (long ? CR4.PAE : 0);
    s.cr3Lo = long ? At.PML4 : At.PD32;
    s.efer = long ? EFER.LME | EFER.LMA | EFER.SCE | EFER.NXE : 0;
    s.starHi = 0x00200008;
    s.lstarLo = s.sysenterEipLo = At.CODE;
    s.sysenterEspLo = At.DATA + 0x800;
    s.sysenterCsLo = 8;
    s.xcr0Lo = 3;
    cpu.updateHflags(cpl);
    cpu.writeEflags(EFLAGS.FIXED1 | (v86 ? EFLAGS.VM : 0), ~0);
    cpu.updateHflags(cpl);
  }

  /** Runs `count` strings. Returns how many ended in a fault. Throws `FuzzError` at the first misbehaviour. */
  run(count: number): number {
    const code = new Uint8Array(STRING_BYTES), before = this.#faults;
    for (let n = 0; n < count; n++) {
      if (n % BATCH === 0 && n > 0) this.#memory();
      const offset = PITCH * (n % BATCH);
      this.#string(code);
      this.#one(code, offset);
    }
    return this.#faults - before;
  }

  /** Uniform bytes, or an instruction of the tables with everything around its opcode random. */
  #string(code: Uint8Array): void {
    const r = this.#random;
    r.bytes(code);
    if (r.below(3) === 0) return;
    const row = r.pick(this.#rows);
    let at = 0;
    while (r.below(3) === 0) code[at++] = r.pick(PREFIXES);
    if (row.opts.prefix === '66') code[at++] = 0x66;
    if (row.opts.prefix === 'F2' || row.opts.prefix === 'F3') code[at++] = row.opts.prefix === 'F2' ? 0xf2 : 0xf3;
    if (this.mode === 'long' && r.below(2)) code[at++] = 0x40 | r.below(16);
    for (const b of ESCAPES[row.map]!) code[at++] = b;
    code[at++] = row.opcode;
    if (row.group >= 0) code[at] = (code[at]! & 0xc7) | (row.group << 3);
    if (row.opts.rm !== undefined) code[at] = 0xc0 | ((row.group & 7) << 3) | row.opts.rm;
  }

  #one(code: Uint8Array, offset: number): void {
    const { cpu, mmu } = this.#parts, { u8 } = this.#arena, r = this.#random, s = cpu.s;
    const before = s.cr0 ^ s.cr3Lo ^ s.cr4 ^ s.efer;
    u8.set(r.pick(this.#start), cpu.env);
    if (before !== (s.cr0 ^ s.cr3Lo ^ s.cr4 ^ s.efer)) mmu.flushAll();
    this.#engine.invalidatePhys(this.#ram + At.CODE + offset, PITCH);
    u8.fill(HLT, this.#ram + At.CODE + offset, this.#ram + At.CODE + offset + PITCH);
    u8.set(code, this.#ram + At.CODE + offset);
    const based = s.csBaseLo !== 0;
    for (let n = 0; n < 16; n++) {
      const kind = r.below(4);
      cpu.setGpr(n, kind < 2 ? (based ? 0 : At.DATA) + r.below(0x8000) : kind === 2 ? r.below(64) : r.bits32(), kind === 3 ? r.bits32() : 0);
    }
    cpu.setPc((based ? 0 : At.CODE) + offset, 0);
    // trap flag, direction, alignment, nested task, I/O privilege: now and then
    cpu.writeEflags(r.below(4) ? 0x202 : r.bits32() & (EFLAGS.TF | EFLAGS.IF | EFLAGS.DF | EFLAGS.AC | EFLAGS.NT | EFLAGS.IOPL | 0x8d5), ~EFLAGS.VM);
    cpu.setIntr(r.below(4) === 0);
    this.#delivers = r.below(4) === 0;
    this.#ended = false;
    const began = performance.now();
    try {
      for (let left = BUDGET; left > 0 && !this.#ended;) {
        const did = this.#engine.run(left, true);
        if (did === 0) break;
        left -= did;
        if (s.halted !== 0 || s.exception >= 0) break;
      }
    } catch (e) {
      throw new FuzzError(`${this.#describe(code, offset)} threw ${String((e as Error).stack)}; no guest code may do that`);
    }
    const ms = performance.now() - began;
    if (ms > HANG_MS) throw new FuzzError(`${this.#describe(code, offset)} ran for ${Math.round(ms)} ms; a budget of ${BUDGET} must end sooner`);
  }

  #describe(code: Uint8Array, offset: number): string {
    return `${this.mode} mode, string ${Buffer.from(code).toString('hex')} at offset 0x${offset.toString(16)}, now at ${this.#parts.cpu.formatPc()}:`;
  }
}

const PREFIXES = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65] as const;
const ESCAPES: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

const TEN_MILLION = 10_000_000;

function main(): void {
  const args = process.argv.slice(2), makeEngine = ENGINES[accelOf(args)], [count = String(TEN_MILLION), mode = '', seed = '1'] = args;
  for (const m of FUZZ_MODES) {
    if (mode !== '' && m !== mode) continue;
    const target = new FuzzTarget(m, Number(seed), makeEngine), start = process.cpuUsage().user;
    try {
      const faults = target.run(Number(count));
      console.log(`${m}: ${count} strings, ${faults} guest faults, ${((process.cpuUsage().user - start) / Number(count)).toFixed(1)} us each`);
    } catch (e) {
      console.log(`${m}: ${(e as Error).message}`);
      process.exitCode = 1;
    }
  }
}
if (process.argv[1] === fileURLToPath(import.meta.url)) main();
