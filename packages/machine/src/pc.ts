/**
 * The board of QEMU's machine `pc` without its optional devices: i440FX, PIIX3, PIIX4 power management, interrupt controllers, timers,
 * CMOS, keyboard controller, serial ports, firmware configuration; and how they are wired. Not there: IDE, VGA, floppy, DMA, network.
 */
import {
  ApicBus, FwCfg, FwCfgKey, GsiLines, I440fxHostBridge, I8042, IoApic, LocalApic, PciBus, PciHost, pcNvram, Pic8259, Piix3, Piix4Pm, Pit8254, Port92,
  Rtc, setupPci, Uart16550, WiredOr, type ApicCpu, type Device, type DeviceEnv, type GuestMemory, type IoRegion, type SerialBackend, type TscSource,
} from '@emu/devices';
import { pciHoleStart, type RamLayout } from './boot/layout.ts';
import { IoSpace } from './io-space.ts';
import type { PcMemory } from './memory.ts';

export const COM_PORTS = [0x3f8, 0x2f8, 0x3e8, 0x2e8] as const;
const COM_IRQS = [4, 3, 4, 3] as const;
const IOAPIC_ADDRESS = 0xfec0_0000;
const Irq = { KEYBOARD: 1, RTC: 8, SCI: 9, MOUSE: 12, FPU: 13 } as const;
/** A write here takes IRQ 13 back (IBM AT). */
const FPU_BUSY_PORT = 0xf0;

export interface BoardOptions {
  readonly env: DeviceEnv;
  readonly memory: PcMemory;
  readonly bus: GuestMemory;
  readonly ram: RamLayout;
  readonly cpu: ApicCpu;
  readonly tsc: TscSource;
  /** The guest's calendar at power-on, seconds since 1970, with a fraction. */
  readonly startSeconds: number;
  /** A serial port's host end, or undefined where the port is left out. */
  readonly serials: readonly (SerialBackend | undefined)[];
  onReset(): void;
  onPowerOff(): void;
  onA20(on: boolean): void;
}

export class Board {
  readonly io = new IoSpace();
  readonly apics = new ApicBus();
  readonly pic: Pic8259;
  readonly lapic: LocalApic;
  readonly gsi: GsiLines;
  readonly pci: PciBus;
  readonly pm: Piix4Pm;
  readonly fwCfg: FwCfg;
  readonly keyboard: I8042;
  readonly uarts: (Uart16550 | undefined)[] = [];
  readonly #options: BoardOptions;
  /** Sources of interrupts first, what collects them last: the order of resetting, saving and loading. */
  readonly #sources: Device<object>[] = [];
  readonly #sinks: Device<object>[] = [];
  readonly #fpuError;

  constructor(options: BoardOptions) {
    const { env, memory, bus, ram } = options;
    this.#options = options;
    this.pic = new Pic8259(env);
    const ioapic = new IoApic(env, this.apics);
    this.gsi = new GsiLines(this.pic, ioapic);
    this.lapic = this.#localApic();
    this.pic.intr.connect((level) => this.lapic.setLint(0, level));
    this.#map([0x20, this.pic.masterPorts], [0xa0, this.pic.slavePorts], [0x4d0, this.pic.elcrPorts]);
    memory.show(ioapic.mmio, IOAPIC_ADDRESS);

    const pit = this.add(new Pit8254(env));
    pit.irq.connect(this.gsi.input(0));
    this.#map([0x40, pit.ports], [0x61, pit.controlPort]);
    const nvram = pcNvram({ ramBelow4G: ram.low, ramAbove4G: ram.high, cpus: 1 });
    const rtc = this.add(new Rtc(env, { startSeconds: options.startSeconds, nvram }));
    rtc.irq.connect(this.gsi.input(Irq.RTC));
    this.#map([0x70, rtc.ports]);
    this.keyboard = this.add(new I8042(env));
    this.keyboard.keyboardIrq.connect(this.gsi.input(Irq.KEYBOARD));
    this.keyboard.auxIrq.connect(this.gsi.input(Irq.MOUSE));
    this.#map([0x60, this.keyboard.dataPort], [0x64, this.keyboard.commandPort]);
    const port92 = this.add(new Port92(env));
    this.#map([0x92, port92.port]);
    this.#serials();
    this.#fpuError = this.gsi.input(Irq.FPU);
    this.#map([FPU_BUSY_PORT, { name: 'fpu busy', size: 2, read: () => 0xff, write: () => this.#fpuError(false) }]);
    this.fwCfg = this.add(new FwCfg(env, bus));
    this.#map([0x510, this.fwCfg.ports], [0x514, this.fwCfg.dmaPorts]);
    this.#firmwareItems();

    const piix3 = this.add(new Piix3(env));
    piix3.irqs.forEach((line, n) => { if (n !== 0 && n !== 2) line.connect(this.gsi.input(n)); });
    this.pci = new PciBus({
      map: (space, address, region) => (space === 'io' ? this.io.mapOver(address, region) : memory.show(region, address)),
      unmap: (space, address, region) => (space === 'io' ? this.io.unmap(address, region) : memory.hide(region)),
      message: (low, high, data) => void this.apics.message(low, high, data),
      pirq: (n, level) => piix3.setPirq(n, level),
    });
    const host = this.add(new PciHost(env, this.pci, piix3.resetPort));
    this.#map([0xcf8, host.addressPort], [0xcfc, host.dataPort]);
    this.pci.add(this.add(new I440fxHostBridge(env, (segment) => memory.setSegment(segment))), 0);
    this.pci.add(piix3, 1);
    this.pm = this.add(new Piix4Pm(env));
    this.pm.sci.connect(this.gsi.input(Irq.SCI));
    this.pm.powerOff.connect((level) => { if (level) options.onPowerOff(); });
    this.#map([0xb2, this.pm.apmPorts], [0xafe0, this.pm.gpePorts]);
    this.pci.add(this.pm, 1, 3);

    const a20 = new WiredOr((level) => options.onA20(level));
    for (const line of [this.keyboard.a20, port92.a20]) line.connect(a20.input());
    for (const { resetRequest } of [this.keyboard, port92, piix3]) resetRequest.connect((level) => { if (level) options.onReset(); });
    this.#sinks.push(this.pic, ioapic, this.lapic);
  }

  /** Adds a device to those that are reset and saved. */
  add<T extends Device<object>>(device: T): T {
    this.#sources.push(device);
    return device;
  }

  get devices(): readonly Device<object>[] {
    return [...this.#sources, ...this.#sinks];
  }

  /** All devices as after power-on, then what firmware does before it starts an operating system. */
  reset(): void {
    for (const device of this.devices) device.reset();
    setupPci({ bus: this.pci, memoryBottom: pciHoleStart(this.#options.ram), outb: (port, value) => this.io.write(port, 1, value) });
    this.lapic.virtualWire();
  }

  /** FERR# of the processor: IRQ 13. */
  fpuError(): void {
    this.#fpuError(true);
  }

  #map(...places: readonly (readonly [number, IoRegion])[]): void {
    for (const [base, region] of places) this.io.map(base, region);
  }

  #localApic(): LocalApic {
    const { env, memory, cpu, tsc } = this.#options;
    let made: LocalApic | undefined; // it says where it is while it is still being made
    const lapic = made = new LocalApic(env, {
      id: 0, bootProcessor: true, bus: this.apics, cpu, pic: this.pic, tsc, moved: (address) => { if (made) memory.showLocalApic(made.mmio, address); },
    });
    memory.showLocalApic(lapic.mmio, lapic.baseAddress);
    return lapic;
  }

  #serials(): void {
    this.#options.serials.forEach((backend, n) => {
      const uart = backend && this.add(new Uart16550(`com${n + 1}`, this.#options.env, backend));
      this.uarts.push(uart);
      uart?.irq.connect(this.gsi.input(COM_IRQS[n]!));
      if (uart) this.#map([COM_PORTS[n]!, uart.ports]);
    });
  }

  #firmwareItems(): void {
    const { ram } = this.#options;
    this.fwCfg.setNumber(FwCfgKey.RAM_SIZE, ram.low + ram.high, 8);
    this.fwCfg.setNumber(FwCfgKey.NB_CPUS, 1, 2);
  }
}
