import { describe, expect, test } from 'vitest';
import { bit } from './bits.ts';
import type { DeviceEnv } from './device.ts';
import { regionRead, regionWrite, type IoRegion } from './io-region.ts';
import { PciBus, PciHost } from './pci.ts';
import { PciCommand, PciDevice, PciReg, type PciState } from './pci-device.ts';
import { SnapshotError } from './snapshot.ts';
import { deviceContract, testEnv } from './testing.ts';

interface CardState extends PciState {
  asks: boolean;
}

const ram = (name: string, size: number): IoRegion => ({ name, size, read: () => 0x5a, write() {} });

/** A card with an I/O BAR, a 64-bit memory BAR, MSI with masks and three MSI-X vectors. */
class Card extends PciDevice<CardState> {
  constructor(env: DeviceEnv, name = 'card') {
    super(name, env, { vendorId: 0x1af4, deviceId: 0x1234, classCode: 0x020000, revision: 3, subsystemId: 7, interruptPin: 1 });
    this.addBar(0, { space: 'io', region: ram('card io', 20) });
    this.addBar(2, { space: 'memory', is64: true, prefetchable: true, region: ram('card memory', 0x4000) });
    this.addMsi({ vectors: 4, maskable: true });
    this.addMsix({ vectors: 3, bar: 1 });
    this.reset();
  }

  protected initial(): CardState {
    return { ...this.initialPci(), asks: false };
  }

  protected override intxRequested(): boolean {
    return this.state.asks;
  }

  ask(level: boolean): void {
    this.state.asks = level;
    this.update();
  }
}

function board() {
  const env = testEnv();
  const events: string[] = [];
  const bus = new PciBus({
    map: (space, address, region) => void events.push(`map ${space} ${address.toString(16)} ${region.name}`),
    unmap: (space, address, region) => void events.push(`unmap ${space} ${address.toString(16)} ${region.name}`),
    message: (low, high, data) => void events.push(`message ${high.toString(16)}:${low.toString(16)} ${data.toString(16)}`),
    pirq: (n, level) => void events.push(`pirq ${n} ${level}`),
  });
  const host = new PciHost(env, bus);
  const card = new Card(env);
  bus.add(card, 3);
  const select = (register: number) => regionWrite(host.addressPort, 0, 4, 0x8000_0000 | (3 << 11) | (register & 0xfc));
  const read = (register: number, bytes: 1 | 2 | 4) => (select(register), regionRead(host.dataPort, register & 3, bytes));
  const write = (register: number, bytes: 1 | 2 | 4, value: number) => (select(register), regionWrite(host.dataPort, register & 3, bytes, value));
  return { env, events, bus, host, card, read, write };
}

const MSI = 0x40;
const MSIX = 0x58;

describe('configuration mechanism #1', () => {
  test('finds the identity of a function, and 0xffffffff in an empty slot', () => {
    const { read, host } = board();
    expect(read(PciReg.VENDOR_ID, 4)).toBe(0x1234_1af4);
    expect(read(PciReg.DEVICE_ID, 2)).toBe(0x1234);
    expect(read(PciReg.CLASS, 1)).toBe(0x02);
    regionWrite(host.addressPort, 0, 4, 0x8000_0000 | (4 << 11));
    expect(regionRead(host.dataPort, 0, 4)).toBe(0xffff_ffff);
    regionWrite(host.addressPort, 0, 4, 0x8001_0000 | (3 << 11)); // bus 1
    expect(regionRead(host.dataPort, 0, 4)).toBe(0xffff_ffff);
    regionWrite(host.addressPort, 0, 4, 3 << 11); // not enabled
    expect(regionRead(host.dataPort, 0, 4)).toBe(0xffff_ffff);
  });

  test('the address register reads back, and answers to 32-bit accesses only', () => {
    const { host } = board();
    regionWrite(host.addressPort, 0, 4, 0x8000_1804);
    regionWrite(host.addressPort, 0, 1, 0xff);
    expect(regionRead(host.addressPort, 0, 4)).toBe(0x8000_1804);
    expect(regionRead(host.addressPort, 1, 1)).toBe(0xff);
  });

  test('byte accesses to 0xcf9 go to what lies below the address register', () => {
    const env = testEnv();
    const written: number[] = [];
    const below: IoRegion = { name: 'below', size: 4, read: (offset) => 0x40 + offset, write: (offset, _n, value) => void written.push(offset, value) };
    const host = new PciHost(env, new PciBus({ map() {}, unmap() {}, message() {}, pirq() {} }), below);
    expect(regionRead(host.addressPort, 1, 1)).toBe(0x41);
    regionWrite(host.addressPort, 1, 1, 6);
    expect(written).toEqual([1, 6]);
  });
});

describe('configuration space', () => {
  test('read-only registers ignore writes, the interrupt line register keeps what firmware wrote', () => {
    const { read, write } = board();
    write(PciReg.VENDOR_ID, 4, 0);
    write(PciReg.INTERRUPT_LINE, 2, 0x550b);
    expect(read(PciReg.VENDOR_ID, 4)).toBe(0x1234_1af4);
    expect(read(PciReg.INTERRUPT_LINE, 2)).toBe(0x010b);
  });

  test('the capability list runs from 0x34 through MSI to MSI-X and ends', () => {
    const { read } = board();
    expect(read(PciReg.STATUS, 2) & 0x10).toBe(0x10);
    expect(read(PciReg.CAPABILITIES, 1)).toBe(MSI);
    expect(read(MSI, 2)).toBe(0x5805);
    expect(read(MSIX, 2)).toBe(0x0011);
  });
});

describe('BARs', () => {
  test('sizing finds a power of two and the type bits (PCI 3.0, 6.2.5.1)', () => {
    const { read, write } = board();
    for (const register of [0x10, 0x14, 0x18, 0x1c, 0x20]) write(register, 4, 0xffff_ffff);
    expect(read(0x10, 4)).toBe(0xffff_ffe1); // 20 ports decode as 32
    expect(read(0x14, 4)).toBe(0xffff_f000);
    expect(read(0x18, 4)).toBe(0xffff_c00c);
    expect(read(0x1c, 4)).toBe(0xffff_ffff);
    expect(read(0x20, 4)).toBe(0);
  });

  test('a region appears when decoding is switched on, follows its BAR, and vanishes when it is switched off', () => {
    const { events, write } = board();
    write(0x10, 4, 0xc000);
    write(0x18, 4, 0x1000_0000);
    write(0x1c, 4, 1);
    expect(events).toEqual([]);
    write(PciReg.COMMAND, 2, PciCommand.IO | PciCommand.MEMORY);
    write(0x10, 4, 0xc100);
    write(PciReg.COMMAND, 2, PciCommand.IO);
    expect(events).toEqual([
      'map io c000 card io',
      'map memory 110000000 card memory',
      'unmap io c000 card io',
      'map io c100 card io',
      'unmap memory 110000000 card memory',
    ]);
  });

  test('a BAR that is being sized with decoding on maps nothing', () => {
    const { events, write } = board();
    write(PciReg.COMMAND, 2, PciCommand.IO | PciCommand.MEMORY);
    write(0x10, 4, 0xffff_ffff);
    write(0x14, 4, 0xffff_ffff);
    expect(events).toEqual([]);
  });

  test('reset takes regions off the bus, a loaded snapshot puts them back', () => {
    const { card, events, write } = board();
    write(0x10, 4, 0xc000);
    write(PciReg.COMMAND, 2, PciCommand.IO);
    const snapshot = card.save();
    card.reset();
    card.load(snapshot);
    expect(events).toEqual(['map io c000 card io', 'unmap io c000 card io', 'map io c000 card io']);
  });
});

describe('INTx', () => {
  test('slot 3 INTA# reaches PIRQC, shared lines stay high until the last function lets go', () => {
    const { env, bus, card, events } = board();
    const other = new Card(env, 'other');
    bus.add(other, 7);
    card.ask(true);
    other.ask(true);
    card.ask(false);
    expect(events).toEqual(['pirq 2 true']);
    other.ask(false);
    expect(events).toEqual(['pirq 2 true', 'pirq 2 false']);
  });

  test('the status register shows the request, the command register can keep it off the pin', () => {
    const { card, events, read, write } = board();
    card.ask(true);
    expect(read(PciReg.STATUS, 2) & bit(3)).toBe(bit(3));
    write(PciReg.COMMAND, 2, PciCommand.INTX_DISABLE);
    expect(events).toEqual(['pirq 2 true', 'pirq 2 false']);
    expect(read(PciReg.STATUS, 2) & bit(3)).toBe(bit(3));
  });
});

describe('MSI', () => {
  test('sends address and data, with the vector in the low data bits that the guest granted', () => {
    const { card, events, read, write } = board();
    expect(read(MSI + 2, 2)).toBe(0x0184); // 64-bit, maskable, 4 messages
    write(PciReg.COMMAND, 2, PciCommand.MASTER);
    write(MSI + 4, 4, 0xfee0_1004);
    write(MSI + 12, 2, 0x4021);
    write(MSI + 2, 2, 1 | (1 << 4)); // enabled, two messages
    card.msi.notify(0);
    card.msi.notify(3);
    expect(events).toEqual(['message 0:fee01004 4020', 'message 0:fee01004 4021']);
  });

  test('a masked message becomes pending and is sent when its mask goes', () => {
    const { card, events, read, write } = board();
    write(PciReg.COMMAND, 2, PciCommand.MASTER);
    write(MSI + 4, 4, 0xfee0_0000);
    write(MSI + 2, 2, 1 | (2 << 4));
    write(MSI + 16, 4, 0xf);
    card.msi.notify(2);
    expect(read(MSI + 20, 4)).toBe(4);
    expect(events).toEqual([]);
    write(MSI + 16, 4, 0);
    expect(events).toEqual(['message 0:fee00000 2']);
    expect(read(MSI + 20, 4)).toBe(0);
  });

  test('a function that may not master the bus sends nothing', () => {
    const { card, events, write } = board();
    write(MSI + 2, 2, 1);
    card.msi.notify(0);
    expect(events).toEqual([]);
  });
});

describe('MSI-X', () => {
  const arm = (b: ReturnType<typeof board>) => {
    b.write(PciReg.COMMAND, 2, PciCommand.MASTER | PciCommand.MEMORY);
    const { region } = b.card.msix;
    for (let vector = 0; vector < 3; vector++) {
      regionWrite(region, 16 * vector, 4, 0xfee0_0000);
      regionWrite(region, 16 * vector + 8, 4, 0x30 + vector);
    }
    return region;
  };

  test('the capability tells table size and place; entries start masked', () => {
    const b = board();
    expect(b.read(MSIX + 2, 2)).toBe(2);
    expect(b.read(MSIX + 4, 4)).toBe(1);
    expect(b.read(MSIX + 8, 4)).toBe(0x801);
    expect(regionRead(b.card.msix.region, 12, 4)).toBe(1);
  });

  test('an unmasked vector is sent; a masked one waits in the pending bits for the mask to go', () => {
    const b = board();
    const region = arm(b);
    b.write(MSIX + 2, 2, 0x8000);
    regionWrite(region, 12, 4, 0);
    b.events.length = 0;
    b.card.msix.notify(0);
    b.card.msix.notify(1);
    expect(b.events).toEqual(['message 0:fee00000 30']);
    expect(regionRead(region, 0x800, 4)).toBe(2);
    regionWrite(region, 16 + 12, 4, 0);
    expect(b.events.at(-1)).toBe('message 0:fee00000 31');
    expect(regionRead(region, 0x800, 4)).toBe(0);
  });

  test('the function mask holds everything back, disabling sends nothing, an unknown vector is ignored', () => {
    const b = board();
    const region = arm(b);
    for (let vector = 0; vector < 3; vector++) regionWrite(region, 16 * vector + 12, 4, 0);
    b.events.length = 0;
    b.card.msix.notify(1); // not enabled
    b.write(MSIX + 2, 2, 0xc000);
    b.card.msix.notify(2);
    b.card.msix.notify(0xffff);
    expect(b.events).toEqual([]);
    b.write(MSIX + 2, 2, 0x8000);
    expect(b.events).toEqual(['message 0:fee00000 32']);
  });
});

test('a snapshot of another function is refused', () => {
  const { card } = board();
  const snapshot = card.save();
  (snapshot.state as CardState).config[PciReg.DEVICE_ID] = 0x99;
  expect(() => card.load(snapshot)).toThrow(SnapshotError);
});

deviceContract('PCI function', {
  make: (env) => new Card(env),
  regions: (card) => [
    { name: 'config', size: 256, read: (at, n) => card.configRead(at, n), write: (at, n, value) => card.configWrite(at, n, value) },
    card.msix.region,
  ],
  events: [
    (card, random) => card.ask(random(2) === 1),
    (card, random) => card.msi.notify(random(4)),
    (card, random) => card.msix.notify(random(4)),
  ],
});

deviceContract('PCI host', {
  make: (env) => new PciHost(env, new PciBus({ map() {}, unmap() {}, message() {}, pirq() {} })),
  regions: (host) => [host.addressPort, host.dataPort],
});
