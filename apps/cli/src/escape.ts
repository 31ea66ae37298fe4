/** The escape key of QEMU's `-nographic` terminal: Ctrl-A and a letter speak to the emulator, everything else goes to the guest. */

export interface EscapeActions {
  /** Input for whoever has the terminal. */
  pass(bytes: Uint8Array): void;
  /** Ctrl-A x. */
  quit(): void;
  /** Ctrl-A c: the terminal changes between guest and monitor. */
  toggleMonitor(): void;
  /** Ctrl-A h or Ctrl-A ?. */
  help(): void;
  /** Ctrl-A b: a break on the serial line. */
  sendBreak(): void;
}

const CTRL_A = 1;

export class EscapeFilter {
  readonly #actions: EscapeActions;
  #escaped = false;

  constructor(actions: EscapeActions) {
    this.#actions = actions;
  }

  /** Takes what was typed, in pieces of any size. */
  receive(bytes: Uint8Array): void {
    let from = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (this.#escaped) {
        this.#escaped = false;
        from = i + 1;
        this.#command(bytes[i]!);
      } else if (bytes[i] === CTRL_A) {
        if (i > from) this.#actions.pass(bytes.subarray(from, i));
        from = i + 1;
        this.#escaped = true;
      }
    }
    if (from < bytes.length) this.#actions.pass(bytes.subarray(from));
  }

  #command(byte: number): void {
    const key = String.fromCharCode(byte);
    if (key === 'x') this.#actions.quit();
    else if (key === 'c') this.#actions.toggleMonitor();
    else if (key === 'h' || key === '?') this.#actions.help();
    else if (key === 'b') this.#actions.sendBreak();
    else if (byte === CTRL_A) this.#actions.pass(Uint8Array.of(CTRL_A));
    // any other key is swallowed, as QEMU does
  }
}
