import { expect, test } from 'vitest';
import { PciReg } from './pci-device.ts';
import { regionWrite } from './io-region.ts';
import { deviceContract } from './testing/contract.ts';
import { RamMock } from './testing/ram-mock.ts';
import { testEnv } from './testing/test-env.ts';
import { VirtioDriver, type VirtioDriverOptions } from './testing/virtio-driver.ts';
import { VirtioConsole, VIRTIO_CONSOLE, VIRTIO_CONSOLE_F, type VirtioConsoleOptions } from './virtio-console.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (string: string) => new TextEncoder().encode(string);
const { DEVICE_READY, PORT_ADD, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME } = VIRTIO_CONSOLE;

function setUp(options: Partial<VirtioConsoleOptions> = {}, driverOptions: VirtioDriverOptions = {}) {
  const env = testEnv();
  const ram = new RamMock(0x10_0000);
  const output: string[] = ['', ''];
  const port = (id: number) => ({ backend: { write: (data: Uint8Array) => { output[id] += text(data); } } });
  const ports = options.ports ?? [port(0), { ...port(1), console: false, name: 'org.test.agent' }];
  const device = new VirtioConsole('hvc', env, { memory: ram, maxPorts: 2, ...options, ports });
  const driver = new VirtioDriver(device, ram, driverOptions).init();
  return { env, device, driver, output };
}

const message = (id: number, event: number, value: number) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, id, true);
  view.setUint16(4, event, true);
  view.setUint16(6, value, true);
  return new Uint8Array(view.buffer);
};

/** Control messages that came in, as [port, event, value, payload]. */
const messages = (driver: VirtioDriver) => driver.used(2).map(({ data, length }) => {
  const view = new DataView(data.buffer);
  return [view.getUint32(0, true), view.getUint16(4, true), view.getUint16(6, true), ...data.slice(8, length)];
});

const singlePort = { features: ~VIRTIO_CONSOLE_F.MULTIPORT >>> 0 };

test.each([{}, { legacy: true }])('port 0 carries bytes both ways (%o)', (options) => {
  const { driver, device, output } = setUp({}, { ...singlePort, ...options });
  expect(driver.exchange(1, [bytes('hello '), bytes('world')])).toMatchObject([{ length: 0 }]);
  expect(output[0]).toBe('hello world');
  driver.add(0, [4]);
  driver.add(0, [4]);
  driver.kick(0);
  expect(device.receive(0, bytes('abcdef'))).toBe(6);
  expect(driver.used(0).map(({ data, length }) => text(data.slice(0, length)))).toEqual(['abcd', 'ef']);
  expect(driver.isr()).toBe(1);
});

test('input waits for buffers, up to 64 KiB, and arrives in order', () => {
  const { driver, device } = setUp({}, singlePort);
  expect(device.receive(0, new Uint8Array(65530).fill(65))).toBe(65530);
  expect(device.receive(0, bytes('BCDEFGHI'))).toBe(6);
  expect(device.backlog(0)).toBe(65536);
  driver.add(0, [65530]);
  driver.add(0, [100]);
  driver.kick(0);
  const [, second] = driver.used(0);
  expect([text(second!.data.slice(0, second!.length)), device.backlog(0)]).toEqual(['BCDEFG', 0]);
});

test('the control queue announces the ports, and each one after the driver is ready for it (5.3.6)', () => {
  const { driver } = setUp();
  for (let i = 0; i < 16; i++) driver.add(2, [64]);
  driver.exchange(3, [message(0, DEVICE_READY, 1)]);
  expect(messages(driver)).toEqual([[0, PORT_ADD, 1], [1, PORT_ADD, 1]]);
  driver.exchange(3, [message(0, PORT_READY, 1)]);
  expect(messages(driver)).toEqual([[0, CONSOLE_PORT, 1], [0, RESIZE, 0, 25, 0, 80, 0], [0, PORT_OPEN, 1]]);
  driver.exchange(3, [message(1, PORT_READY, 1)]);
  expect(messages(driver)).toEqual([[1, PORT_NAME, 1, ...bytes('org.test.agent')], [1, PORT_OPEN, 1]]);
});

test('control messages wait for buffers', () => {
  const { driver } = setUp();
  driver.exchange(3, [message(0, DEVICE_READY, 1)]);
  expect(messages(driver)).toEqual([]);
  driver.add(2, [64]);
  driver.add(2, [64]);
  driver.kick(2);
  expect(messages(driver)).toHaveLength(2);
});

test('a second port has queues 4 and 5', () => {
  const { driver, device, output } = setUp();
  driver.exchange(3, [message(1, PORT_OPEN, 1)]);
  expect(device.state.device.ports[1]!.guestOpen).toBe(true);
  driver.exchange(5, [bytes('agent')]);
  expect(output).toEqual(['', 'agent']);
  driver.add(4, [16]);
  device.receive(1, bytes('ping'));
  expect(text(driver.used(4)[0]!.data.slice(0, 4))).toBe('ping');
});

test('resizing tells a multiport driver by message, rows first as Linux reads them', () => {
  const { driver, device } = setUp();
  driver.add(2, [64]);
  device.resize(132, 43);
  expect(messages(driver)).toEqual([[0, RESIZE, 0, 43, 0, 132, 0]]);
});

test('resizing tells a driver without multiport through the configuration, with an interrupt and a new generation', () => {
  const { driver, device } = setUp({}, singlePort);
  const generation = driver.common(0x15, 1);
  device.resize(132, 43);
  expect([driver.config(0, 2), driver.config(2, 2), driver.isr(), driver.common(0x15, 1)]).toEqual([132, 43, 2, generation + 1]);
  driver.init();
  expect(driver.config(0, 2)).toBe(132);
});

test('an emergency write reaches port 0 before any set-up (5.3.5.1)', () => {
  const { driver, output } = setUp();
  driver.status = 0;
  for (const c of 'oops') driver.config(8, 4, c.charCodeAt(0));
  expect(output[0]).toBe('oops');
});

test.each([
  ['a short message', [new Uint8Array(7)]], ['an unknown port', [message(9, PORT_READY, 1)]], ['an event of the device', [message(0, PORT_ADD, 1)]],
  ['a failed driver', [message(0, DEVICE_READY, 0)]], ['a failed port', [message(0, PORT_READY, 0)]],
])('%s on the control queue is a guest error and nothing else', (_what, buffers) => {
  const { driver, env } = setUp();
  expect(driver.exchange(3, buffers)).toHaveLength(1);
  expect(env.log.guestErrors).toHaveLength(1);
});

test('without control buffers, endless control requests do not grow the state', () => {
  const { driver, device } = setUp();
  for (let i = 0; i < 1000; i++) driver.exchange(3, [message(1, PORT_READY, 1)]);
  expect(device.state.device.control.length).toBeLessThanOrEqual(256);
});

test('ids, class, BARs, queues and vectors are those of virtio-serial-pci in QEMU 7.2', () => {
  const { device, driver } = setUp({ maxPorts: 31 }, { features: 0 });
  expect([device.configRead(PciReg.DEVICE_ID, 2), device.configRead(PciReg.SUBSYSTEM_ID, 2)]).toEqual([0x1003, 3]);
  expect(device.configRead(PciReg.SUBCLASS, 2)).toBe(0x0780);
  expect(device.bars.map(({ index, size }) => [index, size])).toEqual([[0, 0x40], [1, 0x1000], [4, 0x4000]]);
  expect([driver.common(0x12, 2), driver.config(4, 4), device.msix.vectors]).toEqual([64, 31, 2]);
});

deviceContract('virtio-console', {
  make: (env) => new VirtioConsole('hvc', env, {
    memory: new RamMock(0x1000), maxPorts: 2, ports: [{ backend: { write() {} } }, { backend: { write() {} }, name: 'x', console: false }],
  }),
  regions: (device) => device.bars.map(({ bar }) => bar.region),
  events: [
    (device, random) => device.resize(random(200), random(100)),
    (device, random) => { device.receive(random(2), new Uint8Array(random(20)).fill(random(256))); },
    (device, random) => regionWrite(device.bars[2]!.bar.region, [0x16, 0x1c, 0x14][random(3)]!, 2, random(16)),
  ],
  survivesReset: true,
});
