/**
 * The runtime's side of guest memory: what an access does whose probe in the region missed. It probes once more, since a region may have looked at
 * a known page only (`known-pages.ts`), and then calls the slow path in TypeScript, with the budget exact in the CPU header.
 */
import { emitProbe } from '@emu/softmmu';
import { HDR, MemOp, Op } from '@emu/tcg';
import type { HostPtr, VaddrBits } from '@emu/vaddr';
import { I32, I64, type FuncBuilder, type ModuleBuilder } from '@emu/wasm';

export interface MemoryContext {
  readonly header: HostPtr;
  readonly vaddrBits: VaddrBits;
  /** TLB descriptors by mmu index. */
  readonly descriptors: readonly HostPtr[];
  /** Function indices of the slow paths. */
  readonly slowLoad: number;
  readonly slowStore: number;
}

/** Functions `(addr, oi) -> host`: where the TLB has the page of an access to read, or to write; 0 if it does not. */
export interface Locators { readonly read: number; readonly write: number }

const PAGE = 4096;
const MMU_SHIFT = 8;

/** Number of an atomic op, for `atomic`. */
export const atomicKind = (op: number): number => op - Op.atomic_xchg;
const ATOMIC_KINDS = Op.atomic_cmpxchg - Op.atomic_xchg + 1;

export function defineLocators(m: ModuleBuilder, context: MemoryContext): Locators {
  const define = (access: 'read' | 'write'): number => {
    const f = m.func({ name: `locate_${access}`, params: [I64, I32], results: [I32] });
    emitLocate(f, context, access);
    f.end();
    return f.index;
  };
  return { read: define('read'), write: define('write') };
}

/** Aligned accesses and those that cross a page are the slow path's business. */
function emitLocate(f: FuncBuilder, { vaddrBits, descriptors }: MemoryContext, access: 'read' | 'write'): void {
  const addr = 0, oi = 1, host = f.local(I32), entry = f.local(I32), descriptor = f.local(I32);
  const none = f.block();
  f.localGet(oi);
  f.i32Const(MemOp.ALIGN);
  f.i32And();
  f.brIf(none);
  f.localGet(addr);
  f.i32WrapI64();
  f.i32Const(PAGE - 1);
  f.i32And();
  f.i32Const(1);
  f.localGet(oi);
  f.i32Const(MemOp.SIZE);
  f.i32And();
  f.i32Shl();
  f.i32Add();
  f.i32Const(PAGE);
  f.i32GtU();
  f.brIf(none);
  descriptors.forEach((at, mmu) => {
    f.i32Const(at);
    f.localGet(descriptor);
    f.localGet(oi);
    f.i32Const(MMU_SHIFT);
    f.i32ShrU();
    f.i32Const(mmu);
    f.i32Eq();
    f.select();
    f.localSet(descriptor);
  });
  emitProbe(f, { addr, access, memop: MemOp.b8, descriptor: { local: descriptor }, host, entry, vaddrBits });
  f.if_();
  f.localGet(host);
  f.return_();
  f.end();
  f.end();
  f.i32Const(0);
}

/** header[field] = what `push` pushes. */
function setHeader(f: FuncBuilder, header: HostPtr, field: number, push: () => void): void {
  f.i32Const(header);
  push();
  f.i32Store(field);
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
export function emitLoad(f: FuncBuilder, { header, slowLoad }: MemoryContext, { read, write }: Locators): void {
  const addr = 0, oi = 1, budget = 2, low = f.local(I32), host = f.local(I32);
  f.localGet(oi);
  f.i32Const(MemOp.RMW);
  f.i32And();
  f.if_(I32);
  f.localGet(addr);
  f.localGet(oi);
  f.call(write);
  f.else_();
  f.localGet(addr);
  f.localGet(oi);
  f.call(read);
  f.end();
  f.localTee(host);
  f.if_();
  f.localGet(host);
  f.localGet(budget);
  f.return_();
  f.end();
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

export function emitStore(f: FuncBuilder, { header, slowStore }: MemoryContext, { write }: Locators): void {
  const addr = 0, value = 1, oi = 2, budget = 3, host = f.local(I32);
  whereLocated(f, { addr, oi, budget, host }, write, () => emitSizedStore(f, host, value, oi));
  setHeader(f, header, HDR.budget, () => f.localGet(budget));
  f.localGet(oi);
  halves(f, addr);
  halves(f, value);
  f.call(slowStore);
  pushFault(f, header);
  pushBudget(f, header);
}

export function emitStoreVector(f: FuncBuilder, { header, slowStore }: MemoryContext, { write }: Locators): void {
  const addr = 0, value = 1, oi = 2, budget = 3, host = f.local(I32);
  whereLocated(f, { addr, oi, budget, host }, write, () => {
    f.localGet(host);
    f.localGet(value);
    f.v128Store();
  });
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

/** Where the TLB has the page: `store`, and returns that there was no fault. */
function whereLocated(f: FuncBuilder, { addr, oi, budget, host }: Record<'addr' | 'oi' | 'budget' | 'host', number>, locate: number, store: () => void): void {
  f.localGet(addr);
  f.localGet(oi);
  f.call(locate);
  f.localTee(host);
  f.if_();
  store();
  f.i32Const(0);
  f.localGet(budget);
  f.return_();
  f.end();
}

function emitSizedStore(f: FuncBuilder, host: number, value: number, oi: number): void {
  const stores = ['i64Store8', 'i64Store16', 'i64Store32', 'i64Store'] as const;
  const done = f.block();
  const cases = stores.map(() => f.block()).reverse();
  f.localGet(oi);
  f.i32Const(MemOp.SIZE);
  f.i32And();
  f.brTable(cases, cases[stores.length - 1]!);
  for (const store of stores) {
    f.end();
    f.localGet(host);
    f.localGet(value);
    f[store]();
    f.br(done);
  }
  f.end();
}

/** An atomic op whose page is not in the TLB, or a device: a load, the operation, a store. vCPUs take turns, so nothing comes in between. */
export function emitAtomic(f: FuncBuilder, { header, slowLoad }: MemoryContext, store: number): void {
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
