/** Wasm locals of a function for reuse by type. */
import type { FuncBuilder, ValType } from '@emu/wasm';

export class LocalPool {
  #f!: FuncBuilder;
  readonly #free = new Map<ValType, number[]>();

  begin(f: FuncBuilder): void {
    this.#f = f;
    for (const list of this.#free.values()) list.length = 0;
  }

  take(type: ValType): number {
    return this.#free.get(type)?.pop() ?? this.#f.local(type);
  }

  give(local: number, type: ValType): void {
    const list = this.#free.get(type);
    if (list) list.push(local);
    else this.#free.set(type, [local]);
  }
}
