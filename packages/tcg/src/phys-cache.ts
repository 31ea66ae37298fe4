/**
 * From the host address of guest code to its TB, direct-mapped, in the arena: what the generated lookup (`tb-lookup.ts`) asks when the
 * jump cache misses. Knows nothing of virtual addresses, so TLB flushes leave it alone. Only TBs within one page are in it.
 */
import { struct } from '@emu/vaddr';
import type { Arena, HostPtr } from '@emu/vaddr';
import { foldHash } from './fold-hash.ts';
import type { Tb } from './tb.ts';

/** `host` = 0 is empty. The key is host address, flags and the low half of the code segment's base (the upper half is 0). */
export const PHYS_CACHE_ENTRY = struct({ host: 'u32', tb: 'u32', flags: 'i32', csBase: 'i32' });
const { host: HOST, tb: TB, flags: FLAGS, csBase: CS_BASE } = PHYS_CACHE_ENTRY.offset;
export const PHYS_CACHE_BITS = 16;

/** Index of a host address. */
const physCacheIndex = (host: HostPtr): number => foldHash(host, PHYS_CACHE_BITS);

export class PhysCache {
  readonly address: HostPtr;
  readonly #words: Int32Array;

  constructor(arena: Arena) {
    this.address = arena.alloc(PHYS_CACHE_ENTRY.size << PHYS_CACHE_BITS, 64);
    this.#words = arena.i32;
  }

  /** Remembers a findable TB. */
  fill(tb: Tb): void {
    if (tb.hostPc < 0 || tb.physPage2 >= 0 || tb.csBaseHi !== 0) return;
    const at = this.#word(tb), words = this.#words;
    words[at + (HOST >> 2)] = tb.hostPc;
    words[at + (TB >> 2)] = tb.record;
    words[at + (FLAGS >> 2)] = tb.flags;
    words[at + (CS_BASE >> 2)] = tb.csBaseLo;
  }

  /** The TB is gone. */
  forget(tb: Tb): void {
    if (tb.hostPc < 0) return;
    const at = this.#word(tb);
    if (this.#words[at + (TB >> 2)] === (tb.record | 0)) this.#words[at + (HOST >> 2)] = 0;
  }

  flush(): void {
    this.#words.fill(0, this.address >>> 2, (this.address + (PHYS_CACHE_ENTRY.size << PHYS_CACHE_BITS)) >>> 2);
  }

  #word(tb: Tb): number {
    return (this.address + physCacheIndex(tb.hostPc) * PHYS_CACHE_ENTRY.size) >>> 2;
  }
}
