/** The worker's end of the terminal: gathers output for the page until the event loop has its next turn, and says when the page is behind, so
 *  that a guest which prints without end cannot fill the page's memory. */
import type { CharBackend } from '@emu/machine';

/** Output that the page has not shown yet, in bytes, above which the guest waits and below which it goes on. */
const HIGH_BYTES = 64 * 1024;
const LOW_BYTES = 16 * 1024;
/** Output that waits for the next turn of the event loop, at most; what the terminal parses at one go is no more, so its page stays responsive. */
const GATHER_BYTES = 4 * 1024;

export interface TerminalLineEvents {
  /** The bytes are the receiver's to keep. */
  onOutput(bytes: Uint8Array): void;
  /** The page has fallen behind, or has caught up. */
  onBehind(behind: boolean): void;
}

export class TerminalLine {
  readonly #events: TerminalLineEvents;
  /** The machine's end, and who listens there. */
  #end: CharBackend | undefined;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #pending = 0;
  #behind = false;
  readonly #gathered = new Uint8Array(GATHER_BYTES);
  #length = 0;
  readonly #turn = new MessageChannel();

  constructor(events: TerminalLineEvents) {
    this.#events = events;
    this.#turn.port1.onmessage = () => this.flush();
  }

  get behind(): boolean {
    return this.#behind;
  }

  /** The line for one machine, which takes it from the one before: that may have been given up while it loaded, and close later. */
  connect(): CharBackend {
    const isNewest = (): boolean => this.#end === end;
    const end: CharBackend = {
      write: (bytes) => { if (isNewest()) this.write(bytes); },
      onInput: (listener) => { if (isNewest()) this.#listener = listener; },
      close: () => { if (isNewest()) this.#hangUp(); },
    };
    this.#hangUp();
    this.#end = end;
    return end;
  }

  write(bytes: Uint8Array): void {
    if (this.#length + bytes.length > GATHER_BYTES) this.flush();
    if (bytes.length > GATHER_BYTES) return this.#large(bytes);
    if (this.#length === 0) this.#turn.port2.postMessage(0);
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Hands over what is gathered. */
  flush(): void {
    if (this.#length === 0) return;
    const bytes = this.#gathered.slice(0, this.#length);
    this.#length = 0;
    this.#hand(bytes);
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

  /** Ends the line itself, with its worker. */
  dispose(): void {
    this.#turn.port1.close();
  }

  /** Nobody reads any more. */
  #hangUp(): void {
    this.flush();
    this.#end = this.#listener = undefined;
  }

  #large(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += GATHER_BYTES) this.#hand(bytes.slice(at, at + GATHER_BYTES));
  }

  #hand(bytes: Uint8Array): void {
    this.#pending += bytes.length;
    this.#events.onOutput(bytes);
    this.#check();
  }

  #check(): void {
    const behind = this.#pending > (this.#behind ? LOW_BYTES : HIGH_BYTES);
    if (behind === this.#behind) return;
    this.#behind = behind;
    this.#events.onBehind(behind);
  }
}
