/** String instructions. SDM Vol. 2. Without REP they are inline; with REP a helper moves whole pages at a time. */
import type { Temp } from '@emu/tcg';
import { Cond, Type } from '@emu/tcg';
import { Seg } from '../decode/insn.ts';
import { ccCode, CcKind } from '../flags.ts';
import { Reg, SegReg, ST } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

/** Linear address of the element at DS:rSI (or the overriding segment), or at ES:rDI. */
const source = (c: Ctx, bits: number): Temp =>
  c.linear(c.wrap(c.g.gpr[Reg.RSI]!, c.insn.asz), c.insn.segOverride >= 0 ? c.insn.segOverride : Seg.DS, bits);
const destination = (c: Ctx, bits: number, write: boolean): Temp => c.linear(c.wrap(c.g.gpr[Reg.RDI]!, c.insn.asz), SegReg.ES, bits, write);

/** Moves an index register by one element, up or down as DF says. */
function advance(c: Ctx, reg: number, bits: number): void {
  const ir = c.ir, step = ir.shl(ir.ld32s(ir.const32(c.env), ST.df), ir.const64(Math.log2(bits >> 3)));
  c.setReg(reg, c.insn.asz, ir.add(c.g.gpr[reg]!, step));
}

/** REP of an instruction that does not look at flags. */
const isRep = (c: Ctx): boolean => (c.insn.rep | c.insn.repne) !== 0;

export const emitMovs: Emit = (c) => {
  const bits = c.bits(0);
  if (isRep(c)) return c.repeat(c.h.movs, bits >> 3, 1);
  const v = c.load(bits, source(c, bits));
  c.store(bits, destination(c, bits, true), v);
  advance(c, Reg.RSI, bits);
  advance(c, Reg.RDI, bits);
};

export const emitStos: Emit = (c) => {
  const bits = c.bits(0);
  if (isRep(c)) return c.repeat(c.h.stos, bits >> 3, 1);
  c.store(bits, destination(c, bits, true), c.g.gpr[Reg.RAX]!);
  advance(c, Reg.RDI, bits);
};

export const emitLods: Emit = (c) => {
  const bits = c.bits(0);
  if (isRep(c)) return c.repeat(c.h.lods, bits >> 3, 1);
  const v = c.load(bits, source(c, bits));
  advance(c, Reg.RSI, bits);
  c.setReg(Reg.RAX, bits, v);
};

/** CMPS and SCAS with a prefix: the helper leaves the last pair compared in scratch words, and 1 in word 2 if it compared any. */
function repeatCompare(c: Ctx, name: 'cmps' | 'scas', bits: number): void {
  const ir = c.ir, i = c.insn, env = ir.const32(c.env);
  c.flags.flush();
  const segment = i.segOverride >= 0 ? i.segOverride : Seg.DS;
  const more = ir.call(c.h[name], ir.const32(bits >> 3), ir.const32(i.asz), ir.const32(segment), ir.const32(i.repne ? 3 : 2));
  const a = ir.ld(Type.i64, env, c.scratchOffset(0)), b = ir.ld(Type.i64, env, c.scratchOffset(1));
  const compared = ir.ld(Type.i32, env, c.scratchOffset(2));
  const none = ir.newLabel(), done = ir.newLabel();
  ir.brcond(compared, ir.const32(0), Cond.eq, none);
  ir.set(c.g.ccSrc, b);
  ir.set(c.g.ccDst, ir.sub(a, b));
  ir.set(c.g.ccOp, ir.const32(ccCode(CcKind.SUB, bits)));
  ir.set_label(none);
  c.flags.setDynamic();
  ir.brcond(more, ir.const32(0), Cond.eq, done);
  c.gotoOffset(c.pcOffset, 1);
  ir.set_label(done);
  c.gotoNext(0);
}

export const emitCmps: Emit = (c) => {
  const bits = c.bits(0);
  if (isRep(c)) return repeatCompare(c, 'cmps', bits);
  const a = c.load(bits, source(c, bits)), b = c.load(bits, destination(c, bits, false));
  c.flags.set(CcKind.SUB, bits, c.ir.sub(a, b), b, -1, a);
  advance(c, Reg.RSI, bits);
  advance(c, Reg.RDI, bits);
};

export const emitScas: Emit = (c) => {
  const bits = c.bits(1);
  if (isRep(c)) return repeatCompare(c, 'scas', bits);
  const a = c.g.gpr[Reg.RAX]!, b = c.load(bits, destination(c, bits, false));
  c.flags.set(CcKind.SUB, bits, c.ir.sub(a, b), b, -1, a);
  advance(c, Reg.RDI, bits);
};
