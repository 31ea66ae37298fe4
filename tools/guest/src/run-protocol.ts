/**
 * The host's half of running one command in the guest over a serial line of its own, so that kernel messages never mix in.
 *
 *     guest: emu-run 1 ready LF
 *     host:  MARK SP LENGTH LF, then LENGTH bytes of shell script
 *     guest: the command's output, byte for byte; in between   MARK "2" a line of its error output LF
 *     guest: MARK "x" exit status LF, and turns the machine off
 *
 * MARK is 32 random hex digits, so output needs no escaping. The guest's half is `emu-run` in userland.ts.
 */
import { randomBytes } from 'node:crypto';

export interface RunHandlers {
  /** Bytes for the guest's serial line. */
  send(bytes: Uint8Array): void;
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** The command's exit status, 0 to 255. Called once; the guest's file systems are written out by then. */
  exit(status: number): void;
}

const READY = Buffer.from('emu-run 1 ready\n');

export class RunSession {
  readonly #command: Buffer;
  readonly #to: RunHandlers;
  readonly #mark: Buffer;
  #state: 'waiting' | 'running' | 'done' = 'waiting';
  #held: Buffer = Buffer.alloc(0);

  constructor(command: string, to: RunHandlers, mark = randomBytes(16).toString('hex')) {
    this.#command = Buffer.from(`${command}\n`);
    this.#to = to;
    this.#mark = Buffer.from(mark);
  }

  /** Whether the guest has taken the command. */
  get started(): boolean {
    return this.#state !== 'waiting';
  }

  /** Takes what the guest sent, in pieces of any size. */
  receive(bytes: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    if (this.#state === 'waiting') this.#awaitReady();
    if (this.#state === 'running') this.#drain();
  }

  #awaitReady(): void {
    const at = this.#held.indexOf(READY);
    if (at < 0) return;
    this.#held = this.#held.subarray(at + READY.length);
    this.#state = 'running';
    this.#to.send(Buffer.concat([Buffer.from(`${this.#mark} ${this.#command.length}\n`), this.#command]));
  }

  #drain(): void {
    for (;;) {
      const at = this.#held.indexOf(this.#mark);
      const plain = at >= 0 ? at : this.#held.length - this.#partialMark();
      if (plain > 0) this.#to.stdout(this.#held.subarray(0, plain));
      this.#held = this.#held.subarray(plain);
      const end = at < 0 ? -1 : this.#held.indexOf('\n');
      if (end < 0) return;
      this.#frame(this.#held.subarray(this.#mark.length, end + 1));
      this.#held = this.#held.subarray(end + 1);
      if (this.#state === 'done') return;
    }
  }

  #frame(frame: Buffer): void {
    if (frame[0] === 0x32) this.#to.stderr(frame.subarray(1));
    else {
      this.#state = 'done';
      this.#to.exit(Number.parseInt(frame.toString('latin1', 1), 10) & 0xff);
    }
  }

  /** Length of the longest end of what is held that may be the start of a mark. */
  #partialMark(): number {
    for (let n = Math.min(this.#mark.length - 1, this.#held.length); n > 0; n--) {
      if (this.#held.subarray(this.#held.length - n).equals(this.#mark.subarray(0, n))) return n;
    }
    return 0;
  }
}
