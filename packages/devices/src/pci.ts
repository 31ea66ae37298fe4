/**
 * A PCI bus and its host's configuration mechanism #1 (ports 0xcf8 and 0xcfc). PCI Local Bus Specification 3.0, section 3.2.2.3.2.
 * One bus, no bridges to further ones: other bus numbers read as empty slots.
 */
import { bit } from './bits.ts';
import { Device, DeviceError, type DeviceEnv } from './device.ts';
import { openBus, truncate, type AccessBytes, type IoRegion } from './io-region.ts';
import { WiredOr } from './line.ts';
import { PciReg, type PciConnection, type PciDevice, type PciState } from './pci-device.ts';

/** What is the same for all functions of a bus: where BARs appear and where interrupts go. */
export interface PciBusWiring extends PciConnection {
  /** PIRQA (0) .. PIRQD (3) of the board changed. */
  pirq(number: number, level: boolean): void;
}

/** `PciDevice` of whatever state. */
export type AnyPciDevice = PciDevice<PciState>;

/** Which PIRQ an INTx pin (1..4) of a slot reaches on an i440FX board: the slots rotate, slot 1's INTA# is PIRQA. */
export const pirqOf = (slot: number, pin: number): number => (slot + pin - 2) & 3;

export class PciBus {
  readonly #wiring: PciBusWiring;
  readonly #functions = new Map<number, AnyPciDevice>();
  readonly #pirqs: readonly WiredOr[];

  constructor(wiring: PciBusWiring) {
    this.#wiring = wiring;
    this.#pirqs = [0, 1, 2, 3].map((n) => new WiredOr((level) => wiring.pirq(n, level)));
  }

  /** Plugs a function in. `slot` 0..31; without one, the first free slot. Returns the slot. */
  add(device: AnyPciDevice, slot = this.freeSlot(), fn = 0): number {
    const devfn = (slot << 3) | fn;
    this.#functions.set(devfn, device);
    const pin = device.state.config[PciReg.INTERRUPT_PIN]!;
    if (pin !== 0) device.intx.connect(this.#pirqs[pirqOf(slot, pin)]!.input());
    device.attach(this.#wiring, devfn);
    return slot;
  }

  /** The functions present, by slot and function. */
  get devices(): AnyPciDevice[] {
    return [...this.#functions.entries()].sort(([a], [b]) => a - b).map(([, device]) => device);
  }

  find(devfn: number): AnyPciDevice | undefined {
    return this.#functions.get(devfn);
  }

  private freeSlot(): number {
    for (let slot = 0; slot < 32; slot++) {
      if (![...this.#functions.keys()].some((devfn) => devfn >>> 3 === slot)) return slot;
    }
    throw new DeviceError('the PCI bus has 32 slots and all are taken; use fewer devices');
  }
}

/** CONFIG_ADDRESS. */
const ADDRESS_ENABLE = bit(31);

export interface PciHostState {
  address: number;
}

export class PciHost extends Device<PciHostState> {
  /** Port 0xcf8, 4 ports. Byte accesses belong to whoever sits below it: the chip set's reset control at 0xcf9. */
  readonly addressPort: IoRegion;
  /** Port 0xcfc, 4 ports. */
  readonly dataPort: IoRegion;
  readonly #bus: PciBus;

  constructor(env: DeviceEnv, bus: PciBus, below?: IoRegion) {
    super('pci-host', env);
    this.#bus = bus;
    this.addressPort = {
      name: 'pci-conf-idx',
      size: 4,
      read: (offset, bytes) => (bytes === 4 ? this.state.address : (below?.read(offset, bytes) ?? openBus(bytes))),
      write: (offset, bytes, value) => {
        if (bytes === 4) this.state.address = value;
        else below?.write(offset, bytes, value);
      },
    };
    this.dataPort = {
      name: 'pci-conf-data',
      size: 4,
      read: (offset, bytes) => this.readData(offset, bytes),
      write: (offset, bytes, value) => this.writeData(offset, bytes, value),
    };
    this.reset();
  }

  protected initial(): PciHostState {
    return { address: 0 };
  }

  protected override limits() {
    return { address: 0xffff_ffff };
  }

  private selected(): AnyPciDevice | undefined {
    const { address } = this.state;
    const bus = (address >>> 16) & 0xff;
    return (address & ADDRESS_ENABLE) !== 0 && bus === 0 ? this.#bus.find((address >>> 8) & 0xff) : undefined;
  }

  private readData(offset: number, bytes: AccessBytes): number {
    const register = (this.state.address & 0xfc) | offset;
    return register + bytes > 256 ? openBus(bytes) : (this.selected()?.configRead(register, bytes) ?? openBus(bytes));
  }

  private writeData(offset: number, bytes: AccessBytes, value: number): void {
    const register = (this.state.address & 0xfc) | offset;
    if (register + bytes <= 256) this.selected()?.configWrite(register, bytes, truncate(value, bytes));
  }
}
