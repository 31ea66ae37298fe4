/** Canonical addresses: bits 63 to 47 (or 56 with five-level paging) are all equal. SDM Vol. 1, section 3.3.7.1. */
import type { Vaddr } from './width.ts';

/** Implemented linear-address bits: four- or five-level paging. */
export type LinearBits = 48 | 57;

/** Whether the address with this high half is canonical. The low half does not matter: all bits that decide are in the high one. */
export function isCanonicalHi(hi: number, linearBits: LinearBits): boolean {
  const spare = 64 - linearBits;
  return (hi << spare) >> spare === (hi | 0);
}

/** The same of a bigint. */
export function isCanonical(va: Vaddr, linearBits: LinearBits): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(linearBits, va)) === va;
}

/** The high half with the address's top implemented bit copied upwards. */
export function canonicalHi(hi: number, linearBits: LinearBits): number {
  const spare = 64 - linearBits;
  return (hi << spare) >> spare;
}
