import { expect, test } from 'vitest';
import { BlockError } from './block.ts';
import { MemoryBlock, ReadonlyBlock, ZeroBlock } from './block-memory.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

test('a memory disk gives back what was written, by either path', async () => {
  const disk = new MemoryBlock(4096);
  await disk.write(512, filled(512, 7));
  const sync = new Uint8Array(1024);
  expect(disk.readSync(256, sync)).toBe(true);
  expect([...new Set(sync.subarray(0, 256))]).toEqual([0]);
  expect([...new Set(sync.subarray(256, 768))]).toEqual([7]);
  const later = new Uint8Array(1024);
  await disk.read(256, later);
  expect(later).toEqual(sync);
});

test('a memory disk shares its bytes with whoever made it', async () => {
  const bytes = new Uint8Array(1024);
  const disk = new MemoryBlock(bytes);
  disk.writeSync(0, filled(4, 9));
  expect(bytes[3]).toBe(9);
  await disk.writeZeroes(0, 2);
  expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 9, 9, 0]);
});

test.each([[-1, 1], [4096, 1], [4095, 2], [0, 4097], [2 ** 53, 1], [0.5, 1], [Number.NaN, 1]])(
  'a range at %d of %d bytes outside the disk is refused', async (offset, length) => {
    const disk = new MemoryBlock(4096);
    await expect(disk.read(offset, new Uint8Array(length))).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.write(offset, new Uint8Array(length))).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.discard(offset, length)).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.writeZeroes(offset, length)).rejects.toMatchObject({ reason: 'range' });
  },
);

test('read-only disks refuse every way of writing and still read', async () => {
  const bytes = filled(1024, 3);
  for (const disk of [new MemoryBlock(bytes, { readonly: true }), new ReadonlyBlock(new MemoryBlock(bytes))]) {
    expect(disk.readonly).toBe(true);
    await expect(disk.write(0, filled(512, 1))).rejects.toMatchObject({ reason: 'readonly' });
    await expect(disk.writeZeroes(0, 512)).rejects.toMatchObject({ reason: 'readonly' });
    await expect(disk.discard(0, 512)).rejects.toMatchObject({ reason: 'readonly' });
    await disk.flush();
    const into = new Uint8Array(4);
    await disk.read(100, into);
    expect([...into]).toEqual([3, 3, 3, 3]);
  }
  expect(bytes.every((b) => b === 3)).toBe(true);
});

test('closing is idempotent and later use is a clear error', async () => {
  const base = new MemoryBlock(1024);
  const disk = new ReadonlyBlock(base);
  await disk.close();
  await disk.close();
  expect(() => disk.readSync(0, new Uint8Array(1))).toThrow(BlockError);
  await expect(base.write(0, filled(1, 1))).rejects.toMatchObject({ reason: 'closed' });
});

test('a zero disk of 4 TiB costs nothing and reads as zeros to its end', () => {
  const disk = new ZeroBlock(4 * 2 ** 40);
  const into = filled(512, 0xff);
  expect(disk.readSync(disk.size - 512, into)).toBe(true);
  expect(into.every((b) => b === 0)).toBe(true);
  expect(() => disk.readSync(disk.size - 511, into)).toThrow('outside a disk');
});
