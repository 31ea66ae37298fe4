import { expect, test } from 'vitest';
import { Arena, ArenaError, struct } from './index.ts';

test('allocations are aligned, zeroed, apart from each other and never at address 0', () => {
  const arena = new Arena(0x20000);
  const a = arena.alloc(3);
  const b = arena.alloc(100, 64);
  const c = arena.alloc(1, 4096);
  expect(a).toBeGreaterThan(0);
  expect([a % 16, b % 64, c % 4096]).toEqual([0, 0, 0]);
  expect(b).toBeGreaterThanOrEqual(a + 3);
  expect(c).toBeGreaterThanOrEqual(b + 100);
  expect(arena.u8.subarray(a, c + 1).every((byte) => byte === 0)).toBe(true);
  expect(arena.free).toBe(0x20000 - c - 1);
});

test('two arenas share nothing', () => {
  const [a, b] = [new Arena(1), new Arena(1)];
  a.u8[5] = 1;
  expect(b.u8[5]).toBe(0);
  expect(a.alloc(16)).toBe(b.alloc(16));
});

test('all views show the same bytes', () => {
  const arena = new Arena(1);
  arena.u64[1] = 0x4009_21fb_5444_2d18n; // pi, IEEE 754
  expect(arena.f64[1]).toBe(Math.PI);
  expect([arena.i32[2], arena.u32[3], arena.u16[7], arena.u8[8], arena.view.getUint8(15)]).toEqual([0x54442d18, 0x400921fb, 0x4009, 0x18, 0x40]);
});

test('an arena of no size, of too much, and one that is full say so', () => {
  expect(() => new Arena(0)).toThrow(/arena of 0 bytes/);
  expect(() => new Arena(2 ** 32 + 1)).toThrow(ArenaError);
  expect(() => new Arena(1).alloc(0x10001)).toThrow(/no room for 65537/);
});

const Sample = struct({ small: 'u8', half: 'u16', word: 'i32', wide: 'i64', single: 'f32', double: 'f64', vector: 'v128', list: ['u16', 5], last: 'u32' });

test('fields lie in order at their natural alignment', () => {
  expect(Sample.offset).toEqual({ small: 0, half: 2, word: 4, wide: 8, single: 16, double: 24, vector: 32, list: 48, last: 60 });
  expect(Sample.size).toBe(64);
  expect(struct({ a: 'u8' }, 100).offset.a).toBe(100);
});

test('accessors read and write the record in the arena', () => {
  const arena = new Arena(1);
  const at = arena.alloc(Sample.size);
  const record = Sample.at(arena, at);
  record.small = 0x1ff;
  record.half = 0x8001;
  record.word = -5;
  record.wideLo = -1;
  record.wideHi = 0x7fffffff;
  record.single = 0.5;
  record.double = Math.PI;
  record.last = 0xffffffff;
  expect([record.small, record.half, record.word, record.single, record.double, record.last]).toEqual([0xff, 0x8001, -5, 0.5, Math.PI, 0xffffffff]);
  expect(arena.view.getBigUint64(at + 8, true)).toBe(0x7fffffffffffffffn);
  expect(arena.view.getInt32(at + 4, true)).toBe(-5);
});

test('two records of one struct do not disturb each other', () => {
  const arena = new Arena(1);
  const [a, b] = [Sample.at(arena, arena.alloc(Sample.size)), Sample.at(arena, arena.alloc(Sample.size))];
  a.word = 1;
  b.word = 2;
  expect([a.word, b.word]).toEqual([1, 2]);
});

test('a record at an odd place is refused', () => {
  expect(() => Sample.at(new Arena(1), 1028)).toThrow(/1028 is not aligned/);
});
