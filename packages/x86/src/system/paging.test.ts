/** Page walks that the assembled guests do not reach: what depends on the CPU model, and addresses above 4 GiB. Intel SDM Vol. 3 chapter 4. */
import { describe, expect, it, test } from 'vitest';
import { CR0, CR4, EFER } from '../state.ts';
import { testProcessor, type TestProcessor } from '../testing/processor.ts';
import { setCr0, setCr3, setCr4, setEfer } from './control-registers.ts';
import { Access, PageWalker } from './paging.ts';

const PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, TABLE = 7;

function walk(p: TestProcessor, lo: number, access: number = Access.READ): string {
  const out = { phys: 0, prot: 0, pageBits: 0, global: false };
  const walker = new PageWalker(p.cpu, { readPhys32: (at) => p.peek(at), writePhys32: (at, v) => p.poke(at, v, p.peek(at + 4)) });
  const { s } = p.cpu;
  return walker.walk(lo, 0, access, 0, out) ? `${out.phys.toString(16)}/${out.pageBits}` : `#${s.exception}(${s.errorCode.toString(16)}) ${(s.cr2Lo >>> 0).toString(16)}`;
}

function longMode(model: string): TestProcessor {
  const p = testProcessor(model);
  p.poke(PML4, PDPT | TABLE);
  setCr4(p.cpu, CR4.PAE, 0);
  setCr3(p.cpu, PML4, 0);
  setEfer(p.cpu, EFER.LME, 0);
  setCr0(p.cpu, CR0.PE | CR0.PG | CR0.WP, 0);
  return p;
}

test.each([['max', '40000123/30'], ['Nehalem', '#14(9) 123'], ['max,-pdpe1gb', '#14(9) 123']] as const)('%s: a 1 GiB page is %s; without the feature PS is reserved (4.5)', (model, expected) => {
  const p = longMode(model);
  p.poke(PDPT, 0x4000_0087);
  expect(walk(p, 0x123)).toBe(expected);
});

describe('32-bit paging with PSE-36 (table 4-4): MAXPHYADDR is 40', () => {
  const paged = (entry: number): TestProcessor => {
    const p = testProcessor();
    setCr4(p.cpu, CR4.PSE, 0);
    setCr3(p.cpu, PD, 0);
    setCr0(p.cpu, CR0.PE | CR0.PG, 0);
    p.poke(PD, entry);
    return p;
  };
  it('bits 20 to 13 are address bits 39 to 32', () => expect(walk(paged(0x1f_e087), 0x3f_f123)).toBe('ff003ff123/22'));
  it('bit 21 is reserved', () => expect(walk(paged(0x20_0087), 0x42)).toBe('#14(9) 42'));
});

it('A20 masks what is mapped and the tables themselves', () => {
  const p = longMode('max');
  p.poke(PDPT, PD | TABLE);
  p.poke(PD, 0x87);
  p.cpu.s.a20 = 0;
  expect([walk(p, 0xf_0000), walk(p, 0x12_3456)]).toEqual(['f0000/21', '23456/21']);
});
