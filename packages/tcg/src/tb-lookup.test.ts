import { Arena } from '@emu/vaddr';
import { expect, test } from 'vitest';
import { CPU_HEADER, HDR, JC, JUMP_CACHE_ENTRY, jumpCacheIndex } from './cpu.ts';
import { JumpCache } from './jump-cache-table.ts';
import { PhysCache } from './phys-cache.ts';
import { createTbLookup } from './tb-lookup.ts';
import { TbStore } from './tb-store.ts';

/** A guest whose code is mapped one to one, but for pcs below 0x1000, which its TLB does not have. */
function rig() {
  const arena = new Arena(8 << 20), header = arena.alloc(CPU_HEADER.size, 16), jumpCache = new JumpCache(arena), physCache = new PhysCache(arena);
  const lookup = createTbLookup({
    arena, header, jumpCache, physCache,
    emitHostPc: (f, host) => {
      f.i32Const(header);
      f.i32Load(HDR.pc);
      f.localTee(host);
      f.i32Const(0x1000);
      f.i32GeU();
    },
  });
  const store = new TbStore(arena, jumpCache, { onInvalidate: (tb) => physCache.forget(tb) });
  const add = (at: number, flags: number, csBase = 0) => {
    const tb = store.allocate(at, csBase, 0, flags);
    tb.hostPc = at;
    tb.size = 4;
    store.insert(tb);
    physCache.fill(tb);
    return tb;
  };
  const key = CPU_HEADER.at(arena, header);
  const at = (pc: number, flags: number, csBase = 0) => {
    key.pcLo = pc;
    key.flags = flags;
    key.csBaseLo = csBase;
    return lookup();
  };
  const cached = (pc: number) => arena.i32[(jumpCache.address + jumpCacheIndex(pc) * JUMP_CACHE_ENTRY.size + JC.tb) >>> 2];
  return { store, jumpCache, physCache, add, at, cached };
}

test('a TB is found by host address, flags and code base, and the jump cache learns it', () => {
  const r = rig(), tb = r.add(0x2345, 7, 16);
  expect(r.at(0x2345, 7, 16)).toBe(tb.record);
  expect(r.cached(0x2345)).toBe(tb.record);
  for (const [pc, flags, base] of [[0x2346, 7, 16], [0x2345, 6, 16], [0x2345, 7, 0], [0x345, 7, 16]] as const) expect(r.at(pc, flags, base)).toBe(0);
});

test('what the lookup put into the jump cache goes with a flush, and with the TB', () => {
  const r = rig(), tb = r.add(0x2345, 7);
  r.at(0x2345, 7);
  r.jumpCache.flush();
  expect(r.cached(0x2345)).toBe(0);
  expect(r.at(0x2345, 7)).toBe(tb.record);
  r.store.invalidate(tb);
  expect(r.cached(0x2345)).toBe(0);
  expect(r.at(0x2345, 7)).toBe(0);
});

test('a TB that crosses a page is left to the engine', () => {
  const r = rig(), tb = r.store.allocate(0x2ffe, 0, 0, 0);
  tb.hostPc = 0x2ffe;
  tb.physPage2 = 3;
  r.physCache.fill(tb);
  expect(r.at(0x2ffe, 0)).toBe(0);
});
