/** Where stored chunks come from. Over HTTP each chunk is one plain GET: no ranges, no server logic; failures that may pass are
 *  tried again. */
import { messageOf, PackError } from './errors.ts';

/** Gives stored files by their name relative to the manifest. */
export interface ChunkSource {
  /** The whole file, or a `PackError` of reason `network` or `missing`. `fresh` asks past any HTTP cache. */
  fetch(name: string, options?: { readonly fresh?: boolean; readonly signal?: AbortSignal }): Promise<Uint8Array>;
}

export interface HttpSourceOptions {
  /** Default the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** How often a request is made before it is given up; default 6. */
  readonly attempts?: number;
  /** Pause before the second attempt in ms, doubled each time up to 8 s; default 250. */
  readonly retryMs?: number;
  /** A request that makes no progress for this long in ms counts as failed; default 20,000. */
  readonly stallMs?: number;
  /** Hears of each attempt that failed and is made again. */
  readonly onRetry?: (url: string, attempt: number, error: PackError) => void;
}

const MAX_PAUSE_MS = 8000;
/** Responses of a server or proxy that is busy or broken for the moment. */
const isPassing = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

/** A pack on a web server. `base` is the URL of the directory that holds the manifest. */
export class HttpSource implements ChunkSource {
  readonly base: string;
  readonly #options: HttpSourceOptions;

  constructor(base: string, options: HttpSourceOptions = {}) {
    this.base = base.endsWith('/') ? base : `${base}/`;
    this.#options = options;
  }

  async fetch(name: string, { fresh = false, signal }: { readonly fresh?: boolean; readonly signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const url = this.base + name.split('/').map(encodeURIComponent).join('/');
    const { attempts = 6, retryMs = 250, onRetry } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(url, fresh || attempt > 1, signal);
      } catch (error) {
        if (signal?.aborted) throw new PackError('closed', `${url} was not fetched: the pack was closed`, { cause: error });
        const failure = error instanceof PackError ? error : new PackError('network', `${url}: ${messageOf(error)}`, { cause: error });
        if (failure.reason === 'missing') throw failure;
        if (attempt >= attempts) {
          throw new PackError('network', `${failure.message}; gave up after ${attempts} attempts, check the connection`, { cause: failure });
        }
        onRetry?.(url, attempt, failure);
        await pause(Math.min(MAX_PAUSE_MS, retryMs * 2 ** (attempt - 1)), signal);
      }
    }
  }

  async #once(url: string, fresh: boolean, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { stallMs = 20_000 } = this.#options;
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal?.addEventListener('abort', abort);
    let timer = setTimeout(abort, stallMs);
    try {
      const get = this.#options.fetch ?? globalThis.fetch;
      const response = await get(url, { signal: controller.signal, ...(fresh ? { cache: 'reload' as const } : {}) });
      if (!response.ok) {
        const reason = isPassing(response.status) ? 'network' : 'missing';
        const answer = `${url}: the server answered ${response.status} ${response.statusText}`.trimEnd();
        throw new PackError(reason, reason === 'missing' ? `${answer}; upload it, or check its name` : answer);
      }
      return await collect(response, () => {
        clearTimeout(timer);
        timer = setTimeout(abort, stallMs);
      });
    } catch (error) {
      if (controller.signal.aborted && !signal?.aborted) throw new PackError('network', `${url}: no data for ${stallMs} ms`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}

/** The whole body, with a call for each piece that arrives. */
async function collect(response: Response, progress: () => void): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    progress();
    pieces.push(value);
    total += value.length;
  }
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
