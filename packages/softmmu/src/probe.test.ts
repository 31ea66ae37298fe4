import { describe, expect, test } from 'vitest';
import { I32, I64, ModuleBuilder } from '@emu/wasm';
import { emitProbe, MemOp, Prot } from './index.ts';
import { accessModule, makeRig } from './testing.ts';

const RW = Prot.READ | Prot.WRITE;
const SIZES = [[MemOp.b8, 1], [MemOp.b16, 2], [MemOp.b32, 4], [MemOp.b64, 8], [MemOp.b128, 16]] as const;
const BYTES = 0xf8e7d6c5b4a39281n;

describe.each([[64, false], [64, true], [32, false], [32, true]] as const)('%i-bit addresses, descriptor in a local: %s', (vaddrBits, local) => {
  function rig() {
    const r = makeRig({ vaddrBits });
    r.naive.mapPage(0x7000_1000n, { phys: 0x5000, prot: RW });
    r.naive.mapPage(0x7000_2000n, { phys: 0x3000, prot: RW });
    r.mmu.load8(0x7000_1000, 0, 0);
    r.mmu.load8(0x7000_2000, 0, 0);
    return { ...r, code: accessModule(r.arena, r.mmu, r.mailbox, r.retHi, 0, local) };
  }

  test.each(SIZES)('memop %i: %i bytes are stored and loaded inline up to the end of a page', (op, size) => {
    const { code, map } = rig();
    const at = 0x7000_2000n - BigInt(size);
    code.store(op, at, BYTES);
    const kept = BigInt.asUintN(Math.min(64, 8 * size), BYTES);
    expect(code.load(op, at)).toBe(kept);
    if (size <= 8) expect(code.load(op | MemOp.SIGN, at)).toBe(BigInt.asUintN(64, BigInt.asIntN(8 * size, BYTES)));
    expect(map.readPhys8(0x6000 - size)).toBe(0x81);
    expect(code.misses()).toBe(0);
  });

  test.each(SIZES.slice(1))('memop %i: an access that ends one byte into the next page misses', (op, size) => {
    const { code } = rig();
    code.store(op, 0x7000_2001n - BigInt(size), BYTES);
    expect(code.misses()).toBe(1);
    expect(code.load(op, 0x7000_2001n - BigInt(size))).toBe(BigInt.asUintN(Math.min(64, 8 * size), BYTES));
    expect(code.misses()).toBe(2);
  });

  test.each(SIZES.slice(1))('memop %i with ALIGN: hits at multiples of %i bytes only, and nothing is written elsewhere', (op, size) => {
    const { code, misaligned, faulted, map } = rig();
    code.store(op | MemOp.ALIGN, 0x7000_1100n, BYTES);
    expect(code.misses()).toBe(0);
    for (let off = 1; off < size; off++) {
      code.store(op | MemOp.ALIGN, 0x7000_1200n + BigInt(off), BYTES);
      expect(faulted()).toBe(true);
      expect(code.load(op | MemOp.ALIGN, 0x7000_1200n + BigInt(off)) & (size === 16 ? 0n : -1n)).toBe(0n);
      expect(faulted()).toBe(true);
    }
    expect(misaligned).toHaveLength(2 * (size - 1));
    expect(misaligned[0]).toEqual([0x7000_1201, 0, 1]);
    expect([map.readPhys64(0x5200), map.hi]).toEqual([0, 0]);
  });

  test('a load for read-modify-write hits where stores are allowed only', () => {
    const { code, naive, faulted } = rig();
    naive.mapPage(0x7000_3000n, { phys: 0x7000, prot: Prot.READ });
    code.load(MemOp.b32, 0x7000_3000n);
    const before = code.misses();
    code.load(MemOp.b32, 0x7000_3000n);
    expect(code.misses()).toBe(before);
    code.load(MemOp.b32 | MemOp.RMW, 0x7000_3000n);
    expect([faulted(), naive.fault]).toEqual([true, { va: 0x7000_3000n, access: 1, mmuIdx: 0 }]);
    code.load(MemOp.b32 | MemOp.RMW, 0x7000_1000n);
    expect(code.misses()).toBe(before + 1);
  });
});

test('an address in an i32 local is zero-extended', () => {
  for (const vaddrBits of [32, 64] as const) {
    const { mmu, naive, arena, ram } = makeRig({ vaddrBits });
    naive.mapPage(0x8000_0000n, { phys: 0x2000, prot: RW });
    mmu.load8(0x8000_0000, 0, 0);
    const m = new ModuleBuilder();
    m.importMemory('env', 'memory', { min: 1, max: 65536 });
    const f = m.func({ params: [I32], results: [I32, I32] }), host = f.local(I32), entry = f.local(I32);
    emitProbe(f, { addr: 0, access: 'read', memop: MemOp.b32, descriptor: { at: mmu.descriptor(0) }, host, entry, vaddrBits });
    f.localGet(host);
    f.end();
    m.exportFunc('probe', f);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource), { env: { memory: arena.memory } });
    expect((exports.probe as (va: number) => number[])(0x8000_0123 | 0)).toEqual([1, ram + 0x2123]);
  }
});

/** Bytes of one probe with the descriptor at a constant address of four LEB128 bytes. */
function probeBytes(memop: number): number {
  const length = (probes: number) => {
    const m = new ModuleBuilder();
    m.importMemory('env', 'memory', { min: 1, max: 65536 });
    const f = m.func({ params: [I64] }), host = f.local(I32), entry = f.local(I32);
    for (let i = 0; i < probes; i++) {
      emitProbe(f, { addr: 0, access: 'read', memop, descriptor: { at: 0x40_0020 }, host, entry });
      f.drop();
    }
    f.end();
    return m.finish().length;
  };
  return length(2) - length(1) - 1;
}

test('a probe takes 48 bytes of code, 45 for one byte or where alignment is asked for', () => {
  expect([MemOp.b64, MemOp.b8, MemOp.b32 | MemOp.ALIGN].map(probeBytes)).toEqual([48, 45, 45]);
});
