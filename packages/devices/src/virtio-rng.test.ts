import { expect, test } from 'vitest';
import { PciReg } from './pci-device.ts';
import { deviceContract } from './testing/contract.ts';
import { RamMock } from './testing/ram-mock.ts';
import { testEnv } from './testing/test-env.ts';
import { VirtioDriver } from './testing/virtio-driver.ts';
import { VirtioRng, type VirtioRngOptions } from './virtio-rng.ts';

function setUp(options: Partial<VirtioRngOptions> = {}, legacy = false) {
  const ram = new RamMock(0x10_0000);
  const device = new VirtioRng('rng0', testEnv(), { memory: ram, ...options });
  return { device, driver: new VirtioDriver(device, ram, { legacy }).init() };
}

test.each([false, true])('buffers come back full of what the host gave, legacy: %s', (legacy) => {
  const { driver } = setUp({ entropy: (into) => into.forEach((_, i) => { into[i] = i + 1; }) }, legacy);
  expect(driver.exchange(0, [5, 3])).toMatchObject([{ length: 8, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }]);
});

test('the default source is the host, so two draws differ', () => {
  const { driver } = setUp();
  const [a] = driver.exchange(0, [64]);
  const [b] = driver.exchange(0, [64]);
  expect(a!.data).not.toEqual(b!.data);
});

test('a seeded device gives the same bytes in every run, other bytes for another seed, and repeats after reset', () => {
  const draw = ({ driver }: ReturnType<typeof setUp>) => driver.exchange(0, [4096])[0]!.data;
  const subject = setUp({ seed: 7 });
  const first = draw(subject);
  expect(draw(setUp({ seed: 7 }))).toEqual(first);
  expect(draw(setUp({ seed: 8 }))).not.toEqual(first);
  expect(draw(subject)).not.toEqual(first);
  subject.driver.init();
  expect(draw(subject)).toEqual(first);
  const ones = first.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  expect(Math.abs(ones - 4096 * 4)).toBeLessThan(500); // 5.5 sigma
});

test('one buffer gets at most 64 KiB, and the used length says so', () => {
  const { driver } = setUp({ seed: 1 });
  expect(driver.exchange(0, [100_000])[0]!.length).toBe(65536);
});

test('a buffer for the wrong direction comes back empty with a guest error', () => {
  const env = testEnv();
  const ram = new RamMock(0x10_0000);
  const driver = new VirtioDriver(new VirtioRng('rng0', env, { memory: ram, seed: 1 }), ram).init();
  expect(driver.exchange(0, [new Uint8Array(16)])[0]!.length).toBe(0);
  expect(env.log.guestErrors).toHaveLength(1);
});

test('ids, class and BAR sizes are those of QEMU 7.2 (info qtree)', () => {
  const { device } = setUp();
  expect([device.configRead(PciReg.DEVICE_ID, 2), device.configRead(PciReg.SUBSYSTEM_ID, 2)]).toEqual([0x1005, 4]);
  expect(device.configRead(PciReg.SUBCLASS, 2)).toBe(0x00ff);
  expect(device.bars.map(({ index, size }) => [index, size])).toEqual([[0, 0x20], [1, 0x1000], [4, 0x4000]]);
});

deviceContract('virtio-rng', {
  make: (env) => new VirtioRng('rng0', env, { memory: new RamMock(0x1000), seed: 3 }),
  regions: (device) => device.bars.map(({ bar }) => bar.region),
});
