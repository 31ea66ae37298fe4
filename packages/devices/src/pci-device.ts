/**
 * A PCI function: configuration space with write masks, BARs, the INTx pin, the capability list. PCI Local Bus Specification 3.0,
 * chapter 6. Left out: expansion ROMs, power management, 66 MHz and error signalling bits (they read as zero).
 */
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import { SnapshotError } from './snapshot.ts';
import { Msi, Msix, type MsiLayout, type MsixLayout } from './pci-msi.ts';

/** Configuration registers of a type 0 header. */
export const PciReg = {
  VENDOR_ID: 0x00,
  DEVICE_ID: 0x02,
  COMMAND: 0x04,
  STATUS: 0x06,
  REVISION: 0x08,
  PROG_IF: 0x09,
  SUBCLASS: 0x0a,
  CLASS: 0x0b,
  CACHE_LINE_SIZE: 0x0c,
  LATENCY_TIMER: 0x0d,
  HEADER_TYPE: 0x0e,
  BAR0: 0x10,
  SUBSYSTEM_VENDOR_ID: 0x2c,
  SUBSYSTEM_ID: 0x2e,
  CAPABILITIES: 0x34,
  INTERRUPT_LINE: 0x3c,
  INTERRUPT_PIN: 0x3d,
} as const;

/** Bits of `PciReg.COMMAND`. */
export const PciCommand = { IO: bit(0), MEMORY: bit(1), MASTER: bit(2), SERR: bit(8), INTX_DISABLE: bit(10) } as const;

/** Bits of `PciReg.STATUS`. */
export const PciStatus = { INTERRUPT: bit(3), CAPABILITIES: bit(4) } as const;

/** Capability ids. */
export const PciCap = { MSI: 0x05, VENDOR: 0x09, MSIX: 0x11 } as const;

/** Low bits of a BAR. */
const Bar = { IO: bit(0), MEM64: 2 << 1, PREFETCHABLE: bit(3) } as const;

const CONFIG_SIZE = 256;
const FIRST_CAPABILITY = 0x40;

export interface PciIdentity {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly revision?: number;
  /** Class, subclass and programming interface as the specification writes them: 0x060000 is a host bridge. */
  readonly classCode: number;
  readonly subsystemVendorId?: number;
  readonly subsystemId?: number;
  /** 1 for INTA# up to 4 for INTD#; 0 or absent for none. */
  readonly interruptPin?: number;
  /** Other functions share the slot (header type bit 7). */
  readonly multifunction?: boolean;
}

export interface PciBar {
  readonly space: 'io' | 'memory';
  /** Decodes 64-bit addresses and takes the next BAR number too. */
  readonly is64?: boolean;
  readonly prefetchable?: boolean;
  /** Its size is rounded up to a power of two (at least 4 ports or 16 bytes) for decoding. */
  readonly region: IoRegion;
}

/** What a function needs of its bus. */
export interface PciConnection {
  map(space: PciBar['space'], address: number, region: IoRegion): void;
  unmap(space: PciBar['space'], address: number, region: IoRegion): void;
  /** A message signalled interrupt: a 32-bit write to the address pair. */
  message(addressLow: number, addressHigh: number, data: number): void;
}

const unconnected: PciConnection = { map() {}, unmap() {}, message() {} };

/** State that every PCI function has; extend it and spread `initialPci()` into `initial()`. */
export interface PciState {
  config: Uint8Array;
  msixTable: Uint32Array;
  msixPending: Uint32Array;
}

interface MappedBar {
  readonly register: number;
  readonly bar: PciBar;
  readonly size: number;
  address: number;
}

const UNMAPPED = -1;

export abstract class PciDevice<State extends PciState> extends Device<State> {
  /** INTA#..INTD# as `interruptPin` says; active means `true`. */
  readonly intx = this.line('intx');
  /** Slot << 3 | function, once attached. */
  devfn = 0;
  readonly msi = new Msi(this);
  readonly msix = new Msix(this);
  /** Configuration space at reset; subclasses add to it in their constructor. */
  protected readonly template = new Uint8Array(CONFIG_SIZE);
  /** Bits that the guest may write. */
  protected readonly writeMask = new Uint8Array(CONFIG_SIZE);
  /** Bits that a written one clears. */
  protected readonly clearMask = new Uint8Array(CONFIG_SIZE);
  /** Bits that the device itself changes and the guest does not: only needed so that a saved value is believed. */
  protected readonly deviceMask = new Uint8Array(CONFIG_SIZE);
  #connection: PciConnection = unconnected;
  readonly #bars: MappedBar[] = [];
  #nextCapability = FIRST_CAPABILITY;
  #lastCapability = PciReg.CAPABILITIES as number;

  constructor(name: string, env: DeviceEnv, identity: PciIdentity) {
    super(name, env);
    const header = new DataView(this.template.buffer);
    header.setUint16(PciReg.VENDOR_ID, identity.vendorId, true);
    header.setUint16(PciReg.DEVICE_ID, identity.deviceId, true);
    header.setUint8(PciReg.REVISION, identity.revision ?? 0);
    header.setUint8(PciReg.PROG_IF, identity.classCode & 0xff);
    header.setUint8(PciReg.SUBCLASS, (identity.classCode >>> 8) & 0xff);
    header.setUint8(PciReg.CLASS, identity.classCode >>> 16);
    header.setUint8(PciReg.HEADER_TYPE, identity.multifunction === true ? 0x80 : 0);
    header.setUint16(PciReg.SUBSYSTEM_VENDOR_ID, identity.subsystemVendorId ?? 0, true);
    header.setUint16(PciReg.SUBSYSTEM_ID, identity.subsystemId ?? 0, true);
    header.setUint8(PciReg.INTERRUPT_PIN, identity.interruptPin ?? 0);
    const mask = new DataView(this.writeMask.buffer);
    const { IO, MEMORY, MASTER, SERR, INTX_DISABLE } = PciCommand;
    mask.setUint16(PciReg.COMMAND, IO | MEMORY | MASTER | SERR | INTX_DISABLE, true);
    mask.setUint8(PciReg.CACHE_LINE_SIZE, 0xff);
    mask.setUint8(PciReg.INTERRUPT_LINE, 0xff);
    new DataView(this.clearMask.buffer).setUint16(PciReg.STATUS, 0xf900, true);
    this.deviceMask[PciReg.STATUS] = PciStatus.INTERRUPT;
  }

  /** Declares BAR `index`; in the constructor, before `reset()`. */
  protected addBar(index: number, bar: PciBar): void {
    const size = 2 ** Math.ceil(Math.log2(Math.max(bar.region.size, bar.space === 'io' ? 4 : 16)));
    const register = PciReg.BAR0 + 4 * index;
    const mask = new DataView(this.writeMask.buffer);
    mask.setUint32(register, ~(size - 1) >>> 0, true);
    let low = bar.space === 'io' ? Bar.IO : 0;
    if (bar.is64 === true) {
      low |= Bar.MEM64;
      mask.setUint32(register + 4, 0xffff_ffff, true);
    }
    if (bar.prefetchable === true) low |= Bar.PREFETCHABLE;
    this.template[register] = low;
    this.#bars.push({ register, bar, size, address: UNMAPPED });
  }

  /**
   * Adds a capability of `length` bytes (id and next pointer included) and returns its offset; in the constructor, before `reset()`.
   * The guest finds them in the order of adding. `at` pins the offset.
   */
  protected addCapability(id: number, length: number, at = this.#nextCapability): number {
    this.template[PciReg.STATUS]! |= PciStatus.CAPABILITIES;
    this.template[this.#lastCapability] = at;
    this.template[at] = id;
    this.#lastCapability = at + 1;
    this.#nextCapability = Math.max(this.#nextCapability, (at + length + 3) & ~3);
    return at;
  }

  /** Gives the function MSI; in the constructor, before `reset()`. */
  protected addMsi(layout: MsiLayout): void {
    const at = this.addCapability(PciCap.MSI, layout.maskable === true ? 24 : 14, layout.at);
    this.msi.place(layout, at, this.template, this.writeMask, this.deviceMask);
  }

  /** Gives the function MSI-X with its table and pending bits in a BAR of their own; in the constructor, before `reset()`. */
  protected addMsix(layout: MsixLayout): void {
    const at = this.addCapability(PciCap.MSIX, 12, layout.at);
    this.msix.place(layout, at, this.template, this.writeMask);
    this.addBar(layout.bar, { space: 'memory', region: this.msix.region });
  }

  protected initialPci(): PciState {
    return {
      config: this.template.slice(),
      msixTable: this.msix.initialTable(),
      msixPending: new Uint32Array(Math.ceil(this.msix.vectors / 32)),
    };
  }

  /** Whether the function asks for its INTx pin; MSI and MSI-X are not part of it. */
  protected intxRequested(): boolean {
    return false;
  }

  protected override update(): void {
    const asks = this.intxRequested();
    const { config } = this.state;
    if (asks) config[PciReg.STATUS]! |= PciStatus.INTERRUPT;
    else config[PciReg.STATUS]! &= ~PciStatus.INTERRUPT;
    this.intx.set(asks && (this.command & PciCommand.INTX_DISABLE) === 0);
  }

  override reset(): void {
    super.reset();
    this.remap();
  }

  protected override loaded(): void {
    this.remap();
  }

  protected override check(state: State): void {
    for (let i = 0; i < CONFIG_SIZE; i++) {
      const changeable = this.writeMask[i]! | this.clearMask[i]! | this.deviceMask[i]!;
      if (((state.config[i]! ^ this.template[i]!) & ~changeable) === 0) continue;
      throw new SnapshotError(`${this.name}: the snapshot's read-only configuration byte ${i} is of another device`);
    }
  }

  get command(): number {
    return this.state.config[PciReg.COMMAND]! | (this.state.config[PciReg.COMMAND + 1]! << 8);
  }

  /** Whether the guest lets the function reach memory. */
  get busMaster(): boolean {
    return (this.command & PciCommand.MASTER) !== 0;
  }

  /** Puts the function on a bus: its BARs appear where its configuration says. */
  attach(connection: PciConnection, devfn: number): void {
    this.devfn = devfn;
    this.#connection = connection;
    this.remap();
  }

  /** Sends an interrupt message if the function may master the bus. */
  sendMessage(addressLow: number, addressHigh: number, data: number): void {
    if (this.busMaster) this.#connection.message(addressLow, addressHigh, data);
  }

  /** Reads configuration space; `offset + bytes` stays within 256. */
  configRead(offset: number, bytes: 1 | 2 | 4): number {
    const { config } = this.state;
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8) | config[offset + i]!;
    return value >>> 0;
  }

  configWrite(offset: number, bytes: 1 | 2 | 4, value: number): void {
    const { config } = this.state;
    for (let i = 0; i < bytes; i++) {
      const at = offset + i;
      const written = (value >>> (8 * i)) & 0xff;
      const mask = this.writeMask[at]!;
      config[at] = (config[at]! & ~mask & ~(written & this.clearMask[at]!)) | (written & mask);
    }
    this.configWritten(offset, bytes);
    this.remap();
    this.msi.flush();
    this.msix.flush();
    this.update();
  }

  /** After the guest wrote configuration bytes `offset .. offset + bytes`. */
  protected configWritten(_offset: number, _bytes: number): void {}

  /** The BARs as configured, for firmware that assigns addresses and for `info pci`. `size` is what the guest finds by sizing. */
  get bars(): readonly { readonly index: number; readonly bar: PciBar; readonly size: number; readonly address: number | undefined }[] {
    return this.#bars.map(({ register, bar, size, address }) => ({
      index: (register - PciReg.BAR0) / 4,
      bar,
      size,
      address: address === UNMAPPED ? undefined : address,
    }));
  }

  private remap(): void {
    for (const mapped of this.#bars) {
      const address = this.decoded(mapped);
      if (address === mapped.address) continue;
      const { space, region } = mapped.bar;
      if (mapped.address !== UNMAPPED) this.#connection.unmap(space, mapped.address, region);
      mapped.address = this.#connection === unconnected ? UNMAPPED : address;
      if (mapped.address !== UNMAPPED) this.#connection.map(space, address, region);
    }
  }

  private decoded({ register, bar, size }: MappedBar): number {
    const enable = bar.space === 'io' ? PciCommand.IO : PciCommand.MEMORY;
    if ((this.command & enable) === 0) return UNMAPPED;
    const low = (this.configRead(register, 4) & ~(size - 1)) >>> 0;
    const high = bar.is64 === true ? this.configRead(register + 4, 4) : 0;
    const address = high * 2 ** 32 + low;
    // Zero is "not assigned"; an end beyond what the space has is a BAR that is being sized.
    const limit = bar.space === 'io' ? 0x1_0000 : bar.is64 === true ? 2 ** 46 : 0xffff_0000;
    return address === 0 || address + size > limit ? UNMAPPED : address;
  }
}
