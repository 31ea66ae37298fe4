/** Packs an image (an argument, or one made up here), serves it from this machine, reads it back over HTTP in order and at random,
 *  and says what that cost. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ChunkedPack, HttpSource } from '@emu/fs-pack';
import { chunkFiles, inflateZlib } from '@emu/fs-pack/node';
import { PackServer } from '../src/testing/pack-server.ts';

const MIB = 2 ** 20;
const directory = mkdtempSync(join(tmpdir(), 'fs-pack-play-'));
const madeUp = join(directory, 'image');
const image = process.argv[2] ?? madeUp;
if (image === madeUp) {
  const text = Buffer.alloc(24 * MIB);
  for (let i = 0, x = 1; i < text.length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    text[i] = 97 + (x >>> 29);
  }
  writeFileSync(madeUp, Buffer.concat([text, Buffer.alloc(200 * MIB), text.subarray(MIB)]));
}

const start = performance.now();
const { imageBytes, storedBytes, manifest } = await chunkFiles({ files: [image], output: join(directory, 'pack') });
console.log(`packed ${(imageBytes / MIB).toFixed(1)} MiB into ${manifest.chunks.length} chunks, ${(storedBytes / MIB).toFixed(1)} MiB, ` +
  `in ${((performance.now() - start) / 1000).toFixed(1)} s`);

const server = await PackServer.start(join(directory, 'pack'));
for (const order of ['in order', 'at random'] as const) {
  const pack = await ChunkedPack.open({ source: new HttpSource(server.url), inflate: inflateZlib });
  const disk = pack.files.open(basename(image));
  const piece = new Uint8Array(4096);
  const [began, reads] = [performance.now(), 4000];
  for (let i = 0; i < reads; i++) {
    const at = order === 'in order' ? i * piece.length : Math.floor(Math.random() * (disk.size / piece.length)) * piece.length;
    if (at + piece.length <= disk.size && !disk.readSync(at, piece)) await disk.read(at, piece);
  }
  const { fetchedChunks, fetchedBytes } = pack.stats;
  console.log(`${reads} reads of 4 KiB ${order}: ${(performance.now() - began).toFixed(0)} ms, ${fetchedChunks} requests, ${(fetchedBytes / MIB).toFixed(2)} MiB`);
  pack.close();
}
await server.stop();
rmSync(directory, { recursive: true });
