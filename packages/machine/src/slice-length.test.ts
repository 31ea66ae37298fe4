import { expect, it } from 'vitest';
import { SliceLength } from './slice-length.ts';

it('a slow slice shortens the next at once, fast ones lengthen it by and by, and a near timer cuts it', () => {
  const length = new SliceLength();
  for (let i = 0; i < 30; i++) length.ran(100_000, 1);
  expect(length.budget(Infinity)).toBe(200_000);
  expect(length.budget(500_000)).toBe(50_000);
  length.ran(1000, 1);
  expect(length.budget(Infinity)).toBe(2000);
  length.ran(100_000, 1);
  expect(length.budget(Infinity)).toBe(3000);
  expect(length.budget(0)).toBe(1000);
});

it('recovers from slices in which nothing ran, and from ones too short to measure', () => {
  const length = new SliceLength();
  length.ran(0, 5);
  expect(length.budget(Infinity)).toBe(1000);
  for (let i = 0; i < 30; i++) length.ran(length.budget(Infinity), length.budget(Infinity) / 100_000);
  expect(length.budget(Infinity)).toBe(200_000);
});
