/** Rows of bits in one array: sets of globals, one a basic block or call. */
export class BitRows {
  /** 32-bit words of a row. */
  words = 1;
  #data = new Int32Array(64);

  /** Makes `rows` empty rows of `bits` bits. */
  reset(rows: number, bits: number): void {
    this.words = Math.max(1, (bits + 31) >>> 5);
    const n = rows * this.words;
    if (n > this.#data.length) this.#data = new Int32Array(n * 2);
    else this.#data.fill(0, 0, n);
  }

  has(row: number, bit: number): boolean {
    return (this.#data[row * this.words + (bit >>> 5)]! & (1 << (bit & 31))) !== 0;
  }

  add(row: number, bit: number): void {
    this.#data[row * this.words + (bit >>> 5)]! |= 1 << (bit & 31);
  }

  remove(row: number, bit: number): void {
    this.#data[row * this.words + (bit >>> 5)]! &= ~(1 << (bit & 31));
  }

  /** All bits of a row. */
  fill(row: number): void {
    this.#data.fill(-1, row * this.words, (row + 1) * this.words);
  }

  /** to &= ~from */
  subtract(to: number, from: number, source: BitRows = this): void {
    for (let w = 0; w < this.words; w++) this.#data[to * this.words + w]! &= ~source.#data[from * this.words + w]!;
  }

  /** to &= from */
  intersect(to: number, from: number, source: BitRows = this): void {
    for (let w = 0; w < this.words; w++) this.#data[to * this.words + w]! &= source.#data[from * this.words + w]!;
  }

  clear(row: number): void {
    this.#data.fill(0, row * this.words, (row + 1) * this.words);
  }

  /** Copies a row, of other rows too. */
  copy(to: number, from: number, source: BitRows = this): void {
    for (let w = 0; w < this.words; w++) this.#data[to * this.words + w] = source.#data[from * this.words + w]!;
  }

  /** to |= from; whether that added something. */
  union(to: number, from: number, source: BitRows = this): boolean {
    let added = 0;
    for (let w = 0; w < this.words; w++) {
      const at = to * this.words + w, bits = source.#data[from * this.words + w]! & ~this.#data[at]!;
      added |= bits;
      this.#data[at]! |= bits;
    }
    return added !== 0;
  }

  /** to |= from & ~without; whether that added something. */
  unionWithout(to: number, from: number, without: number, source: BitRows, excluded: BitRows): boolean {
    let added = 0;
    for (let w = 0; w < this.words; w++) {
      const at = to * this.words + w;
      const bits = source.#data[from * this.words + w]! & ~excluded.#data[without * this.words + w]! & ~this.#data[at]!;
      added |= bits;
      this.#data[at]! |= bits;
    }
    return added !== 0;
  }

  isEmpty(row: number): boolean {
    for (let w = 0; w < this.words; w++) if (this.#data[row * this.words + w] !== 0) return false;
    return true;
  }
}
