import { expect, test } from 'vitest';
import { I440fxHostBridge, type PamSegment } from './i440fx.ts';
import { deviceContract, testEnv } from './testing.ts';

function bridge() {
  const env = testEnv();
  const changes: PamSegment[] = [];
  return { env, changes, host: new I440fxHostBridge(env, (segment) => void changes.push(segment)) };
}

test('identity and reset values are those of QEMU\'s pc', () => {
  const { host } = bridge();
  expect([0x00, 0x04, 0x08, 0x2c, 0x54, 0x58, 0x70].map((at) => host.configRead(at, 4))).toEqual([
    0x1237_8086, 0, 0x0600_0002, 0x1100_1af4, 0x4000_0000, 0, 0x0002_0000,
  ]);
});

test('PAM0 steers 0xf0000, PAM1 to PAM6 two 16 KB pieces each (82441FX, table 3-2)', () => {
  const { host, changes } = bridge();
  host.configWrite(0x59, 1, 0x30);
  host.configWrite(0x5a, 1, 0x21);
  host.configWrite(0x5f, 1, 0x10);
  expect(changes).toEqual([
    { address: 0xf0000, size: 0x10000, readRam: true, writeRam: true },
    { address: 0xc0000, size: 0x4000, readRam: true, writeRam: false },
    { address: 0xc4000, size: 0x4000, readRam: false, writeRam: true },
    { address: 0xec000, size: 0x4000, readRam: true, writeRam: false },
  ]);
});

test('reset puts every steered piece back on the bus, loading steers it again', () => {
  const { host, changes } = bridge();
  host.configWrite(0x59, 1, 0x10);
  const snapshot = host.save();
  host.reset();
  host.load(snapshot);
  expect(changes.map(({ address, readRam }) => [address, readRam])).toEqual([[0xf0000, true], [0xf0000, false], [0xf0000, true]]);
});

test('opening SMRAM is logged as missing', () => {
  const { env, host } = bridge();
  host.configWrite(0x72, 1, 0x4a);
  expect(env.log.unimplemented.length).toBe(1);
});

deviceContract('i440FX host bridge', {
  make: (env) => new I440fxHostBridge(env),
  regions: (host) => [{ name: 'config', size: 256, read: (at, n) => host.configRead(at, n), write: (at, n, value) => host.configWrite(at, n, value) }],
});
