/** The decoder by hand-picked bytes. Expected values: SDM Vol. 2 chapter 2 and appendix A. The bulk is compared in iced.test.ts. */
import { describe, expect, it } from 'vitest';
import { decode, decodeFetching, Decoded } from './decode.ts';
import { Insn, NONE, Seg, type Mode } from './insn.ts';
import { INVALID_ROW } from './row.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.split(' ').map((b) => Number.parseInt(b, 16)));

function decodeHex(hex: string, mode: Mode): { outcome: Decoded; i: Insn } {
  const bytes = bytesOf(hex);
  const i = new Insn();
  return { outcome: decode(i, bytes, 0, bytes.length, mode), i };
}

function ok(hex: string, mode: Mode): Insn {
  const { outcome, i } = decodeHex(hex, mode);
  expect(outcome).toBe(Decoded.OK);
  return i;
}

describe('operands', () => {
  it('add [rax+r9*4-8], r10 has REX bits in reg and index and a sign-extended displacement', () => {
    const i = ok('4e 01 54 88 f8', 64);
    expect([i.row.mnemonic, i.length, i.osz, i.isMem]).toEqual(['ADD', 5, 64, 1]);
    expect([i.reg, i.base, i.index, i.scale, i.disp, i.dispHi, i.seg]).toEqual([10, 0, 9, 2, -8, -1, Seg.DS]);
  });

  it('mov eax, [rip+0x1000] is RIP-relative in 64-bit mode and absolute in 32-bit mode', () => {
    expect(ok('8b 05 00 10 00 00', 64)).toMatchObject({ ripRelative: 1, disp: 0x1000, base: NONE });
    expect(ok('8b 05 00 10 00 00', 32)).toMatchObject({ ripRelative: 0, disp: 0x1000, base: NONE });
  });

  it('[rbp+0] and [rsp] default to SS, [r13+0] and [r12] to DS', () => {
    expect(ok('8b 45 00', 64)).toMatchObject({ seg: Seg.SS, base: 5 });
    expect(ok('8b 04 24', 64)).toMatchObject({ seg: Seg.SS, base: 4, index: NONE });
    expect(ok('41 8b 45 00', 64)).toMatchObject({ seg: Seg.DS, base: 13 });
    expect(ok('41 8b 04 24', 64)).toMatchObject({ seg: Seg.DS, base: 12 });
  });

  it('16-bit addressing follows SDM table 2-1', () => {
    expect(ok('8b 00', 16)).toMatchObject({ base: 3, index: 6, seg: Seg.DS, osz: 16, asz: 16 });
    expect(ok('8b 42 fe', 16)).toMatchObject({ base: 5, index: 6, seg: Seg.SS, disp: -2 });
    expect(ok('8b 06 34 12', 16)).toMatchObject({ base: NONE, index: NONE, seg: Seg.DS, disp: 0x1234 });
    expect(ok('8b 46 00', 16)).toMatchObject({ base: 5, index: NONE, seg: Seg.SS, disp: 0 });
  });

  it('mov rax, imm64 and movabs have all 64 bits', () => {
    expect(ok('48 b8 88 77 66 55 44 33 22 91', 64)).toMatchObject({ imm: 0x55667788, immHi: 0x91223344 | 0, length: 10 });
    expect(ok('48 a1 88 77 66 55 44 33 22 91', 64)).toMatchObject({ disp: 0x55667788, dispHi: 0x91223344 | 0, osz: 64, isMem: 0 });
    expect(ok('67 a1 88 77 66 95', 64)).toMatchObject({ disp: 0x95667788 | 0, dispHi: 0, asz: 32 });
  });

  it('Iz is sign-extended to 64 bits, Ib is not, sIb is', () => {
    expect(ok('48 81 c0 00 00 00 80', 64)).toMatchObject({ imm: -0x80000000, immHi: -1 });
    expect(ok('cd 80', 64)).toMatchObject({ imm: 0x80, immHi: 0 });
    expect(ok('48 83 c0 80', 64)).toMatchObject({ imm: -128, immHi: -1 });
    expect(ok('66 81 c0 00 80', 64)).toMatchObject({ imm: -0x8000, immHi: -1, osz: 16 });
  });

  it('a far pointer splits into offset and selector', () => {
    expect(ok('ea 44 33 22 91 10 00', 32)).toMatchObject({ imm: 0x91223344 | 0, imm2: 0x10 });
    expect(ok('ea f0 ff 00 f0', 16)).toMatchObject({ imm: 0xfff0, imm2: 0xf000 });
  });

  it('enter has two immediates and operand size 64 in 64-bit mode', () => {
    expect(ok('c8 10 80 03', 64)).toMatchObject({ imm: 0x8010, imm2: 3, osz: 64, length: 4 });
  });
});

describe('sizes and prefixes', () => {
  it('66 makes push 16 bits in 64-bit mode but leaves near branches alone', () => {
    expect(ok('66 50', 64).osz).toBe(16);
    expect(ok('50', 64).osz).toBe(64);
    expect(ok('66 e8 01 02 03 04', 64)).toMatchObject({ osz: 64, length: 6 });
    expect(ok('66 e8 01 02', 32)).toMatchObject({ osz: 16, length: 4 });
  });

  it('a REX prefix counts only right before the opcode', () => {
    expect(ok('48 66 01 c0', 64)).toMatchObject({ osz: 16, rex: 0 });
    expect(ok('66 48 01 c0', 64)).toMatchObject({ osz: 64, rex: 0x48 });
    expect(ok('41 48 01 c0', 64)).toMatchObject({ rex: 0x48, rm: 0 });
  });

  it('in 64-bit mode ES, CS, SS and DS overrides are ignored, even behind FS', () => {
    expect(ok('64 2e 8b 00', 64).segOverride).toBe(Seg.FS);
    expect(ok('2e 8b 00', 64).segOverride).toBe(NONE);
    expect(ok('64 2e 8b 00', 32).segOverride).toBe(Seg.CS);
  });

  it('the last of F2 and F3 wins', () => {
    expect(ok('f2 f3 a4', 64)).toMatchObject({ rep: 1, repne: 0 });
    expect(ok('f3 f2 a4', 64)).toMatchObject({ rep: 0, repne: 1 });
  });

  it('90 is NOP, F3 90 PAUSE, 41 90 XCHG R8, F3 41 90 PAUSE (as hardware does)', () => {
    expect(ok('90', 64).row.mnemonic).toBe('NOP');
    expect(ok('f3 90', 64).row.mnemonic).toBe('PAUSE');
    expect(ok('f3 41 90', 64).row.mnemonic).toBe('PAUSE');
    expect(ok('41 90', 64)).toMatchObject({ opReg: 8 });
    expect(ok('41 90', 64).row.mnemonic).toBe('XCHG');
  });
});

describe('invalid encodings', () => {
  const ud = (hex: string, mode: Mode): void => {
    const { outcome, i } = decodeHex(hex, mode);
    expect({ hex, mode, outcome }).toEqual({ hex, mode, outcome: Decoded.UD });
    expect(i.row).toBe(INVALID_ROW);
  };

  it('LOCK is #UD on registers and on instructions that do not write memory', () => {
    ud('f0 01 c0', 64);
    ud('f0 03 00', 64);
    ud('f0 38 00', 64);
    ud('f0 89 00', 64);
    expect(ok('f0 01 00', 64).lock).toBe(1);
    expect(ok('f0 87 00', 64).lock).toBe(1);
  });

  it('instructions that 64-bit mode took away are #UD there', () => {
    for (const hex of ['06', '27', '60', '62 00', '82 c0 00', '9a 00 00 00 00 00 00', 'c4 00', 'ce', 'd4 0a', 'd6', 'ea 00 00 00 00 00 00']) {
      ud(hex, 64);
      ok(hex, 32);
    }
  });

  it('LES, LDS and BOUND with a register are #UD (VEX and EVEX are not modelled)', () => {
    ud('c4 c0', 32);
    ud('c5 c0', 32);
    ud('62 c0', 32);
  });

  it('moving to CS or to a segment register that does not exist is #UD', () => {
    ud('8e c8', 64);
    ud('8e f0', 64);
    ud('8c f8', 64);
    expect(ok('8c c8', 64).reg).toBe(1);
  });

  it('15 bytes are the limit', () => {
    const filled = (n: number): string => `${'66 '.repeat(n)}90`;
    expect(ok(filled(14), 64).length).toBe(15);
    expect(decodeHex(filled(15), 64).outcome).toBe(Decoded.TOO_LONG);
    expect(decodeHex(`${'2e '.repeat(10)}81 00 00 00 00 00`, 64).outcome).toBe(Decoded.TOO_LONG);
  });
});

describe('bytes that end', () => {
  it('every proper prefix of an instruction asks for more', () => {
    for (const hex of ['4e 81 84 88 01 02 03 04 05 06 07 08', '66 f2 48 a1 01 02 03 04 05 06 07 08', 'c8 10 80 03', 'e8 00 00 00 00']) {
      const bytes = bytesOf(hex);
      const i = new Insn();
      for (let n = 0; n < bytes.length; n++) expect(decode(i, bytes, 0, n, 64)).toBe(Decoded.MORE);
      expect(decode(i, bytes, 0, bytes.length, 64)).toBe(Decoded.OK);
      expect(i.length).toBe(bytes.length);
    }
  });

  it('bytes behind the end never matter', () => {
    const i = new Insn();
    expect(decode(i, bytesOf('0f ff ff'), 0, 1, 64)).toBe(Decoded.MORE);
    expect(decode(i, bytesOf('90 06'), 0, 1, 64)).toBe(Decoded.OK);
  });

  it('fetching asks byte by byte and no further than the instruction goes', () => {
    const i = new Insn();
    const asked: number[] = [];
    const bytes = bytesOf('8b 44 24 08 90');
    const fetch = (n: number): number => (asked.push(n), bytes[n]!);
    expect(decodeFetching(i, fetch, new Uint8Array(15), 64)).toBe(Decoded.OK);
    expect([i.length, asked]).toEqual([4, [0, 1, 2, 3]]);
    expect(decodeFetching(i, (n) => (n < 2 ? bytes[n]! : -1), new Uint8Array(15), 64)).toBe(Decoded.MORE);
    expect(i.length).toBe(2);
    expect(decodeFetching(i, () => 0x66, new Uint8Array(15), 64)).toBe(Decoded.TOO_LONG);
  });
});
