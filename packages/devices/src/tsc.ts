/** A time-stamp counter that follows virtual time at a fixed rate: what RDTSC shows and what the TSC-deadline timer waits for. */
import { NS_PER_SECOND, type Clock } from './clock.ts';

/** Tells when the counter reaches a value, for timers that wait for it. */
export interface TscSource {
  /** Virtual ns at which the counter reaches `high:low` (unsigned words); a past time when it is past. */
  nsOf(low: number, high: number): number;
}

const WORD = 2 ** 32;

export class LinearTsc implements TscSource {
  readonly #clock: Clock;
  readonly #khz: number;
  /** Added to the count, modulo 2^64, as words: what a write of the counter moves. */
  offsetLow = 0;
  offsetHigh = 0;

  /** `hz` is a multiple of 1000 up to 9 GHz. */
  constructor(clock: Clock, hz: number) {
    this.#clock = clock;
    this.#khz = Math.round(hz / 1000);
  }

  /** Ticks since power-on without the offset, below 2^53. */
  private ticks(ns: number): number {
    const seconds = Math.floor(ns / NS_PER_SECOND);
    return seconds * this.#khz * 1000 + Math.floor(((ns - seconds * NS_PER_SECOND) * this.#khz) / 1_000_000);
  }

  /** The counter now: writes [low, high] as unsigned words into `into` at `at`. */
  read(into: Uint32Array, at = 0): void {
    const ticks = this.ticks(this.#clock.now());
    const low = (ticks % WORD) + this.offsetLow;
    into[at] = low % WORD;
    into[at + 1] = (Math.floor(ticks / WORD) + this.offsetHigh + (low >= WORD ? 1 : 0)) % WORD;
  }

  /** Sets the counter (WRMSR to IA32_TIME_STAMP_COUNTER). */
  write(low: number, high: number): void {
    const ticks = this.ticks(this.#clock.now());
    const difference = low - (ticks % WORD);
    this.offsetLow = (difference + WORD) % WORD;
    this.offsetHigh = (((high - Math.floor(ticks / WORD) - (difference < 0 ? 1 : 0)) % WORD) + WORD) % WORD;
  }

  nsOf(low: number, high: number): number {
    const borrow = low < this.offsetLow ? 1 : 0;
    const ticks = (((high - this.offsetHigh - borrow) % WORD) + WORD) % WORD;
    const wanted = ticks * WORD + ((low - this.offsetLow + WORD) % WORD);
    const hz = this.#khz * 1000;
    const seconds = Math.floor(wanted / hz);
    // A deadline that the offset puts "before" power-on is in the past; one beyond the clock's range never comes.
    if (wanted >= 2 ** 63) return 0;
    if (seconds > 9_000_000) return Infinity;
    return seconds * NS_PER_SECOND + Math.ceil(((wanted - seconds * hz) * 1_000_000) / this.#khz);
  }
}
