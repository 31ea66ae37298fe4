/** IN, OUT and their string forms. SDM Vol. 1 chapter 19, Vol. 2. Permission: CPL <= IOPL, else the TSS's bitmap. */
import type { Temp } from '@emu/tcg';
import { HF, IOPL_SHIFT } from '../hflags.ts';
import { Method } from '../decode/operands.ts';
import { Reg } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

/** Port of operand `k`: imm8 or DX, i32. */
function port(c: Ctx, k: number): Temp {
  return c.operand(k).method === Method.I ? c.ir.const32(c.insn.imm & 0xff) : c.ir.extrl_i64_i32(c.zext(c.g.gpr[Reg.RDX]!, 16));
}

/** Raises #GP(0) unless the port may be used. */
export function checkPort(c: Ctx, p: Temp, bytes: number): void {
  const iopl = (c.hflags & HF.IOPL) >>> IOPL_SHIFT;
  if (c.hflags & HF.PE && (c.hflags & HF.VM || c.cpl > iopl)) c.ir.call(c.h.checkIo, p, c.ir.const32(bytes));
}

/** A device access may raise an interrupt or end the world: the budget makes the TB's end look. */
export const emitIn: Emit = (c) => {
  const bytes = c.bits(0) >> 3, p = port(c, 1);
  checkPort(c, p, bytes);
  c.write(0, c.ir.extu_i32_i64(c.ir.call(c.h.ioRead, p, c.ir.const32(bytes))));
};
export const emitOut: Emit = (c) => {
  const bytes = c.bits(1) >> 3, p = port(c, 0);
  checkPort(c, p, bytes);
  c.ir.call(c.h.ioWrite, p, c.ir.const32(bytes), c.ir.extrl_i64_i32(c.read(1)));
};

/** INS and OUTS go element by element through the helper; it leaves registers as they are after each, so that a fault or an interrupt resumes. */
const string = (input: boolean): Emit => (c, i) => {
  const bytes = c.bits(input ? 0 : 1) >> 3, p = port(c, input ? 1 : 0);
  checkPort(c, p, bytes);
  c.repeat(input ? c.h.ins : c.h.outs, bytes, i.rep || i.repne ? 1 : 0);
};
export const emitIns: Emit = string(true);
export const emitOuts: Emit = string(false);
