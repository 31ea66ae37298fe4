/** The floating-point module against a real processor: recorded vectors everywhere, fresh random ones where the host is x86-64. */
import { describe, expect, test } from 'vitest';
import { corpora } from './testing/cases.ts';
import { mismatches, onHardware, onSoft, startStates } from './testing/compare.ts';
import { loadCorpus } from './testing/corpus.ts';
import { hardware } from './testing/hardware.ts';
import { Record, RECORD_BYTES, stAt } from './testing/record.ts';
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

test('FYL2X of a power of two has an exact result that is tiny: it underflows all the same, as this start state did on a processor', () => {
  const fyl2x = corpora['x87']!.find(({ title }) => title === 'fyl2x')!, seed = 252923114, start = startStates(fyl2x, FRESH_VECTORS, seed), end = onSoft(soft, fyl2x, start);
  const at = Array.from({ length: FRESH_VECTORS }, (_, i) => i * RECORD_BYTES).find((offset) => start.getBigUint64(offset + stAt(1), true) === 0x6417df3b4n)!;
  expect(end.getUint16(at + Record.FSW, true).toString(16)).toBe('1832');
});
