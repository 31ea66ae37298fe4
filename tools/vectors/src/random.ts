/** Deterministic random numbers (sfc32, Chris Doty-Humphrey's PractRand): fast enough to fill two kilobytes a vector. */
const BYTE = 0x100;

export class Random {
  #a: number;
  #b: number;
  #c = 0x9e3779b9 | 0;
  #counter = 1;

  /** The same two seeds give the same sequence. */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    for (let i = 0; i < 12; i++) this.bits32();
  }

  /** A signed 32-bit number. */
  bits32(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t;
  }

  bits64(): bigint {
    return (BigInt(this.bits32() >>> 0) << 32n) | BigInt(this.bits32() >>> 0);
  }

  /** 0 <= result < n; n is far below 2^32, so that the bias does not matter. */
  below(n: number): number {
    return (this.bits32() >>> 0) % n;
  }

  bytes(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.below(BYTE);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** FNV-1a of some bytes: names a form in seeds and in the corpus. */
export function hashBytes(bytes: Uint8Array, start = 0x811c9dc5 | 0): number {
  let h = start;
  for (const b of bytes) h = Math.imul(h ^ b, 0x01000193);
  return h;
}
