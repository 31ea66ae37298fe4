/**
 * The terminal as the machine's `stdio`: raw while the machine runs, shared with the monitor where `mon:` or `-nographic` asks for it,
 * and restored on every way out of the process.
 */
import type { CharBackend } from '@emu/machine';
import { writeAll } from '@emu/machine/node';
import { EscapeFilter } from './escape.ts';
import { KEYS_HELP, type Monitor } from './monitor.ts';

const STDOUT = 1;

export class Terminal implements CharBackend {
  /** Whether Ctrl-A is the escape key. */
  readonly #mux: boolean;
  readonly #filter: EscapeFilter;
  readonly #monitor: Monitor;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #breakListener: (() => void) | undefined;
  #inMonitor = false;
  #raw = false;
  /** Guest output while the monitor has the terminal. */
  #held: Uint8Array[] = [];

  constructor(mux: boolean, monitor: Monitor) {
    this.#mux = mux;
    this.#monitor = monitor;
    this.#filter = new EscapeFilter({
      pass: (bytes) => (this.#inMonitor ? monitor.type(bytes) : this.#listener?.(bytes)),
      quit: () => monitor.quit(),
      toggleMonitor: () => this.#toggle(),
      help: () => this.#print(`\n${KEYS_HELP}\n`),
      sendBreak: () => this.#breakListener?.(),
    });
    monitor.print = (text) => this.#print(text);
  }

  write(bytes: Uint8Array): void {
    if (this.#inMonitor) this.#held.push(bytes);
    else writeAll(STDOUT, bytes);
  }

  onInput(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onBreak(listener: () => void): void {
    this.#breakListener = listener;
  }

  /** Gives the terminal to the monitor from the start (`-monitor stdio`). */
  openMonitor(): void {
    this.#toggle();
  }

  /** Starts reading. Raw, so that every key reaches the guest; without the escape key Ctrl-C still ends the emulator. */
  start(): void {
    const { stdin } = process;
    if (stdin.isTTY && this.#mux) {
      stdin.setRawMode(true);
      this.#raw = true;
      process.on('exit', () => this.restore());
    }
    stdin.on('data', (bytes: Buffer) => (this.#mux ? this.#filter.receive(bytes) : this.#inMonitor ? this.#monitor.type(bytes) : this.#listener?.(bytes)));
    stdin.on('error', () => {}); // the terminal went away; the guest goes on
  }

  /** The terminal as it was. Safe to call more than once. */
  restore(): void {
    if (!this.#raw) return;
    this.#raw = false;
    process.stdin.setRawMode(false);
  }

  stop(): void {
    this.restore();
    process.stdin.pause();
    process.stdin.unref?.();
  }

  #toggle(): void {
    this.#inMonitor = !this.#inMonitor;
    if (this.#inMonitor) {
      this.#monitor.open();
      return;
    }
    this.#print('\n');
    for (const bytes of this.#held.splice(0)) this.write(bytes);
  }

  #print(text: string): void {
    writeAll(STDOUT, Buffer.from(text.replaceAll('\n', '\r\n')));
  }
}
