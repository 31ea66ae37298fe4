/**
 * Arithmetic on guest virtual addresses of 32 or 64 bits. Slow paths hold an address as two numbers, `lo` and `hi` (signed or
 * unsigned 32-bit halves; results are signed) and allocate nothing; API edges and tests use `bigint`. With 32-bit addresses `hi` is 0.
 * Pages are 4 KiB unless said otherwise (SDM Vol. 3A, section 4.1). Linear addresses wrap at the top (SDM Vol. 1, section 3.3.4).
 */
import { EmuError } from './errors.ts';

/** A guest virtual address as it is passed at API edges: unsigned, below 2^VADDR_BITS. In slow paths the same is a lo/hi pair. */
export type Vaddr = bigint;

/** The contents of an IR register: 64 bits for every target that needs them, whatever the width of host pointers. */
export type RegWord = bigint;

/** Width in bits of guest virtual addresses, chosen by the target. */
export type VaddrBits = 32 | 64;
export const VADDR_BITS: readonly VaddrBits[] = [32, 64];

export const PAGE_BITS = 12;

/** An address or a width that cannot be. */
export class VaddrError extends EmuError {}

export interface AddressWidth {
  readonly bits: VaddrBits;
  readonly pageBits: number;
  readonly pageSize: number;
  /** The low half of the mask that keeps the page of an address, as a signed number. The high half of the page is `wrapHi(hi)`. */
  readonly pageMaskLo: number;

  /** The high half as this width has it: unchanged with 64 bits, 0 with 32. */
  wrapHi(hi: number): number;
  /** Low half of the start of the page. */
  pageLo(lo: number): number;
  /** Byte within the page. */
  offset(lo: number): number;
  /** Low and high half of the page's number. */
  pageNumberLo(lo: number, hi: number): number;
  pageNumberHi(hi: number): number;
  /** Low half of address + n, where n is an integer with |n| < 2^52. */
  addLo(lo: number, n: number): number;
  /** High half of address + n. */
  addHi(lo: number, hi: number, n: number): number;
  /** Whether two addresses lie in one page. */
  samePage(lo1: number, hi1: number, lo2: number, hi2: number): boolean;
  /** Whether `size` bytes (1 to the page size) from here touch the next page, which is page 0 at the top of the address space. */
  crossesPage(lo: number, size: number): boolean;

  /** The address modulo 2^bits. */
  wrap(va: bigint): Vaddr;
  page(va: Vaddr): Vaddr;
  pageNumber(va: Vaddr): bigint;
  add(va: Vaddr, n: bigint): Vaddr;
  /** A bigint from two halves. */
  join(lo: number, hi: number): Vaddr;
}

/** Helpers for addresses of `bits` bits with pages of 2^`pageBits` bytes (1 to 30). */
export function addressWidth(bits: VaddrBits, pageBits: number = PAGE_BITS): AddressWidth {
  if (!VADDR_BITS.includes(bits)) throw new VaddrError(`Guest addresses of ${bits} bits are unknown; use 32 or 64`);
  if (!(Number.isInteger(pageBits) && pageBits >= 1 && pageBits <= 30)) {
    throw new VaddrError(`Pages of 2^${pageBits} bytes are not possible; use 1 to 30 bits`);
  }
  return bits === 32 ? new Width32(pageBits) : new Width64(pageBits);
}

const HIGH = 4294967296;

abstract class Width implements AddressWidth {
  abstract readonly bits: VaddrBits;
  readonly pageBits: number;
  readonly pageSize: number;
  readonly pageMaskLo: number;

  constructor(pageBits: number) {
    this.pageBits = pageBits;
    this.pageSize = 1 << pageBits;
    this.pageMaskLo = -1 << pageBits;
  }

  abstract wrapHi(hi: number): number;
  abstract addHi(lo: number, hi: number, n: number): number;
  abstract join(lo: number, hi: number): Vaddr;

  pageLo(lo: number): number {
    return lo & this.pageMaskLo;
  }

  offset(lo: number): number {
    return lo & ~this.pageMaskLo;
  }

  pageNumberLo(lo: number, hi: number): number {
    return (lo >>> this.pageBits) | (this.wrapHi(hi) << (32 - this.pageBits));
  }

  pageNumberHi(hi: number): number {
    return this.wrapHi(hi) >>> this.pageBits;
  }

  addLo(lo: number, n: number): number {
    return ((lo | 0) + n) | 0;
  }

  samePage(lo1: number, hi1: number, lo2: number, hi2: number): boolean {
    return ((lo1 ^ lo2) & this.pageMaskLo) === 0 && this.wrapHi(hi1) === this.wrapHi(hi2);
  }

  crossesPage(lo: number, size: number): boolean {
    return this.offset(lo) + size > this.pageSize;
  }

  wrap(va: bigint): Vaddr {
    return BigInt.asUintN(this.bits, va);
  }

  page(va: Vaddr): Vaddr {
    return (va >> BigInt(this.pageBits)) << BigInt(this.pageBits);
  }

  pageNumber(va: Vaddr): bigint {
    return va >> BigInt(this.pageBits);
  }

  add(va: Vaddr, n: bigint): Vaddr {
    return this.wrap(va + n);
  }
}

class Width32 extends Width {
  readonly bits = 32;

  wrapHi(_hi: number): number {
    return 0;
  }

  addHi(_lo: number, _hi: number, _n: number): number {
    return 0;
  }

  join(lo: number, _hi: number): Vaddr {
    return BigInt(lo >>> 0);
  }
}

class Width64 extends Width {
  readonly bits = 64;

  wrapHi(hi: number): number {
    return hi | 0;
  }

  addHi(lo: number, hi: number, n: number): number {
    // exact for |n| < 2^52; floor carries borrows as well
    return ((hi | 0) + Math.floor(((lo >>> 0) + n) / HIGH)) | 0;
  }

  join(lo: number, hi: number): Vaddr {
    return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  }
}
