/**
 * Guest memory in a region. Outside loops an access is a call (`access-functions.ts`), which takes a fifth of the code. In loops `qemu_ld` and `qemu_st` are an
 * inline TLB probe, or a comparison with a known page, and a load or store at the host address; after a miss the same call. A fault goes to the region's
 * fault exit.
 */
import { emitProbe } from '@emu/softmmu';
import { MemOp, Op, STRIDE, Type, WASM_TYPE } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import type { FuncBuilder } from '@emu/wasm';
import { accessKey } from './access-functions.ts';
import type { Frame } from './frame.ts';
import type { KnownPage, PageUse } from './known-pages.ts';
import type { WindowAccess } from './loop-windows.ts';
import { INS, OUTS } from './shape.ts';

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

interface Access { readonly type: Type; readonly memop: number; readonly mmu: number }

function accessOf({ code }: Frame, i: number): Access {
  const { ir } = code, op = ir.op[i]!, at = i * STRIDE + OUTS[op]! + INS[op]!;
  return { type: ir.type[i]! as Type, memop: ir.args[at]!, mmu: ir.args[at + 1]! };
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
  const { f, hostLocal, entryLocal, memory } = frame, { memop, mmu } = accessOf(frame, i);
  emitProbe(f, { addr, access, memop, descriptor: { at: memory.descriptor(mmu) }, host: hostLocal, entry: entryLocal, vaddrBits: memory.vaddrBits });
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
 * too, `miss` does the rest and goes elsewhere.
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
  const { f, values, code, hostLocal } = frame, p = i * STRIDE, { args } = code.ir, access = accessOf(frame, i);
  const use = frame.pages.use(i, access.memop);
  if (use.window) return loadFromWindow(frame, i, use.window, access);
  if (use.isCall) {
    values.push(args[p + 1]!);
    callLoad(frame, i, access);
    return values.store(args[p]!);
  }
  const addr = values.inLocal(args[p + 1]!), type = WASM_TYPE[access.type]!;
  const load = (): void => {
    f.localGet(hostLocal);
    loadAs(f, access.type, access.memop);
  };
  const slowly = (): void => {
    f.localGet(addr);
    callLoad(frame, i, access);
  };
  if (use.kept) {
    const done = f.block(type);
    locateKept(frame, i, addr, 'read', use.kept, () => {
      slowly();
      f.br(done);
    });
    load();
    f.end();
  } else {
    locate(frame, i, addr, 'read', access, use);
    f.likely();
    f.if_(type);
    load();
    f.else_();
    missed(f, addr, use);
    slowly();
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
  f.localGet(addr);
  callLoad(frame, i, access);
  f.end();
  values.release(args[p + 1]!, addr);
  values.store(args[p]!);
}

/** From the address on the stack to the value. */
function callLoad(frame: Frame, i: number, { type, memop, mmu }: Access): void {
  callAccess(frame, i, memop, mmu);
  if (type === Type.i32) frame.f.i32WrapI64();
  signExtend(frame.f, type, memop);
}

/** The operands of op `i` are on the stack, i32 values extended. */
function callAccess({ f, code, access, budgetLocal, accessFaultLabel }: Frame, i: number, memop: number, mmu: number): void {
  f.i32Const(code.insnOf[i]!);
  f.localGet(budgetLocal);
  f.call(access.get(accessKey(code.ir.op[i]!, memop, mmu))!);
  f.localTee(budgetLocal);
  f.i32Const(0);
  f.i32LtS();
  f.brIf(accessFaultLabel); // a value stays behind: a branch may leave values on the stack
}

function emitStore(frame: Frame, i: number): void {
  const { f, values, code } = frame, p = i * STRIDE, { args } = code.ir, access = accessOf(frame, i), use = frame.pages.use(i, access.memop);
  if (use.window) return storeToWindow(frame, i, use.window, access);
  if (use.isCall) {
    values.push(args[p + 1]!);
    values.push(args[p]!);
    return callStore(frame, i, access);
  }
  const value = values.inLocal(args[p]!), addr = values.inLocal(args[p + 1]!);
  const store = (): void => {
    f.localGet(frame.hostLocal);
    f.localGet(value);
    storeAs(f, access.type, access.memop);
  };
  const slowly = (): void => {
    f.localGet(addr);
    f.localGet(value);
    callStore(frame, i, access);
  };
  if (use.kept) {
    const done = f.block();
    locateKept(frame, i, addr, 'write', use.kept, () => {
      slowly();
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
    slowly();
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
  f.localGet(addr);
  f.localGet(value);
  callStore(frame, i, access);
  f.end();
  values.release(args[p]!, value);
  values.release(args[p + 1]!, addr);
}

/** Address and value are on the stack. */
function callStore(frame: Frame, i: number, { type, memop, mmu }: Access): void {
  if (type === Type.i32) frame.f.i64ExtendI32U();
  callAccess(frame, i, memop, mmu);
}

/** d = old value. */
function emitAtomic(frame: Frame, i: number, op: number): void {
  const { f, values, code } = frame, p = i * STRIDE, { args } = code.ir, { type, memop, mmu } = accessOf(frame, i);
  const pushWide = (t: Temp): void => {
    values.push(t);
    if (type === Type.i32) f.i64ExtendI32U();
  };
  values.push(args[p + 1]!);
  pushWide(args[p + 2]!);
  if (op === Op.atomic_cmpxchg) pushWide(args[p + 3]!);
  else f.i64Const(0, 0);
  callAccess(frame, i, memop, mmu);
  if (type === Type.i32) f.i32WrapI64();
  signExtend(f, type, memop);
  values.store(args[p]!);
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
