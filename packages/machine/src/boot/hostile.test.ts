/** Hostile kernel files: whatever stands in their headers, the loader ends soon with a state to start from or with one clear error. */
import { describe, expect, it } from 'vitest';
import { loadKernel } from './boot.ts';
import { BootError } from './errors.ts';
import { MIB, ramLayout } from './layout.ts';
import { mutate, random } from './mutations.ts';
import { bzImage, elf64, multiboot, SampleMemory } from './samples.ts';

const CODE = new Uint8Array(0x400).fill(0xf4);
const RAM = ramLayout(32 * MIB);
const MUTATIONS = 2000;
const MEMORY = new SampleMemory(RAM.low);

/** Loads, and returns how it went. Anything but a BootError passes through and fails the test. */
function outcome(data: Uint8Array, initrd?: Uint8Array): 'booted' | string {
  try {
    const cpu = loadKernel(MEMORY, RAM, { data, name: 'kernel' }, { append: 'x', rsdp: 0, initrd });
    expect(Number.isSafeInteger(cpu.rip)).toBe(true);
    return 'booted';
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    expect(error.message).toMatch(/^[^\n]{20,300}$/);
    return error.message;
  }
}

describe.each([
  ['bzImage', bzImage(CODE), 0x1f0, 0x270],
  ['ELF64 with a PVH note', elf64(CODE, { pvh: 0x100_0000 }), 0, 0x198],
  ['ELF64', elf64(CODE), 0, 0xb0],
  ['multiboot', multiboot(CODE, { bss: 0x1000 }), 0, 0x24],
] as const)('%s headers', (_, file, from, to) => {
  it(`survive ${MUTATIONS} mutations`, { timeout: 120_000 }, () => {
    const pick = random(0x1234_5678 + to);
    const initrd = new Uint8Array(1000);
    const seen = new Set<string>();
    for (let i = 0; i < MUTATIONS; i++) {
      const whole = mutate(file, from, to, pick);
      seen.add(outcome(whole, initrd).replace(/[0-9]+/g, '#'));
    }
    expect(seen.has('booted')).toBe(true);
    expect(seen.size).toBeGreaterThan(3);
  });
});

describe('initrd sizes', () => {
  it(`of ${MUTATIONS} lengths either fit or are refused by name`, { timeout: 120_000 }, () => {
    const pick = random(99);
    const all = new Uint8Array(40 * MIB);
    let fitted = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const initrd = all.subarray(0, pick(40 * MIB));
      try {
        loadKernel(MEMORY, RAM, { data: bzImage(CODE), name: 'kernel' }, { append: '', rsdp: 0, initrd });
        fitted++;
      } catch (error) {
        expect((error as Error).message).toMatch(/^the initrd of \d+ bytes does not fit/);
        expect(initrd.length).toBeGreaterThan(14 * MIB);
      }
    }
    expect(fitted).toBeGreaterThan(300);
  });
});
