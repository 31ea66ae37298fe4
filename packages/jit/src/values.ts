/**
 * Temps as Wasm values. A temp that is used once in its block is not computed until it is used, and then on the stack; others get a local.
 * Globals and temps that live across blocks have a local for the whole function or TB, the rest share.
 */
import { Cond, emitCompare, Kind, LOWER, Op, OP_NAMES, STRIDE, Type, WASM_TYPE } from '@emu/tcg';
import type { Immediates, Ir, LowerTarget, Temp, ValueOp } from '@emu/tcg';
import type { FuncBuilder, ValType } from '@emu/wasm';
import type { Globals } from './globals.ts';
import { LocalPool } from './locals.ts';
import { lowerShort } from './lower-short.ts';
import type { RegionCode } from './region-code.ts';
import { INS, OUTS, READS_TWICE } from './shape.ts';

const PENDING_AT_MOST = 24;
const DEPTH_AT_MOST = 24;
const HALF = 32;

export class Values implements LowerTarget {
  readonly static = true;
  f!: FuncBuilder;
  /** Index of the TB whose block is being emitted. */
  tb = 0;
  #ir!: Ir;
  #code!: RegionCode;
  #globals!: Globals;
  /** Local of a temp + 1; 0 is none. */
  #localOf = new Int32Array(4096);
  /** Index of the op that computes a temp when it is used, + 1. */
  #pendingOp = new Int32Array(4096);
  readonly #pending: Temp[] = [];
  /** Locals for temps within a block, and for temps that live across blocks of one TB. */
  readonly #blockPool = new LocalPool();
  readonly #shared: number[][] = WASM_TYPE.map(() => []);
  /** How many of the shared locals of each type a TB uses: TB * types + type. */
  #taken = new Int32Array(64 * WASM_TYPE.length);
  /** The op being lowered: index of its first operand, number of outputs and operands; whether its result stays on the stack. */
  #p = 0;
  #outs = 0;
  #operands = 0;
  #onStack = false;
  #depth = 0;
  readonly #imm: Immediates = (operand) => this.#ir.args[this.#p + operand]!;

  begin(f: FuncBuilder, code: RegionCode, globals: Globals): void {
    this.f = f;
    this.#ir = code.ir;
    this.#code = code;
    this.#globals = globals;
    const n = code.ir.tempCount;
    if (n > this.#localOf.length) {
      this.#localOf = new Int32Array(n * 2);
      this.#pendingOp = new Int32Array(n * 2);
    }
    this.#localOf.fill(0, 0, n);
    this.#pendingOp.fill(0, 0, n);
    this.#pending.length = 0;
    this.#blockPool.begin(f);
    for (const locals of this.#shared) locals.length = 0;
    const counters = code.tbs.length * WASM_TYPE.length;
    if (counters > this.#taken.length) this.#taken = new Int32Array(counters * 2);
    this.#taken.fill(0, 0, counters);
    this.#depth = 0;
  }

  /** The local of a global, of `base`, or of another temp that has a place of its own. */
  localOf(t: Temp): number {
    const known = this.#localOf[t]!;
    if (known > 0) return known - 1;
    const type = WASM_TYPE[this.#ir.tempType[t]!]!;
    let local: number;
    if (t < this.#ir.globalCount || t === this.#code.base) local = this.f.local(type);
    else if (this.#code.crosses(t)) local = this.#sharedLocal(this.#ir.tempType[t]!);
    else local = this.#blockPool.take(type);
    this.#localOf[t] = local + 1;
    return local;
  }

  /** A temp that lives across blocks of a TB means nothing in another: TBs have these locals in common. */
  #sharedLocal(type: number): number {
    const locals = this.#shared[type]!, n = this.#taken[this.tb * WASM_TYPE.length + type]!++;
    return (locals[n] ??= this.f.local(WASM_TYPE[type]!));
  }

  /** Pushes a temp, a use of it. */
  push(t: Temp): void {
    const ir = this.#ir;
    if (ir.tempKind[t] === Kind.CONST) return this.#pushConst(t);
    const op = this.#pendingOp[t]!;
    if (op > 0) return this.#pushTree(t, op - 1);
    this.f.localGet(this.localOf(t));
    this.#used(t);
  }

  /** Makes sure that a temp is in a local (a use of it), and returns it. `release` it after its last use. */
  inLocal(t: Temp): number {
    const ir = this.#ir;
    if (ir.tempKind[t] === Kind.CONST) {
      const local = this.#blockPool.take(WASM_TYPE[ir.tempType[t]!]!);
      this.#pushConst(t);
      this.f.localSet(local);
      return local;
    }
    if (this.#pendingOp[t]! > 0) this.#materialise(t);
    return this.localOf(t);
  }

  /** Ends the use that `inLocal` began. */
  release(t: Temp, local: number): void {
    if (this.#ir.tempKind[t] === Kind.CONST) this.#blockPool.give(local, WASM_TYPE[this.#ir.tempType[t]!]!);
    else this.#used(t);
  }

  /** Pops the value of `t`. */
  store(t: Temp): void {
    if (t < this.#ir.globalCount || this.#code.crosses(t)) this.beforeWrite(t);
    this.f.localSet(this.localOf(t));
    if (t >= this.#ir.globalCount && !this.#code.crosses(t) && this.#globals.uses[t] === 0) this.#drop(t);
  }

  /** Computes now what would be computed later from the value that `t` has until now. */
  beforeWrite(t: Temp): void {
    for (let i = 0; i < this.#pending.length; i++) {
      const waiting = this.#pending[i]!;
      if (!this.#reads(this.#pendingOp[waiting]! - 1, t)) continue;
      this.#materialise(waiting);
      i = -1; // others that it reads are gone from the list with it
    }
  }

  /** Emits value op `i`, or notes it for when its result is used. */
  valueOp(i: number, op: number): void {
    const { args } = this.#ir, p = i * STRIDE, d = args[p]!;
    if (OUTS[op] === 1 && d >= this.#ir.globalCount && !this.#code.crosses(d) && this.#globals.uses[d] === 1) {
      if (this.#pending.length >= PENDING_AT_MOST) this.#materialise(this.#pending[0]!);
      this.#pendingOp[d] = i + 1;
      this.#pending.push(d);
      return;
    }
    this.#lower(i, op, false);
  }

  /** Pushes something that is not 0 if the branch `i` is taken, its condition being `cond`. */
  compare(i: number, cond: number): void {
    this.#p = i * STRIDE;
    if (this.#testLowHalf(i, cond)) return;
    emitCompare(this, this.#ir.type[i]! as Type, 0, 1, cond);
  }

  /** A test of bits in the low half only looks at that. */
  #testLowHalf(i: number, cond: number): boolean {
    const { args, type, tempKind, tempLo, tempHi } = this.#ir, mask = args[this.#p + 1]!, f = this.f;
    if ((cond !== Cond.tsteq && cond !== Cond.tstne) || type[i] !== Type.i64 || tempKind[mask] !== Kind.CONST || tempHi[mask] !== 0) return false;
    this.#pushNarrow(args[this.#p]!);
    if (tempLo[mask] !== -1) {
      f.i32Const(tempLo[mask]!);
      f.i32And();
    }
    if (cond === Cond.tsteq) f.i32Eqz();
    return true;
  }

  // ---- LowerTarget -----------------------------------------------------------------------------------------------------------------

  get(i: number): void {
    const t = this.#ir.args[this.#p + i]!;
    if (READS_TWICE[this.#ir.op[this.#p / STRIDE]!]) {
      if (this.#ir.tempKind[t] === Kind.CONST) this.#pushConst(t);
      else this.f.localGet(this.localOf(t));
    } else this.push(t);
  }

  out(): void {}

  put(i: number): void {
    if (!this.#onStack) this.store(this.#ir.args[this.#p + i]!);
  }

  imm(i: number): number {
    return this.#ir.args[this.#p + i]!;
  }

  i32(value: (imm: Immediates) => number): void {
    this.f.i32Const(value(this.#imm));
  }

  i64(lo: (imm: Immediates) => number, hi: (imm: Immediates) => number): void {
    this.f.i64Const(lo(this.#imm), hi(this.#imm));
  }

  v128(operand: number, value: (bytes: Uint8Array) => Uint8Array): void {
    this.f.v128Const(value(this.shuffle(operand)));
  }

  shuffle(operand: number): Uint8Array {
    const index = this.#ir.args[this.#p + operand]!;
    return this.#ir.v128Pool.subarray(index * 16, index * 16 + 16);
  }

  tmp(type: ValType): number {
    return this.#blockPool.take(type);
  }

  free(local: number): void {
    this.#blockPool.give(local, this.f.typeOf(local));
  }

  // ---- Inside ----------------------------------------------------------------------------------------------------------------------

  #lower(i: number, op: number, onStack: boolean): void {
    const p = this.#p, outs = this.#outs, operands = this.#operands, before = this.#onStack;
    this.#p = i * STRIDE;
    this.#outs = OUTS[op]!;
    this.#operands = this.#outs + INS[op]!;
    this.#onStack = onStack;
    const twice = READS_TWICE[op] === 1;
    if (twice) for (let k = this.#outs; k < this.#operands; k++) this.#settle(this.#ir.args[this.#p + k]!);
    const type = this.#ir.type[i]! as Type;
    if (op === Op.extract && this.#narrowSum(type)) this.put(0);
    else if (!lowerShort(this, op, type)) LOWER[OP_NAMES[op] as ValueOp](this, type);
    if (twice) for (let k = this.#outs; k < this.#operands; k++) this.#used(this.#ir.args[this.#p + k]!);
    this.#p = p;
    this.#outs = outs;
    this.#operands = operands;
    this.#onStack = before;
  }

  /** Pushes the low 32 bits of a sum or difference that is computed for them alone: as a sum of 32 bits, whose upper half engines know to be clear. */
  #narrowSum(type: Type): boolean {
    const { args, op } = this.#ir, t = args[this.#p + 1]!, i = this.#pendingOp[t]! - 1;
    if (type !== Type.i64 || args[this.#p + 2] !== 0 || args[this.#p + 3] !== HALF || i < 0 || (op[i] !== Op.add && op[i] !== Op.sub)) return false;
    this.#forget(t);
    this.#pushNarrow(args[i * STRIDE + 1]!);
    this.#pushNarrow(args[i * STRIDE + 2]!);
    if (op[i] === Op.add) this.f.i32Add();
    else this.f.i32Sub();
    this.f.i64ExtendI32U();
    return true;
  }

  #pushNarrow(t: Temp): void {
    if (this.#ir.tempKind[t] === Kind.CONST) return this.f.i32Const(this.#ir.tempLo[t]!);
    this.push(t);
    this.f.i32WrapI64();
  }

  #settle(t: Temp): void {
    if (this.#ir.tempKind[t] !== Kind.CONST && this.#pendingOp[t]! > 0) this.#materialise(t);
  }

  #pushTree(t: Temp, i: number): void {
    this.#forget(t);
    if (++this.#depth > DEPTH_AT_MOST) {
      this.#lower(i, this.#ir.op[i]!, false);
      this.f.localGet(this.localOf(t));
      this.#used(t);
    } else this.#lower(i, this.#ir.op[i]!, true);
    this.#depth--;
  }

  #materialise(t: Temp): void {
    const i = this.#pendingOp[t]! - 1;
    this.#forget(t);
    this.#lower(i, this.#ir.op[i]!, false);
  }

  #forget(t: Temp): void {
    this.#pendingOp[t] = 0;
    const at = this.#pending.indexOf(t);
    this.#pending.splice(at, 1);
  }

  /** One use of a temp less; after the last its local is free. */
  #used(t: Temp): void {
    const ir = this.#ir;
    if (t < ir.globalCount || ir.tempKind[t] !== Kind.LOCAL || this.#code.crosses(t)) return;
    if (--this.#globals.uses[t]! <= 0) this.#drop(t);
  }

  #drop(t: Temp): void {
    if (this.#localOf[t] === 0) return;
    this.#blockPool.give(this.#localOf[t]! - 1, WASM_TYPE[this.#ir.tempType[t]!]!);
    this.#localOf[t] = 0;
  }

  /** Whether what op `i` computes depends on temp `t`, through ops that wait. */
  #reads(i: number, t: Temp): boolean {
    const { args, op } = this.#ir, p = i * STRIDE, first = p + OUTS[op[i]!]!;
    for (let k = first; k < first + INS[op[i]!]!; k++) {
      const input = args[k]!;
      if (input === t) return true;
      if (this.#pendingOp[input]! > 0 && this.#reads(this.#pendingOp[input]! - 1, t)) return true;
    }
    return false;
  }

  #pushConst(t: Temp): void {
    const { tempType, tempLo, tempHi, v128Pool } = this.#ir, lo = tempLo[t]!, f = this.f;
    switch (tempType[t]) {
      case Type.i32: return f.i32Const(lo);
      case Type.i64: return f.i64Const(lo, tempHi[t]!);
      case Type.f32: return f.f32ConstBits(lo);
      case Type.f64: return f.f64ConstBits(lo, tempHi[t]!);
      default: return f.v128Const(v128Pool.subarray(lo * 16, lo * 16 + 16));
    }
  }
}

export const isValueOp = (op: number): boolean => op < Op.ld8u;
