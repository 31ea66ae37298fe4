/**
 * Functions that every region shares, as one Wasm module: leaving, and the slow paths of guest memory. They keep the budget, which a region has in
 * a local, exact in the CPU header while TypeScript runs, and give it back.
 *
 *     leave (code, tb, budget)                     goes on in compiled code, in the interpreter, or returns to the engine
 *     load (addr, oi, budget) -> (host, budget)    host address to load from, 0 after a fault
 *     store (addr, value, oi, budget) -> (fault, budget)
 *     storeVector (addr, value, oi, budget) -> (fault, budget)
 *     atomic (addr, b, c, kind, oi, budget) -> (old, fault, budget)
 */
import { emitCountExecution, emitJumpCacheProbe, emitNoteTarget, Exit, HDR, MemOp, Op, TB } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { FUNCREF, I32, I64, ModuleBuilder, V128, type FuncBuilder, type ValType } from '@emu/wasm';
import { Leave } from './leave-code.ts';

export interface RuntimeOptions {
  readonly arena: Arena;
  readonly header: HostPtr;
  /** Address of the jump cache. */
  readonly jumpCache: HostPtr;
  readonly slowLoad: (oi: number, lo: number, hi: number) => number;
  readonly slowStore: (oi: number, lo: number, hi: number, valueLo: number, valueHi: number) => void;
  /** The interpreter: runs from a TB that has no compiled entry. */
  readonly interpreter: (tb: HostPtr) => void;
  /** Finds the TB of the header's key when the jump cache does not know it. */
  readonly lookup: (() => HostPtr) | undefined;
  /** Compiled entries. */
  readonly table: WebAssembly.Table;
}

export interface RuntimeSignature { readonly params: readonly ValType[]; readonly results: readonly ValType[] }

/** What regions import. */
export const RUNTIME = {
  leave: { params: [I32, I32, I32], results: [] },
  load: { params: [I64, I32, I32], results: [I32, I32] },
  store: { params: [I64, I64, I32, I32], results: [I32, I32] },
  storeVector: { params: [I64, V128, I32, I32], results: [I32, I32] },
  atomic: { params: [I64, I64, I64, I32, I32, I32], results: [I64, I32, I32] },
} as const satisfies Record<string, RuntimeSignature>;
export type RuntimeName = keyof typeof RUNTIME;
export const RUNTIME_NAMES = Object.keys(RUNTIME) as RuntimeName[];

/** Number of an atomic op, for `atomic`. */
export const atomicKind = (op: number): number => op - Op.atomic_xchg;
const ATOMIC_KINDS = Op.atomic_cmpxchg - Op.atomic_xchg + 1;

export type Runtime = Readonly<Record<RuntimeName, Function>>;

export function makeRuntime(options: RuntimeOptions): Runtime {
  const m = new ModuleBuilder();
  m.name('jit-runtime');
  const slowLoad = m.importFunc('env', 'slowLoad', [I32, I32, I32], [I32]);
  const slowStore = m.importFunc('env', 'slowStore', [I32, I32, I32, I32, I32], []);
  const interpreter = m.importFunc('env', 'interpreter', [I32], []);
  const lookup = options.lookup ? m.importFunc('env', 'lookup', [], [I32]) : -1;
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const table = m.importTable('env', 'table', { type: FUNCREF, min: 0 });
  const { header } = options;
  const define = (name: RuntimeName, build: (f: FuncBuilder) => void) => {
    const f = m.func({ name, ...RUNTIME[name] });
    build(f);
    f.end();
    m.exportFunc(name, f);
    return f.index;
  };
  define('leave', (f) => emitLeave(f, m, options, { interpreter, lookup, table }));
  define('load', (f) => emitLoad(f, header, slowLoad));
  const store = define('store', (f) => emitStore(f, header, slowStore));
  define('storeVector', (f) => emitStoreVector(f, header, slowStore));
  define('atomic', (f) => emitAtomic(f, header, slowLoad, store));
  const { arena, ...env } = options;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { env: { ...env, memory: arena.memory } as unknown as WebAssembly.ModuleImports });
  return instance.exports as unknown as Runtime;
}

/** header[field] = the local, or the constant. */
function setHeader(f: FuncBuilder, header: HostPtr, field: number, push: () => void): void {
  f.i32Const(header);
  push();
  f.i32Store(field);
}

function emitLeave(f: FuncBuilder, m: ModuleBuilder, { header, jumpCache }: RuntimeOptions, { interpreter, lookup, table }: Record<'interpreter' | 'lookup' | 'table', number>): void {
  const code = 0, tb = 1, budget = 2, next = f.local(I32, 'next');
  const set = (field: number, value: number | (() => void)) => setHeader(f, header, field, typeof value === 'number' ? () => f.i32Const(value) : value);
  const isCode = (value: number) => { f.localGet(code); f.i32Const(value); };
  const leave = (reason: number) => {
    set(HDR.exitReason, reason);
    f.return_();
  };
  isCode(Leave.GOTO0);
  f.i32LtS();
  f.if_(); // a fault, or the budget is spent
  isCode(0);
  f.i32GeS();
  f.if_(); // the budget is in the header already
  set(HDR.faultTb, () => f.localGet(tb));
  set(HDR.faultInsn, () => f.localGet(code));
  leave(Exit.FAULT);
  f.end();
  set(HDR.budget, () => {
    f.localGet(budget);
    f.localGet(tb);
    f.i32Load(TB.icount);
    f.i32Add();
  });
  set(HDR.exitTb, () => f.localGet(tb));
  leave(Exit.BUDGET);
  f.end();
  set(HDR.budget, () => f.localGet(budget));
  isCode(Leave.LOOKUP);
  f.i32LtS();
  f.if_();
  f.localGet(tb);
  f.localGet(code);
  f.i32Const(1);
  f.i32And();
  f.i32Const(2);
  f.i32Shl();
  f.i32Add();
  f.i32Load(TB.jump);
  f.localTee(next);
  f.i32Eqz();
  f.if_();
  set(HDR.exitTb, () => f.localGet(tb));
  set(HDR.exitSlot, () => {
    isCode(1);
    f.i32And();
  });
  leave(Exit.CHAIN);
  f.end();
  f.else_();
  isCode(Leave.EXIT);
  f.i32Eq();
  f.if_(); // the region has stored the reason
  set(HDR.exitTb, () => f.localGet(tb));
  leave(Exit.TB);
  f.end();
  emitJumpCacheProbe(f, header, jumpCache, next);
  f.localTee(next);
  f.i32Eqz();
  f.if_();
  if (lookup >= 0) f.call(lookup);
  else f.i32Const(0);
  f.localTee(next);
  f.i32Eqz();
  f.if_();
  set(HDR.exitTb, () => f.localGet(tb));
  leave(Exit.LOOKUP);
  f.end();
  f.end();
  emitNoteTarget(f, tb, next);
  f.end();
  f.localGet(next);
  f.i32Load(TB.entry);
  f.if_();
  // a TB that is not compiled is counted by the interpreter
  emitCountExecution(f, next, () => {
    set(HDR.exitTb, () => f.localGet(next));
    leave(Exit.HOT);
  });
  f.localGet(next);
  f.i32Load(TB.entryArg);
  f.localGet(next);
  f.i32Load(TB.entry);
  f.returnCallIndirect(m.type([I32], []), table);
  f.end();
  f.localGet(next);
  f.returnCall(interpreter);
}

const halves = (f: FuncBuilder, local: number): void => {
  f.localGet(local);
  f.i32WrapI64();
  f.localGet(local);
  f.i64Const(32, 0);
  f.i64ShrU();
  f.i32WrapI64();
};
const pushFault = (f: FuncBuilder, header: HostPtr): void => {
  f.i32Const(header);
  f.i32Load(HDR.fault);
};
const pushBudget = (f: FuncBuilder, header: HostPtr): void => {
  f.i32Const(header);
  f.i32Load(HDR.budget);
};
const isVector = (f: FuncBuilder, oi: number): void => {
  f.localGet(oi);
  f.i32Const(MemOp.SIZE);
  f.i32And();
  f.i32Const(MemOp.b128);
  f.i32Eq();
};

/** Loads into the mailbox; vectors are put there by the slow path itself. */
function emitLoad(f: FuncBuilder, header: HostPtr, slowLoad: number): void {
  const addr = 0, oi = 1, budget = 2, low = f.local(I32);
  setHeader(f, header, HDR.budget, () => f.localGet(budget));
  f.localGet(oi);
  halves(f, addr);
  f.call(slowLoad);
  f.localSet(low);
  isVector(f, oi);
  f.i32Eqz();
  f.if_();
  setHeader(f, header, HDR.mailbox, () => f.localGet(low));
  setHeader(f, header, HDR.mailbox + 4, () => {
    f.i32Const(header);
    f.i32Load(HDR.retHi);
  });
  f.end();
  f.i32Const(0);
  f.i32Const(header + HDR.mailbox);
  pushFault(f, header);
  f.select();
  pushBudget(f, header);
}

function emitStore(f: FuncBuilder, header: HostPtr, slowStore: number): void {
  const addr = 0, value = 1, oi = 2, budget = 3;
  setHeader(f, header, HDR.budget, () => f.localGet(budget));
  f.localGet(oi);
  halves(f, addr);
  halves(f, value);
  f.call(slowStore);
  pushFault(f, header);
  pushBudget(f, header);
}

function emitStoreVector(f: FuncBuilder, header: HostPtr, slowStore: number): void {
  const addr = 0, value = 1, oi = 2, budget = 3;
  setHeader(f, header, HDR.budget, () => f.localGet(budget));
  f.i32Const(header);
  f.localGet(value);
  f.v128Store(HDR.mailbox);
  f.localGet(oi);
  halves(f, addr);
  f.i32Const(0);
  f.i32Const(0);
  f.call(slowStore);
  pushFault(f, header);
  pushBudget(f, header);
}

/** An atomic op whose page is not in the TLB, or a device: a load, the operation, a store. vCPUs take turns, so nothing comes in between. */
function emitAtomic(f: FuncBuilder, header: HostPtr, slowLoad: number, store: number): void {
  const addr = 0, b = 1, c = 2, kind = 3, oi = 4, budget = 5, old = f.local(I64), mask = f.local(I64), fresh = f.local(I64);
  setHeader(f, header, HDR.budget, () => f.localGet(budget));
  // mask = -1 >> (64 - bits)
  f.i64Const(-1, -1);
  f.i32Const(64);
  f.i32Const(8);
  f.localGet(oi);
  f.i32Const(MemOp.SIZE);
  f.i32And();
  f.i32Shl();
  f.i32Sub();
  f.i64ExtendI32U();
  f.i64ShrU();
  f.localSet(mask);
  f.localGet(oi);
  f.i32Const(~MemOp.SIGN);
  f.i32And();
  f.i32Const(MemOp.RMW);
  f.i32Or();
  halves(f, addr);
  f.call(slowLoad);
  f.i64ExtendI32U();
  f.i32Const(header);
  f.i64Load32U(HDR.retHi);
  f.i64Const(32, 0);
  f.i64Shl();
  f.i64Or();
  f.localGet(mask);
  f.i64And();
  f.localSet(old);
  pushFault(f, header);
  f.if_();
  f.localGet(old);
  f.i32Const(1);
  pushBudget(f, header);
  f.return_();
  f.end();
  emitOperation(f, { kind, old, b, c, mask, fresh });
  f.localGet(old);
  f.localGet(addr);
  f.localGet(fresh);
  f.localGet(oi);
  pushBudget(f, header);
  f.call(store);
}

/** fresh = what the atomic op writes. */
function emitOperation(f: FuncBuilder, { kind, old, b, c, mask, fresh }: Record<'kind' | 'old' | 'b' | 'c' | 'mask' | 'fresh', number>): void {
  const done = f.block();
  const cases = Array.from({ length: ATOMIC_KINDS }, () => f.block()).reverse();
  f.localGet(kind);
  f.brTable(cases, cases[ATOMIC_KINDS - 1]!);
  const each: ((() => void) | 'compare')[] = [() => {}, () => f.i64Add(), () => f.i64And(), () => f.i64Or(), () => f.i64Xor(), 'compare'];
  each.forEach((emit, i) => {
    f.end();
    if (emit === 'compare') {
      f.localGet(c);
      f.localGet(old);
      f.localGet(b);
      f.localGet(mask);
      f.i64And();
      f.localGet(old);
      f.i64Eq();
      f.select();
    } else {
      if (i > 0) f.localGet(old);
      f.localGet(b);
      emit();
    }
    f.localSet(fresh);
    f.br(done);
  });
  f.end();
}
