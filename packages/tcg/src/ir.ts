/**
 * One translation's worth of IR, in typed arrays: ops as a structure of arrays, temps as another. Reused for every TB;
 * building allocates nothing. Value ops are methods named like the op: they make a fresh temp and return it
 * (`const d = ir.add(a, b)`); an op with two outputs returns the first, the second is the next number. `ir.set(d, a)`
 * writes an existing temp or global.
 *
 * Temps are numbers. Globals come first (they live in CPU state, at a fixed address), then the constants and locals of this
 * TB. Operands of op `i` start at `args[i * STRIDE]`: outputs, inputs, immediates, in the row's order.
 */
import { IrError } from './errors.ts';
import type { Helper } from './helpers.ts';
import { Op, OP_NAMES, operandType, ROWS, VALUE_OP_COUNT } from './ops.ts';
import type { Row, ValueOp, VALUE_OPS } from './ops.ts';
import { Type } from './types.ts';
import type { Cond } from './types.ts';

/** Index into the temp arrays. */
export type Temp = number;
/** Number of a label of this TB. */
export type Label = number;

/** Operands an op has room for. */
export const STRIDE = 8;
export const Kind = { GLOBAL: 0, CONST: 1, LOCAL: 2 } as const;

type Params<T extends readonly unknown[], To> = { [K in keyof T]: To };
type Method<R> = R extends Row<infer O, infer I, infer M> ? (...operands: [...Params<I, Temp>, ...Params<M, number>]) => O['length'] extends 0 ? void : Temp : never;
/** The methods that `ir.ts` derives from the rows of `VALUE_OPS`. */
export type ValueMethods = { [K in ValueOp]: Method<(typeof VALUE_OPS)[K]> };

export interface Ir extends ValueMethods {}

const CONST_SLOTS = 1024;
const INITIAL_OPS = 4096, INITIAL_TEMPS = 4096, INITIAL_CALL_ARGS = 1024;

export class Ir {
  /** Ops: opcode, T and operands. `length` counts them. */
  op = new Uint16Array(INITIAL_OPS);
  type = new Uint8Array(INITIAL_OPS);
  args = new Int32Array(INITIAL_OPS * STRIDE);
  length = 0;

  /** Temps: type, kind, and for a global its address (`lo`), for a constant its value (a v128's is its index in `v128Pool`). */
  tempType = new Uint8Array(INITIAL_TEMPS);
  tempKind = new Uint8Array(INITIAL_TEMPS);
  tempLo = new Int32Array(INITIAL_TEMPS);
  tempHi = new Int32Array(INITIAL_TEMPS);
  tempCount = 0;
  globalCount = 0;
  /** Names of globals, for the printer. */
  readonly globalNames: string[] = [];

  /** Values of v128 constants, 16 bytes each. */
  v128Pool = new Uint8Array(64 * 16);
  v128Count = 0;

  /** Arguments of calls, and the helpers that `call` refers to by index. */
  callArgs = new Int32Array(INITIAL_CALL_ARGS);
  callArgCount = 0;
  helpers: readonly Helper[] = [];

  labelCount = 0;

  #constTable = new Int32Array(CONST_SLOTS);
  #constStamp = new Int32Array(CONST_SLOTS);
  #stamp = 1;

  /** Declares a guest register that lives at `address` in the arena. All globals are declared before the first TB. */
  global(name: string, type: Type, address: number): Temp {
    if (this.tempCount !== this.globalCount) throw new IrError(`Global ${name} comes after a temp; declare globals before translating`);
    const t = this.#newTemp(type, Kind.GLOBAL);
    this.tempLo[t] = address;
    this.globalNames.push(name);
    this.globalCount = this.tempCount;
    return t;
  }

  /** Forgets the TB: ops, labels, and all temps but globals. */
  reset(): void {
    this.length = 0;
    this.labelCount = 0;
    this.callArgCount = 0;
    this.v128Count = 0;
    this.tempCount = this.globalCount;
    this.#stamp++;
  }

  /** A copy of this TB's IR that later translations do not touch. For tests and tools: it allocates. */
  copy(): Ir {
    const ir = new Ir();
    ir.op = this.op.slice(0, this.length + 1);
    ir.type = this.type.slice(0, this.length + 1);
    ir.args = this.args.slice(0, (this.length + 1) * STRIDE);
    ir.tempType = this.tempType.slice(0, this.tempCount + 1);
    ir.tempKind = this.tempKind.slice(0, this.tempCount + 1);
    ir.tempLo = this.tempLo.slice(0, this.tempCount + 1);
    ir.tempHi = this.tempHi.slice(0, this.tempCount + 1);
    ir.v128Pool = this.v128Pool.slice(0, (this.v128Count + 1) * 16);
    ir.callArgs = this.callArgs.slice(0, this.callArgCount + 1);
    const { length, tempCount, globalCount, v128Count, callArgCount, labelCount, helpers } = this;
    Object.assign(ir, { length, tempCount, globalCount, v128Count, callArgCount, labelCount, helpers });
    ir.globalNames.push(...this.globalNames);
    return ir;
  }

  /** A new temp to be written with `set`. */
  temp(type: Type): Temp {
    return this.#newTemp(type, Kind.LOCAL);
  }

  const32(value: number): Temp {
    return this.#constant(Type.i32, value | 0, 0);
  }

  /** @param hi upper half; by default the sign of `lo`. */
  const64(lo: number, hi = lo >> 31): Temp {
    return this.#constant(Type.i64, lo | 0, hi | 0);
  }

  /** A constant of integer type `t`, sign-extended. */
  constant(t: Type, value: number): Temp {
    return t === Type.i64 ? this.const64(value) : this.const32(value);
  }

  /** An f32 or f64 constant by its bits; for f32 `hi` is ignored. */
  constFloat(type: Type, lo: number, hi = 0): Temp {
    return this.#constant(type, lo | 0, type === Type.f32 ? 0 : hi | 0);
  }

  constV128(a: number, b: number, c: number, d: number): Temp {
    const t = this.#newTemp(Type.v128, Kind.CONST);
    this.tempLo[t] = this.poolV128(a, b, c, d);
    return t;
  }

  /** Puts 16 bytes (four i32) into the pool; returns the index. Byte-lane lists of `vshuffle` are given this way too. */
  poolV128(a: number, b: number, c: number, d: number): number {
    const i = this.v128Count++;
    if (this.v128Count * 16 > this.v128Pool.length) this.v128Pool = grown(this.v128Pool, this.v128Pool.length * 2);
    const words = new DataView(this.v128Pool.buffer, i * 16);
    words.setInt32(0, a, true);
    words.setInt32(4, b, true);
    words.setInt32(8, c, true);
    words.setInt32(12, d, true);
    return i;
  }

  isConst(t: Temp): boolean {
    return this.tempKind[t] === Kind.CONST;
  }

  /** d = a, for a `d` that exists. */
  set(d: Temp, a: Temp): void {
    const p = this.emit(Op.mov, this.tempType[d]!);
    this.args[p] = d;
    this.args[p + 1] = a;
  }

  // Host memory: CPU state and tables in the arena. Never the place of a global: the optimiser does not expect that.
  ld8u(type: Type, base: Temp, offset: number): Temp { return this.#load(Op.ld8u, type, type, base, offset); }
  ld8s(type: Type, base: Temp, offset: number): Temp { return this.#load(Op.ld8s, type, type, base, offset); }
  ld16u(type: Type, base: Temp, offset: number): Temp { return this.#load(Op.ld16u, type, type, base, offset); }
  ld16s(type: Type, base: Temp, offset: number): Temp { return this.#load(Op.ld16s, type, type, base, offset); }
  ld32u(base: Temp, offset: number): Temp { return this.#load(Op.ld32u, Type.i64, Type.i64, base, offset); }
  ld32s(base: Temp, offset: number): Temp { return this.#load(Op.ld32s, Type.i64, Type.i64, base, offset); }
  ld(type: Type, base: Temp, offset: number): Temp { return this.#load(Op.ld, type, type, base, offset); }
  st8(a: Temp, base: Temp, offset: number): void { this.#emit3(Op.st8, this.tempType[a]!, a, base, offset); }
  st16(a: Temp, base: Temp, offset: number): void { this.#emit3(Op.st16, this.tempType[a]!, a, base, offset); }
  st32(a: Temp, base: Temp, offset: number): void { this.#emit3(Op.st32, Type.i64, a, base, offset); }
  st(a: Temp, base: Temp, offset: number): void { this.#emit3(Op.st, this.tempType[a]!, a, base, offset); }

  // Guest memory.
  qemu_ld(type: Type, addr: Temp, memop: number, mmu: number): Temp {
    const d = this.temp(type);
    this.#emit4(Op.qemu_ld, type, d, addr, memop, mmu);
    return d;
  }
  qemu_st(a: Temp, addr: Temp, memop: number, mmu: number): void { this.#emit4(Op.qemu_st, this.tempType[a]!, a, addr, memop, mmu); }
  atomic_xchg(addr: Temp, b: Temp, memop: number, mmu: number): Temp { return this.#atomic(Op.atomic_xchg, addr, b, memop, mmu); }
  atomic_fetch_add(addr: Temp, b: Temp, memop: number, mmu: number): Temp { return this.#atomic(Op.atomic_fetch_add, addr, b, memop, mmu); }
  atomic_fetch_and(addr: Temp, b: Temp, memop: number, mmu: number): Temp { return this.#atomic(Op.atomic_fetch_and, addr, b, memop, mmu); }
  atomic_fetch_or(addr: Temp, b: Temp, memop: number, mmu: number): Temp { return this.#atomic(Op.atomic_fetch_or, addr, b, memop, mmu); }
  atomic_fetch_xor(addr: Temp, b: Temp, memop: number, mmu: number): Temp { return this.#atomic(Op.atomic_fetch_xor, addr, b, memop, mmu); }
  atomic_cmpxchg(addr: Temp, expected: Temp, replacement: Temp, memop: number, mmu: number): Temp {
    const d = this.temp(this.tempType[expected]! as Type);
    const p = this.emit(Op.atomic_cmpxchg, this.tempType[expected]!);
    const args = this.args;
    args[p] = d;
    args[p + 1] = addr;
    args[p + 2] = expected;
    args[p + 3] = replacement;
    args[p + 4] = memop;
    args[p + 5] = mmu;
    return d;
  }

  // Control.
  insn_start(pcOffset: number, word0 = 0, word1 = 0): void { this.#emit3(Op.insn_start, 0, pcOffset, word0, word1); }
  newLabel(): Label { return this.labelCount++; }
  set_label(label: Label): void { this.args[this.emit(Op.set_label, 0)] = label; }
  br(label: Label): void { this.args[this.emit(Op.br, 0)] = label; }
  brcond(a: Temp, b: Temp, cond: Cond, label: Label): void { this.#emit4(Op.brcond, this.tempType[a]!, a, b, cond, label); }
  goto_tb(slot: 0 | 1): void { this.args[this.emit(Op.goto_tb, 0)] = slot; }
  lookup_and_goto_ptr(): void { this.emit(Op.lookup_and_goto_ptr, 0); }
  exit_tb(reason: number): void { this.args[this.emit(Op.exit_tb, 0)] = reason; }
  discard(t: Temp): void { this.args[this.emit(Op.discard, this.tempType[t]!)] = t; }

  /** Calls a helper with as many temps as it has parameters. Returns the result's temp, or -1 for a helper without one. */
  call(helper: Helper, ...args: Temp[]): Temp {
    if (args.length !== helper.params.length) {
      throw new IrError(`Helper ${helper.name} takes ${helper.params.length} arguments (${helper.params.join(', ')}), not ${args.length}`);
    }
    const first = this.callArgCount;
    while (first + args.length > this.callArgs.length) this.callArgs = grown(this.callArgs, this.callArgs.length * 2);
    for (let i = 0; i < args.length; i++) this.callArgs[first + i] = args[i]!;
    this.callArgCount += args.length;
    const d = helper.resultType < 0 ? -1 : this.temp(helper.resultType as Type);
    this.#emit4(Op.call, 0, d, helper.index, first, args.length);
    return d;
  }

  /** Appends an op and returns the index of its first operand in `args`. */
  emit(op: number, type: number): number {
    const i = this.length++;
    if (i === this.op.length) this.#growOps();
    this.op[i] = op;
    this.type[i] = type;
    return i * STRIDE;
  }

  #load(op: number, type: number, result: Type, base: Temp, offset: number): Temp {
    const d = this.temp(result);
    this.#emit3(op, type, d, base, offset);
    return d;
  }

  #atomic(op: number, addr: Temp, b: Temp, memop: number, mmu: number): Temp {
    const type = this.tempType[b]! as Type;
    const d = this.temp(type);
    const p = this.emit(op, type);
    this.args[p] = d;
    this.args[p + 1] = addr;
    this.args[p + 2] = b;
    this.args[p + 3] = memop;
    this.args[p + 4] = mmu;
    return d;
  }

  #emit3(op: number, type: number, a: number, b: number, c: number): void {
    const p = this.emit(op, type);
    this.args[p] = a;
    this.args[p + 1] = b;
    this.args[p + 2] = c;
  }

  #emit4(op: number, type: number, a: number, b: number, c: number, d: number): void {
    const p = this.emit(op, type);
    this.args[p] = a;
    this.args[p + 1] = b;
    this.args[p + 2] = c;
    this.args[p + 3] = d;
  }

  #newTemp(type: number, kind: number): Temp {
    const t = this.tempCount++;
    if (t === this.tempType.length) this.#growTemps();
    this.tempType[t] = type;
    this.tempKind[t] = kind;
    return t;
  }

  /** Constants are interned: equal constants of a TB are one temp. */
  #constant(type: number, lo: number, hi: number): Temp {
    let h = (Math.imul(lo ^ (type << 28), 0x9e3779b1) ^ Math.imul(hi, 0x85ebca6b)) >>> 22;
    for (let probes = 0; probes < 16; probes++, h = (h + 1) & (CONST_SLOTS - 1)) {
      if (this.#constStamp[h] !== this.#stamp) {
        this.#constStamp[h] = this.#stamp;
        return (this.#constTable[h] = this.#newConst(type, lo, hi));
      }
      const t = this.#constTable[h]!;
      if (this.tempType[t] === type && this.tempLo[t] === lo && this.tempHi[t] === hi) return t;
    }
    return this.#newConst(type, lo, hi); // a crowded table: a second copy does no harm
  }

  #newConst(type: number, lo: number, hi: number): Temp {
    const t = this.#newTemp(type, Kind.CONST);
    this.tempLo[t] = lo;
    this.tempHi[t] = hi;
    return t;
  }

  #growOps(): void {
    const n = this.op.length * 2;
    this.op = grown(this.op, n);
    this.type = grown(this.type, n);
    this.args = grown(this.args, n * STRIDE);
  }

  #growTemps(): void {
    const n = this.tempType.length * 2;
    this.tempType = grown(this.tempType, n);
    this.tempKind = grown(this.tempKind, n);
    this.tempLo = grown(this.tempLo, n);
    this.tempHi = grown(this.tempHi, n);
  }
}

function grown<T extends Uint8Array | Uint16Array | Int32Array>(from: T, length: number): T {
  const to = new (from.constructor as new (n: number) => T)(length);
  to.set(from as never);
  return to;
}

/** The method of a value op: a fresh temp for each output, then the operands as given. */
function valueMethod(op: number, row: Row): (this: Ir, a: number, b: number, c: number, d: number, e: number) => Temp {
  const fixed = row.types.length === 0;
  const outs = row.outs.length, operands = row.ins.length + row.imms.length;
  const out0 = row.outs[0]!;
  const outType = out0 === 'T' ? -1 : operandType(out0, Type.i32);
  if (operands > 5 || outs < 1 || outs > 2 || (!fixed && row.ins[0] !== 'T')) {
    throw new IrError(`Row ${OP_NAMES[op]} does not fit the builder: T must be the first input, at most 5 operands, 1 or 2 outputs`);
  }
  return function (a, b, c, d, e) {
    const type = fixed ? 0 : this.tempType[a]!;
    const result = this.temp((outType < 0 ? type : outType) as Type);
    let p = this.emit(op, type);
    const args = this.args;
    args[p++] = result;
    if (outs === 2) args[p++] = this.temp((outType < 0 ? type : outType) as Type);
    args[p] = a;
    if (operands > 1) args[p + 1] = b;
    if (operands > 2) args[p + 2] = c;
    if (operands > 3) args[p + 3] = d;
    if (operands > 4) args[p + 4] = e;
    return result;
  };
}
for (let op = 0; op < VALUE_OP_COUNT; op++) {
  Object.defineProperty(Ir.prototype, OP_NAMES[op]!, { value: valueMethod(op, ROWS[op]!) });
}
