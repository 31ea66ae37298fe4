import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url).pathname;
const run = (file: string) => execFileSync(process.execPath, ['--conditions=@emu/source', file], { cwd: root, encoding: 'utf8' });

test('the README\'s example prints what the README says', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, code, output] = /```ts\n([\s\S]*?)```\n\n```\n([\s\S]*?)```/.exec(readme)!;
  const dir = mkdtempSync(join(root, 'playground', 'readme-'));
  try {
    writeFileSync(join(dir, 'example.ts'), code!);
    expect(run(join(dir, 'example.ts'))).toBe(output);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('the playground runs: a 100 Hz timer and an echoed line', () => {
  const output = run(join(root, 'playground', 'play.ts'));
  expect(output.match(/vector 0x20/g)!.length).toBeGreaterThanOrEqual(4);
  expect(output).toContain('vector 0x24\nkey\n');
});
