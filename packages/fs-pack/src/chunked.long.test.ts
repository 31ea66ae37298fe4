import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packingPeakKib } from './testing/packing-peak.ts';

test('a 4 GiB image packs in less than 300 MB of memory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'fs-pack-long-'));
  try {
    const peakMb = packingPeakKib(directory, 4 * 2 ** 30) * 1024 / 1e6;
    console.log(`fs-pack chunk: a 4 GiB image took ${peakMb.toFixed(0)} MB of memory at most`);
    expect(peakMb).toBeLessThan(300);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
