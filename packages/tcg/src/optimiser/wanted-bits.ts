/** Which bits of its inputs an op needs so that the wanted low bits of its output are right. */
import { Kind } from '../ir.ts';
import type { Ir } from '../ir.ts';
import { Op, OP_NAMES } from '../ops.ts';
import type { OpName } from '../ops.ts';
import { MemOp } from '../types.ts';
import { FULL } from './shape.ts';

/** How the wanted bits of the output tell those of the inputs. */
const Want = {
  ALL: 0, SAME: 1, MOVCOND: 2, FIELD: 3, DEPOSIT: 4, SHL: 5, SHR: 6, NARROW: 7, CONCAT: 8, STORE8: 9, STORE16: 10, STORE32: 11, GUEST_STORE: 12,
} as const;
const WANTS: Partial<Record<OpName, number>> = {
  mov: Want.SAME, add: Want.SAME, sub: Want.SAME, mul: Want.SAME, neg: Want.SAME, not: Want.SAME, and: Want.SAME, or: Want.SAME, xor: Want.SAME,
  andc: Want.SAME, orc: Want.SAME, eqv: Want.SAME, nand: Want.SAME, nor: Want.SAME,
  movcond: Want.MOVCOND, extract: Want.FIELD, sextract: Want.FIELD, deposit: Want.DEPOSIT, shl: Want.SHL, shr: Want.SHR,
  ext_i32_i64: Want.NARROW, extu_i32_i64: Want.NARROW, extrl_i64_i32: Want.NARROW, concat_i32_i64: Want.CONCAT,
  st8: Want.STORE8, st16: Want.STORE16, st32: Want.STORE32, qemu_st: Want.GUEST_STORE,
};
const WANT = Uint8Array.from(OP_NAMES, (name) => WANTS[name] ?? Want.ALL);
/** 1 for the many ops that want of each input what is wanted of the output. */
export const SAME_BITS = WANT.map((want) => (want === Want.SAME ? 1 : 0));

/**
 * Low bits wanted of input `k` of the op whose inputs begin at `args[a]`, when `d` low bits of its output are.
 * Of a value that decides (a condition, a shift count, an address) it is always all.
 */
export function wantedBits(ir: Ir, op: number, a: number, k: number, d: number): number {
  const { args } = ir;
  switch (WANT[op]) {
    case Want.SAME: return d;
    case Want.MOVCOND: return k < 2 ? 64 : d;
    case Want.FIELD: return op === Op.extract ? args[a + 1]! + Math.min(d, args[a + 2]!) : args[a + 1]! + args[a + 2]!;
    case Want.DEPOSIT: return k === 0 ? d : Math.min(args[a + 3]!, d - args[a + 2]!);
    case Want.SHL: case Want.SHR: return k === 0 ? shifted(ir, op, a, d) : 64;
    case Want.NARROW: return Math.min(d, 32);
    case Want.CONCAT: return k === 0 ? Math.min(d, 32) : Math.max(d - 32, 1);
    case Want.STORE8: case Want.STORE16: case Want.STORE32: return k === 0 ? 8 << (WANT[op]! - Want.STORE8) : 64;
    case Want.GUEST_STORE: return k === 0 ? Math.min(8 << (args[a + 2]! & MemOp.SIZE), 64) : 64;
    default: return FULL[ir.tempType[args[a + k]!]!]!;
  }
}

/** Bits of the value that a shift moves into the wanted ones. */
function shifted(ir: Ir, op: number, a: number, d: number): number {
  const { args, tempKind, tempLo, tempType } = ir, count = args[a + 1]!, width = FULL[tempType[args[a]!]!]!;
  if (tempKind[count] !== Kind.CONST) return op === Op.shl ? d : width;
  const n = tempLo[count]! & (width - 1);
  return op === Op.shl ? Math.max(d - n, 1) : Math.min(d + n, width);
}
