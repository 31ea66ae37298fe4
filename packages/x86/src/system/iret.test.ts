/** What the assembled guests do not show of IRET and of leaving virtual-8086 mode. Intel SDM Vol. 2, IRET and INT n, Operation. */
import { expect, it, test } from 'vitest';
import { ATTR, CR0, EFLAGS, Reg, SegReg } from '../state.ts';
import { testProcessor, type TestProcessor } from '../testing/processor.ts';
import { setCr0 } from './control-registers.ts';
import { deliverExternal, deliverRecorded } from './interrupt.ts';
import { iret } from './iret.ts';

const GDT = 0x1000, IDT = 0x2000, TSS = 0x3000, STACK = 0x8000, HANDLER = 0x5678;
const CODE0 = 8, DATA0 = 0x10, CONFORMING = 0x18, CODE3 = 0x23;
const FLAT = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED | ATTR.DB | ATTR.G;

/** In protected mode at CPL 0, with a TSS and one gate for all vectors. */
function processor(handlerSelector = CODE0): TestProcessor {
  const p = testProcessor(), { cpu } = p, { s } = cpu;
  [0, 0x00cf9a00, 0x00cf9200, 0x00cf9e00, 0x00cffa00].forEach((hi, n) => p.poke(GDT + 8 * n, n ? 0xffff : 0, hi));
  for (let v = 0; v < 32; v++) p.poke(IDT + 8 * v, (handlerSelector << 16) | HANDLER, 0x8e00);
  p.poke(TSS + 4, STACK, DATA0);
  s.gdtBaseLo = GDT;
  s.gdtLimit = 0x27;
  s.idtBaseLo = IDT;
  s.idtLimit = 0xff;
  setCr0(cpu, CR0.PE, 0);
  cpu.setSegment(SegReg.CS, CODE0, 0, 0, 0xffffffff, FLAT | ATTR.CODE);
  for (const n of [SegReg.SS, SegReg.DS, SegReg.ES]) cpu.setSegment(n, DATA0, 0, 0, 0xffffffff, FLAT);
  cpu.setSegment(SegReg.TR, 0x28, TSS, 0, 0x67, 0x8b00);
  cpu.setGpr(Reg.RSP, 0x7000, 0);
  cpu.updateHflags(0);
  return p;
}

/** The frame that IRET pops to go to virtual-8086 mode, at ESP. */
function frame(p: TestProcessor, eip: number): void {
  [eip, 0x1000, EFLAGS.VM | EFLAGS.IOPL | EFLAGS.FIXED1, 0x400, 0x2000, 0x30, 0x40, 0x50, 0x60].forEach((v, n) => p.poke(0x7000 + 4 * n, v));
}

test.each([[0xffff, ''], [0x1_0000, '#13(0)']])('IRET to virtual-8086 mode: EIP %i must be within the limit of CS', (eip, fault) => {
  const p = processor();
  frame(p, eip);
  expect(p.raised(() => iret(p.cpu, 4, 0))).toBe(fault);
  expect([p.cpu.cpl, p.cpu.s.pcLo]).toEqual(fault ? [0, 0xfff0] : [3, 0xffff]);
});

it('IRETD in virtual-8086 mode does so too', () => {
  const p = processor();
  frame(p, 0x10);
  iret(p.cpu, 4, 0);
  p.poke(0x2_0400, 0x1_0000, 0x1000);
  expect(p.raised(() => iret(p.cpu, 4, 0))).toBe('#13(0)');
});

test.each([[CONFORMING, 0x19], [CODE3, 0x21]])('an interrupt from virtual-8086 mode to code %i that does not run at CPL 0 is #GP with EXT', (selector, error) => {
  const p = processor(selector);
  p.poke(IDT + 8 * 13, (CODE0 << 16) | HANDLER, 0x8e00);
  frame(p, 0x10);
  iret(p.cpu, 4, 0);
  expect(deliverExternal(p.cpu, 5)).toBe(true);
  expect([p.cpu.s.pcLo, p.peek(p.cpu.gprLo(Reg.RSP))]).toEqual([HANDLER, error]);
});

it('an exception pushes its error code and RF, an external interrupt neither', () => {
  for (const external of [false, true]) {
    const p = processor();
    p.cpu.setPc(0x1234, 0);
    p.cpu.record(13, 0x50);
    if (external) deliverExternal(p.cpu, 13);
    else deliverRecorded(p.cpu);
    const words = [0, 1, 2, 3].map((n) => p.peek(p.cpu.gprLo(Reg.RSP) + 4 * n));
    expect(words).toEqual(external ? [0x1234, CODE0, EFLAGS.FIXED1, 0] : [0x50, 0x1234, CODE0, EFLAGS.FIXED1 | EFLAGS.RF]);
  }
});
