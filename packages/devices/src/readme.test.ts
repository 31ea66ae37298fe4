import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runReadme } from '../../../tools/dev/readme.ts';

test('the example in the README prints what the README says', () => {
  const { expected, actual } = runReadme(new URL('..', import.meta.url));
  expect(actual).toBe(expected);
});

test('the playground runs: a 100 Hz timer and an echoed line', () => {
  const play = fileURLToPath(new URL('../playground/play.ts', import.meta.url));
  const output = execFileSync(process.execPath, ['--conditions=@emu/source', play], { encoding: 'utf8' });
  expect(output.match(/vector 0x20/g)!.length).toBeGreaterThanOrEqual(4);
  expect(output).toContain('vector 0x24\nkey\n');
});
