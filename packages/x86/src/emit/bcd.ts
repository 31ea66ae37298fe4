/** Decimal adjustment, and the undocumented SALC. SDM Vol. 2. Undefined flags are as hardware leaves them. */
import { Cond } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { CcKind } from '../flags.ts';
import { Reg, Vector } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

/** The helper takes AX and EFLAGS and returns the new AX, with the new flags in scratch word 0. */
const adjust = (name: 'aaa' | 'aas' | 'daa' | 'das'): Emit => (c) => {
  const ir = c.ir, rax = c.g.gpr[Reg.RAX]!;
  const ax = ir.call(c.h[name], ir.extrl_i64_i32(c.zext(rax, 16)), ir.extrl_i64_i32(c.flags.eflags()));
  c.flags.setEflags(ir.ld32u(ir.const32(c.env), c.scratchOffset(0)));
  c.setReg(Reg.RAX, 16, ir.extu_i32_i64(ax));
};
export const emitAaa: Emit = adjust('aaa');
export const emitAas: Emit = adjust('aas');
export const emitDaa: Emit = adjust('daa');
export const emitDas: Emit = adjust('das');

/** Flags of AL as of a logic result; AX = `ax`. */
function result(c: Ctx, ax: Temp): void {
  c.flags.set(CcKind.LOGIC, 8, ax);
  c.setReg(Reg.RAX, 16, ax);
}

/** AH = AL / imm8, AL = AL % imm8; #DE for 0. */
export const emitAam: Emit = (c, i) => {
  const ir = c.ir, base = i.imm & 0xff;
  if (base === 0) return c.raise(Vector.DE);
  const al = c.zext(c.g.gpr[Reg.RAX]!, 8);
  result(c, ir.deposit(ir.remu(al, ir.const64(base)), ir.divu(al, ir.const64(base)), 8, 8));
};

/** AL = AL + AH * imm8, AH = 0. */
export const emitAad: Emit = (c, i) => {
  const ir = c.ir, rax = c.g.gpr[Reg.RAX]!;
  result(c, c.zext(ir.add(rax, ir.mul(ir.extract(rax, 8, 8), ir.const64(i.imm & 0xff))), 8));
};

export const emitSalc: Emit = (c) => {
  const ir = c.ir, carry = c.conditions.carry();
  c.setReg(Reg.RAX, 8, ir.negsetcond(carry, ir.const64(0), Cond.ne));
};
