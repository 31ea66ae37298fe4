/** The assembler alone: builds a module with one loop, prints its bytes and runs it. Try: node --conditions=@emu/source playground/play.ts 20 */
import { I64, I32, ModuleBuilder } from '../src/index.ts';

const n = Number(process.argv[2] ?? 90);
const m = new ModuleBuilder();
m.name('fibonacci');
const f = m.func({ name: 'fib', params: [I32], results: [I64] });
const a = f.local(I64, 'a');
const b = f.local(I64, 'b');
f.i64Const(1);
f.localSet(b);
f.block(undefined, 'done');
f.loop(undefined, 'next');
f.localGet(0);
f.i32Eqz();
f.brIf('done');
f.localGet(b);
f.localGet(a);
f.localGet(b);
f.i64Add();
f.localSet(b);
f.localSet(a);
f.localGet(0);
f.i32Const(1);
f.i32Sub();
f.localSet(0);
f.br('next');
f.end();
f.end();
f.localGet(a);
f.end();
m.exportFunc('fib', f);

const bytes = m.finish();
for (let i = 0; i < bytes.length; i += 16) {
  const row = bytes.subarray(i, i + 16);
  const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(48);
  const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  console.log(`${i.toString(16).padStart(4, '0')}  ${hex} ${text}`);
}
const { fib } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { fib(n: number): bigint };
console.log(`fib(${n}) = ${fib(n)}`);
