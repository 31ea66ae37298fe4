/**
 * Every row and many random byte strings against iced-x86. At length, with fresh bytes:
 * `ICED_STRINGS=10000000 ICED_SEED=$RANDOM vitest run --config tools/dev/vitest.config.ts packages/x86/src/decode/iced.test.ts`.
 */
import { describe, expect, it } from 'vitest';
import { forEachCell, IcedComparison, Random, randomInstruction } from './iced.fixture.ts';
import type { Mode } from './insn.ts';
import { ALL_ROWS } from './tables.ts';

const STRINGS = Number(process.env.ICED_STRINGS ?? 300_000);
const SEED = Number(process.env.ICED_SEED ?? 0x86);
const MODES: readonly Mode[] = [16, 32, 64];
const HOUR = 3_600_000;

describe('against iced-x86', () => {
  it(`${STRINGS} instruction-like strings decode to the same verdict, length, mnemonic and operands (seed ${SEED})`, { timeout: HOUR }, () => {
    const { comparison, differences } = compareRandom(STRINGS, SEED, randomInstruction);
    expect(differences).toEqual([]);
    // Neither all valid nor all invalid: about two thirds of the strings are instructions.
    expect(comparison.invalid / comparison.compared).toBeGreaterThan(0.2);
    expect(comparison.invalid / comparison.compared).toBeLessThan(0.6);
  });

  it(`${STRINGS / 3} strings of uniformly random bytes do so too`, { timeout: HOUR }, () => {
    const { differences } = compareRandom(STRINGS / 3, SEED + 1, (random, bytes) => {
      for (let k = 0; k < bytes.length; k++) bytes[k] = random.next() & 0xff;
    });
    expect(differences).toEqual([]);
  });

  it('every row of the tables is an instruction for iced too, in each register and memory form', { timeout: HOUR }, () => {
    const comparison = new IcedComparison();
    const random = new Random(SEED + 2);
    const differences = new Set<string>();
    forEachCell(new Random(SEED + 3), (bytes) => {
      const why = comparison.compare(bytes, MODES[random.next() % 3]!);
      if (why !== undefined && differences.size < 50) differences.add(why);
    });
    expect([...differences]).toEqual([]);
    expect(ALL_ROWS.filter((r) => !comparison.rows.has(r)).map(String)).toEqual([]);
  });
});

/** Compares `strings` strings that `fill` makes, in all modes in turn. */
function compareRandom(strings: number, seed: number, fill: (random: Random, bytes: Uint8Array) => void) {
  const comparison = new IcedComparison();
  const random = new Random(seed);
  const bytes = new Uint8Array(16);
  const differences = new Set<string>();
  for (let n = 0; n < strings; n++) {
    fill(random, bytes);
    const why = comparison.compare(bytes, MODES[n % 3]!);
    if (why !== undefined && differences.size < 50) differences.add(why);
  }
  return { comparison, differences: [...differences] };
}
