import { describe, expect, test } from 'vitest';
import { Arena } from '@emu/vaddr';
import * as api from './index.ts';
import { Access, MemOp, PhysMap, Prot, SoftMmu, SoftMmuError } from './index.ts';
import { flatWalk, GuestFault, makeRig } from './testing.ts';

const RW = Prot.READ | Prot.WRITE;
const RWX = RW | Prot.EXEC;

test('the package exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Access', 'BusMemory', 'DirtyLog', 'MEM_OP_MASK', 'MMU_IDX_SHIFT', 'MemOp', 'PhysMap', 'PhysMapError', 'Prot', 'SoftMmu', 'SoftMmuError',
    'TABLE_OFFSET', 'TLB_DESCRIPTOR', 'TlbFlag', 'emitMask', 'emitProbe',
  ]);
});

test('0x80000000 and 0xffffffff80000000 do not alias in a 64-bit guest', () => {
  const { naive, code, map } = makeRig();
  naive.mapPage(0x80000000n, { phys: 0x1000, prot: RW });
  naive.mapPage(0xffffffff80000000n, { phys: 0x2000, prot: RW });
  map.writePhys32(0x1000, 0x11111111);
  map.writePhys32(0x2000, 0x22222222);
  for (let i = 0; i < 3; i++) {
    expect(code.load(MemOp.b32, 0x80000000n)).toBe(0x11111111n);
    expect(code.load(MemOp.b32, 0xffffffff80000000n)).toBe(0x22222222n);
  }
});

test('a 32-bit guest knows 0x80000000 and drops what is above bit 31', () => {
  const { naive, code, faulted, mmu } = makeRig({ vaddrBits: 32 });
  naive.mapPage(0x80000000n, { phys: 0x1000, prot: RW });
  naive.mapPage(0n, { phys: 0x2000, prot: RW });
  code.store(MemOp.b32, 0x80000000n, 0x12345678n);
  expect(code.load(MemOp.b32, 0xffffffff80000000n)).toBe(0x12345678n);
  expect(mmu.load32(0x80000000, -1, 0)).toBe(0x12345678);
  expect(code.load(MemOp.b32, 0n)).toBe(0n);
  expect(faulted()).toBe(false);
});

test('two machines share nothing', () => {
  const [a, b] = [makeRig(), makeRig()];
  for (const { naive } of [a, b]) naive.mapPage(0n, { phys: 0, prot: RW });
  a.code.store(MemOp.b32, 0n, 1n);
  expect(b.code.load(MemOp.b32, 0n)).toBe(0n);
  expect(b.mmu.stats.slowStores).toBe(0);
});

describe.each([64, 32] as const)('faults with %i-bit addresses', (vaddrBits) => {
  test('are reported with address and access, flagged, and give 0', () => {
    const { naive, code, faulted, map } = makeRig({ vaddrBits });
    naive.mapPage(0x5000n, { phys: 0x1000, prot: Prot.READ });
    map.writePhys64(0x1ffc, -1, -1);
    naive.mapPage(0x6000n, { phys: 0x2000, prot: Prot.READ });
    expect(code.load(MemOp.b64, 0x5ffcn)).toBe(0xffff_ffff_ffff_ffffn);
    expect(code.load(MemOp.b64, 0x7123n)).toBe(0n);
    expect([faulted(), naive.fault]).toEqual([true, { va: 0x7123n, access: Access.READ, mmuIdx: 0 }]);
    code.store(MemOp.b8, 0x5001n, 1n);
    expect([faulted(), naive.fault]).toEqual([true, { va: 0x5001n, access: Access.WRITE, mmuIdx: 0 }]);
    expect(code.load(MemOp.b8, 0x5001n)).toBe(0n);
    expect(faulted()).toBe(false);
  });

  test('in the second page leave memory untouched and name the start of that page', () => {
    const { naive, code, map, faulted } = makeRig({ vaddrBits });
    naive.mapPage(0x5000n, { phys: 0x9000, prot: RW });
    naive.mapPage(0x6000n, { phys: 0x2000, prot: Prot.READ });
    for (const op of [MemOp.b16, MemOp.b32, MemOp.b64, MemOp.b128]) {
      code.store(op, 0x5fffn, -1n);
      expect(faulted()).toBe(true);
      expect(naive.fault).toEqual({ va: 0x6000n, access: Access.WRITE, mmuIdx: 0 });
      expect(map.readPhys8(0x9fff)).toBe(0);
    }
    expect(code.load(MemOp.b32, 0x5ffen)).toBe(0n);
    expect(faulted()).toBe(false);
    code.load(MemOp.b32 | MemOp.RMW, 0x5ffen);
    expect(faulted()).toBe(true);
  });

  test('in the first page come before those in the second', () => {
    const { naive, code, faulted } = makeRig({ vaddrBits });
    code.load(MemOp.b32, 0x5ffen);
    expect([faulted(), naive.fault!.va]).toEqual([true, 0x5ffen]);
  });

  test('of typed accesses raise', () => {
    const { mmu, naive } = makeRig({ vaddrBits });
    expect(() => mmu.load32(0x123, 0, 0)).toThrow(GuestFault);
    expect(() => mmu.store8(0x123, 0, 0, 1)).toThrow(GuestFault);
    expect(() => mmu.probe(0x123, 0, 4, Access.WRITE, 0)).toThrow(GuestFault);
    expect(naive.fault).toEqual({ va: 0x123n, access: Access.WRITE, mmuIdx: 0 });
  });
});

test('an access across two pages reads and writes both, also at the top of the address space', () => {
  const { naive, code, map } = makeRig();
  naive.mapPage(0xffff_ffff_ffff_f000n, { phys: 0x9000, prot: RW });
  naive.mapPage(0n, { phys: 0x2000, prot: RW });
  naive.mapPage(0xf_ffff_f000n, { phys: 0x5000, prot: RW });
  naive.mapPage(0x10_0000_0000n, { phys: 0x7000, prot: RW });
  for (const [at, first, second] of [[0xffff_ffff_ffff_fffdn, 0x9ffd, 0x2000], [0xf_ffff_fffdn, 0x5ffd, 0x7000]] as const) {
    code.store(MemOp.b64, at, 0x8877665544332211n);
    expect([map.readPhys16(first), map.readPhys32(second)]).toEqual([0x2211, 0x77665544]);
    expect(code.load(MemOp.b64, at)).toBe(0x8877665544332211n);
    expect(code.load(MemOp.b32 | MemOp.SIGN, at)).toBe(0x44332211n);
    code.store(MemOp.b128, at, 0x0123456789abcdefn);
    expect(code.load(MemOp.b128, at)).toBe(0x0123456789abcdefn);
    expect(code.load(MemOp.b64, at + 8n)).toBe(0x0123456789abcdefn);
    code.store(MemOp.b16, at + 2n, 0x8001n);
    expect(code.load(MemOp.b16 | MemOp.SIGN, at + 2n)).toBe(0xffff_ffff_ffff_8001n);
    expect(code.load(MemOp.b16, at + 2n)).toBe(0x8001n);
  }
});

describe('devices', () => {
  function withDevice() {
    const r = makeRig();
    const seen: string[] = [];
    const registers = new DataView(new ArrayBuffer(0x1000));
    r.map.addDevice('device', 0xfe00_0000, 0x1000, {
      read: (offset, bytes) => {
        seen.push(`r${bytes}@${offset}`);
        return bytes === 1 ? registers.getUint8(offset) : bytes === 2 ? registers.getUint16(offset, true) : registers.getUint32(offset, true);
      },
      write: (offset, bytes, value) => {
        seen.push(`w${bytes}@${offset}`);
        if (bytes === 1) registers.setUint8(offset, value);
        else if (bytes === 2) registers.setUint16(offset, value, true);
        else registers.setUint32(offset, value, true);
      },
    });
    r.naive.mapPage(0x9000n, { phys: 0xfe00_0000, prot: RWX });
    r.naive.mapPage(0xa000n, { phys: 0x3000, prot: RW });
    return { ...r, seen, registers };
  }

  test('see every access, of 1, 2, 4 and 8 bytes', () => {
    const { code, seen } = withDevice();
    for (const [op, value] of [[MemOp.b8, 0x81n], [MemOp.b16, 0x8182n], [MemOp.b32, 0x81828384n], [MemOp.b64, 0x8182838485868788n]] as const) {
      code.store(op, 0x9010n, value);
      expect(code.load(op, 0x9010n)).toBe(value);
      expect(code.load(op | MemOp.SIGN, 0x9010n)).toBe(BigInt.asUintN(64, BigInt.asIntN(8 << op, value)));
    }
    expect(seen.filter((s) => s.startsWith('w'))).toEqual(['w1@16', 'w2@16', 'w4@16', 'w4@16', 'w4@20']);
    expect(seen.filter((s) => s.startsWith('r'))).toEqual(['r1@16', 'r1@16', 'r2@16', 'r2@16', 'r4@16', 'r4@16', 'r4@16', 'r4@20', 'r4@16', 'r4@20']);
    expect(code.misses()).toBe(12);
  });

  test('take 16 bytes as four words', () => {
    const { code, seen } = withDevice();
    code.store(MemOp.b128, 0x9020n, 0x1122334455667788n);
    expect(code.load(MemOp.b128, 0x9020n)).toBe(0x1122334455667788n);
    expect(seen).toEqual(['w4@32', 'w4@36', 'w4@40', 'w4@44', 'r4@32', 'r4@36', 'r4@40', 'r4@44']);
  });

  test('get the bytes on their side of an access that crosses into RAM', () => {
    const { code, map, registers, seen } = withDevice();
    code.store(MemOp.b32, 0x9ffen, 0x44332211n);
    expect(registers.getUint16(0xffe, true)).toBe(0x2211);
    expect(map.readPhys16(0x3000)).toBe(0x4433);
    expect(code.load(MemOp.b32, 0x9ffen)).toBe(0x44332211n);
    expect(seen).toEqual(['w1@4094', 'w1@4095', 'r1@4094', 'r1@4095']);
  });

  test('hold no code, and no plain memory', () => {
    const { mmu } = withDevice();
    expect(mmu.codePage(0x9000, 0, 0)).toBe(-2);
    expect(mmu.probe(0x9000, 0, 4, Access.READ, 0)).toBe(-1);
  });

  test('share a page with RAM byte by byte', () => {
    const r = makeRig();
    r.map.addDevice('small', 0x1100, 4, { read: () => 0xcafe, write: () => {} }, { priority: 1 });
    r.naive.mapPage(0x1000n, { phys: 0x1000, prot: RW });
    r.code.store(MemOp.b32, 0x10fcn, 0x01020304n);
    expect(r.code.load(MemOp.b32, 0x10fcn)).toBe(0x01020304n);
    expect(r.code.load(MemOp.b32, 0x1100n)).toBe(0xcafen);
    expect(r.code.load(MemOp.b16, 0x10ffn)).toBe(0xfe01n);
  });

  test('may be moved by what is written to them', () => {
    const r = makeRig();
    const bar = r.map.addDevice('bar', 0x8000_0000, 0x1000, { read: () => 0x77, write: () => r.map.move(bar, 0x9000_0000) }, { priority: 1 });
    r.naive.mapPage(0x1000n, { phys: 0x8000_0000, prot: RW });
    expect(r.code.load(MemOp.b8, 0x1000n)).toBe(0x77n);
    r.code.store(MemOp.b8, 0x1000n, 0n);
    expect(r.code.load(MemOp.b8, 0x1000n)).toBe(0xffn);
  });
});

test('ROM is read and fetched inline, and keeps its contents', () => {
  const { map, arena, naive, code, mmu } = makeRig();
  const host = arena.alloc(0x1000, 0x1000);
  arena.u8[host] = 0xea;
  map.addRom('rom', 0xffff_0000, 0x1000, host);
  naive.mapPage(0x5000n, { phys: 0xffff_0000, prot: RWX });
  code.store(MemOp.b32, 0x5000n, -1n);
  const before = code.misses();
  expect(code.load(MemOp.b32, 0x5000n)).toBe(0xean);
  expect(code.misses()).toBe(before);
  expect(mmu.codePage(0x5abc, 0, 0)).toBe(host);
});

test('an instruction fetch finds the page that holds the code; a fault leaves the flag alone', () => {
  const { naive, mmu, ram, faulted } = makeRig();
  naive.mapPage(0xffffffff81000000n, { phys: 0x3000, prot: RWX });
  naive.mapPage(0x1000n, { phys: 0x3000, prot: Prot.READ });
  expect(mmu.codePage(0x81000abc, -1, 0)).toBe(ram + 0x3000);
  expect(mmu.physPage).toBe((ram + 0x3000) / 4096);
  expect(mmu.codePage(0x1abc, 0, 0)).toBe(-1);
  expect(naive.fault).toEqual({ va: 0x1abcn, access: Access.FETCH, mmuIdx: 0 });
  expect(faulted()).toBe(false);
});

test('typed accesses of every width agree with compiled ones, within a page and across two', () => {
  const { naive, code, mmu } = makeRig();
  naive.mapPage(0x5000n, { phys: 0x9000, prot: RW });
  naive.mapPage(0x6000n, { phys: 0x2000, prot: RW });
  for (const at of [0x5123, 0x5fff, 0x5ffc]) {
    const va = BigInt(at);
    mmu.storePair(at, 0, 0, 0x89abcdef | 0, 0xfedcba98 | 0);
    expect(code.load(MemOp.b64, va)).toBe(0xfedcba9889abcdefn);
    expect([mmu.loadPair(at, 0, 0), mmu.hi]).toEqual([0x89abcdef | 0, 0xfedcba98 | 0]);
    expect([mmu.load32(at, 0, 0), mmu.load16(at, 0, 0), mmu.load8(at, 0, 0)]).toEqual([0x89abcdef | 0, 0xcdef, 0xef]);
    mmu.store32(at, 0, 0, 0x01020304);
    mmu.store16(at, 0, 0, 0xfffe);
    mmu.store8(at, 0, 0, 0x1ff);
    expect(code.load(MemOp.b32, va)).toBe(0x0102ffffn);
  }
});

test('a probe for bulk work gives plain memory within a page only', () => {
  const { naive, mmu, ram } = makeRig();
  naive.mapPage(0x5000n, { phys: 0x9000, prot: RW });
  expect(mmu.probe(0x5800, 0, 0x800, Access.WRITE, 0)).toBe(ram + 0x9800);
  expect(mmu.probe(0x5800, 0, 0x801, Access.READ, 0)).toBe(-1);
});

describe('watchpoints', () => {
  function watched(stop: boolean) {
    const hits: [number, number, number][] = [];
    const r = makeRig({ onWatch: (lo, _hi, size, access) => (hits.push([lo, size, access]), stop) });
    r.naive.mapPage(0x5000n, { phys: 0, prot: RW });
    r.naive.mapPage(0x6000n, { phys: 0x1000, prot: RW });
    r.code.load(MemOp.b8, 0x5000n);
    return { ...r, hits };
  }

  test('see the accesses that touch them, of their kind', () => {
    const { code, mmu, hits, map } = watched(false);
    mmu.watchpoints.add(0x5100, 0, 4, 'write');
    mmu.watchpoints.add(0x6000, 0, 1, 'read');
    code.store(MemOp.b32, 0x50fdn, 1n);
    code.store(MemOp.b32, 0x5104n, 1n);
    code.load(MemOp.b32, 0x5100n);
    code.store(MemOp.b64, 0x50fcn, 2n);
    code.load(MemOp.b32, 0x5ffdn);
    mmu.load8(0x6000, 0, 0);
    expect(hits).toEqual([[0x50fd, 4, 1], [0x50fc, 8, 1], [0x6000, 1, 0], [0x6000, 1, 0]]);
    expect(map.readPhys8(0xfc)).toBe(2);
  });

  test('stop the access when told to', () => {
    const { code, mmu, map, faulted } = watched(true);
    mmu.watchpoints.add(0x5100, 0, 4, 'access');
    code.store(MemOp.b32, 0x5100n, 7n);
    expect([faulted(), map.readPhys32(0x100)]).toEqual([true, 0]);
    expect(code.load(MemOp.b32, 0x5102n)).toBe(0n);
    expect(faulted()).toBe(true);
  });

  test('cost nothing once removed', () => {
    const { code, mmu, hits } = watched(true);
    mmu.watchpoints.remove(mmu.watchpoints.add(0x5100, 0, 4, 'access'));
    code.store(MemOp.b32, 0x5100n, 7n);
    const before = code.misses();
    expect(code.load(MemOp.b32, 0x5100n)).toBe(7n);
    expect([code.misses() - before, hits]).toEqual([0, []]);
  });
});

test('misuse is an error that says what to do', () => {
  const arena = new Arena(4 * 2 ** 20), map = new PhysMap(arena), header = arena.alloc(64);
  const options = {
    vaddrBits: 64, mmuModes: 1, walk: flatWalk, onCodeWrite: () => false, onFlush: () => {},
    fault: { flag: header, retHi: header + 4, mailbox: header + 16 },
  } as const;
  expect(() => new SoftMmu(arena, map, { ...options, mmuModes: 0 })).toThrow(/0 mmu indexes.*1 or more/);
  expect(() => new SoftMmu(new Arena(65536), map, options)).toThrow(/another arena/);
  const mmu = new SoftMmu(arena, map, { ...options, walk: () => false });
  expect(() => mmu.descriptor(1)).toThrow(/mmu index 1 is unknown; this CPU has 0 to 0/);
  expect(() => mmu.load8(0, 0, 0)).toThrow(SoftMmuError);
  expect(() => mmu.load8(0, 0, 0)).toThrow(/without `raise`/);
  expect(() => mmu.slowLoad(MemOp.b32 | MemOp.ALIGN, 1, 0)).toThrow(/without `alignmentFault`/);
});
