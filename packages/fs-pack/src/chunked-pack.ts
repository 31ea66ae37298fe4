/** A chunked pack, opened: its files as read-only disks that fetch themselves lazily, with read-ahead. */
import { ChunkStore, type ChunkStats, type ChunkStoreOptions } from './chunk-store.ts';
import { PackError } from './errors.ts';
import { MANIFEST_NAME, parseManifest, ZERO_CHUNK, type Manifest, type ManifestFile } from './manifest.ts';
import { checkRange, PackFs, ReadonlyFile } from './pack-fs.ts';
import { sha256 } from './sha256.ts';

export interface ChunkedPackOptions extends ChunkStoreOptions {
  /** Chunks fetched ahead of a sequential reader, at most; default 8. 0 fetches only what is asked for. */
  readonly readAhead?: number;
}

export class ChunkedPack {
  readonly manifest: Manifest;
  /** Names this very pack: SHA-256 of its manifest. An overlay remembers which base it belongs to by it. */
  readonly id: string;
  readonly files: PackFs;
  readonly #store: ChunkStore;

  private constructor(manifest: Manifest, id: string, options: ChunkedPackOptions) {
    this.manifest = manifest;
    this.id = id;
    this.#store = new ChunkStore(manifest.chunks, options);
    const ahead = options.readAhead ?? 8;
    this.files = new PackFs(manifest.files.map((file) => new ChunkedBlock(file, manifest, this.#store, ahead)));
  }

  /** Fetches and checks the manifest. Rejects with `PackError`. */
  static async open(options: ChunkedPackOptions): Promise<ChunkedPack> {
    const bytes = await options.source.fetch(MANIFEST_NAME);
    const manifest = parseManifest(new TextDecoder().decode(bytes));
    return new ChunkedPack(manifest, await sha256(bytes), options);
  }

  get stats(): Readonly<ChunkStats> {
    return this.#store.stats;
  }

  /** Aborts what is under way; the files refuse further reads. */
  close(): void {
    this.#store.close();
  }
}

/** One file of a chunked pack. Reads wait for the network where they must; `readSync` answers from memory or not at all. */
export class ChunkedBlock extends ReadonlyFile {
  readonly #store: ChunkStore;
  readonly #chunkBytes: number;
  /** Chunk number by position. */
  readonly #chunks: Int32Array;
  readonly #maxAhead: number;
  /** Position after the last chunk read, and how far ahead of it to load: doubles while reading goes on in order. */
  #expected = -1;
  #window = 0;

  constructor(file: ManifestFile, manifest: Manifest, store: ChunkStore, readAhead: number) {
    super(file.path, file.size);
    this.#store = store;
    this.#chunkBytes = manifest.chunkBytes;
    this.#maxAhead = readAhead;
    this.#chunks = new Int32Array(Math.ceil(file.size / manifest.chunkBytes)).fill(ZERO_CHUNK);
    let at = 0;
    for (const [first, count] of file.chunks) {
      if (first !== ZERO_CHUNK) for (let i = 0; i < count; i++) this.#chunks[at + i] = first + i;
      at += count;
    }
  }

  readSync(offset: number, into: Uint8Array): boolean {
    checkRange(this.path, this.size, offset, into.length);
    if (into.length === 0) return true;
    const [first, last] = this.#span(offset, into.length);
    for (let position = first; position <= last; position++) {
      const id = this.#chunks[position]!;
      if (id !== ZERO_CHUNK && !this.#store.peek(id)) return false;
    }
    for (let position = first; position <= last; position++) {
      const id = this.#chunks[position]!;
      this.#copy(position, id === ZERO_CHUNK ? undefined : this.#store.peek(id), offset, into);
    }
    this.#advise(first, last);
    return true;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    checkRange(this.path, this.size, offset, into.length);
    if (into.length === 0) return;
    const [first, last] = this.#span(offset, into.length);
    const lanes = Math.min(last - first, this.#maxAhead) + 1;
    let next = first;
    let failure: PackError | undefined;
    const lane = async (): Promise<void> => {
      while (next <= last && !failure) {
        const position = next++;
        const id = this.#chunks[position]!;
        try {
          this.#copy(position, id === ZERO_CHUNK ? undefined : await this.#store.get(id), offset, into);
        } catch (error) {
          failure ??= this.#failure(position, error);
        }
      }
    };
    const loading = Array.from({ length: lanes }, lane);
    this.#advise(first, last);
    await Promise.all(loading);
    if (failure) throw failure;
  }

  #span(offset: number, length: number): [number, number] {
    return [Math.floor(offset / this.#chunkBytes), Math.floor((offset + length - 1) / this.#chunkBytes)];
  }

  /** Copies what of chunk `position` lies in the range; no contents means zeros. */
  #copy(position: number, contents: Uint8Array | undefined, offset: number, into: Uint8Array): void {
    const start = position * this.#chunkBytes;
    const from = Math.max(offset, start);
    const to = Math.min(offset + into.length, start + this.#chunkBytes);
    if (contents) into.set(contents.subarray(from - start, to - start), from - offset);
    else into.fill(0, from - offset, to - offset);
  }

  /** Reading chunks in order opens the window, a jump closes it. */
  #advise(first: number, last: number): void {
    if (first === this.#expected || first === this.#expected - 1) {
      if (last >= this.#expected) this.#window = Math.min(this.#maxAhead, Math.max(1, 2 * this.#window));
    } else this.#window = 0;
    this.#expected = last + 1;
    for (let position = last + 1; position <= last + this.#window && position < this.#chunks.length; position++) {
      const id = this.#chunks[position]!;
      if (id !== ZERO_CHUNK && !this.#store.readAhead(id)) break;
    }
  }

  #failure(position: number, error: unknown): PackError {
    const where = `bytes ${position * this.#chunkBytes}.. of '${this.path}'`;
    if (error instanceof PackError) return new PackError(error.reason, `${where}: ${error.message}`, { cause: error });
    return new PackError('network', `${where} could not be loaded`, { cause: error });
  }
}
