/**
 * The terminal as the machine's `stdio`: raw while the machine runs, shared with the monitor where `mon:` or `-nographic` asks for it,
 * and restored on every way out of the process. Where it is not shared, Ctrl-C ends and Ctrl-Z stops the emulator, as QEMU's `signal=on`.
 */
import type { CharBackend } from '@emu/machine';
import { writeAll } from '@emu/machine/node';
import { EscapeFilter } from './escape.ts';
import { KEYS_HELP, type Monitor } from './monitor.ts';

const STDOUT = 1;
const NEWLINE = 10;
const Key = { CTRL_C: 3, CTRL_Z: 0x1a, CTRL_BACKSLASH: 0x1c } as const;
/** Bytes of guest output that wait while the monitor has the terminal; more of it is shown between the monitor's lines, as QEMU shows all. */
const HELD_BYTES = 256 * 1024;

export interface TerminalOptions {
  /** A port or the monitor is there. Otherwise the terminal is left alone: the emulator may run in the background. */
  readonly used: boolean;
  /** Shared with the monitor: Ctrl-A is the escape key. */
  readonly mux: boolean;
  /** Ctrl-C and its kin are the emulator's, where the terminal is not shared. */
  readonly signals: boolean;
}

export class Terminal implements CharBackend {
  readonly #options: TerminalOptions;
  readonly #filter: EscapeFilter;
  readonly #monitor: Monitor;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #breakListener: (() => void) | undefined;
  #inMonitor = false;
  #raw = false;
  /** Guest output while the monitor has the terminal. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #lastByte = NEWLINE;

  constructor(options: TerminalOptions, monitor: Monitor) {
    this.#options = options;
    this.#monitor = monitor;
    this.#filter = new EscapeFilter({
      pass: (bytes) => this.#pass(bytes),
      quit: () => monitor.quit(),
      toggleMonitor: () => this.#toggle(),
      help: () => this.#print(`\n${KEYS_HELP}\n`),
      sendBreak: () => this.#breakListener?.(),
    });
    monitor.print = (text) => this.#print(text);
  }

  write(bytes: Uint8Array): void {
    if (!this.#inMonitor || this.#heldBytes > HELD_BYTES) {
      this.#write(bytes);
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > HELD_BYTES) for (const held of this.#held.splice(0)) this.#write(held);
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

  /** Starts reading. Raw, so that every key reaches the guest as it is typed, and nothing is echoed twice. */
  start(): void {
    const { stdin } = process;
    if (!this.#options.used) return;
    if (stdin.isTTY) {
      this.#setRaw();
      process.on('exit', () => this.restore());
      process.on('SIGCONT', this.#continued);
    }
    stdin.on('data', (bytes: Buffer) => this.#typed(bytes));
    stdin.on('error', () => {}); // the terminal went away; the guest goes on
  }

  /** The terminal as it was. Safe to call more than once. */
  restore(): void {
    if (!this.#raw) return;
    this.#raw = false;
    process.stdin.setRawMode(false);
  }

  stop(): void {
    if (this.#held.length > 0) this.#toggle();
    if (this.#raw && process.stdout.isTTY && this.#lastByte !== NEWLINE) this.#print('\n'); // the shell's prompt starts a line
    this.restore();
    process.off('SIGCONT', this.#continued);
    if (!this.#options.used) return;
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
    for (const bytes of this.#held.splice(0)) this.#write(bytes);
    this.#heldBytes = 0;
  }

  #typed(bytes: Uint8Array): void {
    if (this.#options.mux) this.#filter.receive(bytes);
    else if (!this.#raw || !this.#options.signals) this.#pass(bytes);
    else if (bytes.includes(Key.CTRL_C) || bytes.includes(Key.CTRL_BACKSLASH)) this.#monitor.quit();
    else {
      this.#pass(bytes.filter((byte) => byte !== Key.CTRL_Z));
      if (bytes.includes(Key.CTRL_Z)) this.#suspend();
    }
  }

  #pass(bytes: Uint8Array): void {
    if (this.#inMonitor) this.#monitor.type(bytes);
    else this.#listener?.(bytes);
  }

  /** To the shell's job control; SIGCONT goes on. */
  #suspend(): void {
    this.restore();
    process.kill(process.pid, 'SIGTSTP');
  }

  /** Another program may have set the terminal meanwhile, whatever Node remembers. */
  readonly #continued = (): void => {
    process.stdin.setRawMode(false);
    this.#setRaw();
  };

  #setRaw(): void {
    process.stdin.setRawMode(true);
    this.#raw = true;
  }

  #print(text: string): void {
    this.#write(Buffer.from(text.replaceAll('\n', '\r\n')));
  }

  #write(bytes: Uint8Array): void {
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    writeAll(STDOUT, bytes);
  }
}
