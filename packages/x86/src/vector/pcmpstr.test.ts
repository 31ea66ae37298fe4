/** PCMPxSTRx: what each aggregation, polarity and output gives on small strings. Expected values worked out from SDM Vol. 2, section 4.1. */
import { describe, expect, it } from 'vitest';
import { EFLAGS } from '../state.ts';
import { PcmpstrImm, PCMPSTR_FORMATS } from './pcmpstr.ts';
import { VectorRig } from './testing.ts';

const { CF, ZF, SF, OF } = EFLAGS;
const EQUAL_ANY = 0, RANGES = 4, EQUAL_EACH = 8, EQUAL_ORDERED = 12;
const rig = new VectorRig();

const vector = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.padEnd(16, '\0').slice(0, 16), 'latin1'));
const compare = (a: string, b: string, control: number, aLength = 0n, bLength = 0n): number =>
  rig.call(PCMPSTR_FORMATS[control & 3]!, vector(a), vector(b), control, aLength, bLength);
function implicit(a: string, b: string, imm: number): { index: number; flags: number } {
  const answer = compare(a, b, imm);
  return { index: answer >> 16, flags: answer & 0xffff };
}
const hexMask = (): string => Buffer.from(rig.result).toString('hex');

describe('PCMPISTRI', () => {
  it('equal any finds the first character of a set, as strpbrk does', () => {
    expect(implicit('aeiou', 'rhythm and', EQUAL_ANY)).toEqual({ index: 7, flags: CF | ZF | SF });
    expect(implicit('xyz', 'abc', EQUAL_ANY)).toEqual({ index: 16, flags: ZF | SF });
  });

  it('ranges take pairs of bounds; signed bytes compare signed', () => {
    expect(implicit('azAZ', '--Q', RANGES)).toEqual({ index: 2, flags: CF | ZF | SF });
    expect(implicit('\x80\xff', 'a\xc0', RANGES)).toEqual({ index: 1, flags: CF | ZF | SF });
    expect(implicit('\xf0\x10', '\x20\x05', RANGES | PcmpstrImm.SIGNED)).toEqual({ index: 1, flags: CF | ZF | SF });
  });

  it('an odd bound at the end of a set is no range', () => {
    expect(implicit('azA', 'B', RANGES).flags & CF).toBe(0);
  });

  it('equal each compares as strcmp does: what is behind both strings is equal', () => {
    expect(implicit('kernel', 'kernel', EQUAL_EACH | PcmpstrImm.NEGATIVE)).toEqual({ index: 16, flags: ZF | SF });
    expect(implicit('kernel', 'kettle', EQUAL_EACH | PcmpstrImm.NEGATIVE)).toEqual({ index: 2, flags: CF | ZF | SF });
  });

  it('equal ordered finds a substring, also one that only begins at the end', () => {
    expect(implicit('needle', 'the needle is', EQUAL_ORDERED)).toEqual({ index: 4, flags: CF | ZF | SF });
    expect(implicit('needle', '0123456789abcnee', EQUAL_ORDERED)).toEqual({ index: 13, flags: CF | SF });
    expect(implicit('needle', '0123456789abnee', EQUAL_ORDERED)).toEqual({ index: 16, flags: ZF | SF });
  });

  it('masked negative polarity leaves what is behind the second string alone', () => {
    expect(implicit('a', 'ab', EQUAL_ANY | PcmpstrImm.NEGATIVE | PcmpstrImm.MASKED)).toEqual({ index: 1, flags: CF | ZF | SF });
    expect(implicit('a', 'aa', EQUAL_ANY | PcmpstrImm.NEGATIVE | PcmpstrImm.MASKED)).toEqual({ index: 16, flags: ZF | SF });
    expect(implicit('a', 'aa', EQUAL_ANY | PcmpstrImm.NEGATIVE)).toEqual({ index: 2, flags: CF | ZF | SF });
  });

  it('imm8 bit 6 gives the last place, OF the first', () => {
    expect(implicit('o', 'oo-oo', EQUAL_ANY | PcmpstrImm.UPPER)).toEqual({ index: 4, flags: CF | ZF | SF | OF });
  });

  it('words are compared whole', () => {
    expect(implicit('c\0', 'a\0b\0c\0', EQUAL_ANY | PcmpstrImm.WORDS)).toEqual({ index: 2, flags: CF | ZF | SF });
    expect(implicit('c\0', 'a\0b\0c\x01', EQUAL_ANY | PcmpstrImm.WORDS)).toEqual({ index: 8, flags: ZF | SF });
  });
});

describe('PCMPESTRM', () => {
  const explicit = (a: string, b: string, imm: number, aLength: bigint, bLength: bigint): number =>
    compare(a, b, imm | PcmpstrImm.EXPLICIT | PcmpstrImm.WANTS_MASK, aLength, bLength) & 0xffff;

  it('takes lengths by magnitude, and no more than there is', () => {
    expect(explicit('a\0b', '\0ab\0', EQUAL_ANY, -3n, 99n) & (ZF | SF)).toBe(SF);
    expect(hexMask()).toBe('ffff' + '00'.repeat(14));
  });

  it('gives a bit mask, or with imm8 bit 6 a mask of bytes or words', () => {
    explicit('ab', 'xaybz', EQUAL_ANY, 2n, 5n);
    expect(hexMask()).toBe('0a' + '00'.repeat(15));
    explicit('ab', 'xaybz', EQUAL_ANY | PcmpstrImm.UPPER, 2n, 5n);
    expect(hexMask()).toBe('00ff00ff' + '00'.repeat(12));
    explicit('ab', 'xaybz', EQUAL_EACH | PcmpstrImm.UPPER | PcmpstrImm.WORDS, 0n, 0n);
    expect(hexMask()).toBe('ff'.repeat(16));
  });
});
