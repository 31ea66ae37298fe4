import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runReadme } from '../../../tools/dev/readme.ts';

test('the example in the README prints what the README says', () => {
  const { actual, expected } = runReadme(new URL('..', import.meta.url));
  expect(actual).toBe(expected);
});

test('the playground runs: a guest that echoes, twice over with the same state', () => {
  const run = spawnSync(process.execPath, ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', 'playground/play.ts'], { cwd: new URL('..', import.meta.url), encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toContain('both runs are equal');
});
