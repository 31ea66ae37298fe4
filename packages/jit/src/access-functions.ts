/**
 * Functions that do a guest memory access for regions: the TLB probe and the access, else the slow path in TypeScript, with the budget exact in the CPU
 * header. Code outside loops calls them for each access, loops where their own probe misses (or their comparison with a known page: so they probe again).
 * One for each op, size and mmu index, made when the first region needs it; values are i64 (zero-extended) or v128.
 *
 *     load (addr, insn, budget) -> (value, budget)
 *     store (addr, value, insn, budget) -> budget
 *     atomic (addr, b, c, insn, budget) -> (old value, budget)
 *
 * The budget is negative after a fault, which is at instruction `insn` of the running TB: the header has that then.
 */
import { emitProbe } from '@emu/softmmu';
import { HDR, MemOp, memOpIdx, memOpOf, mmuIdxOf, Op, OP_NAMES } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { I32, I64, ModuleBuilder, V128, type FuncBuilder, type ValType } from '@emu/wasm';
import type { GuestMemory } from './frame.ts';

/** Budget that says that there was a fault: others are 0 or more between an access and the next TB. */
const FAULTED = -1;
const OP_SHIFT = 16;
const LOADS = ['i64Load8U', 'i64Load16U', 'i64Load32U', 'i64Load', 'v128Load'] as const;
const STORES = ['i64Store8', 'i64Store16', 'i64Store32', 'i64Store', 'v128Store'] as const;

/** Number of the function for a guest memory op. Sign extension is the caller's business. */
export const accessKey = (op: number, memop: number, mmu: number): number => (op << OP_SHIFT) | memOpIdx(memop & ~MemOp.SIGN, mmu);

export interface AccessFunction {
  readonly name: string;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly run: Function;
}

export interface AccessOptions {
  readonly arena: Arena;
  /** Address of the CPU header. */
  readonly header: HostPtr;
  readonly memory: GuestMemory;
}

interface Access { readonly op: number; readonly oi: number; readonly memop: number; readonly size: number; readonly descriptor: HostPtr }

export class AccessFunctions {
  readonly #options: AccessOptions;
  readonly #made = new Map<number, AccessFunction>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** @param key from `accessKey`. */
  get(key: number): AccessFunction {
    let made = this.#made.get(key);
    if (!made) this.#made.set(key, (made = this.#make(key)));
    return made;
  }

  #make(key: number): AccessFunction {
    const { arena, header, memory } = this.#options, op = key >>> OP_SHIFT, oi = key & ((1 << OP_SHIFT) - 1), memop = memOpOf(oi);
    const access: Access = { op, oi, memop, size: memop & MemOp.SIZE, descriptor: memory.descriptor(mmuIdxOf(oi)) };
    const signature = signatureOf(access), m = new ModuleBuilder(), name = `${OP_NAMES[op]} ${oi.toString(16)}`;
    const slowLoad = m.importFunc('env', 'slowLoad', [I32, I32, I32], [I32]), slowStore = m.importFunc('env', 'slowStore', [I32, I32, I32, I32, I32], []);
    m.importMemory('env', 'memory', { min: 1, max: 65536 });
    const f = m.func({ name, ...signature });
    new Body(f, header, access, memory, { slowLoad, slowStore }).emit();
    f.end();
    m.exportFunc('run', f);
    const env = { slowLoad: memory.slowLoad, slowStore: memory.slowStore, memory: arena.memory };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { env: env as unknown as WebAssembly.ModuleImports });
    return { name, ...signature, run: exports['run'] as Function };
  }
}

function signatureOf({ op, size }: Access): { params: ValType[]; results: ValType[] } {
  const value = size === MemOp.b128 ? V128 : I64;
  if (op === Op.qemu_ld) return { params: [I64, I32, I32], results: [value, I32] };
  if (op === Op.qemu_st) return { params: [I64, value, I32, I32], results: [I32] };
  return { params: [I64, I64, I64, I32, I32], results: [I64, I32] };
}

/** One function's code. */
class Body {
  readonly #f: FuncBuilder;
  readonly #header: HostPtr;
  readonly #access: Access;
  readonly #memory: GuestMemory;
  readonly #slow: { readonly slowLoad: number; readonly slowStore: number };
  readonly #addr = 0;
  /** Parameters from the end. */
  readonly #insn: number;
  readonly #budget: number;
  readonly #host: number;

  constructor(f: FuncBuilder, header: HostPtr, access: Access, memory: GuestMemory, slow: { slowLoad: number; slowStore: number }) {
    this.#f = f;
    this.#header = header;
    this.#access = access;
    this.#memory = memory;
    this.#slow = slow;
    this.#budget = signatureOf(access).params.length - 1;
    this.#insn = this.#budget - 1;
    this.#host = f.local(I32);
  }

  emit(): void {
    const { op } = this.#access;
    if (op === Op.qemu_ld) this.#load();
    else if (op === Op.qemu_st) this.#store();
    else this.#atomic();
  }

  #load(): void {
    const f = this.#f, { size } = this.#access;
    this.#whereFound('read', () => {
      this.#loadHost();
      f.localGet(this.#budget);
    });
    this.#callSlowLoad(this.#access.oi);
    if (size === MemOp.b128) {
      f.drop();
      f.i32Const(this.#header);
      f.v128Load(HDR.mailbox);
    } else this.#widen();
    this.#outcome();
  }

  #store(): void {
    const f = this.#f, value = 1, { size } = this.#access;
    this.#whereFound('write', () => {
      this.#storeHost(value);
      f.localGet(this.#budget);
    });
    if (size === MemOp.b128) {
      f.i32Const(this.#header);
      f.localGet(value);
      f.v128Store(HDR.mailbox);
    }
    this.#callSlowStore(value);
    this.#outcome();
  }

  /** Not found: a load that must find what may be written, the operation, a store. vCPUs take turns, so nothing comes in between. */
  #atomic(): void {
    const f = this.#f, old = f.local(I64), fresh = f.local(I64);
    this.#whereFound('write', () => {
      this.#loadHost();
      f.localSet(old);
      this.#operate(old, fresh);
      this.#storeHost(fresh);
      f.localGet(old);
      f.localGet(this.#budget);
    });
    this.#callSlowLoad(this.#access.oi | MemOp.RMW);
    this.#widen();
    f.localSet(old);
    this.#pushHeader(HDR.fault);
    f.if_();
    f.localGet(old);
    this.#outcome();
    f.return_();
    f.end();
    this.#operate(old, fresh);
    this.#callSlowStore(fresh);
    f.localGet(old);
    this.#outcome();
  }

  /** Where the TLB has the page: does `found`, which leaves the results, and returns. */
  #whereFound(access: 'read' | 'write', found: () => void): void {
    const f = this.#f, { memop, descriptor } = this.#access;
    emitProbe(f, { addr: this.#addr, access, memop, descriptor: { at: descriptor }, host: this.#host, entry: f.local(I32), vaddrBits: this.#memory.vaddrBits });
    f.likely();
    f.if_();
    found();
    f.return_();
    f.end();
  }

  #loadHost(): void {
    this.#f.localGet(this.#host);
    this.#f[LOADS[this.#access.size]!]();
  }

  #storeHost(value: number): void {
    this.#f.localGet(this.#host);
    this.#f.localGet(value);
    this.#f[STORES[this.#access.size]!]();
  }

  /** Leaves the low half of the value on the stack. */
  #callSlowLoad(oi: number): void {
    const f = this.#f;
    this.#setHeader(HDR.budget, this.#budget);
    f.i32Const(oi);
    this.#halves(this.#addr);
    f.call(this.#slow.slowLoad);
  }

  #callSlowStore(value: number): void {
    const f = this.#f, vector = f.typeOf(value) === V128;
    this.#setHeader(HDR.budget, this.#budget);
    f.i32Const(this.#access.oi);
    this.#halves(this.#addr);
    if (vector) {
      f.i32Const(0);
      f.i32Const(0);
    } else this.#halves(value);
    f.call(this.#slow.slowStore);
  }

  /** From the low half on the stack to the value. */
  #widen(): void {
    const f = this.#f;
    f.i64ExtendI32U();
    if (this.#access.size < MemOp.b64) return;
    f.i32Const(this.#header);
    f.i64Load32U(HDR.retHi);
    f.i64Const(32, 0);
    f.i64Shl();
    f.i64Or();
  }

  /** Pushes the budget, or that there was a fault. */
  #outcome(): void {
    const f = this.#f;
    this.#pushHeader(HDR.fault);
    f.if_(I32);
    this.#setHeader(HDR.faultInsn, this.#insn); // only now: what the header holds in the end is the same on the interpreter
    f.i32Const(FAULTED);
    f.else_();
    this.#pushHeader(HDR.budget);
    f.end();
  }

  /** fresh = what the atomic op writes. */
  #operate(old: number, fresh: number): void {
    const f = this.#f, b = 1, c = 2, { op, size } = this.#access;
    if (op === Op.atomic_cmpxchg) {
      f.localGet(c);
      f.localGet(old);
      f.localGet(old);
      f.localGet(b);
      f.i64Xor();
      f.i64Const(64 - (8 << size), 0); // at the access size
      f.i64Shl();
      f.i64Eqz();
      f.select();
    } else {
      if (op !== Op.atomic_xchg) f.localGet(old);
      f.localGet(b);
      if (op === Op.atomic_fetch_add) f.i64Add();
      else if (op === Op.atomic_fetch_and) f.i64And();
      else if (op === Op.atomic_fetch_or) f.i64Or();
      else if (op === Op.atomic_fetch_xor) f.i64Xor();
    }
    f.localSet(fresh);
  }

  #halves(local: number): void {
    const f = this.#f;
    f.localGet(local);
    f.i32WrapI64();
    f.localGet(local);
    f.i64Const(32, 0);
    f.i64ShrU();
    f.i32WrapI64();
  }

  #setHeader(field: number, local: number): void {
    this.#f.i32Const(this.#header);
    this.#f.localGet(local);
    this.#f.i32Store(field);
  }

  #pushHeader(field: number): void {
    this.#f.i32Const(this.#header);
    this.#f.i32Load(field);
  }
}
