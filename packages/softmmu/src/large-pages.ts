/** Which large pages a TLB may hold parts of: a filter that answers "certainly not" for almost every page that is flushed alone. */

const BITS = 4096;

export class LargePageFilter {
  /** Bit n: pages of 2^n bytes were added. */
  sizes = 0;
  readonly #bits = new Int32Array(BITS / 32);

  /** The page of 2^`pageBits` (13 to 31) bytes around an address is in the TLB. */
  add(lo: number, hi: number, pageBits: number): void {
    this.sizes |= 1 << pageBits;
    const h = hash(lo, hi, pageBits);
    this.#bits[h >>> 5]! |= 1 << (h & 31);
  }

  mayHold(lo: number, hi: number, pageBits: number): boolean {
    const h = hash(lo, hi, pageBits);
    return (this.#bits[h >>> 5]! & (1 << (h & 31))) !== 0;
  }

  clear(): void {
    if (this.sizes === 0) return;
    this.sizes = 0;
    this.#bits.fill(0);
  }
}

function hash(lo: number, hi: number, pageBits: number): number {
  const n = Math.imul((lo >>> pageBits) ^ Math.imul(hi, 0x9e3779b1) ^ (pageBits << 24), 0x85ebca6b);
  return (n ^ (n >>> 15)) & (BITS - 1);
}
