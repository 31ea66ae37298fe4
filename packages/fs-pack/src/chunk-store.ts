/** Chunks on demand: memory, then cache, then source; verified on the way in; at most one request for each chunk. */
import type { ChunkCache } from './chunk-cache.ts';
import { MemoryChunks } from './chunk-cache.ts';
import type { ChunkSource } from './chunk-source.ts';
import { messageOf, PackError } from './errors.ts';
import { inflateRaw, type Inflate } from './inflate.ts';
import { chunkName, type ManifestChunk } from './manifest.ts';
import { sha256 } from './sha256.ts';

export interface ChunkStoreOptions {
  readonly source: ChunkSource;
  /** Keeps stored chunks between visits. */
  readonly cache?: ChunkCache;
  /** Contents held in memory, in bytes; default 32 MiB. */
  readonly memoryBytes?: number;
  /** Requests to the source at the same time, read-ahead included; default 6, what browsers allow to one HTTP/1.1 host. */
  readonly parallel?: number;
  readonly inflate?: Inflate;
  /** Something in `stats` changed. */
  readonly onActivity?: (stats: ChunkStats) => void;
}

/** Counters since the pack was opened, for a status bar. Bytes are stored bytes. */
export interface ChunkStats {
  fetchedChunks: number;
  fetchedBytes: number;
  cachedChunks: number;
  /** Chunks that had the wrong hash and were fetched again. */
  corruptChunks: number;
  /** Requests under way. */
  active: number;
}

/** Wrong contents are fetched this often in all, past every cache, before the pack counts as corrupt. */
const FETCHES_OF_WRONG_CHUNK = 3;

export class ChunkStore {
  readonly stats: ChunkStats = { fetchedChunks: 0, fetchedBytes: 0, cachedChunks: 0, corruptChunks: 0, active: 0 };
  readonly #chunks: readonly ManifestChunk[];
  readonly #options: ChunkStoreOptions;
  readonly #memory: MemoryChunks;
  readonly #loading = new Map<number, Promise<Uint8Array>>();
  readonly #abort = new AbortController();
  readonly #parallel: number;
  /** Who waits for a free request; demand is served before read-ahead. */
  readonly #demand: (() => void)[] = [];
  readonly #ahead: (() => void)[] = [];
  #slots: number;

  constructor(chunks: readonly ManifestChunk[], options: ChunkStoreOptions) {
    this.#chunks = chunks;
    this.#options = options;
    this.#memory = new MemoryChunks(options.memoryBytes ?? 32 * 2 ** 20);
    this.#parallel = options.parallel ?? 6;
    this.#slots = this.#parallel;
  }

  /** Contents that are in memory. */
  peek(id: number): Uint8Array | undefined {
    return this.#memory.get(id);
  }

  /** The contents of chunk `id`. Rejects with `PackError`: `network`, `missing`, `corrupt`, `closed`. */
  get(id: number): Promise<Uint8Array> {
    const chunk = this.#memory.get(id);
    return chunk ? Promise.resolve(chunk) : this.#load(id, this.#demand);
  }

  /** Starts loading a chunk that will probably be wanted; failures show when it is. False if there is enough to do already. */
  readAhead(id: number): boolean {
    if (this.#memory.has(id) || this.#loading.has(id)) return true;
    if (this.#loading.size >= 2 * this.#parallel) return false;
    this.#load(id, this.#ahead).catch(() => {});
    return true;
  }

  /** Aborts what is under way. Later calls are refused. */
  close(): void {
    this.#abort.abort();
    this.#memory.clear();
    for (const start of [...this.#demand.splice(0), ...this.#ahead.splice(0)]) start();
  }

  #load(id: number, line: (() => void)[]): Promise<Uint8Array> {
    const running = this.#loading.get(id);
    if (running) return running;
    const loading = this.#obtain(id, line).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    return loading;
  }

  async #obtain(id: number, line: (() => void)[]): Promise<Uint8Array> {
    const [hash] = this.#chunks[id]!;
    await this.#takeSlot(line);
    this.#activity(1);
    try {
      if (this.#abort.signal.aborted) throw new PackError('closed', 'the pack was closed; open it again');
      const contents = (await this.#fromCache(id)) ?? (await this.#fromSource(id));
      if (!this.#abort.signal.aborted) this.#memory.put(id, contents);
      return contents;
    } catch (error) {
      if (error instanceof PackError) throw error;
      throw new PackError('network', `chunk ${hash} could not be loaded`, { cause: error });
    } finally {
      this.#activity(-1);
      this.#giveSlot();
    }
  }

  async #fromCache(id: number): Promise<Uint8Array | undefined> {
    const { cache } = this.#options;
    const [hash] = this.#chunks[id]!;
    const stored = await cache?.get(hash).catch(() => undefined);
    if (!stored) return undefined;
    try {
      const contents = await this.#unpack(id, stored);
      this.stats.cachedChunks++;
      return contents;
    } catch {
      this.stats.corruptChunks++;
      await cache!.delete(hash).catch(() => {});
      return undefined;
    }
  }

  async #fromSource(id: number): Promise<Uint8Array> {
    const [hash] = this.#chunks[id]!;
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#options.source.fetch(chunkName(hash), { fresh: attempt > 1, signal: this.#abort.signal });
      this.stats.fetchedChunks++;
      this.stats.fetchedBytes += stored.length;
      try {
        const contents = await this.#unpack(id, stored);
        // Nobody waits for the cache, and one that is full or blocked only costs time later.
        void this.#options.cache?.put(hash, stored).catch(() => {});
        return contents;
      } catch (error) {
        this.stats.corruptChunks++;
        if (attempt >= FETCHES_OF_WRONG_CHUNK) throw error;
      }
    }
  }

  /** Inflates and verifies. */
  async #unpack(id: number, stored: Uint8Array): Promise<Uint8Array> {
    const [hash, storedBytes, bytes] = this.#chunks[id]!;
    const name = chunkName(hash);
    if (stored.length !== storedBytes) {
      throw new PackError('corrupt', `${name} has ${stored.length} bytes and should have ${storedBytes}; upload the pack again`);
    }
    const inflate = this.#options.inflate ?? inflateRaw;
    const contents = storedBytes === bytes ? stored : await inflate(stored, bytes).catch((error: unknown) => {
      throw new PackError('corrupt', `${name}: ${messageOf(error)}; upload the pack again`, { cause: error });
    });
    const found = await sha256(contents);
    if (found === hash) return contents;
    throw new PackError('corrupt', `${name} has contents with the hash ${found}; upload the pack again`);
  }

  async #takeSlot(line: (() => void)[]): Promise<void> {
    if (this.#slots > 0) {
      this.#slots--;
      return;
    }
    await new Promise<void>((resolve) => line.push(resolve));
  }

  /** Hands the slot to whoever waits, or keeps it. */
  #giveSlot(): void {
    const next = this.#demand.shift() ?? this.#ahead.shift();
    if (next) next();
    else this.#slots++;
  }

  #activity(change: number): void {
    this.stats.active += change;
    this.#options.onActivity?.(this.stats);
  }
}
