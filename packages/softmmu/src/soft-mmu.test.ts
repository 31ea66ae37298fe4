import { describe, expect, test } from 'vitest';
import { Access, MemOp, Prot } from './index.ts';
import { makeRig } from './testing.ts';

const RW = Prot.READ | Prot.WRITE;
const RWX = RW | Prot.EXEC;

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

test('an address 4 GiB up is the same one in a 32-bit guest', () => {
  const { naive, code, faulted } = makeRig({ vaddrBits: 32 });
  naive.mapPage(0x80000000n, { phys: 0x1000, prot: RW });
  code.store(MemOp.b32, 0x80000000n, 0x12345678n);
  expect(code.load(MemOp.b32, 0xffffffff80000000n)).toBe(0x12345678n);
  expect(code.misses()).toBe(1);
  expect(faulted()).toBe(false);
});

test('the second access to a page hits inline', () => {
  const { naive, code } = makeRig();
  naive.mapPage(0xffffffff81000000n, { phys: 0x3000, prot: RW });
  code.store(MemOp.b64, 0xffffffff81000010n, 0x1122334455667788n);
  expect(code.misses()).toBe(1);
  expect(code.load(MemOp.b64, 0xffffffff81000010n)).toBe(0x1122334455667788n);
  expect(code.load(MemOp.b8 | MemOp.SIGN, 0xffffffff81000010n)).toBe(0xffffffffffffff88n);
  expect(code.misses()).toBe(1);
});

describe.each([64, 32] as const)('%i-bit addresses', (vaddrBits) => {
  test('an access across two pages reads and writes both', () => {
    const { naive, code, map } = makeRig({ vaddrBits });
    naive.mapPage(0x5000n, { phys: 0x9000, prot: RW });
    naive.mapPage(0x6000n, { phys: 0x2000, prot: RW });
    code.store(MemOp.b64, 0x5ffdn, 0x8877665544332211n);
    expect(map.readPhys8(0x9ffd)).toBe(0x11);
    expect(map.readPhys32(0x2000)).toBe(0x77665544);
    expect(code.load(MemOp.b64, 0x5ffdn)).toBe(0x8877665544332211n);
    expect(code.load(MemOp.b16, 0x5fffn)).toBe(0x4433n);
    code.store(MemOp.b16, 0x5fffn, 0x8001n);
    expect(code.load(MemOp.b16 | MemOp.SIGN, 0x5fffn)).toBe(0xffffffffffff8001n);
  });

  test('a fault in the second page leaves memory untouched, and reports the start of that page', () => {
    const { naive, code, map, faulted } = makeRig({ vaddrBits });
    naive.mapPage(0x5000n, { phys: 0x9000, prot: RW });
    naive.mapPage(0x6000n, { phys: 0x2000, prot: Prot.READ });
    code.store(MemOp.b32, 0x5ffen, 0xffffffffn);
    expect(faulted()).toBe(true);
    expect(naive.fault).toEqual({ va: 0x6000n, access: Access.WRITE, mmuIdx: 0 });
    expect(map.readPhys16(0x9ffe)).toBe(0);
    expect(code.load(MemOp.b32, 0x5ffen)).toBe(0n);
    expect(faulted()).toBe(false);
  });
});

test('an instruction fetch finds the page that holds the code', () => {
  const { naive, mmu, ram } = makeRig();
  naive.mapPage(0xffffffff81000000n, { phys: 0x3000, prot: RWX });
  expect(mmu.codePage(0x81000abc | 0, -1, 0)).toBe(ram + 0x3000);
  expect(mmu.physPage).toBe((ram + 0x3000) / 4096);
});
