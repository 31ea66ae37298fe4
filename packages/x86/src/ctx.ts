/**
 * The translator's context: what an emitter works with. Operands are read and written by their position in the row; addresses,
 * segments, partial registers and leaving the TB are done here, once for all instructions; flags in `lazy-flags.ts` and `conditions.ts`, ways out of the middle of
 * a TB in `early-ways.ts`.
 *
 * Integer values are i64 temps. A value of fewer bits may have garbage above them ("raw") unless a method says otherwise; loads
 * give zero-extended values. Guest-visible registers and flags are written only after the last access that may fault.
 *
 * A raw register value is the register's own temp: it changes when the register is written. Use it up, or copy it with
 * `ir.mov`, before that.
 */
import type { HostPtr } from '@emu/vaddr';
import { Cond, MemOp, STRIDE, Type } from '@emu/tcg';
import type { Helper, Ir, Label, Temp } from '@emu/tcg';
import { Accesses } from './accesses.ts';
import { Conditions } from './conditions.ts';
import { NONE, Seg, type Insn, type Mode } from './decode/insn.ts';
import { Method, operandBits, type Operand } from './decode/operands.ts';
import { EarlyWays } from './early-ways.ts';
import { sext, zext } from './extend.ts';
import type { CcKind } from './flags.ts';
import { HF, isChecked, mmuIndex, ONE_INSN } from './hflags.ts';
import { FloatValues } from './float-values.ts';
import type { Globals } from './globals.ts';
import type { X86Helpers } from './helpers/index.ts';
import { LazyFlags } from './lazy-flags.ts';
import { EFLAGS, Reg, SegReg, ST, Vector } from './state.ts';

/** Arguments of `exit_tb`: what the main loop does next. */
export const ExitCode = {
  /** Look for an interrupt: IF or the like may have changed. */
  POLL: 0,
  /** HLT: sleep until an interrupt. */
  HALT: 1,
  /** A trap after the instruction (single step, data breakpoint, I/O breakpoint): deliver #DB. */
  DEBUG_TRAP: 2,
  /** Never executed: follows a call that always raises. */
  UNREACHABLE: 3,
} as const;

/** Size in bits to the memory op that loads it zero-extended. */
const memOpOfBits = (bits: number): number => (bits === 8 ? MemOp.b8 : bits === 16 ? MemOp.b16 : bits === 32 ? MemOp.b32 : MemOp.b64);

export class Ctx {
  readonly ir: Ir;
  readonly h: X86Helpers;
  /** Address of the CPU state, as a number and as helpers take it. */
  readonly env: HostPtr;
  readonly g: Globals;
  /** What is known of XMM registers. */
  readonly floats: FloatValues;
  /** Arithmetic flags, and what conditions make of them. */
  readonly flags: LazyFlags;
  readonly conditions: Conditions;
  /** Ways out of this TB before its last instruction. */
  readonly early: EarlyWays;
  /** Mode of this TB: `HF` bits, code size, mmu index of data accesses. */
  hflags = 0;
  mode: Mode = 64;
  mmu = 0;
  cpl = 0;
  csBase = 0;
  /** The TB's first byte: offset in its page. */
  pageOffset = 0;
  /** Bytes from the TB's start to this instruction and to the next. */
  pcOffset = 0;
  nextOffset = 0;
  insn!: Insn;
  /** The instruction left the TB; nothing may follow. */
  ended = false;
  /** Instructions of this TB, with the current one. */
  insns = 0;
  /** Address of the ModR/M operand of this instruction, or -1. */
  #ea: Temp = -1;
  /** This instruction loads SS: no trap after it. */
  #holdsTraps = false;
  /** Where the instruction behind STI begins, at whose end interrupts open; -1: there was no STI. */
  #opensBehind = -1;
  /** Where the `Accesses` of this instruction are among the IR's operands. */
  #accesses = 0;

  constructor(ir: Ir, helpers: X86Helpers, env: HostPtr, globals: Globals) {
    this.ir = ir;
    this.h = helpers;
    this.env = env;
    this.g = globals;
    this.floats = new FloatValues(ir, globals.xmm);
    this.flags = new LazyFlags(ir, helpers, globals);
    this.conditions = new Conditions(ir, helpers, globals, this.flags);
    this.early = new EarlyWays(this);
  }

  /** Begins a TB in mode `hflags`. */
  begin(hflags: number, csBase: number, pageOffset: number): void {
    this.hflags = hflags;
    this.mode = hflags & HF.CS64 ? 64 : hflags & HF.CS32 ? 32 : 16;
    this.mmu = mmuIndex(hflags);
    this.cpl = hflags & HF.CPL;
    this.csBase = csBase;
    this.pageOffset = pageOffset;
    this.nextOffset = 0;
    this.insns = 0;
    this.floats.begin();
    this.flags.begin();
    this.conditions.begin(this.mode);
    this.early.begin();
    this.#opensBehind = -1;
    this.ended = false;
  }

  /** Begins the instruction `i` that starts where the last one ended. */
  beginInsn(i: Insn): void {
    this.insn = i;
    this.pcOffset = this.nextOffset;
    this.nextOffset += i.length;
    this.insns++;
    this.#ea = -1;
    this.#holdsTraps = false;
    this.#accesses = this.ir.length * STRIDE + 2;
    this.ir.insn_start(this.pcOffset, this.flags.code, i.row.align > 1 ? Accesses.ALIGNED : 0);
  }

  // ---- Operands --------------------------------------------------------------------------------------------------------------

  /** Operand `k` of the row. */
  operand(k: number): Operand {
    return this.insn.row.operands[k]!;
  }

  /** Size of operand `k` in bits. */
  bits(k: number): number {
    return operandBits(this.operand(k), this.insn);
  }

  isMem(k: number): boolean {
    const m = this.operand(k).method;
    return m === Method.O || (this.insn.isMem !== 0 && (m === Method.E || m === Method.M || m === Method.Q || m === Method.W));
  }

  /** The value of integer operand `k`, raw. */
  read(k: number): Temp {
    const o = this.operand(k), i = this.insn, bits = operandBits(o, i);
    switch (o.method) {
      case Method.E: return i.isMem ? this.load(bits, this.ea()) : this.reg(i.rm, bits);
      case Method.M: return this.load(bits, this.ea());
      case Method.G: return this.reg(i.reg, bits);
      case Method.R: return this.reg(i.rm, bits);
      case Method.Z: return this.reg(i.opReg, bits);
      case Method.REG: return o.reg < 4 || bits !== 8 ? this.g.gpr[o.reg]! : this.reg(o.reg, bits);
      case Method.I: case Method.J: return this.ir.const64(i.imm, i.immHi);
      case Method.CONST: return this.ir.const64(o.reg, 0);
      case Method.O: return this.load(bits, this.ea());
      default: throw new Error(`operand ${o.name} is not an integer operand`);
    }
  }

  /** As `read`, for an operand that is written afterwards: a memory operand must be writable. */
  readRmw(k: number): Temp {
    return this.isMem(k) ? this.load(this.bits(k), this.ea(), MemOp.RMW) : this.read(k);
  }

  readZ(k: number): Temp {
    return this.isMem(k) ? this.read(k) : this.zext(this.read(k), this.bits(k));
  }

  readS(k: number): Temp {
    return this.sext(this.read(k), this.bits(k));
  }

  /** Writes integer operand `k`. Must come after everything in the instruction that may fault, unless this is memory itself. */
  write(k: number, v: Temp): void {
    const o = this.operand(k), i = this.insn, bits = operandBits(o, i);
    switch (o.method) {
      case Method.E: return i.isMem ? this.store(bits, this.ea(), v) : this.setReg(i.rm, bits, v);
      case Method.M: case Method.O: return this.store(bits, this.ea(), v);
      case Method.G: return this.setReg(i.reg, bits, v);
      case Method.R: return this.setReg(i.rm, bits, v);
      case Method.Z: return this.setReg(i.opReg, bits, v);
      case Method.REG: return this.setReg(o.reg, bits, v);
      default: throw new Error(`operand ${o.name} cannot be written`);
    }
  }

  /** General register `n` raw; byte registers 4..7 without REX are AH CH DH BH. */
  reg(n: number, bits: number): Temp {
    if (bits === 8 && n >= 4 && n < 8 && !this.insn.rex) return this.ir.extract(this.g.gpr[n - 4]!, 8, 8);
    return this.g.gpr[n]!;
  }

  /** Writes a general register: 32 bits clear the upper half, 8 and 16 leave the rest. */
  setReg(n: number, bits: number, v: Temp): void {
    const ir = this.ir;
    if (bits === 64) return ir.set(this.g.gpr[n]!, v);
    if (bits === 32) return ir.set(this.g.gpr[n]!, ir.extract(v, 0, 32));
    const high = bits === 8 && n >= 4 && n < 8 && !this.insn.rex;
    const d = this.g.gpr[high ? n - 4 : n]!;
    ir.set(d, ir.deposit(d, v, high ? 8 : 0, bits));
  }

  zext(v: Temp, bits: number): Temp {
    return zext(this.ir, v, bits);
  }

  sext(v: Temp, bits: number): Temp {
    return sext(this.ir, v, bits);
  }

  /**
   * Writes the result of an arithmetic instruction to operand `k` and records its flags, in the order that keeps faults
   * precise (a memory destination first) and sources intact (`src` may be the register that is written).
   */
  writeCc(k: number, d: Temp, kind: CcKind, src: Temp = -1, src2: Temp = -1): void {
    const bits = this.bits(k);
    if (this.isMem(k)) this.write(k, d);
    this.flags.set(kind, bits, d, src, src2);
    if (!this.isMem(k)) this.write(k, d);
  }

  // ---- Memory ----------------------------------------------------------------------------------------------------------------

  /** Misalignment of a memory operand of this instruction is #GP(0) whatever EFLAGS.AC says, though its row does not say so. */
  mustAlign(): void {
    this.ir.args[this.#accesses]! |= Accesses.ALIGNED;
  }

  /** Linear address of the ModR/M (or moffs) memory operand; computed once an instruction. */
  ea(): Temp {
    if (this.#ea < 0) this.#ea = this.linear(this.offset(), this.insn.seg, this.accessBits(), this.insn.row.writesRm);
    return this.#ea;
  }

  /** The memory operand's address with the stack pointer as it will be: POP to memory. */
  eaWithSp(sp: Temp): Temp {
    const i = this.insn, rsp = this.g.gpr[Reg.RSP]!;
    if (i.base !== Reg.RSP) return this.ea();
    const index = i.index === NONE ? -1 : i.scale ? this.ir.shl(this.g.gpr[i.index]!, this.ir.const64(i.scale)) : this.g.gpr[i.index]!;
    const base = this.stackBits() === 64 ? sp : this.stackBits() === 32 ? this.ir.extract(sp, 0, 32) : this.ir.deposit(rsp, sp, 0, 16);
    const t = this.ir.add(index < 0 ? base : this.ir.add(base, index), this.ir.const64(i.disp, i.dispHi));
    return this.linear(this.wrap(t, i.asz), i.seg, i.osz, true);
  }

  /** Address of the operand of `bits` that holds bit `index` (signed) of the bit string at the memory operand. */
  bitAddress(index: Temp, bits: number): Temp {
    const ir = this.ir, i = this.insn;
    const whole = ir.shl(ir.sar(this.sext(index, bits), ir.const64(Math.log2(bits))), ir.const64(Math.log2(bits >> 3)));
    return this.linear(this.wrap(ir.add(this.offset(), whole), i.asz), i.seg, bits, i.row.writesRm);
  }

  /** Offset in CPU state of scratch word `n` (64 bits each), for helpers with more than one result. */
  scratchOffset(n: number): number {
    return ST.scratch + 8 * n;
  }

  /** #GP(0) unless the address is canonical: bits 63 to 47, or 56 with LA57, are equal. Nothing to check outside 64-bit mode. */
  canonicalOrGp(address: Temp): void {
    if (this.mode !== 64) return;
    this.raiseIf(this.ir.sextract(address, 0, this.hflags & HF.LA57 ? 57 : 48), address, Cond.ne, Vector.GP, 0);
  }

  /**
   * A string instruction in a helper `(bytes, address size, segment of the source, 1 = REP, 2 = REPE, 3 = REPNE)`. It moves rSI, rDI and rCX
   * itself, handles as many elements as it may at once, and returns 1 if more are left: then the instruction runs again, after
   * interrupts had their turn.
   */
  repeat(helper: Helper, bytes: number, rep: number): void {
    const i = this.insn, ir = this.ir;
    this.flags.flush();
    const source = i.segOverride >= 0 ? i.segOverride : Seg.DS;
    const more = ir.call(helper, ir.const32(bytes), ir.const32(i.asz), ir.const32(source), ir.const32(rep));
    if (rep === 0) return;
    const done = ir.newLabel();
    ir.brcond(more, ir.const32(0), Cond.eq, done);
    this.gotoOffset(this.pcOffset, 1);
    ir.set_label(done);
    this.gotoNext(0);
  }

  /** Loads segment register `n` (not CS) with all descriptor checks. */
  loadSegment(n: number, selector: Temp): void {
    this.ir.call(this.h.loadSegment, this.ir.const32(n), selector);
  }

  /** After a segment load: the mode bits may differ, and SS holds interrupts for one instruction. */
  afterSegmentLoad(n: number): void {
    this.#holdsTraps = n === SegReg.SS; // a single step too waits for the next instruction. SDM Vol. 3, 6.8.3
    if (n === SegReg.SS) this.ir.call(this.h.inhibitInterrupts);
    if (this.mode !== 64 || n === SegReg.SS) this.endMode();
  }

  /** Bytes accessed through the memory operand, for limit checks. */
  accessBits(): number {
    const o = this.insn.row.rmOperand;
    return o ? operandBits(o, this.insn) : 8;
  }

  /** Offset (effective address) of the memory operand, wrapped to the address size. */
  offset(): Temp {
    const i = this.insn, ir = this.ir;
    let t: Temp;
    if (i.ripRelative) t = ir.add(this.g.rip, ir.const64(i.disp + this.nextOffset, this.#carryHi(i.disp, i.dispHi, this.nextOffset)));
    else {
      t = i.base === NONE ? -1 : this.g.gpr[i.base]!;
      if (i.index !== NONE) {
        const index = i.scale ? ir.shl(this.g.gpr[i.index]!, ir.const64(i.scale)) : this.g.gpr[i.index]!;
        t = t < 0 ? index : ir.add(t, index);
      }
      if (t < 0) t = ir.const64(i.disp, i.dispHi);
      else if (i.disp !== 0) t = ir.add(t, ir.const64(i.disp, i.dispHi));
    }
    return this.wrap(t, i.asz);
  }

  #carryHi(lo: number, hi: number, add: number): number {
    return (hi + ((lo >>> 0) + add > 0xffffffff ? 1 : 0)) | 0;
  }

  /** An offset wrapped to `asz` bits. */
  wrap(t: Temp, asz: number): Temp {
    return asz === 64 ? t : this.ir.extract(t, 0, asz);
  }

  /** Linear address of `offset` (already wrapped) in segment `seg`, an access of `bits` with limit checks where the mode needs them. */
  linear(offset: Temp, seg: number, bits: number, write = false): Temp {
    const ir = this.ir;
    if (this.mode === 64) {
      ir.args[this.#accesses]! |= seg === Seg.SS ? Accesses.STACK : Accesses.OTHER;
      return seg >= Seg.FS ? ir.add(this.g.segBase[seg]!, offset) : offset;
    }
    if (isChecked(this.hflags, seg, write)) this.#checkSegment(offset, seg, Math.max(bits >> 3, 1), write);
    if (seg === Seg.CS) return this.csBase === 0 ? offset : ir.extract(ir.add(offset, ir.const64(this.csBase, 0)), 0, 32);
    if (seg < Seg.FS && !(this.hflags & HF.ADDSEG)) return offset;
    return ir.extract(ir.add(this.g.segBase[seg]!, offset), 0, 32);
  }

  /** Inline where the limit alone decides; the helper looks closer and raises. */
  #checkSegment(offset: Temp, seg: number, bytes: number, write: boolean): void {
    const ir = this.ir, ok = ir.newLabel();
    const readOnly = write && seg === SegReg.CS && (this.hflags & (HF.PE | HF.VM)) === HF.PE;
    if (!readOnly) {
      const last = bytes === 1 ? offset : ir.add(offset, ir.const64(bytes - 1));
      ir.brcond(last, ir.ld(Type.i64, ir.const32(this.env), ST.segEnd + 8 * seg), Cond.ltu, ok);
    }
    ir.call(this.h.segCheck, ir.const32(seg | (write ? 8 : 0)), ir.extrl_i64_i32(offset), ir.const32(bytes));
    ir.set_label(ok);
  }

  /** Loads `bits` (8..64) at a linear address, zero-extended. */
  load(bits: number, addr: Temp, flags = 0): Temp {
    return this.ir.qemu_ld(Type.i64, addr, this.#memop(bits) | flags, this.mmu);
  }

  store(bits: number, addr: Temp, v: Temp): void {
    this.ir.qemu_st(v, addr, this.#memop(bits), this.mmu);
  }

  /** Memory op of an ordinary data access, with the alignment check the mode asks for. */
  #memop(bits: number): number {
    return memOpOfBits(bits) | (this.hflags & HF.AC ? MemOp.ALIGN : 0);
  }

  memop(bits: number): number {
    return this.#memop(bits);
  }

  /**
   * STI: interrupts open behind the next instruction. That is in this TB if it can be: nothing can come in between then, and nobody needs to know
   * that interrupts are held. SDM Vol. 2, STI.
   */
  openInterrupts(): void {
    const ir = this.ir, env = ir.const32(this.env);
    if (this.hflags & ONE_INSN) {
      ir.call(this.h.sti);
      return this.exit(ExitCode.POLL);
    }
    ir.st(ir.or(ir.ld(Type.i32, env, ST.eflags), ir.const32(EFLAGS.IF)), env, ST.eflags);
    if (this.#opensBehind < 0) this.#opensBehind = this.nextOffset;
  }

  /** Behind each instruction: if interrupts open here, the TB ends. */
  endInsn(): void {
    if (!this.ended && this.#opensBehind >= 0 && this.nextOffset > this.#opensBehind) this.exit(ExitCode.POLL);
  }

  // ---- Single stepping, held interrupts, breakpoints -------------------------------------------------------------------------------

  /** What precedes an instruction in the modes that make each a TB of its own. */
  enterSpecialModes(): void {
    const f = this.hflags, ir = this.ir;
    if (!(f & (HF.INHIBIT | HF.BREAKPOINTS | HF.RF | HF.SSE_EXACT))) return;
    if (f & HF.BREAKPOINTS && !(f & HF.RF)) {
      const linear = this.mode === 64 ? this.g.rip : ir.extract(ir.add(this.g.rip, ir.const64(this.csBase, 0)), 0, 32);
      ir.call(this.h.codeBreakpoint, linear);
    }
    if (f & HF.RF) ir.call(this.h.clearRf);
    // one instruction only: the next key does not have it
    if (f & HF.INHIBIT) ir.call(this.h.allowInterrupts);
    if (f & HF.SSE_EXACT) this.early.countOddWay();
  }

  /** Where interrupts may have opened: to the main loop if something waits, else straight on. */
  #poll(): void {
    const ir = this.ir, straight = ir.newLabel();
    ir.brcond(ir.ld(Type.i32, ir.const32(this.env), ST.attention), ir.const32(0), Cond.eq, straight);
    ir.exit_tb(ExitCode.POLL);
    ir.set_label(straight);
    ir.lookup_and_goto_ptr();
  }

  /** Interrupts open behind this instruction or the next. */
  get isOpening(): boolean {
    return this.#opensBehind >= 0;
  }

  /** The last op of a TB: to the next TB, or to the main loop when a trap or a held interrupt is due. */
  leave(slot: 0 | 1 | -1, opening = this.isOpening): void {
    if (this.hflags & HF.TF && !this.#holdsTraps) this.ir.exit_tb(ExitCode.DEBUG_TRAP);
    else if (this.hflags & (HF.INHIBIT | HF.BREAKPOINTS)) this.#poll();
    else if (this.hflags & HF.SSE_EXACT) this.ir.lookup_and_goto_ptr();
    else if (opening) this.#leaveOpening();
    else if (slot >= 0) this.ir.goto_tb(slot as 0 | 1);
    else this.ir.lookup_and_goto_ptr();
    this.ended = true;
  }

  /** Out of a TB with an STI: it is the last instruction, or the last but one. */
  #leaveOpening(): void {
    if (this.nextOffset > this.#opensBehind) return this.#poll();
    this.ir.call(this.h.inhibitInterrupts);
    this.ir.lookup_and_goto_ptr();
  }

  // ---- Leaving ---------------------------------------------------------------------------------------------------------------

  /** RIP (EIP, IP) of the byte `offset` bytes from the TB's start, wrapped to the code size. */
  pcAt(offset: number, bits: number = this.mode): Temp {
    const ir = this.ir;
    const t = offset === 0 ? this.g.rip : ir.add(this.g.rip, ir.const64(offset));
    return bits === 64 ? t : ir.extract(t, 0, bits);
  }

  /** The next instruction's RIP, as CALL pushes it. */
  nextPc(): Temp {
    return this.pcAt(this.nextOffset);
  }

  /** Goes to the instruction at `offset` bytes from the TB's start; `bits` wraps IP. Slots are 0 and 1, each used once a TB. */
  gotoOffset(offset: number, slot: 0 | 1, bits: number = this.mode): void {
    this.flags.flush();
    this.ir.set(this.g.rip, this.pcAt(offset, bits));
    const at = this.pageOffset + offset;
    this.leave(bits !== 16 && at >= 0 && at < 4096 ? slot : -1);
  }

  /** Goes on with the next instruction in another TB. */
  gotoNext(slot: 0 | 1 = 0): void {
    this.gotoOffset(this.nextOffset, slot);
  }

  /** Goes to a computed RIP, already of the right width. */
  jumpTo(pc: Temp): void {
    this.flags.flush();
    this.ir.set(this.g.rip, pc);
    this.leave(-1);
  }

  /** Ends the TB after this instruction through the main loop, which does what `code` says. */
  exit(code: number): void {
    this.flags.flush();
    this.ir.set(this.g.rip, this.nextPc());
    this.#exit(code);
  }

  #exit(code: number): void {
    if (code !== ExitCode.POLL) this.ir.exit_tb(code);
    else if (this.hflags & HF.TF) this.ir.exit_tb(ExitCode.DEBUG_TRAP);
    else this.#poll();
    this.ended = true;
  }

  /** Ends the TB after an instruction that changed the mode: the key is read anew. */
  endMode(): void {
    this.flags.flush();
    this.ir.set(this.g.rip, this.nextPc());
    this.leave(-1);
  }

  /** A helper has set the whole key (pc, csBase, flags): far transfers, IRET, SYSCALL. */
  endTransfer(code: number = ExitCode.POLL): void {
    this.#exit(code);
  }

  /** A helper has set the whole key, and no interrupt is due (SYSCALL). */
  endTransferDirect(): void {
    this.leave(-1);
  }

  /** Raises a fault, always. `error` < 0: no error code. */
  raise(vector: number, error = -1): void {
    this.ir.call(this.h.raise, this.ir.const32(vector), this.ir.const32(error));
    this.ir.exit_tb(ExitCode.UNREACHABLE);
    this.ended = true;
  }

  /** Raises a fault if `a op b`; goes on otherwise. */
  raiseIf(a: Temp, b: Temp, op: Cond, vector: number, error = -1): void {
    const skip: Label = this.ir.newLabel();
    this.ir.brcond(a, b, (op ^ 1) as Cond, skip);
    this.ir.call(this.h.raise, this.ir.const32(vector), this.ir.const32(error));
    this.ir.set_label(skip);
  }

  // ---- Stack -----------------------------------------------------------------------------------------------------------------

  /** Width of the stack pointer. */
  stackBits(): number {
    return this.mode === 64 ? 64 : this.hflags & HF.SS32 ? 32 : 16;
  }

  /** Linear address of an access of `bits` at stack offset `sp` (wrapped to the stack's width). */
  stackAddr(sp: Temp, bits: number, write = false): Temp {
    return this.linear(this.wrap(sp, this.stackBits()), SegReg.SS, bits, write);
  }

  /** Stores `v` below the stack pointer, then moves it. */
  push(v: Temp, bits: number): void {
    this.setSp(this.pushStore(v, bits));
  }

  /** The store of a push alone; gives the stack pointer as it will be. */
  pushStore(v: Temp, bits: number): Temp {
    const sp = this.ir.sub(this.g.gpr[Reg.RSP]!, this.ir.const64(bits >> 3));
    this.store(bits, this.stackAddr(sp, bits, true), v);
    return sp;
  }

  /** Loads the top of the stack; `popDone` moves the stack pointer once nothing can fault any more. */
  popLoad(bits: number): Temp {
    return this.load(bits, this.stackAddr(this.g.gpr[Reg.RSP]!, bits));
  }

  popDone(bytes: number): void {
    this.setSp(this.ir.add(this.g.gpr[Reg.RSP]!, this.ir.const64(bytes)));
  }

  setSp(sp: Temp): void {
    const bits = this.stackBits(), d = this.g.gpr[Reg.RSP]!;
    if (bits === 64) this.ir.set(d, sp);
    else if (bits === 32) this.ir.set(d, this.ir.extract(sp, 0, 32));
    else this.ir.set(d, this.ir.deposit(d, sp, 0, 16));
  }
}
