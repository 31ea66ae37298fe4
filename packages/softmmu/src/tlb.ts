/**
 * The TLB of one mmu index: a direct-mapped table in the arena that generated code probes, eight victim entries behind it, and what only the
 * slow path knows of each entry. Grows while it is filling up, shrinks after many flushes that found it nearly empty; a flush costs what was
 * filled, not the size. Large pages enter as 4 KiB entries that remember their size.
 */
import { PAGE_BITS, TLB_LAYOUT, type Arena, type HostPtr, type VaddrBits } from '@emu/vaddr';
import type { Access } from './memop.ts';
import { PAGE_MASK, TABLE_OFFSET, TLB_DESCRIPTOR, TlbFlag } from './tlb-entry.ts';
import { LargePageFilter } from './large-pages.ts';

const EMPTY = -1;
const VICTIMS = 8;
/** A comparator is for this page whatever its other flags. */
const TAG_MASK = PAGE_MASK | TlbFlag.INVALID;
/** Of `meta`: log2 of the page's size, then flags. */
const Meta = { PAGE_BITS: 0x3f, GLOBAL: 0x40, LISTED: 0x80 } as const;
const FLUSHES_PER_WINDOW = 32;

export interface TlbSize {
  /** Log2 of the number of slots at first and at most. */
  readonly minBits: number;
  readonly maxBits: number;
}
export const DEFAULT_TLB_SIZE: TlbSize = { minBits: 6, maxBits: 14 };

/** Events since the machine started. */
export interface TlbCounters { fills: number; victimHits: number; flushes: number; pageFlushes: number; resizes: number }

/** Entries are named by the index of their first 32-bit word in the arena. */
export class Tlb {
  readonly descriptor: HostPtr;
  readonly counters: TlbCounters = { fills: 0, victimHits: 0, flushes: 0, pageFlushes: 0, resizes: 0 };
  readonly #i32: Int32Array;
  readonly #wide: boolean;
  /** Words of an entry and of a comparator, and the word of the addend. */
  readonly #entryWords: number;
  readonly #entryShift: number;
  readonly #cmpWords: number;
  readonly #addend: number;
  readonly #base: number;
  readonly #size: TlbSize;
  #slots: number;
  #slotMask: number;
  /** Physical address of each slot's page; the victims' follow behind the largest table's. */
  readonly #phys: Float64Array;
  readonly #meta: Uint8Array;
  /** Slots that were filled since the last flush, each once. */
  readonly #used: Uint32Array;
  #usedCount = 0;
  #conflicts = 0;
  #peak = 0;
  #flushesInWindow = 0;
  #victims = 0;
  #nextVictim = 0;
  #globals = 0;
  readonly #large = new LargePageFilter();

  constructor(arena: Arena, vaddrBits: VaddrBits, size: TlbSize = DEFAULT_TLB_SIZE) {
    const layout = TLB_LAYOUT[vaddrBits], most = 1 << size.maxBits;
    this.#i32 = arena.i32;
    this.#wide = vaddrBits === 64;
    this.#entryWords = layout.size / 4;
    this.#entryShift = Math.log2(this.#entryWords);
    this.#cmpWords = layout.comparatorSize / 4;
    this.#addend = layout.addend / 4;
    this.#size = size;
    const block = arena.alloc(64 + (most + VICTIMS) * layout.size, 64); // entries do not straddle cache lines
    this.descriptor = block + 64 - TABLE_OFFSET;
    this.#base = (this.descriptor + TABLE_OFFSET) / 4;
    this.#phys = new Float64Array(most + VICTIMS);
    this.#meta = new Uint8Array(most + VICTIMS);
    this.#used = new Uint32Array(most);
    this.#slots = this.#slotMask = 0;
    this.#i32[(this.descriptor + TLB_DESCRIPTOR.offset.table) / 4] = this.descriptor + TABLE_OFFSET;
    this.#i32.fill(EMPTY, this.#base, this.#base + (most + VICTIMS) * this.#entryWords);
    this.#setSlots(1 << size.minBits);
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
    const entry = this.#base + (((lo >>> PAGE_BITS) & this.#slotMask) << this.#entryShift);
    if (this.#matches(entry + access * this.#cmpWords, lo, hi)) return entry;
    return this.#victims === 0 ? -1 : this.#recall(entry, lo, hi, access);
  }

  /** Flags of the comparator for `access`. */
  flags(entry: number, access: Access): number {
    return this.#i32[entry + access * this.#cmpWords]! & ~PAGE_MASK;
  }

  /** What to add to the low half of the address. */
  addend(entry: number): number {
    return this.#i32[entry + this.#addend]!;
  }

  /** Physical address of the entry's page. */
  phys(entry: number): number {
    return this.#phys[this.#slotOf(entry)]!;
  }

  /** The page is dirty now: writes to it go straight to memory, if the entry is still this page's. */
  clearNotDirty(entry: number, lo: number, hi: number): void {
    const write = entry + this.#cmpWords;
    if (this.#matches(write, lo, hi)) this.#i32[write]! &= ~TlbFlag.NOTDIRTY;
  }

  /**
   * Enters a page. `read`, `write` and `code` are comparator flags, or -1 where the access is not allowed. The page's old entry, if any, is
   * replaced; another page's becomes a victim. Returns the entry.
   */
  fill(lo: number, hi: number, read: number, write: number, code: number, addend: number, phys: number, pageBits: number, global: boolean): number {
    this.counters.fills++;
    if (this.#usedCount + this.#conflicts > this.#slots && this.#slots < 1 << this.#size.maxBits) this.#resize(this.#slots * 2);
    const i32 = this.#i32, c = this.#cmpWords;
    const slot = (lo >>> PAGE_BITS) & this.#slotMask, entry = this.#base + (slot << this.#entryShift);
    if (!this.#isEmpty(entry)) {
      if (!this.#isPage(entry, lo, hi)) this.#evict(entry);
    } else if (!(this.#meta[slot]! & Meta.LISTED)) this.#used[this.#usedCount++] = slot;
    if (this.#victims > 0) this.#dropVictim(lo, hi);
    const page = lo & PAGE_MASK;
    i32[entry] = read === EMPTY ? EMPTY : page | read;
    i32[entry + c] = write === EMPTY ? EMPTY : page | write;
    i32[entry + c + c] = code === EMPTY ? EMPTY : page | code;
    if (this.#wide) {
      i32[entry + 1] = read === EMPTY ? EMPTY : hi;
      i32[entry + c + 1] = write === EMPTY ? EMPTY : hi;
      i32[entry + c + c + 1] = code === EMPTY ? EMPTY : hi;
    }
    i32[entry + this.#addend] = addend;
    this.#phys[slot] = phys;
    if (pageBits > PAGE_BITS) this.#large.add(lo, hi, pageBits);
    if (global) this.#globals++;
    this.#meta[slot] = Meta.LISTED | pageBits | (global ? Meta.GLOBAL : 0);
    return entry;
  }

  /** Forgets everything. */
  flush(): void {
    this.counters.flushes++;
    const i32 = this.#i32, base = this.#base, count = this.#usedCount;
    if (count > this.#slots >> 2) {
      i32.fill(EMPTY, base, base + (this.#slots << this.#entryShift));
      this.#meta.fill(0, 0, this.#slots);
    } else {
      for (let i = 0; i < count; i++) {
        const slot = this.#used[i]!;
        this.#clear(base + (slot << this.#entryShift));
        this.#meta[slot] = 0;
      }
    }
    this.#flushed(0);
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) this.#clearVictim(i);
  }

  /** Forgets all but global pages (SDM Vol. 3A, section 4.10.2.4). */
  flushNonGlobal(): void {
    if (this.#globals === 0) {
      this.flush();
      return;
    }
    this.counters.flushes++;
    const before = this.#usedCount;
    let kept = 0, globals = 0;
    this.#large.clear();
    for (let i = 0; i < before; i++) {
      const slot = this.#used[i]!, entry = this.#base + (slot << this.#entryShift), meta = this.#meta[slot]!;
      if (meta & Meta.GLOBAL && !this.#isEmpty(entry)) {
        this.#used[kept++] = slot;
        globals++;
        this.#noteLarge(entry, meta);
      } else {
        this.#clear(entry);
        this.#meta[slot] = 0;
      }
    }
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) this.#clearVictim(i);
    this.#globals = globals;
    this.#peak = Math.max(this.#peak, before);
    this.#usedCount = kept;
    this.#conflicts = 0;
    this.#endWindow();
  }

  /** Forgets one page, and all of the large page that it is part of. Returns log2 of the size of what went. */
  flushPage(lo: number, hi: number): number {
    this.counters.pageFlushes++;
    const entry = this.#base + (((lo >>> PAGE_BITS) & this.#slotMask) << this.#entryShift);
    if (!this.#isEmpty(entry) && this.#isPage(entry, lo, hi)) this.#clear(entry);
    if (this.#victims > 0) this.#dropVictim(lo, hi);
    let gone = PAGE_BITS;
    for (let bits = this.#large.sizes; bits !== 0; bits &= bits - 1) {
      const pageBits = 31 - Math.clz32(bits & -bits);
      if (!this.#large.mayHold(lo, hi, pageBits)) continue;
      this.#flushLarge(lo, hi, pageBits);
      gone = pageBits;
    }
    return gone;
  }

  /** Writes to pages `first` to `last` of the arena take the slow path from now on. */
  protect(first: number, last: number): void {
    for (let i = 0; i < this.#usedCount; i++) this.#protectEntry(this.#base + (this.#used[i]! << this.#entryShift), first, last);
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) this.#protectEntry(this.#victimEntry(i), first, last);
  }

  #matches(comparator: number, lo: number, hi: number): boolean {
    return (this.#i32[comparator]! & TAG_MASK) === (lo & PAGE_MASK) && (!this.#wide || this.#i32[comparator + 1] === hi);
  }

  #isPage(entry: number, lo: number, hi: number): boolean {
    const c = this.#cmpWords;
    return this.#matches(entry, lo, hi) || this.#matches(entry + c, lo, hi) || this.#matches(entry + c + c, lo, hi);
  }

  #isEmpty(entry: number): boolean {
    const i32 = this.#i32, c = this.#cmpWords;
    return (i32[entry]! & i32[entry + c]! & i32[entry + c + c]!) === EMPTY;
  }

  /** Offset of a comparator that is in use. */
  #anyComparator(entry: number): number {
    const c = this.#cmpWords;
    return this.#i32[entry] !== EMPTY ? entry : this.#i32[entry + c] !== EMPTY ? entry + c : entry + c + c;
  }

  #slotOf(entry: number): number {
    return (entry - this.#base) >> this.#entryShift;
  }

  #clear(entry: number): void {
    for (let i = 0; i < this.#addend; i++) this.#i32[entry + i] = EMPTY;
  }

  #copy(from: number, to: number): void {
    for (let i = 0; i <= this.#addend; i++) this.#i32[to + i] = this.#i32[from + i]!;
    const a = this.#slotOf(from), b = this.#slotOf(to);
    this.#phys[b] = this.#phys[a]!;
    this.#meta[b] = (this.#meta[b]! & Meta.LISTED) | (this.#meta[a]! & ~Meta.LISTED);
  }

  #victimEntry(i: number): number {
    return this.#base + (((1 << this.#size.maxBits) + i) << this.#entryShift);
  }

  #evict(entry: number): void {
    this.#conflicts++;
    const i = this.#nextVictim;
    this.#nextVictim = (i + 1) % VICTIMS;
    const victim = this.#victimEntry(i);
    if (this.#isEmpty(victim)) this.#victims++;
    this.#copy(entry, victim);
  }

  #clearVictim(i: number): void {
    const victim = this.#victimEntry(i);
    if (this.#isEmpty(victim)) return;
    this.#clear(victim);
    this.#victims--;
  }

  #dropVictim(lo: number, hi: number): void {
    for (let i = 0; i < VICTIMS; i++) {
      const victim = this.#victimEntry(i);
      if (!this.#isEmpty(victim) && this.#isPage(victim, lo, hi)) this.#clearVictim(i);
    }
  }

  /** Swaps a matching victim with what is in its slot. */
  #recall(entry: number, lo: number, hi: number, access: Access): number {
    for (let i = 0; i < VICTIMS; i++) {
      const victim = this.#victimEntry(i);
      if (!this.#matches(victim + access * this.#cmpWords, lo, hi)) continue;
      this.counters.victimHits++;
      this.#swap(entry, victim);
      if (this.#isEmpty(victim)) this.#victims--;
      return entry;
    }
    return -1;
  }

  #swap(entry: number, victim: number): void {
    const i32 = this.#i32, slot = this.#slotOf(entry), other = this.#slotOf(victim);
    for (let i = 0; i <= this.#addend; i++) {
      const word = i32[entry + i]!;
      i32[entry + i] = i32[victim + i]!;
      i32[victim + i] = word;
    }
    const phys = this.#phys[slot]!, meta = this.#meta[slot]!;
    this.#phys[slot] = this.#phys[other]!;
    this.#phys[other] = phys;
    if (!(meta & Meta.LISTED)) this.#used[this.#usedCount++] = slot;
    this.#meta[slot] = this.#meta[other]! | Meta.LISTED;
    this.#meta[other] = meta & ~Meta.LISTED;
  }

  #protectEntry(entry: number, first: number, last: number): void {
    const i32 = this.#i32, write = entry + this.#cmpWords, tag = i32[write]!;
    if (tag & (TlbFlag.INVALID | TlbFlag.MMIO)) return;
    const page = ((tag & PAGE_MASK) + i32[entry + this.#addend]!) >>> PAGE_BITS;
    if (page >= first && page <= last) i32[write] = tag | TlbFlag.NOTDIRTY;
  }

  #noteLarge(entry: number, meta: number): void {
    const pageBits = meta & Meta.PAGE_BITS;
    if (pageBits <= PAGE_BITS) return;
    const comparator = this.#anyComparator(entry);
    this.#large.add(this.#i32[comparator]!, this.#wide ? this.#i32[comparator + 1]! : 0, pageBits);
  }

  #flushLarge(lo: number, hi: number, pageBits: number): void {
    for (let i = 0; i < this.#usedCount; i++) {
      const slot = this.#used[i]!;
      if ((this.#meta[slot]! & Meta.PAGE_BITS) === pageBits) this.#clearWithin(this.#base + (slot << this.#entryShift), lo, hi, pageBits);
    }
    for (let i = 0; this.#victims > 0 && i < VICTIMS; i++) {
      const victim = this.#victimEntry(i);
      if (this.#isEmpty(victim) || (this.#meta[this.#slotOf(victim)]! & Meta.PAGE_BITS) !== pageBits) continue;
      this.#clearWithin(victim, lo, hi, pageBits);
      if (this.#isEmpty(victim)) this.#victims--;
    }
  }

  #clearWithin(entry: number, lo: number, hi: number, pageBits: number): void {
    if (this.#isEmpty(entry)) return;
    const comparator = this.#anyComparator(entry);
    const differs = (this.#i32[comparator]! ^ lo) >>> pageBits;
    if (differs === 0 && (!this.#wide || this.#i32[comparator + 1] === hi)) this.#clear(entry);
  }

  #flushed(kept: number): void {
    this.#peak = Math.max(this.#peak, this.#usedCount);
    this.#usedCount = kept;
    this.#conflicts = 0;
    this.#globals = 0;
    this.#large.clear();
    this.#endWindow();
  }

  /** Halves a table that was never more than an eighth full during a whole window. */
  #endWindow(): void {
    if (++this.#flushesInWindow < FLUSHES_PER_WINDOW) return;
    if (this.#peak < this.#slots >> 3 && this.#slots > 1 << this.#size.minBits) this.#resize(this.#slots >> 1);
    this.#flushesInWindow = 0;
    this.#peak = this.#usedCount;
  }

  #setSlots(slots: number): void {
    this.#slots = slots;
    this.#slotMask = slots - 1;
    this.#i32[(this.descriptor + TLB_DESCRIPTOR.offset.mask) / 4] = (slots - 1) * this.#entryWords * 4;
  }

  /** Moves each entry to its slot in a table of another size. Where two meet, the first stays. */
  #resize(slots: number): void {
    this.counters.resizes++;
    const count = this.#usedCount;
    for (let i = 0; i < count; i++) this.#meta[this.#used[i]!]! &= ~Meta.LISTED;
    this.#setSlots(slots);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const slot = this.#used[i]!, entry = this.#base + (slot << this.#entryShift);
      if (this.#isEmpty(entry)) continue;
      const target = (this.#i32[this.#anyComparator(entry)]! >>> PAGE_BITS) & this.#slotMask, to = this.#base + (target << this.#entryShift);
      if (target !== slot) {
        if (this.#isEmpty(to)) this.#copy(entry, to);
        this.#clear(entry);
      }
      if (this.#meta[target]! & Meta.LISTED) continue;
      this.#meta[target]! |= Meta.LISTED;
      this.#used[kept++] = target;
    }
    this.#usedCount = kept;
    this.#conflicts = 0;
  }
}
