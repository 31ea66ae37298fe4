/** MSRs read and written without any guest code. Intel SDM Vol. 4; for the time-stamp counter Vol. 3B, 17.17.3 (IA32_TSC_ADJUST), for MTRRs and PAT 11.11 and 11.12. */
import { describe, expect, it, test } from 'vitest';
import { testProcessor } from '../testing/processor.ts';
import { CPU_MODELS, CpuModel } from './cpuid.ts';
import { Msr, readMsr, writeMsr } from './msr.ts';

function processor() {
  const time = { tsc: 0, moved: 0 };
  const { cpu, raised, log } = testProcessor('max', {
    tsc: () => time.tsc | 0, tscHi: () => Math.floor(time.tsc / 2 ** 32),
    apic: { readMsr: () => false, writeMsr: () => false, setBase: () => {}, tpr: () => 0, setTpr: () => {}, tscChanged: () => void time.moved++ },
  });
  const out = { lo: 0, hi: 0 };
  const read = (index: number): number => (readMsr(cpu, index, out), (out.hi >>> 0) * 2 ** 32 + (out.lo >>> 0));
  const write = (index: number, value: number): void => writeMsr(cpu, index, value % 2 ** 32 | 0, Math.floor(value / 2 ** 32));
  return { cpu, time, read, write, raised, log };
}

test('what is written to the TSC is how much IA32_TSC_ADJUST grows, and the other way round', () => {
  const { time, read, write } = processor();
  time.tsc = 0x1_8000_0000;
  expect([read(Msr.TSC), read(Msr.TSC_ADJUST)]).toEqual([0x1_8000_0000, 0]);
  write(Msr.TSC, 0x2_9000_0000);
  expect([read(Msr.TSC), read(Msr.TSC_ADJUST)]).toEqual([0x2_9000_0000, 0x1_1000_0000]);
  write(Msr.TSC_ADJUST, 0x9000_0000);
  expect(read(Msr.TSC)).toBe(0x2_1000_0000);
});

test('a local APIC that waits for the TSC hears when the guest moves it', () => {
  const { time, write } = processor();
  write(Msr.TSC, 5);
  write(Msr.TSC_ADJUST, 7);
  expect(time.moved).toBe(2);
});

test.each(CPU_MODELS)('%s has an invariant TSC with IA32_TSC_ADJUST, so that Linux trusts it as a clock without a watchdog, and a timer on it', (model) => {
  const { cpu } = processor();
  const leaf = (n: number): Int32Array => {
    const words = new Int32Array(4);
    new CpuModel(model).cpuid(cpu, n, 0, words);
    return words;
  };
  const [EBX, ECX, EDX] = [1, 2, 3] as const; // bits: SDM Vol. 2, CPUID
  expect([leaf(1)[ECX]! >>> 24 & 1, leaf(7)[EBX]! >>> 1 & 1, leaf(0x8000_0007)[EDX]! >>> 8 & 1]).toEqual([1, 1, 1]);
});

describe('memory types are state', () => {
  it('after reset as the SDM has them: PAT 0007040600070406, MTRRs off', () => {
    const { read } = processor();
    expect([read(Msr.PAT), read(Msr.MTRR_DEF_TYPE), read(Msr.MTRR_CAP)]).toEqual([0x0007_0406_0007_0406, 0, 0x508]);
  });

  it('fixed and variable ranges are read back', () => {
    const { read, write } = processor();
    const values = new Map([
      [Msr.MTRR_FIX64K, 0x0006_0504_0100_0606], [Msr.MTRR_FIX16K + 1, 0x0606_0606], [Msr.MTRR_FIX4K + 7, 0x0005_0505_0000_0000],
      [Msr.MTRR_PHYSBASE0, 0xfd00_0001], [Msr.MTRR_PHYSBASE0 + 1, 0xff_ff00_0800], [Msr.MTRR_PHYSBASE0 + 14, 0x1_0000_0006],
    ]);
    for (const [index, value] of values) write(index, value);
    for (const [index, value] of values) expect(read(index)).toBe(value);
    write(Msr.MTRR_DEF_TYPE, 0xc06);
    expect(read(Msr.MTRR_DEF_TYPE)).toBe(0xc06);
  });

  it.each([
    ['PAT type 2', Msr.PAT, 0x0007_0406_0007_0402], ['default type 2', Msr.MTRR_DEF_TYPE, 2], ['default type: reserved bit', Msr.MTRR_DEF_TYPE, 0x106],
    ['base type 3', Msr.MTRR_PHYSBASE0, 3], ['base: reserved bit', Msr.MTRR_PHYSBASE0, 0x106], ['base beyond the address width', Msr.MTRR_PHYSBASE0, 2 ** 40],
    ['mask: reserved bit', Msr.MTRR_PHYSBASE0 + 1, 0x400], ['mask beyond the address width', Msr.MTRR_PHYSBASE0 + 1, 2 ** 40], ['fixed type 7', Msr.MTRR_FIX4K, 0x0600_0000_0700],
  ])('%s is #GP(0)', (_what, index, value) => {
    const { write, raised } = processor();
    expect(raised(() => write(index, value))).toBe('#13(0)');
  });

  it('what is read only refuses to be written', () => {
    const { write, raised } = processor();
    expect(raised(() => write(Msr.MTRR_CAP, 0x508))).toBe('#13(0)');
  });
});

describe('what does not exist', () => {
  it('is #GP(0), and is logged: a reader sees which', () => {
    const { read, write, raised, log } = processor();
    expect([raised(() => read(0x1234)), raised(() => write(0xc001_f000, 1)), raised(() => read(0x10a))]).toEqual(['#13(0)', '#13(0)', '#13(0)']);
    expect(log).toEqual(['rdmsr 0x1234: no such MSR here', 'wrmsr 0xc001f000: no such MSR here', 'rdmsr 0x10a: no such MSR here']);
  });

  it.each([['TSC_AUX has 32 bits', Msr.TSC_AUX, 2 ** 32], ['no state component is a supervisor\'s', Msr.XSS, 1]])('%s', (_what, index, value) => {
    const { write, raised } = processor();
    expect([raised(() => write(index, 0)), raised(() => write(index, value))]).toEqual(['', '#13(0)']);
  });
});
