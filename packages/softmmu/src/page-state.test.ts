import { describe, expect, test } from 'vitest';
import { BusMemory, MemOp, PhysMapError, Prot } from './index.ts';
import { makeRig } from './testing.ts';

const RW = Prot.READ | Prot.WRITE;
const PAGE = 0x1000;

/** Virtual page n shows physical page n. */
function rig() {
  const r = makeRig();
  for (let i = 0; i < 16; i++) r.naive.mapPage(BigInt(i * PAGE), { phys: i * PAGE, prot: RW });
  return { ...r, page: (phys: number) => (r.ram + phys) / PAGE };
}

describe('translated code', () => {
  test('a store to a page with code is announced with its place and size, before it happens', () => {
    const r = rig();
    const seen: number[] = [];
    const m = makeRig({ onCodeWrite: (host, len) => (seen.push(host, len, m.arena.u8[host]!), false) });
    m.naive.mapPage(0n, { phys: 0, prot: RW });
    m.map.protectCode(m.ram / PAGE);
    m.code.store(MemOp.b16, 0x123n, 0xbeefn);
    expect(seen).toEqual([m.ram + 0x123, 2, 0]);
    expect(m.map.readPhys16(0x123)).toBe(0xbeef);
    expect(r.codeWrites).toEqual([]);
  });

  test('an entry that was writable already is protected too, in every mmu index and among the victims', () => {
    const r = makeRig({ mmuModes: 2, tlbSize: { minBits: 1, maxBits: 1 } });
    for (let i = 0; i < 6; i += 2) for (const idx of [0, 1]) r.naive.mapPage(BigInt(i * PAGE), { phys: 0, prot: RW }, idx);
    for (let i = 0; i < 6; i += 2) r.mmu.store8(i * PAGE, 0, i === 2 ? 1 : 0, i); // three aliases of one page; one is a victim
    r.map.protectCode(r.ram / PAGE);
    for (let i = 0; i < 6; i += 2) r.mmu.store8(i * PAGE + 8, 0, i === 2 ? 1 : 0, i);
    expect(r.codeWrites).toEqual([[r.ram + 8, 1], [r.ram + 8, 1], [r.ram + 8, 1]]);
  });

  test('a store through an alias of the page is announced under the same name', () => {
    const r = rig();
    r.map.addAlias('high', 0x1000_0000, PAGE, r.map.regions[0]!, 0);
    r.naive.mapPage(0x10_0000n, { phys: 0x1000_0000, prot: RW });
    r.map.protectCode(r.page(0));
    r.code.store(MemOp.b8, 0x10_0042n, 1n);
    expect(r.codeWrites).toEqual([[r.ram + 0x42, 1]]);
  });

  test('once the code is gone the second store goes inline', () => {
    const r = rig();
    r.map.protectCode(r.page(0));
    r.code.store(MemOp.b32, 0n, 1n);
    r.map.unprotect(r.page(0));
    const before = r.code.misses();
    r.code.store(MemOp.b32, 0n, 2n);
    r.code.store(MemOp.b32, 0n, 3n);
    expect(r.code.misses()).toBe(before + 1);
    expect(r.codeWrites).toHaveLength(1);
    r.map.protectCode(r.page(0));
    r.code.store(MemOp.b32, 0n, 4n);
    expect(r.codeWrites).toHaveLength(2);
  });

  test('loads from a page with code, and stores to its neighbours, hit inline', () => {
    const r = rig();
    for (const at of [0n, 0x1000n, 0x2000n]) r.code.store(MemOp.b8, at, 1n);
    r.map.protectCode(r.page(0x1000));
    const before = r.code.misses();
    r.code.load(MemOp.b32, 0x1000n);
    r.code.store(MemOp.b32, 0x0ffcn, 1n);
    r.code.store(MemOp.b32, 0x2000n, 1n);
    expect(r.code.misses()).toBe(before);
  });

  test('a store that is abandoned leaves memory as it was, also when it crosses into the page', () => {
    const r = makeRig({ onCodeWrite: () => true });
    for (const at of [0, PAGE]) r.naive.mapPage(BigInt(at), { phys: at, prot: RW });
    r.map.protectCode(r.ram / PAGE + 1);
    r.code.store(MemOp.b64, 0x1000n, -1n);
    r.code.store(MemOp.b64, 0x0ffcn, -1n);
    expect([r.map.readPhys64(0xff8), r.map.hi, r.map.readPhys64(0x1000), r.map.hi]).toEqual([0, 0, 0, 0]);
  });

  test('a store across two pages is announced to each with its own bytes', () => {
    const r = rig();
    r.map.protectCode(r.page(0));
    r.map.protectCode(r.page(0x1000));
    r.code.store(MemOp.b64, 0xffdn, 0n);
    expect(r.codeWrites).toEqual([[r.ram + 0xffd, 3], [r.ram + 0x1000, 5]]);
  });

  test('a read-modify-write load is not announced, its store is', () => {
    const r = rig();
    r.map.protectCode(r.page(0));
    r.code.load(MemOp.b32 | MemOp.RMW, 0n);
    expect(r.codeWrites).toEqual([]);
    r.code.store(MemOp.b32, 0n, 5n);
    expect(r.codeWrites).toHaveLength(1);
  });

  test('a bus master that writes the page drops the code', () => {
    const r = rig(), bus = new BusMemory(r.map), dropped: [number, number][] = [];
    r.map.onCodeWrite = (host, len) => dropped.push([host, len]);
    r.map.protectCode(r.page(0x1000));
    bus.write(0xff0, new Uint8Array(0x20));
    bus.write32(0x1ffe, 1);
    bus.write8(0x2000, 1);
    bus.wrote(0x800, 0x1000);
    expect(dropped).toEqual([[r.ram + 0x1000, 0x10], [r.ram + 0x1ffe, 2], [r.ram + 0x1000, 0x800]]);
    expect(r.codeWrites).toEqual([]);
  });

  test('probing for a bulk write announces all of it', () => {
    const r = rig();
    r.map.protectCode(r.page(0));
    expect(r.mmu.probe(0x100, 0, 0x200, 1, 0)).toBe(r.ram + 0x100);
    expect(r.codeWrites).toEqual([[r.ram + 0x100, 0x200]]);
  });
});

describe('a dirty log', () => {
  test('reports all pages first, then those written since, by whatever way', () => {
    const r = rig(), log = r.map.logDirty(r.ram, 8 * PAGE, 'display'), dirty = new Uint8Array(8);
    for (let i = 0; i < 8; i++) r.code.store(MemOp.b8, BigInt(i * PAGE), 1n);
    expect(log.take(dirty)).toBe(8);
    expect(log.take(dirty)).toBe(0);
    r.code.store(MemOp.b32, 0x1ffcn, 1n);
    r.code.store(MemOp.b32, 0x3ffen, 1n);
    r.mmu.store8(0x6123, 0, 0, 1);
    r.map.writePhys8(0x7000, 1);
    expect(log.take(dirty)).toBe(5);
    expect([...dirty]).toEqual([0, 1, 0, 1, 1, 0, 1, 1]);
  });

  test('costs one slow store a page, then the stores are inline again', () => {
    const r = rig(), log = r.map.logDirty(r.ram, PAGE, 'display'), dirty = new Uint8Array(1);
    r.code.store(MemOp.b8, 0n, 1n);
    for (let round = 0; round < 3; round++) {
      log.take(dirty);
      const before = r.code.misses();
      for (let i = 0; i < 10; i++) r.code.store(MemOp.b8, BigInt(i), 1n);
      expect(r.code.misses()).toBe(before + 1);
      expect(log.take(dirty)).toBe(1);
    }
  });

  test('of the display and of a migration do not disturb each other, nor the code bit', () => {
    const r = rig(), display = r.map.logDirty(r.ram, PAGE, 'display'), migration = r.map.logDirty(r.ram, PAGE, 'migration'), dirty = new Uint8Array(1);
    r.map.protectCode(r.page(0));
    display.take(dirty);
    migration.take(dirty);
    r.code.store(MemOp.b8, 0n, 1n);
    expect([display.take(dirty), display.take(dirty), migration.take(dirty)]).toEqual([1, 0, 1]);
    r.code.store(MemOp.b8, 0n, 1n);
    expect(r.codeWrites).toHaveLength(2);
    display.stop();
    migration.stop();
    expect(r.map.pageState.bits[r.page(0)]).toBe(1);
  });

  test('of half a page, a second one of the same client, an array that is too short: refused', () => {
    const r = rig(), log = r.map.logDirty(r.ram, 2 * PAGE, 'display');
    expect(() => r.map.logDirty(r.ram, 100, 'display')).toThrow(/100 bytes.*not whole pages/);
    expect(() => r.map.logDirty(r.ram + PAGE, PAGE, 'display')).toThrow(/have a dirty log for display already/);
    expect(() => log.take(new Uint8Array(1))).toThrow(PhysMapError);
    log.stop();
    r.map.logDirty(r.ram, PAGE, 'display');
  });
});
