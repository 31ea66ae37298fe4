/** The worker's end of the terminal: hands output to the page, and says when the page is behind, so that a guest which prints without end
 *  cannot fill the page's memory. */
import type { CharBackend } from '@emu/machine';

/** Output that the page has not shown yet, in bytes, above which the guest waits and below which it goes on. */
const HIGH_BYTES = 256 * 1024;
const LOW_BYTES = 64 * 1024;

export interface TerminalLineEvents {
  onOutput(bytes: Uint8Array): void;
  /** The page has fallen behind, or has caught up. */
  onBehind(behind: boolean): void;
}

export class TerminalLine implements CharBackend {
  readonly #events: TerminalLineEvents;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #pending = 0;
  #behind = false;

  constructor(events: TerminalLineEvents) {
    this.#events = events;
  }

  get behind(): boolean {
    return this.#behind;
  }

  write(bytes: Uint8Array): void {
    this.#pending += bytes.length;
    this.#events.onOutput(bytes);
    this.#check();
  }

  onInput(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  /** The user typed. */
  input(bytes: Uint8Array): void {
    this.#listener?.(bytes);
  }

  /** The page has shown so many bytes. */
  shown(bytes: number): void {
    this.#pending = Math.max(0, this.#pending - bytes);
    this.#check();
  }

  /** The machine is gone; nobody reads any more. */
  close(): void {
    this.#listener = undefined;
  }

  #check(): void {
    const behind = this.#pending > (this.#behind ? LOW_BYTES : HIGH_BYTES);
    if (behind === this.#behind) return;
    this.#behind = behind;
    this.#events.onBehind(behind);
  }
}
