import { Arena } from '@emu/vaddr';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JUMP_CACHE_ENTRY, JC, jumpCacheIndex, TB } from './cpu.ts';
import { JumpCache } from './jump-cache-table.ts';
import type { Tb } from './tb.ts';
import { TbStore } from './tb-store.ts';

function setup(maxTbs?: number) {
  const arena = new Arena(1 << 21), jumpCache = new JumpCache(arena);
  const pages = new Set<number>(), invalidated: Tb[] = [];
  const store = new TbStore(arena, jumpCache, {
    ...(maxTbs === undefined ? {} : { maxTbs }),
    codePages: { protect: (p) => pages.add(p), unprotect: (p) => pages.delete(p) }, onInvalidate: (tb) => invalidated.push(tb),
  });
  const add = (physPc: number, size = 4, flags = 0, page2 = -1) => {
    const tb = store.allocate(physPc, 0, 0, flags);
    tb.size = size;
    tb.physPage2 = page2;
    store.insert(tb);
    return tb;
  };
  const jump = (tb: Tb, slot: number) => arena.u32[(tb.record + TB.jump + 4 * slot) >>> 2];
  const lastTarget = (tb: Tb) => arena.u32[(tb.record + TB.lastTarget) >>> 2];
  const cached = (pc: number) => arena.u32[(jumpCache.address + jumpCacheIndex(pc) * JUMP_CACHE_ENTRY.size + JC.tb) >>> 2];
  return { arena, jumpCache, store, pages, invalidated, add, jump, lastTarget, cached };
}

describe('finding', () => {
  test('the whole key counts', () => {
    const { store } = setup();
    const tb = store.allocate(0x12_3456_7890, 1, 2, 3);
    expect(store.find(0x12_3456_7890, 1, 2, 3)).toBeNull();
    store.insert(tb);
    expect(store.find(0x12_3456_7890, 1, 2, 3)).toBe(tb);
    for (const key of [[0x13_3456_7890, 1, 2, 3], [0x12_3456_7891, 1, 2, 3], [0x12_3456_7890, 0, 2, 3], [0x12_3456_7890, 1, 0, 3], [0x12_3456_7890, 1, 2, 0]] as [number, number, number, number][]) {
      expect(store.find(...key)).toBeNull();
    }
    expect(store.at(tb.record)).toBe(tb);
  });

  test('TBs of one key with different second pages are found one after the other', () => {
    const { store, add } = setup();
    const a = add(0xffe, 4, 0, 7), b = add(0xffe, 4, 0, 9);
    const first = store.find(0xffe, 0, 0, 0)!, second = store.find(0xffe, 0, 0, 0, first)!;
    expect(new Set([first, second])).toEqual(new Set([a, b]));
    expect(store.find(0xffe, 0, 0, 0, second)).toBeNull();
  });
});

describe('invalidation', () => {
  test('exactly the TBs that overlap the bytes go', () => {
    const { store, add, invalidated } = setup();
    const a = add(0x1000, 4), b = add(0x1004, 4), c = add(0x1008, 4);
    expect(store.overlaps(0x1010, 0xff0)).toBe(false);
    expect(store.overlaps(0x1007, 1)).toBe(true);
    expect(store.invalidateRange(0x1004, 4)).toBe(1);
    expect([a.valid, b.valid, c.valid]).toEqual([true, false, true]);
    expect(invalidated).toEqual([b]);
    expect(store.overlaps(0x1004, 4)).toBe(false);
    expect(store.find(0x1004, 0, 0, 0)).toBeNull();
    expect(store.count).toBe(2);
  });

  test('a TB in two pages goes with either; pages are watched while they have TBs', () => {
    const { store, add, pages } = setup();
    add(0x1ffe, 6, 0, 0x50);
    expect([...pages].sort()).toEqual([1, 0x50]);
    expect(store.overlaps(0x50004, 4)).toBe(false);
    expect(store.invalidateRange(0x50003, 1)).toBe(1);
    expect([...pages]).toEqual([]);
    expect(store.codePageCount).toBe(0);
  });

  test('a range over many pages', () => {
    const { store, add } = setup();
    for (let page = 1; page < 10; page++) add(page * 0x1000 + 8);
    expect(store.invalidateRange(0x2000, 0x5000)).toBe(5);
  });

  test('agrees with a model, whatever is added and written', () => {
    const step = fc.record({ write: fc.boolean(), at: fc.integer({ min: 0, max: 0x3000 }), length: fc.integer({ min: 1, max: 40 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { store, add, pages } = setup();
      const model = new Set<Tb>();
      for (const { write, at, length } of steps) {
        if (!write) {
          const size = Math.min(length, 0x1000 - (at % 0x1000));
          model.add(add(at, size));
          continue;
        }
        const hit = [...model].filter((tb) => tb.physPc < at + length && at < tb.physPc + tb.size);
        expect(store.overlaps(at, length)).toBe(hit.length > 0);
        expect(store.invalidateRange(at, length)).toBe(hit.length);
        hit.forEach((tb) => model.delete(tb));
      }
      expect([...model].every((tb) => tb.valid)).toBe(true);
      expect(store.count).toBe(model.size);
      expect([...pages].sort()).toEqual([...new Set([...model].map((tb) => tb.physPc >>> 12))].sort());
    }), { numRuns: 100 });
  });
});

describe('links', () => {
  test('go when their target goes, or their source', () => {
    const { store, add, jump, lastTarget } = setup();
    const a = add(0x1000), b = add(0x1010);
    store.link(a, 0, b);
    store.link(b, 1, a);
    store.setLastTarget(a, b);
    expect([jump(a, 0), jump(a, 1), jump(b, 1), lastTarget(a)]).toEqual([b.record, 0, a.record, b.record]);
    store.invalidate(b);
    expect([jump(a, 0), lastTarget(a), jump(b, 1)]).toEqual([0, 0, 0]);
    store.invalidate(a);
    expect(jump(b, 1)).toBe(0);
  });

  test('a record that is used again is not touched by links of its former life', () => {
    const { store, add, jump } = setup();
    const a = add(0x1000), b = add(0x1010), c = add(0x1020);
    store.link(a, 0, b);
    store.invalidate(a);
    store.reclaim();
    const d = add(0x1030);
    expect(d).toBe(a);
    store.link(d, 0, c);
    store.invalidate(b);
    expect(jump(d, 0)).toBe(c.record);
  });

  test('a target that many sources flip to and fro keeps a short list', () => {
    const { store, add } = setup();
    const from = add(0x1000), a = add(0x1010), b = add(0x1020);
    for (let i = 0; i < 1000; i++) store.setLastTarget(from, i % 2 ? a : b);
    expect(store.incoming(a).length).toBeLessThan(128);
  });
});

describe('records', () => {
  test('of invalid TBs stay as they are until reclaimed, for they may be running', () => {
    const { store, add } = setup();
    const a = add(0x1000);
    a.insnData = 'abc';
    store.invalidate(a);
    expect(add(0x2000)).not.toBe(a);
    expect(store.at(a.record).insnData).toBe('abc');
    store.reclaim();
    expect(add(0x3000)).toBe(a);
  });

  test('are limited in number; a flush frees them all', () => {
    const { store, add, pages } = setup(3);
    const tbs = [add(0x1000), add(0x2000), add(0x3000)];
    expect(store.full).toBe(true);
    store.flush();
    expect(tbs.some((tb) => tb.valid)).toBe(false);
    expect([store.full, store.count, pages.size]).toEqual([false, 0, 0]);
    expect(store.find(0x1000, 0, 0, 0)).toBeNull();
  });
});

describe('the jump cache', () => {
  test('forgets a TB wherever it is', () => {
    const { jumpCache, store, add, cached } = setup();
    const a = add(0x1000), b = add(0x2000);
    jumpCache.fill(0x400000, 0, 0, 0, 0, a);
    jumpCache.fill(0x555600, 0, 0, 0, 0, a);
    jumpCache.fill(0x666666, 0, 0, 0, 0, b);
    store.invalidate(a);
    expect([cached(0x400000), cached(0x555600), cached(0x666666)]).toEqual([0, 0, b.record]);
  });

  test('is empty after a flush, with few entries and with many', () => {
    const { jumpCache, add, cached } = setup();
    const a = add(0x1000);
    for (const n of [10, 5000]) {
      for (let i = 0; i < n; i++) jumpCache.fill(i * 16, 0, 0, 0, 0, a);
      jumpCache.flush();
      for (let i = 0; i < n; i++) expect(cached(i * 16)).toBe(0);
    }
  });
});
