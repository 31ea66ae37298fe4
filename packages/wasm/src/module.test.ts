import { describe, expect, test } from 'vitest';
import { disassemble } from './disassemble.ts';
import * as api from './index.ts';
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, ModuleBuilder, typeName, V128, WasmError } from './index.ts';

const instantiate = (m: ModuleBuilder, imports: WebAssembly.Imports = {}): WebAssembly.Exports =>
  new WebAssembly.Instance(new WebAssembly.Module(m.finish()), imports).exports;

test('the package exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'EXTERNREF', 'F32', 'F64', 'FUNCREF', 'I32', 'I64', 'INSTRUCTIONS', 'ModuleBuilder', 'V128', 'WasmError', 'functionTexts', 'methodName', 'typeName',
  ]);
});

test('an empty module is the eight bytes of the header', () => {
  expect([...new ModuleBuilder().finish()]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
});

test('all kinds of imports and exports reach JavaScript', () => {
  const m = new ModuleBuilder();
  const log = m.importFunc('env', 'log', [I32], []);
  m.importMemory('env', 'memory', { min: 1, max: 4, shared: true });
  const table = m.importTable('env', 'table', { type: EXTERNREF, min: 1 });
  const counter = m.importGlobal('env', 'counter', I32, true);
  const f = m.func({ name: 'tick' });
  f.globalGet(counter);
  f.i32Const(1);
  f.i32Add();
  f.globalSet(counter);
  f.globalGet(counter);
  f.call(log);
  f.i32Const(8);
  f.globalGet(counter);
  f.i32AtomicStore();
  f.end();
  m.exportFunc('tick', f.index);
  m.exportMemory('memory');
  m.exportTable('table', table);
  m.exportGlobal('counter', counter);
  const seen: number[] = [];
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const exports = instantiate(m, {
    env: {
      log: (n: number) => seen.push(n), memory,
      table: new WebAssembly.Table({ element: 'externref', initial: 1 }), counter: new WebAssembly.Global({ value: 'i32', mutable: true }, 41),
    },
  });
  (exports.tick as () => void)();
  expect(seen).toEqual([42]);
  expect(new Int32Array(memory.buffer)[2]).toBe(42);
  expect((exports.counter as WebAssembly.Global).value).toBe(42);
  expect(exports.memory).toBe(memory);
  expect((exports.table as WebAssembly.Table).length).toBe(1);
});

test('globals of each type hold their initial value', () => {
  const m = new ModuleBuilder();
  const inits = [[I32, 0xfffffffe, -2], [I64, -5, -5n], [I64, [0, -0x80000000], -0x8000000000000000n], [I64, 1n << 40n, 1n << 40n],
    [F32, 0.5, 0.5], [F64, Math.PI, Math.PI], [FUNCREF, null, null], [EXTERNREF, null, null]] as const;
  for (const [type, init] of inits) m.exportGlobal(`g${m.global(type, false, init)}`, m.global(type, false, init) - 1);
  m.global(V128, false, [1, 2, 3, 4]);
  m.global(V128, false, new Uint8Array(16));
  const exports = instantiate(m);
  expect(Object.values(exports).map((g) => (g as WebAssembly.Global).value)).toEqual(inits.map(([, , value]) => value));
});

test('a global may start as a copy of an imported one', () => {
  const m = new ModuleBuilder();
  const base = m.importGlobal('env', 'base', I32);
  m.exportGlobal('copy', m.global(I32, true, { global: base }));
  const { copy } = instantiate(m, { env: { base: 1234 } });
  expect((copy as WebAssembly.Global).value).toBe(1234);
});

test('data: active at an offset, passive through memory.init; the start function runs it', () => {
  const m = new ModuleBuilder();
  m.memory({ min: 1 });
  m.data(16, [1, 2, 3]);
  const passive = m.passiveData(new Uint8Array([7, 8, 9]));
  const f = m.func();
  f.i32Const(32);
  f.i32Const(1);
  f.i32Const(2);
  f.memoryInit(passive);
  f.dataDrop(passive);
  f.end();
  m.start(f);
  m.exportMemory('memory');
  const bytes = new Uint8Array((instantiate(m).memory as WebAssembly.Memory).buffer);
  expect([...bytes.subarray(15, 20)]).toEqual([0, 1, 2, 3, 0]);
  expect([...bytes.subarray(31, 35)]).toEqual([0, 8, 9, 0]);
});

test('a 64-bit memory takes i64 addresses, data at a 64-bit offset and offsets above 4 GiB', async () => {
  const m = new ModuleBuilder();
  m.memory({ min: 1, memory64: true });
  m.data(8, [0x2a]);
  const f = m.func({ results: [I32] });
  f.i64Const(8);
  f.i32Load8U();
  f.end();
  const far = m.func({ results: [I32] });
  far.i64Const(0);
  far.i32Load(2 ** 40 + 5);
  far.end();
  m.exportFunc('f', f);
  expect((instantiate(m).f as () => number)()).toBe(42);
  expect(await disassemble(m.finish())).toContain('i32.load offset=1099511627781');
});

test('elements: active with an empty place, passive through table.init', () => {
  const m = new ModuleBuilder();
  const table = m.table({ min: 8, max: 8 });
  const one = m.func({ results: [I32] });
  one.i32Const(1);
  one.end();
  m.elem(table, 2, [one.index, null]);
  m.elem(table, 0, [one.index]);
  const passive = m.passiveElem([one.index, one.index]);
  const f = m.func();
  f.i32Const(5);
  f.i32Const(0);
  f.i32Const(2);
  f.tableInit(passive, table);
  f.elemDrop(passive);
  f.end();
  m.start(f);
  m.exportTable('table');
  const exported = instantiate(m).table as WebAssembly.Table;
  expect(Array.from({ length: 8 }, (_, i) => (exported.get(i) === null ? 0 : 1))).toEqual([1, 0, 1, 0, 0, 1, 1, 0]);
});

test('names of functions, parameters, locals, labels and globals are shown by a disassembler', async () => {
  const m = new ModuleBuilder();
  m.name('demo');
  m.global(I32, true, 0, 'ticks');
  const f = m.func({ name: 'loopy', params: [I32] });
  f.nameLocal(0, 'count');
  f.local(I64, 'spare');
  f.loop(undefined, 'again');
  f.localGet(0);
  f.brIf('again');
  f.end();
  f.globalGet(0);
  f.drop();
  f.end();
  const text = await disassemble(m.finish());
  for (const name of ['$loopy', '$count', '$spare', '$ticks']) expect(text).toContain(name);
  const section = WebAssembly.Module.customSections(new WebAssembly.Module(m.finish()), 'name')[0]!;
  expect(new TextDecoder('latin1').decode(section)).toMatch(/demo.*loopy.*count.*spare.*again.*ticks/s);
});

test('hints name each branch by its byte from the start of the function, locals included (branch hinting, binary format)', () => {
  const m = new ModuleBuilder(), plain = m.func({ params: [I32] });
  plain.end();
  const f = m.func({ params: [I32] });
  f.local(I32);
  f.localGet(0);
  f.unlikely();
  f.if_();
  f.localGet(0);
  f.likely();
  f.brIf(f.body);
  f.end();
  f.end();
  const hints = (): number[][] => WebAssembly.Module.customSections(new WebAssembly.Module(m.finish()), 'metadata.code.branch_hint').map((s) => [...new Uint8Array(s)]);
  // one function: index 1, two hints, each: position, size 1, value. Body: 01 01 7f (a run of locals), local.get 0 = 20 00, if = 04 40, ...
  expect(hints()).toEqual([[1, 1, 2, 5, 1, 0, 9, 1, 1]]);
  m.reset();
  m.func().end();
  expect(hints()).toEqual([]);
});

test('a module without names has no name section', () => {
  const m = new ModuleBuilder();
  m.func().end();
  expect(WebAssembly.Module.customSections(new WebAssembly.Module(m.finish()), 'name')).toEqual([]);
});

test('equal function types share an index', () => {
  const m = new ModuleBuilder();
  expect([m.type([I32], [I64]), m.type([I32], []), m.type([I32], [I64]), m.type([], [I32, I64])]).toEqual([0, 1, 0, 2]);
});

test('after reset a builder makes the same module as a new one', () => {
  const fill = (m: ModuleBuilder): Uint8Array => {
    m.importFunc('a', 'b', [I32], []);
    m.memory({ min: 1 });
    m.data(0, [1]);
    m.global(I32, false, 1);
    m.table({ min: 1 });
    const f = m.func({ name: 'f' });
    f.local(F64);
    f.end();
    m.elem(0, 0, [f.index]);
    m.exportFunc('f', f);
    m.start(f);
    return m.finish();
  };
  const reused = new ModuleBuilder();
  const other = reused.func({ params: [F64], name: 'other' });
  for (let i = 0; i < 10_000; i++) other.nop();
  other.end();
  reused.exportFunc('other', other);
  reused.name('first');
  reused.finish();
  reused.reset();
  expect(fill(reused)).toEqual(fill(new ModuleBuilder()));
});

test('a function of 10 MB keeps every byte', () => {
  const m = new ModuleBuilder();
  const f = m.func();
  for (let i = 0; i < 10_000_000; i++) f.nop();
  expect(f.size).toBe(10_000_000);
  f.end();
  expect(m.finish().length).toBeGreaterThan(10_000_000);
});

describe('misuse', () => {
  const cases: [string, (m: ModuleBuilder) => unknown, RegExp][] = [
    ['an import after a function', (m) => { m.func(); m.importFunc('a', 'b', [], []); }, /a\.b.*import before defining/],
    ['a second memory', (m) => { m.memory({ min: 1 }); m.memory({ min: 1 }); }, /one memory/],
    ['a memory of more than 4 GiB', (m) => m.memory({ min: 65537 }), /65537 is not an integer from 0 to 65536/],
    ['a memory whose max is below its min', (m) => m.memory({ min: 2, max: 1 }), /max 1 is below min 2/],
    ['a shared memory without a max', (m) => m.memory({ min: 2, shared: true }), /shared memory needs a max/],
    ['a table whose max is below its min', (m) => m.table({ min: 2, max: 1 }), /max 1 is below min 2/],
    ['two exports of one name', (m) => { const f = m.func(); m.exportFunc('f', f); m.exportFunc('f', f); }, /'f' exists already/],
    ['an export of nothing', (m) => m.exportFunc('f', 3), /export 'f': index 3 is unknown/],
    ['data without a memory', (m) => m.data(0, [1]), /0 memories/],
    ['a fraction as i32', (m) => m.global(I32, false, 0.5), /0.5 is not an initial value of type i32/],
    ['a string as f64', (m) => m.global(F64, false, 'x' as never), /x is not an initial value of type f64/],
    ['a short vector', (m) => m.global(V128, false, [1]), /initial value of type v128/],
    ['a number as externref', (m) => m.global(EXTERNREF, false, 1), /initial value of type externref/],
    ['an unknown parameter type', (m) => m.type([5 as never], []), /parameter: 5 is not a value type/],
    ['an element that is no function', (m) => { m.table({ min: 1 }); m.elem(0, 0, [0]); }, /index 0 is unknown; the module has 0 funcs/],
  ];
  test.each(cases)('%s is refused', (_, misuse, message) => {
    expect(() => misuse(new ModuleBuilder())).toThrow(message);
    expect(() => misuse(new ModuleBuilder())).toThrow(WasmError);
  });
});

test('type names are those of the text format', () => {
  expect([I32, I64, F32, F64, V128, FUNCREF, EXTERNREF].map(typeName)).toEqual(['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref']);
});
