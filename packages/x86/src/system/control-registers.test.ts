/** What control registers refuse and bring about. Intel SDM Vol. 3, 2.5, 4.1 and 4.4.1; Vol. 2, MOV to control registers, XSETBV. */
import { describe, expect, it, test } from 'vitest';
import { CR0, CR4, EFER } from '../state.ts';
import { testProcessor, type TestProcessor } from '../testing/processor.ts';
import { invalidatePcid, loadMachineStatus, setCr0, setCr3, setCr4, setCr8, setEfer, setXcr0 } from './control-registers.ts';
import { PageWalker } from './paging.ts';

const GP0 = '#13(0)';

/** Enters a mode by the usual way: PAE and LME first, then PE and PG. */
function enter(p: TestProcessor, mode: 'protected' | 'pae' | 'long'): void {
  if (mode !== 'protected') setCr4(p.cpu, CR4.PAE, 0);
  if (mode === 'long') setEfer(p.cpu, EFER.LME, 0);
  setCr0(p.cpu, CR0.PE | (mode === 'protected' ? 0 : CR0.PG), 0);
}

describe('CR0', () => {
  const cases: [string, number, string][] = [
    ['PG without PE', CR0.PG, GP0], ['NW without CD', CR0.NW, GP0], ['CD and NW', CR0.CD | CR0.NW, ''], ['PE', CR0.PE, ''],
  ];
  test.each(cases)('%s', (_what, value, fault) => {
    const p = testProcessor();
    expect(p.raised(() => setCr0(p.cpu, value, 0))).toBe(fault);
  });

  it('ET is 1 and reserved bits are ignored', () => {
    const { cpu } = testProcessor();
    setCr0(cpu, CR0.PE | 1 << 20, 0);
    expect(cpu.s.cr0).toBe(CR0.PE | CR0.ET);
  });

  it('PG with LME needs PAE, and makes long mode active', () => {
    const p = testProcessor();
    setEfer(p.cpu, EFER.LME, 0);
    expect(p.raised(() => setCr0(p.cpu, CR0.PE | CR0.PG, 0))).toBe(GP0);
    setCr4(p.cpu, CR4.PAE, 0);
    setCr0(p.cpu, CR0.PE | CR0.PG, 0);
    expect(p.cpu.s.efer).toBe(EFER.LME | EFER.LMA);
  });

  it('clearing PG ends long mode, but not with PCIDs', () => {
    const p = testProcessor('max,+pcid');
    enter(p, 'long');
    setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0);
    expect(p.raised(() => setCr0(p.cpu, CR0.PE, 0))).toBe(GP0);
    setCr4(p.cpu, CR4.PAE, 0);
    setCr0(p.cpu, CR0.PE, 0);
    expect(p.cpu.s.efer).toBe(EFER.LME);
  });

  it('LMSW sets PE and does not clear it', () => {
    const { cpu } = testProcessor();
    loadMachineStatus(cpu, 1);
    loadMachineStatus(cpu, 0xfff0);
    expect(cpu.s.cr0 & 0xf).toBe(CR0.PE);
  });
});

describe('CR4', () => {
  it('has the bits of the model: without VME, PVI, and what a feature brings', () => {
    for (const [model, mask] of [['qemu64', 0x7fc], ['qemu64,-de,-pge', 0x774], ['max', 0x35_0ffc], ['max,+la57,+pcid', 0x37_1ffc]] as const) {
      const p = testProcessor(model);
      let accepted = 0;
      for (let n = 0; n < 32; n++) if (1 << n !== CR4.PCIDE && p.raised(() => setCr4(p.cpu, 1 << n, 0)) === '') accepted |= 1 << n;
      if (model.includes('pcid')) {
        enter(p, 'long');
        if (p.raised(() => setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0)) === '') accepted |= CR4.PCIDE;
      }
      expect([model, (accepted >>> 0).toString(16)]).toEqual([model, mask.toString(16)]);
    }
  });

  it('in long mode PAE stays and LA57 does not change', () => {
    const p = testProcessor('max,+la57');
    enter(p, 'long');
    expect([0, CR4.PAE | CR4.LA57, CR4.PAE].map((v) => p.raised(() => setCr4(p.cpu, v, 0)))).toEqual([GP0, GP0, '']);
  });

  it('PCIDE needs long mode and PCID 0', () => {
    const p = testProcessor('max,+pcid');
    setCr4(p.cpu, CR4.PAE, 0);
    expect(p.raised(() => setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0))).toBe(GP0);
    enter(p, 'long');
    setCr3(p.cpu, 0x1001, 0);
    expect(p.raised(() => setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0))).toBe(GP0);
    setCr3(p.cpu, 0x1000, 0);
    expect(p.raised(() => setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0))).toBe('');
  });
});

describe('CR3', () => {
  it('in long mode refuses address bits that the processor lacks; bit 63 is for PCIDs only and does not stay', () => {
    const p = testProcessor('max,+pcid');
    enter(p, 'long');
    expect([[0x1000, 0xff], [0x1000, 0x100], [0x1000, 1 << 31]].map(([lo, hi]) => p.raised(() => setCr3(p.cpu, lo!, hi!)))).toEqual(['', GP0, GP0]);
    setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0);
    setCr3(p.cpu, 0x2005, 1 << 31);
    expect([p.cpu.s.cr3Lo, p.cpu.s.cr3Hi]).toEqual([0x2005, 0]);
  });
});

describe('PDPTE registers of PAE paging (4.4.1)', () => {
  const PDPT = 0x2020, PD = 0x3000, OTHER_PD = 0x4000, LARGE = 0x83;
  /** Physical page of linear address 0, or the fault. */
  const at0 = (p: TestProcessor): string => {
    const out = { phys: 0, prot: 0, pageBits: 0, global: false };
    const walker = new PageWalker(p.cpu, { readPhys32: (at) => p.peek(at), writePhys32: () => {} });
    return walker.walk(0, 0, 0, 0, out) ? out.phys.toString(16) : `#${p.cpu.s.exception}`;
  };
  const paged = (): TestProcessor => {
    const p = testProcessor();
    p.poke(PDPT, PD | 1);
    p.poke(PD, LARGE);
    p.poke(OTHER_PD, 0x20_0000 | LARGE);
    setCr3(p.cpu, PDPT, 0);
    enter(p, 'pae');
    return p;
  };

  it('are loaded when paging is turned on, by MOV to CR3 and by changes of CR4, not by a walk', () => {
    const p = paged();
    expect(at0(p)).toBe('0');
    p.poke(PDPT, OTHER_PD | 1);
    expect(at0(p)).toBe('0');
    setCr3(p.cpu, PDPT, 0);
    expect(at0(p)).toBe('200000');
    p.poke(PDPT, PD | 1);
    setCr4(p.cpu, CR4.PAE | CR4.PGE, 0);
    expect(at0(p)).toBe('0');
    p.poke(PDPT, OTHER_PD | 1);
    setCr0(p.cpu, CR0.PE | CR0.PG | CR0.CD, 0);
    expect(at0(p)).toBe('200000');
    p.poke(PDPT, 0);
    setCr4(p.cpu, CR4.PAE | CR4.PGE | CR4.OSFXSR, 0); // not among those that load
    expect(at0(p)).toBe('200000');
  });

  const reserved: [string, number, number, string][] = [
    ['bit 1', 2, 0, GP0], ['bit 5', 0x20, 0, GP0], ['bit 8', 0x100, 0, GP0], ['bit 40', 0, 0x100, GP0], ['bit 63', 0, 1 << 31, GP0], ['PWT, PCD, bits 9 to 11', 0xe18, 0, ''],
  ];
  test.each(reserved)('with P and %s set', (_what, lo, hi, fault) => {
    const p = paged();
    p.poke(PDPT + 0x108, PD | 1 | lo, hi); // the second entry of another table
    p.poke(PDPT + 0x100, OTHER_PD | 1);
    expect(p.raised(() => setCr3(p.cpu, PDPT + 0x100, 0))).toBe(fault);
    expect([at0(p), p.cpu.s.cr3Lo]).toEqual(fault ? ['0', PDPT] : ['200000', PDPT + 0x100]); // nothing has changed, or all
    p.poke(PDPT + 0x108, PD | lo, hi);
    expect(p.raised(() => setCr3(p.cpu, PDPT + 0x100, 0))).toBe(''); // absent: nobody looks
  });

  it('what CR0 and CR4 would load is refused as well', () => {
    const p = paged();
    p.poke(PDPT + 24, 3);
    expect([() => setCr4(p.cpu, CR4.PAE | CR4.PSE, 0), () => setCr0(p.cpu, CR0.PE | CR0.PG | CR0.CD, 0)].map((f) => p.raised(f))).toEqual([GP0, GP0]);
    expect([p.cpu.s.cr4, p.cpu.s.cr0 & CR0.CD]).toEqual([CR4.PAE, 0]);
  });

  it('are not looked at in long mode and without PAE', () => {
    for (const mode of ['long', 'protected'] as const) {
      const p = testProcessor();
      p.poke(PDPT, 0xffff_ffff, 0x7fff_ffff);
      enter(p, mode);
      expect(p.raised(() => setCr3(p.cpu, PDPT, 0))).toBe('');
    }
  });
});

test('EFER: bits of the model; LME only without paging; LMA is not written', () => {
  const p = testProcessor('max,-nx');
  expect([EFER.NXE, 1 << 12, EFER.SCE | EFER.LME | EFER.LMA].map((v) => p.raised(() => setEfer(p.cpu, v, 0)))).toEqual([GP0, GP0, '']);
  expect(p.cpu.s.efer).toBe(EFER.SCE | EFER.LME);
  enter(p, 'long');
  expect(p.raised(() => setEfer(p.cpu, EFER.LMA, 0))).toBe(GP0);
});

test('CR8 has four bits', () => {
  const p = testProcessor();
  expect([15, 16].map((v) => p.raised(() => setCr8(p.cpu, v, 0)))).toEqual(['', GP0]);
});

test('XCR0: x87 always, SSE, nothing else, from CPL 0', () => {
  const p = testProcessor();
  const attempts = [[0, 3, 0], [0, 1, 0], [0, 2, 0], [0, 7, 0], [0, 3, 1], [1, 3, 0]].map(([index, lo, hi]) => p.raised(() => setXcr0(p.cpu, index!, lo!, hi!)));
  expect(attempts).toEqual(['', '', GP0, GP0, GP0, GP0]);
});

describe('INVPCID (SDM Vol. 2)', () => {
  const NOT_CANONICAL = 0x8000;
  const cases: [string, number, number, number, boolean, string, string][] = [
    ['an address, without PCIDs', 0, 0, 0x7fff, false, '', 'flushPage'], ['an address of PCID 5', 0, 5, 0, true, '', 'flushPage'],
    ['a PCID without CR4.PCIDE', 0, 5, 0, false, GP0, ''], ['a PCID without CR4.PCIDE', 1, 5, 0, false, GP0, ''], ['an address that is not canonical', 0, 0, NOT_CANONICAL, true, GP0, ''],
    ['one PCID', 1, 5, NOT_CANONICAL, true, '', 'flushNonGlobal'], ['everything, the PCID is not looked at', 2, 5, 0, false, '', 'flushAll'],
    ['everything but global pages', 3, 0, 0, true, '', 'flushNonGlobal'], ['reserved bits', 2, 0x1000, 0, true, GP0, ''], ['no such type', 4, 0, 0, true, GP0, ''],
  ];
  test.each(cases)('%s: type %i, PCID %i', (_what, type, pcid, addressHi, pcids, fault, flush) => {
    const p = testProcessor('max,+pcid,+invpcid'), calls: string[] = [], { mmu } = p.cpu;
    enter(p, 'long');
    if (pcids) setCr4(p.cpu, CR4.PAE | CR4.PCIDE, 0);
    for (const name of ['flushPage', 'flushAll', 'flushNonGlobal'] as const) mmu[name] = () => void calls.push(name);
    expect(p.raised(() => invalidatePcid(p.cpu, type, pcid, 0x1000, addressHi))).toBe(fault);
    expect(calls.join()).toBe(flush);
  });
});
