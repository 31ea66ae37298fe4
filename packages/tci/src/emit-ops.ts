/** Cases of host memory and control ops. Value ops come from the shared lowerings. */
import { emitCompare, emitJumpCacheProbe, emitNoteTarget, Exit, HDR, Op, OP_NAMES, TB, Type } from '@emu/tcg';
import type { ControlOp, MemoryOp } from '@emu/tcg';
import { I32 } from '@emu/wasm';
import type { FuncBuilder } from '@emu/wasm';
import { WORD } from './bytecode.ts';
import type { CaseKey } from './cases.ts';
import { CellTarget, load, store } from './cell-target.ts';
import { advance, leave, setHeader, word, type Emitter } from './emit.ts';

type EmitCase = (e: Emitter, key: CaseKey) => void;
type HostOp = Exclude<MemoryOp, 'qemu_ld' | 'qemu_st' | `atomic_${string}`>;
type SteeringOp = Exclude<ControlOp, 'insn_start' | 'set_label' | 'discard' | 'call'>;

const HOST_BYTES = 4 * WORD;
const OFFSET_WORD = 3;
const wide = (type: Type): boolean => type === Type.i64;

/** d = [base + offset]. Words: d, base, offset. */
const hostLoad = (emit: (f: FuncBuilder, type: Type) => void): EmitCase => (e, { type }) => {
  word(e, 1);
  word(e, 2);
  e.f.i32Load();
  word(e, OFFSET_WORD);
  e.f.i32Add();
  emit(e.f, type);
  store(e.f, type);
  advance(e, HOST_BYTES);
};

/** [base + offset] = a. Words: a, base, offset. */
const hostStore = (emit: (f: FuncBuilder, type: Type) => void): EmitCase => (e, { type }) => {
  word(e, 2);
  e.f.i32Load();
  word(e, OFFSET_WORD);
  e.f.i32Add();
  word(e, 1);
  load(e.f, type);
  emit(e.f, type);
  advance(e, HOST_BYTES);
};
/** The type of a row without a T is in its name. */
const as64 = (emit: EmitCase): EmitCase => (e, key) => emit(e, { ...key, type: Type.i64 });

const HOST = {
  ld8u: hostLoad((f, t) => (wide(t) ? f.i64Load8U() : f.i32Load8U())),
  ld8s: hostLoad((f, t) => (wide(t) ? f.i64Load8S() : f.i32Load8S())),
  ld16u: hostLoad((f, t) => (wide(t) ? f.i64Load16U() : f.i32Load16U())),
  ld16s: hostLoad((f, t) => (wide(t) ? f.i64Load16S() : f.i32Load16S())),
  ld32u: as64(hostLoad((f) => f.i64Load32U())),
  ld32s: as64(hostLoad((f) => f.i64Load32S())),
  ld: hostLoad(load),
  st8: hostStore((f, t) => (wide(t) ? f.i64Store8() : f.i32Store8())),
  st16: hostStore((f, t) => (wide(t) ? f.i64Store16() : f.i32Store16())),
  st32: as64(hostStore((f) => f.i64Store32())),
  st: hostStore(store),
} satisfies Record<HostOp, EmitCase>;

/** Words: target. */
const br: EmitCase = (e) => {
  word(e, 1);
  e.f.localSet(e.ip);
  e.f.br(e.next);
};

/** Words: a, b, target. */
const BRCOND_BYTES = 4 * WORD;
const brcond: EmitCase = (e, { op, type, variant }) => {
  const compare = (): void => emitCompare(new CellTarget(e.f, e.ip, op, type, -1, 0), type, 0, 1, variant);
  if (e.continues) {
    compare();
    e.f.if_();
    word(e, 3);
    e.f.localSet(e.ip);
    e.f.br(e.next);
    e.f.end();
    return advance(e, BRCOND_BYTES);
  }
  word(e, 3);
  e.f.localGet(e.ip);
  e.f.i32Const(BRCOND_BYTES);
  e.f.i32Add();
  compare();
  e.f.select();
  e.f.localSet(e.ip);
  e.f.br(e.next);
};

/** Goes to the linked TB, else asks the engine to link it. */
const gotoTb: EmitCase = (e, { variant: slot }) => {
  const { f } = e;
  const linked = f.local(I32);
  f.localGet(e.tb);
  f.i32Load(TB.jump + slot * WORD);
  f.localTee(linked);
  f.if_();
  f.localGet(linked);
  f.localSet(e.tb);
  f.br(e.enter);
  f.end();
  f.freeLocal(linked);
  setHeader(e, 'exitSlot', slot);
  leave(e, Exit.CHAIN);
};

const lookup: EmitCase = (e) => {
  const { f } = e;
  const found = f.local(I32);
  emitJumpCacheProbe(f, e.header, e.jumpCache, found);
  f.localTee(found);
  if (e.lookup >= 0) {
    f.i32Eqz();
    f.if_();
    f.call(e.lookup);
    f.localSet(found);
    f.end();
    f.localGet(found);
  }
  f.if_();
  emitNoteTarget(f, e.tb, found);
  f.localGet(found);
  f.localSet(e.tb);
  f.br(e.enter);
  f.end();
  f.freeLocal(found);
  leave(e, Exit.LOOKUP);
};

/** Words: reason. */
const exitTb: EmitCase = (e) => {
  e.f.i32Const(e.header);
  word(e, 1);
  e.f.i32Store(HDR.exitSlot);
  leave(e, Exit.TB);
};

const CONTROL = { br, brcond, goto_tb: gotoTb, lookup_and_goto_ptr: lookup, exit_tb: exitTb } satisfies Record<SteeringOp, EmitCase>;

const EMIT: Readonly<Record<string, EmitCase>> = { ...HOST, ...CONTROL };

/** Emits the case of a host memory or control op. */
export function emitOp(e: Emitter, key: CaseKey): void {
  EMIT[OP_NAMES[key.op]!]!(e, key);
}

export const isHostOp = (op: number): boolean => op >= Op.ld8u && op <= Op.st;
