/** Moves between registers and memory, exchanges, conditional moves and sets, LEA. SDM Vol. 2. */
import { Seg } from '../decode/insn.ts';
import { EFLAGS, Reg } from '../state.ts';
import type { Emit } from './types.ts';

export const emitMov: Emit = (c) => c.write(0, c.read(1));
export const emitMovzx: Emit = (c) => c.write(0, c.readZ(1));
/** Also MOVSXD. */
export const emitMovsx: Emit = (c) => c.write(0, c.readS(1));

/** MOV with the bytes swapped on their way. */
export const emitMovbe: Emit = (c) => {
  const v = c.read(1), bits = c.bits(0);
  c.write(0, bits === 16 ? c.ir.bswap16(v) : bits === 32 ? c.ir.bswap32(v) : c.ir.bswap64(v));
};

/** A 16-bit operand is undefined; hardware gives 0. */
export const emitBswap: Emit = (c) => {
  const v = c.read(0), bits = c.bits(0);
  c.write(0, bits === 16 ? c.ir.const64(0) : bits === 32 ? c.ir.bswap32(v) : c.ir.bswap64(v));
};

/** With memory it locks, LOCK or not. */
export const emitXchg: Emit = (c) => {
  if (c.isMem(0)) return c.write(1, c.ir.atomic_xchg(c.ea(), c.read(1), c.memop(c.bits(0)), c.mmu));
  const a = c.ir.mov(c.read(0)), b = c.ir.mov(c.read(1));
  c.write(0, b);
  c.write(1, a);
};

export const emitLea: Emit = (c) => c.write(0, c.offset());

/** The source is always read; a 32-bit destination always loses its upper half. */
export const emitCmov: Emit = (c, i) => {
  const ir = c.ir, v = c.read(1);
  c.conditions.prepare(i.opcode & 15);
  c.write(0, ir.movcond(c.conditions.a, c.conditions.b, v, c.read(0), c.conditions.op));
};

export const emitSetcc: Emit = (c, i) => {
  c.conditions.prepare(i.opcode & 15);
  c.write(0, c.ir.setcond(c.conditions.a, c.conditions.b, c.conditions.op));
};

/** AL = byte at DS:rBX + AL. */
export const emitXlat: Emit = (c, i) => {
  const ir = c.ir, g = c.g.gpr;
  const offset = c.wrap(ir.add(g[Reg.RBX]!, ir.extract(g[Reg.RAX]!, 0, 8)), i.asz);
  c.setReg(Reg.RAX, 8, c.load(8, c.linear(offset, i.segOverride >= 0 ? i.segOverride : Seg.DS, 8)));
};

const LOW_FLAGS = EFLAGS.CF | EFLAGS.PF | EFLAGS.AF | EFLAGS.ZF | EFLAGS.SF;

/** AH = SF ZF 0 AF 0 PF 1 CF. */
export const emitLahf: Emit = (c) => {
  const ir = c.ir, rax = c.g.gpr[Reg.RAX]!;
  const ah = ir.or(ir.and(c.flags.eflags(), ir.const64(LOW_FLAGS)), ir.const64(EFLAGS.FIXED1));
  ir.set(rax, ir.deposit(rax, ah, 8, 8));
};

export const emitSahf: Emit = (c) => {
  const ir = c.ir;
  const low = ir.and(ir.extract(c.g.gpr[Reg.RAX]!, 8, 8), ir.const64(LOW_FLAGS));
  c.flags.setEflags(ir.or(ir.and(c.flags.eflags(), ir.const64(EFLAGS.OF)), low));
};

export const emitNop: Emit = () => {};
/** A hint that a thread spins: let the others run. */
export const emitPause: Emit = () => {};

