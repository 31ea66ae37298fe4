/**
 * The guest code of one TB as a decoder sees it: the rest of the first page as bytes of the arena, and a fetch by offset that goes
 * through the MMU beyond it. A TB begins in one page and may end in the next.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import type { CodeSource } from './backend.ts';
import { PAGE_SIZE } from './code-page.ts';
import type { Tb } from './tb.ts';

/** A fetch was not possible (`CodeWindow.fetch`). */
export const FETCH_FAILED = -1;

export class CodeWindow {
  /** The arena: the TB's byte `n` is `bytes[start + n]`, below `end`. */
  readonly bytes: Uint8Array;
  /** Host address of the TB's first byte, and the end of its page. Equal where the code must be fetched byte by byte. */
  start: HostPtr = 0;
  end: HostPtr = 0;
  /** Bytes from the TB's start to the end of its page. */
  inPage = 0;
  /** A fetch failed in this instruction; whoever decodes returns at once. */
  failed = false;
  /** Whether code beyond the first page may be fetched: an instruction that crosses begins a TB of its own. */
  mayCross = false;
  readonly #source: CodeSource;
  #tb!: Tb;
  #page2: HostPtr = -1;

  constructor(arena: Arena, source: CodeSource) {
    this.bytes = arena.u8;
    this.#source = source;
  }

  /** Begins the TB: its `hostPc` and linear address are known. */
  begin(tb: Tb): void {
    this.#tb = tb;
    this.inPage = PAGE_SIZE - (tb.linearLo & (PAGE_SIZE - 1));
    this.start = tb.hostPc < 0 ? 0 : tb.hostPc;
    this.end = tb.hostPc < 0 ? 0 : tb.hostPc + this.inPage;
    this.#page2 = tb.hostPage2;
    this.failed = false;
    this.mayCross = true;
  }

  /**
   * Byte `offset` of the TB, or -1: then nothing of this instruction may be emitted, the translator loop ends the TB before it or reports the
   * fault. Offsets within an instruction go up one by one.
   */
  fetch(offset: number): number {
    if (offset < this.inPage) return this.start < this.end ? this.bytes[this.start + offset]! : this.#slow(offset);
    if (!this.mayCross) return this.#fail();
    if (this.#page2 === -1 && !this.#findPage2()) return this.#fail();
    return this.#page2 < 0 ? this.#slow(offset) : this.bytes[this.#page2 + offset - this.inPage]!;
  }

  #findPage2(): boolean {
    const host = this.#source.page(this.#linearLo(this.inPage), this.#linearHi(this.inPage));
    if (host === -1) return false;
    this.#page2 = host;
    this.#tb.hostPage2 = host < 0 ? -1 : host;
    this.#tb.physPage2 = this.#source.physPage;
    return true;
  }

  #slow(offset: number): number {
    const byte = this.#source.byte(this.#linearLo(offset), this.#linearHi(offset));
    return byte < 0 ? this.#fail() : byte;
  }

  #fail(): number {
    this.failed = true;
    return FETCH_FAILED;
  }

  #linearLo(offset: number): number {
    return (this.#tb.linearLo + offset) | 0;
  }

  #linearHi(offset: number): number {
    const { linearLo, linearHi } = this.#tb;
    return (linearLo >>> 0) + offset > 0xffffffff ? (linearHi + 1) | 0 : linearHi;
  }
}
