/** The slots of a TLB that were filled with pages of one kind (global, or not) since these were flushed last: so that a flush costs what was filled. */
import type { Arena, HostPtr } from '@emu/vaddr';
import { LargePageFilter } from './large-pages.ts';

export class SlotList {
  /** Flag in a slot's `meta` byte: it is in this list. No slot is in a list twice. */
  readonly flag: number;
  /** The slots as u32 in the arena, where generated code reads them; the first `count` are valid. */
  readonly slots: Uint32Array;
  readonly at: HostPtr;
  count = 0;
  /** Large pages among them. */
  readonly large = new LargePageFilter();
  readonly #meta: Uint8Array;

  constructor(arena: Arena, maxSlots: number, meta: Uint8Array, flag: number) {
    this.at = arena.alloc(4 * maxSlots);
    this.slots = new Uint32Array(arena.memory.buffer, this.at, maxSlots);
    this.flag = flag;
    this.#meta = meta;
  }

  add(slot: number): void {
    if (this.#meta[slot]! & this.flag) return;
    this.#meta[slot]! |= this.flag;
    this.slots[this.count++] = slot;
  }

  /** Takes all slots out. */
  clear(): void {
    this.clearSlots();
    this.large.clear();
  }

  /** The same, for a caller who puts the large pages back. */
  clearSlots(): void {
    for (let i = 0; i < this.count; i++) this.#meta[this.slots[i]!]! &= ~this.flag;
    this.count = 0;
  }
}
