/** Random bytes never bring the emulator down, in any mode; `pnpm --filter @emu/tools-vectors fuzz` runs ten million strings of each. */
import { describe, expect, it } from 'vitest';
import { FUZZ_MODES, FuzzTarget } from './fuzz.ts';

const STRINGS = 10_000;

describe.each(FUZZ_MODES)('%s mode', (mode) => {
  it('random strings end in guest faults, HLT or a triple fault', { timeout: 120_000 }, () => {
    expect(new FuzzTarget(mode, 134).run(STRINGS)).toBeGreaterThan(STRINGS / 4);
  });
});
