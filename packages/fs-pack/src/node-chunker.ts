/** Cuts images into chunked packs. Streams: a few chunks are in memory at a time, however large the image. Running it again over
 *  a changed image writes only the chunks that are new. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { messageOf, PackError } from './errors.ts';
import {
  chunkName, DEFAULT_CHUNK_BYTES, isChunkBytes, MANIFEST_FORMAT, MANIFEST_NAME, MANIFEST_VERSION, MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, ZERO_CHUNK,
  type Manifest, type ManifestChunk, type ManifestFile,
} from './manifest.ts';
import { checkPackPath, checkPackTree } from './paths.ts';

export interface ChunkOptions {
  /** Images: a path, or a path and the name that it gets in the pack (default its last part). */
  readonly files: readonly (string | { readonly source: string; readonly path: string })[];
  /** Directory of the pack; made if missing. */
  readonly output: string;
  /** Power of two from 4 KiB to 16 MiB; default 128 KiB. Small chunks fetch less, large ones compress better. */
  readonly chunkBytes?: number;
  /** Deflate level 0..9; default 9. */
  readonly level?: number;
  /** Chunks compressed at the same time; default 4. */
  readonly parallel?: number;
  /** Removes chunks of an earlier pack that this one does not use. */
  readonly prune?: boolean;
  readonly onProgress?: (progress: { readonly path: string; readonly doneBytes: number; readonly totalBytes: number }) => void;
}

export interface ChunkResult {
  readonly manifest: Manifest;
  /** Bytes of all files together. */
  readonly imageBytes: number;
  /** Bytes of all chunks of the pack as they are stored, and how many were written now. */
  readonly storedBytes: number;
  readonly writtenChunks: number;
}

const deflate = promisify(deflateRaw);
/** Read at a time: far fewer waits than chunks. */
const READ_BYTES = 4 * 1024 * 1024;

class Writer {
  readonly chunks: ManifestChunk[] = [];
  writtenChunks = 0;
  readonly #ids = new Map<string, number>();
  readonly #output: string;
  readonly #level: number;
  readonly #parallel: number;
  readonly #running = new Set<Promise<void>>();
  readonly #directories = new Map<string, Promise<unknown>>();
  #failure: unknown;

  constructor(output: string, level: number, parallel: number) {
    this.#output = output;
    this.#level = level;
    this.#parallel = parallel;
  }

  /** The number of a chunk with these contents; it is on disk after `finish`. */
  async add(contents: Uint8Array): Promise<number> {
    const hash = createHash('sha256').update(contents).digest('hex');
    const known = this.#ids.get(hash);
    if (known !== undefined) return known;
    const id = this.chunks.length;
    this.#ids.set(hash, id);
    this.chunks.push([hash, contents.length, contents.length]);
    while (this.#running.size >= this.#parallel) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure;
    const work: Promise<void> = this.#store(id, hash, contents)
      .catch((error: unknown) => { this.#failure ??= error; })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
    return id;
  }

  async finish(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure;
  }

  async #store(id: number, hash: string, contents: Uint8Array): Promise<void> {
    const packed = await deflate(contents, { level: this.#level });
    const stored = packed.length < contents.length ? packed : contents;
    this.chunks[id] = [hash, stored.length, contents.length];
    const path = join(this.#output, chunkName(hash));
    if ((await stat(path).catch(() => undefined))?.size === stored.length) return;
    await this.#directory(dirname(path));
    await writeFile(`${path}.partial`, stored);
    await rename(`${path}.partial`, path);
    this.writtenChunks++;
  }

  #directory(path: string): Promise<unknown> {
    let made = this.#directories.get(path);
    if (!made) this.#directories.set(path, made = mkdir(path, { recursive: true }));
    return made;
  }
}

/** Rejects with `PackError`. The manifest is written last, so an aborted run leaves an older pack usable. */
export async function chunkFiles(options: ChunkOptions): Promise<ChunkResult> {
  const { output, chunkBytes = DEFAULT_CHUNK_BYTES, level = 9, parallel = 4 } = options;
  if (!isChunkBytes(chunkBytes)) {
    throw new PackError('usage', `chunks of ${chunkBytes} bytes: take a power of two from ${MIN_CHUNK_BYTES} to ${MAX_CHUNK_BYTES}`);
  }
  const inputs = options.files.map((file) => (typeof file === 'string' ? { source: file, path: basename(file) } : file));
  if (inputs.length === 0) throw new PackError('usage', 'nothing to pack: name at least one image');
  checkPackTree(inputs.map(({ path }) => checkPackPath(path)));
  const writer = new Writer(output, level, parallel);
  const files: ManifestFile[] = [];
  try {
    for (const { source, path } of inputs) files.push(await cut(source, checkPackPath(path), chunkBytes, writer, options.onProgress));
    await writer.finish();
    const manifest: Manifest = { format: MANIFEST_FORMAT, version: MANIFEST_VERSION, chunkBytes, chunks: writer.chunks, files };
    await mkdir(output, { recursive: true });
    await writeFile(join(output, `${MANIFEST_NAME}.partial`), `${JSON.stringify(manifest)}\n`);
    await rename(join(output, `${MANIFEST_NAME}.partial`), join(output, MANIFEST_NAME));
    if (options.prune) await prune(output, manifest);
    return {
      manifest,
      imageBytes: files.reduce((sum, file) => sum + file.size, 0),
      storedBytes: writer.chunks.reduce((sum, [, stored]) => sum + stored, 0),
      writtenChunks: writer.writtenChunks,
    };
  } catch (error) {
    if (error instanceof PackError) throw error;
    throw new PackError('io', `the pack in '${output}' could not be written: ${messageOf(error)}`, { cause: error });
  }
}

async function cut(source: string, path: string, chunkBytes: number, writer: Writer, onProgress: ChunkOptions['onProgress']): Promise<ManifestFile> {
  const file = await open(source).catch((error: unknown) => {
    throw new PackError('missing', `'${source}' cannot be read: ${messageOf(error)}`, { cause: error });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new PackError('usage', `'${source}' is not a regular file; name a disk image`);
    const { size } = stats;
    const runs: [number, number][] = [];
    const zeros = new Uint8Array(chunkBytes);
    const buffer = new Uint8Array(Math.max(chunkBytes, READ_BYTES));
    for (let at = 0; at < size; at += buffer.length) {
      const block = buffer.subarray(0, Math.min(buffer.length, size - at));
      await readFully(file, source, at, block);
      for (let from = 0; from < block.length; from += chunkBytes) {
        const contents = block.subarray(from, from + chunkBytes);
        const zero = Buffer.compare(contents, zeros.subarray(0, contents.length)) === 0;
        extend(runs, zero ? ZERO_CHUNK : await writer.add(contents.slice()));
      }
      onProgress?.({ path, doneBytes: at + block.length, totalBytes: size });
    }
    return { path, size, chunks: runs };
  } finally {
    await file.close();
  }
}

/** Adds a chunk to the last run if it continues it. */
function extend(runs: [number, number][], id: number): void {
  const last = runs.at(-1);
  const next = last && (last[0] === ZERO_CHUNK ? ZERO_CHUNK : last[0] + last[1]);
  if (last && id === next) last[1]++;
  else runs.push([id, 1]);
}

async function readFully(file: Awaited<ReturnType<typeof open>>, source: string, offset: number, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0) throw new PackError('io', `'${source}' became shorter while it was read; try again when nobody writes to it`);
    done += bytesRead;
  }
}

/** Removes chunks that the manifest does not name. */
async function prune(output: string, manifest: Manifest): Promise<void> {
  const used = new Set(manifest.chunks.map(([hash]) => hash));
  for (const directory of await readdir(join(output, 'chunks')).catch(() => [])) {
    for (const name of await readdir(join(output, 'chunks', directory))) {
      if (!used.has(name) && /^[0-9a-f]{64}(\.partial)?$/.test(name)) await rm(join(output, 'chunks', directory, name));
    }
  }
}
