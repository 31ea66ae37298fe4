/** Floating-point instructions translated and interpreted, against the recorded results of a processor. */
import { describe, expect, test } from 'vitest';
import { fpuCases, loadFpuCorpus, mismatches } from '@emu/x86/testing';
import { TranslatedFpu } from './translated-fpu.ts';

const cpu = new TranslatedFpu();

describe.each(['x87'])('%s', (name) => {
  const cases = fpuCases[name]!;
  const recorded = loadFpuCorpus(name, cases);
  test.each(cases.map((form, i) => [form.title, i] as const))('%s', (_title, i) => {
    const { start, end } = recorded[i]!;
    expect(mismatches(cases[i]!, start, cpu.run(cases[i]!, start), end).slice(0, 2).join('\n')).toBe('');
  });
});
