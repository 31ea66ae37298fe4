import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { instructionsDoc, instructionsSource } from '../scripts/generate.ts';
import { disassemble } from './disassemble.ts';
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, INSTRUCTIONS, methodName, ModuleBuilder, V128, type FuncBuilder, type Instruction, type ValType } from './index.ts';

const TYPE: Record<string, ValType> = { i: I32, I: I64, f: F32, F: F64, v: V128 };

/** A module with something in each index space, and one function that `emit` fills. */
function build(emit: (f: FuncBuilder, m: ModuleBuilder) => void, options: { params?: ValType[]; results?: ValType[]; memory64?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory({ min: 1, max: 2, shared: true, memory64: options.memory64 ?? false });
  m.table({ min: 4 });
  m.table({ min: 4 });
  m.global(I32, true, 0);
  m.passiveData([1, 2, 3]);
  const f = m.func({ params: options.params ?? [], results: options.results ?? [] });
  m.passiveElem([f.index]);
  emit(f, m);
  f.end();
  return m.finish();
}

/** Arguments that a method needs besides its defaults, by immediate. */
function operands({ immediate: imm }: Instruction): unknown[] {
  if (typeof imm === 'object') return 'lanes' in imm ? [1] : [];
  if (imm === 'shuffle') return [[0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31]];
  if (imm === 'v128') return [1, 2, 3, 4];
  return ['i32', 'i64', 'f32', 'f64', 'elem', 'elemTable', 'data', 'dataMemory'].includes(imm) ? [0] : [];
}

const call = (f: FuncBuilder, row: Instruction): void =>
  (f as unknown as Record<string, (...args: unknown[]) => void>)[methodName(row.name)]!(...operands(row));

/** Instructions whose types depend on context: a use of each. */
const IN_CONTEXT: Record<string, (f: FuncBuilder, m: ModuleBuilder) => void> = {
  block: (f) => { f.block(); f.end(); },
  loop: (f) => { f.loop(); f.end(); },
  if: (f) => { f.i32Const(1); f.if_(); f.end(); },
  else: (f) => { f.i32Const(1); f.if_(); f.else_(); f.nop(); f.end(); },
  end: (f) => { f.block(); f.end(); },
  br: (f) => f.br(f.body),
  br_if: (f) => { f.i32Const(1); f.brIf(f.body); },
  br_table: (f) => { f.i32Const(1); f.brTable([f.body, f.body], f.body); },
  return: (f) => f.return_(),
  call: (f) => f.call(f.index),
  call_indirect: (f, m) => { f.i32Const(0); f.callIndirect(m.type([], []), 1); },
  return_call: (f) => f.returnCall(f.index),
  return_call_indirect: (f, m) => { f.i32Const(0); f.returnCallIndirect(m.type([], []), 1); },
  drop: (f) => { f.i64Const(1); f.drop(); },
  select: (f) => { f.i32Const(1); f.i32Const(2); f.i32Const(3); f.select(); f.drop(); },
  select_typed: (f) => { f.refNull(FUNCREF); f.refNull(FUNCREF); f.i32Const(3); f.selectTyped(FUNCREF); f.drop(); },
  'ref.null': (f) => { f.refNull(EXTERNREF); f.drop(); },
  'ref.is_null': (f) => { f.refNull(FUNCREF); f.refIsNull(); f.drop(); },
  'ref.func': (f) => { f.refFunc(f.index); f.drop(); },
  'local.get': (f) => { f.localGet(f.local(F64)); f.drop(); },
  'local.set': (f) => { f.i32Const(1); f.localSet(f.local(I32)); },
  'local.tee': (f) => { f.i32Const(1); f.localTee(f.local(I32)); f.drop(); },
  'global.get': (f) => { f.globalGet(0); f.drop(); },
  'global.set': (f) => { f.i32Const(1); f.globalSet(0); },
  'table.get': (f) => { f.i32Const(1); f.tableGet(1); f.drop(); },
  'table.set': (f) => { f.i32Const(1); f.refNull(FUNCREF); f.tableSet(1); },
  'table.grow': (f) => { f.refNull(FUNCREF); f.i32Const(1); f.tableGrow(1); f.drop(); },
  'table.fill': (f) => { f.i32Const(1); f.refNull(FUNCREF); f.i32Const(1); f.tableFill(1); },
};

/** The instruction between its operands as parameters and its results. */
function derive(row: Instruction, memory64: boolean): Uint8Array<ArrayBuffer> {
  const inContext = IN_CONTEXT[row.name];
  if (row.signature === '*') return build(inContext!, { memory64 });
  const types = (side: string): ValType[] => [...side].map((c) => (c === 'a' ? (memory64 ? I64 : I32) : TYPE[c]!));
  const [from, to] = row.signature.split(':') as [string, string];
  return build((f) => {
    for (let i = 0; i < from.length; i++) f.localGet(i);
    call(f, row);
  }, { params: types(from), results: types(to), memory64 });
}

describe.each([false, true])('every row of the table, 64-bit memory: %s', (memory64) => {
  test.each(INSTRUCTIONS)('$name is valid, and wabt reads it as such', async (row) => {
    const bytes = derive(row, memory64);
    expect(WebAssembly.validate(bytes)).toBe(true);
    const mnemonic = row.name === 'select_typed' ? 'select' : row.name;
    expect((await disassemble(bytes)).split(/[\s()]+/)).toContain(mnemonic);
  });
});

test('the table has 500 instructions and more, with no name or opcode twice', () => {
  expect(INSTRUCTIONS.length).toBeGreaterThan(500);
  expect(new Set(INSTRUCTIONS.map((row) => row.name)).size).toBe(INSTRUCTIONS.length);
  expect(new Set(INSTRUCTIONS.map((row) => row.prefix * 1000 + row.code)).size).toBe(INSTRUCTIONS.length);
});

test('generated files are what the script makes from the table', () => {
  expect(readFileSync(new URL('gen/instructions.ts', import.meta.url), 'utf8')).toBe(instructionsSource());
  expect(readFileSync(new URL('../docs/instructions.md', import.meta.url), 'utf8')).toBe(instructionsDoc());
});

/** What a function of `type` without parameters returns. */
function run(type: ValType, emit: (f: FuncBuilder) => void): unknown {
  const m = new ModuleBuilder();
  const f = m.func({ results: [type] });
  emit(f);
  f.end();
  m.exportFunc('f', f);
  return (new WebAssembly.Instance(new WebAssembly.Module(m.finish())).exports as { f(): unknown }).f();
}

test.each([0, 1, -1, 63, 64, -64, -65, 8191, 8192, 0x7fffffff, -0x80000000])('i32.const %i gives that number', (n) => {
  expect(run(I32, (f) => f.i32Const(n))).toBe(n);
});

test('i32.const takes unsigned numbers as well', () => {
  expect(run(I32, (f) => f.i32Const(0xffffffff))).toBe(-1);
  expect(run(I32, (f) => f.i32Const(0x80000000))).toBe(-0x80000000);
});

const AWKWARD = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, -0x80000000n, -0x80000001n, 0x7fffffffffffffffn, -0x8000000000000000n, 0x123456789abcdefn];
test.each(AWKWARD)('i64.const %i gives that number from halves and from a bigint', (n) => {
  const lo = Number(BigInt.asIntN(32, n));
  const hi = Number(n >> 32n);
  expect(run(I64, (f) => f.i64Const(lo, hi))).toBe(n);
  expect(run(I64, (f) => f.i64Const(lo >>> 0, hi >>> 0))).toBe(n);
  expect(run(I64, (f) => f.i64ConstBig(n))).toBe(n);
  if (Number.isSafeInteger(Number(n))) expect(run(I64, (f) => f.i64Const(Number(n)))).toBe(n);
});

test('float constants keep signs, subnormals and the bits of a NaN', () => {
  expect(run(F64, (f) => f.f64Const(-0))).toBe(-0);
  expect(run(F64, (f) => f.f64Const(5e-324))).toBe(5e-324);
  expect(run(F32, (f) => f.f32Const(1.5))).toBe(1.5);
  expect(run(I32, (f) => { f.f32ConstBits(0x7fa12345); f.i32ReinterpretF32(); })).toBe(0x7fa12345);
  expect(run(I64, (f) => { f.f64ConstBits(0x12345678, 0x7ff40000); f.i64ReinterpretF64(); })).toBe(0x7ff4000012345678n);
});

test('v128.const takes 16 bytes, four integers in an array, or four arguments', () => {
  const lane3 = (emit: (f: FuncBuilder) => void): unknown => run(I32, (f) => { emit(f); f.i32x4ExtractLane(3); });
  expect(lane3((f) => f.v128Const(Array.from({ length: 16 }, (_, i) => i)))).toBe(0x0f0e0d0c);
  expect(lane3((f) => f.v128Const([1, 2, 3, -4]))).toBe(-4);
  expect(lane3((f) => f.v128Const(1, 2, 3, 0x80000001))).toBe(-0x7fffffff);
});
