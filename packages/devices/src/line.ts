/** Level lines: interrupt pins, gates, A20, reset. A device drives its lines from `update()`, the machine connects them. */

export type LineListener = (level: boolean) => void;

/** One output pin. Listeners hear changes only; an edge is a change, so `pulse()` on a low line is one rising edge. */
export class Line {
  readonly name: string;
  #level = false;
  readonly #listeners: LineListener[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get level(): boolean {
    return this.#level;
  }

  /** Adds a listener; it hears at once about a line that is already high. */
  connect(listener: LineListener): void {
    this.#listeners.push(listener);
    if (this.#level) listener(true);
  }

  set(level: boolean): void {
    if (level === this.#level) return;
    this.#level = level;
    for (let i = 0; i < this.#listeners.length; i++) this.#listeners[i]!(level);
  }

  /** High and low again: what an edge-triggered input or a reset pin takes as one event. */
  pulse(): void {
    this.set(true);
    this.set(false);
  }
}

/** Joins several sources into one input, which is high while any of them is (wired OR, as shared PCI interrupts are). */
export class WiredOr {
  readonly #output: LineListener;
  #high = 0;

  constructor(output: LineListener) {
    this.#output = output;
  }

  /** A new source. Connect it to a line: `uart.irq.connect(gate.input())`. */
  input(): LineListener {
    let mine = false;
    return (level) => {
      if (level === mine) return;
      mine = level;
      this.#high += level ? 1 : -1;
      if (this.#high === (level ? 1 : 0)) this.#output(level);
    };
  }
}
