/** A loop in IR, interpreted and compiled: prints the turns per second of CPU time of each. Try: pnpm play jit 50000000 */
import { Cond, CPU_HEADER, Exit, HelperRegistry, Ir, JumpCache, Tb, TB_RECORD, Type } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import { Jit } from '../src/index.ts';

const turns = Number(process.argv[2] ?? 20_000_000);
const memory = { vaddrBits: 64, descriptor: () => 0, slowLoad: () => 0, slowStore: () => {} } as const;

/** n turns of: sum = sum * 31 ^ n; n-- */
function run(compiled: boolean): void {
  const arena = new Arena(64 << 20), header = arena.alloc(CPU_HEADER.size + 16), registers = header + CPU_HEADER.size;
  const helpers = new HelperRegistry(64), table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const shared = { arena, header, jumpCache: new JumpCache(arena), memory, helpers, functions: helpers.instantiate(arena, header) };
  const tci = new Tci({ ...shared, entries: table }), jit = new Jit({ ...shared, table, interpreter: tci.run, threshold: 100, batch: 1 });

  const ir = new Ir(), n = ir.global('n', Type.i64, registers), sum = ir.global('sum', Type.i64, registers + 8), done = ir.newLabel();
  ir.insn_start(0);
  ir.set(sum, ir.xor(ir.mul(sum, ir.const64(31)), n));
  ir.set(n, ir.sub(n, ir.const64(1)));
  ir.brcond(n, ir.const64(0), Cond.eq, done);
  ir.goto_tb(0);
  ir.set_label(done);
  ir.exit_tb(0);

  const tb = new Tb(arena.alloc(TB_RECORD.size), 0), cpu = CPU_HEADER.at(arena, header);
  tci.generate(tb, ir);
  Object.assign(TB_RECORD.at(arena, tb.record), { icount: 1, hotCount: compiled ? jit.threshold : 0 });
  arena.u32[(tb.record + TB_RECORD.offset.jump) / 4] = tb.record;
  tb.valid = true;
  arena.u64[registers / 8] = BigInt(turns);
  const start = process.cpuUsage();
  do {
    cpu.budget = 100_000; // long runs stay in the code that the Wasm engine makes first
    tci.execute(tb.record);
    if (cpu.exitReason === Exit.HOT) jit.hot(tb, { tbAt: () => tb, retranslate: () => ir, following: () => null, incoming: () => [] });
  } while (cpu.exitReason !== Exit.TB);
  const { user, system } = process.cpuUsage(start);
  console.log(`${compiled ? 'compiled   ' : 'interpreted'} sum = ${arena.u64[registers / 8 + 1]}, ${(turns / (user + system)).toFixed(0)} M turns/s`);
}

run(false);
run(true);
