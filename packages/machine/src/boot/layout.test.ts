import { describe, expect, it } from 'vitest';
import { e820, FOUR_GIB, GIB, MIB, pciHoleStart, ramLayout } from './layout.ts';

describe('RAM of the pc machine', () => {
  it('lies below the PCI hole up to 3.5 GiB, else 3 GiB below and the rest above 4 GiB (QEMU pc)', () => {
    expect(ramLayout(3 * GIB)).toEqual({ low: 3 * GIB, high: 0 });
    expect(ramLayout(3583 * MIB)).toEqual({ low: 3583 * MIB, high: 0 });
    expect(ramLayout(3584 * MIB)).toEqual({ low: 3 * GIB, high: 512 * MIB });
    expect([pciHoleStart(ramLayout(3 * GIB)), pciHoleStart(ramLayout(3584 * MIB))]).toEqual([0xe000_0000, 0xc000_0000]);
  });

  it('has the e820 map that QEMU 7.2 shows a Linux guest with -m 512M', () => {
    const lines = e820(ramLayout(512 * MIB)).map(({ addr, size, type }) => `${addr.toString(16)}-${(addr + size - 1).toString(16)} ${type}`);
    expect(lines).toEqual(['0-9fbff 1', '9fc00-9ffff 2', 'f0000-fffff 2', '100000-1ffdffff 1', '1ffe0000-1fffffff 2', 'fffc0000-ffffffff 2']);
  });

  it('lists the part above 4 GiB last', () => {
    expect(e820(ramLayout(4 * GIB)).at(-1)).toEqual({ addr: FOUR_GIB, size: GIB, type: 1 });
  });

  it('cannot be tiny or end inside a page', () => {
    for (const bad of [0, -1, MIB, 4 * MIB + 1, Number.NaN]) expect(() => ramLayout(bad)).toThrow(`-m gives ${bad} bytes of RAM`);
  });
});
