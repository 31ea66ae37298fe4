/**
 * The TLB of one mmu index: a direct-mapped table that generated code probes, and eight victims that only the slow path sees. Grows while it is
 * filling up, shrinks after many flushes that found it nearly empty; a flush costs what was filled, not the size. A large page enters as 4 KiB
 * entries that remember its size.
 */
import { PAGE_BITS, TLB_LAYOUT, type Arena, type HostPtr, type VaddrBits } from '@emu/vaddr';
import { Access } from './memop.ts';
import type { ProtectKernel } from './protect-kernel.ts';
import { SlotList } from './slot-list.ts';
import { EMPTY, Meta, TlbEntries, VICTIMS } from './tlb-entries.ts';
import { PAGE_MASK, TLB_DESCRIPTOR } from './tlb-entry.ts';

const FLUSHES_PER_WINDOW = 32;
/** Victims that come back until the table is taken to be too small for the pages that alternate: then it has cost as much as a larger table. */
const MAX_RECALLS = 256;
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
  /** Used slots. One that held both kinds of page is in both lists, and the list of what it holds now is one of them. */
  readonly #locals: SlotList;
  readonly #globals: SlotList;
  /** Evictions since the last flush or resize: with the slots used, what asks for a larger table. */
  #conflicts = 0;
  /** Victims that came back since then. */
  #recalls = 0;
  /** Most slots used at any flush of the window. */
  #peak = 0;
  #flushesInWindow = 0;
  /** Victims in use, the one to replace next, and the page of each (`NO_PAGE`: none), so that a miss looks at few words. */
  #victims = 0;
  #nextVictim = 0;
  readonly #victimLo = new Int32Array(VICTIMS).fill(NO_PAGE);
  readonly #victimHi = new Int32Array(VICTIMS);

  constructor(arena: Arena, vaddrBits: VaddrBits, { minBits, maxBits }: TlbSize, protectKernel: ProtectKernel) {
    super(arena, vaddrBits, 1 << maxBits);
    this.#protectKernel = protectKernel;
    this.#entryBytes = TLB_LAYOUT[vaddrBits].size;
    this.#minSlots = 1 << minBits;
    this.#maxSlots = 1 << maxBits;
    this.#locals = new SlotList(arena, this.#maxSlots, this.meta, Meta.IN_LOCALS);
    this.#globals = new SlotList(arena, this.#maxSlots, this.meta, Meta.IN_GLOBALS);
    this.#setSlots(this.#minSlots);
  }

  get slots(): number {
    return this.#slots;
  }

  /** Slots filled since they were flushed last; one that was filled with both kinds of page counts twice. */
  get used(): number {
    return this.#locals.count + this.#globals.count;
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
    if (this.used + this.#conflicts > this.#slots && this.#slots < this.#maxSlots) this.#resize(this.#slots * 2);
    const entry = this.home(lo), slot = this.slotOf(entry), page = lo & PAGE_MASK;
    if (!this.isEmpty(entry) && !this.isPage(entry, lo, hi)) this.#evict(entry);
    if (this.#victims > 0) this.#dropVictim(lo, hi);
    this.set(entry, Access.READ, page, hi, read);
    this.set(entry, Access.WRITE, page, hi, write);
    this.set(entry, Access.FETCH, page, hi, code);
    this.i32[entry + this.addendWord] = addend;
    this.physPages[slot] = phys;
    this.meta[slot] = (this.meta[slot]! & ~Meta.ENTRY) | pageBits | (global ? Meta.GLOBAL : 0);
    const list = global ? this.#globals : this.#locals;
    list.add(slot);
    if (pageBits > PAGE_BITS) list.large.add(lo, hi, pageBits);
    return entry;
  }

  /** Forgets everything. */
  flush(): void {
    this.#beginFlush();
    if (this.used > this.#slots >> 2) {
      this.i32.fill(EMPTY, this.base, this.at(this.#slots));
      this.#globals.clear();
      this.#locals.clear();
    } else {
      this.#empty(this.#globals);
      this.#empty(this.#locals);
    }
    this.#endFlush();
  }

  /** Forgets all but global pages (SDM Vol. 3A, section 4.10.2.4). Costs nothing for each page that stays. */
  flushNonGlobal(): void {
    this.#beginFlush();
    const { slots, count } = this.#locals;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (!(this.meta[slot]! & Meta.GLOBAL)) this.clear(this.at(slot));
    }
    this.#locals.clear();
    this.#endFlush();
  }

  /** Forgets one page, and all of the large page that it is part of. Returns log2 of the size of what may have gone. */
  flushPage(lo: number, hi: number): number {
    this.counters.pageFlushes++;
    const entry = this.home(lo);
    if (this.isPage(entry, lo, hi)) this.clear(entry);
    if (this.#victims > 0) this.#dropVictim(lo, hi);
    return Math.max(PAGE_BITS, this.#flushLarge(this.#globals, lo, hi), this.#flushLarge(this.#locals, lo, hi));
  }

  /** Writes to pages `first` to `last` of the arena take the slow path from now on. */
  protect(first: number, last: number): void {
    for (const { at, count } of [this.#globals, this.#locals]) this.#protectKernel(this.base * 4, at, count, first, last);
    if (this.#victims > 0) this.#protectKernel(this.victim(0) * 4, 0, VICTIMS, first, last);
  }

  #empty(list: SlotList): void {
    for (let i = 0; i < list.count; i++) this.clear(this.at(list.slots[i]!));
    list.clear();
  }

  /** Puts a slot into the list of what it holds. */
  #list(slot: number): void {
    (this.meta[slot]! & Meta.GLOBAL ? this.#globals : this.#locals).add(slot);
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
    if (++this.#recalls > MAX_RECALLS && this.#slots < this.#maxSlots) {
      this.#resize(this.#slots * 2);
      entry = this.home(lo);
    }
    if (this.isEmpty(entry)) {
      this.copy(this.victim(i), entry);
      this.#clearVictim(i);
    } else {
      this.#victimLo[i] = this.pageLo(entry) & PAGE_MASK;
      this.#victimHi[i] = this.pageHi(entry);
      this.swap(entry, this.victim(i));
    }
    this.#list(this.slotOf(entry));
    return entry;
  }

  /** Forgets all of the large pages among `list` and the victims that hold an address. Returns log2 of the size of what may have gone. */
  #flushLarge(list: SlotList, lo: number, hi: number): number {
    let gone = 0;
    for (let sizes = list.large.sizes; sizes !== 0; sizes &= sizes - 1) {
      const pageBits = 31 - Math.clz32(sizes & -sizes);
      if (!list.large.mayHold(lo, hi, pageBits)) continue;
      gone = pageBits;
      for (let i = 0; i < list.count; i++) {
        const entry = this.at(list.slots[i]!);
        if (this.#isPartOf(entry, lo, hi, pageBits)) this.clear(entry);
      }
      for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) {
        if (this.#isPartOf(this.victim(i), lo, hi, pageBits)) this.#clearVictim(i);
      }
    }
    return gone;
  }

  #isPartOf(entry: number, lo: number, hi: number, pageBits: number): boolean {
    if ((this.meta[this.slotOf(entry)]! & Meta.PAGE_BITS) !== pageBits || this.isEmpty(entry)) return false;
    return (this.pageLo(entry) ^ lo) >>> pageBits === 0 && this.pageHi(entry) === hi;
  }

  #beginFlush(): void {
    this.counters.flushes++;
    this.#peak = Math.max(this.#peak, this.used);
    this.#conflicts = this.#recalls = 0;
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) this.#clearVictim(i);
  }

  /** Halves a table that was never more than an eighth full during a window. */
  #endFlush(): void {
    if (++this.#flushesInWindow < FLUSHES_PER_WINDOW) return;
    if (this.#peak < this.#slots >> 3 && this.#slots > this.#minSlots) this.#resize(this.#slots >> 1);
    this.#flushesInWindow = 0;
    this.#peak = this.used;
  }

  #setSlots(slots: number): void {
    this.#slots = slots;
    this.slotMask = slots - 1;
    this.i32[(this.descriptor + TLB_DESCRIPTOR.offset.mask) / 4] = (slots - 1) * this.#entryBytes;
  }

  /** Moves each entry to its slot in a table of another size. Where two meet, the first stays. */
  #resize(slots: number): void {
    this.counters.resizes++;
    this.#setSlots(slots);
    this.#conflicts = this.#recalls = 0;
    const filled = [...this.#globals.slots.subarray(0, this.#globals.count), ...this.#locals.slots.subarray(0, this.#locals.count)];
    for (const list of [this.#globals, this.#locals]) list.clearSlots();
    for (const slot of filled) {
      const entry = this.at(slot);
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
