import { expect, test } from 'vitest';
import { Piix4Pm } from './acpi-pm.ts';
import { DeviceError, type DeviceEnv } from './device.ts';
import { I440fxHostBridge } from './i440fx.ts';
import { PciBus } from './pci.ts';
import { PciDevice, type PciState } from './pci-device.ts';
import { setupPci } from './pci-setup.ts';
import { Piix3 } from './piix3.ts';
import { testEnv } from './testing.ts';

/** The BARs of a virtio-blk-pci: 128 ports, the MSI-X page, 16 KB of 64-bit registers. */
class VirtioShaped extends PciDevice<PciState> {
  constructor(env: DeviceEnv, name: string, ports: number) {
    super(name, env, { vendorId: 0x1af4, deviceId: 0x1001, classCode: 0x010000, interruptPin: 1 });
    const region = (size: number) => ({ name, size, read: () => 0, write() {} });
    this.addBar(0, { space: 'io', region: region(ports) });
    this.addMsix({ vectors: 2, bar: 1 });
    this.addBar(4, { space: 'memory', is64: true, prefetchable: true, region: region(0x4000) });
    this.reset();
  }

  protected initial(): PciState {
    return this.initialPci();
  }
}

function machine(...cards: number[]) {
  const env = testEnv();
  const mapped: string[] = [];
  const bus = new PciBus({ map: (space, address) => void mapped.push(`${space} ${address.toString(16)}`), unmap() {}, message() {}, pirq() {} });
  bus.add(new I440fxHostBridge(env), 0);
  const piix3 = new Piix3(env);
  bus.add(piix3, 1);
  const pm = new Piix4Pm(env);
  bus.add(pm, 1, 3);
  const devices = cards.map((ports, n) => {
    const card = new VirtioShaped(env, `card${n}`, ports);
    bus.add(card);
    return card;
  });
  return { bus, piix3, pm, devices, mapped };
}

test('one disk ends up where SeaBIOS puts it in QEMU', () => {
  const { bus, piix3, pm, devices, mapped } = machine(128);
  const outs: number[][] = [];
  setupPci({ bus, memoryBottom: 0x2000_0000, outb: (port, value) => void outs.push([port, value]) });
  const disk = devices[0]!;
  expect(disk.devfn).toBe(2 << 3);
  // lspci of a Linux guest in qemu-system-x86_64 7.2 -M pc with one virtio disk
  expect([0x04, 0x10, 0x14, 0x20, 0x24, 0x3c].map((at) => disk.configRead(at, 4))).toEqual([0x0010_0103, 0xc001, 0xfebf_f000, 0xfebf_800c, 0, 0x010a]);
  expect([piix3.configRead(0x60, 4), pm.configRead(0x40, 4), pm.configRead(0x3c, 2)]).toEqual([0x0b0b_0a0a, 0x601, 0x0109]);
  expect(outs).toEqual([[0x4d1, 0x0c]]);
  expect(mapped.sort()).toEqual(['io 600', 'io c000', 'memory febf8000', 'memory febff000']);
});

test('many devices get disjoint, aligned addresses', () => {
  const { bus, devices } = machine(32, 128, 20, 64, 128, 32);
  setupPci({ bus, memoryBottom: 0xe000_0000, outb() {} });
  const ranges = devices.flatMap((device) => device.bars.map(({ bar, size, address }) => ({ space: bar.space, size, address: address! })));
  expect(ranges.length).toBe(18);
  for (const { address, size } of ranges) expect(address % size).toBe(0);
  for (const a of ranges) {
    for (const b of ranges) {
      if (a !== b && a.space === b.space) expect(a.address + a.size <= b.address || b.address + b.size <= a.address).toBe(true);
    }
  }
});

test('devices that do not fit below the I/O APIC are refused with what to do', () => {
  const { bus } = machine(128);
  expect(() => setupPci({ bus, memoryBottom: 0xfebf_c000, outb() {} })).toThrow(DeviceError);
});
