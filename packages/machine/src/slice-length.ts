/**
 * How many instructions a slice may have, so that timers are not late: learnt from the slices before. Speed varies a hundredfold between
 * code that runs for the first time and hot loops, so a slow slice counts at once and a fast one by and by.
 */

/** Host ms that a slice should take. */
const TARGET_MS = 2;
const FIRST_PER_MS = 2000;
/** Also what a guest gets between two ticks that are late. */
const LEAST = 1000;
const MOST = 0x4000_0000;
/** A slice shorter than this says only that the guest is at least as fast as if it had taken so long. */
const TELLING_MS = 0.02;
const GROWTH = 1.5;

export class SliceLength {
  /** Guest instructions a host ms, rather too low than too high. */
  #perMs = FIRST_PER_MS;

  /** A slice of `instructions` took `ms`. */
  ran(instructions: number, ms: number): void {
    const perMs = Math.min(instructions / Math.max(ms, TELLING_MS), this.#perMs * GROWTH);
    this.#perMs = Math.max(LEAST / TARGET_MS, ms < TELLING_MS ? this.#perMs : 0, perMs); // a slice that did nothing must not be the end of all growth
  }

  /** Instructions for the next slice, given virtual ns until the next timer. */
  budget(untilNs: number): number {
    const ms = Math.min(TARGET_MS, Math.max(0, untilNs) / 1e6);
    return Math.min(MOST, Math.max(LEAST, Math.floor(this.#perMs * ms)));
  }
}
