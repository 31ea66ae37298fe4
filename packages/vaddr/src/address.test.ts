import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as api from './index.ts';
import {
  assertLayout, assertTarget, canonicalHi, EmuError, formatVaddr, formatVaddrPair, isCanonical, isCanonicalHi, parseVaddr, TLB_LAYOUT, VaddrError,
} from './index.ts';

test('the package exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Arena', 'ArenaError', 'EmuError', 'PAGE_BITS', 'TLB_LAYOUT', 'VADDR_BITS', 'VaddrError', 'addressWidth', 'assertLayout', 'assertTarget', 'canonicalHi',
    'formatVaddr', 'formatVaddrPair', 'isCanonical', 'isCanonicalHi', 'parseVaddr', 'struct',
  ]);
});

test('0xffffffff81000000 formats and parses back', () => {
  expect(parseVaddr('0xffffffff81000000')).toBe(0xffffffff81000000n);
  expect(formatVaddr(0xffffffff81000000n)).toBe('0xffffffff81000000');
  expect(formatVaddrPair(0x81000000, -1)).toBe('0xffffffff81000000');
});

test('every address comes back from its text, from a bigint and from halves', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (va) => {
    expect(parseVaddr(formatVaddr(va))).toBe(va);
    expect(formatVaddrPair(Number(va & 0xffffffffn), Number(va >> 32n))).toBe(formatVaddr(va));
    const low = va & 0xffffffffn;
    expect(parseVaddr(formatVaddr(low, 32), 32)).toBe(low);
    expect(formatVaddrPair(Number(low), 0x1234, 32)).toBe(formatVaddr(low, 32));
  }));
});

test('decimal, capitals and separated digits are read', () => {
  expect(parseVaddr('4096')).toBe(4096n);
  expect(parseVaddr('0xFFFF_8000_0000_0000')).toBe(0xffff800000000000n);
});

test.each(['', '0x', 'ffff', '-1', '0x1g', '1.5', '0x_1', '0x1_', ' 1', '0x10000000000000000'])('%j is not an address', (text) => {
  expect(() => parseVaddr(text)).toThrow(VaddrError);
});

test('an address too wide for the guest is refused with the address', () => {
  expect(() => parseVaddr('0x100000000', 32)).toThrow(/0x100000000 does not fit a guest with 32-bit addresses/);
  expect(() => formatVaddr(-1n)).toThrow(/-1 does not fit/);
});

// SDM Vol. 1, section 3.3.7.1: bits 63 to 47 (56) equal
test.each([
  [0n, true, true], [0x00007fffffffffffn, true, true], [0x0000800000000000n, false, true], [0xffff7fffffffffffn, false, true],
  [0xffff800000000000n, true, true], [0x00ffffffffffffffn, false, true], [0x0100000000000000n, false, false],
  [0xfeffffffffffffffn, false, false], [0xff00000000000000n, false, true], [0xffffffff81000000n, true, true],
])('%d is canonical with 48 bits: %s, with 57 bits: %s', (va, in48, in57) => {
  const hi = Number(va >> 32n);
  expect([isCanonical(va, 48), isCanonical(va, 57)]).toEqual([in48, in57]);
  expect([isCanonicalHi(hi, 48), isCanonicalHi(hi, 57)]).toEqual([in48, in57]);
  expect([isCanonicalHi(hi | 0, 48), isCanonicalHi(hi | 0, 57)]).toEqual([in48, in57]);
  expect(canonicalHi(hi, 48) === (hi | 0)).toBe(in48);
});

test('a 64-bit target over 32-bit addresses is refused; i386 runs with both', () => {
  expect(() => assertTarget(64, 32)).toThrow(/64-bit target cannot run over 32-bit guest addresses.*VADDR_BITS = 64/);
  expect(() => assertTarget(64, 32)).toThrow(EmuError);
  assertTarget(64, 64);
  assertTarget(32, 32);
  assertTarget(32, 64);
  expect(() => assertTarget(16, 32)).toThrow(/registers of 16 bits/);
  expect(() => assertTarget(64, 48)).toThrow(/guest addresses of 48 bits/);
});

test('a TLB entry is 32 bytes with 64-bit addresses and 16 with 32-bit ones, comparators first', () => {
  expect(TLB_LAYOUT[64]).toEqual({ size: 32, comparatorSize: 8, read: 0, write: 8, code: 16, addend: 24 });
  expect(TLB_LAYOUT[32]).toEqual({ size: 16, comparatorSize: 4, read: 0, write: 4, code: 8, addend: 12 });
});

test('a layout that generated code could not use is refused', () => {
  expect(() => assertLayout({ ...TLB_LAYOUT[64], write: 4 })).toThrow(/"write":4.*fix the record/);
  expect(() => assertLayout({ ...TLB_LAYOUT[64], comparatorSize: 4 })).toThrow(VaddrError);
});
