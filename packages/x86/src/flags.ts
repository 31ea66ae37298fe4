/**
 * Lazy arithmetic flags. `ccOp` says how CF PF AF ZF SF OF follow from `ccDst` (result), `ccSrc` and `ccSrc2`; they are only
 * worked out when somebody looks. SDM Vol. 1 appendix A (EFLAGS cross-reference).
 *
 * A code is an operation times four plus log2 of the operand size in bytes. Values may carry garbage above the operand size.
 *
 * | operation | dst | src | src2 |
 * |---|---|---|---|
 * | EFLAGS | - | the six flags at their places | |
 * | ADD, SUB | result | second operand | |
 * | ADC, SBB | result | second operand | carry in, 0 or 1 |
 * | LOGIC | result | - | |
 * | INC, DEC | result | CF, 0 or 1 | |
 * | SHL | result | operand shifted by count - 1 | |
 * | SHR | result | operand shifted by count - 1 (also SAR) | |
 * | MUL | low half | 0 exactly if CF = OF = 0 | |
 * | POPCNT | result: ZF; the others are 0 | - | |
 * | BITS (LZCNT, TZCNT) | count: ZF = dst is 0 | source: CF = src is 0 | |
 */
import { EFLAGS } from './state.ts';

export const CcKind = { EFLAGS: 0, ADD: 1, SUB: 2, ADC: 3, SBB: 4, LOGIC: 5, INC: 6, DEC: 7, SHL: 8, SHR: 9, MUL: 10, POPCNT: 11, BITS: 12 } as const;
export type CcKind = (typeof CcKind)[keyof typeof CcKind];
/** The code of an operation at 8, 16, 32 or 64 bits. */
export const ccCode = (kind: CcKind, bits: number): number => kind * 4 + (bits === 8 ? 0 : bits === 16 ? 1 : bits === 32 ? 2 : 3);
export const ccKind = (code: number): CcKind => (code >> 2) as CcKind;
export const ccBits = (code: number): number => 8 << (code & 3);
export const CC_EFLAGS = CcKind.EFLAGS * 4;
/** Added to a code: CF and OF are those bits of `ccSrc2`, the other four as the rest of the code says (rotates, bit tests). */
export const CC_OVERRIDE = 64;
/** Translator only: the code is in memory, not known. */
export const CC_DYNAMIC = -1;

const { CF, PF, AF, ZF, SF, OF } = EFLAGS;

/** PF of the low byte: set for an even number of one bits. */
const parity = (lo: number): number => {
  const x = (lo ^ (lo >> 4)) & 0xf;
  return (0x9669 >> x) & 1 ? PF : 0;
};

/** A value of `bits` bits as an unsigned pair: only its own bits are left. */
const maskLo = (bits: number) => (bits >= 32 ? -1 : (1 << bits) - 1);

/** ZF, SF and PF of a result. */
function resultFlags(lo: number, hi: number, bits: number): number {
  const low = lo & maskLo(bits);
  const sign = bits === 64 ? hi >>> 31 : (low >>> (bits - 1)) & 1;
  const zero = low === 0 && (bits < 64 || hi === 0);
  return parity(lo) | (zero ? ZF : 0) | (sign ? SF : 0);
}

const isNegative = (lo: number, hi: number, bits: number) => (bits === 64 ? hi < 0 : ((lo >>> (bits - 1)) & 1) !== 0);
/** a < b unsigned, at the operand size. */
function below(aLo: number, aHi: number, bLo: number, bHi: number, bits: number): boolean {
  if (bits === 64 && aHi !== bHi) return aHi >>> 0 < bHi >>> 0;
  const mask = maskLo(bits);
  return (aLo & mask) >>> 0 < (bLo & mask) >>> 0;
}
const equal = (aLo: number, aHi: number, bLo: number, bHi: number, bits: number) =>
  ((aLo ^ bLo) & maskLo(bits)) === 0 && (bits < 64 || aHi === bHi);

/** The six flags from lazy state, as EFLAGS bits. All arguments but `code` are halves of 64-bit values. */
export function computeFlags(code: number, dLo: number, dHi: number, sLo: number, sHi: number, s2Lo: number): number {
  if (code & CC_OVERRIDE) return (computeFlags(code - CC_OVERRIDE, dLo, dHi, sLo, sHi, 0) & ~(CF | OF)) | (s2Lo & (CF | OF));
  const kind = ccKind(code), bits = ccBits(code);
  if (kind === CcKind.EFLAGS) return sLo & (CF | PF | AF | ZF | SF | OF);
  const result = resultFlags(dLo, dHi, bits);
  switch (kind) {
    case CcKind.ADD: case CcKind.ADC: {
      // first operand: a = d - s - carry
      const carry = kind === CcKind.ADC ? s2Lo & 1 : 0;
      const low = (dLo >>> 0) - (sLo >>> 0) - carry;
      const aLo = low | 0, aHi = (dHi - sHi - (low < 0 ? 1 : 0)) | 0;
      const c = below(dLo, dHi, sLo, sHi, bits) || (carry !== 0 && equal(dLo, dHi, sLo, sHi, bits));
      const v = isNegative(~(aLo ^ sLo) & (aLo ^ dLo), ~(aHi ^ sHi) & (aHi ^ dHi), bits);
      return result | (c ? CF : 0) | (v ? OF : 0) | ((aLo ^ sLo ^ dLo) & AF);
    }
    case CcKind.SUB: case CcKind.SBB: {
      const carry = kind === CcKind.SBB ? s2Lo & 1 : 0;
      const low = (dLo >>> 0) + (sLo >>> 0) + carry;
      const aLo = low | 0, aHi = (dHi + sHi + (low > 0xffffffff ? 1 : 0)) | 0;
      const c = below(aLo, aHi, sLo, sHi, bits) || (carry !== 0 && equal(aLo, aHi, sLo, sHi, bits));
      const v = isNegative((aLo ^ sLo) & (aLo ^ dLo), (aHi ^ sHi) & (aHi ^ dHi), bits);
      return result | (c ? CF : 0) | (v ? OF : 0) | ((aLo ^ sLo ^ dLo) & AF);
    }
    case CcKind.LOGIC: return result;
    case CcKind.INC: return result | (sLo & CF) | (isMinimum(dLo, dHi, bits) ? OF : 0) | ((dLo & 15) === 0 ? AF : 0);
    case CcKind.DEC: return result | (sLo & CF) | (isMaximum(dLo, dHi, bits) ? OF : 0) | ((dLo & 15) === 15 ? AF : 0);
    case CcKind.SHL: {
      const c = isNegative(sLo, sHi, bits);
      return result | (c ? CF : 0) | (c !== isNegative(dLo, dHi, bits) ? OF : 0);
    }
    // OF of SHR by one is the operand's sign, of SAR it is 0: both are the sign change from src to dst
    case CcKind.SHR: return result | (sLo & CF) | (isNegative(sLo ^ dLo, sHi ^ dHi, bits) ? OF : 0);
    case CcKind.MUL: return result | (sLo !== 0 || sHi !== 0 ? CF | OF : 0);
    case CcKind.POPCNT: return result & ZF;
    default: return (result & ZF) | (equal(sLo, sHi, 0, 0, bits) ? CF : 0);
  }
}

const isMinimum = (lo: number, hi: number, bits: number) =>
  (bits === 64 ? lo === 0 && hi === -0x80000000 : (lo & maskLo(bits)) >>> 0 === 2 ** (bits - 1));
const isMaximum = (lo: number, hi: number, bits: number) =>
  (bits === 64 ? lo === -1 && hi === 0x7fffffff : (lo & maskLo(bits)) === 2 ** (bits - 1) - 1);
