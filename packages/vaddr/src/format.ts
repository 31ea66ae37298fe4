/** Guest addresses as text: `0x` and all digits of the width, so `0xffffffff81000000` comes back as it went in. */
import { VaddrError, type Vaddr, type VaddrBits } from './width.ts';

/** The address with 8 or 16 hexadecimal digits. Throws `VaddrError` when it does not fit. */
export function formatVaddr(va: Vaddr, bits: VaddrBits = 64): string {
  checkFits(va, bits, `0x${va.toString(16)}`);
  return `0x${va.toString(16).padStart(bits / 4, '0')}`;
}

/** The same from two halves (signed or unsigned); with 32 bits the high half is ignored. */
export function formatVaddrPair(lo: number, hi: number, bits: VaddrBits = 64): string {
  const digits = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
  return bits === 64 ? `0x${digits(hi)}${digits(lo)}` : `0x${digits(lo)}`;
}

/** Reads `0x` with hexadecimal digits, or decimal digits. `_` may separate digits. Throws `VaddrError` for anything else and for an address of more than
 *  `bits` bits. */
export function parseVaddr(text: string, bits: VaddrBits = 64): Vaddr {
  if (!/^(0x[0-9a-f]+(_[0-9a-f]+)*|[0-9]+(_[0-9]+)*)$/i.test(text)) {
    throw new VaddrError(`'${text}' is not a guest address; write it like 0xffffffff81000000 or in decimal`);
  }
  const va = BigInt(text.replaceAll('_', ''));
  checkFits(va, bits, text);
  return va;
}

function checkFits(va: bigint, bits: VaddrBits, text: string): void {
  if (BigInt.asUintN(bits, va) !== va) throw new VaddrError(`Address ${text} does not fit a guest with ${bits}-bit addresses; give one from 0 to 2^${bits}-1`);
}
