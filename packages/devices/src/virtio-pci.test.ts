/** The transport, driven through a virtio-rng because that is the smallest device. */
import { expect, test } from 'vitest';
import { PciReg } from './pci-device.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { RamMock } from './testing/ram-mock.ts';
import { testEnv } from './testing/test-env.ts';
import { VirtioDriver, type VirtioDriverOptions } from './testing/virtio-driver.ts';
import { VirtioStatus } from './virtio.ts';
import { LegacyReg } from './virtio-pci-legacy.ts';
import { CommonCfg } from './virtio-pci-modern.ts';
import { VirtioRng } from './virtio-rng.ts';

const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, DEVICE_NEEDS_RESET, FAILED } = VirtioStatus;

function setUp(driverOptions: VirtioDriverOptions = {}) {
  const env = testEnv();
  const ram = new RamMock(0x10_0000);
  const device = new VirtioRng('rng0', env, { memory: ram, seed: 1 });
  return { env, ram, device, driver: new VirtioDriver(device, ram, driverOptions) };
}

test('the capability list is the one that QEMU 7.2 shows: MSI-X, PCI cfg, notify, device, ISR, common', () => {
  const { device } = setUp();
  const found: [number, number, number][] = [];
  for (let at = device.configRead(PciReg.CAPABILITIES, 1); at !== 0; at = device.configRead(at + 1, 1)) {
    found.push([at, device.configRead(at, 1), device.configRead(at + 3, 1)]);
  }
  expect(found.map(([at, id, type]) => [at, id, id === 9 ? type : 0])).toEqual(
    [[0x98, 0x11, 0], [0x84, 9, 5], [0x70, 9, 2], [0x60, 9, 4], [0x50, 9, 3], [0x40, 9, 1]],
  );
});

test('the modern interface offers VIRTIO_F_VERSION_1 and hides legacy bits; the legacy one has 32 bits', () => {
  const { driver } = setUp();
  const word = (select: number) => { driver.common(CommonCfg.DEVICE_FEATURE_SELECT, 4, select); return driver.common(CommonCfg.DEVICE_FEATURE, 4); };
  expect([word(0), word(1), word(2), word(0xffff_ffff)]).toEqual([0x3000_0000, 0x101, 0, 0]);
  expect(driver.legacyRead(LegacyReg.DEVICE_FEATURES, 4)).toBe(0x3800_0000);
});

test('FEATURES_OK is refused without VIRTIO_F_VERSION_1 and for features that were not offered (3.1.1)', () => {
  for (const [lo, hi] of [[0, 0], [1, 1], [0, 0x101 | 4]] as const) {
    const { driver, env } = setUp();
    driver.status = ACKNOWLEDGE | DRIVER;
    for (const [select, value] of [[0, lo], [1, hi]] as const) {
      driver.common(CommonCfg.DRIVER_FEATURE_SELECT, 4, select);
      driver.common(CommonCfg.DRIVER_FEATURE, 4, value);
    }
    driver.status |= FEATURES_OK;
    expect(driver.status).toBe(ACKNOWLEDGE | DRIVER);
    expect(env.log.guestErrors.at(-1)).toMatch('FEATURES_OK refused');
    driver.init();
    expect(driver.status).toBe(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
  }
});

test('features are fixed once they are agreed', () => {
  const { driver, env } = setUp();
  driver.init();
  driver.common(CommonCfg.DRIVER_FEATURE_SELECT, 4, 0);
  driver.common(CommonCfg.DRIVER_FEATURE, 4, 0);
  expect(driver.common(CommonCfg.DRIVER_FEATURE, 4)).toBe(0x3000_0000);
  expect(env.log.guestErrors).toHaveLength(1);
});

test('DEVICE_NEEDS_RESET belongs to the device; FAILED is remembered; 0 resets', () => {
  const { driver } = setUp();
  driver.status = ACKNOWLEDGE | FAILED | DEVICE_NEEDS_RESET;
  expect(driver.status).toBe(ACKNOWLEDGE | FAILED);
  driver.status = 0;
  expect(driver.status).toBe(0);
});

test('a queue keeps 64-bit addresses, takes smaller sizes, and is closed to writes once enabled', () => {
  const { driver, env } = setUp();
  driver.common(CommonCfg.QUEUE_SELECT, 2, 0);
  expect([driver.common(CommonCfg.NUM_QUEUES, 2), driver.common(CommonCfg.QUEUE_SIZE, 2)]).toEqual([1, 8]);
  driver.common(CommonCfg.QUEUE_SIZE, 2, 4);
  for (const bad of [0, 3, 16]) driver.common(CommonCfg.QUEUE_SIZE, 2, bad);
  expect(driver.common(CommonCfg.QUEUE_SIZE, 2)).toBe(4);
  expect(env.log.guestErrors).toHaveLength(3);
  for (const field of [CommonCfg.QUEUE_DESC, CommonCfg.QUEUE_DRIVER, CommonCfg.QUEUE_DEVICE]) {
    driver.common(field, 4, 0x1234_5000);
    driver.common(field + 4, 4, 0xffff_ffff);
    expect([driver.common(field, 4), driver.common(field + 4, 4)]).toEqual([0x1234_5000, 0xffff_ffff]);
  }
  driver.common(CommonCfg.QUEUE_ENABLE, 2, 1);
  driver.common(CommonCfg.QUEUE_DESC, 4, 0);
  driver.common(CommonCfg.QUEUE_ENABLE, 2, 0);
  expect([driver.common(CommonCfg.QUEUE_DESC, 4), driver.common(CommonCfg.QUEUE_ENABLE, 2)]).toEqual([0x1234_5000, 1]);
  driver.common(CommonCfg.QUEUE_SELECT, 2, 1);
  expect([driver.common(CommonCfg.QUEUE_SIZE, 2), driver.common(CommonCfg.QUEUE_ENABLE, 2), driver.common(CommonCfg.QUEUE_DESC, 4)]).toEqual([0, 0, 0]);
});

test('a vector outside the MSI-X table reads back as VIRTIO_MSI_NO_VECTOR (4.1.5.1.2)', () => {
  const { driver } = setUp();
  const set = (value: number) => { driver.common(CommonCfg.CONFIG_MSIX_VECTOR, 2, value); return driver.common(CommonCfg.CONFIG_MSIX_VECTOR, 2); };
  expect([set(0), set(1), set(2), set(0xffff)]).toEqual([0, 1, 0xffff, 0xffff]);
});

test('a legacy queue lies where its frame number says, and a frame number of 0 takes it back', () => {
  const { driver, device } = setUp({ legacy: true });
  driver.legacyWrite(LegacyReg.QUEUE_ADDRESS, 4, 0x12_3456);
  expect(driver.legacyRead(LegacyReg.QUEUE_ADDRESS, 4)).toBe(0x12_3456);
  // 8 entries: descriptors 128 bytes, then the available ring, then the used ring on the next page (2.7.2)
  expect(device.queueState(0)).toMatchObject({ enabled: true, descLo: 0x2345_6000, descHi: 1, driverLo: 0x2345_6080, deviceLo: 0x2345_7000 });
  driver.legacyWrite(LegacyReg.QUEUE_ADDRESS, 4, 0);
  expect(device.queueState(0)).toMatchObject({ enabled: false, descLo: 0, descHi: 0 });
});

test('a legacy driver may use the device before DRIVER_OK (3.1.2), a modern one may not', () => {
  for (const legacy of [true, false]) {
    const { driver } = setUp({ legacy });
    driver.status = ACKNOWLEDGE | DRIVER;
    driver.negotiate();
    driver.setupQueue(0);
    expect(driver.exchange(0, [8])).toHaveLength(legacy ? 1 : 0);
  }
});

test('device configuration moves by four ports in the legacy BAR when MSI-X is enabled', () => {
  const { driver, device } = setUp({ legacy: true });
  expect(driver.legacyRead(LegacyReg.CONFIG_MSIX_VECTOR, 2)).toBe(0); // device configuration, of which an rng has none
  device.configWrite(0x9a, 2, 0x8000);
  expect(driver.legacyRead(LegacyReg.CONFIG_MSIX_VECTOR, 2)).toBe(0xffff);
});

test('pci_cfg_data is a window into the BAR (4.1.4.9)', () => {
  const { driver, device } = setUp();
  const window = (offset: number, length: number) => {
    device.configWrite(0x88, 1, 4);
    device.configWrite(0x8c, 4, offset);
    device.configWrite(0x90, 4, length);
  };
  window(CommonCfg.NUM_QUEUES, 2);
  expect(device.configRead(0x94, 2)).toBe(1);
  window(CommonCfg.DEVICE_STATUS, 1);
  device.configWrite(0x94, 1, ACKNOWLEDGE | DRIVER);
  expect(driver.status).toBe(ACKNOWLEDGE | DRIVER);
  window(0x3ffe, 4);
  device.configWrite(0x94, 4, 0);
  window(CommonCfg.DEVICE_STATUS, 3);
  device.configWrite(0x94, 4, 0);
  expect(driver.status).toBe(ACKNOWLEDGE | DRIVER);
});

test('a masked MSI-X vector is pending until it is unmasked', () => {
  const { driver, device } = setUp({ msix: true });
  driver.init();
  const table = device.bars.find(({ index }) => index === 1)!.bar.region;
  regionWrite(table, 16 + 12, 4, 1);
  driver.exchange(0, [8]);
  expect(driver.messages).toEqual([]);
  expect(regionRead(table, 0x800, 4)).toBe(2);
  regionWrite(table, 16 + 12, 4, 0);
  expect(driver.messages).toEqual([1]);
});

test('a broken queue tells the driver by a configuration interrupt, once', () => {
  const { driver, ram, env } = setUp({ msix: true });
  driver.init();
  ram.write16(driver.rings(0).avail + 2, 100);
  driver.kick(0);
  driver.kick(0);
  expect(driver.status & DEVICE_NEEDS_RESET).toBe(DEVICE_NEEDS_RESET);
  expect(driver.messages).toEqual([0]);
  expect(env.log.guestErrors).toEqual(['rng0: queue 0: the driver made 100 chains available in a queue of 8; the device needs a reset']);
  expect(driver.init().exchange(0, [8])).toHaveLength(1);
});

test('INTx stays silent while the command register disables it', () => {
  const { driver, device } = setUp();
  driver.init();
  device.configWrite(PciReg.COMMAND, 2, 0x407);
  driver.exchange(0, [8]);
  expect(device.intx.level).toBe(false);
  device.configWrite(PciReg.COMMAND, 2, 7);
  expect(device.intx.level).toBe(true);
  driver.status = 0;
  expect(device.intx.level).toBe(false);
});

test('a notification of a queue that does not exist is a guest error', () => {
  const { driver, env, device } = setUp();
  driver.init();
  regionWrite(device.bars.find(({ index }) => index === 4)!.bar.region, 0x3000 + 4 * 7, 2, 7);
  expect(env.log.guestErrors).toEqual(['rng0: notification of queue 7; there are 1']);
});
