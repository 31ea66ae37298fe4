/** Bit tests and scans, population count. SDM Vol. 2. */
import { Cond } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { Method } from '../decode/operands.ts';
import { CcKind } from '../flags.ts';
import type { Ctx, Emit } from './types.ts';

/**
 * BT and relatives: CF is the bit, the others stay as they are (ZF must, OF SF AF PF are undefined). A register index reaches
 * beyond a memory operand: the address moves by whole operands.
 */
const bitTest = (change: ((c: Ctx, value: Temp, mask: Temp) => Temp) | undefined, atomic?: (c: Ctx, addr: Temp, mask: Temp) => Temp): Emit => (c) => {
  const ir = c.ir, bits = c.bits(0);
  const index = c.operand(1).method === Method.I ? ir.const64(c.insn.imm & (bits - 1)) : c.read(1);
  const bit = ir.extract(index, 0, Math.log2(bits));
  const mask = change ? ir.shl(ir.const64(1), bit) : -1;
  let old: Temp;
  if (c.isMem(0)) {
    const addr = c.operand(1).method === Method.I ? c.ea() : c.bitAddress(index, bits);
    old = atomic ? atomic(c, addr, mask) : c.load(bits, addr);
  } else old = c.read(0);
  const carry = ir.extract(ir.shr(old, bit), 0, 1);
  c.flags.overrideCarryOverflow(carry);
  if (change && !c.isMem(0)) c.write(0, change(c, old, mask));
};
export const emitBt: Emit = bitTest(undefined);
export const emitBts: Emit = bitTest((c, v, m) => c.ir.or(v, m), (c, a, m) => c.ir.atomic_fetch_or(a, m, c.memop(c.bits(0)), c.mmu));
export const emitBtr: Emit = bitTest((c, v, m) => c.ir.andc(v, m), (c, a, m) => c.ir.atomic_fetch_and(a, c.ir.not(m), c.memop(c.bits(0)), c.mmu));
export const emitBtc: Emit = bitTest((c, v, m) => c.ir.xor(v, m), (c, a, m) => c.ir.atomic_fetch_xor(a, m, c.memop(c.bits(0)), c.mmu));

/** A source of 0 sets ZF and leaves the destination, one of 32 bits with its upper half. */
const scan = (find: (c: Ctx, v: Temp) => Temp): Emit => (c, i) => {
  const ir = c.ir, bits = c.bits(0), v = ir.mov(c.readZ(1));
  const d = ir.movcond(v, ir.const64(0), find(c, v), c.read(0), Cond.ne);
  c.flags.set(CcKind.LOGIC, bits, v);
  if (bits === 32) ir.set(c.g.gpr[i.reg]!, d);
  else c.write(0, d);
};
export const emitBsf: Emit = scan((c, v) => c.ir.ctz(v, c.ir.const64(0)));
export const emitBsr: Emit = scan((c, v) => c.ir.sub(c.ir.const64(63), c.ir.clz(v, c.ir.const64(0))));

const countZeros = (find: (c: Ctx, v: Temp, bits: number) => Temp): Emit => (c) => {
  const bits = c.bits(0), v = c.ir.mov(c.readZ(1)), d = find(c, v, bits);
  c.flags.set(CcKind.BITS, bits, d, v);
  c.write(0, d);
};
export const emitTzcnt: Emit = countZeros((c, v, bits) => c.ir.ctz(v, c.ir.const64(bits)));
export const emitLzcnt: Emit = countZeros((c, v, bits) => {
  const zeros = c.ir.clz(v, c.ir.const64(64));
  return bits === 64 ? zeros : c.ir.sub(zeros, c.ir.const64(64 - bits));
});

export const emitPopcnt: Emit = (c) => {
  const d = c.ir.ctpop(c.readZ(1));
  c.flags.set(CcKind.POPCNT, c.bits(0), d);
  c.write(0, d);
};
