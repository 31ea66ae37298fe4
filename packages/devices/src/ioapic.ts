/**
 * I/O APIC with 24 inputs at 0xfec00000. Intel 82093AA data sheet; the EOI register (0x40) of version 0x20 as in the ICH. Inputs are
 * active when their line is high: the polarity bit is kept and ignored. Not modelled: the APIC bus's arbitration.
 */
import { Delivery, BROADCAST, type ApicBus, type EoiListener } from './apic-bus.ts';
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import type { LineListener } from './line.ts';

/** Memory-mapped registers by offset. */
const Mmio = { SELECT: 0x00, WINDOW: 0x10, EOI: 0x40 } as const;
/** Indirect registers by index; the redirection table has two words an input. */
const Index = { ID: 0, VERSION: 1, ARBITRATION: 2, REDIRECTION: 0x10 } as const;
/** Low word of a redirection entry. */
const Entry = {
  VECTOR: 0xff, MODE_SHIFT: 8, LOGICAL: bit(11), REMOTE_IRR: bit(14), LEVEL: bit(15), MASKED: bit(16), WRITABLE: 0x1_afff,
} as const;
const DESTINATION_SHIFT = 24;

export const IOAPIC_PINS = 24;
const VERSION = 0x20;

export interface IoApicState {
  id: number;
  select: number;
  low: Uint32Array;
  high: Uint32Array;
  /** Input levels, one bit a pin. */
  inputs: number;
}

export class IoApic extends Device<IoApicState> implements EoiListener {
  /** 4096 bytes at 0xfec00000. */
  readonly mmio: IoRegion = {
    name: 'ioapic',
    size: 0x1000,
    access: { min: 4, max: 4 },
    read: (offset) => this.read(offset),
    write: (offset, _bytes, value) => this.write(offset, value),
  };
  readonly #bus: ApicBus;

  constructor(env: DeviceEnv, bus: ApicBus) {
    super('ioapic', env);
    this.#bus = bus;
    bus.addIo(this);
    this.reset();
  }

  protected initial(before?: IoApicState): IoApicState {
    return {
      id: 0,
      select: 0,
      low: new Uint32Array(IOAPIC_PINS).fill(Entry.MASKED),
      high: new Uint32Array(IOAPIC_PINS),
      inputs: before?.inputs ?? 0, // what the pins see does not change
    };
  }

  protected override limits() {
    return { id: 0xff, select: 0xff, inputs: 2 ** IOAPIC_PINS - 1 };
  }

  /** The input pin `n`, to connect a line to. */
  pin(n: number): LineListener {
    return (level) => this.setPin(n, level);
  }

  setPin(n: number, level: boolean): void {
    const { state } = this;
    const mask = bit(n);
    const before = state.inputs;
    state.inputs = level ? before | mask : before & ~mask;
    if (!level || (before & mask) !== 0) return;
    const entry = state.low[n]!;
    // An edge on a masked pin is lost, a level is still there when the mask goes.
    if ((entry & Entry.MASKED) !== 0) return;
    if ((entry & Entry.LEVEL) === 0) this.deliver(n);
    else this.deliverLevel(n);
  }

  endOfInterrupt(vector: number): void {
    const { low } = this.state;
    for (let n = 0; n < IOAPIC_PINS; n++) {
      const entry = low[n]!;
      if ((entry & Entry.VECTOR) !== vector || (entry & Entry.REMOTE_IRR) === 0) continue;
      low[n] = entry & ~Entry.REMOTE_IRR;
      this.deliverLevel(n);
    }
  }

  /** Sends a level interrupt if it is there, wanted and not under way. */
  private deliverLevel(n: number): void {
    const { low, inputs } = this.state;
    const entry = low[n]!;
    if ((entry & Entry.LEVEL) === 0 || (entry & (Entry.MASKED | Entry.REMOTE_IRR)) !== 0 || (inputs & bit(n)) === 0) return;
    low[n] = entry | Entry.REMOTE_IRR;
    this.deliver(n);
  }

  private deliver(n: number): void {
    const entry = this.state.low[n]!;
    const logical = (entry & Entry.LOGICAL) !== 0;
    const destination = this.state.high[n]! >>> DESTINATION_SHIFT;
    const to = destination === 0xff && !logical ? BROADCAST : destination;
    const mode = (entry >>> Entry.MODE_SHIFT) & 7;
    const level = (entry & Entry.LEVEL) !== 0 && (mode === Delivery.FIXED || mode === Delivery.LOWEST_PRIORITY);
    this.#bus.send(to, logical, mode, entry & Entry.VECTOR, level);
  }

  private read(offset: number): number {
    if (offset === Mmio.SELECT) return this.state.select;
    if (offset === Mmio.WINDOW) return this.readIndex(this.state.select);
    if (offset !== Mmio.EOI) this.guestError(`read of unknown offset ${offset}`);
    return 0;
  }

  private write(offset: number, value: number): void {
    if (offset === Mmio.SELECT) this.state.select = value & 0xff;
    else if (offset === Mmio.WINDOW) this.writeIndex(this.state.select, value);
    else if (offset === Mmio.EOI) this.endOfInterrupt(value & 0xff);
    else this.guestError(`write of unknown offset ${offset}`);
  }

  private readIndex(index: number): number {
    const { id, low, high } = this.state;
    if (index === Index.ID || index === Index.ARBITRATION) return (id << 24) >>> 0;
    if (index === Index.VERSION) return VERSION | ((IOAPIC_PINS - 1) << 16);
    const word = index - Index.REDIRECTION;
    if (word < 0 || word >= 2 * IOAPIC_PINS) return 0;
    return (word & 1) === 0 ? low[word >>> 1]! : high[word >>> 1]!;
  }

  private writeIndex(index: number, value: number): void {
    const word = index - Index.REDIRECTION;
    if (index === Index.ID) this.state.id = (value >>> 24) & 0x0f;
    else if (word >= 0 && word < 2 * IOAPIC_PINS) this.writeEntry(word >>> 1, (word & 1) !== 0, value);
    else this.guestError(`write of ${value} to read-only or unknown register ${index}`);
  }

  private writeEntry(n: number, isHigh: boolean, value: number): void {
    const { low, high } = this.state;
    if (isHigh) {
      high[n] = (value & 0xff00_0000) >>> 0;
      return;
    }
    let entry = (value & Entry.WRITABLE) | (low[n]! & Entry.REMOTE_IRR);
    if ((entry & Entry.LEVEL) === 0) entry &= ~Entry.REMOTE_IRR; // how software without an EOI register ends a level
    low[n] = entry;
    this.deliverLevel(n);
  }
}
