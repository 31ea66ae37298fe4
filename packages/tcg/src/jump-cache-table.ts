/**
 * The jump cache as the engine keeps it: guest pc to TB, direct-mapped, in the arena. Generated code reads it (`emitJumpCacheProbe`), and
 * the generated lookup fills it as `fill` does (`tb-lookup.ts`), so its bookkeeping is in the arena too: the entries used since the
 * last flush, and in each TB's record where it is cached.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { JC, JUMP_CACHE_BITS, JUMP_CACHE_ENTRY, jumpCacheIndex, TB } from './cpu.ts';
import type { Tb } from './tb.ts';

export const JUMP_CACHE_ENTRIES = 1 << JUMP_CACHE_BITS;
/** With more entries in use than this, a flush clears them all instead of one by one. */
const FEW = 512;
/** `cachedAt` of a TB that several entries lead to. */
export const CACHED_OFTEN = -1;

export class JumpCache {
  /** Address of the first entry. */
  readonly address: HostPtr;
  /** Address of the number of entries filled since the last flush, and of their indices (i32 each, with repetitions; a full list stays full). */
  readonly usedCount: HostPtr;
  readonly used: HostPtr;
  readonly #words: Int32Array;

  constructor(arena: Arena) {
    this.address = arena.alloc(JUMP_CACHE_ENTRIES * JUMP_CACHE_ENTRY.size, 64);
    this.usedCount = arena.alloc(4, 64);
    this.used = arena.alloc(4 * JUMP_CACHE_ENTRIES, 64);
    this.#words = arena.i32;
  }

  /** Remembers that the key leads to `tb`. */
  fill(pcLo: number, pcHi: number, csBaseLo: number, csBaseHi: number, flags: number, tb: Tb): void {
    const index = jumpCacheIndex(pcLo), words = this.#words;
    const at = (this.address + index * JUMP_CACHE_ENTRY.size) >>> 2;
    const n = words[this.usedCount >>> 2]!;
    if (n < JUMP_CACHE_ENTRIES) {
      words[(this.used >>> 2) + n] = index;
      words[this.usedCount >>> 2] = n + 1;
    }
    words[at + (JC.pc >> 2)] = pcLo;
    words[at + (JC.pc >> 2) + 1] = pcHi;
    words[at + (JC.csBase >> 2)] = csBaseLo;
    words[at + (JC.csBase >> 2) + 1] = csBaseHi;
    words[at + (JC.flags >> 2)] = flags;
    words[at + (JC.tb >> 2)] = tb.record;
    const cached = (tb.record + TB.cachedAt) >>> 2;
    words[cached] = words[cached] === 0 || words[cached] === index + 1 ? index + 1 : CACHED_OFTEN;
  }

  /** Empties it: the meaning of virtual addresses changed. */
  flush(): void {
    const words = this.#words, used = words[this.usedCount >>> 2]!;
    if (used > FEW) words.fill(0, this.address >>> 2, (this.address + JUMP_CACHE_ENTRIES * JUMP_CACHE_ENTRY.size) >>> 2);
    else for (let i = 0; i < used; i++) words[this.#tbWord(words[(this.used >>> 2) + i]!)] = 0;
    words[this.usedCount >>> 2] = 0;
  }

  /** Removes every entry that leads to `tb`. */
  forget(tb: Tb): void {
    const word = (tb.record + TB.cachedAt) >>> 2, cached = this.#words[word]!;
    if (cached > 0) this.#clear(cached - 1, tb.record);
    else if (cached === CACHED_OFTEN) for (let i = 0; i < JUMP_CACHE_ENTRIES; i++) this.#clear(i, tb.record);
    this.#words[word] = 0;
  }

  #tbWord(index: number): number {
    return (this.address + index * JUMP_CACHE_ENTRY.size + JC.tb) >>> 2;
  }

  #clear(index: number, record: HostPtr): void {
    const word = this.#tbWord(index);
    if (this.#words[word] === (record | 0)) this.#words[word] = 0;
  }
}
