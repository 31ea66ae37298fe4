import { expect, test } from 'vitest';
import { Arena } from '@emu/vaddr';
import { PhysMap, type AccessBytes, type DeviceHandler } from './index.ts';

/** A device of 16 bytes that records what reaches it. */
class Recorder implements DeviceHandler {
  readonly bytes = Uint8Array.from({ length: 16 }, (_, i) => 0x10 + i);
  readonly seen: string[] = [];
  readonly minAccess: AccessBytes;
  readonly maxAccess: AccessBytes;

  constructor(minAccess: AccessBytes, maxAccess: AccessBytes) {
    this.minAccess = minAccess;
    this.maxAccess = maxAccess;
  }

  read(offset: number, bytes: AccessBytes): number {
    this.seen.push(`r${bytes}@${offset}`);
    let value = 0;
    for (let i = 0; i < bytes; i++) value += this.bytes[offset + i]! * 2 ** (8 * i);
    return value;
  }

  write(offset: number, bytes: AccessBytes, value: number): void {
    this.seen.push(`w${bytes}@${offset}=${value.toString(16)}`);
  }
}

function device(min: AccessBytes, max: AccessBytes) {
  const map = new PhysMap(new Arena(65536)), recorder = new Recorder(min, max);
  map.addDevice('recorder', 0xfee0_0000, 16, recorder);
  return { map, seen: recorder.seen, base: 0xfee0_0000 };
}

test.each([
  // least and most bytes handled, access, what the device sees
  [1, 4, 'readPhys32', 4, ['r4@4'], 0x17161514],
  [1, 4, 'readPhys16', 6, ['r2@6'], 0x1716],
  [1, 4, 'readPhys32', 1, ['r1@1', 'r2@2', 'r1@4'], 0x14131211],
  [1, 4, 'readPhys16', 3, ['r1@3', 'r1@4'], 0x1413],
  [1, 1, 'readPhys32', 8, ['r1@8', 'r1@9', 'r1@10', 'r1@11'], 0x1b1a1918],
  [1, 2, 'readPhys32', 8, ['r2@8', 'r2@10'], 0x1b1a1918],
  [4, 4, 'readPhys8', 6, ['r4@4'], 0x16],
  [4, 4, 'readPhys16', 10, ['r4@8'], 0x1b1a],
  [2, 2, 'readPhys8', 5, ['r2@4'], 0x15],
] as const)('a device of %i to %i bytes: %s at %i arrives as %j', (min, max, method, offset, expected, value) => {
  const { map, seen, base } = device(min, max);
  expect(map[method](base + offset)).toBe(value);
  expect(seen).toEqual(expected);
});

test.each([
  [1, 4, 'writePhys32', 4, ['w4@4=89abcdef']],
  [1, 4, 'writePhys32', 2, ['w2@2=cdef', 'w2@4=89ab']],
  [1, 2, 'writePhys32', 8, ['w2@8=cdef', 'w2@10=89ab']],
  [1, 1, 'writePhys16', 8, ['w1@8=ef', 'w1@9=cd']],
  [4, 4, 'writePhys8', 3, ['w4@0=ef000000']],
  [4, 4, 'writePhys16', 8, ['w4@8=cdef']],
] as const)('a device of %i to %i bytes: %s at %i arrives as %j', (min, max, method, offset, expected) => {
  const { map, seen, base } = device(min, max);
  map[method](base + offset, 0x89abcdef | 0);
  expect(seen).toEqual(expected);
});

test('64 bits arrive as two accesses of 32, the low one first', () => {
  const { map, seen, base } = device(1, 4);
  expect([map.readPhys64(base), map.hi]).toEqual([0x13121110, 0x17161514]);
  map.writePhys64(base + 8, 1, -2);
  expect(seen).toEqual(['r4@0', 'r4@4', 'w4@8=1', 'w4@12=fffffffe']);
});

test('a device sees clean values, and its answer is cut to the access', () => {
  const map = new PhysMap(new Arena(65536));
  const written: number[] = [];
  map.addDevice('sloppy', 0x1000, 4, { read: () => -1, write: (_o, _b, value) => written.push(value) });
  expect([map.readPhys8(0x1000), map.readPhys16(0x1000), map.readPhys32(0x1000)]).toEqual([0xff, 0xffff, 0xffff_ffff]);
  map.writePhys8(0x1000, 0x1234);
  map.writePhys32(0x1000, -1);
  expect(written).toEqual([0x34, 0xffff_ffff]);
});

test('a device region with the access field of a device model is understood', () => {
  const map = new PhysMap(new Arena(65536)), seen: number[] = [];
  map.addDevice('dwords', 0x1000, 8, { access: { min: 4, max: 4 }, read: (_o, bytes) => (seen.push(bytes), 0), write: () => {} });
  map.readPhys8(0x1001);
  expect(seen).toEqual([4]);
});
