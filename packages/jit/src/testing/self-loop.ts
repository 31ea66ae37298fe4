/** A TB that leads to itself, run by the interpreter or compiled as a region of its own: what tests of loops look at. */
import { flatMemory } from '@emu/softmmu/testing';
import { Cond, CPU_HEADER, Exit, HDR, HelperRegistry, Ir, JumpCache, Tb, TB, TB_RECORD, Type, type Temp } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import { expect } from 'vitest';
import { Jit } from '../jit.ts';

const PAGE = 4096;
export const PAGES = 16, HOLE = 7, BUDGET = 4000;
export const MEMORY_BYTES = PAGES * PAGE;

export interface SelfLoop {
  /** Values of the globals at the start; they are called `g0`, `g1`, ... */
  readonly values: readonly bigint[];
  readonly turns: number;
  /** Calls a helper every so many turns (0: never) that exchanges neighbouring pages. */
  readonly flush: number;
  /** Instructions, each behind its `insn_start`. */
  readonly insns: readonly ((ir: Ir, g: readonly Temp[]) => void)[];
}

export interface LoopResult { readonly exit: Exit; readonly detail: number; readonly budget: number; readonly remaps: number; readonly values: readonly bigint[]; readonly ram: string }

export function runSelfLoop({ values, turns, flush, insns }: SelfLoop, compiled: boolean): LoopResult {
  const count = values.length + 2, arena = new Arena(1 << 22), header = arena.alloc(CPU_HEADER.size), words = arena.alloc(count * 8, 8), ram = arena.alloc(MEMORY_BYTES, PAGE);
  const cpu = CPU_HEADER.at(arena, header), fault = (): void => { cpu.fault = 1; };
  const report = { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox };
  let remaps = 0;
  const pageOf = (page: number): number => (remaps % 2 === 0 ? page : page ^ 1);
  const memory = flatMemory({ arena, ram, pages: PAGES, hole: HOLE, report, pageOf, alignmentFault: fault });
  const helpers = new HelperRegistry(64), table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const remap = helpers.js('remap', ['env'], 'void', () => {
    remaps++;
    memory.flushAll();
  }, { noReadGlobals: true, noWriteGlobals: true, noFault: true });
  const shared = { arena, header, jumpCache: new JumpCache(arena), memory, helpers, functions: helpers.instantiate(arena, header) };
  const tci = new Tci({ ...shared, entries: table, codeBytes: 1 << 20 }), jit = new Jit({ ...shared, table, interpreter: tci.run, threshold: 1, batch: 1 });

  const ir = new Ir(), g = values.map((_, i) => ir.global(`g${i}`, Type.i64, words + 8 * i));
  const left = ir.global('turns', Type.i64, words + 8 * values.length), k = ir.global('k', Type.i64, words + 8 * values.length + 8);
  ir.helpers = helpers.all;
  insns.forEach((build, i) => {
    ir.insn_start(i, 0, 0);
    build(ir, g);
  });
  ir.insn_start(insns.length, 0, 0);
  if (flush > 0) {
    const skip = ir.newLabel();
    ir.set(k, ir.add(k, ir.const64(1)));
    ir.brcond(ir.remu(k, ir.const64(flush)), ir.const64(0), Cond.ne, skip);
    ir.call(remap, ir.const32(header));
    ir.set_label(skip);
  }
  const done = ir.newLabel();
  ir.set(left, ir.sub(left, ir.const64(1)));
  ir.brcond(left, ir.const64(0), Cond.eq, done);
  ir.goto_tb(0);
  ir.set_label(done);
  ir.exit_tb(0);

  const tb = new Tb(arena.alloc(TB_RECORD.size), 0);
  tci.generate(tb, ir);
  tb.icount = insns.length + 1;
  Object.assign(TB_RECORD.at(arena, tb.record), { icount: tb.icount, hotCount: 0 });
  arena.u32[(tb.record + TB.jump) / 4] = tb.record;
  tb.valid = true;
  for (let i = 0; i < MEMORY_BYTES; i++) arena.u8[ram + i] = Math.imul(i, 0x9e3779b1) >>> 24;
  arena.u64.set([...values, BigInt(turns), 0n], words / 8);
  cpu.budget = BUDGET;
  if (compiled) jit.hot(tb, { tbAt: () => tb, retranslate: () => ir, following: () => null, incoming: () => [] });
  expect(jit.stats.regions).toBe(compiled ? 1 : 0);
  tci.execute(tb.record);
  const detail = cpu.exitReason === Exit.FAULT ? cpu.faultInsn : 0;
  return { exit: cpu.exitReason as Exit, detail, budget: cpu.budget, remaps, values: [...arena.u64.slice(words / 8, words / 8 + count)], ram: arena.u8.slice(ram, ram + MEMORY_BYTES).join() };
}
