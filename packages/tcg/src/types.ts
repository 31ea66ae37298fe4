/**
 * The vocabulary of the IR: value types, conditions, memory operations, exit reasons. Names follow QEMU's TCG
 * (docs/devel/tcg-ops), widths follow WebAssembly.
 */
import { F32, F64, I32, I64, V128 } from '@emu/wasm';

/** Value types of temps. Codes are dense; `TYPE_NAMES`, `TYPE_BITS` and `WASM_TYPE` are indexed by them. */
export const Type = { i32: 0, i64: 1, v128: 2, f32: 3, f64: 4 } as const;
export type Type = (typeof Type)[keyof typeof Type];
export const TYPE_NAMES = ['i32', 'i64', 'v128', 'f32', 'f64'] as const;
export type TypeName = (typeof TYPE_NAMES)[number];
export const TYPE_BITS = [32, 64, 128, 32, 64] as const;
export const WASM_TYPE = [I32, I64, V128, F32, F64] as const;

/** Conditions of `setcond`, `movcond` and `brcond`. A code's lowest bit inverts it. `tst*` compare `a & b` with 0. */
export const Cond = {
  eq: 0, ne: 1, lt: 2, ge: 3, le: 4, gt: 5, ltu: 6, geu: 7, leu: 8, gtu: 9, tsteq: 10, tstne: 11,
} as const;
export type Cond = (typeof Cond)[keyof typeof Cond];
export const COND_NAMES = Object.keys(Cond) as (keyof typeof Cond)[];
export const invertCond = (c: Cond): Cond => (c ^ 1) as Cond;

/** Conditions of `fsetcond`: ordered comparisons are false and `ne`, `un` are true when an operand is a NaN. */
export const FCond = { eq: 0, ne: 1, lt: 2, le: 3, gt: 4, ge: 5, un: 6, ord: 7 } as const;
export type FCond = (typeof FCond)[keyof typeof FCond];
export const FCOND_NAMES = Object.keys(FCond) as (keyof typeof FCond)[];

/**
 * A guest memory access, a set of masks: log2 of the size in bytes (0-4) in bits 0-2, then flags. Guests are little-endian;
 * a big-endian access is a `bswap`.
 */
export const MemOp = {
  b8: 0, b16: 1, b32: 2, b64: 3, b128: 4, SIZE: 7,
  /** Sign-extend to the result type. */
  SIGN: 8,
  /** The address must be a multiple of the size; else the guest's alignment fault. */
  ALIGN: 16,
  /** A load that precedes a store to the same place: needs, and faults as, a write. */
  RMW: 32,
} as const;
export type MemOp = number;

/** Memory op and mmu index in one i32, as slow paths take it. */
export const memOpIdx = (op: MemOp, mmuIdx: number): number => op | (mmuIdx << 8);
export const memOpOf = (oi: number): MemOp => oi & 0xff;
export const mmuIdxOf = (oi: number): number => oi >>> 8;

/** Why generated code came back to the engine (`CpuHeader.exitReason`). */
export const Exit = {
  /** The budget does not cover the next TB; `pc` is at its start. */
  BUDGET: 0,
  /** `goto_tb` of TB `exitTb`, slot `exitSlot`, is not linked yet; `pc` is the target. */
  CHAIN: 1,
  /** `lookup_and_goto_ptr` missed the jump cache; `pc` is the target. */
  LOOKUP: 2,
  /** `exit_tb`: the guest asked to go through the main loop (state change, HLT); `exitSlot` holds its argument. */
  TB: 3,
  /** A helper or slow path raised; `faultTb` and `faultInsn` say where. */
  FAULT: 4,
  /** TB `exitTb` reached the execution count that makes it hot; it has not run yet. */
  HOT: 5,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];
export const EXIT_NAMES = Object.keys(Exit) as (keyof typeof Exit)[];
