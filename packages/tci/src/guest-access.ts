/**
 * Guest memory in the interpreter: `qemu_ld`, `qemu_st` and the atomic ops as an inline probe, then one load or store at the host address, or
 * the slow path. There is a case for each op, type and memory op; the mmu index's TLB is named by a word of the instruction.
 *
 *     words  addresses of outputs and inputs, memory op and mmu index (`memOpIdx`), address of the TLB's descriptor
 *
 * What a slow load returns goes through the mailbox of the CPU header, so what follows it is the same load instruction at another address. Atomic ops are a load, an operation and a store: vCPUs take turns in one thread, and nothing runs in between.
 */
import { HDR, MemOp, Op, OP_NAMES, ROWS, Type, TYPE_NAMES } from '@emu/tcg';
import { emitProbe } from '@emu/softmmu';
import type { HostPtr, VaddrBits } from '@emu/vaddr';
import { I32, I64, type FuncBuilder, type ModuleBuilder } from '@emu/wasm';
import { WORD } from './bytecode.ts';
import { load, store } from './cell-target.ts';
import { advance, checkFault, word, type Emitter } from './emit.ts';
import { TciError } from './errors.ts';

/** What the interpreter needs of guest memory: a `SoftMmu`. Slow paths are at address hi:lo, `oi` is `memOpIdx`; after a guest fault they have set the
 *  header's `fault`. */
export interface GuestMemory {
  readonly vaddrBits: VaddrBits;
  /** Address of the TLB descriptor of an mmu index, constant for the life of the machine. */
  descriptor(mmuIdx: number): HostPtr;
  /** Returns the low half and leaves the high one in the header's `retHi`; 16 bytes are left in its mailbox. */
  readonly slowLoad: (oi: number, lo: number, hi: number) => number;
  /** 16 bytes are taken from the mailbox. */
  readonly slowStore: (oi: number, lo: number, hi: number, valueLo: number, valueHi: number) => void;
}

interface Access {
  readonly op: number;
  readonly type: Type;
  readonly memop: number;
}

const SIZES: Readonly<Record<number, readonly number[]>> = { [Type.i32]: [0, 1, 2], [Type.i64]: [0, 1, 2, 3], [Type.v128]: [4] };
const FULL: Readonly<Record<number, number>> = { [Type.i32]: 2, [Type.i64]: 3, [Type.v128]: 4 };
const GUEST_OPS = Array.from({ length: Op.atomic_cmpxchg - Op.qemu_ld + 1 }, (_, i) => Op.qemu_ld + i);
const CASES_PER_TYPE = 64;

/** Memory ops of a case: a full-width load has no sign, a store neither; RMW is a matter of loads. */
function memopsOf(op: number, type: Type): number[] {
  const loads = op !== Op.qemu_st;
  const signs = (size: number): number[] => (loads && size < FULL[type]! ? [0, MemOp.SIGN] : [0]);
  const flags = op === Op.qemu_ld ? [0, MemOp.ALIGN, MemOp.RMW, MemOp.ALIGN | MemOp.RMW] : [0, MemOp.ALIGN];
  return SIZES[type]!.flatMap((size) => signs(size).flatMap((sign) => flags.map((flag) => size | sign | flag)));
}

const ACCESSES: readonly Access[] = GUEST_OPS.flatMap((op) => ROWS[op]!.types.flatMap((name) => memopsOf(op, Type[name]).map((memop) => ({ op, type: Type[name], memop }))));

const keyOf = (op: number, type: number, memop: number): number => ((op - Op.qemu_ld) * 3 + type) * CASES_PER_TYPE + memop;
const CASE_OF: Int16Array = (() => {
  const table = new Int16Array(keyOf(Op.atomic_cmpxchg + 1, 0, 0)).fill(-1);
  ACCESSES.forEach(({ op, type, memop }, i) => { table[keyOf(op, type, memop)] = i; });
  return table;
})();

/** Index among `ACCESSES` of the case that serves a memory op. */
export function guestCaseOf(op: number, type: number, memop: number): number {
  const ignored = op === Op.qemu_st ? MemOp.SIGN | MemOp.RMW : op === Op.qemu_ld ? 0 : MemOp.RMW;
  const full = (memop & MemOp.SIZE) === FULL[type] ? MemOp.SIGN : 0;
  const found = CASE_OF[keyOf(op, type, memop & ~ignored & ~full)] ?? -1;
  if (found < 0) throw new TciError(`${OP_NAMES[op]} of type ${TYPE_NAMES[type]} has no memory op 0x${memop.toString(16)}; its size does not fit the type`);
  return found;
}

export interface GuestCase {
  readonly name: string;
  emit(e: Emitter): void;
}

/** Declares the slow paths as imports, before the module's memory, and returns the cases in the order of `guestCaseOf`. */
export function guestCases(m: ModuleBuilder, memory: GuestMemory): GuestCase[] {
  const slow = { load: m.importFunc('slow', 'load', [I32, I32, I32], [I32]), store: m.importFunc('slow', 'store', [I32, I32, I32, I32, I32], []) };
  return ACCESSES.map((access) => ({
    name: `${OP_NAMES[access.op]}_${TYPE_NAMES[access.type]}_${access.memop.toString(16)}`,
    emit: (e) => {
      const emitter = new AccessEmitter(e, access, memory.vaddrBits, slow);
      if (access.op === Op.qemu_ld) emitter.load();
      else if (access.op === Op.qemu_st) emitter.store();
      else emitter.atomic();
    },
  }));
}

/** Wasm's memory instructions by type and size. */
function loadAs(f: FuncBuilder, type: Type, memop: number): void {
  const size = memop & MemOp.SIZE, signed = (memop & MemOp.SIGN) !== 0;
  if (size === FULL[type]) return load(f, type);
  if (type === Type.i32) {
    if (size === 0) return signed ? f.i32Load8S() : f.i32Load8U();
    return signed ? f.i32Load16S() : f.i32Load16U();
  }
  if (size === 0) return signed ? f.i64Load8S() : f.i64Load8U();
  if (size === 1) return signed ? f.i64Load16S() : f.i64Load16U();
  return signed ? f.i64Load32S() : f.i64Load32U();
}

function storeAs(f: FuncBuilder, type: Type, memop: number): void {
  const size = memop & MemOp.SIZE;
  if (size === FULL[type]) return store(f, type);
  if (type === Type.i32) return size === 0 ? f.i32Store8() : f.i32Store16();
  if (size === 0) return f.i64Store8();
  return size === 1 ? f.i64Store16() : f.i64Store32();
}

class AccessEmitter {
  readonly #e: Emitter;
  readonly #f: FuncBuilder;
  readonly #access: Access;
  readonly #vaddrBits: VaddrBits;
  readonly #slow: { load: number; store: number };
  /** Locals: guest address, TLB descriptor, host address, TLB entry. */
  readonly #addr: number;
  readonly #tlb: number;
  readonly #host: number;
  readonly #entry: number;
  /** Operands: outputs and inputs. */
  readonly #operands: number;

  constructor(e: Emitter, access: Access, vaddrBits: VaddrBits, slow: { load: number; store: number }) {
    const row = ROWS[access.op]!;
    this.#e = e;
    this.#f = e.f;
    this.#access = access;
    this.#vaddrBits = vaddrBits;
    this.#slow = slow;
    this.#addr = e.f.local(I64);
    this.#tlb = e.f.local(I32);
    this.#host = e.f.local(I32);
    this.#entry = e.f.local(I32);
    this.#operands = row.outs.length + row.ins.length;
  }

  load(): void {
    const { memop } = this.#access, f = this.#f;
    this.#probe(1, 'read', memop);
    f.i32Eqz();
    f.if_();
    this.#slowLoad(0);
    f.end();
    this.#putLoaded();
    this.#done();
  }

  store(): void {
    const { type, memop } = this.#access, f = this.#f;
    this.#probe(1, 'write', memop);
    f.if_();
    f.localGet(this.#host);
    this.#operand(0);
    storeAs(f, type, memop);
    f.else_();
    this.#slowStore(0, () => this.#operand(0));
    f.end();
    this.#done();
  }

  /** d = old; new = f(old, b). The old value goes to its cell last: until both halves succeeded, the op has no effect. */
  atomic(): void {
    const { type, memop } = this.#access, f = this.#f, missed = f.local(I32), wasm = type === Type.i64 ? I64 : I32;
    const old = f.local(wasm), fresh = f.local(wasm);
    this.#probe(1, 'write', memop);
    f.i32Eqz();
    f.localTee(missed);
    f.if_();
    this.#slowLoad(MemOp.RMW);
    f.end();
    f.localGet(this.#host);
    loadAs(f, type, memop & MemOp.SIZE);
    f.localSet(old);
    this.#operate(old);
    f.localSet(fresh);
    word(this.#e, 1); // where the old value goes
    f.localGet(this.#host);
    loadAs(f, type, memop);
    f.localGet(missed);
    f.if_();
    this.#slowStore(MemOp.RMW, () => f.localGet(fresh));
    f.else_();
    f.localGet(this.#host);
    f.localGet(fresh);
    storeAs(f, type, memop);
    f.end();
    store(f, type);
    for (const local of [missed, old, fresh]) f.freeLocal(local);
    this.#done();
  }

  /** Pushes the new value for the zero-extended old one. */
  #operate(old: number): void {
    const { op, type } = this.#access, f = this.#f, wide = type === Type.i64;
    if (op === Op.atomic_cmpxchg) return this.#compareExchange(old);
    if (op !== Op.atomic_xchg) f.localGet(old);
    this.#operand(2);
    if (op === Op.atomic_fetch_add) f[wide ? 'i64Add' : 'i32Add']();
    else if (op === Op.atomic_fetch_and) f[wide ? 'i64And' : 'i32And']();
    else if (op === Op.atomic_fetch_or) f[wide ? 'i64Or' : 'i32Or']();
    else if (op === Op.atomic_fetch_xor) f[wide ? 'i64Xor' : 'i32Xor']();
  }

  /** old == b at the access size ? c : old */
  #compareExchange(old: number): void {
    const { type, memop } = this.#access, f = this.#f, wide = type === Type.i64;
    const size = memop & MemOp.SIZE;
    this.#operand(3);
    f.localGet(old);
    f.localGet(old);
    this.#operand(2);
    if (size < FULL[type]!) {
      if (wide) f.i64Const(size === 2 ? -1 : (1 << (8 << size)) - 1, 0);
      else f.i32Const((1 << (8 << size)) - 1);
      f[wide ? 'i64And' : 'i32And']();
    }
    f[wide ? 'i64Eq' : 'i32Eq']();
    f.select();
  }

  /** Fetches address and descriptor, and probes. `i` is the address's operand number. */
  #probe(i: number, access: 'read' | 'write', memop: number): void {
    const f = this.#f;
    word(this.#e, 1 + i);
    f.i64Load();
    f.localSet(this.#addr);
    word(this.#e, 2 + this.#operands);
    f.localSet(this.#tlb);
    emitProbe(f, { addr: this.#addr, access, memop, descriptor: { local: this.#tlb }, host: this.#host, entry: this.#entry, vaddrBits: this.#vaddrBits });
  }

  /** Pushes the value of operand `i`, which has the op's type. */
  #operand(i: number): void {
    word(this.#e, 1 + i);
    load(this.#f, this.#access.type);
  }

  #putLoaded(): void {
    word(this.#e, 1);
    this.#f.localGet(this.#host);
    loadAs(this.#f, this.#access.type, this.#access.memop);
    store(this.#f, this.#access.type);
  }

  /** Loads into the mailbox and lets `host` point there. */
  #slowLoad(flags: number): void {
    const f = this.#f, { header } = this.#e, { type, memop } = this.#access;
    if (type !== Type.v128) f.i32Const(header);
    this.#pushSlowArguments(flags);
    f.call(this.#slow.load);
    if (type === Type.v128) f.drop();
    else f.i32Store(HDR.mailbox);
    if (type === Type.i64 && (memop & MemOp.SIZE) === MemOp.b64) {
      f.i32Const(header);
      f.i32Const(header);
      f.i32Load(HDR.retHi);
      f.i32Store(HDR.mailbox + WORD);
    }
    checkFault(this.#e);
    f.i32Const(header + HDR.mailbox);
    f.localSet(this.#host);
  }

  /** Stores the value that `push` pushes. */
  #slowStore(flags: number, push: () => void): void {
    const f = this.#f, { type } = this.#access;
    if (type === Type.v128) {
      f.i32Const(this.#e.header);
      push();
      f.v128Store(HDR.mailbox);
    }
    this.#pushSlowArguments(flags);
    if (type === Type.i64) {
      push();
      f.i32WrapI64();
      push();
      f.i64Const(32, 0);
      f.i64ShrU();
      f.i32WrapI64();
    } else {
      if (type === Type.i32) push();
      else f.i32Const(0);
      f.i32Const(0);
    }
    f.call(this.#slow.store);
    checkFault(this.#e);
  }

  /** Pushes memory op and mmu index, and the halves of the address. */
  #pushSlowArguments(flags: number): void {
    const f = this.#f;
    word(this.#e, 1 + this.#operands);
    if (flags) {
      f.i32Const(flags);
      f.i32Or();
    }
    f.localGet(this.#addr);
    f.i32WrapI64();
    f.localGet(this.#addr);
    f.i64Const(32, 0);
    f.i64ShrU();
    f.i32WrapI64();
  }

  #done(): void {
    const f = this.#f;
    for (const local of [this.#addr, this.#tlb, this.#host, this.#entry]) f.freeLocal(local);
    advance(this.#e, (3 + this.#operands) * WORD);
  }
}
