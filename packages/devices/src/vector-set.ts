/** Sets of the 256 interrupt vectors as eight words, as the local APIC keeps ISR, TMR and IRR. */
import { bit } from './bits.ts';

/** What `highest` says of an empty set. */
export const NONE = -1;

/** The highest vector of a set, which is the one of highest priority. */
export const highest = (set: Uint32Array): number => {
  for (let word = 7; word >= 0; word--) if (set[word] !== 0) return word * 32 + 31 - Math.clz32(set[word]!);
  return NONE;
};

export const setBit = (set: Uint32Array, vector: number): void => void (set[vector >>> 5]! |= bit(vector & 31));
export const clearBit = (set: Uint32Array, vector: number): void => void (set[vector >>> 5]! &= ~bit(vector & 31));
export const hasBit = (set: Uint32Array, vector: number): boolean => (set[vector >>> 5]! & bit(vector & 31)) !== 0;
