/** Data watchpoints of a debugger: linear address ranges whose pages are kept out of the inline probe. */
import { Access } from './memop.ts';
import { PAGE_MASK, PAGE_SIZE } from './tlb-entry.ts';

export interface Watchpoint {
  readonly lo: number;
  readonly hi: number;
  /** Bytes, 1 to 4096, within one page. */
  readonly size: number;
  /** Stops loads, stores, or both. */
  readonly on: 'read' | 'write' | 'access';
}

export class Watchpoints {
  readonly #list: Watchpoint[] = [];
  readonly #flushPage: (lo: number, hi: number) => void;

  constructor(flushPage: (lo: number, hi: number) => void) {
    this.#flushPage = flushPage;
  }

  get list(): readonly Watchpoint[] {
    return this.#list;
  }

  /** Adds one. With 32-bit guest addresses `hi` is 0. */
  add(lo: number, hi: number, size: number, on: Watchpoint['on']): Watchpoint {
    const watchpoint = { lo: lo | 0, hi: hi | 0, size, on };
    this.#list.push(watchpoint);
    this.#flushPage(lo, hi);
    return watchpoint;
  }

  remove(watchpoint: Watchpoint): void {
    const at = this.#list.indexOf(watchpoint);
    if (at < 0) return;
    this.#list.splice(at, 1);
    this.#flushPage(watchpoint.lo, watchpoint.hi);
  }

  inPage(lo: number, hi: number): boolean {
    for (let i = 0; i < this.#list.length; i++) {
      const w = this.#list[i]!;
      if (((w.lo ^ lo) & PAGE_MASK) === 0 && w.hi === hi) return true;
    }
    return false;
  }

  /** Whether an access of `size` bytes within a page touches one. */
  hit(lo: number, hi: number, size: number, access: Access): boolean {
    return this.#list.some((w) => {
      if (w.hi !== hi || ((w.lo ^ lo) & PAGE_MASK) !== 0 || w.on === (access === Access.WRITE ? 'read' : 'write')) return false;
      const from = lo & (PAGE_SIZE - 1), at = w.lo & (PAGE_SIZE - 1);
      return from < at + w.size && at < from + size;
    });
  }
}
