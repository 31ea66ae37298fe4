/** Value types and limits. Core specification 2.0, sections 5.3.1 to 5.3.5; the constants are the encoding bytes. */
import { WasmError } from './errors.ts';

// `as const` keeps `[I32, I64]` an array of value types, not of numbers.
export const I32 = 0x7f as const;
export const I64 = 0x7e as const;
export const F32 = 0x7d as const;
export const F64 = 0x7c as const;
export const V128 = 0x7b as const;
export const FUNCREF = 0x70 as const;
export const EXTERNREF = 0x6f as const;

export type NumType = typeof I32 | typeof I64 | typeof F32 | typeof F64;
export type RefType = typeof FUNCREF | typeof EXTERNREF;
export type ValType = NumType | typeof V128 | RefType;

const NAMES: Readonly<Record<number, string>> = {
  [I32]: 'i32', [I64]: 'i64', [F32]: 'f32', [F64]: 'f64', [V128]: 'v128', [FUNCREF]: 'funcref', [EXTERNREF]: 'externref',
};

/** The text-format name of a value type, for messages and listings. */
export const typeName = (type: ValType): string => NAMES[type] ?? `0x${Number(type).toString(16)}`;

/** Throws a `WasmError` unless `type` is one of the seven value types. */
export function checkType(type: number, where: string): void {
  if (NAMES[type] === undefined) throw new WasmError(`${where}: ${type} is not a value type; use I32, I64, F32, F64, V128, FUNCREF or EXTERNREF`);
}

/** Sizes of a memory in 64 KiB pages. `max` is required when `shared`; `memory64` makes addresses i64. */
export interface MemoryLimits { readonly min: number; readonly max?: number; readonly shared?: boolean; readonly memory64?: boolean }

/** Sizes of a table in elements. */
export interface TableLimits { readonly type?: RefType; readonly min: number; readonly max?: number }
