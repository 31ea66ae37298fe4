import { expect, test } from 'vitest';
import { bytesText, endText, progressText, rates, speedText, timeText } from './format.ts';

const STATS = {
  instructions: 0, runMs: 0, idleMs: 0, guestMs: 0, diskReadBytes: 0, diskWrittenBytes: 0, downloadedBytes: 0, requestsUnderWay: 0, cachedChunks: 0,
};

test('bytes have two or three digits in the unit that suits', () => {
  expect([0, 999, 1000, 9.5 * 1024, 12_345, 1023 * 1024, 536_870_912, 2 ** 40].map(bytesText))
    .toEqual(['0 B', '999 B', '1.0 KiB', '9.5 KiB', '12 KiB', '1.0 MiB', '512 MiB', '1.0 TiB']);
});

test('time has minutes and seconds, hours where there are any', () => {
  expect([0, 59_999, 61_000, 3_723_000].map(timeText)).toEqual(['0:00', '0:59', '1:01', '1:02:03']);
});

test('speed counts instructions while the guest runs, and a guest that waits is idle', () => {
  const busy = rates(STATS, { ...STATS, instructions: 100_000_000, runMs: 400, idleMs: 100 });
  expect(busy).toMatchObject({ mips: 250, busy: 0.8 });
  expect(speedText(busy)).toBe('250 MIPS');
  expect(speedText(rates(STATS, { ...STATS, instructions: 20_000, runMs: 5, idleMs: 495 }))).toBe('idle');
  expect(speedText(rates(STATS, { ...STATS, instructions: 3_210_000, runMs: 1000 }))).toBe('3.2 MIPS');
});

test('a machine that started anew makes no negative speeds', () => {
  expect(rates({ ...STATS, instructions: 1e9, runMs: 5000 }, { ...STATS, instructions: 1e6, runMs: 100 })).toMatchObject({ mips: 0, busy: 0 });
});

test('progress names the file, and the total where it is known', () => {
  expect(progressText({ label: 'pack/bzImage', loadedBytes: 1_500_000, totalBytes: 14_186_432 })).toBe('Loading pack/bzImage: 1.4 MiB of 14 MiB');
  expect(progressText({ label: 'x', loadedBytes: 10 })).toBe('Loading x: 10 B');
  expect(progressText({ label: 'x', loadedBytes: 0 })).toBe('Loading x');
});

test('each end has its line, and a failure has its own', () => {
  expect(endText({ reason: 'power-off' })).toBe('The guest turned itself off.');
  expect(endText({ reason: 'debug-exit', status: 3 })).toContain('status 3');
  expect(endText({ reason: 'failed', failure: { reason: 'io', message: 'x' } })).toBeUndefined();
});
