/**
 * The slow reference interpreter: a back end that executes IR op by op with the table's reference functions, on bigints. It is what the
 * optimiser and every other back end are compared with. Guest registers are read and written in CPU state at each op, so that state is
 * precise without any effort.
 */
import { EmuError } from '@emu/vaddr';
import type { Arena, HostPtr } from '@emu/vaddr';
import type { Backend } from '../backend.ts';
import { CPU_HEADER, JC, JUMP_CACHE_ENTRY, jumpCacheIndex, TB_RECORD } from '../cpu.ts';
import type { HelperRegistry } from '../helpers.ts';
import { Ir, Kind, STRIDE } from '../ir.ts';
import type { Temp } from '../ir.ts';
import type { JumpCache } from '../jump-cache-table.ts';
import { Op, OP_NAMES, operandType, OPS, ROWS, VALUE_OP_COUNT } from '../ops.ts';
import { applyReference, bigintOf, bytesOf, constantValue, poolBytes, readValue, truncate, writeValue } from '../reference-values.ts';
import type { IrValue } from '../reference-values.ts';
import type { Tb } from '../tb.ts';
import { Exit, MemOp, memOpIdx, Type, TYPE_BITS } from '../types.ts';

/**
 * Guest memory of the reference interpreter. `oi` is a `memOpIdx`, the address is hi:lo, values are unsigned and as wide as the access. A
 * fault sets `fault` in the CPU header and has no effect on memory.
 */
export interface GuestMemoryAccess {
  load(oi: number, lo: number, hi: number): bigint;
  store(oi: number, lo: number, hi: number, value: bigint): void;
}

export interface ReferenceOptions {
  readonly arena: Arena;
  /** Address of the CPU header. */
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly memory: GuestMemoryAccess;
  /** Needed if programs call helpers. */
  readonly helpers?: HelperRegistry;
}

type HelperFunction = (...args: (number | bigint)[]) => number | bigint | undefined;

/** What an op decides: go on, leave generated code, or run another TB. */
const NEXT = -1;
const LEAVE = -2;

export class ReferenceBackend implements Backend {
  readonly name = 'reference';
  readonly full = false;
  /** IR ops executed. */
  opsExecuted = 0;
  readonly #options: ReferenceOptions;
  readonly #header;
  readonly #code = new Map<HostPtr, Code>();
  #helperFunctions: readonly Function[] | undefined;
  /** The TB that runs, its temps, the index of the current instruction, and the TB to enter next (0: none). */
  #tb: HostPtr = 0;
  #temps: IrValue[] = [];
  #insn = 0;
  #enter: HostPtr = 0;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.#header = CPU_HEADER.at(options.arena, options.header);
  }

  generate(tb: Tb, ir: Ir): void {
    this.#code.set(tb.record, new Code(ir));
  }

  invalidate(): void {
    // the record may be running; its code is replaced by the next generate
  }

  flush(): void {
    this.#code.clear();
  }

  execute(tb: HostPtr): void {
    this.#enter = tb;
    while (this.#enter !== 0) {
      this.#tb = this.#enter;
      this.#enter = 0;
      if (this.#pay()) this.#run(this.#code.get(this.#tb)!);
    }
  }

  /** Enters the TB: counts it and subtracts its instructions from the budget. False: it left instead. */
  #pay(): boolean {
    const header = this.#header, record = TB_RECORD.at(this.#options.arena, this.#tb);
    if (header.budget < record.icount) return this.#leave(Exit.BUDGET), false;
    record.count++;
    if (record.count === record.hotCount) return this.#leave(Exit.HOT), false;
    header.budget -= record.icount;
    return true;
  }

  #leave(reason: Exit): typeof LEAVE {
    this.#header.exitReason = reason;
    this.#header.exitTb = this.#tb;
    return LEAVE;
  }

  #run(code: Code): void {
    this.#temps = [];
    this.#insn = -1;
    for (let i = 0; i < code.ir.length;) {
      this.opsExecuted++;
      const to = this.#op(code, i);
      if (to === LEAVE) return;
      if (this.#header.fault !== 0) return this.#fault();
      i = to === NEXT ? i + 1 : to;
    }
    throw new EmuError(`A TB ran off its end after ${code.ir.length} ops; end it with goto_tb, lookup_and_goto_ptr or exit_tb`);
  }

  #fault(): void {
    this.#header.faultTb = this.#tb;
    this.#header.faultInsn = this.#insn;
    this.#leave(Exit.FAULT);
  }

  /** Executes op `i`. Returns NEXT, LEAVE, or the op to go to. */
  #op(code: Code, i: number): number {
    const { ir } = code, op = ir.op[i]!, p = i * STRIDE, args = ir.args;
    this.#insn = code.insnOf[i]!;
    if (op < VALUE_OP_COUNT) return this.#value(ir, i);
    if (op === Op.call) return this.#call(ir, p);
    switch (op) {
      case Op.insn_start: case Op.set_label: case Op.discard: return NEXT;
      case Op.br: return code.labels[args[p]!]!;
      case Op.brcond: return this.#brcond(code, i);
      case Op.goto_tb: return this.#gotoTb(args[p]!);
      case Op.lookup_and_goto_ptr: return this.#lookup();
      case Op.exit_tb:
        this.#header.exitSlot = args[p]!;
        return this.#leave(Exit.TB);
      default: return this.#memory(ir, i);
    }
  }

  #value(ir: Ir, i: number): number {
    const row = ROWS[ir.op[i]!]!, p = i * STRIDE, type = ir.type[i] as Type, outs = row.outs.length, ins = row.ins.length;
    const inputs = row.ins.map((_, n) => this.#get(ir, ir.args[p + outs + n]!));
    const imms = row.imms.map((kind, n) => {
      const imm = ir.args[p + outs + ins + n]!;
      return kind === 'shuffle' ? poolBytes(ir, imm) : imm;
    });
    applyReference(row, type, inputs, imms).forEach((value, n) => this.#set(ir, ir.args[p + n]!, value));
    return NEXT;
  }

  #brcond({ ir, labels }: Code, i: number): number {
    const [a, b, cond, label] = ir.args.subarray(i * STRIDE, i * STRIDE + 4) as unknown as [number, number, number, number];
    const [taken] = applyReference(OPS.setcond, ir.type[i] as Type, [this.#get(ir, a), this.#get(ir, b)], [cond]);
    return taken === 1n ? labels[label]! : NEXT;
  }

  #gotoTb(slot: number): number {
    const linked = this.#options.arena.u32[(this.#tb + TB_RECORD.offset.jump + 4 * slot) >>> 2]!;
    if (linked !== 0) this.#enter = linked;
    else {
      this.#header.exitSlot = slot;
      this.#leave(Exit.CHAIN);
    }
    return LEAVE;
  }

  #lookup(): number {
    const header = this.#header, { arena, jumpCache } = this.#options;
    const at = jumpCache.address + jumpCacheIndex(header.pcLo) * JUMP_CACHE_ENTRY.size;
    const entry = JUMP_CACHE_ENTRY.at(arena, at);
    const hit = entry.tb !== 0 && entry.pcLo === header.pcLo && entry.pcHi === header.pcHi
      && entry.csBaseLo === header.csBaseLo && entry.csBaseHi === header.csBaseHi && entry.flags === header.flags;
    if (hit) this.#enter = arena.u32[(at + JC.tb) >>> 2]!;
    else this.#leave(Exit.LOOKUP);
    return LEAVE;
  }

  /** Helpers are called through the registry's Wasm functions, with a BigInt for each i64. */
  #call(ir: Ir, p: number): number {
    const { helpers, arena, header } = this.#options;
    if (!helpers) throw new EmuError('The program calls a helper, but the reference interpreter was made without a helper registry');
    this.#helperFunctions ??= helpers.instantiate(arena, header);
    const [output, index, first, n] = ir.args.subarray(p, p + 4) as unknown as [number, number, number, number];
    const args = Array.from(ir.callArgs.subarray(first, first + n), (t) => {
      const value = this.#get(ir, t) as bigint;
      return ir.tempType[t] === Type.i32 ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
    });
    const result = (this.#helperFunctions[index] as HelperFunction)(...args);
    if (this.#header.fault === 0 && output >= 0) this.#set(ir, output, truncate(BigInt(result!), ir.tempType[output] as Type));
    return NEXT;
  }

  #memory(ir: Ir, i: number): number {
    const name = OP_NAMES[ir.op[i]!]!, p = i * STRIDE, type = ir.type[i] as Type;
    if (name === 'qemu_ld') this.#guestLoad(ir, p, type);
    else if (name === 'qemu_st') this.#guestStore(ir, p, type);
    else if (name.startsWith('atomic_')) this.#atomic(ir, p, name, type);
    else if (name.startsWith('ld')) this.#hostLoad(ir, p, name, type);
    else this.#hostStore(ir, p, name, type);
    return NEXT;
  }

  #guestLoad(ir: Ir, p: number, type: Type): void {
    const [d, a, op, mmu] = ir.args.subarray(p, p + 4) as unknown as [number, number, number, number];
    const raw = this.#load(op, mmu, this.#get(ir, a) as bigint);
    if (this.#header.fault === 0) this.#set(ir, d, type === Type.v128 ? bytesOf(raw) : extended(raw, op, type));
  }

  #guestStore(ir: Ir, p: number, type: Type): void {
    const [v, a, op, mmu] = ir.args.subarray(p, p + 4) as unknown as [number, number, number, number];
    const value = this.#get(ir, v);
    this.#store(op, mmu, this.#get(ir, a) as bigint, type === Type.v128 ? bigintOf(value as Uint8Array) : value as bigint);
  }

  #atomic(ir: Ir, p: number, name: string, type: Type): void {
    const cmpxchg = name === 'atomic_cmpxchg';
    const d = ir.args[p]!, address = this.#get(ir, ir.args[p + 1]!) as bigint, b = this.#get(ir, ir.args[p + 2]!) as bigint;
    const at = p + (cmpxchg ? 4 : 3), op = ir.args[at]!, mmu = ir.args[at + 1]!;
    const old = this.#load(op | MemOp.RMW, mmu, address);
    if (this.#header.fault !== 0) return;
    const c = cmpxchg ? this.#get(ir, ir.args[p + 3]!) as bigint : 0n;
    this.#store(op, mmu, address, ATOMIC[name]!(old, truncateTo(b, op), c));
    if (this.#header.fault === 0) this.#set(ir, d, extended(old, op, type));
  }

  #load(op: number, mmu: number, address: bigint): bigint {
    return this.#options.memory.load(memOpIdx(op, mmu), ...halves(address));
  }

  #store(op: number, mmu: number, address: bigint, value: bigint): void {
    this.#options.memory.store(memOpIdx(op, mmu), ...halves(address), truncateTo(value, op));
  }

  #hostLoad(ir: Ir, p: number, name: string, type: Type): void {
    const [d, base, offset] = ir.args.subarray(p, p + 3) as unknown as [number, number, number];
    const at = this.#hostAddress(ir, base, offset), wide = operandType(ROWS[Op[name as 'ld']]!.outs[0]!, type);
    const bits = Number(/\d+/.exec(name)?.[0] ?? 0);
    if (bits === 0) return this.#set(ir, d, readValue(this.#options.arena, type, at));
    const raw = BigInt.asUintN(bits, readValue(this.#options.arena, Type.i64, at) as bigint);
    this.#set(ir, d, truncate(name.endsWith('s') ? BigInt.asIntN(bits, raw) : raw, wide));
  }

  #hostStore(ir: Ir, p: number, name: string, type: Type): void {
    const [v, base, offset] = ir.args.subarray(p, p + 3) as unknown as [number, number, number];
    const at = this.#hostAddress(ir, base, offset), { arena } = this.#options, value = this.#get(ir, v);
    if (name === 'st8') arena.u8[at] = Number((value as bigint) & 0xffn);
    else if (name === 'st16') arena.view.setUint16(at, Number((value as bigint) & 0xffffn), true);
    else if (name === 'st32') arena.view.setUint32(at, Number((value as bigint) & 0xffffffffn), true);
    else writeValue(arena, type, at, value);
  }

  #hostAddress(ir: Ir, base: Temp, offset: number): HostPtr {
    return Number(this.#get(ir, base)) + offset;
  }

  #get(ir: Ir, t: Temp): IrValue {
    switch (ir.tempKind[t]) {
      case Kind.GLOBAL: return readValue(this.#options.arena, ir.tempType[t] as Type, ir.tempLo[t]!);
      case Kind.CONST: return constantValue(ir, t);
      default: {
        const value = this.#temps[t];
        if (value === undefined) throw new EmuError(`Temp ${t} is read before it is written; verify the IR first`);
        return value;
      }
    }
  }

  #set(ir: Ir, t: Temp, value: IrValue): void {
    if (ir.tempKind[t] === Kind.GLOBAL) writeValue(this.#options.arena, ir.tempType[t] as Type, ir.tempLo[t]!, value);
    else this.#temps[t] = value;
  }
}

const bitsOf = (op: number): number => 8 << (op & MemOp.SIZE);
const truncateTo = (value: bigint, op: number): bigint => BigInt.asUintN(bitsOf(op), value);
const extended = (raw: bigint, op: number, type: Type): bigint =>
  BigInt.asUintN(TYPE_BITS[type], op & MemOp.SIGN ? BigInt.asIntN(bitsOf(op), raw) : raw);
const halves = (address: bigint): [number, number] => [Number(address & 0xffffffffn), Number(address >> 32n)];

const ATOMIC: Readonly<Record<string, (old: bigint, b: bigint, c: bigint) => bigint>> = {
  atomic_xchg: (_, b) => b,
  atomic_fetch_add: (old, b) => old + b,
  atomic_fetch_and: (old, b) => old & b,
  atomic_fetch_or: (old, b) => old | b,
  atomic_fetch_xor: (old, b) => old ^ b,
  atomic_cmpxchg: (old, b, c) => (old === b ? c : old),
};

/** A copy of a TB's IR, with what the interpreter looks up. */
class Code {
  readonly ir: Ir;
  /** Op index of each label. */
  readonly labels: number[] = [];
  /** Index of the guest instruction that each op belongs to. */
  readonly insnOf: number[] = [];

  constructor(ir: Ir) {
    this.ir = ir.copy();
    let insn = -1;
    for (let i = 0; i < ir.length; i++) {
      if (ir.op[i] === Op.insn_start) insn++;
      if (ir.op[i] === Op.set_label) this.labels[ir.args[i * STRIDE]!] = i;
      this.insnOf.push(insn);
    }
  }
}
