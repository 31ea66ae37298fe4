/**
 * The slow and obvious back end: runs IR op by op with the reference functions of the op table, on bigints. It is the oracle for the
 * others, follows the same contract (budget, chaining, faults), and shares no code with the lowerings.
 */
import { Cond, Exit, HDR, JC, jumpCacheIndex, JUMP_CACHE_ENTRY, Kind, MemOp, memOpIdx, OP_NAMES, ROWS, STRIDE, TB, Type, TYPE_BITS, VALUE_OP_COUNT, VALUE_OPS } from '@emu/tcg';
import type { Backend, HelperRegistry, Ir, Tb } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { TciError } from './errors.ts';

/** i32 and i64 as unsigned bigints, floats as numbers, v128 as 16 bytes. */
export type Value = bigint | number | Uint8Array;

/** Guest memory as the reference sees it: one access, whatever its alignment. Returns undefined after a guest fault (recorded in CPU state). */
export interface ReferenceMemory {
  load(address: bigint, oi: number): Uint8Array | undefined;
  store(address: bigint, oi: number, bytes: Uint8Array): boolean;
}

export interface ReferenceOptions {
  readonly arena: Arena;
  readonly header: HostPtr;
  readonly jumpCache: HostPtr;
  readonly helpers: HelperRegistry;
  readonly functions: readonly Function[];
  readonly memory: ReferenceMemory;
}

/** A TB's IR, kept as plain objects; `insn` is the index of the guest instruction that an op belongs to. */
interface Code {
  readonly ops: readonly { readonly op: number; readonly type: Type; readonly args: readonly number[]; readonly insn: number }[];
  readonly kinds: Uint8Array;
  readonly types: Uint8Array;
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly vectors: Uint8Array;
  readonly callArgs: Int32Array;
  readonly labels: ReadonlyMap<number, number>;
}

/** How a TB was left: at another TB (its address), or to the engine. */
const LEFT = 0;

const ATOMIC: Readonly<Record<string, (old: bigint, b: bigint) => bigint>> = {
  atomic_xchg: (_, b) => b,
  atomic_fetch_add: (old, b) => old + b,
  atomic_fetch_and: (old, b) => old & b,
  atomic_fetch_or: (old, b) => old | b,
  atomic_fetch_xor: (old, b) => old ^ b,
};

export class Reference implements Backend {
  readonly name = 'reference';
  readonly full = false;
  readonly #o: ReferenceOptions;
  readonly #codes = new Map<HostPtr, Code>();
  /** Values of the running TB's temps, and what it is. */
  #temps: Value[] = [];
  #tb = 0;
  #code!: Code;

  constructor(options: ReferenceOptions) {
    this.#o = options;
  }

  generate(tb: Tb, ir: Ir): void {
    let insn = -1;
    const ops = Array.from({ length: ir.length }, (_, i) => {
      if (OP_NAMES[ir.op[i]!] === 'insn_start') insn++;
      return { op: ir.op[i]!, type: ir.type[i]! as Type, args: Array.from(ir.args.subarray(i * STRIDE, (i + 1) * STRIDE)), insn };
    });
    const labels = new Map(ops.flatMap(({ op, args }, i) => (OP_NAMES[op] === 'set_label' ? [[args[0]!, i] as const] : [])));
    this.#codes.set(tb.record, {
      ops, labels, kinds: ir.tempKind.slice(0, ir.tempCount), types: ir.tempType.slice(0, ir.tempCount), lo: ir.tempLo.slice(0, ir.tempCount),
      hi: ir.tempHi.slice(0, ir.tempCount), vectors: ir.v128Pool.slice(), callArgs: ir.callArgs.slice(),
    });
  }

  execute(tb: HostPtr): void {
    for (let next = tb; next !== LEFT;) next = this.#enter(next);
  }

  invalidate(_tb: Tb): void {}

  flush(): void {
    this.#codes.clear();
  }

  #i32(address: HostPtr): number {
    return this.#o.arena.i32[address >>> 2]!;
  }

  #setHeader(field: keyof typeof HDR, value: number): void {
    this.#o.arena.i32[(this.#o.header + HDR[field]) >>> 2] = value;
  }

  #leave(reason: Exit): typeof LEFT {
    this.#setHeader('exitReason', reason);
    this.#setHeader('exitTb', this.#tb);
    return LEFT;
  }

  #enter(tb: HostPtr): HostPtr {
    const { arena, header } = this.#o;
    this.#tb = tb;
    const left = this.#i32(header + HDR.budget) - this.#i32(tb + TB.icount);
    if (left < 0) return this.#leave(Exit.BUDGET);
    const count = (this.#i32(tb + TB.count) + 1) | 0;
    arena.i32[(tb + TB.count) >>> 2] = count;
    if (count === this.#i32(tb + TB.hotCount)) return this.#leave(Exit.HOT);
    this.#setHeader('budget', left);
    const code = this.#codes.get(tb);
    if (!code) throw new TciError(`TB ${tb} has no code; generate it before running it`);
    this.#code = code;
    this.#temps = [];
    return this.#run();
  }

  /** Runs the TB's ops; returns the next TB. */
  #run(): HostPtr {
    const { ops } = this.#code;
    for (let i = 0; i < ops.length; i++) {
      const { op, type, args, insn } = ops[i]!;
      const name = OP_NAMES[op]!;
      if (op < VALUE_OP_COUNT) this.#value(op, type, args);
      else if (name === 'br') i = this.#code.labels.get(args[0]!)!;
      else if (name === 'brcond') {
        if (this.#compare(type, args)) i = this.#code.labels.get(args[3]!)!;
      } else if (name === 'goto_tb') return this.#gotoTb(args[0]!);
      else if (name === 'lookup_and_goto_ptr') return this.#lookup() || this.#leave(Exit.LOOKUP);
      else if (name === 'exit_tb') {
        this.#setHeader('exitSlot', args[0]!);
        return this.#leave(Exit.TB);
      } else if (!this.#memoryOrCall(name, type, args)) return this.#fault(insn);
    }
    throw new TciError(`TB ${this.#tb} has no terminal op at its end`);
  }

  #fault(insn: number): typeof LEFT {
    this.#setHeader('faultTb', this.#tb);
    this.#setHeader('faultInsn', insn);
    this.#setHeader('exitReason', Exit.FAULT);
    return LEFT;
  }

  #gotoTb(slot: number): HostPtr {
    const linked = this.#i32(this.#tb + TB.jump + slot * 4);
    if (linked) return linked;
    this.#setHeader('exitSlot', slot);
    return this.#leave(Exit.CHAIN);
  }

  #lookup(): HostPtr {
    const { arena, header, jumpCache } = this.#o;
    const entry = jumpCache + jumpCacheIndex(this.#i32(header + HDR.pc)) * JUMP_CACHE_ENTRY.size;
    const same = (a: HostPtr, b: HostPtr): boolean => arena.view.getBigUint64(a, true) === arena.view.getBigUint64(b, true);
    const hit = same(entry + JC.pc, header + HDR.pc) && same(entry + JC.csBase, header + HDR.csBase) && this.#i32(entry + JC.flags) === this.#i32(header + HDR.flags);
    return hit ? this.#i32(entry + JC.tb) : 0;
  }

  #value(op: number, type: Type, args: readonly number[]): void {
    const row = ROWS[op]!;
    const outs = row.outs.length, ins = row.ins.length;
    const operands: unknown[] = args.slice(outs, outs + ins).map((t) => this.#get(t));
    row.imms.forEach((kind, i) => {
      const imm = args[outs + ins + i]!;
      operands.push(kind === 'shuffle' ? this.#code.vectors.slice(imm * 16, imm * 16 + 16) : imm);
    });
    const result = row.ref!(...operands, TYPE_BITS[type]) as Value | Value[];
    if (outs === 2) args.slice(0, 2).forEach((t, i) => this.#set(t, (result as Value[])[i]!));
    else this.#set(args[0]!, result as Value);
  }

  #compare(type: Type, args: readonly number[]): boolean {
    return VALUE_OPS.setcond.ref!(this.#get(args[0]!), this.#get(args[1]!), args[2]! as Cond, TYPE_BITS[type]) === 1n;
  }

  #get(t: number): Value {
    const { kinds, types, lo, hi, vectors } = this.#code;
    const type = types[t]! as Type;
    if (kinds[t] === Kind.LOCAL) return this.#temps[t]!;
    if (kinds[t] === Kind.GLOBAL) return fromBytes(type, this.#o.arena.u8.slice(lo[t]!, lo[t]! + TYPE_BITS[type] / 8));
    if (type === Type.v128) return vectors.slice(lo[t]! * 16, lo[t]! * 16 + 16);
    return fromBytes(type, new Uint8Array(Int32Array.of(lo[t]!, hi[t]!).buffer));
  }

  #set(t: number, value: Value): void {
    const type = this.#code.types[t]! as Type;
    if (this.#code.kinds[t] === Kind.GLOBAL) this.#o.arena.u8.set(toBytes(type, value), this.#code.lo[t]!);
    else this.#temps[t] = fromBytes(type, toBytes(type, value));
  }

  /** Returns false after a guest fault. */
  #memoryOrCall(name: string, type: Type, args: readonly number[]): boolean {
    if (name === 'discard' || name === 'set_label' || name === 'insn_start') return true;
    if (name === 'call') return this.#call(args);
    if (name === 'qemu_ld') return this.#guestLoad(type, args);
    if (name === 'qemu_st') return this.#guestStore(type, args);
    if (name.startsWith('atomic_')) return this.#atomic(name, type, args);
    this.#host(name, type, args);
    return true;
  }

  #host(name: string, type: Type, args: readonly number[]): void {
    const { u8 } = this.#o.arena;
    const at = Number(this.#get(args[1]!)) + args[2]!;
    const bits = Number(/\d+/.exec(name)?.[0] ?? TYPE_BITS[type]);
    if (name.startsWith('st')) return u8.set(toBytes(this.#code.types[args[0]!]! as Type, this.#get(args[0]!)).slice(0, bits / 8), at);
    const bytes = u8.slice(at, at + bits / 8);
    this.#set(args[0]!, /\d/.test(name) ? extend(bytes, name.endsWith('s')) : fromBytes(type, bytes));
  }

  #guestLoad(type: Type, args: readonly number[]): boolean {
    const [d, address, memop, mmu] = args as [number, number, number, number];
    const bytes = this.#o.memory.load(this.#get(address) as bigint, memOpIdx(memop, mmu));
    if (bytes) this.#set(d, type === Type.v128 ? bytes : extend(bytes, (memop & MemOp.SIGN) !== 0));
    return bytes !== undefined;
  }

  #guestStore(type: Type, args: readonly number[]): boolean {
    const [a, address, memop, mmu] = args as [number, number, number, number];
    const size = 1 << (memop & MemOp.SIZE);
    return this.#o.memory.store(this.#get(address) as bigint, memOpIdx(memop, mmu), toBytes(type, this.#get(a)).slice(0, size));
  }

  #atomic(name: string, type: Type, args: readonly number[]): boolean {
    const { memory } = this.#o;
    const exchange = name === 'atomic_cmpxchg';
    const [d, a, b] = args as [number, number, number];
    const [memop, mmu] = args.slice(exchange ? 4 : 3) as [number, number];
    const oi = memOpIdx(memop | MemOp.RMW, mmu), size = 1 << (memop & MemOp.SIZE);
    const address = this.#get(a) as bigint;
    const bytes = memory.load(address, oi);
    if (!bytes) return false;
    const old = extend(bytes, false);
    const next = exchange
      ? (old === BigInt.asUintN(size * 8, this.#get(b) as bigint) ? this.#get(args[3]!) as bigint : old)
      : ATOMIC[name]!(old, this.#get(b) as bigint);
    if (!memory.store(address, oi, toBytes(Type.i64, next).slice(0, size))) return false;
    this.#set(d, extend(bytes, (memop & MemOp.SIGN) !== 0));
    return true;
  }

  #call(args: readonly number[]): boolean {
    const { helpers, functions, arena, header } = this.#o;
    const [d, index, first, count] = args as [number, number, number, number];
    const helper = helpers.all[index]!;
    const values = Array.from(this.#code.callArgs.subarray(first, first + count), (t) => {
      const value = this.#get(t) as bigint;
      return this.#code.types[t] === Type.i64 ? value : Number(BigInt.asIntN(32, value));
    });
    const result = functions[index]!(...values) as number | bigint | undefined;
    if (!helper.flags.noFault && arena.i32[(header + HDR.fault) >>> 2] !== 0) return false;
    if (d >= 0) this.#set(d, BigInt(result!));
    return true;
  }
}

/** Little-endian bytes as an unsigned integer, or as a signed one made unsigned in 64 bits. */
function extend(bytes: Uint8Array, signed: boolean): bigint {
  const value = bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);
  return signed ? BigInt.asUintN(64, BigInt.asIntN(bytes.length * 8, value)) : value;
}

export function fromBytes(type: Type, bytes: Uint8Array): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (type === Type.i32) return BigInt(view.getUint32(0, true));
  if (type === Type.i64) return view.getBigUint64(0, true);
  if (type === Type.f32) return view.getFloat32(0, true);
  if (type === Type.f64) return view.getFloat64(0, true);
  return bytes.slice(0, 16);
}

export function toBytes(type: Type, value: Value): Uint8Array {
  const bytes = new Uint8Array(TYPE_BITS[type] / 8);
  const view = new DataView(bytes.buffer);
  if (type === Type.i32) view.setUint32(0, Number(BigInt.asUintN(32, value as bigint)), true);
  else if (type === Type.i64) view.setBigUint64(0, BigInt.asUintN(64, value as bigint), true);
  else if (type === Type.f32) view.setFloat32(0, value as number, true);
  else if (type === Type.f64) view.setFloat64(0, value as number, true);
  else bytes.set(value as Uint8Array);
  return bytes;
}

