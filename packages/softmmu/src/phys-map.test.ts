import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena } from '@emu/vaddr';
import { PhysMap, PhysMapError, type Region } from './index.ts';

const PAGE = 0x1000;

function machine(pages = 64) {
  const arena = new Arena(0x20_0000), map = new PhysMap(arena);
  return { arena, map, host: arena.alloc(pages * PAGE, PAGE) };
}
const silent = { read: () => 0, write: () => {} };

test('a hole reads as all ones and swallows writes', () => {
  const { map } = machine();
  map.writePhys32(0xdead_0000, 5);
  expect([map.readPhys8(0xdead_0000), map.readPhys16(2 ** 40), map.readPhys32(0)]).toEqual([0xff, 0xffff, 0xffff_ffff]);
  expect([map.readPhys64(8), map.hi]).toEqual([-1, -1]);
  const bytes = new Uint8Array(4);
  map.read(2 ** 52 - 4, bytes);
  expect([...bytes]).toEqual([255, 255, 255, 255]);
});

test('RAM below 3 GiB and above 4 GiB is one block in two places', () => {
  const { map, host } = machine();
  map.addRam('low', 0, 32 * PAGE, host);
  map.addRam('high', 2 ** 32, 32 * PAGE, host + 32 * PAGE);
  map.writePhys64(2 ** 32 + 8, 0x12345678, -1);
  expect([map.readPhys64(2 ** 32 + 8), map.hi]).toEqual([0x12345678, -1]);
  expect(map.hostPtrOf(2 ** 32 + 8)).toBe(host + 32 * PAGE + 8);
  expect(map.hostPtrOf(32 * PAGE)).toBe(-1);
});

test('an access across the end of a region sees both sides', () => {
  const { map, host } = machine();
  map.addRam('ram', 0, PAGE, host);
  map.writePhys32(PAGE - 2, 0x11223344);
  expect(map.readPhys32(PAGE - 2)).toBe(0xffff3344);
  expect(map.readPhys16(PAGE - 2)).toBe(0x3344);
});

test('a ROM keeps its contents', () => {
  const { map, arena, host } = machine();
  arena.u8[host] = 0x55;
  map.addRom('bios', 0xffff_0000, PAGE, host);
  map.writePhys8(0xffff_0000, 1);
  map.write(0xffff_0000, Uint8Array.of(2, 3));
  expect(map.readPhys16(0xffff_0000)).toBe(0x55);
});

test('regions of priority 0 that overlap are refused with both names and what to do', () => {
  const { map, host } = machine();
  map.addRam('ram', 0, 2 * PAGE, host);
  expect(() => map.addDevice('vga', PAGE, PAGE, silent)).toThrow(PhysMapError);
  expect(() => map.addDevice('vga', PAGE, PAGE, silent))
    .toThrow('Region vga (0x0000000000001000 to 0x0000000000001fff, priority 0) overlaps ram (0x0000000000000000 to 0x0000000000001fff, priority 0); '
      + 'move one, or give a priority if it is meant to hide the other');
  const vga = map.addDevice('vga', 2 * PAGE, PAGE, silent);
  expect(() => map.move(vga, PAGE)).toThrow(/overlaps ram/);
  expect(vga.base).toBe(2 * PAGE);
});

test('a region with a higher priority hides what lies below, until it goes', () => {
  const { map, host } = machine();
  map.addRam('ram', 0, 4 * PAGE, host);
  map.writePhys8(PAGE, 7);
  const hole = map.addDevice('smram', PAGE, PAGE, { read: () => 0x99, write: () => {} }, { priority: 1 });
  expect([map.readPhys8(PAGE - 1), map.readPhys8(PAGE), map.readPhys8(2 * PAGE)]).toEqual([0, 0x99, 0]);
  map.setEnabled(hole, false);
  expect(map.readPhys8(PAGE)).toBe(7);
  map.setEnabled(hole, true);
  expect(map.readPhys8(PAGE)).toBe(0x99);
  map.remove(hole);
  expect(map.readPhys8(PAGE)).toBe(7);
});

test('of two PCI BARs that the guest put in one place the one moved last answers', () => {
  const { map } = machine();
  const a = map.addDevice('a', 0xe000_0000, PAGE, { read: () => 0xa, write: () => {} }, { priority: 1, enabled: false });
  const b = map.addDevice('b', 0xe000_0000, PAGE, { read: () => 0xb, write: () => {} }, { priority: 1, enabled: false });
  expect(map.readPhys8(0xe000_0000)).toBe(0xff);
  map.move(b, 0xf000_0000);
  map.move(a, 0xf000_0000);
  expect([map.readPhys8(0xe000_0000), map.readPhys8(0xf000_0000)]).toEqual([0xff, 0xa]);
  map.move(a, 0xe000_0000);
  expect([map.readPhys8(0xe000_0000), map.readPhys8(0xf000_0000)]).toEqual([0xa, 0xb]);
});

test('an alias shows the same bytes, also of a region that is not mapped itself', () => {
  const { map, host } = machine();
  const flash = map.addRom('flash', 2 ** 32 - 4 * PAGE, 4 * PAGE, host);
  map.addAlias('isa-bios', 0xf_0000, PAGE, flash, 3 * PAGE);
  map.arena.u8[host + 3 * PAGE] = 0xea;
  expect([map.readPhys8(0xf_0000), map.readPhys8(2 ** 32 - PAGE)]).toEqual([0xea, 0xea]);
  expect(map.hostPtrOf(0xf_0000)).toBe(map.hostPtrOf(2 ** 32 - PAGE));
  const vram = map.addRam('vram', 0, 4 * PAGE, host + 8 * PAGE, { enabled: false });
  map.addAlias('window', 0xa_0000, PAGE, vram, PAGE);
  map.writePhys8(0xa_0000, 9);
  expect(map.arena.u8[host + 9 * PAGE]).toBe(9);
  expect(map.readPhys8(0)).toBe(0xff);
});

test('an alias of a device passes offsets of the device', () => {
  const { map } = machine();
  const device = map.addDevice('device', 0x1_0000, 0x100, { read: (offset) => offset, write: () => {} });
  map.addAlias('second', 0x2_0000, 0x80, device, 0x40);
  expect([map.readPhys8(0x1_0041), map.readPhys8(0x2_0001)]).toEqual([0x41, 0x41]);
});

test('a page may be shared by RAM and small devices', () => {
  const { map, host } = machine();
  map.addRam('ram', 0, PAGE, host);
  map.addDevice('small', 0x10, 4, { read: () => 0xaabb_ccdd, write: () => {} }, { priority: 1 });
  map.write(0, new Uint8Array(0x20).fill(1));
  const bytes = new Uint8Array(0x18);
  map.read(0, bytes);
  expect([...bytes.subarray(0xe)]).toEqual([1, 1, 0xdd, 0xdd, 0xdd, 0xdd, 1, 1, 1, 1]);
});

test.each<[string, (m: ReturnType<typeof machine>, ram: Region) => void, RegExp]>([
  ['RAM off the page grid', ({ map, host }) => map.addRam('x', 0x100_0010, PAGE, host), /x at 0x0000000001000010.*multiples of 4096/],
  ['RAM of half a page', ({ map, host }) => map.addRam('x', 0x100_0000, 100, host), /100 bytes.*multiples of 4096/],
  ['RAM outside the arena', ({ map }) => map.addRam('x', 0x100_0000, PAGE, 0x4000_0000), /outside the arena.*Arena\.alloc/],
  ['RAM at a null pointer', ({ map }) => map.addRam('x', 0x100_0000, PAGE, 0), /outside the arena/],
  ['a base beyond 2^52', ({ map }) => map.addDevice('x', 2 ** 52, 1, silent), /not in the physical address space/],
  ['a region that ends beyond it', ({ map }) => map.addDevice('x', 2 ** 52 - 1, 2, silent), /not in the physical address space/],
  ['a negative base', ({ map }) => map.addDevice('x', -4096, 16, silent), /not in the physical address space/],
  ['a region of no size', ({ map }) => map.addDevice('x', 0x100_0000, 0, silent), /with 0 bytes/],
  ['widths that no bus has', ({ map }) => map.addDevice('x', 0x100_0000, 16, { ...silent, minAccess: 3 as never }), /handles 3 to 4 bytes/],
  ['a least width above the most', ({ map }) => map.addDevice('x', 0x100_0000, 16, { ...silent, minAccess: 4, maxAccess: 2 }), /the least first/],
  ['an alias beyond its target', ({ map }, ram) => map.addAlias('x', 0x100_0000, 2 * PAGE, ram, 63 * PAGE), /8192 bytes from 258048 of ram, which has 262144/],
  ['an alias off the page grid', ({ map }, ram) => map.addAlias('x', 0x100_0000, PAGE, ram, 16), /must be multiples of 4096/],
  ['removing a region that an alias shows', ({ map }, ram) => { map.addAlias('x', 0x100_0000, PAGE, ram); map.remove(ram); }, /ram is shown by alias x/],
  ['a region of another machine', ({ map }) => map.remove(machine().map.addDevice('x', 0, 1, silent)), /x is not in this map/],
])('%s is refused', (_what, act, message) => {
  const m = machine();
  const ram = m.map.addRam('ram', 0, 64 * PAGE, m.host);
  let error: unknown;
  try {
    act(m, ram);
  } catch (e) {
    error = e;
  }
  expect(error).toBeInstanceOf(PhysMapError);
  expect((error as Error).message).toMatch(message);
});

test('what is visible at each address is the enabled region of highest priority, the latest among equals', () => {
  const SPAN = 64;
  const piece = fc.record({ base: fc.nat(SPAN), size: fc.integer({ min: 1, max: SPAN / 2 }), priority: fc.nat(3), enabled: fc.boolean() });
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const map = new PhysMap(new Arena(65536));
    pieces.forEach((p, i) => map.addDevice(`d${i}`, p.base, p.size, { read: (offset) => (i * 16 + offset) & 0xff, write: () => {} }, p));
    for (let phys = 0; phys < 2 * SPAN; phys++) {
      const shown = pieces.map((p, i) => ({ ...p, i })).filter((p) => p.enabled && p.base <= phys && phys < p.base + p.size)
        .sort((a, b) => b.priority - a.priority || b.i - a.i)[0];
      expect(map.readPhys8(phys)).toBe(shown ? (shown.i * 16 + phys - shown.base) & 0xff : 0xff);
    }
    const ranges = map.ranges;
    expect([ranges[0]!.start, ranges.at(-1)!.end]).toEqual([0, 2 ** 52]);
    for (let i = 1; i < ranges.length; i++) expect(ranges[i]!.start).toBe(ranges[i - 1]!.end);
  }));
});

test('every access width agrees with the bytes, over regions of all kinds', () => {
  const { map, host } = machine();
  map.addRam('ram', 0, PAGE, host);
  map.addRom('rom', PAGE, PAGE, host + PAGE);
  map.addDevice('device', 2 * PAGE, 0x20, { read: (offset) => (offset * 0x01010101 + 0x03020100) >>> 0, write: () => {}, maxAccess: 1 });
  map.arena.u8.fill(0x3c, host, host + 2 * PAGE);
  const nearEdge = [0, PAGE, 2 * PAGE, 2 * PAGE + 0x20].map((edge) => fc.integer({ min: Math.max(0, edge - 9), max: edge + 9 }));
  fc.assert(fc.property(fc.oneof(...nearEdge), (at) => {
    const bytes = new Uint8Array(8);
    map.read(at, bytes);
    const view = new DataView(bytes.buffer);
    expect([map.readPhys8(at), map.readPhys16(at), map.readPhys32(at)]).toEqual([view.getUint8(0), view.getUint16(0, true), view.getUint32(0, true)]);
    expect([map.readPhys64(at), map.hi]).toEqual([view.getInt32(0, true), view.getInt32(4, true)]);
  }));
});
