/**
 * The x86 CPU as `@emu/tcg`'s engine drives it: translation of TBs, code fetch, precise state after faults, delivery of faults and
 * interrupts, waiting.
 */
import { CodeWindow, INSN_WORDS, translatorLoop, unpackWords } from '@emu/tcg';
import type { CodeSource, GuestCpu, Ir, Tb, TranslatorOps } from '@emu/tcg';
import type { HostPtr } from '@emu/vaddr';
import { Ctx, ExitCode } from './ctx.ts';
import type { X86Cpu } from './cpu.ts';
import { Decoded, decode, decodeFetching, MAX_LENGTH } from './decode/decode.ts';
import { Insn } from './decode/insn.ts';
import { Method } from './decode/operands.ts';
import type { Row } from './decode/row.ts';
import { emitX87Check } from './emit/x87.ts';
import { CC_DYNAMIC } from './flags.ts';
import { declareGlobals } from './globals.ts';
import type { X86Helpers } from './helpers/index.ts';
import { HF, Mmu, ONE_INSN } from './hflags.ts';
import { Attention, EFLAGS, Vector } from './state.ts';
import { DR6, setDr6 } from './system/debug.ts';
import { deliverExternal, deliverRecorded } from './system/interrupt.ts';

export class X86Guest implements GuestCpu {
  readonly name = 'x86';
  readonly cpu: X86Cpu;
  readonly code: CodeSource;
  readonly #helpers: X86Helpers;
  readonly #window: CodeWindow;
  readonly #insn = new Insn();
  readonly #bytes = new Uint8Array(MAX_LENGTH + 1);
  readonly #insnWords = new Int32Array(INSN_WORDS);
  readonly #ops: TranslatorOps<Ctx>;
  #ctx!: Ctx;

  constructor(cpu: X86Cpu, helpers: X86Helpers) {
    this.cpu = cpu;
    this.#helpers = helpers;
    this.code = new X86Code(cpu);
    this.#window = new CodeWindow(cpu.arena, this.code);
    this.#ops = {
      initDisas: (c, tb) => c.begin(tb.flags, tb.csBaseLo, tb.linearLo & 0xfff),
      translateInsn: (c, code) => this.#translateInsn(c, code),
      tbStop: (c) => {
        if (!c.ended) c.gotoNext();
        c.early.finish();
      },
    };
  }

  declareGlobals(ir: Ir): void {
    this.#ctx = new Ctx(ir, this.#helpers, this.cpu.env, declareGlobals(ir, this.cpu.env));
  }

  linearPc(out: { lo: number; hi: number }): void {
    const s = this.cpu.s;
    if (s.flags & HF.CS64) {
      out.lo = s.pcLo;
      out.hi = s.pcHi;
    } else {
      out.lo = (s.csBaseLo + s.pcLo) | 0;
      out.hi = 0;
    }
  }

  translate(ir: Ir, tb: Tb, maxInsns: number): boolean {
    return translatorLoop(ir, tb, this.#ops, this.#ctx, this.#window, tb.flags & ONE_INSN ? 1 : maxInsns);
  }

  #translateInsn(c: Ctx, code: CodeWindow): void {
    const i = this.#insn, at = c.pcOffset;
    let outcome: Decoded = Decoded.MORE;
    if (code.start < code.end) outcome = decode(i, code.bytes, code.start + at, code.end, c.mode);
    if (outcome === Decoded.MORE) outcome = decodeFetching(i, (n) => code.fetch(at + n), this.#bytes, c.mode);
    if (code.failed) return;
    if (outcome !== Decoded.OK) i.length = Math.max(1, i.length);
    c.beginInsn(i);
    c.enterSpecialModes();
    if (outcome === Decoded.TOO_LONG) c.raise(Vector.GP, 0);
    else if (outcome === Decoded.UD) c.raise(Vector.UD);
    else this.#emit(c, i, i.row);
    c.endInsn();
  }

  #emit(c: Ctx, i: Insn, row: Row): void {
    const { feature, fallback } = row.opts;
    if (feature && !this.cpu.model.allows(feature)) {
      if (fallback) this.#emit(c, i, (i.row = fallback));
      else c.raise(Vector.UD);
      return;
    }
    if (row.opts.protectedMode && (!(c.hflags & HF.PE) || c.hflags & HF.VM)) return c.raise(Vector.UD);
    if (row.opts.cpl0 && c.cpl !== 0) return c.raise(Vector.GP, 0);
    if (row.unit !== 'none' && unitUnavailable(c, row)) return;
    row.emit(c, i);
  }

  restoreState(tb: Tb, insn: number): void {
    if (this.cpu.stateIsNew) {
      this.cpu.stateIsNew = false;
      return;
    }
    unpackWords(tb.insnData, insn * INSN_WORDS, this.#insnWords);
    const s = this.cpu.s, [offset = 0, ccOp = CC_DYNAMIC, accesses = 0] = this.#insnWords;
    const low = (s.pcLo >>> 0) + offset;
    if (tb.flags & HF.CS64) {
      if (low > 0xffffffff) s.pcHi = (s.pcHi + 1) | 0;
      s.pcLo = low | 0;
    } else s.pcLo = tb.flags & HF.CS32 ? low | 0 : low & 0xffff;
    if (ccOp !== CC_DYNAMIC) s.ccOp = ccOp;
    this.cpu.refineFault(accesses);
  }

  deliverFault(): boolean {
    return deliverRecorded(this.cpu);
  }

  exitTb(reason: number): boolean {
    const cpu = this.cpu;
    switch (reason) {
      case ExitCode.HALT:
        cpu.s.halted = 1;
        return this.pollInterrupt();
      case ExitCode.DEBUG_TRAP:
        setDr6(cpu, DR6.BS);
        return this.#trap() && this.pollInterrupt();
      default: return this.pollInterrupt();
    }
  }

  #trap(): boolean {
    this.cpu.s.attention &= ~Attention.TRAP;
    this.cpu.record(Vector.DB, -1);
    return deliverRecorded(this.cpu);
  }

  pollInterrupt(): boolean {
    const cpu = this.cpu, s = cpu.s;
    if (s.attention & Attention.TRAP && !this.#trap()) return false;
    if (s.flags & HF.INHIBIT) return true;
    if (s.attention & Attention.NMI && !s.nmiBlocked) {
      s.attention &= ~Attention.NMI;
      s.halted = 0;
      s.nmiBlocked = 1;
      return deliverExternal(cpu, Vector.NMI);
    }
    if (s.eflags & EFLAGS.IF && s.attention & Attention.INTR) {
      const vector = cpu.bus.acknowledge();
      if (vector >= 0) {
        s.halted = 0;
        return deliverExternal(cpu, vector);
      }
    }
    return s.halted === 0;
  }
}

/** Raises what a disabled unit raises. SDM Vol. 3, tables 2-2, 12-1, 13-1; returns whether it did. */
function unitUnavailable(c: Ctx, row: Row): boolean {
  const { EM, TS, OSFXSR } = HF, f = c.hflags;
  if (row.unit === 'x87') {
    emitX87Check(c, row.opts.x87 === 'nowait');
    return c.ended;
  }
  if (f & EM || (!(f & OSFXSR) && namesXmm(row))) c.raise(Vector.UD);
  else if (f & TS) c.raise(Vector.NM);
  else if (row.unit === 'mmx' && !isPlainSse(c, row)) emitX87Check(c, false); // an x87 exception that is pending comes first
  return c.ended;
}

/** Whether an operand is an XMM register: those need CR4.OSFXSR; MMX instructions that came with SSE do not. SDM Vol. 3, 13.1.4. */
const namesXmm = (row: Row): boolean => row.operands.some(({ method }) => method === Method.V || method === Method.U || method === Method.W);

/** CVTPI2PS and CVTPI2PD from memory have nothing to do with MMX registers. */
const isPlainSse = (c: Ctx, row: Row): boolean => row.operands[0]?.method === Method.V && c.insn.isMem !== 0;

/** Instruction fetch through the CPU's MMU. */
class X86Code implements CodeSource {
  readonly #cpu: X86Cpu;
  constructor(cpu: X86Cpu) {
    this.#cpu = cpu;
  }

  page(lo: number, hi: number): HostPtr {
    return this.#cpu.mmu.codePage(lo, hi, this.#mmu());
  }

  get physPage(): number {
    return this.#cpu.mmu.physPage;
  }

  /** Code in a device region (a flash chip, say), byte by byte. */
  byte(lo: number, hi: number): number {
    const value = this.#cpu.mmu.slowLoad(this.#mmu() << 8, lo, hi);
    return this.#cpu.s.fault ? -1 : value & 0xff;
  }

  #mmu(): number {
    return this.#cpu.cpl === 3 ? Mmu.USER : Mmu.KERNEL;
  }
}

