import { describe, expect, it } from 'vitest';
import type { IoRegion } from '@emu/devices';
import { IoSpace } from './io-space.ts';

function region(name: string, size: number): IoRegion & { written: string[] } {
  const written: string[] = [];
  return { name, size, written, read: (offset) => 0x10 + offset, write: (offset, bytes, value) => void written.push(`${offset}:${bytes}:${value.toString(16)}`) };
}

describe('the I/O ports', () => {
  it('reach the device that has them; nobody answers with ones', () => {
    const io = new IoSpace(), uart = region('uart', 8);
    io.map(0x3f8, uart);
    io.write(0x3fa, 1, 0x55);
    expect([io.read(0x3f9, 1), io.read(0x3f7, 1), io.read(0x100, 2), io.read(0x100, 4)]).toEqual([0x11, 0xff, 0xffff, 0xffff_ffff]);
    expect(uart.written).toEqual(['2:1:55']);
  });

  it('split an access that leaves a device', () => {
    const io = new IoSpace(), low = region('low', 2), high = region('high', 1);
    io.map(0x10, low);
    io.map(0x12, high);
    expect(io.read(0x11, 4)).toBe(0xffff_1011);
    io.write(0x11, 2, 0xabcd);
    expect([low.written, high.written]).toEqual([['1:1:cd'], ['0:1:ab']]);
  });

  it('have one owner each, but a BAR may be put anywhere and keeps what is free', () => {
    const io = new IoSpace(), bar = region('bar', 4);
    io.map(0x20, region('pic', 2));
    expect(() => io.map(0x21, region('other', 1))).toThrow('other at port 0x21 collides with pic; choose another port');
    io.mapOver(0x1e, bar);
    expect([io.read(0x1e, 1), io.read(0x20, 1)]).toEqual([0x10, 0x10]);
    io.unmap(0x1e, bar);
    expect([io.read(0x1e, 1), io.read(0x20, 1)]).toEqual([0xff, 0x10]);
  });
});
