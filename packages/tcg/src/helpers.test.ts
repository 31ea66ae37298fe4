import { Arena } from '@emu/vaddr';
import { I32, I64 } from '@emu/wasm';
import { describe, expect, test } from 'vitest';
import { CPU_HEADER, HDR } from './cpu.ts';
import { GUEST_FAULT, HelperRegistry } from './helpers.ts';
import { Type } from './types.ts';

function setup(bits: 32 | 64 = 64) {
  const arena = new Arena(1 << 16), header = arena.alloc(CPU_HEADER.size), registry = new HelperRegistry(bits);
  return { arena, header, registry, instantiate: () => registry.instantiate(arena, header) as ((...args: (number | bigint)[]) => number | bigint)[] };
}

describe('the three widths of a signature', () => {
  test('(env, vaddr, ptr) is (i32, i64, i32) for a 64-bit target, and all i32 for a 32-bit one', () => {
    const declare = (bits: 32 | 64) => {
      const { registry } = setup(bits);
      return registry.wasmType(registry.js('probe', ['env', 'vaddr', 'ptr'], 'vaddr', () => 0));
    };
    expect(declare(64)).toEqual({ params: [I32, I64, I32], results: [I64] });
    expect(declare(32)).toEqual({ params: [I32, I32, I32], results: [I32] });
  });

  test('the function that generated code calls takes exactly these', () => {
    const { registry, instantiate } = setup();
    const seen: number[][] = [];
    registry.js('probe', ['env', 'vaddr', 'ptr'], 'void', (...args) => void seen.push(args));
    instantiate()[0]!(4096, 0xffffffff81000000n, 8);
    expect(seen).toEqual([[4096, 0x81000000 | 0, -1, 8]]);
    expect(() => instantiate()[0]!(4096, 8 as never, 8)).toThrow(TypeError);
  });
});

test('a 64-bit result is put together from the low half and retHi', () => {
  const { arena, header, registry, instantiate } = setup();
  registry.js('swap', ['i64'], 'i64', (lo, hi) => {
    arena.i32[(header + HDR.retHi) >>> 2] = lo!;
    return hi!;
  });
  expect(BigInt.asUintN(64, instantiate()[0]!(0x12345678_9abcdef0n) as bigint)).toBe(0x9abcdef0_12345678n);
});

test('a guest fault becomes the fault flag; any other error goes through', () => {
  const { arena, header, registry, instantiate } = setup();
  registry.js('raise', [], 'void', () => { throw GUEST_FAULT; });
  registry.js('broken', [], 'void', () => { throw new RangeError('broken'); });
  const [raise, broken] = instantiate();
  raise!();
  expect(CPU_HEADER.at(arena, header).fault).toBe(1);
  expect(() => broken!()).toThrow('broken');
});

test('a helper of a Wasm instance is taken as it is', () => {
  const { registry, instantiate } = setup();
  const fn = () => 0;
  registry.wasm('native', ['i32'], 'i32', fn);
  expect(instantiate()[0]).toBe(fn);
});

test('result and parameter types are given as IR types', () => {
  const { registry } = setup();
  expect(registry.js('f', ['env', 'i64', 'vaddr', 'i32'], 'i64', () => 0)).toMatchObject({ paramTypes: [Type.i32, Type.i64, Type.i64, Type.i32], resultType: Type.i64, index: 0 });
  expect(registry.js('g', [], 'void', () => {})).toMatchObject({ resultType: -1, index: 1 });
});

test('a wrong arity and a second helper of a name are refused', () => {
  const { registry } = setup();
  expect(() => registry.js('f', ['i64'], 'void', (_a, _b, _c) => {})).toThrow(
    expect.objectContaining({ name: 'HelperError', message: 'Helper f takes 3 numbers, but (i64) passes 2; a 64-bit parameter is two numbers' }));
  registry.js('f', [], 'void', () => {});
  expect(() => registry.js('f', [], 'void', () => {})).toThrow('A helper named f exists already; names are unique');
});
