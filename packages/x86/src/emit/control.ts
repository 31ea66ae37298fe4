/** Near jumps, calls and returns, loops, software interrupts, BOUND. SDM Vol. 2; far transfers are in segment.ts. */
import { Cond } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { Reg, Vector } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

/** Two exits: the branch target if `a op b`, else the next instruction. */
function branch(c: Ctx, a: Temp, b: Temp, op: Cond): void {
  const i = c.insn, taken = c.ir.newLabel();
  c.flags.flush();
  c.ir.brcond(a, b, op, taken);
  c.gotoNext(1);
  c.ir.set_label(taken);
  c.gotoOffset(c.nextOffset + i.imm, 0, i.osz);
}

export const emitJcc: Emit = (c, i) => {
  c.conditions.prepare(i.opcode & 15);
  branch(c, c.conditions.a, c.conditions.b, c.conditions.op);
};

export const emitJmp: Emit = (c, i) => c.gotoOffset(c.nextOffset + i.imm, 0, i.osz);
export const emitJmpIndirect: Emit = (c) => {
  const target = c.ir.mov(c.readZ(0));
  c.canonicalOrGp(target);
  c.jumpTo(target);
};

export const emitCall: Emit = (c, i) => {
  c.push(c.nextPc(), i.osz);
  c.gotoOffset(c.nextOffset + i.imm, 0, i.osz);
};
/** The return address is in memory already when a target that is not canonical faults; so does hardware. */
export const emitCallIndirect: Emit = (c, i) => {
  const target = c.ir.mov(c.readZ(0));
  const sp = c.pushStore(c.nextPc(), i.osz);
  c.canonicalOrGp(target);
  c.setSp(sp);
  c.jumpTo(target);
};
/** RET and RET imm16. */
export const emitRet: Emit = (c, i) => {
  const target = c.popLoad(i.osz);
  c.canonicalOrGp(target);
  c.popDone((i.osz >> 3) + (i.row.operands.length ? i.imm & 0xffff : 0));
  c.jumpTo(target);
};

/** LOOP and its relatives count in rCX of the address size and leave the flags alone. */
const loop = (also: -1 | Cond): Emit => (c, i) => {
  const ir = c.ir, zero = ir.const64(0);
  const count = c.wrap(ir.sub(c.g.gpr[Reg.RCX]!, ir.const64(1)), i.asz);
  let go = ir.setcond(count, zero, Cond.ne);
  if (also >= 0) {
    c.conditions.prepare(4);
    const zf = ir.setcond(c.conditions.a, c.conditions.b, c.conditions.op);
    go = ir.and(go, also === Cond.eq ? zf : ir.xor(zf, ir.const64(1)));
  }
  c.setReg(Reg.RCX, i.asz, count);
  branch(c, go, zero, Cond.ne);
};
export const emitLoop: Emit = loop(-1);
export const emitLoope: Emit = loop(Cond.eq);
export const emitLoopne: Emit = loop(Cond.ne);
export const emitJcxz: Emit = (c, i) => branch(c, c.wrap(c.g.gpr[Reg.RCX]!, i.asz), c.ir.const64(0), Cond.eq);

/** INT n: delivered through the IDT with the next instruction's address; the helper does the privilege checks. */
const softwareInterrupt = (c: Ctx, vector: number) => {
  c.ir.call(c.h.softInt, c.ir.const32(vector), c.ir.const32(c.insn.length));
  c.ir.exit_tb(0);
  c.ended = true;
};
export const emitInt: Emit = (c, i) => softwareInterrupt(c, i.imm & 0xff);
export const emitInt3: Emit = (c) => softwareInterrupt(c, Vector.BP);
/** ICEBP: #DB without the IDT's DPL check. */
export const emitInt1: Emit = (c, i) => {
  c.ir.call(c.h.icebp, c.ir.const32(i.length));
  c.ir.exit_tb(0);
  c.ended = true;
};
export const emitInto: Emit = (c) => {
  const ir = c.ir, skip = ir.newLabel();
  c.conditions.prepare(0);
  c.flags.flush();
  ir.brcond(c.conditions.a, c.conditions.b, (c.conditions.op ^ 1) as Cond, skip);
  ir.call(c.h.softInt, ir.const32(Vector.OF), ir.const32(c.insn.length));
  ir.set_label(skip);
};

/** #BR if the signed index is outside the two bounds in memory. */
export const emitBound: Emit = (c, i) => {
  const bits = i.osz, ir = c.ir;
  const index = c.readS(0);
  c.raiseIf(index, c.sext(c.load(bits, c.ea()), bits), Cond.lt, Vector.BR);
  c.raiseIf(index, c.sext(c.load(bits, ir.add(c.ea(), ir.const64(bits >> 3))), bits), Cond.gt, Vector.BR);
};

/** UD0, UD1, UD2. */
export const emitUd: Emit = (c) => c.raise(Vector.UD);
