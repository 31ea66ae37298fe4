/** Integer arithmetic too rare or too long for IR: 128-bit division, rotates through carry by more than one, CRC-32C. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { EFLAGS, ST, Vector } from '../state.ts';

const PURE = { noReadGlobals: true, noWriteGlobals: true } as const;
const big = (lo: number, hi: number) => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

export function arithHelpers(r: HelperRegistry, cpu: X86Cpu) {
  /** Gives a 64-bit result: high half in `retHi`, low half returned. */
  const result = (v: bigint): number => {
    cpu.s.retHi = Number(BigInt.asIntN(32, v >> 32n));
    return Number(BigInt.asIntN(32, v));
  };
  const scratch = (v: bigint) => {
    cpu.arena.u64[(cpu.env + ST.scratch) >>> 3] = BigInt.asUintN(64, v);
  };

  /** RDX:RAX / divisor; #DE for a divisor of 0 or a quotient that does not fit. The remainder goes to scratch word 0. */
  const divide = (signed: boolean) => (aLo: number, aHi: number, dLo: number, dHi: number, bLo: number, bHi: number): number => {
    const wide = (big(dLo, dHi) << 64n) | big(aLo, aHi);
    const a = signed ? BigInt.asIntN(128, wide) : wide;
    const b = signed ? BigInt.asIntN(64, big(bLo, bHi)) : big(bLo, bHi);
    if (b === 0n) cpu.raise(Vector.DE);
    const q = a / b;
    if (q !== (signed ? BigInt.asIntN(64, q) : BigInt.asUintN(64, q))) cpu.raise(Vector.DE);
    scratch(a % b);
    return result(q);
  };

  /** (value, count, bits, EFLAGS): value rotated through CF; new EFLAGS in scratch word 0. */
  const rotate = (left: boolean) => (lo: number, hi: number, count: number, bits: number, eflags: number): number => {
    const n = BigInt(count % (bits + 1)), width = BigInt(bits + 1);
    const carryIn = BigInt(eflags & EFLAGS.CF);
    const wide = (carryIn << BigInt(bits)) | big(lo, hi);
    const by = left ? n : width - n;
    const d = BigInt.asUintN(bits + 1, (wide << by) | (wide >> (width - by)));
    const value = BigInt.asUintN(bits, d), carry = Number(d >> BigInt(bits));
    const top = Number((value >> BigInt(bits - 1)) & 1n), next = Number((value >> BigInt(bits - 2)) & 1n);
    const overflow = left ? top ^ carry : top ^ next;
    scratch(BigInt(count === 0 ? eflags : (eflags & ~(EFLAGS.CF | EFLAGS.OF)) | carry | (overflow ? EFLAGS.OF : 0)));
    return result(value);
  };

  return {
    /** (dividend low, dividend high, divisor): the quotient. */
    div64: r.js('div64', ['i64', 'i64', 'i64'], 'i64', divide(false), PURE),
    idiv64: r.js('idiv64', ['i64', 'i64', 'i64'], 'i64', divide(true), PURE),
    rcl: r.js('rcl', ['i64', 'i32', 'i32', 'i32'], 'i64', rotate(true), { ...PURE, noFault: true }),
    rcr: r.js('rcr', ['i64', 'i32', 'i32', 'i32'], 'i64', rotate(false), { ...PURE, noFault: true }),
    /** (crc, value, bytes): CRC-32C, polynomial 0x1EDC6F41 reflected. SDM Vol. 2, CRC32. */
    crc32: r.js('crc32', ['i32', 'i64', 'i32'], 'i32', (crc, lo, hi, bytes) => {
      let c = crc! ^ lo!;
      if (bytes! < 4) c = crc! ^ (lo! & ((1 << (8 * bytes!)) - 1));
      const step = (x: number, bits: number) => {
        for (let i = 0; i < bits; i++) x = x & 1 ? (x >>> 1) ^ 0x82f63b78 : x >>> 1;
        return x;
      };
      c = step(c, Math.min(bytes!, 4) * 8);
      return bytes! === 8 ? step(c ^ hi!, 32) : c;
    }, { ...PURE, noSideEffects: true, noFault: true }),
  };
}
