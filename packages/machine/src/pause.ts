/** Waiting on the host's event loop: giving way for a moment, and sleeping until a time or an event, to a fraction of a millisecond. */

/** Below this a host timer is too coarse: the thread itself sleeps, which it may do in Node and in workers. */
const COARSE_MS = 1;

export class Pause {
  #wake: (() => void) | undefined;
  readonly #cell = blockingCell();
  readonly #turns = turns();

  /** Ends a sleep now. */
  wake(): void {
    this.#wake?.();
  }

  /** Lets the event loop turn once. */
  yield(): Promise<void> {
    return this.#turns();
  }

  /** Sleeps for `ms`, less if woken. */
  async sleep(ms: number): Promise<void> {
    if (!(ms > 0)) return this.yield();
    if (ms < COARSE_MS) {
      if (this.#cell) Atomics.wait(this.#cell, 0, 0, ms);
      return this.yield();
    }
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, Math.floor(ms));
      this.#wake = done;
    });
  }
}

/** A word to wait on, or undefined where the thread must not block (a page's main thread). */
function blockingCell(): Int32Array | undefined {
  if (typeof SharedArrayBuffer === 'undefined') return undefined;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  try {
    Atomics.wait(cell, 0, 0, 0);
    return cell;
  } catch {
    return undefined;
  }
}

/** The fastest way to let other events in: a check phase in Node, a message elsewhere. */
function turns(): () => Promise<void> {
  if (typeof setImmediate === 'function') return () => new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () => new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(0);
  });
}
