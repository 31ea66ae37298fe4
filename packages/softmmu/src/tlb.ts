/**
 * The TLB of one mmu index: a direct-mapped table that generated code probes, and eight victims that only the slow path sees. Grows while it is
 * filling up, shrinks after many flushes that found it nearly empty; a flush costs what was filled, not the size. A large page enters as 4 KiB
 * entries that remember its size.
 */
import { PAGE_BITS, TLB_LAYOUT, type Arena, type HostPtr, type VaddrBits } from '@emu/vaddr';
import { LargePageFilter } from './large-pages.ts';
import { Access } from './memop.ts';
import type { ProtectKernel } from './protect-kernel.ts';
import { EMPTY, Meta, TlbEntries, VICTIMS } from './tlb-entries.ts';
import { PAGE_MASK, TLB_DESCRIPTOR } from './tlb-entry.ts';

const FLUSHES_PER_WINDOW = 32;
/** Not the start of a page. */
const NO_PAGE = -1;

export interface TlbSize {
  /** Log2 of the number of slots at first (1 or more) and at most. */
  readonly minBits: number;
  readonly maxBits: number;
}
export const DEFAULT_TLB_SIZE: TlbSize = { minBits: 6, maxBits: 14 };

/** Events since the machine started. */
export interface TlbCounters { fills: number; victimHits: number; flushes: number; pageFlushes: number; resizes: number }

export class Tlb extends TlbEntries {
  readonly counters: TlbCounters = { fills: 0, victimHits: 0, flushes: 0, pageFlushes: 0, resizes: 0 };
  readonly #protectKernel: ProtectKernel;
  readonly #entryBytes: number;
  readonly #minSlots: number;
  readonly #maxSlots: number;
  #slots = 0;
  /** Slots that were filled since the last flush, each once; in the arena. */
  readonly #used: Uint32Array;
  readonly #usedAt: HostPtr;
  #usedCount = 0;
  /** Evictions since the last flush or resize: with `#usedCount`, what asks for a larger table. */
  #conflicts = 0;
  /** Most slots used at any flush of the window. */
  #peak = 0;
  #flushesInWindow = 0;
  /** Victims in use, the one to replace next, and the page of each (`NO_PAGE`: none), so that a miss looks at few words. */
  #victims = 0;
  #nextVictim = 0;
  readonly #victimLo = new Int32Array(VICTIMS).fill(NO_PAGE);
  readonly #victimHi = new Int32Array(VICTIMS);
  /** Global pages entered since the last flush, if not overwritten. */
  #globals = 0;
  readonly #large = new LargePageFilter();

  constructor(arena: Arena, vaddrBits: VaddrBits, { minBits, maxBits }: TlbSize, protectKernel: ProtectKernel) {
    super(arena, vaddrBits, 1 << maxBits);
    this.#protectKernel = protectKernel;
    this.#entryBytes = TLB_LAYOUT[vaddrBits].size;
    this.#minSlots = 1 << minBits;
    this.#maxSlots = 1 << maxBits;
    this.#usedAt = arena.alloc(4 * this.#maxSlots);
    this.#used = new Uint32Array(arena.memory.buffer, this.#usedAt, this.#maxSlots);
    this.#setSlots(this.#minSlots);
  }

  get slots(): number {
    return this.#slots;
  }

  /** Slots filled since the last flush. */
  get used(): number {
    return this.#usedCount;
  }

  /** The entry whose comparator for `access` is of this page, or -1. A victim moves back to its slot. */
  find(lo: number, hi: number, access: Access): number {
    const entry = this.home(lo);
    if (this.matches(entry + access * this.cmpWords, lo, hi)) return entry;
    return this.#victims === 0 ? -1 : this.#recall(entry, lo, hi, access);
  }

  /** Host address where a probe would hit, or -1. */
  direct(lo: number, hi: number, access: Access): HostPtr {
    const entry = this.home(lo), comparator = entry + access * this.cmpWords;
    if (this.i32[comparator] !== (lo & PAGE_MASK) || (this.wide && this.i32[comparator + 1] !== hi)) return -1;
    return (lo + this.i32[entry + this.addendWord]!) >>> 0;
  }

  /**
   * Enters a page. `read`, `write` and `code` are comparator flags, or -1 where the access is not allowed. The page's old entry, if any, is
   * replaced; another page's becomes a victim. Entries may move. Returns the new one.
   */
  fill(lo: number, hi: number, read: number, write: number, code: number, addend: number, phys: number, pageBits: number, global: boolean): number {
    this.counters.fills++;
    if (this.#usedCount + this.#conflicts > this.#slots && this.#slots < this.#maxSlots) this.#resize(this.#slots * 2);
    const entry = this.home(lo), slot = this.slotOf(entry), page = lo & PAGE_MASK;
    if (!this.isEmpty(entry)) {
      if (!this.isPage(entry, lo, hi)) this.#evict(entry);
    } else this.#list(slot);
    if (this.#victims > 0) this.#dropVictim(lo, hi);
    this.set(entry, Access.READ, page, hi, read);
    this.set(entry, Access.WRITE, page, hi, write);
    this.set(entry, Access.FETCH, page, hi, code);
    this.i32[entry + this.addendWord] = addend;
    this.physPages[slot] = phys;
    this.meta[slot] = Meta.LISTED | pageBits | (global ? Meta.GLOBAL : 0);
    if (global) this.#globals++;
    if (pageBits > PAGE_BITS) this.#large.add(lo, hi, pageBits);
    return entry;
  }

  /** Forgets everything. */
  flush(): void {
    this.counters.flushes++;
    if (this.#usedCount > this.#slots >> 2) {
      this.i32.fill(EMPTY, this.base, this.at(this.#slots));
      this.meta.fill(0, 0, this.#slots);
    } else for (let i = 0; i < this.#usedCount; i++) this.#unlist(this.#used[i]!);
    this.#large.clear();
    this.#flushed(0, 0);
  }

  /** Forgets all but global pages (SDM Vol. 3A, section 4.10.2.4). */
  flushNonGlobal(): void {
    if (this.#globals === 0) {
      this.flush();
      return;
    }
    this.counters.flushes++;
    this.#large.clear();
    const count = this.#usedCount;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const slot = this.#used[i]!, entry = this.at(slot), meta = this.meta[slot]!, pageBits = meta & Meta.PAGE_BITS;
      if (!(meta & Meta.GLOBAL) || this.isEmpty(entry)) this.#unlist(slot);
      else {
        this.#used[kept++] = slot;
        if (pageBits > PAGE_BITS) this.#large.add(this.pageLo(entry), this.pageHi(entry), pageBits);
      }
    }
    this.#flushed(kept, kept);
  }

  /** Forgets one page, and all of the large page that it is part of. Returns log2 of the size of what may have gone. */
  flushPage(lo: number, hi: number): number {
    this.counters.pageFlushes++;
    const entry = this.home(lo);
    if (this.isPage(entry, lo, hi)) this.clear(entry);
    if (this.#victims > 0) this.#dropVictim(lo, hi);
    let gone = PAGE_BITS;
    for (let sizes = this.#large.sizes; sizes !== 0; sizes &= sizes - 1) {
      const pageBits = 31 - Math.clz32(sizes & -sizes);
      if (!this.#large.mayHold(lo, hi, pageBits)) continue;
      this.#flushLarge(lo, hi, pageBits);
      gone = pageBits;
    }
    return gone;
  }

  /** Writes to pages `first` to `last` of the arena take the slow path from now on. */
  protect(first: number, last: number): void {
    this.#protectKernel(this.base * 4, this.#usedAt, this.#usedCount, first, last);
    if (this.#victims > 0) this.#protectKernel(this.victim(0) * 4, 0, VICTIMS, first, last);
  }

  #list(slot: number): void {
    if (this.meta[slot]! & Meta.LISTED) return;
    this.meta[slot]! |= Meta.LISTED;
    this.#used[this.#usedCount++] = slot;
  }

  #unlist(slot: number): void {
    this.clear(this.at(slot));
    this.meta[slot] = 0;
  }

  #evict(entry: number): void {
    this.#conflicts++;
    const i = this.#nextVictim;
    this.#nextVictim = (i + 1) % VICTIMS;
    if (this.#victimLo[i] === NO_PAGE) this.#victims++;
    this.#victimLo[i] = this.pageLo(entry) & PAGE_MASK;
    this.#victimHi[i] = this.pageHi(entry);
    this.copy(entry, this.victim(i));
  }

  #clearVictim(i: number): void {
    if (this.#victimLo[i] === NO_PAGE) return;
    this.clear(this.victim(i));
    this.#victimLo[i] = NO_PAGE;
    this.#victims--;
  }

  /** Which victim has this page, or -1. */
  #victimOf(lo: number, hi: number): number {
    const page = lo & PAGE_MASK, los = this.#victimLo, his = this.#victimHi;
    for (let i = 0; i < VICTIMS; i++) if (los[i] === page && his[i] === hi) return i;
    return -1;
  }

  #dropVictim(lo: number, hi: number): void {
    const i = this.#victimOf(lo, hi);
    if (i >= 0) this.#clearVictim(i);
  }

  /** Swaps a victim that allows the access with what is in its slot. */
  #recall(entry: number, lo: number, hi: number, access: Access): number {
    const i = this.#victimOf(lo, hi);
    if (i < 0 || !this.matches(this.victim(i) + access * this.cmpWords, lo, hi)) return -1;
    this.counters.victimHits++;
    if (this.isEmpty(entry)) {
      this.copy(this.victim(i), entry);
      this.#list(this.slotOf(entry));
      this.#clearVictim(i);
    } else {
      this.#victimLo[i] = this.pageLo(entry) & PAGE_MASK;
      this.#victimHi[i] = this.pageHi(entry);
      this.swap(entry, this.victim(i));
    }
    return entry;
  }

  #flushLarge(lo: number, hi: number, pageBits: number): void {
    for (let i = 0; i < this.#usedCount; i++) {
      const entry = this.at(this.#used[i]!);
      if (this.#isPartOf(entry, lo, hi, pageBits)) this.clear(entry);
    }
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) {
      if (this.#isPartOf(this.victim(i), lo, hi, pageBits)) this.#clearVictim(i);
    }
  }

  #isPartOf(entry: number, lo: number, hi: number, pageBits: number): boolean {
    if ((this.meta[this.slotOf(entry)]! & Meta.PAGE_BITS) !== pageBits || this.isEmpty(entry)) return false;
    return (this.pageLo(entry) ^ lo) >>> pageBits === 0 && this.pageHi(entry) === hi;
  }

  /** After a flush that left `kept` entries: no victims, and perhaps a smaller table, if it was never more than an eighth full during a window. */
  #flushed(kept: number, globals: number): void {
    this.#peak = Math.max(this.#peak, this.#usedCount);
    this.#usedCount = kept;
    this.#globals = globals;
    this.#conflicts = 0;
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) this.#clearVictim(i);
    if (++this.#flushesInWindow < FLUSHES_PER_WINDOW) return;
    if (this.#peak < this.#slots >> 3 && this.#slots > this.#minSlots) this.#resize(this.#slots >> 1);
    this.#flushesInWindow = 0;
    this.#peak = this.#usedCount;
  }

  #setSlots(slots: number): void {
    this.#slots = slots;
    this.slotMask = slots - 1;
    this.i32[(this.descriptor + TLB_DESCRIPTOR.offset.mask) / 4] = (slots - 1) * this.#entryBytes;
  }

  /** Moves each entry to its slot in a table of another size. Where two meet, the first stays. */
  #resize(slots: number): void {
    this.counters.resizes++;
    const count = this.#usedCount;
    for (let i = 0; i < count; i++) this.meta[this.#used[i]!]! &= ~Meta.LISTED;
    this.#setSlots(slots);
    this.#usedCount = this.#conflicts = 0;
    for (let i = 0; i < count; i++) { // the list is rewritten behind the reader
      const entry = this.at(this.#used[i]!);
      if (this.isEmpty(entry)) continue;
      const home = this.home(this.pageLo(entry));
      if (home !== entry) {
        if (this.isEmpty(home)) this.copy(entry, home);
        this.clear(entry);
      }
      this.#list(this.slotOf(home));
    }
  }
}
