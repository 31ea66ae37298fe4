/**
 * A guest CPU of some instructions with paged memory, to test engine and back ends whole: chaining, faults, self-modifying code, code in
 * two pages. Eight 64-bit registers, 32-bit addresses, instructions of one to three bytes; one-byte operands.
 *
 * A fault puts the pc into r7 and its number into r6 and goes to 0x100, an interrupt puts the pc into r7 and goes to 0x200.
 */
import { Arena, struct } from '@emu/vaddr';
import type { HostPtr } from '@emu/vaddr';
import type { Backend, CodePages, GuestCpu, HotBackend } from '../backend.ts';
import { CodeWindow } from '../code-window.ts';
import { CPU_HEADER, HDR } from '../cpu.ts';
import { Engine } from '../engine.ts';
import { GUEST_FAULT, HelperRegistry } from '../helpers.ts';
import type { Helper } from '../helpers.ts';
import { INSN_WORDS, unpackWords } from '../insn-data.ts';
import type { Ir, Label, Temp } from '../ir.ts';
import { JumpCache } from '../jump-cache-table.ts';
import { emitPayBack } from '../pay-back.ts';
import type { Tb } from '../tb.ts';
import { translatorLoop } from '../translator-loop.ts';
import type { TranslatorOps } from '../translator-loop.ts';
import { Cond, MemOp, memOpOf, Type } from '../types.ts';
import type { GuestMemoryAccess } from './reference.ts';

export const Toy = { HALT: 0, NOP: 1, LI: 2, ADD: 3, ADDI: 4, LD8: 5, ST8: 6, BNZ: 7, JMP: 8, JR: 9, ST32: 10, DEVICE: 11,
  /** Clears its register; if that was not 0, it leaves its TB before, and is executed by the one that begins here. */
  CLEAR: 12,
} as const;
export const ToyFault = { ILLEGAL: 1, LOAD: 2, STORE: 3, FETCH: 4 } as const;
export const TOY_FAULT_VECTOR = 0x100;
export const TOY_INTERRUPT_VECTOR = 0x200;

const PAGE = 4096;
const REGISTERS = 8;
const CPU = struct({ gpr: ['i64', REGISTERS] }, CPU_HEADER.size);
const LENGTH: Readonly<Record<number, number>> = { [Toy.HALT]: 1, [Toy.NOP]: 1, [Toy.JMP]: 2, [Toy.JR]: 2, [Toy.DEVICE]: 1, [Toy.CLEAR]: 2 };
const signed8 = (b: number): number => (b << 24) >> 24;

export interface ToySetup {
  readonly arena: Arena;
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly helpers: HelperRegistry;
  readonly memory: GuestMemoryAccess;
}
export interface ToyOptions {
  readonly backend: (setup: ToySetup) => Backend;
  readonly hot?: HotBackend;
  readonly maxTbs?: number;
  readonly maxInsns?: number;
  readonly optimise?: boolean;
}

export class ToyMachine implements GuestCpu, CodePages {
  readonly name = 'toy';
  readonly arena = new Arena(1 << 22);
  readonly engine: Engine;
  readonly setup: ToySetup;
  /** Virtual page to physical page. Pages 0 to 15 are mapped to themselves at first. */
  readonly map = new Map<number, number>(Array.from({ length: 16 }, (_, i) => [i, i]));
  /** Physical pages that can only be fetched from byte by byte. */
  readonly device = new Set<number>();
  readonly #insnWords = new Int32Array(INSN_WORDS);
  /** Write-protected physical pages. */
  readonly protectedPages = new Set<number>();
  /** What the DEVICE instruction does. */
  onDevice: () => void = () => {};
  interruptPending = false;
  readonly code = { page: (lo: number) => this.#codePage(lo), physPage: 0, byte: (lo: number) => this.#codeByte(lo) };
  readonly #cpu;
  readonly #ram: HostPtr;
  readonly #window: CodeWindow;
  readonly #raise: Helper;
  readonly #device: Helper;
  #halted = false;
  #fault = 0;
  #registers: Temp[] = [];
  #pc: Temp = 0;

  constructor(options: ToyOptions) {
    const { arena } = this;
    const header = arena.alloc(CPU.size), jumpCache = new JumpCache(arena), helpers = new HelperRegistry(64);
    this.#cpu = CPU_HEADER.at(arena, header);
    this.#ram = arena.alloc(16 * PAGE, PAGE);
    this.#window = new CodeWindow(arena, this.code);
    this.#raise = helpers.js('raise', ['i32'], 'void', (number) => {
      this.#fault = number!;
      throw GUEST_FAULT;
    });
    this.#device = helpers.js('device', [], 'void', () => this.onDevice());
    this.setup = { arena, header, jumpCache, helpers, memory: { load: (oi, lo) => this.#load(oi, lo), store: (oi, lo, _, v) => this.#store(oi, lo, v) } };
    this.engine = new Engine({ ...this.setup, ...options, guest: this, backend: options.backend(this.setup), codePages: this });
  }

  /** Puts bytes at a physical address, as a loader does. */
  load(address: number, ...bytes: number[]): void {
    this.arena.u8.set(bytes, this.#ram + address);
    this.engine.invalidatePhys(address, bytes.length);
  }

  byte(address: number): number {
    return this.arena.u8[this.#ram + address]!;
  }

  reg(n: number): number {
    return this.arena.i32[(this.setup.header + CPU.offset.gpr + 8 * n) >>> 2]!;
  }

  setReg(n: number, value: number): void {
    const at = (this.setup.header + CPU.offset.gpr + 8 * n) >>> 2;
    this.arena.i32[at] = value;
    this.arena.i32[at + 1] = value >> 31;
  }

  get pc(): number {
    return this.#cpu.pcLo;
  }

  set pc(value: number) {
    this.#cpu.pcLo = value;
    this.#halted = false;
  }

  /** Changes the mapping and flushes, as a guest does with its page tables. */
  remap(virtualPage: number, physicalPage: number | undefined): void {
    if (physicalPage === undefined) this.map.delete(virtualPage);
    else this.map.set(virtualPage, physicalPage);
    this.engine.flushJumpCache();
  }

  // CodePages
  protect(page: number): void { this.protectedPages.add(page); }
  unprotect(page: number): void { this.protectedPages.delete(page); }

  // GuestCpu
  declareGlobals(ir: Ir): void {
    this.#pc = ir.global('pc', Type.i64, this.setup.header + HDR.pc);
    this.#registers = Array.from({ length: REGISTERS }, (_, n) => ir.global(`r${n}`, Type.i64, this.setup.header + CPU.offset.gpr + 8 * n));
  }

  linearPc(out: { lo: number; hi: number }): void {
    out.lo = this.#cpu.pcLo;
    out.hi = 0;
  }

  translate(ir: Ir, tb: Tb, maxInsns: number): boolean {
    return translatorLoop(ir, tb, this.#ops(ir, tb), { pcOffset: 0, nextOffset: 0, ended: false }, this.#window, maxInsns);
  }

  restoreState(tb: Tb, insn: number): void {
    // the pc global is written at the end of a TB only: it is still that of the TB's start
    unpackWords(tb.insnData, INSN_WORDS * insn, this.#insnWords);
    this.#cpu.pcLo += this.#insnWords[0]!;
  }

  deliverFault(): boolean {
    if (!this.map.has(0)) return false;
    this.setReg(7, this.#cpu.pcLo);
    this.setReg(6, this.#fault);
    this.#cpu.pcLo = TOY_FAULT_VECTOR;
    return true;
  }

  exitTb(): boolean {
    this.#halted = true;
    return false;
  }

  pollInterrupt(): boolean {
    if (!this.interruptPending) return !this.#halted;
    this.interruptPending = this.#halted = false;
    this.setReg(7, this.#cpu.pcLo);
    this.#cpu.pcLo = TOY_INTERRUPT_VECTOR;
    return true;
  }

  #ops(ir: Ir, tb: Tb): TranslatorOps<{ pcOffset: number; nextOffset: number; ended: boolean }> {
    const pageOffset = tb.linearLo & (PAGE - 1);
    const advance = (by: number) => ir.set(this.#pc, ir.add(this.#pc, ir.const64(by)));
    const goTo = (slot: 0 | 1, offset: number) => {
      advance(offset);
      const inPage = pageOffset + offset >= 0 && pageOffset + offset < PAGE;
      if (inPage) ir.goto_tb(slot);
      else ir.lookup_and_goto_ptr();
    };
    const early: { label: Label; offset: number; insns: number; register: Temp }[] = [];
    let insns = 0;
    return {
      initDisas: () => {},
      insnStart: (ctx) => ir.insn_start(ctx.pcOffset),
      translateInsn: (ctx, code) => {
        const bytes = [code.fetch(ctx.pcOffset)];
        if (code.failed) return;
        const length = LENGTH[bytes[0]!] ?? 3;
        for (let i = 1; i < length; i++) bytes.push(code.fetch(ctx.pcOffset + i));
        if (code.failed) return;
        ctx.nextOffset = ctx.pcOffset + length;
        if (bytes[0] === Toy.CLEAR) {
          const label = ir.newLabel(), register = this.#registers[bytes[1]! & 7]!;
          ir.brcond(register, ir.const64(0), Cond.ne, label);
          early.push({ label, offset: ctx.pcOffset, insns, register });
        } else ctx.ended = this.#translateInsn(ir, bytes, ctx.nextOffset, goTo, advance);
        insns++;
      },
      tbStop: (ctx) => {
        if (!ctx.ended) goTo(0, ctx.nextOffset);
        for (const way of early) {
          ir.set_label(way.label);
          ir.set(way.register, ir.const64(0));
          if (way.offset > 0) advance(way.offset);
          emitPayBack(ir, this.setup.header, ir.const32(insns - way.insns));
          ir.lookup_and_goto_ptr();
        }
      },
    };
  }

  /** Emits one instruction; true if it ended the TB. */
  #translateInsn(ir: Ir, [op, a = 0, b = 0]: number[], next: number, goTo: (slot: 0 | 1, offset: number) => void, advance: (by: number) => void): boolean {
    const ra = this.#registers[a & 7]!, rb = this.#registers[b & 7]!;
    switch (op) {
      case Toy.NOP: return false;
      case Toy.LI: ir.set(ra, ir.const64(signed8(b))); return false;
      case Toy.ADD: ir.set(ra, ir.add(ra, rb)); return false;
      case Toy.ADDI: ir.set(ra, ir.add(ra, ir.const64(signed8(b)))); return false;
      case Toy.LD8: ir.set(ra, ir.qemu_ld(Type.i64, rb, MemOp.b8, 0)); return false;
      case Toy.ST8: ir.qemu_st(ra, rb, MemOp.b8, 0); return false;
      case Toy.ST32: ir.qemu_st(ra, rb, MemOp.b32, 0); return false;
      case Toy.DEVICE: ir.call(this.#device); return false;
      case Toy.HALT: advance(next); ir.exit_tb(0); return true;
      case Toy.JMP: goTo(0, next + signed8(a)); return true;
      case Toy.JR: ir.set(this.#pc, ra); ir.lookup_and_goto_ptr(); return true;
      case Toy.BNZ: {
        const out = ir.newLabel();
        ir.brcond(ra, ir.const64(0), Cond.eq, out);
        goTo(0, next + signed8(b));
        ir.set_label(out);
        goTo(1, next);
        return true;
      }
      default:
        ir.call(this.#raise, ir.const32(ToyFault.ILLEGAL));
        ir.exit_tb(1);
        return true;
    }
  }

  #codePage(lo: number): number {
    const page = this.map.get(lo >>> 12);
    if (page === undefined) return (this.#fault = ToyFault.FETCH), -1;
    this.code.physPage = page;
    return this.device.has(page) ? -2 : this.#ram + page * PAGE;
  }

  #codeByte(lo: number): number {
    const page = this.map.get(lo >>> 12);
    return page === undefined ? ((this.#fault = ToyFault.FETCH), -1) : this.byte(page * PAGE + (lo & (PAGE - 1)));
  }

  /** Physical address, or -1 after recording the fault. */
  #translate(lo: number, fault: number): number {
    const page = this.map.get(lo >>> 12);
    if (page !== undefined) return page * PAGE + (lo & (PAGE - 1));
    this.#fault = fault;
    this.#cpu.fault = 1;
    return -1;
  }

  #load(oi: number, lo: number): bigint {
    const phys = this.#translate(lo, ToyFault.LOAD);
    return phys < 0 || memOpOf(oi) !== MemOp.b8 ? 0n : BigInt(this.byte(phys));
  }

  #store(oi: number, lo: number, value: bigint): void {
    const size = 1 << (memOpOf(oi) & MemOp.SIZE);
    const phys = this.#translate(lo, ToyFault.STORE);
    if (phys < 0) return;
    if (this.protectedPages.has(phys >>> 12) && !this.engine.codeWrite(phys, size)) return;
    for (let i = 0; i < size; i++) this.arena.u8[this.#ram + phys + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
}
