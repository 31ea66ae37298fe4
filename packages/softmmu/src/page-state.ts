/**
 * One byte for each 4 KiB page of the arena: why a plain write to it must take the slow path. Pages are named by their place in the arena
 * (host address / 4096), so every alias of a RAM page has the same state, wherever the guest's chipset shows it.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { PhysMapError } from './region.ts';
import { PAGE_SIZE } from './tlb-entry.ts';

/** Bits of a page's state. 0 = writes go straight to memory. */
export const PageBit = {
  /** Holds translated code. */
  CODE: 1,
  /** Logged for the display, and not written since the log was taken last. */
  DISPLAY_CLEAN: 2,
  /** The same for a snapshot or migration that goes on while the guest runs. */
  MIGRATION_CLEAN: 4,
} as const;
const DIRTY_BITS = { display: PageBit.DISPLAY_CLEAN, migration: PageBit.MIGRATION_CLEAN } as const;
export type DirtyClient = keyof typeof DIRTY_BITS;

/** Whoever caches that a page may be written: each vCPU's TLBs. */
export interface MapListener {
  /** Pages `first` to `last` of the arena must be written through the slow path from now on. */
  protect(first: number, last: number): void;
  /** The map changed: forget everything. */
  flushAll(): void;
}

export class PageState {
  readonly bits: Uint8Array;
  readonly listeners: MapListener[] = [];
  readonly #logged: { first: number; last: number; client: DirtyClient }[] = [];

  constructor(arena: Arena) {
    this.bits = new Uint8Array(Math.ceil(arena.byteLength / PAGE_SIZE));
  }

  protectCode(page: number): void {
    const before = this.bits[page]!;
    this.bits[page] = before | PageBit.CODE;
    if (before === 0) this.protect(page, page);
  }

  unprotect(page: number): void {
    this.bits[page] = this.bits[page]! & ~PageBit.CODE;
  }

  /** The page is written: it is clean for nobody. Translated code stays until `unprotect`. Returns what is left. */
  markDirty(page: number): number {
    return (this.bits[page] = this.bits[page]! & PageBit.CODE);
  }

  protect(first: number, last: number): void {
    for (const listener of this.listeners) listener.protect(first, last);
  }

  log(host: HostPtr, bytes: number, client: DirtyClient): DirtyLog {
    const first = host / PAGE_SIZE, last = first + bytes / PAGE_SIZE - 1;
    if (!Number.isInteger(first) || !Number.isInteger(last) || last < first) {
      throw new PhysMapError(`A dirty log of ${bytes} bytes at host address ${host} is not whole pages; give multiples of 4096`);
    }
    if (this.#logged.some((l) => l.client === client && l.first <= last && l.last >= first)) {
      throw new PhysMapError(`Host pages ${first} to ${last} have a dirty log for ${client} already; stop the other one first`);
    }
    const entry = { first, last, client };
    this.#logged.push(entry);
    return new DirtyLog(this, first, last, DIRTY_BITS[client], () => this.#logged.splice(this.#logged.indexOf(entry), 1));
  }
}

/** Which pages of a piece of RAM were written since the last look. All are at first. */
export class DirtyLog {
  readonly pages: number;
  readonly #state: PageState;
  readonly #first: number;
  readonly #bit: number;
  readonly #stopped: () => void;

  constructor(state: PageState, first: number, last: number, bit: number, stopped: () => void) {
    this.#state = state;
    this.#first = first;
    this.#bit = bit;
    this.#stopped = stopped;
    this.pages = last - first + 1;
  }

  /** Sets `into[i]` to 1 for each page written since the last call, to 0 for the others, and starts over. Returns how many were. */
  take(into: Uint8Array): number {
    if (into.length < this.pages) throw new PhysMapError(`The dirty log covers ${this.pages} pages, the array has ${into.length}; give one byte a page`);
    const bits = this.#state.bits;
    let count = 0, from = -1, to = -1;
    for (let i = 0; i < this.pages; i++) {
      const page = this.#first + i, dirty = (bits[page]! & this.#bit) === 0;
      into[i] = dirty ? 1 : 0;
      if (!dirty) continue;
      bits[page]! |= this.#bit;
      if (from < 0) from = page;
      to = page;
      count++;
    }
    if (count > 0) this.#state.protect(from, to);
    return count;
  }

  stop(): void {
    for (let i = 0; i < this.pages; i++) this.#state.bits[this.#first + i]! &= ~this.#bit;
    this.#stopped();
  }
}
