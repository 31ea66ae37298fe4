/** The whole interrupt side of a PC wired as `@emu/machine` wires it, driven through ports and MMIO. Doubles as the wiring diagram. */
import { describe, expect, test } from 'vitest';
import { Piix4Pm } from './acpi-pm.ts';
import { ApicBus } from './apic-bus.ts';
import { pcNvram } from './cmos-layout.ts';
import { nsOfTicks } from './clock.ts';
import type { Device, DeviceEnv } from './device.ts';
import { GsiLines } from './gsi.ts';
import { I440fxHostBridge } from './i440fx.ts';
import { I8042 } from './i8042.ts';
import { IoApic } from './ioapic.ts';
import { regionRead, regionWrite, type AccessBytes, type IoRegion } from './io-region.ts';
import { LocalApic } from './lapic.ts';
import { ApicReg } from './lapic-registers.ts';
import { PciBus, PciHost } from './pci.ts';
import { PciDevice, type PciState } from './pci-device.ts';
import { setupPci } from './pci-setup.ts';
import { Pic8259 } from './pic.ts';
import { Piix3 } from './piix3.ts';
import { Pit8254, PIT_HZ } from './pit.ts';
import { Port92 } from './port92.ts';
import { Rtc } from './rtc.ts';
import type { Snapshot } from './snapshot.ts';
import { WiredOr } from './line.ts';
import { testEnv } from './testing.ts';
import { Uart16550 } from './uart.ts';

interface CardState extends PciState {
  asks: boolean;
}

class Card extends PciDevice<CardState> {
  constructor(env: DeviceEnv) {
    super('card', env, { vendorId: 0x1af4, deviceId: 0x1005, classCode: 0x00ff00, interruptPin: 1 });
    this.addMsix({ vectors: 1, bar: 1 });
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
  const spaces = { io: new Map<IoRegion, number>(), memory: new Map<IoRegion, number>() };
  const events: string[] = [];

  const pic = new Pic8259(env);
  const apics = new ApicBus();
  const ioapic = new IoApic(env, apics);
  const gsi = new GsiLines(pic, ioapic);
  const lapic = new LocalApic(env, { id: 0, bootProcessor: true, bus: apics, pic, cpu: { nmi() {}, smi() {}, init() {}, startup() {} } });
  pic.intr.connect((level) => lapic.setLint(0, level));

  const pit = new Pit8254(env);
  pit.irq.connect(gsi.input(0));
  const kbc = new I8042(env);
  kbc.keyboardIrq.connect(gsi.input(1));
  kbc.auxIrq.connect(gsi.input(12));
  const rtc = new Rtc(env, { startSeconds: 0, nvram: pcNvram({ ramBelow4G: 2 ** 29, ramAbove4G: 0, cpus: 1 }) });
  rtc.irq.connect(gsi.input(8));
  const uart = new Uart16550('com1', env, { write() {} });
  uart.irq.connect(gsi.input(4));

  const piix3 = new Piix3(env);
  piix3.irqs.forEach((line, n) => {
    if (n !== 0 && n !== 2) line.connect(gsi.input(n));
  });
  const pci = new PciBus({
    map: (space, address, region) => void spaces[space].set(region, address),
    unmap: (space, _address, region) => void spaces[space].delete(region),
    message: (low, high, data) => void apics.message(low, high, data),
    pirq: (n, level) => piix3.setPirq(n, level),
  });
  const host = new PciHost(env, pci, piix3.resetPort);
  const bridge = new I440fxHostBridge(env);
  pci.add(bridge, 0);
  pci.add(piix3, 1);
  const pm = new Piix4Pm(env);
  pm.sci.connect(gsi.input(9));
  pci.add(pm, 1, 3);
  const card = new Card(env);
  pci.add(card);

  const port92 = new Port92(env);
  const a20 = new WiredOr((level) => void events.push(`a20 ${level ? 'on' : 'off'}`));
  for (const line of [kbc.a20, port92.a20]) line.connect(a20.input());
  for (const { resetRequest } of [kbc, port92, piix3]) {
    resetRequest.connect((level) => {
      if (level) events.push('reset');
    });
  }

  const fixed: [number, IoRegion][] = [
    [0x20, pic.masterPorts], [0xa0, pic.slavePorts], [0x4d0, pic.elcrPorts], [0x40, pit.ports], [0x61, pit.controlPort], [0x60, kbc.dataPort],
    [0x64, kbc.commandPort], [0x70, rtc.ports], [0x92, port92.port], [0x3f8, uart.ports], [0xcf8, host.addressPort], [0xcfc, host.dataPort],
    [0xb2, pm.apmPorts], [0xafe0, pm.gpePorts],
  ];
  for (const [base, region] of fixed) spaces.io.set(region, base);
  const find = (port: number): [IoRegion, number] => {
    for (const [region, base] of spaces.io) if (port >= base && port < base + region.size) return [region, port - base];
    throw new Error(`no device at port ${port.toString(16)}`);
  };
  const out = (port: number, value: number, bytes: AccessBytes = 1) => regionWrite(...find(port), bytes, value);
  const inp = (port: number, bytes: AccessBytes = 1) => regionRead(...find(port), bytes);
  const route = (pin: number, low: number) => {
    for (const [index, value] of [[0x11 + 2 * pin, 0], [0x10 + 2 * pin, low]] as const) {
      regionWrite(ioapic.mmio, 0, 4, index);
      regionWrite(ioapic.mmio, 0x10, 4, value);
    }
  };
  const eoi = () => regionWrite(lapic.mmio, ApicReg.EOI << 4, 4, 0);
  const enable = () => regionWrite(lapic.mmio, ApicReg.SVR << 4, 4, 0x1ff);
  setupPci({ bus: pci, memoryBottom: 2 ** 29, outb: (port, value) => out(port, value) });
  // Sources first, then what collects their lines: the order in which a machine resets and loads.
  const all: Device<object>[] = [pit, kbc, rtc, uart, port92, pm, card, bridge, piix3, host, pic, ioapic, lapic];
  return { env, events, pic, ioapic, lapic, pit, kbc, rtc, uart, pm, card, out, inp, route, eoi, enable, all };
}

const initialisePics = (b: ReturnType<typeof board>) => {
  for (const [port, value] of [[0x20, 0x11], [0x21, 0x30], [0x21, 4], [0x21, 1], [0xa0, 0x11], [0xa1, 0x38], [0xa1, 2], [0xa1, 1]] as const) b.out(port, value);
};

describe('a PC with 8259As (noapic)', () => {
  test('the timer arrives through LINT0 in virtual wire mode, or directly with the local APIC off', () => {
    for (const wired of [true, false]) {
      const b = board();
      initialisePics(b);
      if (wired) b.lapic.virtualWire();
      else b.lapic.writeMsr(0x1b, 0xfee0_0100, 0);
      b.out(0x43, 0x34);
      b.out(0x40, 100);
      b.out(0x40, 0);
      b.env.clock.advance(nsOfTicks(102, PIT_HZ));
      expect(b.lapic.intr.level).toBe(true);
      expect(b.lapic.acknowledge()).toBe(0x30);
      b.out(0x20, 0x20);
      expect(b.lapic.intr.level).toBe(false);
    }
  });

  test('a PCI interrupt is a level on IRQ 10 through PIRQB', () => {
    const b = board();
    initialisePics(b);
    b.lapic.virtualWire();
    b.card.ask(true); // slot 2, INTA#
    expect(b.lapic.acknowledge()).toBe(0x3a);
    b.out(0xa0, 0x20);
    b.out(0x20, 0x20);
    expect(b.lapic.acknowledge()).toBe(0x3a); // still asked for
    b.card.ask(false);
    b.out(0xa0, 0x20);
    b.out(0x20, 0x20);
    expect(b.lapic.intr.level).toBe(false);
  });
});

describe('a PC with APICs', () => {
  test('timer on pin 2, UART on pin 4, RTC on pin 8, keyboard on pin 1, each with its vector', () => {
    const b = board();
    b.enable();
    for (const pin of [1, 2, 4, 8]) b.route(pin, 0x40 + pin);
    const take = () => {
      const vector = b.lapic.acknowledge();
      b.eoi();
      return vector;
    };
    b.out(0x43, 0x30);
    b.out(0x40, 10);
    b.out(0x40, 0);
    b.env.clock.advance(20_000);
    expect(take()).toBe(0x42);
    b.out(0x3f9, 1);
    b.uart.receive([1]);
    expect(take()).toBe(0x44);
    b.out(0x70, 0x0b);
    b.out(0x71, 0x12);
    b.env.clock.advance(1e9);
    expect(take()).toBe(0x48);
    b.kbc.receive(0x1c, 'keyboard');
    expect(take()).toBe(0x41);
    expect(b.lapic.intr.level).toBe(false);
  });

  test('the power button is a level on pin 9 until its status is cleared', () => {
    const b = board();
    b.enable();
    b.route(9, 0x8049);
    b.out(0xb2, 0xf1);
    b.out(0x602, 0x100, 2);
    b.pm.pressPowerButton();
    expect(b.lapic.acknowledge()).toBe(0x49);
    b.out(0x600, 0x100, 2);
    b.eoi();
    expect(b.lapic.intr.level).toBe(false);
  });

  test('an MSI-X message reaches the local APIC without the I/O APIC', () => {
    const b = board();
    b.enable();
    const config = (register: number, value: number, bytes: AccessBytes) => {
      b.out(0xcf8, (0x8000_1000 | (register & 0xfc)) >>> 0, 4);
      b.out(0xcfc + (register & 3), value, bytes);
    };
    config(0x04, 0x6, 2);
    config(0x42, 0x8000, 2);
    const { region } = b.card.msix;
    regionWrite(region, 0, 4, 0xfee0_0000);
    regionWrite(region, 8, 4, 0x61);
    regionWrite(region, 12, 4, 0);
    b.card.msix.notify(0);
    expect(b.lapic.acknowledge()).toBe(0x61);
  });
});

test('A20 is on while either gate is, and three ports reset the machine', () => {
  const { events, out } = board();
  expect(events).toEqual(['a20 on']);
  out(0x92, 2);
  out(0x64, 0xdd);
  expect(events).toEqual(['a20 on']);
  out(0x92, 0);
  out(0x64, 0xfe);
  out(0x92, 1);
  out(0xcf9, 6);
  expect(events).toEqual(['a20 on', 'a20 off', 'reset', 'reset', 'reset']);
});

test('a whole board, saved in the middle of things, goes on in another one, even in one that was busy', () => {
  const b = board();
  b.enable();
  for (const pin of [2, 4]) b.route(pin, 0x40 + pin);
  b.route(10, 0x804a);
  b.out(0x43, 0x34);
  b.out(0x40, 0xff);
  b.out(0x40, 0x0f);
  b.out(0x3f9, 3);
  b.env.clock.advance(5_000_000);
  b.lapic.acknowledge();
  b.card.ask(true);
  b.uart.receive([1, 2, 3]);
  const saved = b.all.map((device) => [device.name, structuredClone(device.save())] as [string, Snapshot]);

  const other = board();
  other.enable();
  other.route(4, 0x99);
  other.kbc.receive(1, 'keyboard');
  other.env.clock.advance(5_000_000);
  const snapshots = new Map(saved);
  for (const device of other.all) device.load(snapshots.get(device.name)!);
  const picture = (x: typeof b) => x.all.map((device) => [device.name, device.save(), device.lines.map((line) => line.level)]);
  expect(picture(other)).toEqual(picture(b));
  for (const x of [b, other]) {
    x.env.clock.advance(7_000_000);
    x.eoi();
  }
  expect(picture(other)).toEqual(picture(b));
  expect([b.lapic.acknowledge(), other.lapic.acknowledge()]).toEqual([0x4a, 0x4a]);
});
