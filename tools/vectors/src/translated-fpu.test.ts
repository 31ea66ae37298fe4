/** Floating-point instructions translated, interpreted and compiled, against the recorded results of a processor. */
import { describe, expect, test } from 'vitest';
import { fpuCases, FpuRecord, loadFpuCorpus, mismatches, startStates, type FpuCase } from '@emu/x86/testing';
import { ACCELS, ENGINES } from './engines.ts';
import { TranslatedFpu } from './translated-fpu.ts';

const cpus = { tci: new TranslatedFpu(ENGINES.tci), jit: new TranslatedFpu(ENGINES.jit) };

describe.each(['x87', 'sse'].flatMap((name) => ACCELS.map((accel) => [name, accel] as const)))('%s on %s', (name, accel) => {
  const cpu = cpus[accel];
  const cases = fpuCases[name]!;
  const recorded = loadFpuCorpus(name, cases);
  test.each(cases.map((form, i) => [form.title, i] as const))('%s', (_title, i) => {
    const { start, end } = recorded[i]!;
    expect(mismatches(cases[i]!, start, cpu.run(cases[i]!, start), end).slice(0, 2).join('\n')).toBe('');
  });
});

const SIGFPE = 8;
/** Masks all but ZE. */
const FCW_ZE_UNMASKED = 0x037b;

/** ST(0) = 1 / 0 with ZE unmasked, then `rest`: the signal taken, and AX. */
function afterDivisionByZero(rest: readonly number[]): { signal: number; ax: number } {
  const sequence: FpuCase = { title: 'division by zero', code: [0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, ...rest], fill: () => {}, run: () => {} };
  const start = startStates(sequence, 1, 0);
  start.setUint16(FpuRecord.FCW, FCW_ZE_UNMASKED, true);
  const end = cpus.tci.run(sequence, start);
  return { signal: end.getUint32(FpuRecord.SIGNAL, true), ax: end.getUint16(FpuRecord.RAX, true) };
}

describe('an unmasked exception (SDM Vol. 1, 8.7) waits', () => {
  test('and FNSTSW AX reads it without a fault', () => {
    const { signal, ax } = afterDivisionByZero([0xdf, 0xe0]);
    expect(signal).toBe(0);
    expect((ax & 0x80ff).toString(16)).toBe('8084'); // B, ES, ZE
  });
  test('for the next waiting instruction, which raises #MF', () => expect(afterDivisionByZero([0xd9, 0xe8]).signal).toBe(SIGFPE));
  test('for WAIT, which raises #MF', () => expect(afterDivisionByZero([0x9b]).signal).toBe(SIGFPE));
  test('not once FNCLEX has cleared it', () => expect(afterDivisionByZero([0xdb, 0xe2, 0xd9, 0xe8]).signal).toBe(0));
  test('not once FNINIT has masked it', () => expect(afterDivisionByZero([0xdb, 0xe3, 0xd9, 0xe8]).signal).toBe(0));
});
