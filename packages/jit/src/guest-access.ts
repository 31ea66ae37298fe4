/**
 * Guest memory in a region. Outside loops an access is a call (`access-functions.ts`), which takes a fifth of the code. In loops `qemu_ld` and `qemu_st` are an
 * inline TLB probe, or a comparison with a known page, and a load or store at the host address; after a miss the same call. A fault goes to the region's
 * fault exit.
 */
import { emitProbe } from '@emu/softmmu';
import { Kind, MemOp, Op, STRIDE, Type, WASM_TYPE } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import type { FuncBuilder, ValType } from '@emu/wasm';
import { accessKey } from './access-functions.ts';
import type { Frame } from './frame.ts';
import { CALL, type KnownPage, type PageUse } from './known-pages.ts';
import type { WindowAccess } from './loop-windows.ts';
import { INS, isInPlace, OUTS } from './shape.ts';

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

/** By atomic op: what makes the new value, i32 and i64. */
const OPERATE: Readonly<Record<number, readonly [(f: FuncBuilder) => void, (f: FuncBuilder) => void]>> = {
  [Op.atomic_fetch_add]: [(f) => f.i32Add(), (f) => f.i64Add()], [Op.atomic_fetch_and]: [(f) => f.i32And(), (f) => f.i64And()],
  [Op.atomic_fetch_or]: [(f) => f.i32Or(), (f) => f.i64Or()], [Op.atomic_fetch_xor]: [(f) => f.i32Xor(), (f) => f.i64Xor()],
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

function probe(frame: Frame, i: number, addr: number): void {
  const { f, code, hostLocal, entryLocal, memory, masks } = frame, { memop, mmu } = accessOf(frame, i), access = code.ir.op[i] === Op.qemu_ld ? 'read' : 'write';
  emitProbe(f, { addr, access, memop, descriptor: { at: memory.descriptor(mmu) }, mask: masks.get(mmu), host: hostLocal, entry: entryLocal, vaddrBits: memory.vaddrBits });
}

function setDistance({ f, hostLocal }: Frame, addr: number, page: KnownPage): void {
  f.localGet(hostLocal);
  f.localGet(addr);
  f.i32WrapI64();
  f.i32Sub();
  f.localSet(page.distance);
}

/** Where an access is done whose page is found: at the host address in a local plus an offset. */
interface Place { readonly host: number; readonly offset: number }

/** An operand that several arms push; a call pushes it once. */
interface Operand { push(): void; release(): void }

function operandOf({ f, values, code }: Frame, t: Temp, isCall: boolean): Operand {
  if (isCall || code.ir.tempKind[t] === Kind.CONST) return { push: () => values.push(t), release: () => {} };
  const local = values.inLocal(t);
  return { push: () => f.localGet(local), release: () => values.release(t, local) };
}

function emitLoad(frame: Frame, i: number): void {
  const { f, values, code, pages } = frame, access = accessOf(frame, i), { type, memop } = access;
  reach(frame, i, access, pages.use(i, memop), WASM_TYPE[type], ({ host, offset }) => {
    f.localGet(host);
    loadAs(f, type, memop, offset);
  }, () => callLoad(frame, i, access));
  values.store(code.ir.args[i * STRIDE]!);
}

function emitStore(frame: Frame, i: number): void {
  const { f, code, pages } = frame, access = accessOf(frame, i), { type, memop } = access, use = pages.use(i, memop), value = operandOf(frame, code.ir.args[i * STRIDE]!, use.isCall);
  reach(frame, i, access, use, undefined, ({ host, offset }) => {
    f.localGet(host);
    value.push();
    storeAs(f, type, memop, offset);
  }, () => {
    value.push();
    callStore(frame, i, access);
  });
  value.release();
}

/** d = old value. Virtual CPUs take turns, so nothing comes between the load and the store. */
function emitAtomic(frame: Frame, i: number, op: number): void {
  const { f, values, code, pages } = frame, p = i * STRIDE, { args } = code.ir, access = accessOf(frame, i), { type, memop } = access;
  const use = isInPlace(op) ? pages.use(i, memop) : CALL, b = operandOf(frame, args[p + 2]!, use.isCall), old = values.tmp(WASM_TYPE[type]!);
  reach(frame, i, access, use, WASM_TYPE[type], ({ host, offset }) => {
    f.localGet(host);
    loadAs(f, type, memop, offset);
    f.localSet(old);
    f.localGet(host);
    if (op !== Op.atomic_xchg) f.localGet(old);
    b.push();
    OPERATE[op]?.[type === Type.i32 ? 0 : 1](f);
    storeAs(f, type, memop, offset);
    f.localGet(old);
  }, () => {
    const widen = (): void => { if (type === Type.i32) f.i64ExtendI32U(); };
    b.push();
    widen();
    if (op === Op.atomic_cmpxchg) {
      values.push(args[p + 3]!);
      widen();
    } else f.i64Const(0, 0);
    callAccess(frame, i, memop, access.mmu);
    if (type === Type.i32) f.i32WrapI64();
    signExtend(f, type, memop);
  });
  b.release();
  values.free(old);
  values.store(args[p]!);
}

/**
 * Finds the page of access `i` as `use` says, and does the access by `found`; where it is not found by `slowly`, with the address on the stack. Each leaves a value of
 * `type`, if that is given, so that nothing has to be brought to where they meet.
 */
function reach(frame: Frame, i: number, access: Access, use: PageUse, type: ValType | undefined, found: (place: Place) => void, slowly: () => void): void {
  const { f, values, code, hostLocal } = frame, t = code.ir.args[i * STRIDE + 1]!;
  if (use.isCall) {
    values.push(t);
    return slowly();
  }
  if (use.window) return reachWindow(frame, t, use.window, type, found, slowly);
  const addr = values.inLocal(t), miss = (): void => {
    f.localGet(addr);
    slowly();
  };
  if (use.kept) reachKept(frame, i, addr, use.kept, access, type, miss);
  else {
    if (use.through) {
      hostOf(f, addr, use.through.distance, hostLocal);
      comparePage(f, addr, use.through.tag, use.offset >= 0 ? (1 << (access.memop & MemOp.SIZE)) - 1 : 0);
    } else probe(frame, i, addr);
    if (use.makes) {
      setDistance(frame, addr, use.makes);
      f.localGet(addr);
      f.localSet(use.makes.tag);
    }
    f.likely();
    f.if_(type);
  }
  found({ host: hostLocal, offset: 0 });
  if (!use.kept) {
    f.else_();
    missed(f, addr, use);
    miss();
  }
  f.end();
  values.release(t, addr);
}

/** The address is computed only where the window is not in one page. */
function reachWindow({ f, values }: Frame, t: Temp, { window, distance }: WindowAccess, type: ValType | undefined, found: (place: Place) => void, slowly: () => void): void {
  f.localGet(window.host);
  f.likely();
  f.if_(type);
  found({ host: window.host, offset: distance - window.first });
  f.else_();
  const addr = values.inLocal(t);
  f.localGet(addr);
  slowly();
  f.end();
  values.release(t, addr);
}

/**
 * Leaves the host address in `hostLocal`, by the page that a loop keeps or by a probe, whose page the loop keeps from then on. Where the probe misses
 * too, `miss` does the access and goes behind the block that is open then.
 */
function reachKept(frame: Frame, i: number, addr: number, kept: KnownPage, { memop }: Access, type: ValType | undefined, miss: () => void): void {
  const { f, hostLocal } = frame, done = f.block(type);
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
  probe(frame, i, addr);
  f.likely();
  f.if_();
  setDistance(frame, addr, kept);
  page(-PAGE);
  f.localSet(kept.tag);
  f.else_();
  miss();
  f.br(done);
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

/** Address and value are on the stack. */
function callStore(frame: Frame, i: number, { type, memop, mmu }: Access): void {
  if (type === Type.i32) frame.f.i64ExtendI32U();
  callAccess(frame, i, memop, mmu);
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
