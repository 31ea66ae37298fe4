/** Integer addition, subtraction, multiplication, division and sign widening. SDM Vol. 2. */
import { Cond } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import type { Ctx } from '../ctx.ts';
import { CcKind } from '../flags.ts';
import { EFLAGS, Reg, Vector } from '../state.ts';
import type { Emit } from './types.ts';

/** A memory destination is read and written by one op, which faults as a write and is atomic whether LOCK is there or not. */
export const emitAdd: Emit = (c) => {
  const b = c.read(1);
  if (c.isMem(0)) {
    const d = c.ir.add(c.ir.atomic_fetch_add(c.ea(), b, c.memop(c.bits(0)), c.mmu), b);
    c.flags.set(CcKind.ADD, c.bits(0), d, b);
  } else c.writeCc(0, c.ir.add(c.read(0), b), CcKind.ADD, b);
};

export const emitSub: Emit = (c) => {
  const b = c.read(1), bits = c.bits(0);
  if (c.isMem(0)) {
    const a = c.ir.atomic_fetch_add(c.ea(), c.ir.neg(b), c.memop(bits), c.mmu);
    c.flags.set(CcKind.SUB, bits, c.ir.sub(a, b), b, -1, a);
  } else {
    const a = c.ir.mov(c.read(0)), d = c.ir.sub(a, b);
    c.flags.set(CcKind.SUB, bits, d, b, -1, a);
    c.write(0, d);
  }
};

export const emitCmp: Emit = (c) => {
  const a = c.read(0), b = c.read(1);
  c.flags.set(CcKind.SUB, c.bits(0), c.ir.sub(a, b), b, -1, a);
};

export const emitAdc: Emit = (c) => {
  const b = c.read(1), carry = c.conditions.carry();
  const d = c.ir.add(c.ir.add(c.readRmw(0), b), carry);
  c.writeCc(0, d, CcKind.ADC, b, carry);
};

export const emitSbb: Emit = (c) => {
  const b = c.read(1), carry = c.conditions.carry();
  const d = c.ir.sub(c.ir.sub(c.readRmw(0), b), carry);
  c.writeCc(0, d, CcKind.SBB, b, carry);
};

const step = (kind: CcKind, by: 1 | -1): Emit => (c) => {
  const carry = c.conditions.carry(), one = c.ir.const64(by);
  if (c.isMem(0)) c.flags.set(kind, c.bits(0), c.ir.add(c.ir.atomic_fetch_add(c.ea(), one, c.memop(c.bits(0)), c.mmu), one), carry);
  else c.writeCc(0, c.ir.add(c.read(0), one), kind, carry);
};
export const emitInc: Emit = step(CcKind.INC, 1);
export const emitDec: Emit = step(CcKind.DEC, -1);

/** 0 - a: SUB with the operand as source. */
export const emitNeg: Emit = (c) => {
  const a = c.readRmw(0), bits = c.bits(0), zero = c.ir.const64(0);
  const src = c.ir.mov(a), d = c.ir.sub(zero, a);
  if (c.isMem(0)) c.write(0, d);
  c.flags.set(CcKind.SUB, bits, d, src, -1, zero);
  if (!c.isMem(0)) c.write(0, d);
};

// ---- Multiplication ----------------------------------------------------------------------------------------------------------------

/** Two- and three-operand IMUL: CF = OF = the product does not fit. */
export const emitImul: Emit = (c, i) => {
  const bits = c.bits(0), three = i.row.operands.length === 3, ir = c.ir;
  const a = three ? c.readS(1) : c.readS(0), b = three ? c.read(2) : c.readS(1);
  if (bits === 64) {
    const lo = ir.muls2(a, b), hi = lo + 1;
    c.flags.set(CcKind.MUL, 64, lo, ir.sub(hi, ir.sar(lo, ir.const64(63))));
    c.write(0, lo);
  } else {
    const d = ir.mul(a, b);
    c.flags.set(CcKind.MUL, bits, d, ir.sub(d, c.sext(d, bits)));
    c.write(0, d);
  }
};

/** rDX:rAX (AX for bytes) = rAX * operand. `src` of the flags is 0 exactly when the upper half says nothing new. */
const multiply = (signed: boolean): Emit => (c) => {
  const bits = c.bits(0), ir = c.ir, rax = c.g.gpr[Reg.RAX]!;
  const b = signed ? c.readS(0) : c.readZ(0);
  if (bits === 64) {
    const lo = signed ? ir.muls2(rax, b) : ir.mulu2(rax, b), hi = lo + 1;
    c.flags.set(CcKind.MUL, 64, lo, signed ? ir.sub(hi, ir.sar(lo, ir.const64(63))) : hi);
    c.setReg(Reg.RAX, 64, lo);
    return c.setReg(Reg.RDX, 64, hi);
  }
  const d = ir.mul(signed ? c.sext(rax, bits) : c.zext(rax, bits), b);
  const hi = ir.shr(d, ir.const64(bits));
  c.flags.set(CcKind.MUL, bits, d, signed ? ir.sub(d, c.sext(d, bits)) : c.zext(hi, bits));
  if (bits === 8) return c.setReg(Reg.RAX, 16, d);
  c.setReg(Reg.RAX, bits, d);
  c.setReg(Reg.RDX, bits, hi);
};
export const emitMul: Emit = multiply(false);
export const emitImulAcc: Emit = multiply(true);

// ---- Division ----------------------------------------------------------------------------------------------------------------------

/** Up to 32 bits the dividend fits an i64; #DE if the divisor is 0 or the quotient does not fit. */
const divide = (signed: boolean): Emit => (c) => {
  const bits = c.bits(0), ir = c.ir, zero = ir.const64(0);
  const rax = c.g.gpr[Reg.RAX]!, rdx = c.g.gpr[Reg.RDX]!;
  const b = ir.mov(signed ? c.readS(0) : c.readZ(0));
  if (bits === 64) return divide128(c, signed, b);
  c.raiseIf(b, zero, Cond.eq, Vector.DE);
  const wide = bits === 8 ? rax : bits === 16 ? ir.deposit(rax, rdx, 16, 16) : ir.deposit(rax, rdx, 32, 32);
  const a = signed ? c.sext(wide, bits * 2) : c.zext(wide, bits * 2);
  if (signed && bits === 32) { // -2^63 / -1 overflows i64 as well
    const negative = ir.setcond(b, ir.const64(-1), Cond.eq), minimum = ir.setcond(a, ir.const64(0, 0x80000000 | 0), Cond.eq);
    c.raiseIf(ir.and(negative, minimum), zero, Cond.ne, Vector.DE);
  }
  const q = signed ? ir.divs(a, b) : ir.divu(a, b), r = signed ? ir.rems(a, b) : ir.remu(a, b);
  c.raiseIf(q, signed ? c.sext(q, bits) : c.zext(q, bits), Cond.ne, Vector.DE);
  if (bits === 8) return c.setReg(Reg.RAX, 16, ir.deposit(q, r, 8, 8));
  c.setReg(Reg.RAX, bits, q);
  c.setReg(Reg.RDX, bits, r);
};
export const emitDiv: Emit = divide(false);
export const emitIdiv: Emit = divide(true);

/** A dividend of 64 significant bits (the usual case) is divided inline; the helper does the rest, and raises #DE. */
function divide128(c: Ctx, signed: boolean, b: Temp): void {
  const ir = c.ir, rax = c.g.gpr[Reg.RAX]!, rdx = c.g.gpr[Reg.RDX]!;
  const slow = ir.newLabel(), done = ir.newLabel();
  const q = ir.temp(1), r = ir.temp(1);
  ir.brcond(rdx, signed ? ir.sar(rax, ir.const64(63)) : ir.const64(0), Cond.ne, slow);
  ir.brcond(b, ir.const64(0), Cond.eq, slow);
  if (signed) ir.brcond(b, ir.const64(-1), Cond.eq, slow);
  ir.set(q, signed ? ir.divs(rax, b) : ir.divu(rax, b));
  ir.set(r, signed ? ir.rems(rax, b) : ir.remu(rax, b));
  ir.br(done);
  ir.set_label(slow);
  ir.set(q, ir.call(signed ? c.h.idiv64 : c.h.div64, rax, rdx, b));
  ir.set(r, ir.ld(1, ir.const32(c.env), c.scratchOffset(0)));
  ir.set_label(done);
  c.setReg(Reg.RAX, 64, q);
  c.setReg(Reg.RDX, 64, r);
}

// ---- Widening the accumulator ------------------------------------------------------------------------------------------------------

/** CBW, CWDE, CDQE. */
export const emitCbw: Emit = (c, i) => c.setReg(Reg.RAX, i.osz, c.sext(c.g.gpr[Reg.RAX]!, i.osz / 2));
/** CWD, CDQ, CQO. */
export const emitCwd: Emit = (c, i) => c.setReg(Reg.RDX, i.osz, c.ir.sar(c.sext(c.g.gpr[Reg.RAX]!, i.osz), c.ir.const64(63)));

// ---- ADX, CRC32 --------------------------------------------------------------------------------------------------------------------

/** ADCX and ADOX: add with one flag as carry in and out, the others untouched. */
const addFlag = (flag: number): Emit => (c) => {
  const ir = c.ir, bits = c.bits(0), b = c.readZ(1), a = c.readZ(0);
  const e = c.flags.eflags();
  const shift = Math.log2(flag);
  const carry = ir.extract(e, shift, 1);
  const partial = ir.add(a, b), d = ir.add(partial, carry);
  const out = bits === 64
    ? ir.or(ir.setcond(partial, a, Cond.ltu), ir.setcond(d, partial, Cond.ltu))
    : ir.extract(d, 32, 1);
  c.flags.setEflags(ir.deposit(e, out, shift, 1));
  c.write(0, d);
};
export const emitAdcx: Emit = addFlag(EFLAGS.CF);
export const emitAdox: Emit = addFlag(EFLAGS.OF);

export const emitCrc32: Emit = (c) => {
  const v = c.readZ(1);
  c.write(0, c.ir.extu_i32_i64(c.ir.call(c.h.crc32, c.ir.extrl_i64_i32(c.read(0)), v, c.ir.const32(c.bits(1) >> 3))));
};
