/** Which targets run over which address width. */
import { VADDR_BITS, VaddrError, type VaddrBits } from './width.ts';

/**
 * Throws `VaddrError` unless a target with registers of `longBits` can run over guest addresses of `vaddrBits`: an x86-64 target over
 * 32-bit addresses would lose the upper half of every pointer; i386 runs with both.
 */
export function assertTarget(longBits: number, vaddrBits: number): asserts vaddrBits is VaddrBits {
  for (const [what, bits] of [['registers', longBits], ['guest addresses', vaddrBits]] as const) {
    if (!VADDR_BITS.includes(bits as VaddrBits)) throw new VaddrError(`A target with ${what} of ${bits} bits is unknown; use 32 or 64`);
  }
  if (longBits > vaddrBits) {
    throw new VaddrError(`A ${longBits}-bit target cannot run over ${vaddrBits}-bit guest addresses: they would lose the upper half; build it with VADDR_BITS = 64`);
  }
}
