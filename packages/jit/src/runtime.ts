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
import { emitCountExecution, emitJumpCacheProbe, emitNoteTarget, Exit, HDR, TB } from '@emu/tcg';
import type { Arena, HostPtr, VaddrBits } from '@emu/vaddr';
import { FUNCREF, I32, I64, ModuleBuilder, V128, type FuncBuilder, type ValType } from '@emu/wasm';
import { Leave } from './leave-code.ts';
import { defineLocators, emitAtomic, emitLoad, emitStore, emitStoreVector, type MemoryContext } from './runtime-memory.ts';

export interface RuntimeOptions {
  readonly arena: Arena;
  readonly header: HostPtr;
  /** Address of the jump cache. */
  readonly jumpCache: HostPtr;
  readonly vaddrBits: VaddrBits;
  /** TLB descriptors by mmu index. */
  readonly descriptors: readonly HostPtr[];
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
  const define = (name: RuntimeName, build: (f: FuncBuilder) => void) => {
    const f = m.func({ name, ...RUNTIME[name] });
    build(f);
    f.end();
    m.exportFunc(name, f);
    return f.index;
  };
  define('leave', (f) => emitLeave(f, m, options, { interpreter, lookup, table }));
  const context: MemoryContext = { header: options.header, vaddrBits: options.vaddrBits, descriptors: options.descriptors, slowLoad, slowStore }, locators = defineLocators(m, context);
  define('load', (f) => emitLoad(f, context, locators));
  const store = define('store', (f) => emitStore(f, context, locators));
  define('storeVector', (f) => emitStoreVector(f, context, locators));
  define('atomic', (f) => emitAtomic(f, context, store));
  const { arena, table: entries, interpreter: run, lookup: find } = options, env = { slowLoad: options.slowLoad, slowStore: options.slowStore, interpreter: run, lookup: find, table: entries };
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

