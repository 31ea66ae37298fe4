/** Where fetched chunks stay between two visits. A cache is trusted with nothing: what it returns is verified like a download,
 *  and a cache that fails is a cache that has nothing. */

/** Stored chunks by hash. No method needs to succeed. */
export interface ChunkCache {
  get(hash: string): Promise<Uint8Array | undefined>;
  put(hash: string, stored: Uint8Array): Promise<void>;
  delete(hash: string): Promise<void>;
}

/** Contents of chunks in memory, the least recently used ones dropped: what makes a disk answer at once. */
export class MemoryChunks {
  readonly limitBytes: number;
  readonly #chunks = new Map<number, Uint8Array>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(id: number): boolean {
    return this.#chunks.has(id);
  }

  get(id: number): Uint8Array | undefined {
    const chunk = this.#chunks.get(id);
    if (!chunk) return undefined;
    this.#chunks.delete(id);
    this.#chunks.set(id, chunk);
    return chunk;
  }

  put(id: number, chunk: Uint8Array): void {
    const old = this.#chunks.get(id);
    if (old) this.#bytes -= old.length;
    this.#chunks.delete(id);
    this.#chunks.set(id, chunk);
    this.#bytes += chunk.length;
    for (const [oldest, contents] of this.#chunks) {
      if (this.#bytes <= this.limitBytes || oldest === id) break;
      this.#chunks.delete(oldest);
      this.#bytes -= contents.length;
    }
  }

  clear(): void {
    this.#chunks.clear();
    this.#bytes = 0;
  }
}

/** The part of the browser's Cache API that we use. */
export interface CacheLike {
  match(url: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | undefined>;
  put(url: string, response: Response): Promise<void>;
  delete(url: string): Promise<boolean>;
}

/** Chunks in the Cache API. Chunks of all packs of a site share one cache: their hash is their name. */
export class CacheApiChunks implements ChunkCache {
  readonly #cache: CacheLike;

  constructor(cache: CacheLike) {
    this.#cache = cache;
  }

  /** `undefined` where there is no Cache API: old browsers, and pages that did not come over HTTPS. */
  static async open(name = 'fs-pack'): Promise<CacheApiChunks | undefined> {
    const { caches } = globalThis as { caches?: { open(name: string): Promise<CacheLike> } };
    try {
      return caches ? new CacheApiChunks(await caches.open(name)) : undefined;
    } catch {
      return undefined; // storage is blocked: private window, full disk
    }
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    const response = await this.#cache.match(urlOf(hash));
    return response ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }

  async put(hash: string, stored: Uint8Array): Promise<void> {
    await this.#cache.put(urlOf(hash), new Response(stored as Uint8Array<ArrayBuffer>));
  }

  async delete(hash: string): Promise<void> {
    await this.#cache.delete(urlOf(hash));
  }
}

/** The API wants URLs; `.invalid` never resolves (RFC 2606). */
const urlOf = (hash: string): string => `https://fs-pack.invalid/${hash}`;
