/**
 * Guest memory in a region: `qemu_ld`, `qemu_st` and atomic ops as an inline TLB probe, or a comparison with a known page, and a load or store at
 * the host address. After a miss the runtime does the access; a load then finds the value at the address that it returns. A fault goes to the
 * region's fault exit.
 */
import { emitProbe } from '@emu/softmmu';
import { MemOp, memOpIdx, Op, STRIDE, Type, WASM_TYPE } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { I32, I64, type FuncBuilder } from '@emu/wasm';
import type { Frame } from './frame.ts';
import type { KnownPage, PageUse } from './known-pages.ts';
import type { WindowAccess } from './loop-windows.ts';
import { INS, OUTS } from './shape.ts';
import { atomicKind } from './runtime-memory.ts';

const PAGE = 4096;
const FULL: Readonly<Record<number, number>> = { [Type.i32]: MemOp.b32, [Type.i64]: MemOp.b64, [Type.v128]: MemOp.b128 };
type Plain = { [K in keyof FuncBuilder]: FuncBuilder[K] extends (offset?: number, align?: number) => void ? K : never }[keyof FuncBuilder];
/** By log2 of the size: unsigned, signed. */
const LOADS: Readonly<Record<number, readonly (readonly [Plain, Plain])[]>> = {
  [Type.i32]: [['i32Load8U', 'i32Load8S'], ['i32Load16U', 'i32Load16S'], ['i32Load', 'i32Load']],
  [Type.i64]: [['i64Load8U', 'i64Load8S'], ['i64Load16U', 'i64Load16S'], ['i64Load32U', 'i64Load32S'], ['i64Load', 'i64Load']],
};
const STORES: Readonly<Record<number, readonly Plain[]>> = {
  [Type.i32]: ['i32Store8', 'i32Store16', 'i32Store'], [Type.i64]: ['i64Store8', 'i64Store16', 'i64Store32', 'i64Store'],
};

/** Emits guest memory op `i`. */
export function emitGuestOp(frame: Frame, i: number): void {
  const op = frame.code.ir.op[i]!;
  if (op === Op.qemu_ld) emitLoad(frame, i);
  else if (op === Op.qemu_st) emitStore(frame, i);
  else emitAtomic(frame, i, op);
}

interface Access { readonly type: Type; readonly memop: number; readonly oi: number; readonly descriptor: number }

function accessOf({ code, memory }: Frame, i: number): Access {
  const { ir } = code, op = ir.op[i]!, at = i * STRIDE + OUTS[op]! + INS[op]!, mmu = ir.args[at + 1]!;
  return { type: ir.type[i]! as Type, memop: ir.args[at]!, oi: memOpIdx(ir.args[at]!, mmu), descriptor: memory.descriptor(mmu) };
}

/** Leaves the host address in `hostLocal` and pushes whether it is one. */
function locate(frame: Frame, i: number, addr: number, access: 'read' | 'write', { memop }: Access, use: PageUse): void {
  const { f, hostLocal } = frame;
  if (use.through) {
    hostOf(f, addr, use.through.distance, hostLocal);
    comparePage(f, addr, use.through.tag, use.offset >= 0 ? (1 << (memop & MemOp.SIZE)) - 1 : 0);
    return;
  }
  probe(frame, i, addr, access);
  if (!use.makes) return;
  setDistance(frame, addr, use.makes);
  f.localGet(addr);
  f.localSet(use.makes.tag);
}

function probe(frame: Frame, i: number, addr: number, access: 'read' | 'write'): void {
  const { f, hostLocal, entryLocal, memory } = frame, { memop, descriptor } = accessOf(frame, i);
  emitProbe(f, { addr, access, memop, descriptor: { at: descriptor }, host: hostLocal, entry: entryLocal, vaddrBits: memory.vaddrBits });
}

function setDistance({ f, hostLocal }: Frame, addr: number, page: KnownPage): void {
  f.localGet(hostLocal);
  f.localGet(addr);
  f.i32WrapI64();
  f.i32Sub();
  f.localSet(page.distance);
}

/**
 * Leaves the host address in `hostLocal`, by the page that a loop keeps or by a probe, whose page the loop keeps from then on. Where the probe misses
 * too, `miss` does the rest: it leaves the address, or goes elsewhere.
 */
function locateKept(frame: Frame, i: number, addr: number, access: 'read' | 'write', kept: KnownPage, miss: () => void): void {
  const { f, hostLocal } = frame, { memop } = accessOf(frame, i);
  const page = (mask: number): void => {
    f.localGet(addr);
    f.i64Const(mask, -1);
    f.i64And();
  };
  hostOf(f, addr, kept.distance, hostLocal);
  page(-PAGE | ((1 << (memop & MemOp.SIZE)) - 1)); // what is not aligned is not in the page
  f.localGet(kept.tag);
  f.i64Ne();
  f.unlikely();
  f.if_();
  probe(frame, i, addr, access);
  f.likely();
  f.if_();
  setDistance(frame, addr, kept);
  page(-PAGE);
  f.localSet(kept.tag);
  f.else_();
  miss();
  f.end();
  f.end();
}

/**
 * The probe missed: what it found is no page that others may use. The address with bit 13 changed is in another page than all addresses near it: where those
 * differ above bit 11, they do in bits from 12 on without a gap.
 */
function missed(f: FuncBuilder, addr: number, { makes }: PageUse): void {
  if (!makes) return;
  f.localGet(addr);
  f.i64Const(2 * PAGE, 0);
  f.i64Xor();
  f.localSet(makes.tag);
}

function hostOf(f: FuncBuilder, addr: number, distance: number, host: number): void {
  f.localGet(addr);
  f.i32WrapI64();
  f.localGet(distance);
  f.i32Add();
  f.localSet(host);
}

/** Pushes whether byte `last` of the access lies in the page of the known address. */
function comparePage(f: FuncBuilder, addr: number, tag: number, last: number): void {
  f.localGet(addr);
  if (last > 0) {
    f.i64Const(last, 0);
    f.i64Add();
  }
  f.localGet(tag);
  f.i64Xor();
  f.i64Const(PAGE, 0);
  f.i64LtU();
}

/** Each arm loads by itself, so that no address has to be brought to where they meet. */
function emitLoad(frame: Frame, i: number): void {
  const { f, values, code, hostLocal } = frame, p = i * STRIDE, { args } = code.ir, access = accessOf(frame, i), use = frame.pages.use(i, access.memop);
  if (use.window) return loadFromWindow(frame, i, use.window, access);
  const addr = values.inLocal(args[p + 1]!);
  const load = (): void => {
    f.localGet(hostLocal);
    loadAs(f, access.type, access.memop);
  };
  if (use.kept) {
    locateKept(frame, i, addr, 'read', use.kept, () => loadSlowly(frame, i, addr, access));
    load();
  } else {
    locate(frame, i, addr, 'read', access, use);
    f.likely();
    f.if_(WASM_TYPE[access.type]);
    load();
    f.else_();
    missed(f, addr, use);
    loadSlowly(frame, i, addr, access);
    load();
    f.end();
  }
  values.release(args[p + 1]!, addr);
  values.store(args[p]!);
}

/** The address is computed only where the window is not in one page. */
function loadFromWindow(frame: Frame, i: number, { window, distance }: WindowAccess, access: Access): void {
  const { f, values, code } = frame, p = i * STRIDE, { args } = code.ir;
  f.localGet(window.host);
  f.likely();
  f.if_(WASM_TYPE[access.type]);
  f.localGet(window.host);
  loadAs(f, access.type, access.memop, distance - window.first);
  f.else_();
  const addr = values.inLocal(args[p + 1]!);
  loadSlowly(frame, i, addr, access);
  f.localGet(frame.hostLocal);
  loadAs(f, access.type, access.memop);
  f.end();
  values.release(args[p + 1]!, addr);
  values.store(args[p]!);
}

/** Leaves in `hostLocal` where the runtime has put the value. */
function loadSlowly(frame: Frame, i: number, addr: number, { oi }: Access): void {
  const { f, hostLocal } = frame;
  f.localGet(addr);
  f.i32Const(oi);
  f.localGet(frame.budgetLocal);
  f.call(frame.runtime.load);
  f.localSet(frame.budgetLocal);
  f.localTee(hostLocal);
  frame.setCode(frame.code.insnOf[i]!);
  f.i32Eqz();
  f.unlikely();
  f.brIf(frame.faultLabel);
}

function emitStore(frame: Frame, i: number): void {
  const { f, values, code } = frame, p = i * STRIDE, { args } = code.ir, access = accessOf(frame, i);
  const use = frame.pages.use(i, access.memop);
  if (use.window) return storeToWindow(frame, i, use.window, access);
  const value = values.inLocal(args[p]!), addr = values.inLocal(args[p + 1]!);
  const store = (): void => {
    f.localGet(frame.hostLocal);
    f.localGet(value);
    storeAs(f, access.type, access.memop);
  };
  if (use.kept) {
    const done = f.block();
    locateKept(frame, i, addr, 'write', use.kept, () => {
      storeSlowly(frame, i, addr, value, access);
      f.br(done);
    });
    store();
    f.end();
  } else {
    locate(frame, i, addr, 'write', access, use);
    f.likely();
    f.if_();
    store();
    f.else_();
    missed(f, addr, use);
    storeSlowly(frame, i, addr, value, access);
    f.end();
  }
  values.release(args[p]!, value);
  values.release(args[p + 1]!, addr);
}

function storeToWindow(frame: Frame, i: number, { window, distance }: WindowAccess, access: Access): void {
  const { f, values, code } = frame, p = i * STRIDE, { args } = code.ir, value = values.inLocal(args[p]!);
  f.localGet(window.host);
  f.likely();
  f.if_();
  f.localGet(window.host);
  f.localGet(value);
  storeAs(f, access.type, access.memop, distance - window.first);
  f.else_();
  const addr = values.inLocal(args[p + 1]!);
  storeSlowly(frame, i, addr, value, access);
  f.end();
  values.release(args[p]!, value);
  values.release(args[p + 1]!, addr);
}

function storeSlowly(frame: Frame, i: number, addr: number, value: number, { type, oi }: Access): void {
  const { f } = frame;
  f.localGet(addr);
  f.localGet(value);
  if (type === Type.i32) f.i64ExtendI32U();
  f.i32Const(oi);
  f.localGet(frame.budgetLocal);
  f.call(type === Type.v128 ? frame.runtime.storeVector : frame.runtime.store);
  f.localSet(frame.budgetLocal);
  frame.setCode(frame.code.insnOf[i]!);
  f.unlikely();
  f.brIf(frame.faultLabel);
}

/** d = old value. Both arms leave it on the stack. */
function emitAtomic(frame: Frame, i: number, op: number): void {
  const { f, values, code, hostLocal } = frame, p = i * STRIDE, { args } = code.ir, access = accessOf(frame, i), { type, memop } = access;
  const wide = type === Type.i64, wasm = wide ? I64 : I32;
  const addr = values.inLocal(args[p + 1]!), b = values.inLocal(args[p + 2]!), c = op === Op.atomic_cmpxchg ? values.inLocal(args[p + 3]!) : -1;
  const old = values.tmp(wasm);
  const use = frame.pages.use(i, memop);
  locate(frame, i, addr, 'write', access, use);
  f.likely();
  f.if_();
  f.localGet(hostLocal);
  loadAs(f, type, memop);
  f.localSet(old);
  f.localGet(hostLocal);
  pushOperation(f, op, type, memop, { old, b, c });
  storeAs(f, type, memop);
  f.else_();
  missed(f, addr, use);
  f.localGet(addr);
  pushWide(f, b, wide);
  if (c >= 0) pushWide(f, c, wide);
  else f.i64Const(0, 0);
  f.i32Const(atomicKind(op));
  f.i32Const(access.oi);
  f.localGet(frame.budgetLocal);
  f.call(frame.runtime.atomic);
  f.localSet(frame.budgetLocal);
  frame.setCode(code.insnOf[i]!);
  f.unlikely();
  f.brIf(frame.faultLabel); // the old value stays behind: a branch may leave values on the stack
  if (!wide) f.i32WrapI64();
  signExtend(f, type, memop);
  f.localSet(old);
  f.end();
  values.release(args[p + 1]!, addr);
  values.release(args[p + 2]!, b);
  if (c >= 0) values.release(args[p + 3]!, c);
  f.localGet(old);
  values.free(old);
  storeResult(frame, args[p]!);
}

function storeResult({ values }: Frame, d: Temp): void {
  values.store(d);
}

function pushWide(f: FuncBuilder, local: number, wide: boolean): void {
  f.localGet(local);
  if (!wide) f.i64ExtendI32U();
}

function pushOperation(f: FuncBuilder, op: number, type: Type, memop: number, { old, b, c }: { old: number; b: number; c: number }): void {
  const wide = type === Type.i64;
  if (op === Op.atomic_cmpxchg) {
    const unused = (wide ? 64 : 32) - (8 << (memop & MemOp.SIZE));
    f.localGet(c);
    f.localGet(old);
    f.localGet(old);
    f.localGet(b);
    f[wide ? 'i64Xor' : 'i32Xor']();
    if (unused > 0) { // at the access size
      if (wide) f.i64Const(unused, 0);
      else f.i32Const(unused);
      f[wide ? 'i64Shl' : 'i32Shl']();
    }
    f[wide ? 'i64Eqz' : 'i32Eqz']();
    f.select();
    return;
  }
  if (op !== Op.atomic_xchg) f.localGet(old);
  f.localGet(b);
  if (op === Op.atomic_fetch_add) f[wide ? 'i64Add' : 'i32Add']();
  else if (op === Op.atomic_fetch_and) f[wide ? 'i64And' : 'i32And']();
  else if (op === Op.atomic_fetch_or) f[wide ? 'i64Or' : 'i32Or']();
  else if (op === Op.atomic_fetch_xor) f[wide ? 'i64Xor' : 'i32Xor']();
}

function signExtend(f: FuncBuilder, type: Type, memop: number): void {
  const size = memop & MemOp.SIZE;
  if (!(memop & MemOp.SIGN) || size === FULL[type]) return;
  const wide = type === Type.i64;
  if (size === MemOp.b8) f[wide ? 'i64Extend8S' : 'i32Extend8S']();
  else if (size === MemOp.b16) f[wide ? 'i64Extend16S' : 'i32Extend16S']();
  else f.i64Extend32S();
}

function loadAs(f: FuncBuilder, type: Type, memop: number, offset = 0): void {
  if (type === Type.v128) f.v128Load(offset);
  else f[LOADS[type]![memop & MemOp.SIZE]![memop & MemOp.SIGN ? 1 : 0]](offset);
}

function storeAs(f: FuncBuilder, type: Type, memop: number, offset = 0): void {
  if (type === Type.v128) f.v128Store(offset);
  else f[STORES[type]![memop & MemOp.SIZE]!](offset);
}
