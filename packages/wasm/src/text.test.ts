import { expect, test } from 'vitest';
import { disassemble } from './disassemble.ts';
import { functionTexts } from './text.ts';
import { F64, FUNCREF, I32, I64, ModuleBuilder, V128 } from './index.ts';

/** A module with most kinds of immediates. */
function sample(): Uint8Array {
  const m = new ModuleBuilder();
  const log = m.importFunc('env', 'log', [I32], []);
  m.memory({ min: 1, max: 2, shared: true });
  m.table({ min: 1 });
  m.global(I32, true, 0);
  const f = m.func({ params: [I32, I64], results: [I32] });
  const a = f.local(I32), v = f.local(V128), d = f.local(F64), b = f.local(I32);
  const out = f.block(), again = f.loop();
  f.localGet(0);
  f.i32Load(16);
  f.localTee(a);
  f.unlikely();
  f.brIf(out);
  f.localGet(0);
  f.i64Load32U(0, 0);
  f.i64Const(-5, -1);
  f.i64Add();
  f.i64Const(0x12345678, 0x7fffffff);
  f.i64Xor();
  f.i32WrapI64();
  f.brTable([out, again], out);
  f.end();
  f.end();
  f.localGet(a);
  f.if_(I32);
  f.f64Const(1.5);
  f.localSet(d);
  f.localGet(0);
  f.localGet(v);
  f.v128Store(32);
  f.localGet(v);
  f.i32x4ExtractLane(2);
  f.else_();
  f.i32Const(-2147483648);
  f.end();
  f.localSet(b);
  f.localGet(0);
  f.i32Const(1);
  f.i32AtomicRmwAdd(4);
  f.call(log);
  f.localGet(b);
  f.globalSet(0);
  f.localGet(0);
  f.i32Const(0);
  f.i32Const(9);
  f.memoryFill();
  f.refNull(FUNCREF);
  f.drop();
  f.localGet(v);
  f.localGet(v);
  f.i8x16Shuffle([0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31]);
  f.localSet(v);
  f.localGet(0);
  f.localGet(1);
  f.localGet(0);
  f.returnCallIndirect(m.type([I32, I64], [I32]), 0);
  f.end();
  const g = m.func({});
  g.nop();
  g.end();
  return m.finish();
}

/** Lines of wabt's text that belong to function bodies, without comments and the parentheses that close functions; floats in decimal. */
async function byWabt(module: Uint8Array): Promise<string[]> {
  const lines = (await disassemble(module)).split('\n').map((line) => line.replace(/\(;.*?;\)|;;.*$/g, '').replace(/ +/g, ' ').trim());
  return lines.filter((line) => line !== '' && !/^\((module|type|import|memory|table|global|func|elem|export)/.test(line)).map((line) => {
    const closing = count(line, ')') - count(line, '(');
    return (closing > 0 ? line.slice(0, -closing) : line).replace('0x1.8p+0', '1.5');
  });
}
const count = (text: string, character: string): number => text.split(character).length - 1;

test('says what wabt says, instruction for instruction', async () => {
  const module = sample(), [first, second, ...more] = functionTexts(module);
  const ours = `${first}\n${second}`.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
  expect(ours).toEqual(await byWabt(module));
  expect(more).toEqual([]);
});

test('nests by two spaces, and names functions that it is told the names of', () => {
  const text = functionTexts(sample(), new Map([[0, 'log']]))[0]!;
  expect(text).toContain('  block\n    loop\n      local.get 0\n      i32.load offset=16\n');
  expect(text).toContain('\n  call $log\n');
});
