import { describe, expect, test } from 'vitest';
import {
  buffer, byteField, device, eisaId, integer, ioPorts, isaIrq, levelInterrupts, method, name, namePath, operationRegion, pack, resources, ret, scope,
} from './aml.ts';
import { DeviceError } from './device.ts';

const hexOf = (bytes: Uint8Array | number[]) => Buffer.from(bytes).toString('hex');

describe('AML encoding (ACPI 5.0, chapter 20)', () => {
  test('integers take the shortest form', () => {
    expect([0, 1, 2, 0xff, 0x100, 0xffff, 0x1_0000, 0x1_0000_0000].map((n) => hexOf(integer(n)))).toEqual([
      '00', '01', '0a02', '0aff', '0b0001', '0bffff', '0c00000100', '0e0000000001000000',
    ]);
  });

  test('name paths: root, parents, one, two and more segments, padded', () => {
    expect(hexOf(namePath('FOO'))).toBe('464f4f5f');
    expect(hexOf(namePath('\\'))).toBe('5c00');
    expect(hexOf(namePath('^^A'))).toBe('5e5e415f5f5f');
    expect(hexOf(namePath('\\_SB.PCI0'))).toBe('5c2e5f53425f50434930');
    expect(hexOf(namePath('A.B.C'))).toBe('2f03415f5f5f425f5f5f435f5f5f');
    for (const bad of ['abc', '1A', 'TOOLONG', 'A..B']) expect(() => namePath(bad), bad).toThrow(DeviceError);
  });

  test('package lengths grow from one byte to three', () => {
    const of = (length: number) => hexOf(scope('X', new Uint8Array(length))).slice(0, 8);
    expect(of(0x3f - 5).slice(0, 4)).toBe('103f');
    expect(of(0x3f - 4).slice(0, 6)).toBe('104104');
    expect(of(0xfff - 6).slice(0, 6)).toBe('104fff');
    expect(of(0x1000 - 6)).toBe('10810001');
  });

  test('EISA ids are compressed big-endian (6.1.5): PNP0A03 is 41 D0 0A 03', () => {
    expect(hexOf(eisaId('PNP0A03'))).toBe('0c41d00a03');
  });

  test('objects', () => {
    expect(hexOf(name('N', pack(0, 5)))).toBe('084e5f5f5f' + '1205' + '02' + '000a05');
    expect(hexOf(buffer(Uint8Array.of(7, 8)))).toBe('1105' + '0a02' + '0708');
    expect(hexOf(device('D', name('_UID', 1)))).toBe('5b82' + '0b' + '445f5f5f' + '085f55494401');
    expect(hexOf(method('M', 1, ret('X')))).toBe('14' + '0b' + '4d5f5f5f' + '09' + 'a4585f5f5f');
    expect(hexOf(operationRegion('R', 2, 0x60, 4))).toBe('5b80' + '525f5f5f' + '02' + '0a60' + '0a04');
    expect(hexOf(byteField('R', [['A', 8], ['B', 4]]))).toBe('5b81' + '10' + '525f5f5f' + '01' + '415f5f5f08' + '425f5f5f04');
  });

  test('resource templates end with an end tag (6.4)', () => {
    expect(hexOf(resources(ioPorts(0x3f8, 8), isaIrq(4)))).toBe('1110' + '0a0d' + '4701f803f8030108' + '221000' + '7900');
    expect(hexOf(levelInterrupts(5, 10))).toBe('890a00' + '0902' + '05000000' + '0a000000');
  });
});
