/** Random bytes never bring the emulator down, in any mode; `pnpm --filter @emu/tools-vectors fuzz` runs ten million strings of each. */
import { describe, expect, it } from 'vitest';
import { ACCELS, ENGINES, type Accel } from './engines.ts';
import { FUZZ_MODES, FuzzTarget } from './fuzz.ts';

const STRINGS: Readonly<Record<Accel, number>> = { tci: 10_000, jit: 1000 };

describe.each(FUZZ_MODES.flatMap((mode) => ACCELS.map((accel) => [mode, accel] as const)))('%s mode on %s', (mode, accel) => {
  it('random strings end in guest faults, HLT or a triple fault', { timeout: 120_000 }, () => {
    expect(new FuzzTarget(mode, 134, ENGINES[accel]).run(STRINGS[accel])).toBeGreaterThan(STRINGS[accel] / 4);
  });
});
