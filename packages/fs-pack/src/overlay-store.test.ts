import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileStore } from './node-file-store.ts';
import { openOpfsOverlay, resetOpfsOverlay, type OpfsDirectory } from './opfs.ts';
import { OverlayStore, type SyncFile } from './overlay-store.ts';
import { BytesFile } from './pack-fs.ts';

let dir: string;
beforeAll(() => { dir = mkdtempSync(join(tmpdir(), 'overlay-')); });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A file in memory that can lose what was not flushed, and run full. */
class MemoryFile implements SyncFile {
  bytes = new Uint8Array(0);
  durable = new Uint8Array(0);
  limit = Infinity;
  closed = false;

  read(into: Uint8Array, { at }: { at: number }) {
    const piece = this.bytes.subarray(at, at + into.length);
    into.set(piece);
    return piece.length;
  }
  write(from: Uint8Array, { at }: { at: number }) {
    const count = Math.max(0, Math.min(from.length, this.limit - at));
    if (at + count > this.bytes.length) this.truncate(at + count);
    this.bytes.set(from.subarray(0, count), at);
    return count;
  }
  truncate(size: number) {
    const next = new Uint8Array(size);
    next.set(this.bytes.subarray(0, size));
    this.bytes = next;
  }
  getSize() { return this.bytes.length; }
  flush() { this.durable = this.bytes.slice(); }
  close() { this.closed = true; }
}

const SIZE = 64 * 1024 * 3 + 512 + 100;
const pattern = () => Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
const base = () => new BytesFile('disk', pattern());
const options = { baseId: 'test' };
const contents = async (disk: OverlayStore) => {
  const all = new Uint8Array(disk.size);
  await disk.read(0, all);
  return Buffer.from(all);
};

test('writes survive closing and opening, and never touch the base', async () => {
  const path = join(dir, 'survive');
  const below = base();
  const first = new OverlayStore(new FileStore(path), below, options);
  expect(first.writeSync(512, new Uint8Array(1024).fill(1))).toBe(true);
  await first.write(70_000, Uint8Array.of(2, 3));
  await first.writeZeroes(131_072, 65_536);
  await first.close();
  await first.close();
  const expected = pattern();
  expected.fill(1, 512, 1536);
  expected.set([2, 3], 70_000);
  expected.fill(0, 131_072, 196_608);
  const second = new OverlayStore(new FileStore(path), below, options);
  expect((await contents(second)).equals(expected)).toBe(true);
  expect(second.usedBytes).toBe(2 * 65_536); // the zeroed cluster takes no storage
  second.reset();
  expect((await contents(second)).equals(pattern())).toBe(true);
  await second.close();
  expect(await below.bytes()).toEqual(pattern());
});

test('any history, with reopening in between, equals the same history on a plain disk', async () => {
  const range = fc.tuple(fc.nat(SIZE), fc.oneof(fc.nat(2000), fc.nat(140_000)), fc.boolean()).map(([offset, length, align]) => {
    const start = align ? offset - (offset % 512) : offset;
    return [start, Math.min(align ? length - (length % 512) : length, SIZE - start)] as const;
  });
  const step = fc.record({ kind: fc.constantFrom('write', 'zero', 'read', 'writeSync', 'reopen', 'reset'), range, value: fc.nat(255) });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
    const file = new MemoryFile();
    let model = pattern();
    let disk = new OverlayStore(file, base(), options);
    for (const { kind, range: [offset, length], value } of steps) {
      const data = new Uint8Array(length).fill(value);
      if (kind === 'write') { await disk.write(offset, data); model.set(data, offset); }
      else if (kind === 'writeSync') { if (disk.writeSync(offset, data)) model.set(data, offset); }
      else if (kind === 'zero') { await disk.writeZeroes(offset, length); model.fill(0, offset, offset + length); }
      else if (kind === 'read') { await disk.read(offset, data); expect(Buffer.compare(data, model.subarray(offset, offset + length))).toBe(0); }
      else if (kind === 'reset') { disk.reset(); model = pattern(); }
      else { await disk.close(); disk = new OverlayStore(file, base(), options); }
    }
    expect((await contents(disk)).equals(model)).toBe(true);
  }), { numRuns: 60 });
});

test('a crash loses only what was not flushed, also when it hits between the two halves of a flush', async () => {
  for (const crashAfterFlushes of [1, 2, 3, 4, 5]) {
    const file = new MemoryFile();
    let flushes = 0;
    const states: Uint8Array[] = [];
    const { flush } = MemoryFile.prototype;
    file.flush = () => { flush.call(file); if (++flushes === crashAfterFlushes) states.push(file.durable); };
    const disk = new OverlayStore(file, base(), options); // flush 1
    disk.writeSync(0, new Uint8Array(512).fill(1));
    disk.flushSync(); // 2 and 3
    disk.writeSync(0, new Uint8Array(512).fill(2));
    disk.writeSync(65_536, new Uint8Array(512).fill(3));
    disk.flushSync(); // 4 and 5
    const after = new MemoryFile();
    after.bytes = states[0]!.slice();
    const recovered = new OverlayStore(after, base(), options);
    const all = await contents(recovered);
    const [first, second] = [all[0], all[65_536]];
    if (crashAfterFlushes >= 3) expect([1, 2]).toContain(first);
    if (crashAfterFlushes === 5) expect([first, second]).toEqual([2, 3]);
    else expect(second).toBe(pattern()[65_536]);
    // The space of the lost cluster is used again, without its old contents showing through.
    recovered.writeSync(131_072, new Uint8Array(512).fill(9));
    const expected = pattern();
    expect((await contents(recovered)).subarray(131_584).equals(expected.subarray(131_584))).toBe(true);
  }
});

test('an overlay of another disk, of another size, or no overlay at all is refused, and the file is let go', () => {
  const file = new MemoryFile();
  new OverlayStore(file, base(), options).flushSync();
  for (const [below, baseId, reason] of [[base(), 'other', 'base'], [new BytesFile('d', new Uint8Array(512)), 'test', 'base']] as const) {
    file.closed = false;
    expect(() => new OverlayStore(file, below, { baseId })).toThrow(expect.objectContaining({ reason }));
    expect(file.closed).toBe(true);
  }
  const garbage = new MemoryFile();
  garbage.bytes = new Uint8Array(10_000).fill(0x5a);
  expect(() => new OverlayStore(garbage, base(), options)).toThrow(expect.objectContaining({ reason: 'format' }));
  const short = new MemoryFile();
  short.bytes = file.bytes.slice(0, 4100);
  expect(() => new OverlayStore(short, base(), options)).toThrow(/ends at byte|impossible/);
});

test('damaged records are refused or harmless', async () => {
  const file = new MemoryFile();
  const disk = new OverlayStore(file, base(), options);
  disk.writeSync(0, new Uint8Array(SIZE - (SIZE % 512)).fill(7));
  disk.flushSync();
  for (let i = 0; i < 300; i++) {
    const damaged = new MemoryFile();
    damaged.bytes = file.bytes.slice();
    damaged.bytes[(i * 37) % (4096 + 32 * 4)] = (i * 91) & 0xff;
    try {
      const opened = new OverlayStore(damaged, base(), options);
      await contents(opened);
      opened.writeSync(0, new Uint8Array(512));
    } catch (error) {
      expect(error).toMatchObject({ name: 'PackError' });
    }
  }
});

test('full storage is an I/O error, and what was there before stays readable', async () => {
  const file = new MemoryFile();
  const disk = new OverlayStore(file, base(), options);
  disk.writeSync(0, new Uint8Array(512).fill(1));
  file.limit = file.bytes.length;
  expect(() => disk.writeSync(65_536, new Uint8Array(512))).toThrow(/storage is full/);
  const into = new Uint8Array(512);
  disk.readSync(0, into);
  expect(into[0]).toBe(1);
  file.limit = Infinity;
  disk.writeSync(65_536, new Uint8Array(512).fill(2));
  expect((await contents(disk))[65_536]).toBe(2);
});

test('a large, mostly empty disk costs only what is written', async () => {
  const path = join(dir, 'large');
  const below = { size: 8 * 2 ** 30, readSync: (_o: number, into: Uint8Array) => { into.fill(0); return true; }, read: async () => {} };
  const disk = new OverlayStore(new FileStore(path), below, options);
  disk.writeSync(7 * 2 ** 30, new Uint8Array(512).fill(1));
  await disk.close();
  expect(statSync(path).blocks * 512).toBeLessThan(256 * 1024);
});

describe('in the origin private file system', () => {
  const error = (name: string) => Object.assign(new Error(name), { name });

  /** As the File System standard has it: one sync access handle at a time, and no removal while it is open. */
  class FakeDirectory implements OpfsDirectory {
    readonly files = new Map<string, { file: MemoryFile; open: boolean }>();
    readonly directories = new Map<string, FakeDirectory>();

    async getDirectoryHandle(name: string) {
      const found = this.directories.get(name) ?? new FakeDirectory();
      this.directories.set(name, found);
      return found;
    }
    async getFileHandle(name: string) {
      const entry = this.files.get(name) ?? { file: new MemoryFile(), open: false };
      this.files.set(name, entry);
      return {
        createSyncAccessHandle: async () => {
          if (entry.open) throw error('NoModificationAllowedError');
          entry.open = true;
          entry.file.close = () => { entry.open = false; };
          return entry.file;
        },
      };
    }
    async removeEntry(name: string) {
      const entry = this.files.get(name);
      if (!entry) throw error('NotFoundError');
      if (entry.open) throw error('NoModificationAllowedError');
      this.files.delete(name);
    }
  }

  test('an overlay survives, a second tab is refused while it is open, and reset removes it', async () => {
    const root = new FakeDirectory();
    const open = () => openOpfsOverlay('../my disk', base(), { ...options, root, patienceMs: 100 });
    const first = await open();
    first.writeSync(0, new Uint8Array(512).fill(1));
    await expect(open()).rejects.toMatchObject({ reason: 'locked', message: expect.stringContaining('another tab') });
    await expect(resetOpfsOverlay('../my disk', { root, patienceMs: 100 })).rejects.toMatchObject({ reason: 'locked' });
    await first.close();
    const second = await open();
    expect((await contents(second))[0]).toBe(1);
    await second.close();
    await resetOpfsOverlay('../my disk', { root });
    await resetOpfsOverlay('../my disk', { root });
    const third = await open();
    expect((await contents(third))[0]).toBe(pattern()[0]);
    expect([...root.directories.get('fs-pack-overlays')!.files.keys()]).toEqual(['%2E%2E%2Fmy%20disk.overlay']);
  });

  test('a page that is just going, as in a reload, is waited for', async () => {
    const root = new FakeDirectory();
    const first = await openOpfsOverlay('disk', base(), { ...options, root });
    const opening = openOpfsOverlay('disk', base(), { ...options, root, patienceMs: 60_000 });
    setTimeout(() => void first.close(), 150);
    const second = await opening;
    const resetting = resetOpfsOverlay('disk', { root, patienceMs: 60_000 });
    setTimeout(() => void second.close(), 150);
    await resetting;
    expect(root.directories.get('fs-pack-overlays')!.files.size).toBe(0);
  });

  test('without such a file system, the message says what to do', async () => {
    await expect(openOpfsOverlay('x', base(), options)).rejects.toThrow('use a temporary disk');
  });
});
