/**
 * The `insn_start` words of a TB, packed: they are read at faults only, and kept for each of 100,000 TBs. LEB128 as in DWARF 5, 7.6, a byte a character: a
 * string is what JavaScript's engines keep in the fewest bytes, beside a typed array that all TBs would have to share out.
 */

/** Words of an `insn_start`: pc offset, word0, word1. */
export const INSN_WORDS = 3;

const MORE = 0x80, SIGN = 0x40;

/** Packs signed 32-bit words. */
export function packWords(words: readonly number[]): string {
  const bytes: number[] = [];
  for (const word of words) {
    let rest = word | 0;
    while (rest >= SIGN || rest < -SIGN) {
      bytes.push((rest & (MORE - 1)) | MORE);
      rest >>= 7;
    }
    bytes.push(rest & (MORE - 1));
  }
  return String.fromCharCode(...bytes);
}

/** Words `first` to `first + into.length - 1` of those that were packed. */
export function unpackWords(packed: string, first: number, into: Int32Array): void {
  let at = 0;
  for (let skip = first; skip > 0; at++) if (packed.charCodeAt(at) < MORE) skip--;
  for (let i = 0; i < into.length; i++) {
    let word = 0, shift = 0, byte = MORE;
    while (byte >= MORE) {
      byte = packed.charCodeAt(at++);
      word |= (byte & (MORE - 1)) << shift;
      shift += 7;
    }
    into[i] = shift < 32 && byte & SIGN ? word | (-1 << shift) : word;
  }
}
