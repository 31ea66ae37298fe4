/**
 * Functions for how a region is left.
 *
 *     leave (code, tb, budget)   puts into the CPU header what a region has in locals, and goes on in compiled code or in the interpreter, or returns to the
 *                                engine: every region ends with it
 *     find (pc) -> tb            the record of the TB that the jump cache has for a pc, or 0
 */
import { emitCountExecution, emitJumpCacheOffset, emitJumpCacheProbe, emitNoteTarget, Exit, HDR, JC, TB } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { FUNCREF, I32, I64, ModuleBuilder, type FuncBuilder } from '@emu/wasm';
import { Leave } from './leave-code.ts';

export interface LeaveOptions {
  readonly arena: Arena;
  /** Address of the CPU header. */
  readonly header: HostPtr;
  /** Address of the jump cache. */
  readonly jumpCache: HostPtr;
  /** The interpreter: runs from a TB that has no compiled entry. */
  readonly interpreter: (tb: HostPtr) => void;
  /** Finds the TB of the header's key when the jump cache does not know it. */
  readonly lookup: (() => HostPtr) | undefined;
  /** Compiled entries. */
  readonly table: WebAssembly.Table;
}

export const LEAVE_PARAMS = [I32, I32, I32] as const, FIND_PARAMS = [I64] as const, FIND_RESULTS = [I32] as const;

export function makeLeave(options: LeaveOptions): { readonly leave: Function; readonly find: Function } {
  const m = new ModuleBuilder();
  m.name('jit-leave');
  const interpreter = m.importFunc('env', 'interpreter', [I32], []);
  const lookup = options.lookup ? m.importFunc('env', 'lookup', [], [I32]) : -1;
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const table = m.importTable('env', 'table', { type: FUNCREF, min: 0 });
  const f = m.func({ name: 'leave', params: LEAVE_PARAMS });
  emitLeave(f, m, options, { interpreter, lookup, table });
  f.end();
  m.exportFunc('leave', f);
  const find = m.func({ name: 'find', params: FIND_PARAMS, results: FIND_RESULTS });
  emitFind(find, 0, find.local(I32), options.jumpCache);
  find.end();
  m.exportFunc('find', find);
  const env = { interpreter: options.interpreter, lookup: options.lookup, memory: options.arena.memory, table: options.table };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { env: env as unknown as WebAssembly.ModuleImports });
  return { leave: exports['leave'] as Function, find: exports['find'] as Function };
}

/** Pushes the record of the TB that the jump cache has for the pc in a local, or 0. The rest of the key is not looked at. */
export function emitFind(f: FuncBuilder, pc: number, entry: number, jumpCache: HostPtr): void {
  f.localGet(pc);
  f.i32WrapI64();
  f.localTee(entry);
  emitJumpCacheOffset(f, entry);
  f.localTee(entry);
  f.i32Load(jumpCache + JC.tb);
  f.i32Const(0);
  f.localGet(entry);
  f.i64Load(jumpCache + JC.pc);
  f.localGet(pc);
  f.i64Eq();
  f.select();
}

/** header[field] = the local, or the constant. */
function setHeader(f: FuncBuilder, header: HostPtr, field: number, push: () => void): void {
  f.i32Const(header);
  push();
  f.i32Store(field);
}

function emitLeave(f: FuncBuilder, m: ModuleBuilder, { header, jumpCache }: LeaveOptions, { interpreter, lookup, table }: Record<'interpreter' | 'lookup' | 'table', number>): void {
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

