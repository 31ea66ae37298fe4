/** Compare-and-exchange, exchange-and-add. SDM Vol. 2. Each is one memory op, LOCK or not. */
import { Cond, MemOp, Type } from '@emu/tcg';
import { CcKind } from '../flags.ts';
import { Reg } from '../state.ts';
import type { Emit } from './types.ts';

export const emitCmpxchg: Emit = (c) => {
  const ir = c.ir, bits = c.bits(0), rax = c.g.gpr[Reg.RAX]!, replacement = c.read(1);
  const expected = ir.mov(rax);
  const old = ir.mov(c.isMem(0) ? ir.atomic_cmpxchg(c.ea(), expected, replacement, c.memop(bits), c.mmu) : c.readZ(0));
  const a = c.zext(expected, bits), b = old;
  if (!c.isMem(0)) {
    c.flags.set(CcKind.SUB, bits, ir.sub(expected, old), old, -1, expected);
    // a destination of 32 bits that does not match keeps its upper half
    if (bits === 32) ir.set(c.g.gpr[c.insn.rm]!, ir.movcond(a, b, c.zext(replacement, 32), c.g.gpr[c.insn.rm]!, Cond.eq));
    else c.write(0, ir.movcond(a, b, replacement, old, Cond.eq));
    // the accumulator: only a mismatch loads it, and then in full
    ir.set(rax, ir.movcond(a, b, rax, loaded(bits), Cond.eq));
    return;
  }
  c.flags.set(CcKind.SUB, bits, ir.sub(expected, old), old, -1, expected);
  ir.set(rax, ir.movcond(a, b, rax, loaded(bits), Cond.eq));

  function loaded(width: number) {
    return width === 64 || width === 32 ? old : ir.deposit(expected, old, 0, width);
  }
};

export const emitXadd: Emit = (c) => {
  const ir = c.ir, bits = c.bits(0), b = ir.mov(c.read(1));
  const old = ir.mov(c.isMem(0) ? ir.atomic_fetch_add(c.ea(), b, c.memop(bits), c.mmu) : c.read(0));
  const d = ir.add(old, b);
  c.flags.set(CcKind.ADD, bits, d, b);
  c.write(1, old);
  if (!c.isMem(0)) c.write(0, d); // last: with one register twice, the sum stays
};

/** ZF alone says whether the exchange took place. */
export const emitCmpxchg8b: Emit = (c, i) => {
  const ir = c.ir, g = c.g.gpr;
  const [rax, rcx, rdx, rbx] = [g[Reg.RAX]!, g[Reg.RCX]!, g[Reg.RDX]!, g[Reg.RBX]!];
  if (i.osz === 64) {
    const op = MemOp.b128 | MemOp.ALIGN;
    c.mustAlign();
    const old = ir.qemu_ld(Type.v128, c.ea(), op | MemOp.RMW, c.mmu);
    const lo = ir.vget64(old, 0), hi = ir.vget64(old, 1);
    const differs = ir.or(ir.xor(lo, rax), ir.xor(hi, rdx)), zero = ir.const64(0);
    const newLo = ir.movcond(differs, zero, rbx, lo, Cond.eq), newHi = ir.movcond(differs, zero, rcx, hi, Cond.eq);
    ir.qemu_st(ir.vset64(ir.vsplat64(newLo), newHi, 1), c.ea(), op, c.mmu);
    c.flags.setEflags(ir.deposit(c.flags.eflags(), ir.setcond(differs, zero, Cond.eq), 6, 1));
    c.setReg(Reg.RAX, 64, lo);
    c.setReg(Reg.RDX, 64, hi);
    return;
  }
  const expected = ir.deposit(rax, rdx, 32, 32);
  const old = ir.atomic_cmpxchg(c.ea(), expected, ir.deposit(rbx, rcx, 32, 32), c.memop(64), c.mmu);
  const equal = ir.setcond(old, expected, Cond.eq), zero = ir.const64(0);
  c.flags.setEflags(ir.deposit(c.flags.eflags(), equal, 6, 1));
  ir.set(rax, ir.movcond(equal, zero, rax, ir.extract(old, 0, 32), Cond.ne));
  ir.set(rdx, ir.movcond(equal, zero, rdx, ir.shr(old, ir.const64(32)), Cond.ne));
};
