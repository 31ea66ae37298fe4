/**
 * IR to bytecode. Two passes: the first finds each temp's last use and lays out the constant pool in front of the code, the second
 * writes instructions. A temp has a cell of the frame from its first to its last use (branches go forwards only, so that interval
 * covers every path); cells are reused, and the frame stays in the processor's first cache. Nothing is allocated per op.
 */
import { Kind, memOpIdx, Op, OP_NAMES, ROWS, STRIDE, Type } from '@emu/tcg';
import type { Ir } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { EXTRA_WORDS, type Extra } from './bytecode.ts';
import { CASE_BASE, TYPES, VARIANT_OPERAND } from './cases.ts';
import { isHostOp } from './emit-ops.ts';
import { TciError } from './errors.ts';
import { guestCaseOf, type GuestMemory } from './guest-access.ts';
import { fusedKey, type Interpreter } from './interpreter.ts';

/** Cells of 8 and of 16 bytes for the temps of the running TB, and a cell for each small constant. */
const CELLS = 4096;
const WIDE_CELLS = 1024;
const SMALL_MIN = -256, SMALL_MAX = 1023;
/** Upper bounds used to check for room before encoding. */
const MAX_OP_BYTES = 96, MAX_CONST_BYTES = 16, ARG_BYTES = 4;
const MAX_INSNS = 0x10000;
/** The guest instruction's index in an instruction's first word. */
const INSN_MASK = 0xffff0000;
const OUTS = Uint8Array.from(ROWS, (row) => row.outs.length);
const INS = Uint8Array.from(ROWS, (row) => row.ins.length);
const FIRST_GUEST_OP = Op.qemu_ld, LAST_GUEST_OP = Op.atomic_cmpxchg;

export class Encoder {
  readonly #arena: Arena;
  readonly #u32: Uint32Array;
  readonly #interpreter: Interpreter;
  readonly #guest: GuestMemory;
  readonly #extras: readonly (readonly Extra[])[];
  readonly #frame: HostPtr;
  readonly #wideFrame: HostPtr;
  readonly #small: HostPtr;
  /** Free cells and how many were ever used, for the two sizes. */
  readonly #free: number[] = [];
  readonly #freeWide: number[] = [];
  #used = 0;
  #usedWide = 0;
  #cell = new Int32Array(4096);
  #lastUse = new Int32Array(4096);
  /** Label -> address once set; before that, address of the last word waiting for it, negated. 0 = neither. */
  #labels = new Int32Array(256);
  #ir!: Ir;
  /** Address that the current op's output is redirected to, or -1. */
  #redirected: HostPtr = -1;
  /** Case of the instruction that a next one may be fused to, and its word; -1 for none. */
  #previous = -1;
  #previousAt = 0;
  /** Index of the current op's first operand, and the word that is written next. */
  #p = 0;
  #w = 0;
  readonly #imm = (operand: number): number => this.#ir.args[this.#p + operand]!;

  constructor(arena: Arena, interpreter: Interpreter, guest: GuestMemory) {
    this.#arena = arena;
    this.#u32 = arena.u32;
    this.#interpreter = interpreter;
    this.#guest = guest;
    this.#extras = interpreter.cases.map((c) => c.extras);
    this.#frame = arena.alloc(CELLS * 8, 64);
    this.#wideFrame = arena.alloc(WIDE_CELLS * 16, 64);
    this.#small = arena.alloc((SMALL_MAX - SMALL_MIN + 1) * 8, 64);
    for (let n = SMALL_MIN; n <= SMALL_MAX; n++) {
      const at = (this.#small + (n - SMALL_MIN) * 8) >>> 2;
      arena.i32[at] = n;
      arena.i32[at + 1] = n >> 31;
    }
  }

  /** Bytes that `encode` may need for this TB. */
  static bound(ir: Ir): number {
    return ir.length * MAX_OP_BYTES + ir.tempCount * MAX_CONST_BYTES + ir.callArgCount * ARG_BYTES;
  }

  /** Writes the TB at `at` (a multiple of 16); returns the address of its first instruction. `end` is the address after it. */
  encode(ir: Ir, at: HostPtr): HostPtr {
    this.#ir = ir;
    this.#prepare();
    const start = this.#layOut(at);
    this.#w = start >>> 2;
    let insn = -1;
    for (let i = 0; i < ir.length; i++) {
      const op = ir.op[i]!;
      if (op === Op.insn_start) insn++;
      else if (op === Op.set_label) this.#setLabel(ir.args[i * STRIDE]!);
      else if (op !== Op.discard) this.#op(i, op, insn);
      this.#release(i, op);
      if (this.#redirected >= 0) {
        this.#redirected = -1;
        this.#release(++i, Op.mov); // the `mov` is done
      }
    }
    if (insn >= MAX_INSNS) throw new TciError(`A TB of ${insn + 1} guest instructions cannot be encoded; translate fewer than ${MAX_INSNS} at a time`);
    this.#checkLabels();
    return start;
  }

  get end(): HostPtr {
    return this.#w * 4;
  }

  #prepare(): void {
    const { tempCount, globalCount, labelCount } = this.#ir;
    if (tempCount > this.#cell.length) {
      this.#cell = new Int32Array(tempCount * 2);
      this.#lastUse = new Int32Array(tempCount * 2);
    }
    if (labelCount > this.#labels.length) this.#labels = new Int32Array(labelCount * 2);
    this.#cell.fill(0, globalCount, tempCount);
    this.#labels.fill(0, 0, labelCount);
    this.#free.length = this.#freeWide.length = 0;
    this.#used = this.#usedWide = 0;
    this.#previous = -1;
  }

  /** Pass 1: last uses, and the pool from `at` on. Returns the address after the pool. */
  #layOut(at: HostPtr): HostPtr {
    const ir = this.#ir, { args } = ir;
    let pool = at;
    for (let i = 0; i < ir.length; i++) {
      const op = ir.op[i]!;
      let p = i * STRIDE;
      if (op === Op.call) {
        if (args[p]! >= 0) this.#lastUse[args[p]!] = i;
        const first = args[p + 2]!, end = first + args[p + 3]!;
        for (let a = first; a < end; a++) pool = this.#see(ir.callArgs[a]!, i, pool);
      } else {
        const constBase = this.#constBase(i, op);
        for (const end = p + OUTS[op]! + INS[op]! - (constBase ? 1 : 0); p < end; p++) pool = this.#see(args[p]!, i, pool);
      }
    }
    return pool;
  }

  /** Notes a use of a temp by op `i`; gives a constant its word in the pool. Returns the end of the pool. */
  #see(t: number, i: number, pool: HostPtr): HostPtr {
    const ir = this.#ir, kind = ir.tempKind[t];
    if (kind === Kind.LOCAL) this.#lastUse[t] = i;
    else if (kind === Kind.CONST && this.#cell[t] === 0) {
      const type = ir.tempType[t], lo = ir.tempLo[t]!, hi = ir.tempHi[t]!;
      if (type === Type.v128) return this.#poolVector(t, lo, pool);
      if (lo >= SMALL_MIN && lo <= SMALL_MAX && (type === Type.i32 || type === Type.f32 || hi === lo >> 31)) {
        this.#cell[t] = this.#small + (lo - SMALL_MIN) * 8;
        return pool;
      }
      this.#u32[pool >>> 2] = lo;
      this.#u32[(pool >>> 2) + 1] = hi;
      this.#cell[t] = pool;
      return pool + 8;
    }
    return pool;
  }

  #poolVector(t: number, index: number, pool: HostPtr): HostPtr {
    const at = (pool + 15) & -16;
    this.#arena.u8.set(this.#ir.v128Pool.subarray(index * 16, index * 16 + 16), at);
    this.#cell[t] = at;
    return at + 16;
  }

  /** Whether op `i` loads or stores a whole T at a constant address: then it is a `mov` between cells. */
  #constBase(i: number, op: number): boolean {
    if (op !== Op.ld && op !== Op.st) return false;
    return this.#ir.tempKind[this.#ir.args[i * STRIDE + 1]!] === Kind.CONST;
  }

  /**
   * Where op `i` puts its one output `t`. A temp that only lives until the next op, a `mov`, is not made: the op writes where the `mov` would have
   * copied it. Ops read their inputs, and leave if they fault, before they write.
   */
  #outputAddress(i: number, t: number): HostPtr {
    const ir = this.#ir, next = i + 1;
    if (ir.tempKind[t] === Kind.LOCAL && this.#lastUse[t] === next && ir.op[next] === Op.mov && ir.args[next * STRIDE + 1] === t && ir.args[next * STRIDE] !== t) {
      return (this.#redirected = this.#address(ir.args[next * STRIDE]!));
    }
    return this.#address(t);
  }

  /** Writes the addresses of op `i`'s operands: outputs, then inputs. */
  #operands(i: number, op: number): void {
    const { args } = this.#ir, p = i * STRIDE, end = p + OUTS[op]! + INS[op]!;
    let a = p;
    if (OUTS[op] === 1) this.#u32[this.#w++] = this.#outputAddress(i, args[a++]!);
    for (; a < end; a++) this.#u32[this.#w++] = this.#address(args[a]!);
  }

  /** The address of a temp's value. */
  #address(t: number): number {
    const ir = this.#ir, kind = ir.tempKind[t];
    if (kind === Kind.GLOBAL) return ir.tempLo[t]!;
    return this.#cell[t]! || (this.#cell[t] = this.#newCell(ir.tempType[t] === Type.v128));
  }

  #newCell(wide: boolean): number {
    if (wide) {
      const n = this.#freeWide.pop() ?? this.#usedWide++;
      if (n >= WIDE_CELLS) throw new TciError(`A TB needs more than ${WIDE_CELLS} vectors at once; translate fewer instructions at a time`);
      return this.#wideFrame + n * 16;
    }
    const n = this.#free.pop() ?? this.#used++;
    if (n >= CELLS) throw new TciError(`A TB needs more than ${CELLS} temps at once; translate fewer instructions at a time`);
    return this.#frame + n * 8;
  }

  /** Frees the cells of temps whose last use was op `i`. */
  #release(i: number, op: number): void {
    const { args, callArgs } = this.#ir;
    const p = i * STRIDE;
    if (op === Op.call) {
      if (args[p]! >= 0) this.#releaseTemp(args[p]!, i);
      for (let a = args[p + 2]!, end = a + args[p + 3]!; a < end; a++) this.#releaseTemp(callArgs[a]!, i);
    } else {
      for (let a = p, end = p + OUTS[op]! + INS[op]!; a < end; a++) this.#releaseTemp(args[a]!, i);
    }
  }

  #releaseTemp(t: number, i: number): void {
    const ir = this.#ir;
    if (ir.tempKind[t] !== Kind.LOCAL || this.#lastUse[t] !== i || this.#cell[t] === 0) return;
    if (ir.tempType[t] === Type.v128) this.#freeWide.push((this.#cell[t]! - this.#wideFrame) / 16);
    else this.#free.push((this.#cell[t]! - this.#frame) / 8);
    this.#cell[t] = 0;
  }

  #op(i: number, op: number, insn: number): void {
    const ir = this.#ir, type = ir.type[i]!;
    this.#p = i * STRIDE;
    if (op === Op.call) return this.#call(i, insn);
    if (op >= FIRST_GUEST_OP && op <= LAST_GUEST_OP) return this.#guestOp(i, op, type, insn);
    if (this.#constBase(i, op)) return this.#moveAt(i, op, type);
    const base = CASE_BASE[op * TYPES + (ROWS[op]!.types.length ? type : Type.i32)]!;
    if (base < 0) throw new TciError(`Op ${OP_NAMES[op]} has no case for type ${type}; the IR is not verified`);
    const variantOperand = VARIANT_OPERAND[op]!;
    const number = variantOperand < 0 ? base : base + ir.args[this.#p + variantOperand]!;
    this.#begin(number, 0);
    this.#operands(i, op);
    if (isHostOp(op)) this.#u32[this.#w++] = ir.args[this.#p + OUTS[op]! + INS[op]!]!;
    else if (op === Op.br) this.#branch(ir.args[this.#p]!);
    else if (op === Op.brcond) this.#branch(ir.args[this.#p + 3]!);
    else if (op === Op.exit_tb) this.#u32[this.#w++] = ir.args[this.#p]!;
    else for (const extra of this.#extras[number]!) this.#extra(extra);
  }

  /** Begins an instruction, and fuses it to the one before if there is a case for both. */
  #begin(number: number, insn: number): void {
    const fused = this.#previous < 0 ? undefined : this.#interpreter.fused.get(fusedKey(this.#previous, number));
    if (fused === undefined) {
      this.#previous = number;
      this.#previousAt = this.#w;
    } else {
      this.#previous = fused;
      this.#u32[this.#previousAt] = (this.#u32[this.#previousAt]! & INSN_MASK) | fused;
    }
    this.#u32[this.#w++] = number | (insn << 16);
  }

  /** A load or store at a constant address. */
  #moveAt(i: number, op: number, type: number): void {
    const { args, tempLo } = this.#ir, p = this.#p;
    const value = op === Op.ld ? this.#outputAddress(i, args[p]!) : this.#address(args[p]!), place = tempLo[args[p + 1]!]! + args[p + 2]!;
    this.#begin(CASE_BASE[Op.mov * TYPES + type]!, 0);
    this.#u32[this.#w++] = op === Op.ld ? value : place;
    this.#u32[this.#w++] = op === Op.ld ? place : value;
  }

  #guestOp(i: number, op: number, type: number, insn: number): void {
    const { args } = this.#ir, p = this.#p;
    const operands = OUTS[op]! + INS[op]!;
    const memop = args[p + operands]!, mmu = args[p + operands + 1]!;
    this.#begin(this.#interpreter.memoryBase + guestCaseOf(op, type, memop), insn);
    this.#operands(i, op);
    this.#u32[this.#w++] = memOpIdx(memop, mmu);
    this.#u32[this.#w++] = this.#guest.descriptor(mmu);
  }

  #call(i: number, insn: number): void {
    const { args, callArgs } = this.#ir, p = this.#p;
    const d = args[p]!, helper = args[p + 1]!, first = args[p + 2]!, count = args[p + 3]!;
    this.#begin(this.#interpreter.callCaseOf[helper]!, insn);
    this.#u32[this.#w++] = helper;
    if (d >= 0) this.#u32[this.#w++] = this.#outputAddress(i, d);
    for (let a = first; a < first + count; a++) this.#u32[this.#w++] = this.#address(callArgs[a]!);
  }

  #extra(extra: Extra): void {
    if (extra.kind === 'i32') this.#u32[this.#w++] = extra.value(this.#imm);
    else if (extra.kind === 'i64') {
      this.#u32[this.#w++] = extra.lo(this.#imm);
      this.#u32[this.#w++] = extra.hi(this.#imm);
    } else {
      const index = this.#imm(extra.operand);
      this.#arena.u8.set(extra.value(this.#ir.v128Pool.subarray(index * 16, index * 16 + 16)), this.#w * 4);
      this.#w += EXTRA_WORDS.v128;
    }
  }

  /** Writes the address of a label, or a link in the chain of words that wait for it. */
  #branch(label: number): void {
    if (this.#labels[label]! > 0) throw new TciError(`A branch goes back to label ${label}; labels are branched to forwards only, a loop is a TB that goes to itself`);
    this.#u32[this.#w] = -this.#labels[label]!;
    this.#labels[label] = -this.#w;
    this.#w++;
  }

  #setLabel(label: number): void {
    for (let at = -this.#labels[label]!; at > 0;) {
      const before = this.#u32[at]!;
      this.#u32[at] = this.#w * 4;
      at = before;
    }
    this.#labels[label] = 1;
  }

  #checkLabels(): void {
    for (let label = 0; label < this.#ir.labelCount; label++) {
      if (this.#labels[label]! < 0) throw new TciError(`Label ${label} is branched to and never set; put set_label after the branch`);
    }
  }
}
