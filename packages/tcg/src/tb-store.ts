/**
 * All translation blocks of one CPU: found by physical pc, code segment base and flags; linked with each other; thrown away by
 * physical byte range when the guest writes to its code. TBs know nothing of the virtual pc, so one serves every mapping of its page;
 * a TB that crosses into a second page is valid only where that page follows (`physPage2`, checked by the engine).
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import type { CodePages } from './backend.ts';
import { CodePage, firstByte, lastByte, PAGE_BITS, PAGE_SIZE } from './code-page.ts';
import { TB, TB_RECORD } from './cpu.ts';
import type { JumpCache } from './jump-cache-table.ts';
import { LinkLists } from './link-lists.ts';
import { Tb } from './tb.ts';

const BUCKET_BITS = 15;
const RECORDS_AT_ONCE = 512;
const LAST_TARGET = 2;
const COMPACT_FROM = 64;

export interface TbStoreOptions {
  /** TBs that exist at once; one more flushes them all. */
  readonly maxTbs?: number;
  readonly codePages?: CodePages | undefined;
  /** Called for each TB that becomes invalid, after it is unlinked. */
  readonly onInvalidate?: (tb: Tb) => void;
}

export class TbStore {
  readonly #arena: Arena;
  readonly #jumpCache: JumpCache;
  readonly #maxTbs: number;
  readonly #codePages: CodePages | undefined;
  readonly #onInvalidate: (tb: Tb) => void;
  readonly #buckets: (Tb | null)[] = new Array<Tb | null>(1 << BUCKET_BITS).fill(null);
  readonly #pages = new Map<number, CodePage>();
  /** By id. */
  readonly #all: Tb[] = [];
  /** By id: whose `goto_tb` slots or `lastTarget` may lead there, as record address + slot. Entries may be out of date. */
  readonly #incoming: LinkLists;
  readonly #free: Tb[] = [];
  /** Invalid, but perhaps still running: free after `reclaim`. */
  readonly #dying: Tb[] = [];
  #count = 0;

  constructor(arena: Arena, jumpCache: JumpCache, options: TbStoreOptions = {}) {
    this.#arena = arena;
    this.#jumpCache = jumpCache;
    this.#maxTbs = options.maxTbs ?? 1 << 17;
    this.#incoming = new LinkLists(this.#maxTbs);
    this.#codePages = options.codePages;
    this.#onInvalidate = options.onInvalidate ?? (() => {});
  }

  /** Valid TBs. */
  get count(): number {
    return this.#count;
  }

  /** No record is left: `flush` before `allocate`. */
  get full(): boolean {
    return this.#free.length === 0 && this.#all.length >= this.#maxTbs;
  }

  /** The TB whose record is at `record`. */
  at(record: HostPtr): Tb {
    return this.#all[this.#arena.i32[(record + TB.id) >>> 2]!]!;
  }

  /** The first TB with this key, or null. `after` goes on behind an earlier answer, since TBs may differ in their second page only. */
  find(physPc: number, csBaseLo: number, csBaseHi: number, flags: number, after: Tb | null = null): Tb | null {
    let tb = after ? after.next : this.#buckets[bucket(physPc, csBaseLo, flags)]!;
    while (tb && !(tb.physPc === physPc && tb.flags === flags && tb.csBaseLo === csBaseLo && tb.csBaseHi === csBaseHi)) tb = tb.next;
    return tb;
  }

  /** An empty TB with this key, which `find` does not find before `insert`. */
  allocate(physPc: number, csBaseLo: number, csBaseHi: number, flags: number): Tb {
    if (this.#free.length === 0) this.#moreRecords();
    const tb = this.#free.pop()!;
    const words = this.#arena.i32, at = tb.record >>> 2;
    words.fill(0, at, at + TB_RECORD.size / 4);
    words[at + (TB.id >> 2)] = tb.id;
    words[at + (TB.flags >> 2)] = flags;
    words[at + (TB.pageOffset >> 2)] = physPc % PAGE_SIZE;
    tb.physPc = physPc;
    tb.csBaseLo = csBaseLo;
    tb.csBaseHi = csBaseHi;
    tb.flags = flags;
    tb.physPage2 = tb.hostPc = tb.hostPage2 = -1;
    tb.size = tb.icount = tb.codeBytes = 0;
    tb.next = null;
    return tb;
  }

  /** Makes a translated TB findable and watches its pages. */
  insert(tb: Tb): void {
    const b = bucket(tb.physPc, tb.csBaseLo, tb.flags);
    tb.next = this.#buckets[b]!;
    this.#buckets[b] = tb;
    tb.valid = true;
    this.#count++;
    this.watch(tb);
  }

  /** Notices stores into the code of a TB from now on: `overlaps` knows of it. Part of `insert`; for TBs that are not found, until `release`. */
  watch(tb: Tb): void {
    this.#watch(pageOf(tb.physPc), tb);
    if (tb.physPage2 >= 0) this.#watch(tb.physPage2, tb);
  }

  /** Gives back a TB that was never inserted. */
  release(tb: Tb): void {
    this.#unwatchAll(tb);
    this.#unlink(tb);
    this.#dying.push(tb);
  }

  /** Records of invalid TBs may be used again: no generated code is running. */
  reclaim(): void {
    while (this.#dying.length > 0) this.#free.push(this.#dying.pop()!);
  }

  /** From now on `goto_tb` slot `slot` of `from` leads to `to` directly. */
  link(from: Tb, slot: number, to: Tb): void {
    this.#point(from, TB.jump + 4 * slot, slot, to);
  }

  /** Notes where `lookup_and_goto_ptr` of `from` went. */
  setLastTarget(from: Tb, to: Tb): void {
    this.#point(from, TB.lastTarget, LAST_TARGET, to);
  }

  /** TBs that are linked to this one, or were; again for each link. What has a record of theirs now may be another TB. */
  incoming(tb: Tb): readonly Tb[] {
    return this.#incoming.entries(tb.id).map((entry) => this.at(entry - (entry % 4)));
  }

  /** Throws away the TB and every link to it. */
  invalidate(tb: Tb): void {
    if (!tb.valid) return;
    tb.valid = false;
    this.#count--;
    this.#unhash(tb);
    this.#unwatchAll(tb);
    this.#jumpCache.forget(tb);
    this.#unlink(tb);
    this.#dying.push(tb);
    this.#onInvalidate(tb);
  }

  /** Whether a TB was translated from any of `length` bytes at physical address `phys`. */
  overlaps(phys: number, length: number): boolean {
    for (let at = phys, left = length; left > 0;) {
      const first = at % PAGE_SIZE, n = Math.min(left, PAGE_SIZE - first);
      if (this.#pages.get(pageOf(at))?.overlaps(first, first + n)) return true;
      at += n;
      left -= n;
    }
    return false;
  }

  /** Throws away the TBs translated from any of `length` bytes at `phys`. Returns how many there were. */
  invalidateRange(phys: number, length: number): number {
    let n = 0;
    for (let at = phys, left = length; left > 0;) {
      const first = at % PAGE_SIZE, bytes = Math.min(left, PAGE_SIZE - first);
      n += this.#invalidateInPage(pageOf(at), first, first + bytes);
      at += bytes;
      left -= bytes;
    }
    return n;
  }

  /** Throws away everything. The caller tells the back ends. */
  flush(): void {
    for (const tb of this.#all) {
      tb.valid = false;
      tb.next = null;
    }
    this.#incoming.clearAll();
    this.#buckets.fill(null);
    for (const page of this.#pages.keys()) this.#codePages?.unprotect(page);
    this.#pages.clear();
    this.#jumpCache.flush();
    this.#count = 0;
    this.#dying.length = 0;
    this.#free.length = 0;
    for (let i = this.#all.length - 1; i >= 0; i--) this.#free.push(this.#all[i]!);
  }

  /** Physical pages that hold translated code. */
  get codePageCount(): number {
    return this.#pages.size;
  }

  #invalidateInPage(number: number, first: number, end: number): number {
    const page = this.#pages.get(number);
    if (!page?.overlaps(first, end)) return 0;
    let n = 0;
    for (let i = page.tbs.length - 1; i >= 0; i--) { // removal moves the last one, already seen, into the gap
      const tb = page.tbs[i]!;
      if (firstByte(tb, number) >= end || lastByte(tb, number) <= first) continue;
      this.invalidate(tb);
      n++;
    }
    return n;
  }

  #watch(number: number, tb: Tb): void {
    let page = this.#pages.get(number);
    if (!page) {
      this.#pages.set(number, (page = new CodePage(number)));
      this.#codePages?.protect(number);
    }
    page.add(tb);
  }

  #unwatchAll(tb: Tb): void {
    this.#unwatch(pageOf(tb.physPc), tb);
    if (tb.physPage2 >= 0) this.#unwatch(tb.physPage2, tb);
  }

  #unwatch(number: number, tb: Tb): void {
    const page = this.#pages.get(number);
    if (!page) return;
    page.remove(tb);
    if (page.tbs.length > 0) return;
    this.#pages.delete(number);
    this.#codePages?.unprotect(number);
  }

  #unhash(tb: Tb): void {
    const b = bucket(tb.physPc, tb.csBaseLo, tb.flags);
    let at: Tb | null = this.#buckets[b]!;
    if (at === tb) this.#buckets[b] = tb.next;
    else {
      while (at && at.next !== tb) at = at.next;
      if (at) at.next = tb.next;
    }
    tb.next = null;
  }

  #point(from: Tb, field: number, slot: number, to: Tb): void {
    const word = (from.record + field) >>> 2, words = this.#arena.u32;
    if (words[word] === to.record) return;
    words[word] = to.record;
    const n = this.#incoming.add(to.id, from.record + slot);
    if (n >= COMPACT_FROM && (n & (n - 1)) === 0) this.#compact(to);
  }

  /** Drops incoming entries that are out of date or there twice. */
  #compact(tb: Tb): void {
    const kept = new Set<number>();
    for (const entry of this.#incoming.entries(tb.id)) if (this.#arena.u32[slotWord(entry)] === tb.record) kept.add(entry);
    this.#incoming.clear(tb.id);
    for (const entry of [...kept].reverse()) this.#incoming.add(tb.id, entry);
  }

  /** Clears the links to `tb` and from it. */
  #unlink(tb: Tb): void {
    const words = this.#arena.u32;
    for (const entry of this.#incoming.entries(tb.id)) {
      const word = slotWord(entry);
      if (words[word] === tb.record) words[word] = 0;
    }
    this.#incoming.clear(tb.id);
    for (const slot of [0, 1, LAST_TARGET]) words[slotWord(tb.record + slot)] = 0;
  }

  #moreRecords(): void {
    const n = Math.min(RECORDS_AT_ONCE, this.#maxTbs - this.#all.length);
    const base = this.#arena.alloc(n * TB_RECORD.size, 16);
    const first = this.#all.length;
    for (let i = 0; i < n; i++) this.#all.push(new Tb(base + i * TB_RECORD.size, first + i));
    for (let i = n - 1; i >= 0; i--) this.#free.push(this.#all[first + i]!);
  }
}

const pageOf = (physPc: number): number => Math.floor(physPc / (1 << PAGE_BITS));

/** Multiplicative hash of the key. */
const bucket = (physPc: number, csBaseLo: number, flags: number): number => {
  let h = Math.imul(physPc | 0, 0x9e3779b1) ^ Math.imul(flags, 0x85ebca6b) ^ Math.imul(csBaseLo, 0xc2b2ae35);
  h ^= h >>> 15;
  return (Math.imul(h, 0x2c1b3c6d) >>> (32 - BUCKET_BITS));
};

/** Where the slot of an incoming entry (record address + slot) is: an index of 32-bit words. */
const slotWord = (entry: number): number => {
  const slot = entry % 4;
  return (entry - slot + (slot === LAST_TARGET ? TB.lastTarget : TB.jump + 4 * slot)) >>> 2;
};
