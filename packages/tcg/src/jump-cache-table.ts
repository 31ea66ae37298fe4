/** The jump cache as the engine keeps it: guest pc to TB, direct-mapped, in the arena. Generated code reads it (`emitJumpCacheProbe`). */
import type { Arena, HostPtr } from '@emu/vaddr';
import { JC, JUMP_CACHE_BITS, JUMP_CACHE_ENTRY, jumpCacheIndex } from './cpu.ts';
import type { Tb } from './tb.ts';

const ENTRIES = 1 << JUMP_CACHE_BITS;
/** With more entries in use than this, a flush clears them all instead of one by one. */
const FEW = 512;
const SEVERAL = -2;

export class JumpCache {
  /** Address of the first entry. */
  readonly address: HostPtr;
  readonly #words: Int32Array;
  /** Entries filled since the last flush, with repetitions; full is as good as all. */
  readonly #used = new Int32Array(ENTRIES);
  #usedCount = 0;

  constructor(arena: Arena) {
    this.address = arena.alloc(ENTRIES * JUMP_CACHE_ENTRY.size, 64);
    this.#words = arena.i32;
  }

  /** Remembers that the key leads to `tb`. */
  fill(pcLo: number, pcHi: number, csBaseLo: number, csBaseHi: number, flags: number, tb: Tb): void {
    const index = jumpCacheIndex(pcLo), words = this.#words;
    const at = (this.address + index * JUMP_CACHE_ENTRY.size) >>> 2;
    if (words[at + (JC.tb >> 2)] === 0 && this.#usedCount < ENTRIES) this.#used[this.#usedCount++] = index;
    words[at + (JC.pc >> 2)] = pcLo;
    words[at + (JC.pc >> 2) + 1] = pcHi;
    words[at + (JC.csBase >> 2)] = csBaseLo;
    words[at + (JC.csBase >> 2) + 1] = csBaseHi;
    words[at + (JC.flags >> 2)] = flags;
    words[at + (JC.tb >> 2)] = tb.record;
    tb.cachedAt = tb.cachedAt === -1 || tb.cachedAt === index ? index : SEVERAL;
  }

  /** Empties it: the meaning of virtual addresses changed. */
  flush(): void {
    const used = this.#usedCount;
    if (used > FEW) this.#words.fill(0, this.address >>> 2, (this.address + ENTRIES * JUMP_CACHE_ENTRY.size) >>> 2);
    else for (let i = 0; i < used; i++) this.#words[this.#tbWord(this.#used[i]!)] = 0;
    this.#usedCount = 0;
  }

  /** Removes every entry that leads to `tb`. */
  forget(tb: Tb): void {
    if (tb.cachedAt >= 0) this.#clear(tb.cachedAt, tb.record);
    else if (tb.cachedAt === SEVERAL) for (let i = 0; i < ENTRIES; i++) this.#clear(i, tb.record);
    tb.cachedAt = -1;
  }

  #tbWord(index: number): number {
    return (this.address + index * JUMP_CACHE_ENTRY.size + JC.tb) >>> 2;
  }

  #clear(index: number, record: HostPtr): void {
    const word = this.#tbWord(index);
    if (this.#words[word] === (record | 0)) this.#words[word] = 0;
  }
}
