/** Stack instructions. SDM Vol. 2. Memory first, then the stack pointer: a fault leaves it where it was. */
import { Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { HF } from '../hflags.ts';
import { EFLAGS, Reg, ST } from '../state.ts';
import { ExitCode } from '../ctx.ts';
import type { Emit } from './types.ts';

export const emitPush: Emit = (c, i) => c.push(c.ir.mov(c.read(0)), i.osz);

/** A memory destination is addressed with the stack pointer already moved. */
export const emitPop: Emit = (c, i) => {
  const v = c.popLoad(i.osz);
  if (!c.isMem(0)) {
    c.popDone(i.osz >> 3);
    return c.write(0, v);
  }
  const saved = c.ir.mov(c.g.gpr[Reg.RSP]!);
  const sp = c.ir.add(saved, c.ir.const64(i.osz >> 3));
  c.store(i.osz, c.eaWithSp(sp), v);
  c.setSp(sp);
};

/** The selector, zero-extended (of a 32-bit push only 16 bits are written on some processors; the rest is 0 here). */
export const emitPushSeg: Emit = (c, i) => {
  const selector = c.ir.ld32u(c.ir.const32(c.env), ST.segSelector + 4 * c.operand(0).reg);
  c.push(selector, i.osz);
};
export const emitPopSeg: Emit = (c, i) => {
  const selector = c.popLoad(i.osz);
  c.loadSegment(c.operand(0).reg, c.ir.extrl_i64_i32(c.zext(selector, 16)));
  c.popDone(i.osz >> 3);
  c.afterSegmentLoad(c.operand(0).reg);
};

const PUSH_ORDER = [Reg.RAX, Reg.RCX, Reg.RDX, Reg.RBX, Reg.RSP, Reg.RBP, Reg.RSI, Reg.RDI];

export const emitPusha: Emit = (c, i) => {
  const ir = c.ir, bytes = i.osz >> 3, sp = ir.mov(c.g.gpr[Reg.RSP]!);
  PUSH_ORDER.forEach((r, n) => {
    c.store(i.osz, c.stackAddr(ir.sub(sp, ir.const64(bytes * (n + 1))), i.osz, true), r === Reg.RSP ? sp : c.g.gpr[r]!);
  });
  c.setSp(ir.sub(sp, ir.const64(bytes * 8)));
};

export const emitPopa: Emit = (c, i) => {
  const ir = c.ir, bytes = i.osz >> 3, sp = ir.mov(c.g.gpr[Reg.RSP]!);
  const values: Temp[] = PUSH_ORDER.map((_, n) => c.load(i.osz, c.stackAddr(ir.add(sp, ir.const64(bytes * (7 - n))), i.osz)));
  PUSH_ORDER.forEach((r, n) => {
    if (r !== Reg.RSP) c.setReg(r, i.osz, values[n]!);
  });
  c.setSp(ir.add(sp, ir.const64(bytes * 8)));
};

/** VM and RF read as 0. In virtual-8086 mode the helper looks at IOPL. */
export const emitPushf: Emit = (c, i) => {
  const ir = c.ir, env = ir.const32(c.env);
  if (c.hflags & HF.VM) {
    c.flags.flush();
    return c.push(ir.extu_i32_i64(ir.call(c.h.pushf, ir.const32(i.osz))), i.osz);
  }
  const direction = ir.and(ir.ld(Type.i32, env, ST.df), ir.const32(EFLAGS.DF));
  const rest = ir.or(ir.and(ir.ld(Type.i32, env, ST.eflags), ir.const32(~(EFLAGS.VM | EFLAGS.RF))), direction);
  c.push(ir.or(c.flags.eflags(), ir.extu_i32_i64(rest)), i.osz);
};
/** IF, TF, AC and the rest may change: the TB ends. */
export const emitPopf: Emit = (c, i) => {
  const v = c.popLoad(i.osz);
  c.flags.flush();
  c.ir.call(c.h.popf, c.ir.extrl_i64_i32(v), c.ir.const32(i.osz));
  c.flags.setDynamic();
  c.popDone(i.osz >> 3);
  c.exit(ExitCode.POLL);
};

/** Nesting levels copy frame pointers from the enclosing frames. */
export const emitEnter: Emit = (c, i) => {
  const ir = c.ir, bits = i.osz, bytes = bits >> 3, size = i.imm & 0xffff, level = i.imm2 & 31;
  const rsp = ir.mov(c.g.gpr[Reg.RSP]!), rbp = ir.mov(c.g.gpr[Reg.RBP]!);
  const frame = ir.sub(rsp, ir.const64(bytes));
  c.store(bits, c.stackAddr(frame, bits, true), rbp);
  let sp = frame;
  for (let n = 1; n < level; n++) {
    const v = c.load(bits, c.stackAddr(ir.sub(rbp, ir.const64(bytes * n)), bits));
    sp = ir.sub(sp, ir.const64(bytes));
    c.store(bits, c.stackAddr(sp, bits, true), v);
  }
  if (level > 0) {
    sp = ir.sub(sp, ir.const64(bytes));
    c.store(bits, c.stackAddr(sp, bits, true), frame);
  }
  sp = ir.sub(sp, ir.const64(size));
  // the final stack pointer must be writable; SDM Vol. 2, ENTER
  c.load(bits, c.stackAddr(sp, bits, true), 32);
  c.setReg(Reg.RBP, bits === 16 ? 16 : c.stackBits() === 16 ? 16 : bits, frame);
  c.setSp(sp);
};

export const emitLeave: Emit = (c, i) => {
  const frame = c.ir.mov(c.g.gpr[Reg.RBP]!);
  const v = c.load(i.osz, c.stackAddr(frame, i.osz));
  c.setSp(c.ir.add(frame, c.ir.const64(i.osz >> 3)));
  c.setReg(Reg.RBP, i.osz, v);
};

