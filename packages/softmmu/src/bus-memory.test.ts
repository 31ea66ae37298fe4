import { expect, test } from 'vitest';
import { Arena } from '@emu/vaddr';
import { BusMemory, PhysMap } from './index.ts';

const PAGE = 0x1000;

function bus() {
  const arena = new Arena(0x10_0000), map = new PhysMap(arena), host = arena.alloc(8 * PAGE, PAGE);
  map.addRam('low', 0, 2 * PAGE, host);
  map.addRam('high', 2 * PAGE, 2 * PAGE, host + 4 * PAGE);
  map.addRom('rom', 4 * PAGE, PAGE, host + 2 * PAGE);
  return { bus: new BusMemory(map), arena, host };
}

test('words are little-endian and may be unaligned', () => {
  const { bus: m } = bus();
  m.write32(0xfff, 0x89abcdef);
  expect([m.read8(0xfff), m.read16(0x1000), m.read32(0xfff)]).toEqual([0xef, 0xabcd, 0x89abcdef]);
  m.write16(0x1001, 0x1234);
  m.write8(0x1002, 0xff);
  expect(m.read32(0xfff)).toBe(0xff34cdef);
});

test('views of a range that lies in two pieces of RAM are its two parts', () => {
  const { bus: m, arena, host } = bus();
  const views = m.ranges(2 * PAGE - 3, 5)!;
  expect(views.map((v) => [v.byteOffset, v.length])).toEqual([[host + 2 * PAGE - 3, 3], [host + 4 * PAGE, 2]]);
  views[1]!.set([7, 8]);
  m.wrote(2 * PAGE - 3, 5);
  expect([arena.u8[host + 4 * PAGE], m.read16(2 * PAGE)]).toEqual([7, 0x0807]);
});

test('there are no views of what is not RAM throughout', () => {
  const { bus: m } = bus();
  expect(m.ranges(4 * PAGE - 1, 2)).toBeUndefined();
  expect(m.ranges(0x100_0000, 1)).toBeUndefined();
  expect(m.ranges(0, 0)).toEqual([]);
});

test('bulk reads and writes go over the joints of the map', () => {
  const { bus: m } = bus();
  const data = Uint8Array.from({ length: 3 * PAGE }, (_, i) => i % 251), back = new Uint8Array(3 * PAGE);
  m.write(2 * PAGE - 100, data); // ends 3996 bytes into the ROM
  m.read(2 * PAGE - 100, back);
  expect(back.subarray(0, 2 * PAGE + 100)).toEqual(data.subarray(0, 2 * PAGE + 100));
  expect(back.subarray(2 * PAGE + 100).every((byte) => byte === 0)).toBe(true);
});
