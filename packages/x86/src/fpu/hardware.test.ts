/** The floating-point module against a real processor: recorded vectors everywhere, fresh random ones where the host is x86-64. */
import { describe, expect, test } from 'vitest';
import { corpora } from './testing/cases.ts';
import { mismatches, onHardware, onSoft, startStates } from './testing/compare.ts';
import { loadCorpus } from './testing/corpus.ts';
import { hardware } from './testing/hardware.ts';
import { SoftFpu } from './testing/soft-fpu.ts';

const soft = new SoftFpu();
const FRESH_VECTORS = 400;

describe.each(Object.entries(corpora))('%s', (name, cases) => {
  test('every form gives the recorded result of the processor', () => {
    const recorded = loadCorpus(name, cases);
    const wrong = cases.flatMap((form, i) => {
      const { start, end } = recorded[i]!;
      return mismatches(form, start, onSoft(soft, form, start), end);
    });
    expect(wrong.slice(0, 5).join('\n')).toBe('');
  });

  test('every form gives the result of this processor for fresh random states', (context) => {
    using processor = hardware();
    if (!processor) return context.skip();
    const seed = Date.now() >>> 0;
    const starts = cases.map((form) => startStates(form, FRESH_VECTORS, seed));
    const ends = onHardware(processor, cases, starts);
    const wrong = cases.flatMap((form, i) => mismatches(form, starts[i]!, onSoft(soft, form, starts[i]!), ends[i]!));
    expect(wrong.slice(0, 5).join('\n'), `seed ${seed}`).toBe('');
  });
});
