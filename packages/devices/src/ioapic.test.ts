import { describe, expect, test } from 'vitest';
import { ApicBus, Delivery, type ApicTarget } from './apic-bus.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { IoApic } from './ioapic.ts';
import { deviceContract, testEnv } from './testing.ts';

function chip() {
  const env = testEnv();
  const bus = new ApicBus();
  const ioapic = new IoApic(env, bus);
  const got: string[] = [];
  const cpu = (id: number, logicalId: number, processorPriority = 0): ApicTarget => ({
    matchesPhysical: (destination) => destination === id,
    matchesLogical: (destination) => (destination & logicalId) !== 0,
    processorPriority,
    accept: (mode, vector, level) => void got.push(`cpu${id} mode${mode} ${vector.toString(16)} ${level ? 'level' : 'edge'}`),
  });
  bus.addLocal(cpu(0, 1, 0x40));
  bus.addLocal(cpu(1, 2, 0x20));
  const read = (index: number) => (regionWrite(ioapic.mmio, 0, 4, index), regionRead(ioapic.mmio, 0x10, 4));
  const write = (index: number, value: number) => (regionWrite(ioapic.mmio, 0, 4, index), regionWrite(ioapic.mmio, 0x10, 4, value));
  const route = (pin: number, low: number, high = 0) => (write(0x11 + 2 * pin, high), write(0x10 + 2 * pin, low));
  return { env, bus, ioapic, got, read, write, route };
}

const LEVEL = 1 << 15;
const MASKED = 1 << 16;
const LOGICAL = 1 << 11;
const REMOTE_IRR = 1 << 14;

describe('registers', () => {
  test('after reset: id 0, version 0x20 with 24 inputs, every entry masked, as QEMU shows them', () => {
    const { read } = chip();
    expect([read(0), read(1)]).toEqual([0, 0x0017_0020]);
    for (let pin = 0; pin < 24; pin++) expect([read(0x10 + 2 * pin), read(0x11 + 2 * pin)]).toEqual([MASKED, 0]);
  });

  test('the id has four bits, delivery status and remote IRR cannot be written, the destination has eight bits', () => {
    const { read, write } = chip();
    write(0, 0xffff_ffff);
    expect([read(0), read(2)]).toEqual([0x0f00_0000, 0x0f00_0000]);
    write(0x10, 0xffff_ffff);
    write(0x11, 0xffff_ffff);
    expect([read(0x10), read(0x11)]).toEqual([0x1_afff, 0xff00_0000]);
  });

  test('the select register reads back', () => {
    const { ioapic } = chip();
    regionWrite(ioapic.mmio, 0, 4, 0x3f);
    expect(regionRead(ioapic.mmio, 0, 4)).toBe(0x3f);
  });
});

describe('edge inputs', () => {
  for (let pin = 0; pin < 24; pin++) {
    test(`pin ${pin} sends its vector once a rising edge`, () => {
      const { ioapic, got, route } = chip();
      route(pin, 0x30 + pin, 1 << 24);
      ioapic.setPin(pin, true);
      ioapic.setPin(pin, true);
      ioapic.setPin(pin, false);
      ioapic.setPin(pin, true);
      expect(got).toEqual(Array(2).fill(`cpu1 mode0 ${(0x30 + pin).toString(16)} edge`));
    });
  }

  test('an edge on a masked pin is lost', () => {
    const { ioapic, got, route } = chip();
    route(4, MASKED | 0x34);
    ioapic.setPin(4, true);
    route(4, 0x34);
    expect(got).toEqual([]);
  });
});

describe('level inputs', () => {
  test('one message until EOI, then again while the line is high', () => {
    const { bus, ioapic, got, read, route } = chip();
    route(10, LEVEL | 0x3a);
    ioapic.setPin(10, true);
    expect(got).toEqual(['cpu0 mode0 3a level']);
    expect(read(0x24)).toBe(LEVEL | REMOTE_IRR | 0x3a);
    ioapic.setPin(10, false);
    ioapic.setPin(10, true);
    expect(got.length).toBe(1);
    bus.endOfInterrupt(0x3b);
    expect(got.length).toBe(1);
    bus.endOfInterrupt(0x3a);
    expect(got.length).toBe(2);
    ioapic.setPin(10, false);
    bus.endOfInterrupt(0x3a);
    expect(got.length).toBe(2);
    expect(read(0x24) & REMOTE_IRR).toBe(0);
  });

  test('a level that came while masked is delivered when the mask goes', () => {
    const { ioapic, got, route } = chip();
    route(11, LEVEL | MASKED | 0x3b);
    ioapic.setPin(11, true);
    expect(got).toEqual([]);
    route(11, LEVEL | 0x3b);
    expect(got).toEqual(['cpu0 mode0 3b level']);
  });

  test('the EOI register ends a vector, and so does switching the entry to edge and back', () => {
    const { ioapic, got, read, route } = chip();
    route(9, LEVEL | 0x39);
    ioapic.setPin(9, true);
    regionWrite(ioapic.mmio, 0x40, 4, 0x39);
    expect(got.length).toBe(2);
    route(9, MASKED | 0x39);
    expect(read(0x22) & REMOTE_IRR).toBe(0);
    route(9, LEVEL | 0x39);
    expect(got.length).toBe(3);
  });
});

describe('destinations', () => {
  test('physical 0xff is every CPU, logical is a mask, lowest priority picks the idler one', () => {
    const { ioapic, got, route } = chip();
    const fire = () => (ioapic.setPin(3, true), ioapic.setPin(3, false), got.splice(0));
    route(3, 0x33, 0xff00_0000);
    expect(fire()).toEqual(['cpu0 mode0 33 edge', 'cpu1 mode0 33 edge']);
    route(3, LOGICAL | 0x33, 0x0200_0000);
    expect(fire()).toEqual(['cpu1 mode0 33 edge']);
    route(3, LOGICAL | (Delivery.LOWEST_PRIORITY << 8) | 0x33, 0x0300_0000);
    expect(fire()).toEqual(['cpu1 mode0 33 edge']);
    route(3, Delivery.NMI << 8, 0);
    expect(fire()).toEqual(['cpu0 mode4 0 edge']);
  });
});

test('an MSI address names destination and mode, its data vector and delivery (SDM 11.11)', () => {
  const { bus, got } = chip();
  expect(bus.message(0xfee0_1000, 0, 0x0041)).toBe(true);
  expect(bus.message(0xfee0_3004, 0, 0x0142)).toBe(true);
  expect(bus.message(0xfeb0_0000, 0, 0x43)).toBe(false);
  expect(got).toEqual(['cpu1 mode0 41 edge', 'cpu1 mode0 42 edge']);
});

deviceContract('I/O APIC', {
  make: (env) => new IoApic(env, new ApicBus()),
  regions: (ioapic) => [
    ioapic.mmio,
    { name: 'registers', size: 0x40, access: { min: 4 }, read: (at) => (ioapic.mmio.write(0, 4, at), ioapic.mmio.read(0x10, 4)), write: (at, _n, v) => (ioapic.mmio.write(0, 4, at), ioapic.mmio.write(0x10, 4, v)) },
  ],
  events: [(ioapic, random) => ioapic.setPin(random(24), random(2) === 1), (ioapic, random) => ioapic.endOfInterrupt(random(256))],
  survivesReset: true,
});
