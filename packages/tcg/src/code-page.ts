/** The TBs of one physical page, with a bitmap of the bytes they came from: stores beside code must be told from stores into it. */
import type { Tb } from './tb.ts';

export const PAGE_SIZE = 4096;
export const PAGE_BITS = 12;

/** First byte of `tb` within physical page `page`. */
export const firstByte = (tb: Tb, page: number): number => (tb.physPage2 === page ? 0 : tb.physPc % PAGE_SIZE);
/** One past its last byte within the page. */
export const lastByte = (tb: Tb, page: number): number => {
  const end = (tb.physPc % PAGE_SIZE) + tb.size;
  return tb.physPage2 === page ? end - PAGE_SIZE : Math.min(end, PAGE_SIZE);
};

export class CodePage {
  readonly page: number;
  readonly tbs: Tb[] = [];
  readonly #bits = new Int32Array(PAGE_SIZE / 32);
  #stale = false;

  constructor(page: number) {
    this.page = page;
  }

  add(tb: Tb): void {
    this.tbs.push(tb);
    this.#mark(tb);
  }

  remove(tb: Tb): void {
    const i = this.tbs.indexOf(tb);
    if (i < 0) return;
    this.tbs[i] = this.tbs[this.tbs.length - 1]!;
    this.tbs.pop();
    this.#stale = true;
  }

  /** Whether a TB came from any of the bytes `first` to `end - 1` of the page. */
  overlaps(first: number, end: number): boolean {
    if (this.#stale) this.#rebuild();
    for (let b = first; b < end; b++) {
      const word = this.#bits[b >> 5]!;
      if (word === 0) b |= 31;
      else if (word & (1 << (b & 31))) return true;
    }
    return false;
  }

  #rebuild(): void {
    this.#bits.fill(0);
    for (const tb of this.tbs) this.#mark(tb);
    this.#stale = false;
  }

  #mark(tb: Tb): void {
    const end = lastByte(tb, this.page);
    for (let b = firstByte(tb, this.page); b < end; b++) this.#bits[b >> 5]! |= 1 << (b & 31);
  }
}
