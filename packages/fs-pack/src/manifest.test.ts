import { expect, test } from 'vitest';
import { PackError } from './errors.ts';
import { parseManifest } from './manifest.ts';

const HASH = 'a'.repeat(64);
const good = () => ({
  format: 'fs-pack-chunks', version: 1, chunkBytes: 4096,
  chunks: [[HASH, 100, 4096], ['b'.repeat(64), 10, 10]] as unknown[],
  files: [{ path: 'disk', size: 3 * 4096 + 10, chunks: [[0, 1], [-1, 2], [1, 1]] as unknown[] }] as unknown[],
});
const parse = (change: (m: ReturnType<typeof good>) => unknown) => () => {
  const manifest = good();
  const changed = change(manifest);
  return parseManifest(JSON.stringify(changed === undefined || typeof changed !== 'object' ? manifest : changed));
};
const file = (m: ReturnType<typeof good>) => m.files[0] as { path: unknown; size: unknown; chunks: unknown };

test('a good manifest passes as it is', () => {
  expect(parseManifest(JSON.stringify(good()))).toEqual(good());
});

test.each<[string, (m: ReturnType<typeof good>) => unknown, RegExp]>([
  ['another format', (m) => { m.format = 'tar'; }, /format "tar"/],
  ['a newer version', (m) => { m.version = 2; }, /version 2; this program reads version 1/],
  ['odd chunk sizes', (m) => { m.chunkBytes = 5000; }, /chunkBytes 5000/],
  ['huge chunk sizes', (m) => { m.chunkBytes = 2 ** 31; }, /chunkBytes/],
  ['a hash that is a path', (m) => { m.chunks[0] = ['../../../etc/passwd', 1, 4096]; }, /hash "\.\.\//],
  ['an upper-case hash', (m) => { m.chunks[0] = [HASH.toUpperCase(), 1, 4096]; }, /hash/],
  ['a chunk larger than chunks are', (m) => { m.chunks[0] = [HASH, 100, 8192]; }, /8192 bytes/],
  ['a chunk that grows when stored', (m) => { m.chunks[0] = [HASH, 5000, 4096]; }, /stored in 5000/],
  ['a short chunk in the middle', (m) => { m.chunks[0] = [HASH, 100, 4000]; }, /4000 bytes in chunk 0 of 'disk', where 4096 belong/],
  ['a run past the last chunk', (m) => { file(m).chunks = [[1, 4]]; }, /past its last chunk/],
  ['a run of nothing', (m) => { file(m).chunks = [[0, 0]]; }, /run/],
  ['a negative run', (m) => { file(m).chunks = [[-2, 4]]; }, /run/],
  ['too few chunks', (m) => { file(m).chunks = [[0, 1]]; }, /1 chunks for the 12298 bytes/],
  ['a size of petabytes', (m) => { file(m).size = 2 ** 52; file(m).chunks = [[-1, 2 ** 40]]; }, /4503599627370496 bytes/],
  ['a terabyte in tiny chunks', (m) => { file(m).size = 2 ** 43; file(m).chunks = [[-1, 2 ** 31]]; }, /into chunks of only 4096/],
  ['a negative size', (m) => { file(m).size = -1; }, /-1 bytes/],
  ['a size that is no number', (m) => { file(m).size = '12298'; }, /12298 bytes/],
  ['path traversal', (m) => { file(m).path = '../disk'; }, /empty, `\.` or `\.\.` part/],
  ['duplicate names', (m) => { m.files.push(m.files[0]); }, /appears twice/],
  ['no files', (m) => { (m as { files: unknown }).files = 7; }, /no list of files/],
  ['a file that is null', (m) => { m.files[0] = null; }, /null|undefined/],
  ['an array', () => [], /format undefined/],
])('%s: a clear error', (_what, change, message) => {
  expect(parse(change)).toThrow(PackError);
  expect(parse(change)).toThrow(message);
});

test('every truncation of a manifest is an error', () => {
  const text = JSON.stringify(good());
  for (let length = 0; length < text.length; length++) expect(() => parseManifest(text.slice(0, length))).toThrow(PackError);
});
