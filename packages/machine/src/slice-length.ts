/** How many instructions a slice may have so that it takes a few milliseconds, learnt from the slices before. */

/** Host ms that a slice should take. */
const TARGET_MS = 4;
const FIRST = 50_000;
const LEAST = 1000;
const MOST = 0x4000_0000;
/** A slice shorter than this says little about speed. */
const TELLING = 5000;

export class SliceLength {
  /** Guest instructions a host ms, smoothed. */
  #perMs = FIRST / TARGET_MS;

  /** A slice of `instructions` took `ms`. */
  ran(instructions: number, ms: number): void {
    if (instructions < TELLING || ms <= 0) return;
    const now = instructions / ms;
    this.#perMs += (now - this.#perMs) / 4;
  }

  /** Instructions for the next slice, given virtual ns until the next timer. */
  budget(untilNs: number): number {
    const ms = Math.min(TARGET_MS, Math.max(0, untilNs) / 1e6);
    return Math.min(MOST, Math.max(LEAST, Math.floor(this.#perMs * ms)));
  }
}
