import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockError, type BlockBackend } from './block.ts';
import { MemoryBlock, ZeroBlock } from './block-memory.ts';
import { OverlayBlock } from './block-overlay.ts';

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

/** A base that can only be read after a turn of the event loop, as a file over HTTP is. */
class SlowBlock extends MemoryBlock {
  reads = 0;
  fail = false;

  override readSync(): boolean {
    return false;
  }

  override async read(offset: number, into: Uint8Array): Promise<void> {
    this.reads++;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.fail) throw new TypeError('network down');
    into.set(this.bytes.subarray(offset, offset + into.length));
  }
}

const contents = async (disk: BlockBackend): Promise<Uint8Array> => {
  const all = new Uint8Array(disk.size);
  await disk.read(0, all);
  return all;
};

test('the base never changes and the overlay shows the writes', async () => {
  const bytes = pattern(200_000);
  const disk = new OverlayBlock(new MemoryBlock(bytes.slice(), { readonly: true }));
  expect(disk.writeSync(512, new Uint8Array(1024).fill(0xaa))).toBe(true);
  const expected = bytes.slice();
  expected.fill(0xaa, 512, 1536);
  expect(await contents(disk)).toEqual(expected);
  disk.discardAll();
  expect(await contents(disk)).toEqual(bytes);
});

test('any history of reads and writes, aligned or not, equals the same history on a plain disk', async () => {
  const size = 64 * 1024 * 3 + 512 * 3 + 100;
  const range = fc.tuple(fc.nat(size), fc.oneof(fc.nat(2000), fc.nat(140_000)), fc.boolean()).map(([offset, length, align]) => {
    const start = align ? offset - (offset % 512) : offset;
    return [start, Math.min(align ? length - (length % 512) : length, size - start)] as const;
  });
  const step = fc.record({ kind: fc.constantFrom('write', 'zero', 'read', 'writeSync', 'readSync'), range, value: fc.nat(255) });
  await fc.assert(fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 20 }), async (slow, steps) => {
    const model = pattern(size);
    const disk = new OverlayBlock(slow ? new SlowBlock(pattern(size)) : new MemoryBlock(pattern(size)));
    for (const { kind, range: [offset, length], value } of steps) {
      const data = new Uint8Array(length).fill(value);
      if (kind === 'write') { await disk.write(offset, data); model.set(data, offset); }
      else if (kind === 'writeSync') { if (disk.writeSync(offset, data)) model.set(data, offset); }
      else if (kind === 'zero') { await disk.writeZeroes(offset, length); model.fill(0, offset, offset + length); }
      else if (kind === 'read') { await disk.read(offset, data); expect(data).toEqual(model.slice(offset, offset + length)); }
      else if (disk.readSync(offset, data)) expect(data).toEqual(model.slice(offset, offset + length));
    }
    expect(await contents(disk)).toEqual(model);
  }), { numRuns: 40 });
});

test('sector writes never wait for the base, and sectors that are held never ask it', async () => {
  const base = new SlowBlock(pattern(64 * 1024));
  const disk = new OverlayBlock(base);
  expect(disk.writeSync(1024, new Uint8Array(512).fill(1))).toBe(true);
  const held = new Uint8Array(512);
  expect(disk.readSync(1024, held)).toBe(true);
  expect(held[0]).toBe(1);
  expect(disk.readSync(512, new Uint8Array(1024))).toBe(false);
  expect(base.reads).toBe(0);
});

test('a write that lands while the base is being read wins', async () => {
  const disk = new OverlayBlock(new SlowBlock(pattern(4096)));
  const into = new Uint8Array(1024);
  const reading = disk.read(0, into);
  disk.writeSync(512, new Uint8Array(512).fill(0xee));
  await reading;
  expect(into[511]).toBe(pattern(512)[511]);
  expect(into[512]).toBe(0xee);
});

test('a base that fails is a BlockError that keeps the cause, and the overlay stays usable', async () => {
  const base = new SlowBlock(pattern(4096));
  const disk = new OverlayBlock(base);
  base.fail = true;
  const error = await disk.read(0, new Uint8Array(512)).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(BlockError);
  expect(error).toMatchObject({ reason: 'io', message: expect.stringContaining('network down'), cause: expect.any(TypeError) });
  base.fail = false;
  await disk.read(0, new Uint8Array(512));
});

test('zeroed clusters give their memory back', async () => {
  const disk = new OverlayBlock(new ZeroBlock(2 ** 40));
  disk.writeSync(2 ** 39, new Uint8Array(256 * 1024).fill(1));
  expect(disk.allocatedBytes).toBe(256 * 1024);
  await disk.discard(2 ** 39, 128 * 1024);
  expect(disk.allocatedBytes).toBe(128 * 1024);
  const into = new Uint8Array(512).fill(9);
  disk.readSync(2 ** 39, into);
  expect(into.every((b) => b === 0)).toBe(true);
});

test('closing closes the base', async () => {
  const base = new MemoryBlock(512);
  const disk = new OverlayBlock(base);
  await disk.close();
  await disk.close();
  expect(() => base.flushSync()).toThrow('closed');
  expect(() => disk.readSync(0, new Uint8Array(1))).toThrow('closed');
});
