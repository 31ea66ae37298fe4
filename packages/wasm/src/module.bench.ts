/** Throughput of the assembler: bytes of finished module per second of process CPU time, for code shaped like a JIT's.
 *  Run: `pnpm --filter @emu/wasm bench`, or `pnpm bench wasm` with the other packages. */
import { fileURLToPath } from 'node:url';
import { leastCpuNs } from '../../../tools/dev/cpu-ns.ts';
import { I32, I64, ModuleBuilder, type FuncBuilder } from './index.ts';

const FUNCS = 64;
const BLOCKS = 200;
const MODULES = 5;
const ROUNDS = 12;

/** About what a translated block holds: locals, 64-bit arithmetic, a probe of a software TLB, a branch. */
function block(f: FuncBuilder, a: number, b: number, t: number): void {
  const miss = f.block();
  f.localGet(a);
  f.localGet(b);
  f.i64Add();
  f.localTee(a);
  f.i64Const(0x12345678, -1);
  f.i64And();
  f.i32WrapI64();
  f.localTee(t);
  f.i64Load(0x4000);
  f.localGet(a);
  f.i64Ne();
  f.brIf(miss);
  f.localGet(t);
  f.i32Load(24);
  f.i32Const(0x1000);
  f.i32Add();
  f.i64Load32U(8);
  f.localSet(b);
  f.end();
}

/** One module of 64 functions of 200 blocks. */
function assemble(m: ModuleBuilder): number {
  m.reset();
  m.importMemory('env', 'memory', { min: 1 });
  for (let i = 0; i < FUNCS; i++) {
    const f = m.func({ params: [I64, I64] });
    const t = f.local(I32);
    for (let n = 0; n < BLOCKS; n++) block(f, 0, 1, t);
    f.end();
  }
  return m.finish().length;
}

/** `{ name, value, unit }` of each figure; the best of several rounds. */
export function bench(): { name: string; value: number; unit: string }[] {
  const m = new ModuleBuilder();
  const bytes = assemble(m) * MODULES;
  const ns = leastCpuNs(ROUNDS, () => { for (let i = 0; i < MODULES; i++) assemble(m); });
  return [{ name: 'wasm: assembled code', value: bytes / ns * 1000, unit: 'MB/s' }];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, value, unit } of bench()) console.log(`${name}: ${value.toFixed(0)} ${unit}`);
}
