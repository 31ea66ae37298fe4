/** Segment registers, far transfers, descriptor-table registers, segment bases. SDM Vol. 2. The work is done by `system/`. */
import { Cond, Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { HF } from '../hflags.ts';
import { SegReg, ST, Vector } from '../state.ts';
import type { Ctx, Emit } from './types.ts';

const selector32 = (c: Ctx, v: Temp): Temp => c.ir.extrl_i64_i32(c.zext(v, 16));

export const emitMovFromSeg: Emit = (c, i) => c.write(0, c.ir.ld32u(c.ir.const32(c.env), ST.segSelector + 4 * (i.reg & 7)));

export const emitMovToSeg: Emit = (c, i) => {
  c.loadSegment(i.reg & 7, selector32(c, c.read(1)));
  c.afterSegmentLoad(i.reg & 7);
};

/** LDS and friends: offset and selector from memory. */
const loadFar = (n: number): Emit => (c, i) => {
  const offset = c.load(i.osz, c.ea()), selector = c.load(16, c.ir.add(c.ea(), c.ir.const64(i.osz >> 3)));
  c.loadSegment(n, selector32(c, selector));
  c.write(0, offset);
  c.afterSegmentLoad(n);
};
export const emitLes: Emit = loadFar(SegReg.ES);
export const emitLds: Emit = loadFar(SegReg.DS);
export const emitLss: Emit = loadFar(SegReg.SS);
export const emitLfs: Emit = loadFar(SegReg.FS);
export const emitLgs: Emit = loadFar(SegReg.GS);

/** A transfer helper gets selector, target, operand size in bytes and the next instruction's address, and sets the key. */
function transfer(c: Ctx, call: boolean, selector: Temp, target: Temp): void {
  const bytes = c.ir.const32(c.insn.osz >> 3);
  c.flags.flush();
  c.ir.call(call ? c.h.callFar : c.h.jumpFar, selector, target, bytes, c.nextPc());
  c.endTransfer();
}
const direct = (call: boolean): Emit => (c, i) => transfer(c, call, c.ir.const32(i.imm2 & 0xffff), c.ir.const64(i.osz === 16 ? i.imm & 0xffff : i.imm, 0));
const indirect = (call: boolean): Emit => (c, i) => {
  const target = c.load(i.osz, c.ea()), selector = c.load(16, c.ir.add(c.ea(), c.ir.const64(i.osz >> 3)));
  transfer(c, call, selector32(c, selector), target);
};
export const emitJmpFar: Emit = direct(false);
export const emitJmpFarIndirect: Emit = indirect(false);
export const emitCallFar: Emit = direct(true);
export const emitCallFarIndirect: Emit = indirect(true);

export const emitRetFar: Emit = (c, i) => {
  c.flags.flush();
  c.ir.call(c.h.returnFar, c.ir.const32(i.osz >> 3), c.ir.const32(i.row.operands.length ? i.imm & 0xffff : 0));
  c.endTransfer();
};
/** A task that returns goes on behind this instruction when it is called again; 64-bit code has no tasks. */
export const emitIret: Emit = (c, i) => {
  c.flags.flush();
  c.ir.call(c.h.iret, c.ir.const32(i.osz >> 3), c.hflags & HF.CS64 ? c.ir.const64(0) : c.nextPc());
  c.endTransfer();
};

/** LAR and LSL: ZF says whether the descriptor may be seen; only then is the destination written. */
const inspect = (limit: boolean): Emit => (c) => {
  const ir = c.ir, selector = selector32(c, c.read(1));
  const v = ir.call(limit ? c.h.lsl : c.h.lar, selector);
  const found = ir.ld32u(ir.const32(c.env), c.scratchOffset(0));
  const d = ir.movcond(found, ir.const64(0), ir.extu_i32_i64(v), c.read(0), Cond.ne);
  c.flags.setEflags(ir.deposit(c.flags.eflags(), found, 6, 1));
  // an operand of 32 bits that is not loaded keeps its upper half too
  if (c.bits(0) === 32) ir.set(c.g.gpr[c.insn.reg]!, ir.movcond(found, ir.const64(0), c.zext(d, 32), c.g.gpr[c.insn.reg]!, Cond.ne));
  else c.write(0, d);
};
export const emitLar: Emit = inspect(false);
export const emitLsl: Emit = inspect(true);

const verify = (write: boolean): Emit => (c) => {
  const ir = c.ir, ok = ir.call(c.h.verify, selector32(c, c.read(0)), ir.const32(write ? 1 : 0));
  c.flags.setEflags(ir.deposit(c.flags.eflags(), ir.extu_i32_i64(ok), 6, 1));
};
export const emitVerr: Emit = verify(false);
export const emitVerw: Emit = verify(true);

/** Raises the destination's RPL to the source's; writes only then. */
export const emitArpl: Emit = (c, i) => {
  const ir = c.ir, a = ir.mov(c.read(0)), b = ir.mov(c.read(1));
  const rplA = ir.extract(a, 0, 2), rplB = ir.extract(b, 0, 2), eflags = c.flags.eflags();
  const zf = ir.mov(ir.setcond(rplA, rplB, Cond.ltu)), skip = ir.newLabel();
  ir.brcond(rplA, rplB, Cond.geu, skip);
  const d = ir.deposit(a, b, 0, 2);
  if (i.isMem) c.store(16, c.linear(c.offset(), i.seg, 16, true), d);
  else c.write(0, d);
  ir.set_label(skip);
  c.flags.setEflags(ir.deposit(eflags, zf, 6, 1));
};

// ---- Descriptor tables ---------------------------------------------------------------------------------------------------------------

/** CR4.UMIP keeps user code from seeing where the tables are. */
function umip(c: Ctx): boolean {
  if (!(c.hflags & HF.UMIP) || c.cpl === 0) return false;
  c.raise(Vector.GP, 0);
  return true;
}

const storeSelector = (n: number): Emit => (c) => {
  if (!umip(c)) c.write(0, c.ir.ld32u(c.ir.const32(c.env), ST.segSelector + 4 * n));
};
export const emitSldt: Emit = storeSelector(SegReg.LDTR);
export const emitStr: Emit = storeSelector(SegReg.TR);

export const emitLldt: Emit = (c) => { c.ir.call(c.h.loadLdt, selector32(c, c.read(0))); };
export const emitLtr: Emit = (c) => { c.ir.call(c.h.loadTaskRegister, selector32(c, c.read(0))); };

/** Limit (16 bits), then base (32 bits, 64 in 64-bit mode; with operand size 16 LGDT takes 24). */
const storeTable = (base: number, limit: number): Emit => (c) => {
  if (umip(c)) return;
  const ir = c.ir, env = ir.const32(c.env), long = c.mode === 64;
  const at = ir.add(c.ea(), ir.const64(2));
  c.store(16, c.ea(), ir.ld32u(env, limit));
  c.store(long ? 64 : 32, at, long ? ir.ld(Type.i64, env, base) : ir.ld32u(env, base));
};
export const emitSgdt: Emit = storeTable(ST.gdtBase, ST.gdtLimit);
export const emitSidt: Emit = storeTable(ST.idtBase, ST.idtLimit);

const loadTable = (base: number, limit: number): Emit => (c, i) => {
  const ir = c.ir, env = ir.const32(c.env), long = c.mode === 64;
  const size = c.load(16, c.ea());
  let address = c.load(long ? 64 : 32, ir.add(c.ea(), ir.const64(2)));
  if (!long && i.osz === 16) address = ir.extract(address, 0, 24);
  if (long) c.canonicalOrGp(address);
  ir.st(address, env, base);
  ir.st32(size, env, limit);
};
export const emitLgdt: Emit = loadTable(ST.gdtBase, ST.gdtLimit);
export const emitLidt: Emit = loadTable(ST.idtBase, ST.idtLimit);

// ---- Segment bases -------------------------------------------------------------------------------------------------------------------

export const emitSwapgs: Emit = (c) => {
  const ir = c.ir, env = ir.const32(c.env), gs = c.g.segBase[SegReg.GS]!;
  const kernel = ir.ld(Type.i64, env, ST.kernelGsBase);
  ir.st(gs, env, ST.kernelGsBase);
  ir.set(gs, kernel);
};

const fsgsbase = (c: Ctx): boolean => {
  if (c.hflags & HF.FSGSBASE) return true;
  c.raise(Vector.UD);
  return false;
};
const readBase = (n: number): Emit => (c) => { if (fsgsbase(c)) c.write(0, c.g.segBase[n]!); };
const writeBase = (n: number): Emit => (c) => {
  if (!fsgsbase(c)) return;
  const v = c.readZ(0);
  c.canonicalOrGp(v);
  c.ir.set(c.g.segBase[n]!, v);
};
export const emitRdfsbase: Emit = readBase(SegReg.FS);
export const emitRdgsbase: Emit = readBase(SegReg.GS);
export const emitWrfsbase: Emit = writeBase(SegReg.FS);
export const emitWrgsbase: Emit = writeBase(SegReg.GS);

