import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CACHE_MODES, FileBlock } from './block-file.ts';

let dir: string;
beforeAll(() => { dir = mkdtempSync(join(tmpdir(), 'block-file-')); });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const image = (name: string, length: number, value = 0x5a) => {
  const path = join(dir, name);
  writeFileSync(path, new Uint8Array(length).fill(value));
  return path;
};

test.each(CACHE_MODES)('cache=%s reads and writes the file by both paths', async (cache) => {
  const path = image(`cache-${cache}`, 8192);
  const disk = await FileBlock.open(path, { cache });
  const durable = cache === 'writethrough' || cache === 'directsync';
  expect(disk.writeThrough).toBe(durable);
  expect(disk.size).toBe(8192);
  expect(disk.writeSync(512, new Uint8Array(512).fill(1))).toBe(!durable);
  await disk.write(1024, new Uint8Array(512).fill(2));
  await disk.writeZeroes(2048, 1024);
  await disk.flush();
  const sync = new Uint8Array(4096);
  expect(disk.readSync(0, sync)).toBe(true);
  const later = new Uint8Array(4096);
  await disk.read(0, later);
  expect(later).toEqual(sync);
  expect([sync[0], sync[512], sync[1024], sync[2047], sync[2048], sync[3072]]).toEqual([0x5a, durable ? 0x5a : 1, 2, 0x5a, 0, 0x5a]);
  await disk.close();
  expect(new Uint8Array(readFileSync(path)).subarray(0, 4096)).toEqual(sync);
});

test('flush is skipped only where there is nothing to flush', async () => {
  const path = image('flush', 512);
  for (const [options, done] of [[{ cache: 'unsafe' }, true], [{ readonly: true }, true], [{}, false], [{ cache: 'none' }, false]] as const) {
    const disk = await FileBlock.open(path, options);
    expect(disk.flushSync()).toBe(done);
    await disk.close();
  }
});

test('a size that is no multiple of 512 is rounded up and the tail reads as zeros, as QEMU does for raw images', async () => {
  const disk = await FileBlock.open(image('odd', 1000), { readonly: true });
  expect(disk.size).toBe(1024);
  const into = new Uint8Array(512).fill(9);
  disk.readSync(512, into);
  expect([into[487], into[488], into[511]]).toEqual([0x5a, 0, 0]);
  await disk.close();
});

test('a file that shrinks gives I/O errors for what is gone, never zeros, and is not grown by a write', async () => {
  const path = image('shrinks', 8192);
  const disk = await FileBlock.open(path);
  truncateSync(path, 1000);
  expect(disk.readSync(0, new Uint8Array(512))).toBe(true);
  expect(() => disk.readSync(512, new Uint8Array(1024))).toThrow(/ends at byte 1000 but had 8192 bytes/);
  await expect(disk.read(4096, new Uint8Array(512))).rejects.toMatchObject({ reason: 'io' });
  await expect(disk.write(4096, new Uint8Array(512))).rejects.toMatchObject({ reason: 'io' });
  expect(() => disk.writeSync(4096, new Uint8Array(512))).toThrow('ends at byte 1000');
  expect(statSync(path).size).toBe(1000);
  await disk.close();
});

test('a file that disappears stays usable while it is open, as on any POSIX host', async () => {
  const path = image('gone', 1024);
  const disk = await FileBlock.open(path);
  rmSync(path);
  const into = new Uint8Array(512);
  expect(disk.readSync(0, into)).toBe(true);
  expect(into[0]).toBe(0x5a);
  await disk.close();
});

test('a missing file, a directory and a device are refused with what to do', async () => {
  const missing = join(dir, 'missing.img');
  await expect(FileBlock.open(missing)).rejects.toMatchObject({
    reason: 'open', message: `could not open '${missing}': there is no such file; check the path`,
  });
  await expect(FileBlock.open(dir)).rejects.toThrow('it is a directory');
  await expect(FileBlock.open('/dev/null')).rejects.toThrow('not a regular file');
});

test('readonly opens a file that cannot be written, and refuses writes', async () => {
  const path = image('readonly', 512);
  const disk = await FileBlock.open(path, { readonly: true });
  await expect(disk.write(0, new Uint8Array(512))).rejects.toMatchObject({ reason: 'readonly' });
  await disk.close();
  await disk.close();
  await expect(disk.read(0, new Uint8Array(1))).rejects.toMatchObject({ reason: 'closed' });
});

test('an offset beyond 4 GiB reaches the right place of a sparse file', async () => {
  const path = join(dir, 'sparse');
  writeFileSync(path, '');
  truncateSync(path, 6 * 2 ** 30);
  const disk = await FileBlock.open(path);
  disk.writeSync(5 * 2 ** 30 + 512, new Uint8Array([1, 2, 3, 4]));
  await disk.write(5 * 2 ** 30, new Uint8Array([5]));
  const into = new Uint8Array(516);
  await disk.read(5 * 2 ** 30, into);
  expect([into[0], ...into.subarray(512)]).toEqual([5, 1, 2, 3, 4]);
  await disk.close();
});
