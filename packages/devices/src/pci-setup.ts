/**
 * What a BIOS does to the PCI devices before it starts an operating system, for machines that boot without one: addresses for BARs,
 * interrupt routing, power management registers, shadow RAM. Leaves the machine as SeaBIOS leaves QEMU's `pc`. Run it after every reset.
 */
import { AcpiPort } from './acpi-pm.ts';
import { DeviceError } from './device.ts';
import { pirqOf, type AnyPciDevice, type PciBus } from './pci.ts';
import { PciCommand, PciReg } from './pci-device.ts';

/** ISA interrupts for PIRQA..PIRQD. */
export const PIRQ_ROUTES = [10, 10, 11, 11] as const;
/** Bits of the level-triggered ones in ELCR 2 (port 0x4d1). */
const ELCR2_LEVELS = 0x0c;
const SCI_IRQ = 9;
const IO_BASE = 0xc000;
const IO_END = 0x1_0000;
/** Memory BARs end below the I/O APIC. */
const MEMORY_TOP = 0xfec0_0000;

const Id = { I440FX: 0x1237_8086, PIIX3: 0x7000_8086, PIIX4_PM: 0x7113_8086 } as const;

export interface PciSetupOptions {
  readonly bus: PciBus;
  /** Lowest address for memory BARs: where RAM below 4 GB ends, in bytes. */
  readonly memoryBottom: number;
  /** Writes a port, for the ELCR: `(0x4d1, value)`. */
  outb(port: number, value: number): void;
}

/** Configures every function on the bus. Throws `DeviceError` when the BARs do not fit. */
export function setupPci(options: PciSetupOptions): void {
  const { bus } = options;
  const devices = bus.devices;
  for (const device of devices) device.configWrite(PciReg.COMMAND, 2, 0);
  assign(devices, 'io', IO_BASE, IO_END);
  assignMemory(devices, options.memoryBottom);
  for (const device of devices) {
    setupChipSet(device);
    routeInterrupt(device);
    device.configWrite(PciReg.COMMAND, 2, PciCommand.IO | PciCommand.MEMORY | PciCommand.SERR);
  }
  options.outb(0x4d1, ELCR2_LEVELS);
}

const barsOf = (devices: readonly AnyPciDevice[], space: 'io' | 'memory') =>
  devices.flatMap((device) => device.bars.filter(({ bar }) => bar.space === space).map((bar) => ({ device, ...bar })));

const writeBar = (device: AnyPciDevice, index: number, address: number): void => device.configWrite(PciReg.BAR0 + 4 * index, 4, address);

function assign(devices: readonly AnyPciDevice[], space: 'io', base: number, end: number): void {
  let next = base;
  for (const { device, index, size } of barsOf(devices, space).sort((a, b) => b.size - a.size)) {
    next = Math.ceil(next / size) * size;
    if (next + size > end) throw new DeviceError(`the PCI devices' I/O ports do not fit into ${base}..${end}; use fewer devices`);
    writeBar(device, index, next);
    next += size;
  }
}

/** From the top down, the smallest highest. */
function assignMemory(devices: readonly AnyPciDevice[], bottom: number): void {
  let top = MEMORY_TOP;
  for (const { device, index, size } of barsOf(devices, 'memory').sort((a, b) => a.size - b.size)) {
    top = Math.floor((top - size) / size) * size;
    if (top < bottom) throw new DeviceError(`the PCI devices' memory does not fit between RAM (${bottom}) and the I/O APIC; use less RAM or fewer devices`);
    writeBar(device, index, top);
  }
}

function routeInterrupt(device: AnyPciDevice): void {
  const pin = device.configRead(PciReg.INTERRUPT_PIN, 1);
  if (pin === 0) return;
  const irq = device.configRead(PciReg.VENDOR_ID, 4) === Id.PIIX4_PM ? SCI_IRQ : PIRQ_ROUTES[pirqOf(device.devfn >>> 3, pin)]!;
  device.configWrite(PciReg.INTERRUPT_LINE, 1, irq);
}

function setupChipSet(device: AnyPciDevice): void {
  switch (device.configRead(PciReg.VENDOR_ID, 4)) {
    case Id.I440FX: // all of 0xc0000..0xfffff is RAM, of which the option ROM area is read-only
      device.configWrite(0x59, 1, 0x10);
      for (let pam = 0x5a; pam < 0x5f; pam++) device.configWrite(pam, 1, 0x11);
      device.configWrite(0x5f, 1, 0x33);
      return;
    case Id.PIIX3:
      PIRQ_ROUTES.forEach((irq, n) => device.configWrite(0x60 + n, 1, irq));
      return;
    case Id.PIIX4_PM:
      device.configWrite(0x40, 4, AcpiPort.PM_BASE | 1);
      device.configWrite(0x80, 1, 1);
  }
}
