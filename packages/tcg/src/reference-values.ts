/** IR values as the reference functions take them: i32 and i64 as unsigned bigints, floats as numbers, v128 as 16 bytes. */
import type { Arena } from '@emu/vaddr';
import { Kind } from './ir.ts';
import type { Ir, Temp } from './ir.ts';
import { operandType } from './ops.ts';
import type { Row } from './ops.ts';
import { Type, TYPE_BITS } from './types.ts';

export type IrValue = bigint | number | Uint8Array;

/** The value as type `type` holds it. Reference functions may give more bits, or a truth value too many ones. */
export function truncate(value: IrValue, type: Type): IrValue {
  if (typeof value === 'bigint') return BigInt.asUintN(TYPE_BITS[type], value);
  return type === Type.f32 ? Math.fround(value as number) : value;
}

/** Reads a value of `type` at host address `at`, of any alignment. */
export function readValue(arena: Arena, type: Type, at: number): IrValue {
  switch (type) {
    case Type.i32: return BigInt(arena.view.getUint32(at, true));
    case Type.i64: return arena.view.getBigUint64(at, true);
    case Type.f32: return arena.view.getFloat32(at, true);
    case Type.f64: return arena.view.getFloat64(at, true);
    default: return arena.u8.slice(at, at + 16);
  }
}

export function writeValue(arena: Arena, type: Type, at: number, value: IrValue): void {
  switch (type) {
    case Type.i32: return arena.view.setUint32(at, Number(value), true);
    case Type.i64: return arena.view.setBigUint64(at, value as bigint, true);
    case Type.f32: return arena.view.setFloat32(at, value as number, true);
    case Type.f64: return arena.view.setFloat64(at, value as number, true);
    default: arena.u8.set(value as Uint8Array, at);
  }
}

/** The 16 bytes of constant `index` of the TB's pool. */
export const poolBytes = (ir: Ir, index: number): Uint8Array => ir.v128Pool.slice(index * 16, index * 16 + 16);

/** The value of a constant temp. */
export function constantValue(ir: Ir, t: Temp): IrValue {
  if (ir.tempKind[t] !== Kind.CONST) throw new RangeError(`temp ${t} is not a constant`);
  const type = ir.tempType[t] as Type, lo = ir.tempLo[t]!;
  if (type === Type.v128) return poolBytes(ir, lo);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setInt32(0, lo, true);
  bits.setInt32(4, ir.tempHi[t]!, true);
  if (type === Type.f32) return bits.getFloat32(0, true);
  if (type === Type.f64) return bits.getFloat64(0, true);
  return type === Type.i32 ? BigInt(lo >>> 0) : bits.getBigUint64(0, true);
}

/** Applies a row's reference function to inputs and immediates; the outputs, truncated to their types. */
export function applyReference(row: Row, type: Type, ins: readonly IrValue[], imms: readonly (number | Uint8Array)[]): IrValue[] {
  const result = row.ref!(...ins, ...imms, TYPE_BITS[type]);
  const outs = row.outs.length === 1 ? [result] : result as IrValue[];
  return row.outs.map((kind, i) => truncate(outs[i] as IrValue, operandType(kind, type)));
}

/** A 128-bit little-endian number as 16 bytes, and back. */
export const bytesOf = (value: bigint): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
export const bigintOf = (bytes: Uint8Array): bigint => bytes.reduceRight((n, b) => (n << 8n) | BigInt(b), 0n);
