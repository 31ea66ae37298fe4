/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: comparison of strings in two vectors. SDM Vol. 2, section 4.1 (imm8 control byte). */
import { EFLAGS } from '../state.ts';

/** Fields of imm8, and what the emitter adds above it. */
export const PcmpstrImm = { WORDS: 1, SIGNED: 2, AGGREGATION: 12, NEGATIVE: 16, MASKED: 32, UPPER: 64, WANTS_MASK: 0x100, EXPLICIT: 0x200 } as const;
const Aggregation = { EQUAL_ANY: 0, RANGES: 4, EQUAL_EACH: 8, EQUAL_ORDERED: 12 } as const;

export class Pcmpstr {
  readonly #u8: Uint8Array;
  /** Elements of the first and second operand, and how many of each are valid. */
  readonly #a = new Int32Array(16);
  readonly #b = new Int32Array(16);
  #aLength = 0;
  #bLength = 0;
  /** Elements a vector has. */
  #count = 16;

  constructor(u8: Uint8Array) {
    this.#u8 = u8;
  }

  /**
   * Compares the vectors at `a` and `b`. Lengths count for the explicit forms only. Gives flags in the lower half and the index in the upper
   * half of the result; for the mask forms the mask goes to `mask`.
   */
  compare(a: number, b: number, control: number, aLength: number, bLength: number, mask: number): number {
    const words = (control & PcmpstrImm.WORDS) !== 0, n = words ? 8 : 16;
    this.#count = n;
    this.#load(a, this.#a, control);
    this.#load(b, this.#b, control);
    const explicit = (control & PcmpstrImm.EXPLICIT) !== 0;
    this.#aLength = explicit ? Math.min(Math.abs(aLength), n) : this.#terminator(this.#a);
    this.#bLength = explicit ? Math.min(Math.abs(bLength), n) : this.#terminator(this.#b);
    let bits = this.#aggregate(control & PcmpstrImm.AGGREGATION);
    if (control & PcmpstrImm.NEGATIVE) bits ^= (1 << (control & PcmpstrImm.MASKED ? this.#bLength : n)) - 1;
    if (control & PcmpstrImm.WANTS_MASK) this.#storeMask(mask, bits, words, (control & PcmpstrImm.UPPER) !== 0);
    const index = bits === 0 ? n : control & PcmpstrImm.UPPER ? 31 - Math.clz32(bits) : 31 - Math.clz32(bits & -bits);
    return (index << 16) | (bits ? EFLAGS.CF : 0) | (this.#bLength < n ? EFLAGS.ZF : 0) | (this.#aLength < n ? EFLAGS.SF : 0) | (bits & 1 ? EFLAGS.OF : 0);
  }

  #load(at: number, to: Int32Array, control: number): void {
    const u8 = this.#u8, words = (control & PcmpstrImm.WORDS) !== 0, signed = (control & PcmpstrImm.SIGNED) !== 0;
    for (let i = 0; i < this.#count; i++) {
      const value = words ? u8[at + 2 * i]! | (u8[at + 2 * i + 1]! << 8) : u8[at + i]!;
      const unused = words ? 16 : 24;
      to[i] = signed ? (value << unused) >> unused : value;
    }
  }

  #terminator(elements: Int32Array): number {
    let length = 0;
    while (length < this.#count && elements[length] !== 0) length++;
    return length;
  }

  /** IntRes1. */
  #aggregate(how: number): number {
    let bits = 0;
    for (let j = 0; j < this.#count; j++) if (this.#holds(how, j)) bits |= 1 << j;
    return bits;
  }

  #holds(how: number, j: number): boolean {
    const a = this.#a, b = this.#b, aLength = this.#aLength, bLength = this.#bLength;
    switch (how) {
      case Aggregation.EQUAL_ANY:
        if (j >= bLength) return false;
        for (let i = 0; i < aLength; i++) if (a[i] === b[j]) return true;
        return false;
      case Aggregation.RANGES:
        if (j >= bLength) return false;
        for (let i = 0; i + 1 < aLength; i += 2) if (b[j]! >= a[i]! && b[j]! <= a[i + 1]!) return true;
        return false;
      case Aggregation.EQUAL_EACH:
        return j >= aLength || j >= bLength ? j >= aLength && j >= bLength : a[j] === b[j];
      default: // what lies behind the first string matches anything
        for (let i = 0; i < aLength && i + j < this.#count; i++) if (i + j >= bLength || a[i] !== b[i + j]) return false;
        return true;
    }
  }

  #storeMask(at: number, bits: number, words: boolean, expand: boolean): void {
    const u8 = this.#u8;
    for (let i = 0; i < 16; i++) {
      if (expand) u8[at + i] = bits >> (words ? i >> 1 : i) & 1 ? 0xff : 0;
      else u8[at + i] = i < 2 ? (bits >> (8 * i)) & 0xff : 0;
    }
  }
}
