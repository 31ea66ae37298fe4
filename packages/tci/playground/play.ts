/** The interpreter alone: Collatz sequences in IR, with the time they take. Try: node --conditions=@emu/source playground/play.ts 837799 */
import { Cond, CPU_HEADER, EXIT_NAMES, HelperRegistry, Ir, JumpCache, Tb, TB, TB_RECORD, Type } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import { Tci } from '../src/index.ts';

const start = BigInt(process.argv[2] ?? 837799);
const arena = new Arena(64 << 20);
const header = arena.alloc(CPU_HEADER.size + 32);
const memory = { vaddrBits: 64, descriptor: () => 0, slowLoad: () => 0, slowStore: () => {} } as const;
const tci = new Tci({ arena, header, jumpCache: new JumpCache(arena), memory, helpers: new HelperRegistry(64) });
const ir = new Ir();
const n = ir.global('n', Type.i64, header + CPU_HEADER.size), steps = ir.global('steps', Type.i64, header + CPU_HEADER.size + 8);

// n = n odd ? 3 n + 1 : n / 2; steps++; again until n = 1
const tb = new Tb(arena.alloc(TB_RECORD.size), 0);
const one = ir.const64(1), done = ir.newLabel();
ir.insn_start(0);
ir.set(n, ir.movcond(n, one, ir.add(ir.mul(n, ir.const64(3)), one), ir.shr(n, one), Cond.tstne));
ir.set(steps, ir.add(steps, one));
ir.brcond(n, one, Cond.eq, done);
ir.goto_tb(0);
ir.set_label(done);
ir.exit_tb(0);
tci.generate(tb, ir);
TB_RECORD.at(arena, tb.record).icount = 1;
arena.u32[(tb.record + TB.jump) >>> 2] = tb.record;

const registers = arena.u64.subarray((header + CPU_HEADER.size) / 8);
const cpu = CPU_HEADER.at(arena, header);
registers[0] = start;
cpu.budget = 1_000_000;
const before = performance.now();
tci.execute(tb.record);
console.log(`${start}: ${registers[1]} steps to ${registers[0]}, left with ${EXIT_NAMES[cpu.exitReason]} after ${(performance.now() - before).toFixed(2)} ms`);
