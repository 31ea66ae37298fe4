import { describe, expect, test } from 'vitest';
import { Prot, TABLE_OFFSET, type TlbSize } from './index.ts';
import { makeRig } from './testing.ts';

const RW = Prot.READ | Prot.WRITE;
const PAGE = 0x1000;
const MIB2 = 0x20_0000;

/** `count` pages from `base` on, mapped and touched. */
function filled(count: number, tlbSize?: TlbSize, base = 0) {
  const r = makeRig({ ramBytes: 4 * MIB2, ...(tlbSize ? { tlbSize } : {}) });
  for (let i = 0; i < count; i++) {
    r.naive.mapPage(BigInt(base + i * PAGE), { phys: (i % 512) * PAGE, prot: RW });
    r.mmu.load8(base + i * PAGE, 0, 0);
  }
  return { ...r, walksOf: (act: () => void) => { const before = r.naive.walks; act(); return r.naive.walks - before; } };
}

describe('size', () => {
  test('a table grows while pages are touched, and then holds them all', () => {
    const { mmu, walksOf } = filled(1000);
    expect(mmu.tlb(0).slots).toBeGreaterThanOrEqual(1024);
    expect(walksOf(() => { for (let i = 0; i < 1000; i++) mmu.load8(i * PAGE, 0, 0); })).toBeLessThan(60);
  });

  test('it does not grow beyond its limit', () => {
    const { mmu } = filled(1000, { minBits: 6, maxBits: 7 });
    expect(mmu.tlb(0).slots).toBe(128);
  });

  test('the mask of the descriptor follows', () => {
    const { mmu, arena } = filled(300);
    expect(arena.u32[mmu.descriptor(0) >>> 2]).toBe((mmu.tlb(0).slots - 1) * 32);
  });

  test('pages that share a slot make it grow too', () => {
    const { mmu, naive } = filled(0);
    const stride = 64 * PAGE;
    for (let round = 0; round < 40; round++) for (let i = 0; i < 16; i++) {
      naive.mapPage(BigInt(i * stride), { phys: i * PAGE, prot: RW });
      mmu.load8(i * stride, 0, 0);
    }
    expect(mmu.tlb(0).slots).toBeGreaterThan(64);
    const before = naive.walks;
    for (let i = 0; i < 16; i++) mmu.load8(i * stride, 0, 0);
    expect(naive.walks).toBe(before);
  });

  test('and so do two pages that take a slot from each other all the time', () => {
    const { mmu, naive } = filled(1), far = 64 * PAGE;
    naive.mapPage(BigInt(far), { phys: PAGE, prot: RW });
    const alternate = (times: number): void => { for (let i = 0; i < times; i++) mmu.load8(i % 2 === 0 ? far : 0, 0, 0); };
    alternate(1000);
    expect(mmu.tlb(0).slots).toBe(128);
    const { victimHits } = mmu.stats;
    alternate(100);
    expect(mmu.stats.victimHits).toBe(victimHits);
  });

  test('it shrinks after many flushes that found it nearly empty', () => {
    const { mmu } = filled(1000);
    for (let i = 0; i < 300; i++) {
      mmu.flushAll();
      mmu.load8(0, 0, 0);
    }
    expect(mmu.tlb(0).slots).toBe(64);
  });

  test('slots that the mask does not reach are empty, so that code that probes with an older mask misses', () => {
    const { mmu, arena, naive } = filled(1000, { minBits: 6, maxBits: 11 }), tlb = mmu.tlb(0), table = (mmu.descriptor(0) + TABLE_OFFSET) >>> 2, sizes = new Set<number>();
    const used = (from: number): number => arena.i32.subarray(table + from * 8, table + (1 << 11) * 8).filter((word, i) => i % 8 < 6 && word !== -1).length; // three comparators an entry
    for (let i = 0; i < 400; i++) {
      if (i % 2 === 0) tlb.flush();
      else tlb.flushNonGlobal();
      for (let k = 0; k < (400 - i) / 8; k++) {
        naive.mapPage(BigInt(k * 3 * PAGE), { phys: k * PAGE, prot: RW });
        mmu.load8(k * 3 * PAGE, 0, 0);
      }
      sizes.add(tlb.slots);
      expect(used(tlb.slots)).toBe(0);
    }
    expect(used(0)).toBeGreaterThan(0);
    expect(sizes.size).toBeGreaterThan(3);
  });

  test('right after a resize every page reads as before', () => {
    const { mmu, map } = filled(512);
    for (let i = 0; i < 512; i++) map.writePhys32(i * PAGE, i);
    for (let i = 0; i < 512; i++) expect(mmu.load32(i * PAGE, 0, 0)).toBe(i);
  });
});

describe('victims', () => {
  test('eight pages that lost their slot come back without a walk', () => {
    const { mmu, walksOf } = filled(16, { minBits: 3, maxBits: 3 });
    expect(walksOf(() => { for (let i = 8; i < 16; i++) mmu.load8(i * PAGE, 0, 0); })).toBe(0);
    expect(walksOf(() => { for (let i = 0; i < 8; i++) mmu.load8(i * PAGE, 0, 0); })).toBe(0);
    expect(mmu.stats.victimHits).toBe(8);
  });

  test('a victim that comes back to a slot of a larger table is flushed with the others', () => {
    const { mmu, naive, walksOf } = filled(9, { minBits: 3, maxBits: 10 }); // page 0 made room for page 8
    naive.mapPage(0x10_1000n, { phys: 0, prot: RW });
    mmu.load8(0x10_1000, 0, 0);
    expect(mmu.tlb(0).slots).toBe(16);
    expect(walksOf(() => mmu.load8(0, 0, 0))).toBe(0);
    mmu.flushNonGlobal();
    expect(walksOf(() => mmu.load8(0, 0, 0))).toBe(1);
  });

  test('a page flushed while it is a victim does not come back', () => {
    const { mmu, naive, map } = filled(16, { minBits: 3, maxBits: 3 });
    map.writePhys8(0x8_0000, 0x77);
    naive.mapPage(0n, { phys: 0x8_0000, prot: RW });
    mmu.flushPage(0, 0);
    expect(mmu.load8(0, 0, 0)).toBe(0x77);
  });

  test('a page whose permission grows is not shadowed by its victim', () => {
    const { mmu, naive, map } = filled(0, { minBits: 3, maxBits: 3 });
    naive.mapPage(0n, { phys: 0, prot: Prot.READ });
    naive.mapPage(0x8000n, { phys: PAGE, prot: RW });
    mmu.load8(0, 0, 0);
    mmu.load8(0x8000, 0, 0); // page 0 is a victim now
    naive.mapPage(0n, { phys: 2 * PAGE, prot: RW }); // the guest gave it a copy of its own
    mmu.store8(0, 0, 0, 5);
    mmu.load8(0x8000, 0, 0);
    expect(mmu.load8(0, 0, 0)).toBe(5);
    expect(map.readPhys8(2 * PAGE)).toBe(5);
  });
});

describe('invalidation', () => {
  test('of one page walks again for that page only', () => {
    const { mmu, walksOf } = filled(64);
    mmu.flushPage(5 * PAGE + 123, 0);
    expect(walksOf(() => { for (let i = 0; i < 64; i++) mmu.load8(i * PAGE, 0, 0); })).toBe(1);
  });

  test('of 0x80000000 leaves 0xffffffff80000000 alone', () => {
    const { mmu, naive, walksOf } = filled(0);
    naive.mapPage(0x8000_0000n, { phys: 0, prot: RW });
    naive.mapPage(0xffff_ffff_8000_0000n, { phys: PAGE, prot: RW });
    mmu.load8(0x8000_0000 | 0, -1, 0);
    mmu.flushPage(0x8000_0000, 0);
    expect(walksOf(() => mmu.load8(0x8000_0000, -1, 0))).toBe(0);
    mmu.flushPage(0x8000_0000, 0xffff_ffff);
    expect(walksOf(() => mmu.load8(0x8000_0000, -1, 0))).toBe(1);
  });

  test('of any part of a 2 MiB page drops all of it and nothing else', () => {
    const { mmu, naive, flushes, walksOf } = filled(4, undefined, 0x1000_0000);
    naive.mapPage(0x4000_0000n, { phys: 0, prot: RW, pageBits: 21 });
    naive.mapPage(0x4020_0000n, { phys: MIB2, prot: RW, pageBits: 21 });
    const inside = [0x4000_0000, 0x4007_7000, 0x401f_f000];
    for (const at of [...inside, 0x4020_0000]) mmu.load8(at, 0, 0);
    mmu.flushPage(0x4012_3456, 0);
    expect(flushes.at(-1)).toEqual([0x4012_3456, 0, 21]);
    expect(walksOf(() => { for (const at of inside) mmu.load8(at, 0, 0); })).toBe(3);
    expect(walksOf(() => { mmu.load8(0x4020_0000, 0, 0); for (let i = 0; i < 4; i++) mmu.load8(0x1000_0000 + i * PAGE, 0, 0); })).toBe(0);
  });

  test('of a 1 GiB page reaches its end', () => {
    const { mmu, naive, walksOf } = filled(0);
    naive.mapPage(0xffff_8880_4000_0000n, { phys: 0, prot: RW, pageBits: 30 });
    mmu.load8(0x7fff_f000, 0xffff_8880, 0);
    mmu.flushPage(0x4000_0000, 0xffff_8880);
    expect(walksOf(() => mmu.load8(0x7fff_f000, 0xffff_8880, 0))).toBe(1);
  });

  test('of non-global pages keeps the global ones, of all page sizes', () => {
    const { mmu, naive, walksOf } = filled(20);
    naive.mapPage(0x4000_0000n, { phys: 0, prot: RW, global: true });
    naive.mapPage(0x8000_0000n, { phys: 0, prot: RW, global: true, pageBits: 21 });
    mmu.load8(0x4000_0000, 0, 0);
    mmu.load8(0x8000_5000, 0, 0);
    mmu.flushNonGlobal();
    expect(walksOf(() => { mmu.load8(0x4000_0000, 0, 0); mmu.load8(0x8000_5000, 0, 0); })).toBe(0);
    expect(walksOf(() => { for (let i = 1; i < 20; i++) mmu.load8(i * PAGE, 0, 0); })).toBe(19);
    mmu.flushPage(0x8000_0000, 0);
    expect(walksOf(() => mmu.load8(0x8000_5000, 0, 0))).toBe(1);
    mmu.flushAll();
    expect(walksOf(() => mmu.load8(0x4000_0000, 0, 0))).toBe(1);
  });

  test('drops what was filled after the last one, however often', () => {
    const { mmu, walksOf } = filled(3);
    for (let i = 0; i < 3; i++) {
      mmu.flushAll();
      expect(walksOf(() => mmu.load8(PAGE, 0, 0))).toBe(1);
    }
  });

  test('of non-global pages is not misled by pages that traded places', () => {
    const { mmu, naive, walksOf } = filled(0, { minBits: 3, maxBits: 3 });
    naive.mapPage(0n, { phys: 0, prot: RW, global: true });
    naive.mapPage(0x8000n, { phys: PAGE, prot: RW });
    for (const order of [[0, 0x8000, 0, 0x8000], [0x8000, 0, 0x8000]]) {
      mmu.flushAll();
      for (const at of order) mmu.load8(at, 0, 0);
      mmu.flushNonGlobal();
      expect(walksOf(() => mmu.load8(0x8000, 0, 0))).toBe(1);
      for (const at of [0, 0x8000, 0]) mmu.load8(at, 0, 0);
      mmu.flushNonGlobal();
      expect(walksOf(() => mmu.load8(0, 0, 0))).toBe(0);
    }
  });

  test('of some mmu indexes leaves the others alone', () => {
    const r = makeRig({ mmuModes: 3 });
    for (const idx of [0, 1, 2]) {
      r.naive.mapPage(0n, { phys: 0, prot: RW }, idx);
      r.mmu.load8(0, 0, idx);
    }
    r.mmu.flushMmuIdx(0b101);
    const before = r.naive.walks;
    for (const idx of [0, 1, 2]) r.mmu.load8(0, 0, idx);
    expect(r.naive.walks - before).toBe(2);
  });

  test('says what became stale', () => {
    const { mmu, flushes } = filled(1);
    flushes.length = 0;
    mmu.flushPage(0x1234, 0);
    mmu.flushAll();
    mmu.flushNonGlobal();
    mmu.flushMmuIdx(1);
    expect(flushes).toEqual([[0x1234, 0, 12], [0, 0, 64], [0, 0, 64], [0, 0, 64]]);
  });

  test('happens by itself when the physical map changes', () => {
    const { mmu, map } = filled(4);
    expect(mmu.load8(0, 0, 0)).toBe(0);
    map.addDevice('over', 0, PAGE, { read: () => 0x42, write: () => {} }, { priority: 1 });
    expect(mmu.load8(0, 0, 0)).toBe(0x42);
  });
});

test('statistics count what happened', () => {
  const { mmu } = filled(3);
  mmu.load8(0, 0, 0);
  mmu.flushPage(0, 0);
  mmu.flushAll();
  expect(mmu.stats).toMatchObject({ fills: 3, flushes: 1, pageFlushes: 1, slowLoads: 3, slowStores: 0, io: 0, crossings: 0 });
});
