import { flatMemory } from '@emu/softmmu/testing';
import { CPU_HEADER, HDR, MemOp, Op } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import { expect, test } from 'vitest';
import { AccessFunctions, accessKey } from './access-functions.ts';

const PAGE = 4096, HOLE = 1, INSN = 5, BUDGET = 77;
const OLD = 0xf8e7_d6c5_b4a3_9281n, B = 0x1234_5678_9abc_def1n, C = 0xfedc_ba98_7654_3210n;
const FAULT = { budget: -1, insn: INSN };

function rig() {
  const arena = new Arena(1 << 22), header = arena.alloc(CPU_HEADER.size), ram = arena.alloc(4 * PAGE, PAGE), cpu = CPU_HEADER.at(arena, header);
  const report = { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox };
  const memory = flatMemory({ arena, ram, pages: 4, hole: HOLE, report, alignmentFault: () => { cpu.fault = 1; } });
  const functions = new AccessFunctions({ arena, header, memory });
  const run = (op: number, memop: number, ...operands: bigint[]): (bigint | number)[] => {
    cpu.fault = cpu.faultInsn = 0;
    return [functions.get(accessKey(op, memop, 0)).run(...operands, INSN, BUDGET)].flat();
  };
  const at = (addr: bigint): bigint => arena.u64[(ram + Number(addr)) >>> 3]!;
  const set = (addr: bigint, value: bigint): void => { arena.u64[(ram + Number(addr)) >>> 3] = value; };
  return { cpu, run, at, set };
}

const low = (value: bigint, size: number): bigint => BigInt.asUintN(8 << size, value);
const high = (value: bigint, size: number): bigint => value - low(value, size);

test.each([0, 1, 2, 3])('a load and a store of 2^%i bytes do the same by the slow path and by the TLB, and give the budget back', (size) => {
  const { run, at, set } = rig();
  set(0x2008n, OLD);
  for (const way of ['slow', 'TLB']) {
    expect([way, ...run(Op.qemu_ld, size, 0x2008n)]).toEqual([way, BigInt.asIntN(64, low(OLD, size)), BUDGET]);
    set(0x2010n, OLD);
    expect([way, ...run(Op.qemu_st, size, 0x2010n, B)]).toEqual([way, BUDGET]);
    expect(at(0x2010n)).toBe(high(OLD, size) + low(B, size));
  }
});

test.each([0, 1, 2, 3])('an atomic op of 2^%i bytes returns the old value and leaves what the op table says, by the slow path and by the TLB', (size) => {
  const { run, at, set } = rig();
  const results: readonly (readonly [number, bigint, bigint])[] = [
    [Op.atomic_xchg, B, B], [Op.atomic_fetch_add, B, OLD + B], [Op.atomic_fetch_and, B, OLD & B], [Op.atomic_fetch_or, B, OLD | B], [Op.atomic_fetch_xor, B, OLD ^ B],
    [Op.atomic_cmpxchg, B, OLD], [Op.atomic_cmpxchg, high(B, size) + low(OLD, size), C], // compared at the access size
  ];
  for (const way of ['slow', 'TLB']) for (const [op, b, fresh] of results) {
    set(0x3ff8n, OLD);
    expect([way, op, ...run(op, size, 0x3ff8n, b, C)]).toEqual([way, op, BigInt.asIntN(64, low(OLD, size)), BUDGET]);
    expect([way, op, at(0x3ff8n)]).toEqual([way, op, high(OLD, size) + low(fresh, size)]);
  }
});

test('a fault gives a negative budget, and the header says at which instruction; the budget that the slow path leaves is given back else', () => {
  const { cpu, run, at, set } = rig();
  set(0x0ff8n, OLD);
  const outcome = (results: (bigint | number)[]) => ({ budget: results.at(-1), insn: cpu.faultInsn });
  expect(outcome(run(Op.qemu_ld, MemOp.b32, 0x1000n))).toEqual(FAULT);
  expect(cpu.budget).toBe(BUDGET);
  expect(outcome(run(Op.qemu_st, MemOp.b64, 0x0ffcn, B))).toEqual(FAULT); // its second half is in the hole
  expect(outcome(run(Op.atomic_fetch_add, MemOp.b64, 0x1008n, B, 0n))).toEqual(FAULT);
  expect(outcome(run(Op.qemu_ld, MemOp.b64 | MemOp.ALIGN, 0x0ff1n))).toEqual(FAULT);
  expect(outcome(run(Op.qemu_ld, MemOp.b64, 0x2000n)).budget).toBe(BUDGET);
  expect(at(0x0ff8n)).toBe(OLD);
});
