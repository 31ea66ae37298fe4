/** The low `bits` of an i64 temp as a whole i64. */
import type { Ir, Temp } from '@emu/tcg';

export const zext = (ir: Ir, v: Temp, bits: number): Temp => (bits === 64 ? v : ir.extract(v, 0, bits));
export const sext = (ir: Ir, v: Temp, bits: number): Temp => (bits === 64 ? v : ir.sextract(v, 0, bits));
