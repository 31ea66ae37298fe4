/** AND, OR, XOR, NOT, TEST. AF is undefined; hardware clears it, and so does LOGIC. SDM Vol. 2. */
import type { Temp } from '@emu/tcg';
import { CcKind } from '../flags.ts';
import type { Ctx, Emit } from './types.ts';

const logic = (op: (c: Ctx, a: Temp, b: Temp) => Temp, atomic: (c: Ctx, b: Temp) => Temp): Emit => (c) => {
  const b = c.read(1);
  if (c.isMem(0)) c.flags.set(CcKind.LOGIC, c.bits(0), op(c, atomic(c, b), b));
  else c.writeCc(0, op(c, c.read(0), b), CcKind.LOGIC);
};

export const emitAnd: Emit = logic((c, a, b) => c.ir.and(a, b), (c, b) => c.ir.atomic_fetch_and(c.ea(), b, c.memop(c.bits(0)), c.mmu));
export const emitOr: Emit = logic((c, a, b) => c.ir.or(a, b), (c, b) => c.ir.atomic_fetch_or(c.ea(), b, c.memop(c.bits(0)), c.mmu));

/** XOR of a register with itself is a zero, whatever the register holds. */
const xor: Emit = logic((c, a, b) => c.ir.xor(a, b), (c, b) => c.ir.atomic_fetch_xor(c.ea(), b, c.memop(c.bits(0)), c.mmu));
export const emitXor: Emit = (c, i) => {
  const same = !i.isMem && i.row.operands.length === 2 && i.hasModrm && i.row.group < 0 && i.reg === i.rm;
  if (same) c.writeCc(0, c.ir.const64(0), CcKind.LOGIC);
  else xor(c, i);
};

export const emitTest: Emit = (c) => c.flags.set(CcKind.LOGIC, c.bits(0), c.ir.and(c.read(0), c.read(1)));

export const emitNot: Emit = (c) => {
  if (c.isMem(0)) c.ir.atomic_fetch_xor(c.ea(), c.ir.const64(-1), c.memop(c.bits(0)), c.mmu);
  else c.write(0, c.ir.not(c.read(0)));
};
