/** Host memory in a region: `ld` and `st` of CPU state and tables, by a base and a constant offset. A constant base is part of the offset. */
import { Kind, Op, OP_NAMES, STRIDE, Type } from '@emu/tcg';
import type { MemoryOp, Temp } from '@emu/tcg';
import type { FuncBuilder } from '@emu/wasm';
import type { Frame } from './frame.ts';

type HostOp = Exclude<MemoryOp, 'qemu_ld' | 'qemu_st' | `atomic_${string}`>;
type Emit = (f: FuncBuilder, type: Type, offset: number) => void;

export function loadValue(f: FuncBuilder, type: Type, offset: number): void {
  if (type === Type.i32) f.i32Load(offset);
  else if (type === Type.i64) f.i64Load(offset);
  else if (type === Type.f32) f.f32Load(offset);
  else if (type === Type.f64) f.f64Load(offset);
  else f.v128Load(offset);
}

export function storeValue(f: FuncBuilder, type: Type, offset: number): void {
  if (type === Type.i32) f.i32Store(offset);
  else if (type === Type.i64) f.i64Store(offset);
  else if (type === Type.f32) f.f32Store(offset);
  else if (type === Type.f64) f.f64Store(offset);
  else f.v128Store(offset);
}

const wide = (type: Type): boolean => type === Type.i64;
const EMIT = {
  ld8u: (f, t, at) => (wide(t) ? f.i64Load8U(at) : f.i32Load8U(at)),
  ld8s: (f, t, at) => (wide(t) ? f.i64Load8S(at) : f.i32Load8S(at)),
  ld16u: (f, t, at) => (wide(t) ? f.i64Load16U(at) : f.i32Load16U(at)),
  ld16s: (f, t, at) => (wide(t) ? f.i64Load16S(at) : f.i32Load16S(at)),
  ld32u: (f, _, at) => f.i64Load32U(at),
  ld32s: (f, _, at) => f.i64Load32S(at),
  ld: loadValue,
  st8: (f, t, at) => (wide(t) ? f.i64Store8(at) : f.i32Store8(at)),
  st16: (f, t, at) => (wide(t) ? f.i64Store16(at) : f.i32Store16(at)),
  st32: (f, _, at) => f.i64Store32(at),
  st: storeValue,
} satisfies Record<HostOp, Emit>;

/** Bytes behind the CPU header that are addressed by it: offsets of two bytes. */
const NEAR = 1 << 14;

/** Emits host memory op `i`. */
export function emitHostOp(frame: Frame, i: number): void {
  const { f, values, code: { ir } } = frame, op = ir.op[i]!, p = i * STRIDE, type = ir.type[i]! as Type, offset = ir.args[p + 2]!;
  const emit: Emit = EMIT[OP_NAMES[op] as HostOp];
  const at = pushBase(frame, ir.args[p + 1]!, offset);
  if (op >= Op.st8) values.push(ir.args[p]!);
  emit(f, type, at);
  if (op < Op.st8) values.store(ir.args[p]!);
}

/** Pushes an address; returns the offset that is left for the instruction. */
function pushBase({ f, values, code: { ir }, header, headerLocal }: Frame, base: Temp, offset: number): number {
  if (ir.tempKind[base] === Kind.CONST) {
    const at = ((ir.tempLo[base]! >>> 0) + offset) >>> 0;
    if (at >= header && at - header < NEAR) {
      f.localGet(headerLocal);
      return at - header;
    }
    f.i32Const(0);
    return at;
  }
  values.push(base);
  if (offset < 0) {
    f.i32Const(offset);
    f.i32Add();
    return 0;
  }
  return offset;
}
