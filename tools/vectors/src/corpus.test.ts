/** The recorded corpus runs on our CPU, whatever the host; where the host is x86-64 with a compiler, a fresh random slice runs against it too. */
import { describe, expect, it } from 'vitest';
import { Corpus, rowCases } from './corpus.ts';
import { EmulatedCpu } from './emulated.ts';
import { canRunNatively, runNatively } from './native.ts';
import { prepare } from './prepare.ts';
import { Input, Output } from './step.ts';
import { cases, inputAt, inputsOf, mismatch, outputAt } from './suite.ts';

/** Differences shown; more would hide the first. */
const SHOWN = 10;
const MINIMUM = { 64: 190_000, 32: 100_000 } as const;
/** One vector in so many is tried afresh. */
const SLICE = 30;

describe.each([64, 32] as const)('%i-bit mode', (mode) => {
  it('ends every recorded vector as the processor did', { timeout: 300_000 }, () => {
    const corpus = Corpus.load(mode), cpu = new EmulatedCpu(), input = new Input(), ours = new Output(), theirs = new Output();
    const failed: string[] = [], notRecorded: string[] = [];
    let vectors = 0;
    for (const row of rowCases(mode)) {
      const next = corpus.outputsOf(row);
      if (!next) {
        notRecorded.push(row.row);
        continue;
      }
      for (const test of row.cases) {
        prepare(input, test.form, test.variant, test.index);
        next(input, theirs);
        const why = mismatch(cpu, test, input, theirs, ours);
        if (why) failed.push(why);
        vectors++;
      }
    }
    expect(notRecorded, 'rows to record: pnpm --filter @emu/tools-vectors record').toEqual([]);
    expect(failed.slice(0, SHOWN), `${failed.length} of ${vectors}`).toEqual([]);
    expect(vectors).toBeGreaterThan(MINIMUM[mode]);
  });

  it.runIf(canRunNatively())('ends fresh random vectors as this processor does', { timeout: 300_000 }, () => {
    const seed = Date.now() | 0, cpu = new EmulatedCpu(), ours = new Output();
    const list = [...cases(mode)].filter((_, k) => (k + seed) % SLICE === 0);
    const inputs = inputsOf(list, seed), outputs = runNatively(inputs);
    const failed = list.map((test, k) => mismatch(cpu, test, inputAt(inputs, k), outputAt(outputs, k), ours)).filter((why) => why !== '');
    expect(failed.slice(0, SHOWN), `${failed.length} of ${list.length} with seed ${seed}`).toEqual([]);
  });
});
