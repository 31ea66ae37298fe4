import { expect, test } from 'vitest';
import { MockClock } from './testing.ts';
import { LinearTsc } from './tsc.ts';

const at = (hz: number, ns: number) => {
  const clock = new MockClock();
  clock.advance(ns);
  return new LinearTsc(clock, hz);
};
const words = (tsc: LinearTsc) => {
  const into = new Uint32Array(2);
  tsc.read(into);
  return (BigInt(into[1]!) << 32n) | BigInt(into[0]!);
};

test('counts exactly over the clock\'s whole range', () => {
  for (const ns of [0, 1, 999_999_999, 3_600_000_000_001, 2 ** 52 + 12345]) {
    expect(words(at(2_300_000_000, ns))).toBe((BigInt(ns) * 23n) / 10n);
    expect(words(at(1_000_000_000, ns))).toBe(BigInt(ns));
  }
});

test('goes on from what was written, with 64 bits that wrap', () => {
  const tsc = at(1_000_000_000, 5_000_000_000);
  for (const [low, high] of [[0, 0], [0xffff_fff0, 0xffff_ffff], [7, 3]] as const) {
    tsc.write(low, high);
    expect(words(tsc)).toBe((BigInt(high) << 32n) | BigInt(low));
  }
});

test('tells the first ns at which a value is reached, and the past as past', () => {
  const tsc = at(2_300_000_000, 1_000_000_000);
  tsc.write(1000, 0);
  const ns = tsc.nsOf(1000 + 2300, 0);
  expect(ns).toBe(1_000_001_000);
  expect(tsc.nsOf(1, 0)).toBeLessThanOrEqual(1_000_000_000);
  expect(tsc.nsOf(0, 0x7000_0000)).toBe(Infinity);
});
