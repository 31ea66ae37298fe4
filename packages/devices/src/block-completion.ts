/** When the guest learns that a host request has finished: the one place where the host's event loop meets guest time.
 *
 *  A device never reacts to a promise directly. It hands host work to the machine's `CompletionQueue` together with a
 *  callback; the callback runs only inside `deliver()`, which the machine calls between two slices of guest code. So a
 *  callback may touch guest memory, raise lines and submit more work, and never runs under the feet of generated code.
 *
 *  Two modes:
 *
 *  * `realtime`: whatever the host has finished by now is delivered, in the order of finishing. `onReady` lets a machine
 *    that sleeps in HLT wake up.
 *  * `icount`: each request gets a virtual deadline when it is submitted, from its size alone. It is delivered at
 *    that deadline whether the host finished early or late, in order of submission, so two runs are identical. The machine
 *
 *        runs the guest no further than `nextDeadlineNs` (a slice ends there, as at a timer);
 *        at the deadline awaits `settled(now)`, holding the guest clock still while the host catches up;
 *        calls `deliver(now)`.
 *
 *  Work that a back end does at once (`readSync`, `writeSync`) does not pass through here and is deterministic already. */

/** `submit` returned this: how to recognise the request in a saved state. */
export interface Submitted {
  /** Virtual ns of delivery; in realtime mode the time of submission. */
  readonly deadlineNs: number;
}

export interface CompletionOptions {
  /** Default `realtime`. */
  readonly mode?: 'realtime' | 'icount';
  /** Virtual time, ns. Needed in icount mode. */
  readonly now?: () => number;
  /** icount: virtual ns that a request takes; default 50 us and 1 ns a byte, about a SATA SSD. */
  readonly latencyNs?: (bytes: number) => number;
  /** Something became deliverable; called from the host's event loop, at most once between two `deliver` calls. */
  readonly onReady?: () => void;
}

interface Entry {
  readonly deadlineNs: number;
  readonly done: (error: unknown) => void;
  settled: boolean;
  error: unknown;
}

const defaultLatencyNs = (bytes: number) => 50_000 + bytes;

export class CompletionQueue {
  readonly #icount: boolean;
  readonly #now: () => number;
  readonly #latencyNs: (bytes: number) => number;
  readonly #onReady: () => void;
  /** icount: all undelivered entries, by deadline. realtime: the settled ones, in order of settling. */
  readonly #queue: Entry[] = [];
  readonly #waiters: (() => void)[] = [];
  #lastDeadlineNs = 0;
  #pending = 0;
  #announced = false;

  constructor(options: CompletionOptions = {}) {
    this.#icount = options.mode === 'icount';
    this.#now = options.now ?? (() => 0);
    this.#latencyNs = options.latencyNs ?? defaultLatencyNs;
    this.#onReady = options.onReady ?? (() => {});
  }

  /** Requests submitted and not delivered yet. */
  get pending(): number {
    return this.#pending;
  }

  /** icount: the guest clock must not pass this before `settled` and `deliver`; `Infinity` if nothing is under way. */
  get nextDeadlineNs(): number {
    return this.#icount && this.#queue.length > 0 ? this.#queue[0]!.deadlineNs : Infinity;
  }

  /** Whether `deliver(now)` would run a callback. */
  ready(nowNs: number): boolean {
    const first = this.#queue[0];
    return first !== undefined && first.settled && (!this.#icount || first.deadlineNs <= nowNs);
  }

  /** `done` gets `undefined`, or what `work` rejected with. `bytes` sets the virtual latency; a restored request passes the
   *  deadline it had instead. */
  submit(work: Promise<unknown>, done: (error: unknown) => void, bytes = 0, deadlineNs?: number): Submitted {
    const entry: Entry = { deadlineNs: deadlineNs ?? this.#deadline(bytes), done, settled: false, error: undefined };
    this.#pending++;
    if (this.#icount) this.#insert(entry);
    work.then(
      () => this.#settle(entry, undefined),
      (error: unknown) => this.#settle(entry, error ?? new Error('rejected without a reason')),
    );
    return entry;
  }

  /** Resolves when the host has finished everything due by `nowNs` (in realtime mode: at once). */
  async settled(nowNs: number): Promise<void> {
    while (this.#icount && this.#queue.some((entry) => entry.deadlineNs <= nowNs && !entry.settled)) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** Runs the callbacks that are due; returns how many. Only between slices. */
  deliver(nowNs: number): number {
    this.#announced = false;
    let count = 0;
    while (this.ready(nowNs)) {
      const entry = this.#queue.shift()!;
      this.#pending--;
      count++;
      entry.done(entry.error);
    }
    return count;
  }

  /** Waits for the host and delivers everything, deadlines or not: before power-off, never in the middle of an icount run. */
  async drain(): Promise<void> {
    while (this.#pending > 0) {
      this.deliver(Infinity);
      if (this.#pending > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #deadline(bytes: number): number {
    if (!this.#icount) return this.#now();
    this.#lastDeadlineNs = Math.max(this.#lastDeadlineNs, this.#now()) + this.#latencyNs(bytes);
    return this.#lastDeadlineNs;
  }

  #insert(entry: Entry): void {
    let at = this.#queue.length;
    while (at > 0 && this.#queue[at - 1]!.deadlineNs > entry.deadlineNs) at--;
    this.#queue.splice(at, 0, entry);
  }

  #settle(entry: Entry, error: unknown): void {
    entry.settled = true;
    entry.error = error;
    if (!this.#icount) this.#queue.push(entry);
    for (const resolve of this.#waiters.splice(0)) resolve();
    if (this.#announced) return;
    this.#announced = true;
    this.#onReady();
  }
}
