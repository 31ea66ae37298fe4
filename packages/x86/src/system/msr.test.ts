/** Time-stamp counter MSRs as Intel SDM Vol. 3B, 17.17.3 (IA32_TSC_ADJUST) has them, read and written without any guest code. */
import { PhysMap } from '@emu/softmmu';
import { Arena } from '@emu/vaddr';
import { expect, test } from 'vitest';
import { createX86 } from '../create.ts';
import { CPU_MODELS, CpuModel } from './cpuid.ts';
import { Msr, readMsr, writeMsr } from './msr.ts';

const MIB = 1 << 20;

function processor() {
  const arena = new Arena(64 * MIB);
  const time = { tsc: 0, moved: 0 };
  const { cpu } = createX86({
    arena, map: new PhysMap(arena), onCodeWrite: () => false, onFlush: () => {},
    bus: {
      ioRead: () => 0, ioWrite: () => {}, acknowledge: () => -1, tsc: () => time.tsc | 0, tscHi: () => Math.floor(time.tsc / 2 ** 32), shutdown: () => {}, ferr: () => {},
      random32: () => 4, logs: () => false, log: () => {},
      apic: { readMsr: () => false, writeMsr: () => false, setBase: () => {}, tpr: () => 0, setTpr: () => {}, tscChanged: () => void time.moved++ },
    },
  });
  cpu.reset();
  const out = { lo: 0, hi: 0 };
  const read = (index: number): number => (readMsr(cpu, index, out), (out.hi >>> 0) * 2 ** 32 + (out.lo >>> 0));
  const write = (index: number, value: number): void => writeMsr(cpu, index, value % 2 ** 32 | 0, Math.floor(value / 2 ** 32));
  return { cpu, time, read, write };
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
