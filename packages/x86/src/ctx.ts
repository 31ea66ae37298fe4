/**
 * The translator's context: what an emitter works with. Operands are read and written by their position in the row; addresses,
 * segments, partial registers, lazy flags and leaving the TB are done here, once for all instructions.
 *
 * Integer values are i64 temps. A value of fewer bits may have garbage above them ("raw") unless a method says otherwise; loads
 * give zero-extended values. Guest-visible registers and flags are written only after the last access that may fault.
 *
 * A raw register value is the register's own temp: it changes when the register is written. Use it up, or copy it with
 * `ir.mov`, before that.
 */
import type { HostPtr } from '@emu/vaddr';
import { Cond, emitPayBack, FCond, HDR, MemOp, STRIDE, Type } from '@emu/tcg';
import type { Helper, Ir, Label, Temp } from '@emu/tcg';
import { Accesses } from './accesses.ts';
import { NONE, Seg, type Insn, type Mode } from './decode/insn.ts';
import { Method, operandBits, type Operand } from './decode/operands.ts';
import { CC_DYNAMIC, ccBits, ccCode, CC_EFLAGS, CcKind, ccKind, CC_OVERRIDE } from './flags.ts';
import { HF, isChecked, mmuIndex, ODD_WAYS, ONE_INSN } from './hflags.ts';
import { FloatValues } from './float-values.ts';
import type { X86Helpers } from './helpers/index.ts';
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

/** Kinds whose `ccSrc2` means something. */
const SRC2_KINDS: ReadonlySet<number> = new Set([CcKind.ADC, CcKind.SBB]);
/** Their codes are the numbers from the first one on. */
const FIRST_SRC2_CODE = CcKind.ADC * 4, SRC2_CODES = SRC2_KINDS.size * 4;

export interface Globals {
  readonly rip: Temp;
  readonly gpr: readonly Temp[];
  readonly xmm: readonly Temp[];
  readonly ccOp: Temp;
  readonly ccDst: Temp;
  readonly ccSrc: Temp;
  readonly ccSrc2: Temp;
  /** Bases of ES CS SS DS FS GS. */
  readonly segBase: readonly Temp[];
}

const GPR_NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const SEG_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

/** Declares the IR globals of a CPU whose state is at `env`. */
export function declareGlobals(ir: Ir, env: HostPtr): Globals {
  return {
    rip: ir.global('rip', Type.i64, env + HDR.pc),
    gpr: GPR_NAMES.map((name, n) => ir.global(name, Type.i64, env + ST.gpr + 8 * n)),
    ccOp: ir.global('cc_op', Type.i32, env + ST.ccOp),
    ccDst: ir.global('cc_dst', Type.i64, env + ST.ccDst),
    ccSrc: ir.global('cc_src', Type.i64, env + ST.ccSrc),
    ccSrc2: ir.global('cc_src2', Type.i64, env + ST.ccSrc2),
    segBase: SEG_NAMES.map((name, n) => ir.global(`${name}_base`, Type.i64, env + ST.segBase + 8 * n)),
    xmm: GPR_NAMES.map((_, n) => ir.global(`xmm${n}`, Type.v128, env + ST.xmm + 16 * n)),
  };
}

/**
 * A way out of the middle of the TB: goes on at `pcOffset`, with `ccOp` to be stored unless it is CC_DYNAMIC, after `insns` instructions. `opening`: that is
 * behind STI.
 */
interface EarlyWay { readonly label: Label; readonly pcOffset: number; readonly ccOp: number; readonly insns: number; readonly opening: boolean }

export class Ctx {
  readonly ir: Ir;
  readonly h: X86Helpers;
  /** Address of the CPU state, as a number and as helpers take it. */
  readonly env: HostPtr;
  readonly g: Globals;
  /** What is known of XMM registers. */
  readonly floats: FloatValues;
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
  /** What is known of `cc_op`: a code, or CC_DYNAMIC when memory holds it. */
  ccOp: number = CC_DYNAMIC;
  #ccDirty = false;
  /** CF and OF are in `cc_src2` although the code is in memory. */
  #isOverridden = false;
  /** First operand of the last SUB/CMP of this TB, or -1: saves computing it back. */
  #ccFirst: Temp = -1;
  /** This TB has written `ccSrc`, `ccSrc2` and not discarded it since. */
  #srcWritten = false;
  #src2Written = false;
  /** What `eflags` worked out for the flags as they are, or -1. */
  #worked: Temp = -1;
  /** Address of the ModR/M operand of this instruction, or -1. */
  #ea: Temp = -1;
  /** This instruction loads SS: no trap after it. */
  #holdsTraps = false;
  /** Instructions of this TB, with the current one. */
  #insns = 0;
  /** Ways out of this TB before its last instruction. */
  #earlyWays: EarlyWay[] = [];
  /** Operands of the comparison that EFLAGS bits are of, or -1: see `setComparison`. */
  #comparedA: Temp = -1;
  #comparedB: Temp = -1;
  /** Where the instruction behind STI begins, at whose end interrupts open; -1: there was no STI. */
  #opensBehind = -1;
  /** Where the `Accesses` of this instruction are among the IR's operands. */
  #accesses = 0;
  /** The last `cond`: compare `condA condOp condB`, all of type `condType`. */
  condA: Temp = 0;
  condB: Temp = 0;
  condOp: Cond = Cond.ne;

  constructor(ir: Ir, helpers: X86Helpers, env: HostPtr, globals: Globals) {
    this.ir = ir;
    this.h = helpers;
    this.env = env;
    this.g = globals;
    this.floats = new FloatValues(ir, globals.xmm);
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
    this.ccOp = CC_DYNAMIC;
    this.#ccDirty = this.#isOverridden = false;
    this.#ccFirst = this.#worked = this.#comparedA = -1;
    this.#insns = this.#earlyWays.length = 0;
    this.floats.begin();
    this.#opensBehind = -1;
    this.#srcWritten = this.#src2Written = false;
    this.ended = false;
  }

  /** Begins the instruction `i` that starts where the last one ended. */
  beginInsn(i: Insn): void {
    this.insn = i;
    this.pcOffset = this.nextOffset;
    this.nextOffset += i.length;
    this.#insns++;
    this.#ea = -1;
    this.#holdsTraps = false;
    this.#accesses = this.ir.length * STRIDE + 2;
    this.ir.insn_start(this.pcOffset, this.ccOp, i.row.align > 1 ? Accesses.ALIGNED : 0);
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
    return bits === 64 ? v : this.ir.extract(v, 0, bits);
  }

  sext(v: Temp, bits: number): Temp {
    return bits === 64 ? v : this.ir.sextract(v, 0, bits);
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
    this.flushCc();
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

  // ---- Flags -----------------------------------------------------------------------------------------------------------------

  /** Records the flags of an operation; see `flags.ts` for what each kind wants. `first` is SUB's first operand, for free comparisons. */
  setCc(kind: CcKind, bits: number, dst: Temp, src: Temp = -1, src2: Temp = -1, first: Temp = -1): void {
    const ir = this.ir, g = this.g;
    const saved = first >= 0 ? ir.mov(first) : -1; // it may be a register that changes before the flags are asked for
    if (src >= 0) ir.set(g.ccSrc, src);
    if (src2 >= 0) ir.set(g.ccSrc2, src2);
    ir.set(g.ccDst, dst);
    this.setCcOp(ccCode(kind, bits));
    this.#ccFirst = saved;
    this.#discardUnused(src >= 0, src2 >= 0);
  }

  /** The flags that are recorded now do not look at what they did not write. */
  #discardUnused(src: boolean, src2: boolean): void {
    if (this.#srcWritten && !src) this.ir.discard(this.g.ccSrc);
    if (this.#src2Written && !src2) this.ir.discard(this.g.ccSrc2);
    this.#srcWritten = src;
    this.#src2Written = src2;
  }

  /**
   * Writes the result of an arithmetic instruction to operand `k` and records its flags, in the order that keeps faults
   * precise (a memory destination first) and sources intact (`src` may be the register that is written).
   */
  writeCc(k: number, d: Temp, kind: CcKind, src: Temp = -1, src2: Temp = -1): void {
    const bits = this.bits(k);
    if (this.isMem(k)) this.write(k, d);
    this.setCc(kind, bits, d, src, src2);
    if (!this.isMem(k)) this.write(k, d);
  }

  ccCodeOf(kind: CcKind, bits: number): number {
    return ccCode(kind, bits);
  }

  /** `cc_src` holds EFLAGS bits now. */
  setEflags(v: Temp): void {
    this.ir.set(this.g.ccSrc, v);
    this.setCcOp(CC_EFLAGS);
    this.#discardUnused(true, false);
  }

  /** `cc_src` holds EFLAGS bits of the comparison of two floats, no NaNs. */
  setComparison(v: Temp, a: Temp, b: Temp): void {
    this.setEflags(v);
    this.#comparedA = a;
    this.#comparedB = b;
  }

  setCcOp(code: number): void {
    this.ccOp = code;
    this.#ccDirty = true;
    this.#isOverridden = false;
    this.#ccFirst = this.#worked = this.#comparedA = -1;
  }

  /** Code wrote `cc_op` itself. */
  setCcDynamic(): void {
    this.ccOp = CC_DYNAMIC;
    this.#ccDirty = this.#isOverridden = false;
    this.#ccFirst = this.#worked = this.#comparedA = -1;
  }

  /** The current code as a temp. */
  ccOpTemp(): Temp {
    return this.ccOp === CC_DYNAMIC ? this.g.ccOp : this.ir.const32(this.ccOp);
  }

  /** Puts `cc_op` into memory: before leaving the TB, and before a helper that reads or replaces the flags. */
  flushCc(): void {
    if (!this.#ccDirty) return;
    this.ir.set(this.g.ccOp, this.ir.const32(this.ccOp));
    this.#ccDirty = false;
  }

  /** All six flags at their EFLAGS places, i64. The lazy state stays as it is: an access after this may fault, and be made again. */
  eflags(): Temp {
    if (this.ccOp === CC_EFLAGS) return this.g.ccSrc;
    if (this.#worked < 0) {
      const ir = this.ir, g = this.g;
      this.#worked = ir.extu_i32_i64(ir.call(this.h.computeFlags, this.ccOpTemp(), g.ccDst, g.ccSrc, g.ccSrc2));
    }
    return this.#worked;
  }

  /**
   * New CF and OF (`carryOverflow` has them at their EFLAGS places, nothing else), the other flags stay. With `count`, a run-time
   * count of 0 leaves all six.
   */
  overrideCarryOverflow(carryOverflow: Temp, count: Temp = -1): void {
    const ir = this.ir, g = this.g;
    if (this.ccOp === CC_DYNAMIC && count < 0) return this.#overrideDynamic(carryOverflow);
    const known = this.ccOp !== CC_DYNAMIC && (this.ccOp & CC_OVERRIDE || !SRC2_KINDS.has(ccKind(this.ccOp)));
    if (!known) this.setEflags(this.eflags());
    const code = this.ccOp | CC_OVERRIDE;
    this.#src2Written = true;
    if (count < 0) {
      ir.set(g.ccSrc2, carryOverflow);
      return this.setCcOp(code);
    }
    const zero = ir.const64(0);
    ir.set(g.ccOp, ir.movcond(ir.extrl_i64_i32(count), ir.const32(0), ir.const32(code), ir.const32(this.ccOp), Cond.ne));
    ir.set(g.ccSrc2, ir.movcond(count, zero, carryOverflow, g.ccSrc2, Cond.ne));
    this.setCcDynamic();
  }

  /** As `overrideCarryOverflow`, of a code in memory: `cc_src2` is free unless an ADC or SBB left it. */
  #overrideDynamic(carryOverflow: Temp): void {
    const ir = this.ir, g = this.g, free = ir.newLabel();
    ir.brcond(ir.sub(g.ccOp, ir.const32(FIRST_SRC2_CODE)), ir.const32(SRC2_CODES), Cond.geu, free);
    ir.set(g.ccSrc, ir.extu_i32_i64(ir.call(this.h.computeFlags, g.ccOp, g.ccDst, g.ccSrc, g.ccSrc2)));
    ir.set(g.ccOp, ir.const32(CC_EFLAGS));
    ir.set_label(free);
    ir.set(g.ccOp, ir.or(g.ccOp, ir.const32(CC_OVERRIDE)));
    ir.set(g.ccSrc2, carryOverflow);
    this.#srcWritten = this.#src2Written = true;
    this.setCcDynamic();
    this.#isOverridden = true;
  }

  /** CF as 0 or 1, i64. */
  carry(): Temp {
    if (this.ccOp === CC_DYNAMIC && !this.#isOverridden) return this.#dynamicCarry();
    this.cond(2);
    return this.ir.setcond(this.condA, this.condB, this.condOp);
  }

  /** CF of a TB that begins with INC or DEC: most often the loop's own INC or DEC left it, as 0 or 1, or a comparison. */
  #dynamicCarry(): Temp {
    const ir = this.ir, g = this.g, carry = ir.temp(Type.i64), compared = ir.newLabel(), other = ir.newLabel(), done = ir.newLabel();
    ir.brcond(ir.sub(g.ccOp, ir.const32(ccCode(CcKind.INC, 8))), ir.const32(8), Cond.geu, compared);
    ir.set(carry, g.ccSrc);
    ir.br(done);
    ir.set_label(compared);
    const bits = this.mode === 64 ? 64 : 32;
    ir.brcond(g.ccOp, ir.const32(ccCode(CcKind.SUB, bits)), Cond.ne, other);
    ir.set(carry, ir.setcond(this.zext(ir.add(g.ccDst, g.ccSrc), bits), this.zext(g.ccSrc, bits), Cond.ltu));
    ir.br(done);
    ir.set_label(other);
    ir.set(carry, ir.extu_i32_i64(ir.call(this.h.carryFlag, g.ccOp, g.ccDst, g.ccSrc, g.ccSrc2)));
    ir.set_label(done);
    return carry;
  }

  /** Prepares condition code `cc` (0..15, the low four bits of Jcc) as `condA condOp condB` on i64 temps. */
  cond(cc: number): void {
    const code = this.ccOp;
    if (this.#isOverridden && cc >> 1 <= 1) this.#set(this.g.ccSrc2, Cond.tstne, this.ir.const64(cc >> 1 === 0 ? EFLAGS.OF : EFLAGS.CF));
    else if (code === CC_DYNAMIC) this.#condEflags(cc);
    else if (code & CC_OVERRIDE) this.#condOverride(cc, code - CC_OVERRIDE);
    else if (code === CC_EFLAGS) this.#condFloats(cc);
    else if (ccKind(code) === CcKind.SUB) this.#condSub(cc, ccBits(code));
    else this.#condResult(cc, ccKind(code), ccBits(code));
    if (cc & 1) this.condOp = (this.condOp ^ 1) as Cond;
  }

  /** CF is in `cc_src2`; ZF, SF and PF follow from the rest; whatever mixes them needs EFLAGS. */
  #condOverride(cc: number, code: number): void {
    const kind = cc >> 1;
    if (kind === 1) this.#set(this.g.ccSrc2, Cond.tstne, this.ir.const64(EFLAGS.CF));
    else if (code === CC_EFLAGS && kind === 2) this.#set(this.g.ccSrc, Cond.tstne, this.ir.const64(EFLAGS.ZF));
    else if (code !== CC_EFLAGS && (kind === 2 || kind === 4)) this.#condResult(cc, ccKind(code), ccBits(code));
    else this.#condEflags(cc);
  }

  /** EFLAGS bits; if they are of a comparison of floats, the operands are compared. */
  #condFloats(cc: number): void {
    const ir = this.ir, kind = cc >> 1, zero = ir.const64(0);
    if (this.#comparedA < 0 || kind === 0 || kind === 4 || kind > 5) this.#condEflags(cc);
    else if (kind === 5) this.#set(zero, Cond.ne, zero); // not unordered
    else {
      const holds = ir.fsetcond(this.#comparedA, this.#comparedB, kind === 1 ? FCond.lt : kind === 2 ? FCond.eq : FCond.le);
      this.#set(ir.extu_i32_i64(holds), Cond.ne, zero);
    }
  }

  #set(a: Temp, op: Cond, b: Temp): void {
    this.condA = a;
    this.condOp = op;
    this.condB = b;
  }

  #bit(mask: number): void {
    this.#set(this.eflags(), Cond.tstne, this.ir.const64(mask));
  }

  /** The even condition of the pair, from EFLAGS bits. */
  #condEflags(cc: number): void {
    const ir = this.ir;
    switch (cc >> 1) {
      case 0: return this.#bit(EFLAGS.OF);
      case 1: return this.#bit(EFLAGS.CF);
      case 2: return this.#bit(EFLAGS.ZF);
      case 3: return this.#bit(EFLAGS.CF | EFLAGS.ZF);
      case 4: return this.#bit(EFLAGS.SF);
      case 5: return this.#bit(EFLAGS.PF);
      default: { // SF != OF: bring OF down to SF's place
        const e = this.eflags();
        const differ = ir.xor(e, ir.shr(e, ir.const64(4)));
        if (cc >> 1 === 6) return this.#set(differ, Cond.tstne, ir.const64(EFLAGS.SF));
        const zero = ir.shl(e, ir.const64(1)); // ZF to SF's place
        return this.#set(ir.or(differ, zero), Cond.tstne, ir.const64(EFLAGS.SF));
      }
    }
  }

  /** After SUB or CMP: compare the operands themselves. */
  #condSub(cc: number, bits: number): void {
    const g = this.g;
    const first = this.#ccFirst >= 0 ? this.#ccFirst : cc >> 1 === 1 || cc >> 1 === 3 || cc >> 1 >= 6 ? this.ir.add(g.ccDst, g.ccSrc) : 0;
    switch (cc >> 1) {
      case 1: return this.#set(this.zext(first, bits), Cond.ltu, this.zext(g.ccSrc, bits));
      case 3: return this.#set(this.zext(first, bits), Cond.leu, this.zext(g.ccSrc, bits));
      case 6: return this.#set(this.sext(first, bits), Cond.lt, this.sext(g.ccSrc, bits));
      case 7: return this.#set(this.sext(first, bits), Cond.le, this.sext(g.ccSrc, bits));
      default: return this.#condResult(cc, CcKind.SUB, bits);
    }
  }

  /** CF of ADC (SBB): the sum (the first operand) is below the second, or equal to it with a carry in. */
  #chainedCarry(kind: CcKind, bits: number): Temp {
    const ir = this.ir, g = this.g;
    const first = kind === CcKind.ADC ? g.ccDst : ir.add(ir.add(g.ccDst, g.ccSrc), g.ccSrc2);
    const a = this.zext(first, bits), b = this.zext(g.ccSrc, bits);
    return ir.or(ir.setcond(a, b, Cond.ltu), ir.and(ir.setcond(a, b, Cond.eq), g.ccSrc2));
  }

  /** From the result where that suffices, else from EFLAGS. */
  #condResult(cc: number, kind: CcKind, bits: number): void {
    const ir = this.ir, g = this.g, zero = ir.const64(0);
    const plain = kind !== CcKind.POPCNT && kind !== CcKind.BITS;
    switch (cc >> 1) {
      case 1:
        if (kind === CcKind.ADD) return this.#set(this.zext(g.ccDst, bits), Cond.ltu, this.zext(g.ccSrc, bits));
        if (kind === CcKind.INC || kind === CcKind.DEC || kind === CcKind.SHR) return this.#set(g.ccSrc, Cond.tstne, ir.const64(1));
        if (kind === CcKind.SHL) return this.#set(this.sext(g.ccSrc, bits), Cond.lt, zero);
        if (kind === CcKind.LOGIC || kind === CcKind.POPCNT) return this.#set(zero, Cond.ne, zero);
        if (kind === CcKind.MUL) return this.#set(g.ccSrc, Cond.ne, zero);
        if (kind === CcKind.BITS) return this.#set(this.zext(g.ccSrc, bits), Cond.eq, zero);
        if (SRC2_KINDS.has(kind)) return this.#set(this.#chainedCarry(kind, bits), Cond.ne, zero);
        break;
      case 2: return this.#set(this.zext(g.ccDst, bits), Cond.eq, zero);
      case 3:
        if (kind === CcKind.LOGIC) return this.#set(this.zext(g.ccDst, bits), Cond.eq, zero);
        break;
      case 4: if (plain) return this.#set(this.sext(g.ccDst, bits), Cond.lt, zero); break;
      case 5:
        if (plain) { // an even number of ones in the low byte
          const ones = ir.ctpop(ir.extract(g.ccDst, 0, 8));
          return this.#set(ones, Cond.tsteq, ir.const64(1));
        }
        break;
      case 6: if (kind === CcKind.LOGIC) return this.#set(this.sext(g.ccDst, bits), Cond.lt, zero); break;
      case 7: if (kind === CcKind.LOGIC) return this.#set(this.sext(g.ccDst, bits), Cond.le, zero); break;
    }
    this.#condEflags(cc);
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
    if (f & HF.SSE_EXACT) this.#countOddWay();
  }

  /** This instruction is worked out exactly; the next one is not, or with guards of its own if that is often so. */
  #countOddWay(): void {
    const ir = this.ir, env = ir.const32(this.env), count = ir.add(ir.ld(Type.i32, env, ST.oddWays), ir.const32(1)), zero = ir.const32(0);
    ir.st(count, env, ST.oddWays);
    const wide = ir.movcond(count, ir.const32(ODD_WAYS.limit), zero, ir.const32(HF.SSE_WIDE), Cond.lt);
    this.#setFlags(ir.or(ir.and(this.#flags(), ir.const32(~HF.SSE_EXACT)), wide));
  }

  #flags(): Temp {
    return this.ir.ld(Type.i32, this.ir.const32(this.env), HDR.flags);
  }

  #setFlags(v: Temp): void {
    this.ir.st(v, this.ir.const32(this.env), HDR.flags);
  }

  /**
   * Where a floating-point instruction goes that may raise something: out of the TB, to one that works this instruction out exactly. Nothing of the
   * instruction may have been written. The mode must not be one of `ONE_INSN`.
   */
  oddLabel(): Label {
    const last = this.#earlyWays.at(-1);
    return last?.pcOffset === this.pcOffset ? last.label : this.#earlyLabel(this.pcOffset, this.#insns - 1);
  }

  /** Where an instruction goes, completed, that has made plain floating-point results right: out of the TB, for the next one has `SSE_FAST`. */
  fastLabel(): Label {
    return this.#earlyLabel(this.nextOffset, this.#insns);
  }

  #earlyLabel(pcOffset: number, insns: number): Label {
    const label = this.ir.newLabel();
    this.#earlyWays.push({ label, pcOffset, ccOp: this.#ccDirty ? this.ccOp : CC_DYNAMIC, insns, opening: this.#opensBehind >= 0 });
    return label;
  }

  /** The TB is complete but for its rare ways out. They end alike: with the mode of the TB to come, and this TB's instructions that are left paid back. */
  finish(): void {
    const ir = this.ir, ways = this.#earlyWays, unspent = ways.length > 0 ? ir.temp(Type.i32) : -1;
    let end: Label = -1;
    ways.forEach(({ label, pcOffset, ccOp, insns, opening }, i) => {
      const next = ways[i + 1], alike = next?.opening === opening;
      ir.set_label(label);
      if (ccOp !== CC_DYNAMIC) ir.set(this.g.ccOp, ir.const32(ccOp));
      ir.set(this.g.rip, this.pcAt(pcOffset));
      ir.set(unspent, ir.const32(this.#insns - insns));
      if (alike) return ir.br(end < 0 ? (end = ir.newLabel()) : end);
      if (end >= 0) ir.set_label(end);
      end = -1;
      this.#leaveEarly(unspent, opening);
    });
  }

  /** TBs with `SSE_FAST` are left before an instruction, others behind one. */
  #leaveEarly(unspent: Temp, opening: boolean): void {
    const ir = this.ir, before = (this.hflags & HF.SSE_FAST) !== 0;
    this.#setFlags(ir.or(this.#flags(), ir.const32(before ? HF.SSE_EXACT : HF.SSE_FAST)));
    emitPayBack(ir, this.env, unspent);
    if (before && opening) ir.call(this.h.inhibitInterrupts);
    if (before) ir.lookup_and_goto_ptr();
    else this.#leave(-1, opening);
  }

  /** Where interrupts may have opened: to the main loop if something waits, else straight on. */
  #poll(): void {
    const ir = this.ir, straight = ir.newLabel();
    ir.brcond(ir.ld(Type.i32, ir.const32(this.env), ST.attention), ir.const32(0), Cond.eq, straight);
    ir.exit_tb(ExitCode.POLL);
    ir.set_label(straight);
    ir.lookup_and_goto_ptr();
  }

  /** The last op of a TB: to the next TB, or to the main loop when a trap or a held interrupt is due. */
  #leave(slot: 0 | 1 | -1, opening = this.#opensBehind >= 0): void {
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
    this.flushCc();
    this.ir.set(this.g.rip, this.pcAt(offset, bits));
    const at = this.pageOffset + offset;
    this.#leave(bits !== 16 && at >= 0 && at < 4096 ? slot : -1);
  }

  /** Goes on with the next instruction in another TB. */
  gotoNext(slot: 0 | 1 = 0): void {
    this.gotoOffset(this.nextOffset, slot);
  }

  /** Goes to a computed RIP, already of the right width. */
  jumpTo(pc: Temp): void {
    this.flushCc();
    this.ir.set(this.g.rip, pc);
    this.#leave(-1);
  }

  /** Ends the TB after this instruction through the main loop, which does what `code` says. */
  exit(code: number): void {
    this.flushCc();
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
    this.flushCc();
    this.ir.set(this.g.rip, this.nextPc());
    this.#leave(-1);
  }

  /** A helper has set the whole key (pc, csBase, flags): far transfers, IRET, SYSCALL. */
  endTransfer(code: number = ExitCode.POLL): void {
    this.#exit(code);
  }

  /** A helper has set the whole key, and no interrupt is due (SYSCALL). */
  endTransferDirect(): void {
    this.#leave(-1);
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
