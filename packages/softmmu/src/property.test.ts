/** Random histories of mappings, invalidations, code and accesses: the SoftMmu agrees with page tables walked byte by byte. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Access, MemOp, Prot } from './index.ts';
import { makeRig } from './testing.ts';

const PAGE = 0x1000n;
/** Page numbers that share slots of a small table, neighbours, and pages whose low halves are equal. */
const BASES = [0n, 1n, 2n, 4n, 5n, 64n, 65n, 0x80000n, 0xfffffn, 0x100000n, 0x180000n, 0xfffffffffffffn, 0xfffffffff0000n];
const RAM_PAGES = 16;
const DEVICE = 0x1000_0000;

const page = fc.constantFrom(...BASES);
const offset = fc.oneof(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 4080, max: 4095 }), fc.integer({ min: 0, max: 16 }));
const size = fc.constantFrom(MemOp.b8, MemOp.b16, MemOp.b32, MemOp.b64);
const op = fc.tuple(size, fc.constantFrom(0, MemOp.SIGN, MemOp.RMW)).map(([bytes, flag]) => bytes | flag);
const value = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const mapping = fc.record({
  phys: fc.oneof(fc.nat(RAM_PAGES - 1).map((n) => n * 4096), fc.constant(DEVICE)),
  prot: fc.constantFrom(Prot.READ, Prot.READ | Prot.WRITE, Prot.READ | Prot.WRITE | Prot.EXEC),
  global: fc.boolean(),
  pageBits: fc.constantFrom(12, 12, 12, 13, 14), // no CPU has these large pages, but the model is quick with them
});
const how = fc.constantFrom('page' as const, 'page' as const, 'all' as const, 'others' as const);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('map' as const), page, mapping, how }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unmap' as const), page, how }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('load' as const), page, offset, op }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('store' as const), page, offset, op, value }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('typed' as const), page, offset, op, value }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('flushAll' as const, 'flushOthers' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('code' as const), ram: fc.nat(RAM_PAGES - 1), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fetch' as const), page }) },
);

test.each([[64, 6, 6], [64, 1, 2], [64, 1, 14], [32, 1, 3]] as const)('%i-bit addresses, tables of 2^%i to 2^%i', (vaddrBits, minBits, maxBits) => {
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
    const tlbSize = { minBits, maxBits };
    const [real, model] = [0, 1].map(() => {
      const r = makeRig({ vaddrBits, tlbSize, ramBytes: RAM_PAGES * 4096 });
      const registers = new Uint8Array(4096);
      r.map.addDevice('device', DEVICE, 4096, { read: (o) => registers[o]!, write: (o, _b, v) => { registers[o] = v; }, maxAccess: 1 });
      return Object.assign(r, { registers });
    }) as [ReturnType<typeof makeRig> & { registers: Uint8Array }, ReturnType<typeof makeRig> & { registers: Uint8Array }];
    const limit = 1n << BigInt(vaddrBits);
    const codePages = new Set<number>();
    const mapped = new Map<bigint, { pageBits: number; global: boolean }>();
    for (const s of steps) {
      const base = 'page' in s ? (s.page * PAGE) % limit : 0n, [lo, hi] = [Number(base & 0xffffffffn) | 0, Number(base >> 32n) | 0];
      switch (s.do) {
        case 'map':
        case 'unmap': {
          const before = mapped.get(base), pageBits = s.do === 'map' ? s.mapping.pageBits : before?.pageBits ?? 12;
          const pages = pagesOf(base, pageBits);
          for (const { naive } of [real, model]) {
            if (s.do === 'map') naive.mapPage(base, s.mapping);
            else naive.unmapPage(base, pageBits);
          }
          const global = pages.some((p) => mapped.get(p)?.global);
          const others = pages.filter((p) => mapped.get(p) && mapped.get(p)?.pageBits !== pageBits);
          for (const p of pages) if (s.do === 'map') mapped.set(p, s.mapping); else mapped.delete(p);
          const flush = (p: bigint) => real.mmu.flushPage(Number(p & 0xffffffffn) | 0xabc, Number(p >> 32n) | 0);
          if (s.how === 'all') real.mmu.flushAll();
          else if (s.how === 'others' && !global) real.mmu.flushNonGlobal();
          else if (s.do === 'map') pages.forEach(flush);
          else [base, ...others].forEach(flush); // one address drops all of a large page
          break;
        }
        case 'flushAll': real.mmu.flushAll(); break;
        case 'flushOthers': real.mmu.flushNonGlobal(); break;
        case 'code':
          if (s.on) codePages.add(s.ram);
          else codePages.delete(s.ram);
          real.map[s.on ? 'protectCode' : 'unprotect'](real.ram / 4096 + s.ram);
          break;
        case 'load': {
          const va = base + BigInt(s.offset), size = 1 << (s.op & MemOp.SIZE);
          const want = model.naive.load(va, size, 0, s.op & MemOp.RMW ? Access.WRITE : Access.READ);
          const got = real.code.load(s.op, va);
          const extended = want === undefined ? 0n : s.op & MemOp.SIGN ? BigInt.asUintN(64, BigInt.asIntN(8 * size, want)) : want;
          expect([real.faulted(), got]).toEqual([want === undefined, extended]);
          if (want === undefined) expect(real.naive.fault).toEqual(model.naive.fault);
          break;
        }
        case 'store':
        case 'typed': {
          const va = base + BigInt(s.offset), size = 1 << (s.op & MemOp.SIZE), announced = real.codeWrites.length;
          const touched = codeTouched(model, va, size, limit, codePages);
          const done = model.naive.store(va, size, s.value);
          if (s.do === 'store') real.code.store(s.op & ~MemOp.RMW, va, s.value);
          else typedStore(real, va, size, s.value);
          expect(real.faulted()).toBe(!done);
          expect(real.codeWrites.length - announced).toBe(done ? touched : 0);
          if (!done) expect(real.naive.fault).toEqual(model.naive.fault);
          break;
        }
        case 'fetch': {
          const at = real.mmu.codePage(lo, hi, 0), want = model.naive.load(base, 1, 0, Access.FETCH);
          if (want === undefined) expect(at).toBe(-1);
          else expect([at === -2 ? -2 : real.arena.u8[at], at >= real.ram || at === -2]).toEqual([at === -2 ? -2 : Number(want), true]);
        }
      }
    }
    expect(real.arena.u8.subarray(real.ram, real.ram + RAM_PAGES * 4096)).toEqual(model.arena.u8.subarray(model.ram, model.ram + RAM_PAGES * 4096));
    expect(real.registers).toEqual(model.registers);
  }), { numRuns: 80 });
});

/** The 4 KiB pages of the page of 2^pageBits bytes around `base`. */
function pagesOf(base: bigint, pageBits: number): bigint[] {
  const size = 1n << BigInt(pageBits), start = base - (base % size);
  return Array.from({ length: Number(size / PAGE) }, (_, i) => start + BigInt(i) * PAGE);
}

type Rig = ReturnType<typeof makeRig>;

/** How many of the pages of an access hold code. */
function codeTouched(model: Rig, va: bigint, size: number, limit: bigint, codePages: ReadonlySet<number>): number {
  let count = 0;
  const first = va / PAGE, last = (va + BigInt(size) - 1n) / PAGE;
  const result = { phys: 0, prot: 0, pageBits: 12, global: false };
  for (let n = first; n <= last; n++) {
    const at = (n * PAGE) % limit;
    const mapped = model.naive.walk(Number(at & 0xffffffffn), Number(at >> 32n), Access.WRITE, 0, result);
    if (mapped && codePages.has(result.phys / 4096)) count++;
  }
  model.naive.fault = undefined;
  return count;
}

function typedStore({ mmu }: Rig, va: bigint, size: number, v: bigint): void {
  const [lo, hi] = [Number(va & 0xffffffffn), Number((va >> 32n) & 0xffffffffn)];
  const [valueLo, valueHi] = [Number(v & 0xffffffffn) | 0, Number(v >> 32n) | 0];
  try {
    if (size === 1) mmu.store8(lo, hi, 0, valueLo);
    else if (size === 2) mmu.store16(lo, hi, 0, valueLo);
    else if (size === 4) mmu.store32(lo, hi, 0, valueLo);
    else mmu.storePair(lo, hi, 0, valueLo, valueHi);
  } catch { /* the fault is flagged too */ }
}
