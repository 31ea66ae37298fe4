/** Encodings that several sections share: limits, constant expressions, vectors. Core specification 2.0, sections 5.3 and 5.5. */
import type { ByteWriter } from './bytes.ts';
import { WasmError } from './errors.ts';
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, typeName, V128, type MemoryLimits, type TableLimits, type ValType } from './types.ts';

export const Section = {
  CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, TABLE: 4, MEMORY: 5, GLOBAL: 6, EXPORT: 7, START: 8, ELEMENT: 9, CODE: 10, DATA: 11, DATA_COUNT: 12,
} as const;
/** Kinds of imports and exports. */
export const Kind = { FUNC: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 } as const;
const LIMITS = { HAS_MAX: 1, SHARED: 2, MEMORY64: 4 } as const;
const OP = { I32_CONST: 0x41, I64_CONST: 0x42, F32_CONST: 0x43, F64_CONST: 0x44, GLOBAL_GET: 0x23, REF_NULL: 0xd0, REF_FUNC: 0xd2, V128_CONST: 0xfd, END: 0x0b } as const;
const V128_CONST_CODE = 12;

/** Initial value of a global, by its type: a number for i32, f32, f64 and small i64; `[lo, hi]` or a bigint for i64; 16 bytes or four
 *  i32 for v128; a function index or null for references; `{ global }` copies an imported global. */
export type Init = number | bigint | ArrayLike<number> | null | { readonly global: number };

export function writeLimits(out: ByteWriter, { min, max, shared = false, memory64 = false }: MemoryLimits, where: string): void {
  const pages = memory64 ? 2 ** 48 : 65536;
  checkSize(min, pages, where);
  if (max !== undefined) checkSize(max, pages, where);
  if (max !== undefined && max < min) throw new WasmError(`${where}: max ${max} is below min ${min}`);
  if (shared && max === undefined) throw new WasmError(`${where}: a shared memory needs a max`);
  out.u8((max === undefined ? 0 : LIMITS.HAS_MAX) | (shared ? LIMITS.SHARED : 0) | (memory64 ? LIMITS.MEMORY64 : 0));
  out.u53(min);
  if (max !== undefined) out.u53(max);
}

export function writeTable(out: ByteWriter, { type = FUNCREF, min, max }: TableLimits, where: string): void {
  checkSize(min, 2 ** 32 - 1, where);
  if (max !== undefined) checkSize(max, 2 ** 32 - 1, where);
  if (max !== undefined && max < min) throw new WasmError(`${where}: max ${max} is below min ${min}`);
  out.u8(type);
  out.u8(max === undefined ? 0 : LIMITS.HAS_MAX);
  out.u32(min);
  if (max !== undefined) out.u32(max);
}

function checkSize(value: number, limit: number, where: string): void {
  if (!Number.isInteger(value) || value < 0 || value > limit) throw new WasmError(`${where}: size ${value} is not an integer from 0 to ${limit}`);
}

/** A constant expression with its `end`. */
export function writeInit(out: ByteWriter, type: ValType, init: Init, where: string): void {
  if (init !== null && typeof init === 'object' && 'global' in init) {
    out.u8(OP.GLOBAL_GET);
    out.u32(init.global);
  } else if (type === FUNCREF || type === EXTERNREF) {
    writeReference(out, type, init, where);
  } else {
    writeConstant(out, type, init, where);
  }
  out.u8(OP.END);
}

function writeReference(out: ByteWriter, type: ValType, init: Init, where: string): void {
  if (init === null) {
    out.u8(OP.REF_NULL);
    out.u8(type);
  } else if (type === FUNCREF && typeof init === 'number') {
    out.u8(OP.REF_FUNC);
    out.u32(init);
  } else refuse(type, init, where);
}

function writeConstant(out: ByteWriter, type: ValType, init: Init, where: string): void {
  if (type === V128 && typeof init === 'object' && init !== null && 'length' in init) {
    out.u8(OP.V128_CONST);
    out.u8(V128_CONST_CODE);
    if (init.length === 16) out.raw(init);
    else if (init.length === 4) for (let i = 0; i < 4; i++) out.fixed32(init[i]!);
    else refuse(type, init, where);
  } else if (type === I64) {
    out.u8(OP.I64_CONST);
    writeI64(out, init, where);
  } else if (typeof init !== 'number') {
    refuse(type, init, where);
  } else if (type === I32) {
    if ((init | 0) !== init && init >>> 0 !== init) refuse(type, init, where);
    out.u8(OP.I32_CONST);
    out.s32(init | 0);
  } else if (type === F32) {
    out.u8(OP.F32_CONST);
    out.raw(new Uint8Array(new Float32Array([init]).buffer));
  } else if (type === F64) {
    out.u8(OP.F64_CONST);
    out.raw(new Uint8Array(new Float64Array([init]).buffer));
  } else refuse(type, init, where);
}

function writeI64(out: ByteWriter, init: Init, where: string): void {
  if (typeof init === 'number' && Number.isSafeInteger(init)) out.s64(init, Math.floor(init / 2 ** 32));
  else if (typeof init === 'bigint') out.s64(Number(BigInt.asIntN(32, init)), Number(BigInt.asIntN(32, init >> 32n)));
  else if (typeof init === 'object' && init !== null && 'length' in init && init.length === 2) out.s64(init[0]!, init[1]!);
  else refuse(I64, init, where);
}

function refuse(type: ValType, init: Init, where: string): never {
  throw new WasmError(`${where}: ${String(init)} is not an initial value of type ${typeName(type)}`);
}
