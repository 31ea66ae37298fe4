import { describe, expect, test } from 'vitest';
import type { BlockBackend } from './block.ts';
import { CompletionQueue } from './block-completion.ts';
import { MemoryBlock } from './block-memory.ts';
import { PciReg } from './pci-device.ts';
import { regionWrite } from './io-region.ts';
import { deviceContract } from './testing/contract.ts';
import { RamMock } from './testing/ram-mock.ts';
import { testEnv } from './testing/test-env.ts';
import { VirtioDriver, type DriverBuffer, type VirtioDriverOptions } from './testing/virtio-driver.ts';
import { VirtioBlk, VIRTIO_BLK_F, VIRTIO_BLK_S, VIRTIO_BLK_T, type VirtioBlkOptions } from './virtio-blk.ts';
import { VirtioStatus } from './virtio.ts';

const SECTORS = 4096;
const pattern = (length: number, seed = 0) => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + (i >> 9) * 7 + seed;
  return bytes;
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Finishes nothing before the test lets it: what a network or a slow disk does. */
class AsyncBlock extends MemoryBlock {
  readonly calls: string[] = [];
  fail = false;
  readonly #gates: (() => void)[] = [];

  override readSync(): boolean { return false; }
  override writeSync(): boolean { return false; }
  override flushSync(): boolean { return false; }

  override read(offset: number, into: Uint8Array) { return this.#later(`read ${offset}+${into.length}`, () => super.readSync(offset, into)); }
  override write(offset: number, data: Uint8Array) { return this.#later(`write ${offset}+${data.length}`, () => super.writeSync(offset, data)); }
  override flush() { return this.#later('flush', () => {}); }
  override discard(offset: number, length: number) { return this.#later(`discard ${offset}+${length}`, () => {}); }

  /** Lets the oldest request finish. */
  async release(): Promise<void> {
    this.#gates.shift()?.();
    await turn();
  }

  async #later(what: string, work: () => void): Promise<void> {
    this.calls.push(what);
    await new Promise<void>((resolve) => this.#gates.push(resolve));
    if (this.fail) throw new Error('medium error');
    work();
  }
}

function setUp(options: Partial<VirtioBlkOptions> = {}, driverOptions: VirtioDriverOptions = {}) {
  const env = testEnv();
  const ram = new RamMock(0x40_0000, 0x10_0000);
  const completions = new CompletionQueue();
  const backend = options.backend ?? new MemoryBlock(pattern(SECTORS * 512));
  const device = new VirtioBlk('vda', env, { memory: ram, completions, ...options, backend });
  const driver = new VirtioDriver(device, ram, driverOptions);
  return { env, ram, completions, backend: backend as MemoryBlock, device, driver };
}

const header = (type: number, sector: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, type, true);
  view.setUint32(8, sector % 2 ** 32, true);
  view.setUint32(12, Math.floor(sector / 2 ** 32), true);
  return new Uint8Array(view.buffer);
};

const range = (sector: number, count: number, flags = 0): Uint8Array => {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, sector, true);
  view.setUint32(8, count, true);
  view.setUint32(12, flags, true);
  return new Uint8Array(view.buffer);
};

/** One request on queue 0 that completes at once: status and data. */
function request(driver: VirtioDriver, type: number, sector: number, ...buffers: DriverBuffer[]) {
  const used = driver.exchange(0, [header(type, sector), ...buffers, 1]);
  expect(used).toHaveLength(1);
  return { status: used[0]!.data.at(-1)!, data: used[0]!.data.subarray(0, -1), length: used[0]!.length };
}

const { IN, OUT, FLUSH, GET_ID, DISCARD, WRITE_ZEROES } = VIRTIO_BLK_T;
const { OK, IOERR, UNSUPP } = VIRTIO_BLK_S;

describe.each([
  ['modern', {}], ['modern, indirect, MSI-X', { indirect: true, msix: true }], ['legacy', { legacy: true }],
  ['legacy, MSI-X', { legacy: true, msix: true }], ['modern without event index', { features: 0x1fff_ffff }],
] as const)('%s interface', (_name, driverOptions) => {
  test('reads and writes sectors, in one buffer and scattered over many', () => {
    const { driver, backend } = setUp({}, driverOptions);
    driver.init();
    expect(request(driver, IN, 3, 512)).toEqual({ status: OK, data: pattern(SECTORS * 512).slice(1536, 2048), length: 513 });
    expect(request(driver, IN, 8, 100, 412, 1024, 512).data).toEqual(pattern(SECTORS * 512).slice(4096, 6144));
    const data = pattern(1536, 99);
    expect(request(driver, OUT, 10, data.slice(0, 500), data.slice(500, 501), data.slice(501))).toMatchObject({ status: OK, length: 1 });
    expect(backend.bytes.slice(5120, 6656)).toEqual(data);
    expect(request(driver, FLUSH, 0).status).toBe(OK);
    expect(request(driver, IN, 10, 1536).data).toEqual(data);
  });

  test('survives 70,000 requests: the ring indices wrap', () => {
    const { driver, ram, device } = setUp({ queueSize: 4 }, driverOptions);
    driver.init();
    const { desc } = driver.rings(0);
    const [headerAt, dataAt] = [driver.allocate(16), driver.allocate(513)];
    ram.write(headerAt, header(IN, 0));
    driver.writeDesc(desc, 0, headerAt, 16, 1, 1);
    driver.writeDesc(desc, 1, dataAt, 513, 2, 0);
    for (let i = 0; i < 70_000; i++) {
      ram.write32(headerAt + 8, i % SECTORS);
      driver.makeAvailable(0, 0);
      driver.kick(0);
      if (ram.read8(dataAt + 512) !== OK || ram.read8(dataAt) !== ((i % SECTORS) * 512 * 31 + (i % SECTORS) * 7 & 0xff)) throw new Error(`request ${i}`);
    }
    expect(device.stats.requests).toBe(70_000);
    expect(driver.used(0)).toHaveLength(70_000 & 0xffff);
  });

  test('interrupts once per notification and lets go when the driver has read the ISR', () => {
    const { driver, device } = setUp({}, driverOptions);
    driver.init();
    driver.add(0, [header(IN, 0), 512, 1]);
    driver.add(0, [header(IN, 1), 512, 1]);
    driver.kick(0);
    expect(driver.used(0)).toHaveLength(2);
    if ('msix' in driverOptions) {
      expect(driver.messages).toEqual([1]);
      expect(device.intx.level).toBe(false);
    } else {
      expect(device.intx.level).toBe(true);
      expect(driver.isr()).toBe(1);
      expect(device.intx.level).toBe(false);
      expect(driver.isr()).toBe(0);
    }
  });

  test('config space has the capacity, limits and geometry', () => {
    const { driver } = setUp({ numQueues: 2, physicalBlockSize: 4096 }, driverOptions);
    driver.init();
    const at = (offset: number, bytes: 1 | 2 | 4) => driver.config(offset, bytes);
    expect([at(0, 4), at(4, 4)]).toEqual([SECTORS, 0]);
    expect(at(12, 4)).toBe(254); // seg_max: QEMU's queue-size - 2
    expect([at(16, 2), at(18, 1), at(19, 1)]).toEqual([Math.floor(SECTORS / 1008), 16, 63]);
    expect([at(20, 4), at(24, 1)]).toEqual([512, 3]);
    expect(at(32, 1)).toBe(1);
    expect(at(34, 2)).toBe(2);
  });
});

test('a modern-only device and a transitional one have the PCI ids that QEMU 7.2 gives virtio-blk-pci', () => {
  const ids = (disableLegacy: boolean) => {
    const { device } = setUp({ disableLegacy });
    const word = (offset: number) => device.configRead(offset, 2).toString(16).padStart(4, '0');
    return [word(0), word(2), word(PciReg.SUBSYSTEM_VENDOR_ID), word(PciReg.SUBSYSTEM_ID), device.configRead(8, 4).toString(16)];
  };
  expect(ids(false)).toEqual(['1af4', '1001', '1af4', '0002', '1000000']);
  expect(ids(true)).toEqual(['1af4', '1042', '1af4', '1100', '1000001']);
});

test('GET_ID gives the serial, padded with zeros to 20 bytes', () => {
  const { driver } = setUp({ serial: 'disk-7' });
  driver.init();
  const { status, data } = request(driver, GET_ID, 0, 20);
  expect(status).toBe(OK);
  expect(String.fromCharCode(...data)).toBe('disk-7'.padEnd(20, '\0'));
});

test.each([
  ['past the end', IN, SECTORS, [512]], ['across the end', IN, SECTORS - 1, [1024]], ['of half a sector', IN, 0, [256]],
  ['at sector 2^63', IN, 2 ** 63, [512]], ['at the last sector of 2^64', IN, 2 ** 64 - 2048, [512]],
] as const)('a read %s is an I/O error', (_what, type, sector, buffers) => {
  const { driver, env } = setUp();
  driver.init();
  expect(request(driver, type, sector, ...buffers).status).toBe(IOERR);
  expect(env.log.guestErrors).toHaveLength(1);
  expect(driver.status & VirtioStatus.DEVICE_NEEDS_RESET).toBe(0);
});

test('an unknown request type is unsupported', () => {
  const { driver } = setUp();
  driver.init();
  expect(request(driver, 2, 0).status).toBe(UNSUPP); // VIRTIO_BLK_T_SCSI_CMD of legacy devices
  expect(request(driver, 0xdead, 0, 512).status).toBe(UNSUPP);
});

test('a read-only disk offers VIRTIO_BLK_F_RO and refuses every write', async () => {
  const { driver, device, completions } = setUp({ backend: new MemoryBlock(pattern(SECTORS * 512), { readonly: true }) });
  driver.init();
  expect(device.features.lo & VIRTIO_BLK_F.RO).not.toBe(0);
  expect(device.features.lo & (VIRTIO_BLK_F.DISCARD | VIRTIO_BLK_F.WRITE_ZEROES)).toBe(0);
  expect(request(driver, OUT, 0, new Uint8Array(512)).status).toBe(IOERR);
  expect(request(driver, WRITE_ZEROES, 0, range(0, 8)).status).toBe(IOERR);
  await completions.drain();
  expect(request(driver, IN, 0, 512).data).toEqual(pattern(512));
});

test('write-zeroes and discard act on every range of the request', async () => {
  const { driver, backend, completions } = setUp();
  driver.init();
  driver.add(0, [header(WRITE_ZEROES, 0), new Uint8Array([...range(1, 1), ...range(4, 2, 1)]), 1]);
  driver.add(0, [header(DISCARD, 0), range(16, 8), 1]);
  driver.kick(0);
  await completions.drain();
  expect(driver.used(0).map(({ data }) => data[0])).toEqual([OK, OK]);
  const expected = pattern(SECTORS * 512);
  expected.fill(0, 512, 1024);
  expected.fill(0, 2048, 3072);
  expect(backend.bytes.slice(0, 8192)).toEqual(expected.slice(0, 8192));
});

test.each([
  ['an unknown flag', WRITE_ZEROES, range(0, 1, 2), UNSUPP], ['unmap in a discard', DISCARD, range(0, 1, 1), UNSUPP],
  ['a range past the end', DISCARD, range(SECTORS - 1, 2), IOERR], ['too many sectors', WRITE_ZEROES, range(0, 0xffff_ffff), IOERR],
  ['a torn range', DISCARD, new Uint8Array(15), IOERR],
] as const)('%s is refused (5.2.6.2)', (_what, type, payload, status) => {
  const { driver } = setUp();
  driver.init();
  expect(request(driver, type, 0, payload).status).toBe(status);
});

describe('a back end that answers later', () => {
  const slow = () => {
    const backend = new AsyncBlock(pattern(SECTORS * 512));
    return { ...setUp({ backend }), backend };
  };

  test('touches guest memory and interrupts only at delivery', async () => {
    const { driver, device, backend, completions } = slow();
    driver.init();
    expect(driver.exchange(0, [header(IN, 2), 512, 1])).toEqual([]);
    await backend.release();
    expect(driver.used(0)).toEqual([]);
    expect(device.intx.level).toBe(false);
    completions.deliver(0);
    const [used] = driver.used(0);
    expect(used!.data.slice(0, 512)).toEqual(pattern(2048).slice(1024, 1536));
    expect(used!.data[512]).toBe(OK);
    expect(device.intx.level).toBe(true);
    expect(device.state.device.pending).toEqual([]);
  });

  test('writes what the guest had in memory at the notification', async () => {
    const { driver, ram, backend, completions } = slow();
    driver.init();
    driver.add(0, [header(OUT, 0), new Uint8Array(512).fill(1), 1]);
    driver.kick(0);
    ram.bytes.fill(2, 0x20_0000);
    ram.write(driver.rings(0).desc, new Uint8Array(4096));
    await backend.release();
    await completions.drain();
    expect(backend.bytes[0]).toBe(1);
  });

  test('a host failure is an I/O error for the guest and is reported to the host', async () => {
    const errors: string[] = [];
    const backend = new AsyncBlock(SECTORS * 512);
    const { driver, completions, device } = setUp({ backend, onHostError: (error) => errors.push(error.message) });
    driver.init();
    backend.fail = true;
    driver.exchange(0, [header(IN, 0), 512, 1]);
    await backend.release();
    completions.deliver(0);
    expect(driver.used(0)[0]!.data[512]).toBe(IOERR);
    expect(errors).toEqual(['vda: a request failed: medium error']);
    expect(device.stats.errors).toBe(1);
  });

  test('with the write cache off, a write is flushed before it completes', async () => {
    const { driver, backend, completions } = slow();
    driver.init();
    driver.config(32, 1, 0); // writeback = 0
    expect(driver.config(32, 1)).toBe(0);
    driver.exchange(0, [header(OUT, 0), new Uint8Array(512), 1]);
    await backend.release();
    completions.deliver(0);
    expect(driver.used(0)).toEqual([]);
    await backend.release();
    completions.deliver(0);
    expect(driver.used(0)).toHaveLength(1);
    expect(backend.calls).toEqual(['write 0+512', 'flush']);
  });

  test('after a reset the old requests complete nothing, and new ones do not overtake them', async () => {
    const { driver, backend, completions } = slow();
    driver.init();
    driver.exchange(0, [header(OUT, 0), new Uint8Array(512).fill(1), 1]);
    driver.init();
    driver.exchange(0, [header(OUT, 0), new Uint8Array(512).fill(2), 1]);
    await turn();
    expect(backend.calls).toEqual(['write 0+512']);
    await backend.release();
    await backend.release();
    await completions.drain();
    expect(driver.used(0)).toHaveLength(1);
    expect(backend.bytes[0]).toBe(2);
  });

  test('a saved device makes its requests again', async () => {
    const { driver, ram, device, backend } = slow();
    driver.init();
    driver.exchange(0, [header(IN, 5), 512, 1]);
    const snapshot = structuredClone(device.save());
    expect(device.state.device.pending).toMatchObject([{ queue: 0, head: 0 }]);
    const twinRam = new RamMock(ram.bytes.length, ram.base);
    twinRam.bytes.set(ram.bytes);
    const completions = new CompletionQueue();
    const twin = new VirtioBlk('vda', testEnv(), { memory: twinRam, completions, backend: new MemoryBlock(backend.bytes) });
    twin.load(snapshot);
    await completions.drain();
    const { used } = driver.rings(0);
    expect([twinRam.read16(used + 2), twinRam.read32(used + 8)]).toEqual([1, 513]);
    expect(twin.state.device.pending).toEqual([]);
    expect(twin.intx.level).toBe(true);
  });

  test('queue reset gives one queue back and forgets its requests', async () => {
    const backend = new AsyncBlock(SECTORS * 512);
    const { driver, device, completions } = setUp({ backend, numQueues: 2 });
    driver.init();
    driver.exchange(0, [header(IN, 0), 512, 1]);
    driver.exchange(1, [header(IN, 1), 512, 1]);
    driver.common(0x16, 2, 0);
    driver.common(0x3a, 2, 1);
    expect([driver.common(0x3a, 2), driver.common(0x1c, 2)]).toEqual([0, 0]);
    await backend.release();
    await backend.release();
    await completions.drain();
    expect(driver.used(0)).toEqual([]);
    expect(driver.used(1)).toHaveLength(1);
    driver.setupQueue(0);
    driver.exchange(0, [header(IN, 0), 512, 1]);
    await turn();
    await backend.release();
    await completions.drain();
    expect(driver.used(0)).toHaveLength(1);
    expect(device.state.virtio.broken).toBe(false);
  });

  test('under -icount a request completes at the same virtual time however slow the host is', async () => {
    const times: number[] = [];
    for (const delays of [0, 3]) {
      const backend = new AsyncBlock(SECTORS * 512);
      let now = 1_000_000;
      const completions = new CompletionQueue({ mode: 'icount', now: () => now });
      const { driver } = setUp({ backend, completions });
      driver.init();
      driver.exchange(0, [header(IN, 0), 4096, 1]);
      for (let i = 0; i < delays; i++) await turn();
      const due = completions.nextDeadlineNs;
      void backend.release();
      now = due;
      await completions.settled(now);
      completions.deliver(now);
      expect(driver.used(0)).toHaveLength(1);
      times.push(now);
    }
    expect(times[0]).toBe(times[1]);
    expect(times[0]).toBe(1_000_000 + 50_000 + 4096);
  });
});

test('a back end that throws where it should reject is still only an I/O error', () => {
  const backend: BlockBackend = new MemoryBlock(SECTORS * 512);
  backend.readSync = () => { throw new TypeError('bug in the back end'); };
  const { driver, env } = setUp({ backend });
  driver.init();
  expect(request(driver, IN, 0, 512).status).toBe(IOERR);
  expect(env.log.guestErrors).toEqual([]);
});

test('a request without a status byte breaks the device until it is reset', () => {
  const { driver, device, env } = setUp();
  driver.init();
  driver.exchange(0, [header(FLUSH, 0)]);
  expect(driver.status & VirtioStatus.DEVICE_NEEDS_RESET).not.toBe(0);
  expect(driver.isr() & 2).toBe(2);
  expect(env.log.guestErrors).toHaveLength(1);
  driver.exchange(0, [header(FLUSH, 0), 1]);
  expect(driver.used(0)).toEqual([]);
  driver.init();
  expect(device.state.virtio.broken).toBe(false);
  expect(request(driver, FLUSH, 0).status).toBe(OK);
});

test('a request whose buffers overlap all of memory many times is refused, not allocated', () => {
  const { driver, ram } = setUp({ backend: new MemoryBlock(SECTORS * 512), queueSize: 256 });
  driver.init();
  const { desc } = driver.rings(0);
  const at = driver.allocate(16);
  ram.write(at, header(IN, 0));
  driver.writeDesc(desc, 0, at, 16, 1, 1);
  for (let i = 1; i < 200; i++) driver.writeDesc(desc, i, ram.base, 0x40_0000, 3, i + 1);
  const status = driver.allocate(1);
  driver.writeDesc(desc, 200, status, 1, 2, 0);
  driver.makeAvailable(0, 0);
  driver.kick(0);
  expect(ram.read8(status)).toBe(IOERR);
  expect(driver.used(0)).toHaveLength(1);
});

test('without bus mastering nothing reaches memory', () => {
  const { driver, device } = setUp();
  driver.init();
  device.configWrite(PciReg.COMMAND, 2, 3);
  expect(driver.exchange(0, [header(IN, 0), 512, 1])).toEqual([]);
  device.configWrite(PciReg.COMMAND, 2, 7);
  driver.kick(0);
  expect(driver.used(0)).toHaveLength(1);
});

deviceContract('virtio-blk', {
  make: (env) => new VirtioBlk('vda', env, {
    memory: new RamMock(0x1000), backend: new MemoryBlock(65536), completions: new CompletionQueue(), numQueues: 2,
  }),
  regions: (device) => [
    ...device.bars.map(({ bar }) => bar.region),
    { name: 'config', size: 256, read: (o, b) => device.configRead(o, b), write: (o, b, v) => device.configWrite(o, b, v) },
  ],
  events: [(device, random) => {
    const common = device.bars[2]!.bar.region;
    const fields = [[0x14, 1], [0x16, 2], [0x18, 2], [0x1c, 2], [0x20, 4], [0x28, 4], [0x30, 4], [0x0c, 4], [0x08, 4]] as const;
    const [offset, bytes] = fields[random(fields.length)]!;
    regionWrite(common, offset, bytes, random(3) === 0 ? random(16) : random(0x1000));
  }],
});
