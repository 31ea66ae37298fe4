/**
 * The recorded corpus runs on our CPU, whatever the host; where the host is x86-64 with a compiler, a fresh random slice runs against it too. The interpreter
 * runs all of it, the compiler a sample (all of it: corpus.long.test.ts).
 */
import { describe, expect, it } from 'vitest';
import { EmulatedCpu } from './emulated.ts';
import { ENGINES, type Accel } from './engines.ts';
import { canRunNatively, runNatively } from './native.ts';
import { runRecorded } from './recorded.ts';
import { Output } from './step.ts';
import { cases, inputAt, inputsOf, mismatch, outputAt } from './suite.ts';

/** Differences shown; more would hide the first. */
const SHOWN = 10;
/** Vectors that there are at least, and of how many forms one is run: recorded, afresh. */
const MINIMUM = { 64: 190_000, 32: 100_000 } as const;
const EVERY: Readonly<Record<Accel, number>> = { tci: 1, jit: 40 };
const SLICE: Readonly<Record<Accel, number>> = { tci: 30, jit: 400 };

describe.each([[64, 'tci'], [64, 'jit'], [32, 'tci'], [32, 'jit']] as const)('%i-bit mode on %s', (mode, accel) => {
  it('ends recorded vectors as the processor did', { timeout: 300_000 }, () => {
    const { vectors, failed, notRecorded } = runRecorded(mode, ENGINES[accel], EVERY[accel]);
    expect(notRecorded, 'rows to record: pnpm --filter @emu/tools-vectors record').toEqual([]);
    expect(failed.slice(0, SHOWN), `${failed.length} of ${vectors}`).toEqual([]);
    expect(vectors).toBeGreaterThan(MINIMUM[mode] / EVERY[accel] / 2);
    if (EVERY[accel] === 1) expect(vectors).toBeGreaterThan(MINIMUM[mode]);
  });

  it.runIf(canRunNatively())('ends fresh random vectors as this processor does', { timeout: 300_000 }, () => {
    const seed = Date.now() | 0, every = SLICE[accel], cpu = new EmulatedCpu(ENGINES[accel]), ours = new Output();
    const list = [...cases(mode)].filter((_, k) => (k + seed) % every === 0);
    const inputs = inputsOf(list, seed), outputs = runNatively(inputs);
    const failed = list.map((test, k) => mismatch(cpu, test, inputAt(inputs, k), outputAt(outputs, k), ours)).filter((why) => why !== '');
    expect(failed.slice(0, SHOWN), `${failed.length} of ${list.length} with seed ${seed}`).toEqual([]);
  });
});
