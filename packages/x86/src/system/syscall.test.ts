/** Fast system calls where Intel's and AMD's processors differ. Intel SDM Vol. 2 and AMD64 APM Vol. 3: SYSCALL, SYSRET, SYSENTER, SYSEXIT. */
import { describe, expect, it, test } from 'vitest';
import { ATTR, CR0, CR4, EFER, EFLAGS, Reg, SegReg } from '../state.ts';
import { testProcessor, type TestProcessor } from '../testing/processor.ts';
import { setCr0, setCr4, setEfer } from './control-registers.ts';
import { syscall, sysenter, sysexit, sysret } from './syscall.ts';

type Mode = 'protected' | 'compatibility' | '64-bit';

function processor(vendor: string, mode: Mode): TestProcessor {
  const p = testProcessor(`max,vendor=${vendor}`), { cpu } = p;
  if (mode !== 'protected') setCr4(cpu, CR4.PAE, 0);
  setEfer(cpu, EFER.SCE | (mode === 'protected' ? 0 : EFER.LME), 0);
  setCr0(cpu, CR0.PE | (mode === 'protected' ? 0 : CR0.PG), 0);
  cpu.setSegment(SegReg.CS, 8, 0, 0, 0xffffffff, ATTR.P | ATTR.S | ATTR.CODE | ATTR.G | (mode === '64-bit' ? ATTR.L : ATTR.DB));
  cpu.updateHflags(0);
  cpu.s.sysenterCsLo = 8;
  return p;
}

const UD = '#6';
const table: [string, Mode, string, string][] = [
  // vendor, mode, what SYSCALL and SYSRET raise, what SYSENTER and SYSEXIT raise
  ['GenuineIntel', 'protected', UD, ''], ['GenuineIntel', 'compatibility', UD, ''], ['GenuineIntel', '64-bit', '', ''],
  ['AuthenticAMD', 'protected', '', ''], ['AuthenticAMD', 'compatibility', '', UD], ['AuthenticAMD', '64-bit', '', UD],
];
describe.each(table)('%s in %s mode', (vendor, mode, fast, slow) => {
  it(`SYSCALL and SYSRET ${fast === UD ? 'do not exist' : 'exist'}`, () => {
    expect([(p: TestProcessor) => syscall(p.cpu, 0, 0), (p: TestProcessor) => sysret(p.cpu, 4)].map((run) => {
      const p = processor(vendor, mode);
      return p.raised(() => run(p));
    })).toEqual([fast, fast]);
  });
  it(`SYSENTER and SYSEXIT ${slow === UD ? 'do not exist' : 'exist'}`, () => {
    expect([(p: TestProcessor) => sysenter(p.cpu), (p: TestProcessor) => sysexit(p.cpu, 4)].map((run) => {
      const p = processor(vendor, mode);
      return p.raised(() => run(p));
    })).toEqual([slow, slow]);
  });
});

test('SYSCALL of compatibility mode goes to CSTAR, in 64-bit mode; outside long mode to STAR', () => {
  for (const [mode, target] of [['compatibility', 0x5000], ['protected', 0x6000]] as const) {
    const { cpu } = processor('AuthenticAMD', mode), { s } = cpu;
    Object.assign(s, { cstarLo: 0x5000, starLo: 0x6000, starHi: 0x18 });
    syscall(cpu, 0x1234, 0);
    expect([s.pcLo, cpu.gprLo(Reg.RCX), cpu.segSelector(SegReg.CS), (cpu.segAttr(SegReg.CS) & ATTR.L) !== 0]).toEqual([target, 0x1234, 0x18, mode === 'compatibility']);
  }
});

test.each([0, 3])('a selector of SYSENTER whose index is 0 (%i) is none', (selector) => {
  const p = processor('GenuineIntel', '64-bit');
  p.cpu.s.sysenterCsLo = selector;
  expect([() => sysenter(p.cpu), () => sysexit(p.cpu, 8)].map((run) => p.raised(run))).toEqual(['#13(0)', '#13(0)']);
});

test('SYSRET takes RFLAGS from R11 without RF and VM, SYSCALL clears what SFMASK says', () => {
  const { cpu } = processor('GenuineIntel', '64-bit'), { s } = cpu;
  s.sfmaskLo = EFLAGS.IF | EFLAGS.DF;
  s.lstarLo = 0x4000;
  cpu.writeEflags(EFLAGS.IF | EFLAGS.DF | EFLAGS.CF, ~0);
  syscall(cpu, 0x1234, 0);
  expect([cpu.gprLo(Reg.RCX), cpu.gprLo(Reg.R11), cpu.readEflags(), s.pcLo]).toEqual([0x1234, EFLAGS.FIXED1 | EFLAGS.IF | EFLAGS.DF | EFLAGS.CF, EFLAGS.FIXED1 | EFLAGS.CF, 0x4000]);
  cpu.setGpr(Reg.R11, EFLAGS.RF | EFLAGS.VM | EFLAGS.IF | EFLAGS.ZF, 0);
  sysret(cpu, 8);
  expect([s.pcLo, cpu.cpl, cpu.readEflags()]).toEqual([0x1234, 3, EFLAGS.FIXED1 | EFLAGS.IF | EFLAGS.ZF]);
});
