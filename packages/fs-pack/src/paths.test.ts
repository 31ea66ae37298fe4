import { expect, test } from 'vitest';
import { PackError } from './errors.ts';
import { checkPackPath, checkPackTree } from './paths.ts';

test.each([
  '', '/', '..', '../x', 'a/../b', '/../etc/passwd', 'a//b', './a', 'a/.', 'a/', '\\', 'a\\..\\b', 'C:\\x', 'a\0b', 'a\nb', '\u007f', 'x'.repeat(5000),
  null, undefined, 7, {},
])('the name %j is refused', (name) => {
  expect(() => checkPackPath(name)).toThrow(PackError);
});

test.each([['a', 'a'], ['/pack/bzImage', 'pack/bzImage'], ['a b/ü.txt', 'a b/ü.txt'], ['..a', '..a'], ['...', '...'], ['@', '@'], ['__proto__', '__proto__']])(
  'the name %j becomes %j', (name, path) => expect(checkPackPath(name)).toBe(path),
);

test('names that cannot be in one tree are refused', () => {
  expect(() => checkPackTree(['a', 'b', 'a'])).toThrow("'a' appears twice");
  expect(() => checkPackTree(['a/b/c', 'a/b'])).toThrow("'a/b' is both a file and a directory");
  expect(() => checkPackTree(['a', 'a/b'])).toThrow('both');
  checkPackTree(['a/b', 'a/c', 'ab', 'a/b2/c']);
});
