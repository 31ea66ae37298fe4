/**
 * MMX and XMM operands of the row at hand, as v128 temps. SDM Vol. 2 appendix A.2, Vol. 1 chapters 9 and 10.
 *
 * An MMX register, and a memory operand of fewer than 128 bits, is the low part of a v128; what is above it may be anything for a register,
 * and is zero for memory. An XMM register is the global itself: it changes when the register is written, as `Ctx.read` says. MMX registers
 * are the significands of the x87 cells; writing one sets the exponent to ones, and `enterMmx` does what every MMX instruction does to the
 * x87 state (SDM Vol. 3, 13.2). Sources are read before anything is written, so faults stay precise.
 */
import { MemOp, Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import type { Ctx } from './ctx.ts';
import { Method } from './decode/operands.ts';
import { ST } from './state.ts';

const CELL_BYTES = 16;
const MMX_MASK = 7;
/** Sign and exponent of a cell that holds an MMX register. */
const MMX_EXPONENT = 0xffff;
const ALL_VALID = 0xff;
/** First scratch word of the operands that helpers take by address: 16 bytes each. */
const SCRATCH_SOURCE = 4;
const SCRATCH_RESULT = 6;

export const zeroV = (c: Ctx): Temp => c.ir.constV128(0, 0, 0, 0);
/** A v128 of one 64-bit constant twice. */
export const splat64 = (c: Ctx, lo: number, hi: number): Temp => c.ir.constV128(lo, hi, lo, hi);
export const splat32 = (c: Ctx, value: number): Temp => c.ir.constV128(value, value, value, value);
export const splat16 = (c: Ctx, value: number): Temp => splat32(c, (value & 0xffff) | (value << 16));
export const splat8 = (c: Ctx, value: number): Temp => splat16(c, (value & 0xff) | ((value & 0xff) << 8));
/** The v128 whose low half is `low` (i64), the rest zero. */
export const fromLow = (c: Ctx, low: Temp): Temp => c.ir.vset64(zeroV(c), low, 0);

/** A shuffle by byte numbers: 0 to 15 of `a`, 16 to 31 of `b`. */
export function shuffle(c: Ctx, a: Temp, b: Temp, bytes: readonly number[]): Temp {
  const word = (i: number): number => bytes[4 * i]! | (bytes[4 * i + 1]! << 8) | (bytes[4 * i + 2]! << 16) | (bytes[4 * i + 3]! << 24);
  return c.ir.vshuffle(a, b, c.ir.poolV128(word(0), word(1), word(2), word(3)));
}

const env = (c: Ctx): Temp => c.ir.const32(c.env);
const isMmx = (method: number): boolean => method === Method.P || method === Method.N || method === Method.Q;

/** Whether operand `k` is an MMX register (or the memory operand in its place). */
export const isMmxOperand = (c: Ctx, k: number): boolean => isMmx(c.operand(k).method);
/** Bytes of the vectors the row works on: 8 for MMX, else 16. */
export const vectorBytes = (c: Ctx): 8 | 16 => (isMmxOperand(c, 0) ? 8 : 16);

/** Number of the XMM or MMX register that operand `k` names; -1 for memory. */
function register(c: Ctx, k: number): number {
  const { insn } = c;
  switch (c.operand(k).method) {
    case Method.V: return insn.reg;
    case Method.U: return insn.rm;
    case Method.W: return insn.isMem ? -1 : insn.rm;
    case Method.XMM0: return 0;
    case Method.P: return insn.reg & MMX_MASK;
    case Method.N: return insn.rm & MMX_MASK;
    case Method.Q: return insn.isMem ? -1 : insn.rm & MMX_MASK;
    case Method.M: return -1;
    default: throw new Error(`operand ${c.operand(k).name} is not a vector`);
  }
}

/** Number of the XMM register that operand `k` is; -1 for anything else. */
export const xmmNumber = (c: Ctx, k: number): number => (isMmxOperand(c, k) ? -1 : register(c, k));

const cellOffset = (n: number): number => ST.st + CELL_BYTES * n;

/** Memory op of the row's 128-bit operand: aligned, unless the row says otherwise; EFLAGS.AC does not matter to those (hardware). */
const vectorMemop = (c: Ctx): number => MemOp.b128 | (c.insn.row.align > 1 ? MemOp.ALIGN : 0);

/** The value of vector operand `k`. */
export function readVec(c: Ctx, k: number): Temp {
  const { ir } = c, n = register(c, k);
  if (n < 0) {
    const bits = c.bits(k);
    return bits === 128 ? ir.qemu_ld(Type.v128, c.ea(), vectorMemop(c), c.mmu) : fromLow(c, c.load(bits, c.ea()));
  }
  return isMmxOperand(c, k) ? ir.ld(Type.v128, env(c), cellOffset(n)) : c.g.xmm[n]!;
}

/** Writes vector operand `k` whole: an XMM register all 128 bits, an MMX register and memory as many as they have. */
export function writeVec(c: Ctx, k: number, v: Temp): void {
  const { ir } = c, n = register(c, k);
  if (n < 0) {
    const bits = c.bits(k);
    if (bits === 128) ir.qemu_st(v, c.ea(), vectorMemop(c), c.mmu);
    else c.store(bits, c.ea(), ir.vget64(v, 0));
  } else if (isMmxOperand(c, k)) ir.st(ir.vset64(v, ir.const64(MMX_EXPONENT), 1), env(c), cellOffset(n));
  else ir.set(c.g.xmm[n]!, v);
}

/** Low 64 bits of operand `k`, or fewer from memory, zero-extended: cheaper than `readVec` where a scalar is wanted. */
export function readLow(c: Ctx, k: number): Temp {
  const { ir } = c, n = register(c, k);
  if (n < 0) return c.load(c.bits(k), c.ea());
  return isMmxOperand(c, k) ? ir.ld(Type.i64, env(c), cellOffset(n)) : ir.vget64(c.g.xmm[n]!, 0);
}

/** Writes the low 64 bits of operand `k` (or as many as memory has), leaving the rest of an XMM register. */
export function writeLow(c: Ctx, k: number, low: Temp): void {
  const { ir } = c, n = register(c, k);
  if (n < 0) c.store(c.bits(k), c.ea(), low);
  else if (isMmxOperand(c, k)) {
    ir.st(low, env(c), cellOffset(n));
    ir.st(ir.const64(MMX_EXPONENT), env(c), cellOffset(n) + 8);
  } else ir.set(c.g.xmm[n]!, ir.vset64(c.g.xmm[n]!, low, 0));
}

export const clearTop = (c: Ctx): void => c.ir.st(c.ir.const32(0), env(c), ST.top);

/** x87 state after any MMX instruction but EMMS: TOP = 0, no register empty. Comes after the last access that may fault. */
export function enterMmx(c: Ctx): void {
  const { ir } = c;
  clearTop(c);
  ir.st(ir.const32(ALL_VALID), env(c), ST.valid);
}

// ---- Operands that helpers take by address -------------------------------------------------------------------------------------

const address = (c: Ctx, offset: number): Temp => c.ir.const32(c.env + offset);

/** Address of XMM or MMX register operand `k` in CPU state; a memory operand is copied there first. */
export function vecAddress(c: Ctx, k: number): Temp {
  const { ir } = c, n = register(c, k);
  if (n >= 0) return address(c, isMmxOperand(c, k) ? cellOffset(n) : ST.xmm + 16 * n);
  if (c.bits(k) === 128) ir.st(readVec(c, k), env(c), c.scratchOffset(SCRATCH_SOURCE));
  else ir.st(readLow(c, k), env(c), c.scratchOffset(SCRATCH_SOURCE));
  return address(c, c.scratchOffset(SCRATCH_SOURCE));
}

/** Address of a copy of `v` in CPU state. */
export function addressOf(c: Ctx, v: Temp): Temp {
  c.ir.st(v, env(c), c.scratchOffset(SCRATCH_SOURCE));
  return address(c, c.scratchOffset(SCRATCH_SOURCE));
}

/** Address of the place for a helper's result, and that result. */
export const resultAddress = (c: Ctx): Temp => address(c, c.scratchOffset(SCRATCH_RESULT));
export const resultLow = (c: Ctx): Temp => c.ir.ld(Type.i64, env(c), c.scratchOffset(SCRATCH_RESULT));
