import { flatMemory } from '@emu/softmmu/testing';
import { Cond, CPU_HEADER, Exit, HDR, HelperRegistry, Ir, JumpCache, MemOp, Tb, TB, TB_RECORD, Type } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Jit } from './jit.ts';

const PAGE = 4096, PAGES = 16, HOLE = 7, BUDGET = 4000;
const SIZES = [MemOp.b8, MemOp.b16, MemOp.b32, MemOp.b64] as const;

interface Walk { readonly from: number; readonly to: number; readonly step: number; readonly load: number; readonly store: number; readonly turns: number; readonly flush: number }

/** A TB that leads to itself: loads along one address and stores along another, both move by `step`. Every `flush` turns (0: never) it calls a helper that may change the mapping. */
function run({ from, to, step, load, store, turns, flush }: Walk, compiled: boolean): unknown {
  const arena = new Arena(1 << 22), header = arena.alloc(CPU_HEADER.size), words = arena.alloc(48), ram = arena.alloc(PAGES * PAGE, PAGE);
  const cpu = CPU_HEADER.at(arena, header), fault = (): void => { cpu.fault = 1; };
  const report = { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox };
  const memory = flatMemory({ arena, ram, pages: PAGES, hole: HOLE, report, alignmentFault: fault });
  const helpers = new HelperRegistry(64), table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  let flushed = 0;
  const remap = helpers.js('remap', ['env'], 'void', () => { flushed++; }, { noReadGlobals: true, noWriteGlobals: true, noFault: true });
  const shared = { arena, header, jumpCache: new JumpCache(arena), memory, helpers, functions: helpers.instantiate(arena, header) };
  const tci = new Tci({ ...shared, entries: table, codeBytes: 1 << 20 }), jit = new Jit({ ...shared, table, interpreter: tci.run, threshold: 1, batch: 1 });

  const ir = new Ir(), [a, b, n, sum, k] = ['a', 'b', 'n', 'sum', 'k'].map((name, i) => ir.global(name, Type.i64, words + 8 * i)) as [number, number, number, number, number];
  ir.helpers = helpers.all;
  const done = ir.newLabel(), skip = ir.newLabel();
  ir.insn_start(0, 0, 0);
  ir.set(sum, ir.add(ir.mul(sum, ir.const64(31)), ir.qemu_ld(Type.i64, ir.add(a, ir.const64(3)), load, 0)));
  ir.insn_start(1, 0, 0);
  ir.qemu_st(sum, b, store, 0);
  ir.insn_start(2, 0, 0);
  ir.set(a, ir.add(a, ir.const64(step, step >> 31)));
  ir.set(b, ir.add(b, ir.const64(step, step >> 31)));
  if (flush > 0) {
    ir.set(k, ir.add(k, ir.const64(1)));
    ir.brcond(ir.remu(k, ir.const64(flush)), ir.const64(0), Cond.ne, skip);
    ir.call(remap, ir.const32(header));
    ir.set_label(skip);
  }
  ir.set(n, ir.sub(n, ir.const64(1)));
  ir.brcond(n, ir.const64(0), Cond.eq, done);
  ir.goto_tb(0);
  ir.set_label(done);
  ir.exit_tb(0);

  const tb = new Tb(arena.alloc(TB_RECORD.size), 0);
  tci.generate(tb, ir);
  tb.icount = 3;
  Object.assign(TB_RECORD.at(arena, tb.record), { icount: 3, hotCount: 0 });
  arena.u32[(tb.record + TB.jump) / 4] = tb.record;
  tb.valid = true;
  for (let i = 0; i < PAGES * PAGE; i++) arena.u8[ram + i] = Math.imul(i, 0x9e3779b1) >>> 24;
  arena.u64.set([BigInt(from), BigInt(to), BigInt(turns), 0n, 0n], words / 8);
  cpu.budget = BUDGET;
  if (compiled) jit.hot(tb, { tbAt: () => tb, retranslate: () => ir, following: () => null, incoming: () => [] });
  expect(jit.stats.regions).toBe(compiled ? 1 : 0);
  tci.execute(tb.record);
  const detail = cpu.exitReason === Exit.FAULT ? cpu.faultInsn : 0;
  return { exit: cpu.exitReason, detail, budget: cpu.budget, flushed, words: [...arena.u64.slice(words / 8, words / 8 + 5)], ram: arena.u8.slice(ram, ram + PAGES * PAGE).join() };
}

const walk: fc.Arbitrary<Walk> = fc.record({
  from: fc.nat(PAGES * PAGE), to: fc.nat(PAGES * PAGE), step: fc.oneof(fc.constantFrom(1, 2, 4, 8, -1, -8), fc.integer({ min: -300, max: 300 })),
  load: fc.constantFrom(...SIZES), store: fc.constantFrom(...SIZES), turns: fc.integer({ min: 1, max: 1500 }), flush: fc.constantFrom(0, 1, 100),
});

test('loops that walk through pages, across their ends, into a hole and out of memory, leave what the interpreter leaves', () => {
  const exits = new Set<Exit>();
  fc.assert(fc.property(walk, (w) => {
    const expected = run(w, false);
    exits.add((expected as { exit: Exit }).exit);
    expect(run(w, true)).toEqual(expected);
  }), { numRuns: 60 });
  expect([...exits].sort()).toEqual([Exit.TB, Exit.FAULT, Exit.BUDGET].sort());
});
