import { describe, expect, test } from 'vitest';
import { EmuError } from '@emu/vaddr';
import { disassemble } from './disassemble.ts';
import { F64, FUNCREF, I32, I64, ModuleBuilder, V128, type FuncBuilder, type ValType } from './index.ts';

function fresh(params: ValType[] = [], results: ValType[] = []): { m: ModuleBuilder; f: FuncBuilder } {
  const m = new ModuleBuilder();
  return { m, f: m.func({ params, results }) };
}

/** Closes and exports `f`, and returns it as a JavaScript function. */
function callable(m: ModuleBuilder, f: FuncBuilder): (...args: number[]) => number {
  f.end();
  m.exportFunc('f', f);
  return new WebAssembly.Instance(new WebAssembly.Module(m.finish())).exports.f as (...args: number[]) => number;
}

test('handles and names find their block at any depth', () => {
  const { m, f } = fresh([I32], [I32]);
  const outer = f.block();
  f.block(undefined, 'middle');
  const inner = f.block();
  f.localGet(0);
  f.brTable([inner, 'middle', outer], outer);
  f.end();
  f.i32Const(10);
  f.return_();
  f.end();
  f.i32Const(20);
  f.return_();
  f.end();
  f.i32Const(30);
  const run = callable(m, f);
  expect([0, 1, 2, 3, -1].map((n) => run(n))).toEqual([10, 20, 30, 30, 30]);
});

test('a name means the innermost open block of that name', () => {
  const { m, f } = fresh([], [I32]);
  f.block(I32, 'x');
  f.block(undefined, 'x');
  f.br('x');
  f.end();
  f.i32Const(7);
  f.br('x');
  f.end();
  expect(callable(m, f)()).toBe(7);
});

test('a loop counts down, an if with else picks an arm', () => {
  const { m, f } = fresh([I32], [I32]);
  const sum = f.local(I32);
  const loop = f.loop();
  f.localGet(0);
  f.if_();
  f.localGet(sum);
  f.localGet(0);
  f.i32Add();
  f.localSet(sum);
  f.localGet(0);
  f.i32Const(1);
  f.i32Sub();
  f.localSet(0);
  f.br(loop);
  f.else_();
  f.end();
  f.end();
  f.localGet(sum);
  expect(callable(m, f)(100)).toBe(5050);
});

test('reading a local right after setting it is a local.tee; behind a label, or of another local, it is not', () => {
  const { m, f } = fresh([I32], [I32]);
  const other = f.local(I32), far = Array.from({ length: 200 }, () => f.local(I32)).at(-1)!, sizes: number[] = [];
  const pair = (set: number, get: number, between?: () => void) => {
    const before = f.size;
    f.localSet(set);
    between?.();
    f.localGet(get);
    sizes.push(f.size - before);
  };
  f.localGet(0);
  pair(other, other);
  pair(far, far);
  pair(other, far);
  f.localGet(other);
  f.i32Add();
  const block = f.block(I32);
  f.i32Const(1);
  pair(0, 0, () => f.block());
  f.br(block);
  f.end();
  f.unreachable();
  f.end();
  f.i32Add();
  expect(sizes).toEqual([2, 3, 5, 6]);
  expect(callable(m, f)(21)).toBe(43);
});

test('a block of a function type takes parameters and leaves several results', () => {
  const { m, f } = fresh([I32], [I32]);
  const type = m.type([I32], [I32, I32]);
  f.localGet(0);
  f.blockOf(type);
  f.i32Const(3);
  f.end();
  f.i32Mul();
  expect(callable(m, f)(14)).toBe(42);
});

test('a br_table of 10,000 targets grows the buffer and stays valid', () => {
  const { m, f } = fresh([I32], [I32]);
  const x = f.block();
  const y = f.block();
  f.localGet(0);
  f.brTable(Array.from({ length: 10_000 }, (_, i) => (i % 2 ? x : y)), x);
  f.end();
  f.i32Const(1);
  f.return_();
  f.end();
  f.i32Const(2);
  const run = callable(m, f);
  expect([run(9998), run(9999), run(10_000)]).toEqual([1, 2, 2]);
});

test('blocks nest 1,000 deep', () => {
  const { m, f } = fresh([], [I32]);
  const labels = Array.from({ length: 1000 }, () => f.block());
  f.br(labels[0]!);
  for (let i = 0; i < 1000; i++) f.end();
  f.i32Const(5);
  expect(callable(m, f)()).toBe(5);
});

test('locals of a type are reused after they are freed, and neighbours share a declaration', async () => {
  const { m, f } = fresh([I64]);
  const [a, b, c, d] = [f.local(I32), f.local(I32), f.local(F64), f.local(V128)];
  expect([a, b, c, d]).toEqual([1, 2, 3, 4]);
  f.freeLocal(a!);
  expect(f.local(F64)).toBe(5);
  expect(f.local(I32)).toBe(a);
  f.end();
  expect(await disassemble(m.finish())).toContain('(local i32 i32 f64 v128 f64)');
});

test('two functions can be written at once and keep their order', () => {
  const m = new ModuleBuilder();
  const even = m.func({ params: [I32], results: [I32] });
  const odd = m.func({ params: [I32], results: [I32] });
  for (const [f, other, atZero] of [[odd, even, 0], [even, odd, 1]] as const) {
    f.localGet(0);
    f.i32Eqz();
    f.if_(I32);
    f.i32Const(atZero);
    f.else_();
    f.localGet(0);
    f.i32Const(1);
    f.i32Sub();
    f.returnCall(other.index);
    f.end();
    f.end();
  }
  m.exportFunc('even', even);
  const { even: isEven } = new WebAssembly.Instance(new WebAssembly.Module(m.finish())).exports as { even(n: number): number };
  expect([isEven(100_000), isEven(100_001)]).toEqual([1, 0]);
});

describe('misuse is a WasmError that says what to do', () => {
  const cases: [string, (f: FuncBuilder, m: ModuleBuilder) => void, RegExp][] = [
    ['a branch to a closed block', (f) => { const l = f.block(); f.end(); f.br(l); }, /not an open block.*before its end/],
    ['a branch to a closed block whose place another took', (f) => { const l = f.block(); f.end(); f.block(); f.br(l); }, /not an open block/],
    ['a branch to an unknown name', (f) => { f.block(undefined, 'a'); f.br('b'); }, /label 'b'/],
    ['a nesting depth passed as a label', (f) => { f.block(); f.br(1); }, /not an open block/],
    ['else without if', (f) => { f.block(); f.else_(); }, /without an open if/],
    ['a second else', (f) => { f.i32Const(1); f.if_(); f.else_(); f.else_(); }, /without an open if/],
    ['an unknown local', (f) => f.localGet(0), /local 0 is unknown; the function has 0/],
    ['a negative local', (f) => f.localSet(-1), /local -1/],
    ['an instruction after the end', (f) => { f.end(); f.nop(); }, /closed by its last end/],
    ['a second end of the function', (f) => { f.end(); f.end(); }, /closed by its last end/],
    ['an unknown function', (f) => f.call(9), /index 9 is unknown; the module has 1 funcs/],
    ['an unknown global', (f) => f.globalGet(0), /index 0 is unknown; the module has 0 globals/],
    ['an unknown type', (f) => f.blockOf(7), /index 7 is unknown.*types/],
    ['a type index where a value type goes', (f) => f.block(0 as ValType), /blockOf.*0 is not a value type/],
    ['a constant of more than 32 bits', (f) => f.i32Const(2 ** 32), /4294967296 is not an integer of 32 bits/],
    ['a constant that is no integer', (f) => f.i32Const(0.5), /0.5 is not an integer/],
    ['a negative offset', (f) => f.i32Load(-4), /offset -4/],
    ['an alignment above the natural one', (f) => f.i32Load16U(0, 2), /alignment 2\^2/],
    ['a lane out of range', (f) => f.i64x2ExtractLane(2), /lane 2 is not in 0\.\.1/],
    ['a vector constant of a wrong length', (f) => f.v128Const([1, 2]), /16 bytes or 4 integers/],
    ['a number as reference type', (f) => f.refNull(I32 as never), /not a reference type/],
    ['freeing a parameter', (f) => f.freeLocal(0), /local 0 is unknown/],
    ['freeing a local twice', (f) => { const l = f.local(I32); f.freeLocal(l); f.freeLocal(l); }, /free already/],
    ['a local of no type', (f) => f.local(3 as ValType), /3 is not a value type/],
  ];
  test.each(cases)('%s', (_, misuse, message) => {
    const { m, f } = fresh();
    expect(() => misuse(f, m)).toThrow(message);
    expect(() => { const again = fresh(); misuse(again.f, again.m); }).toThrow(EmuError);
  });

  test('freeing a parameter that exists', () => {
    expect(() => fresh([I32]).f.freeLocal(0)).toThrow(/0 is a parameter/);
  });

  test('finish with an open block names the function', () => {
    const m = new ModuleBuilder();
    const f = m.func({ name: 'half' });
    f.block();
    f.end();
    expect(() => m.finish()).toThrow(/function 0 'half' is not closed/);
  });
});

test('references: a table of functions is filled and called', () => {
  const m = new ModuleBuilder();
  const table = m.table({ type: FUNCREF, min: 1 });
  const seven = m.func({ results: [I32] });
  seven.i32Const(7);
  seven.end();
  m.declareElem([seven.index]);
  const f = m.func({ results: [I32] });
  f.i32Const(0);
  f.refFunc(seven.index);
  f.tableSet(table);
  f.i32Const(0);
  f.callIndirect(m.type([], [I32]), table);
  expect(callable(m, f)()).toBe(7);
});
