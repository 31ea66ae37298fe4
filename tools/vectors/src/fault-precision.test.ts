/** Page faults are precise on both back ends; the compiler runs a sample (all of it: corpus.long.test.ts). */
import { describe, expect, it } from 'vitest';
import { ENGINES, type Accel } from './engines.ts';
import { runFaults } from './fault-precision.ts';

const SHOWN = 10;
const MINIMUM = { 64: 8500, 32: 3400 } as const;
const EVERY: Readonly<Record<Accel, number>> = { tci: 1, jit: 20 };

describe.each([[64, 'tci'], [64, 'jit'], [32, 'tci'], [32, 'jit']] as const)('%i-bit mode on %s', (mode, accel) => {
  it('forms resume after a page fault', { timeout: 120_000 }, () => {
    const { faults, failed } = runFaults(mode, ENGINES[accel], EVERY[accel]);
    expect(failed.slice(0, SHOWN), `${failed.length} of ${faults}`).toEqual([]);
    expect(faults).toBeGreaterThan(EVERY[accel] === 1 ? MINIMUM[mode] : MINIMUM[mode] / EVERY[accel] / 2);
  });
});
