/** Shifts, rotates, double shifts. SDM Vol. 2. Counts are taken modulo 32, or 64 for 64-bit operands; a count of 0 leaves the flags. */
import { Cond } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { Method } from '../decode/operands.ts';
import { CcKind, ccCode } from '../flags.ts';
import { Reg } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

/** The count operand `k`: known at translation (a number), or -1 for CL. */
const knownCount = (c: Ctx, k: number, bits: number): number => {
  const o = c.operand(k), mask = bits === 64 ? 63 : 31;
  return o.method === Method.REG ? -1 : (o.method === Method.CONST ? 1 : c.insn.imm) & mask;
};
const countInCl = (c: Ctx, bits: number): Temp => c.ir.extract(c.g.gpr[Reg.RCX]!, 0, bits === 64 ? 6 : 5);

type ShiftOp = (c: Ctx, a: Temp, n: Temp) => Temp;

/** Writes `d` and the flags of (d, src), unless the run-time `count` is 0, when the flags stay. */
function writeCounted(c: Ctx, d: Temp, kind: CcKind, src: Temp, count: Temp): void {
  const ir = c.ir, g = c.g, zero = ir.const64(0), bits = c.bits(0);
  if (c.isMem(0)) c.write(0, d);
  const old = c.flags.codeTemp();
  ir.set(g.ccOp, ir.movcond(ir.extrl_i64_i32(count), ir.const32(0), ir.const32(ccCode(kind, bits)), old, Cond.ne));
  ir.set(g.ccDst, ir.movcond(count, zero, d, g.ccDst, Cond.ne));
  ir.set(g.ccSrc, ir.movcond(count, zero, src, g.ccSrc, Cond.ne));
  c.flags.setDynamic();
  if (!c.isMem(0)) c.write(0, d);
}

const shift = (kind: CcKind, signed: boolean, op: ShiftOp): Emit => (c) => {
  const ir = c.ir, bits = c.bits(0), n = knownCount(c, 1, bits);
  const count = n < 0 ? countInCl(c, bits) : -1;
  const raw = c.readRmw(0);
  const a = kind === CcKind.SHL ? raw : signed ? c.sext(raw, bits) : c.zext(raw, bits);
  if (n === 0) return c.write(0, raw);
  if (n > 0) return c.writeCc(0, op(c, a, ir.const64(n)), kind, n === 1 ? a : op(c, a, ir.const64(n - 1)));
  const before = op(c, a, ir.and(ir.sub(count, ir.const64(1)), ir.const64(63)));
  writeCounted(c, op(c, a, count), kind, before, count);
};
export const emitShl: Emit = shift(CcKind.SHL, false, (c, a, n) => c.ir.shl(a, n));
export const emitShr: Emit = shift(CcKind.SHR, false, (c, a, n) => c.ir.shr(a, n));
export const emitSar: Emit = shift(CcKind.SHR, true, (c, a, n) => c.ir.sar(a, n));

// ---- Rotates: CF and OF only -------------------------------------------------------------------------------------------------------

/** The value rotated; narrow operands are repeated to 32 bits, so that a 32-bit rotate does them. */
function rotated(c: Ctx, a: Temp, n: Temp, bits: number, left: boolean): Temp {
  const ir = c.ir;
  if (bits === 64) return left ? ir.rotl(a, n) : ir.rotr(a, n);
  let v = ir.extrl_i64_i32(a);
  if (bits === 16) v = ir.deposit(v, v, 16, 16);
  if (bits === 8) v = ir.mul(ir.extract(v, 0, 8), ir.const32(0x01010101));
  const n32 = ir.extrl_i64_i32(n);
  return ir.extu_i32_i64(left ? ir.rotl(v, n32) : ir.rotr(v, n32));
}

/** CF is the bit that went round; OF the change of sign (defined for a count of one, and like this on hardware for others). Both at their EFLAGS places. */
function rotateFlags(c: Ctx, d: Temp, bits: number, left: boolean): Temp {
  const ir = c.ir, top = ir.extract(d, bits - 1, 1);
  const carry = left ? ir.extract(d, 0, 1) : top;
  return carryOverflow(c, carry, ir.xor(top, left ? carry : ir.extract(d, bits - 2, 1)));
}

const carryOverflow = (c: Ctx, carry: Temp, overflow: Temp): Temp => c.ir.or(carry, c.ir.shl(overflow, c.ir.const64(11)));
const flagsWith = (c: Ctx, carry: Temp, overflow: Temp): Temp =>
  c.ir.deposit(c.ir.deposit(c.flags.eflags(), carry, 0, 1), overflow, 11, 1);

const rotate = (left: boolean): Emit => (c) => {
  const ir = c.ir, bits = c.bits(0), n = knownCount(c, 1, bits);
  const count = n < 0 ? ir.mov(countInCl(c, bits)) : ir.const64(n);
  const a = c.readRmw(0);
  if (n === 0) return c.write(0, a);
  const d = rotated(c, a, count, bits, left);
  if (c.isMem(0)) c.write(0, d);
  c.flags.overrideCarryOverflow(rotateFlags(c, d, bits, left), n < 0 ? count : -1);
  if (!c.isMem(0)) c.write(0, d);
};
export const emitRol: Emit = rotate(true);
export const emitRor: Emit = rotate(false);

/** Through carry: by one inline, by more in a helper. */
const rotateCarry = (left: boolean): Emit => (c) => {
  const ir = c.ir, bits = c.bits(0), n = knownCount(c, 1, bits);
  const count = n < 0 ? countInCl(c, bits) : -1;
  const a = c.readRmw(0), e = ir.mov(c.flags.eflags());
  if (n === 0) return c.write(0, a);
  let d: Temp, flags: Temp;
  if (n === 1) {
    const carry = ir.extract(e, 0, 1);
    d = left ? ir.or(ir.shl(a, ir.const64(1)), carry) : ir.or(ir.shr(c.zext(a, bits), ir.const64(1)), ir.shl(carry, ir.const64(bits - 1)));
    const out = left ? ir.extract(a, bits - 1, 1) : ir.extract(a, 0, 1);
    const overflow = left ? ir.xor(out, ir.extract(d, bits - 1, 1)) : ir.xor(ir.extract(d, bits - 1, 1), ir.extract(d, bits - 2, 1));
    flags = flagsWith(c, out, overflow);
  } else {
    const by = n < 0 ? ir.extrl_i64_i32(count) : ir.const32(n);
    d = ir.call(left ? c.h.rcl : c.h.rcr, c.zext(a, bits), by, ir.const32(bits), ir.extrl_i64_i32(e));
    flags = ir.ld32u(ir.const32(c.env), c.scratchOffset(0));
  }
  if (c.isMem(0)) c.write(0, d);
  c.flags.setEflags(flags);
  if (!c.isMem(0)) c.write(0, d);
};
export const emitRcl: Emit = rotateCarry(true);
export const emitRcr: Emit = rotateCarry(false);

// ---- Double shifts -----------------------------------------------------------------------------------------------------------------

/** `a` shifted by `n` (1..63), filled from `b`. */
function doubleShift(c: Ctx, a: Temp, b: Temp, n: Temp, bits: number, left: boolean): Temp {
  const ir = c.ir;
  if (bits === 64) {
    const other = ir.and(ir.neg(n), ir.const64(63)); // 64 - n; n = 0 is never used
    return left ? ir.or(ir.shl(a, n), ir.shr(b, other)) : ir.or(ir.shr(a, n), ir.shl(b, other));
  }
  if (bits === 32) {
    const wide = left ? ir.deposit(b, a, 32, 32) : ir.deposit(a, b, 32, 32);
    return left ? ir.shr(ir.shl(wide, n), ir.const64(32)) : ir.shr(wide, n);
  }
  // 16 bits: counts above 16 shift a in again behind b
  if (left) {
    const wide = ir.deposit(ir.deposit(a, b, 16, 16), a, 32, 16);
    return ir.shr(ir.shl(wide, n), ir.const64(32));
  }
  return ir.shr(ir.deposit(ir.deposit(a, b, 16, 16), a, 32, 16), n);
}

const double = (left: boolean): Emit => (c) => {
  const ir = c.ir, bits = c.bits(0), n = knownCount(c, 2, bits), kind = left ? CcKind.SHL : CcKind.SHR;
  const count = n < 0 ? countInCl(c, bits) : ir.const64(n);
  const a = ir.mov(c.readRmw(0)), b = c.read(1);
  if (n === 0) return c.write(0, a);
  const d = doubleShift(c, a, b, count, bits, left);
  if (n === 1) return c.writeCc(0, d, kind, a);
  const before = doubleShift(c, a, b, ir.and(ir.sub(count, ir.const64(1)), ir.const64(63)), bits, left);
  if (n > 0) return c.writeCc(0, d, kind, before);
  // for a count of 1 the shift by 0 must give a itself
  const src = ir.movcond(count, ir.const64(1), a, before, Cond.eq);
  writeCounted(c, ir.movcond(count, ir.const64(0), a, d, Cond.eq), kind, src, count);
};
export const emitShld: Emit = double(true);
export const emitShrd: Emit = double(false);

