/** Whole machines on broken kernels: one clear error, or a guest that fails inside; never an exception of ours, a hang, or memory without bound. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { HostileReport } from './hostile-machines.ts';

const SCRIPT = fileURLToPath(new URL('hostile-machines.ts', import.meta.url));
const MUTATIONS = 2000;
/** A machine takes some 60 ms of CPU time to make and to run. */
const LIMIT_MS = 1_000_000;

test.each([['bzImage', 1], ['elf', 2], ['pvh', 3], ['multiboot', 4], ['initrd', 5]])(`${MUTATIONS} machines with a broken %s`, (kind, seed) => {
  const ran = spawnSync(process.execPath, ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', SCRIPT, kind, String(MUTATIONS), String(seed)],
    { encoding: 'utf8', timeout: LIMIT_MS });
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
  const { outcomes, slowestMs, peakMiB } = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as HostileReport;
  console.log(`${kind}: ${JSON.stringify(outcomes)}, slowest ${slowestMs.toFixed(0)} ms, peak ${peakMiB.toFixed(0)} MiB`);
  expect(outcomes['refused']).toBeGreaterThan(10);
  expect((outcomes['quit'] ?? 0) + (outcomes['reset'] ?? 0) + (outcomes['debug-exit'] ?? 0)).toBeGreaterThan(100);
  expect(slowestMs).toBeLessThan(20_000); // the machine that runs this may be busy; a hang is longer
  expect(peakMiB).toBeLessThan(1024);
});
