/** Character devices between the guest's ports and the host: output is gathered and handed over once a slice. */
import { ofOption } from './errors.ts';
import type { CharBackend, MachineHost } from './host.ts';
import type { CharSource } from './options/types.ts';

/** Output that is waiting, in bytes, after which it is handed over at once. */
const GATHER = 16 * 1024;

/** One host end, as the guest's device sees it. */
export class Outlet implements CharBackend {
  readonly #to: CharBackend;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #breakListener: (() => void) | undefined;

  constructor(to: CharBackend) {
    this.#to = to;
    to.onInput?.((bytes) => this.#listener?.(bytes));
    to.onBreak?.(() => this.#breakListener?.());
  }

  write(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= GATHER) this.flush();
  }

  onInput(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onBreak(listener: () => void): void {
    this.#breakListener = listener;
  }

  /** Hands over what is waiting. */
  flush(): void {
    if (this.#bytes === 0) return;
    const all = this.#parts.length === 1 ? this.#parts[0]! : new Uint8Array(this.#bytes);
    if (this.#parts.length > 1) {
      let at = 0;
      for (const part of this.#parts) {
        all.set(part, at);
        at += part.length;
      }
    }
    this.#parts = [];
    this.#bytes = 0;
    this.#to.write(all);
  }

  close(): void {
    this.flush();
    this.#to.close?.();
  }
}

/** All outlets of a machine. */
export class Outlets {
  readonly #host: MachineHost;
  readonly #all: Outlet[] = [];

  constructor(host: MachineHost) {
    this.#host = host;
  }

  /** @param option that wants it, for messages. */
  open(source: CharSource, option: string): Outlet {
    const outlet = new Outlet(this.#backend(source, option));
    this.#all.push(outlet);
    return outlet;
  }

  flush(): void {
    for (const outlet of this.#all) outlet.flush();
  }

  close(): void {
    for (const outlet of this.#all) outlet.close();
  }

  #backend(source: CharSource, option: string): CharBackend {
    if (source.type === 'stdio') return this.#host.stdio;
    if (source.type !== 'file') return { write() {} };
    try {
      return this.#host.openOutput(source.path, source.append ?? false);
    } catch (error) {
      throw ofOption(option, error);
    }
  }
}
