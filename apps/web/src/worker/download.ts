/** Counts what comes over the network, for progress bars and the status bar. */
import { HttpSource } from '@emu/fs-pack';
import type { Progress } from '../protocol.ts';

export interface DownloadEvents {
  onProgress(progress: Progress | null): void;
  /** A request failed and is made again. */
  onTrouble(message: string): void;
}

const PROGRESS_EVERY_MS = 100;

export class Downloads {
  /** Bytes of bodies received since the worker began. */
  bytes = 0;
  /** Requests under way. */
  active = 0;
  readonly #events: DownloadEvents;

  constructor(events: DownloadEvents) {
    this.#events = events;
  }

  /** The directory `url` on a server, with retries; what it brings is counted. */
  source(url: string): HttpSource {
    return new HttpSource(url, {
      fetch: (input, init) => this.#fetch(input, init),
      onRetry: (file, attempt, error) => this.#events.onTrouble(`${error.message || file}; trying again (${attempt})`),
    });
  }

  /** A whole file, with a progress bar. Rejects with `PackError`. */
  async file(url: string, label: string): Promise<Uint8Array> {
    const report = this.progress(label);
    const at = url.lastIndexOf('/') + 1;
    const name = decodeURIComponent(url.slice(at).split(/[?#]/, 1)[0]!);
    const source = new HttpSource(url.slice(0, at), {
      fetch: (input, init) => this.#fetch(input, init, report.to),
      onRetry: (file, attempt, error) => this.#events.onTrouble(`${error.message || file}; trying again (${attempt})`),
    });
    try {
      return await source.fetch(name);
    } finally {
      report.end();
    }
  }

  /** A progress bar that reports at once, then now and then until `end`; what comes later (the body of an error) is not progress. */
  progress(label: string, ofBytes?: number): { to(loadedBytes: number, totalBytes?: number): void; end(): void } {
    this.#events.onProgress({ label, loadedBytes: 0, totalBytes: ofBytes });
    let last = -PROGRESS_EVERY_MS;
    let ended = false;
    return {
      to: (loadedBytes, totalBytes) => {
        const now = performance.now();
        if (ended || now - last < PROGRESS_EVERY_MS) return;
        last = now;
        this.#events.onProgress({ label, loadedBytes, totalBytes });
      },
      end: () => {
        ended = true;
        this.#events.onProgress(null);
      },
    };
  }

  /** `fetch`, with the body counted as it comes in. */
  async #fetch(input: Parameters<typeof fetch>[0], init?: RequestInit, onBytes?: (loaded: number, total?: number) => void): Promise<Response> {
    let under = true;
    this.active++;
    const over = (): void => {
      if (under) this.active--;
      under = false;
    };
    try {
      const { body, headers, ok, status, statusText } = await fetch(input, init);
      if (!body || !ok) over();
      const length = headers.get('content-encoding') ? null : headers.get('content-length'); // the length of what is encoded says nothing
      const counted = body && counting(body, (bytes, loaded) => {
        this.bytes += bytes;
        onBytes?.(loaded, length === null ? undefined : Number(length));
      }, over);
      return new Response(counted, { status, statusText, headers });
    } catch (error) {
      over();
      throw error;
    }
  }
}

/** `body` as it is; `onBytes` hears how much came and how much that makes, `onEnd` that there is no more. */
function counting(body: ReadableStream<Uint8Array>, onBytes: (bytes: number, loaded: number) => void, onEnd: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let loaded = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd();
          return controller.close();
        }
        loaded += value.length;
        onBytes(value.length, loaded);
        controller.enqueue(value);
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    cancel(reason) {
      onEnd();
      return reader.cancel(reason);
    },
  });
}
