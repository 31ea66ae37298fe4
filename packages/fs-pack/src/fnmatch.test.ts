import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fnmatch } from './fnmatch.ts';

const NAMES = ['a', 'ab', 'a/b', 'pack/sub/x.bin', 'x.bin', '[', '[a', 'a]', '-', '^', '!', '\\', 'a.b', 'A', 'a\nb', 'aa*b', '||', '&&', '~', 'é'];
const PATTERNS = [
  '*', '?', '??', 'a*', '*.bin', 'pack/*', '*/sub', '[ab]', '[!ab]', '[a-c]', '[c-a]', '[!c-a]', '[', '[a', '[]', '[]]', '[!]', '[!]]', '[a]]', '[-]', '[a-]',
  '[^a]', '[\\]', '[[]', 'a.b', '.', 'a?b', '[*]', '[?]', 'aa[*]b', '(a|b)', '[|&~]*', '[!|]', '{a}', '+', '$', '[a-ce-g]', '[!a-ce-g]',
];

test('what the documentation of fnmatch says', () => {
  expect(fnmatch('dir/file.tmp', '*.tmp')).toBe(true);
  expect(fnmatch('dir/file.tmp', '?.tmp')).toBe(false);
  expect(fnmatch('a', '[!b]')).toBe(true);
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

test.skipIf(!hasPython)('agrees with Python on every pattern and name', () => {
  const code = 'import fnmatch, json, sys; n, p = json.load(sys.stdin); print(json.dumps([[fnmatch.fnmatch(x, y) for x in n] for y in p]))';
  const expected = JSON.parse(execFileSync('python3', ['-c', code], { input: JSON.stringify([NAMES, PATTERNS]) }).toString()) as boolean[][];
  const matches = PATTERNS.map((pattern) => NAMES.filter((name) => fnmatch(name, pattern)));
  expect(matches).toEqual(expected.map((row) => NAMES.filter((_, i) => row[i])));
});
