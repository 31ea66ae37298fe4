import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressWidth, VaddrError, type VaddrBits } from './index.ts';

const half = fc.integer({ min: -0x80000000, max: 0xffffffff });
const size = fc.integer({ min: 1, max: 4096 });
const step = fc.oneof(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), fc.integer({ min: -32, max: 32 }));

describe.each([32, 64] as const)('%i-bit addresses', (bits: VaddrBits) => {
  const width = addressWidth(bits);

  test('pages, offsets and page numbers on halves agree with the same on bigints', () => {
    fc.assert(fc.property(half, half, (lo, hi) => {
      const va = width.join(lo, hi);
      expect(width.join(width.pageLo(lo), width.wrapHi(hi))).toBe(width.page(va));
      expect(BigInt(width.offset(lo))).toBe(va % 4096n);
      expect(width.join(width.pageNumberLo(lo, hi), width.pageNumberHi(hi))).toBe(width.pageNumber(va));
    }));
  });

  test('addition on halves carries, borrows and wraps at the top', () => {
    fc.assert(fc.property(half, half, step, (lo, hi, n) => {
      expect(width.join(width.addLo(lo, n), width.addHi(lo, hi, n))).toBe(width.add(width.join(lo, hi), BigInt(n)));
    }));
  });

  test('an access crosses a page when its last byte is on another page than its first', () => {
    fc.assert(fc.property(half, half, size, (lo, hi, n) => {
      const first = width.join(lo, hi);
      const last = width.add(first, BigInt(n - 1));
      expect(width.crossesPage(lo, n)).toBe(width.page(first) !== width.page(last));
      const [lo2, hi2] = [Number(last & 0xffffffffn), Number(last >> 32n)];
      expect(width.samePage(lo, hi, lo2, hi2)).toBe(!width.crossesPage(lo, n));
    }));
  });

  test('the last byte of a page does not cross, two bytes there do', () => {
    expect(width.crossesPage(0x1fff, 1)).toBe(false);
    expect(width.crossesPage(0x1fff, 2)).toBe(true);
    expect(width.crossesPage(0x1ff8, 8)).toBe(false);
    expect(width.crossesPage(-1, 2)).toBe(true);
  });
});

test('a page is told from the one 4 GiB above only with 64-bit addresses', () => {
  expect(addressWidth(64).samePage(0x1000, 0, 0x1000, 1)).toBe(false);
  expect(addressWidth(32).samePage(0x1000, 0, 0x1000, 1)).toBe(true);
});

test('0x80000000 and 0xffffffff80000000 are different pages of a 64-bit guest', () => {
  const width = addressWidth(64);
  expect(width.samePage(0x80000000, 0, 0x80000000, -1)).toBe(false);
  expect(width.join(0x80000000, -1)).toBe(0xffffffff80000000n);
});

test('larger pages: 2 MiB', () => {
  const width = addressWidth(64, 21);
  expect(width.pageSize).toBe(0x200000);
  expect(width.pageLo(0x81234567 | 0)).toBe(0x81200000 | 0);
  expect(width.pageNumber(0xffffffff81234567n)).toBe(0xffffffff81234567n >> 21n);
});

test('other widths and page sizes are refused with the value', () => {
  expect(() => addressWidth(48 as never)).toThrow(VaddrError);
  expect(() => addressWidth(48 as never)).toThrow(/48 bits.*use 32 or 64/);
  expect(() => addressWidth(64, 0)).toThrow(/2\^0 bytes/);
  expect(() => addressWidth(64, 31)).toThrow(/2\^31 bytes/);
});
