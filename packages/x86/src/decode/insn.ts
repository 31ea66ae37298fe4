/**
 * The decoded instruction: one preallocated object of plain numbers that `decode` fills again and again.
 *
 * Register numbers carry their REX bit. 64-bit values are lo/hi pairs of i32, sign- or zero-extended as the operand asks.
 */
import { INVALID_ROW, type Row } from './row.ts';

/** Default operand and address size of the code segment: 64 for CS.L = 1, 32 for CS.D = 1, else 16 (real and virtual-8086 mode too). */
export type Mode = 16 | 32 | 64;

/** Segment register numbers as in ModR/M and prefixes. */
export const Seg = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5 } as const;

/** No register (`base`, `index`) or no override (`segOverride`). */
export const NONE = -1;

/** One decoded instruction. Only `decode` writes it; emitters read it. */
export class Insn {
  /** The table row; `INVALID_ROW` unless `decode` returned `Decoded.OK`. */
  row: Row = INVALID_ROW;
  /** Bytes, 1 to 15. */
  length = 0;
  /** Mode it was decoded in. */
  mode: Mode = 64;
  /** Operand size in bits: 16, 32 or 64; rows with byte operands ignore it. */
  osz = 32;
  /** Address size in bits: 16, 32 or 64. */
  asz = 64;
  /** Last opcode byte. */
  opcode = 0;

  /** 1 if F0 was present; only ever on rows that allow it, with a memory operand. */
  lock = 0;
  /** 1 if the last of F2/F3 was F3 (REP, REPE). Also set where it is a mandatory prefix. */
  rep = 0;
  /** 1 if the last of F2/F3 was F2 (REPNE). */
  repne = 0;
  /** 1 if 66 was present. */
  data16 = 0;
  /** Segment override as given, or NONE; in 64-bit mode only FS and GS count. */
  segOverride = NONE;
  /** The whole REX byte, or 0. Its presence alone makes byte registers 4..7 SPL, BPL, SIL, DIL. */
  rex = 0;
  /** 1 with REX.W. */
  rexW = 0;

  /** 1 if the row has a ModR/M byte. */
  hasModrm = 0;
  /** The raw ModR/M byte, 0 without one. */
  modrm = 0;
  /** ModR/M mod, 0..3. */
  mod = 0;
  /** ModR/M reg with REX.R, 0..15. */
  reg = 0;
  /** ModR/M rm with REX.B, 0..15. Segment, MMX and x87 registers take the low three bits. */
  rm = 0;
  /** Opcode bits 2:0 with REX.B, 0..15: operand letter Z. */
  opReg = 0;

  /** 1 if the ModR/M operand is memory (mod != 3). */
  isMem = 0;
  /** Segment of that memory operand (or of a moffs): the override, else SS for base rSP/rBP, else DS. */
  seg: number = Seg.DS;
  /** Base register or NONE. */
  base = NONE;
  /** Index register or NONE. */
  index = NONE;
  /** log2 of the index scale, 0..3. */
  scale = 0;
  /** Displacement, low 32 bits; a moffs has all its bits in disp/dispHi. */
  disp = 0;
  /** Displacement, high 32 bits (the sign of `disp`, except for a 64-bit moffs). */
  dispHi = 0;
  /** 1 if disp is relative to the next instruction's address. */
  ripRelative = 0;

  /** Immediate or branch displacement, low 32 bits, extended as the operand letter says. */
  imm = 0;
  /** High 32 bits of it. */
  immHi = 0;
  /** Second immediate: selector of a far pointer, ENTER's nesting level. */
  imm2 = 0;
}
