/**
 * The entries of one TLB in the arena, and what only the slow path knows of each: the slots of the largest table, then the victims. An entry is
 * named by the index of its first 32-bit word, so that no place in memory is computed twice.
 */
import { PAGE_BITS, TLB_LAYOUT, type Arena, type HostPtr, type VaddrBits } from '@emu/vaddr';
import type { Access } from './memop.ts';
import { OFFSET_MASK, PAGE_MASK, TABLE_OFFSET, TLB_DESCRIPTOR, TlbFlag } from './tlb-entry.ts';

export const EMPTY = -1;
export const VICTIMS = 8;
/** A comparator is for this page whatever its other flags. */
const TAG_MASK = PAGE_MASK | TlbFlag.INVALID;
/** Of `meta`: log2 of the page's size, whether the page is global; then of the slot: in which lists it is. */
export const Meta = { PAGE_BITS: 0x1f, GLOBAL: 0x20, ENTRY: 0x3f, IN_LOCALS: 0x40, IN_GLOBALS: 0x80 } as const;
const CACHE_LINE = 64;

export class TlbEntries {
  readonly descriptor: HostPtr;
  protected readonly i32: Int32Array;
  protected readonly wide: boolean;
  /** First word of slot 0. */
  protected readonly base: number;
  /** Words: of an entry (as a shift), of a comparator, in front of the addend. */
  protected readonly entryShift: number;
  protected readonly cmpWords: number;
  protected readonly addendWord: number;
  protected readonly physPages: Float64Array;
  protected readonly meta: Uint8Array;
  protected slotMask = 0;
  private readonly firstVictim: number;

  constructor(arena: Arena, vaddrBits: VaddrBits, maxSlots: number) {
    const layout = TLB_LAYOUT[vaddrBits];
    this.i32 = arena.i32;
    this.wide = vaddrBits === 64;
    this.entryShift = Math.log2(layout.size / 4);
    this.cmpWords = layout.comparatorSize / 4;
    this.addendWord = layout.addend / 4;
    const bytes = (maxSlots + VICTIMS) * layout.size;
    const table = arena.alloc(CACHE_LINE + bytes, CACHE_LINE) + CACHE_LINE; // entries do not straddle cache lines
    this.descriptor = table - TABLE_OFFSET;
    this.base = table / 4;
    this.firstVictim = this.base + (maxSlots << this.entryShift);
    this.physPages = new Float64Array(maxSlots + VICTIMS);
    this.meta = new Uint8Array(maxSlots + VICTIMS);
    this.i32[(this.descriptor + TLB_DESCRIPTOR.offset.table) / 4] = table;
    this.i32.fill(EMPTY, this.base, this.base + bytes / 4);
  }

  /** Flags of the comparator for `access`. */
  flags(entry: number, access: Access): number {
    return this.i32[entry + access * this.cmpWords]! & OFFSET_MASK;
  }

  /** What to add to the low half of the address. */
  addend(entry: number): number {
    return this.i32[entry + this.addendWord]!;
  }

  /** Physical address of the entry's page. */
  phys(entry: number): number {
    return this.physPages[this.slotOf(entry)]!;
  }

  /** The page is dirty now: writes to it go straight to memory, if the entry is still this page's. */
  clearNotDirty(entry: number, lo: number, hi: number): void {
    const write = entry + this.cmpWords;
    if (this.matches(write, lo, hi)) this.i32[write]! &= ~TlbFlag.NOTDIRTY;
  }

  /** The entry where an address belongs. */
  protected home(lo: number): number {
    return this.base + (((lo >>> PAGE_BITS) & this.slotMask) << this.entryShift);
  }

  protected at(slot: number): number {
    return this.base + (slot << this.entryShift);
  }

  protected slotOf(entry: number): number {
    return (entry - this.base) >> this.entryShift;
  }

  protected victim(i: number): number {
    return this.firstVictim + (i << this.entryShift);
  }

  /** Whether the comparator at this word allows its access to the page. */
  protected matches(comparator: number, lo: number, hi: number): boolean {
    return (this.i32[comparator]! & TAG_MASK) === (lo & PAGE_MASK) && (!this.wide || this.i32[comparator + 1] === hi);
  }

  /** Whether the entry is the page's, for any access. */
  protected isPage(entry: number, lo: number, hi: number): boolean {
    const c = this.cmpWords;
    return this.matches(entry, lo, hi) || this.matches(entry + c, lo, hi) || this.matches(entry + c + c, lo, hi);
  }

  protected isEmpty(entry: number): boolean {
    const { i32, cmpWords: c } = this;
    return (i32[entry]! & i32[entry + c]! & i32[entry + c + c]!) === EMPTY;
  }

  /** Halves of the page address of an entry in use; flags are left in the low one. */
  protected pageLo(entry: number): number {
    return this.i32[this.usedComparator(entry)]!;
  }

  protected pageHi(entry: number): number {
    return this.wide ? this.i32[this.usedComparator(entry) + 1]! : 0;
  }

  protected set(entry: number, access: Access, page: number, hi: number, flags: number): void {
    const comparator = entry + access * this.cmpWords;
    this.i32[comparator] = flags === EMPTY ? EMPTY : page | flags;
    if (this.wide) this.i32[comparator + 1] = flags === EMPTY ? EMPTY : hi;
  }

  protected clear(entry: number): void {
    const { i32, addendWord } = this;
    for (let i = 0; i < addendWord; i++) i32[entry + i] = EMPTY;
  }

  /** Copies an entry; the slots stay in their lists. */
  protected copy(from: number, to: number): void {
    const { i32, addendWord } = this;
    for (let i = 0; i <= addendWord; i++) i32[to + i] = i32[from + i]!;
    const a = this.slotOf(from), b = this.slotOf(to);
    this.physPages[b] = this.physPages[a]!;
    this.meta[b] = (this.meta[b]! & ~Meta.ENTRY) | (this.meta[a]! & Meta.ENTRY);
  }

  protected swap(x: number, y: number): void {
    const { i32, addendWord, physPages, meta } = this;
    for (let i = 0; i <= addendWord; i++) {
      const word = i32[x + i]!;
      i32[x + i] = i32[y + i]!;
      i32[y + i] = word;
    }
    const a = this.slotOf(x), b = this.slotOf(y), phys = physPages[a]!, different = (meta[a]! ^ meta[b]!) & Meta.ENTRY;
    physPages[a] = physPages[b]!;
    physPages[b] = phys;
    meta[a]! ^= different;
    meta[b]! ^= different;
  }

  private usedComparator(entry: number): number {
    const { i32, cmpWords: c } = this;
    return i32[entry] !== EMPTY ? entry : i32[entry + c] !== EMPTY ? entry + c : entry + c + c;
  }
}
