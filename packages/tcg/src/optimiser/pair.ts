/** 64-bit integer arithmetic on pairs of i32 halves, for constant folding: nothing is allocated, results are left in `lo` and `hi`. */
import { Cond } from '../types.ts';

/** Ones in the low `n` bits of a 64-bit value: its low and its high half. */
export const onesLo = (n: number): number => (n <= 0 ? 0 : n >= 32 ? -1 : (1 << n) - 1);
export const onesHi = (n: number): number => onesLo(n - 32);
/** Number of bits up to the highest one. */
export const bitLength = (lo: number, hi: number): number => (hi !== 0 ? 64 - Math.clz32(hi) : 32 - Math.clz32(lo));

export class Pair {
  lo = 0;
  hi = 0;

  set(lo: number, hi: number): void {
    this.lo = lo | 0;
    this.hi = hi | 0;
  }

  add(al: number, ah: number, bl: number, bh: number): void {
    const lo = (al + bl) | 0;
    this.hi = (ah + bh + ((lo >>> 0) < (al >>> 0) ? 1 : 0)) | 0;
    this.lo = lo;
  }

  sub(al: number, ah: number, bl: number, bh: number): void {
    this.hi = (ah - bh - ((al >>> 0) < (bl >>> 0) ? 1 : 0)) | 0;
    this.lo = (al - bl) | 0;
  }

  mul(al: number, ah: number, bl: number, bh: number): void {
    const a0 = al & 0xffff, a1 = al >>> 16, b0 = bl & 0xffff, b1 = bl >>> 16;
    const low = a0 * b0, mid1 = a1 * b0 + (low >>> 16), mid2 = a0 * b1 + (mid1 & 0xffff);
    const high = a1 * b1 + Math.floor(mid1 / 65536) + Math.floor(mid2 / 65536);
    this.lo = Math.imul(al, bl);
    this.hi = (high + Math.imul(al, bh) + Math.imul(ah, bl)) | 0;
  }

  /** Shifts of 0 to 63. */
  shl(lo: number, hi: number, n: number): void {
    if (n === 0) this.set(lo, hi);
    else if (n >= 32) this.set(0, lo << (n - 32));
    else this.set(lo << n, (hi << n) | (lo >>> (32 - n)));
  }

  shr(lo: number, hi: number, n: number): void {
    if (n === 0) this.set(lo, hi);
    else if (n >= 32) this.set(hi >>> (n - 32), 0);
    else this.set((lo >>> n) | (hi << (32 - n)), hi >>> n);
  }

  sar(lo: number, hi: number, n: number): void {
    if (n === 0) this.set(lo, hi);
    else if (n >= 32) this.set(hi >> (n - 32), hi >> 31);
    else this.set((lo >>> n) | (hi << (32 - n)), hi >> n);
  }

  /** `len` bits from bit `pos`. */
  extract(lo: number, hi: number, pos: number, len: number): void {
    this.shr(lo, hi, pos);
    this.set(this.lo & onesLo(len), this.hi & onesHi(len));
  }

  sextract(lo: number, hi: number, pos: number, len: number): void {
    this.shl(lo, hi, 64 - pos - len);
    this.sar(this.lo, this.hi, 64 - len);
  }

  deposit(al: number, ah: number, bl: number, bh: number, pos: number, len: number): void {
    this.shl(onesLo(len), onesHi(len), pos);
    const maskLo = this.lo, maskHi = this.hi;
    this.shl(bl, bh, pos);
    this.set((al & ~maskLo) | (this.lo & maskLo), (ah & ~maskHi) | (this.hi & maskHi));
  }
}

/** Whether a cond b. For i32 the high halves are the signs of the low ones. */
export function compare(al: number, ah: number, bl: number, bh: number, cond: Cond): boolean {
  switch (cond) {
    case Cond.eq: return al === bl && ah === bh;
    case Cond.ne: return al !== bl || ah !== bh;
    case Cond.lt: return ah !== bh ? ah < bh : al >>> 0 < bl >>> 0;
    case Cond.ge: return ah !== bh ? ah > bh : al >>> 0 >= bl >>> 0;
    case Cond.le: return ah !== bh ? ah < bh : al >>> 0 <= bl >>> 0;
    case Cond.gt: return ah !== bh ? ah > bh : al >>> 0 > bl >>> 0;
    case Cond.ltu: return ah !== bh ? ah >>> 0 < bh >>> 0 : al >>> 0 < bl >>> 0;
    case Cond.geu: return ah !== bh ? ah >>> 0 > bh >>> 0 : al >>> 0 >= bl >>> 0;
    case Cond.leu: return ah !== bh ? ah >>> 0 < bh >>> 0 : al >>> 0 <= bl >>> 0;
    case Cond.gtu: return ah !== bh ? ah >>> 0 > bh >>> 0 : al >>> 0 > bl >>> 0;
    case Cond.tsteq: return ((al & bl) | (ah & bh)) === 0;
    default: return ((al & bl) | (ah & bh)) !== 0;
  }
}

const SWAPPED: readonly Cond[] = [
  Cond.eq, Cond.ne, Cond.gt, Cond.le, Cond.ge, Cond.lt, Cond.gtu, Cond.leu, Cond.geu, Cond.ltu, Cond.tsteq, Cond.tstne,
];
/** The condition with its operands exchanged: `a cond b` = `b swapped(cond) a`. */
export const swapCond = (cond: number): Cond => SWAPPED[cond]!;
/** `a cond a` as a constant, or undefined for tst*, which depends on a. */
export const reflexive = (cond: number): boolean | undefined =>
  (cond >= Cond.tsteq ? undefined : cond === Cond.eq || cond === Cond.ge || cond === Cond.le || cond === Cond.geu || cond === Cond.leu);
