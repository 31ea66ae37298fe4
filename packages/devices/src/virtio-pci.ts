/** Virtio over PCI: the part that is the same for all devices (virtio 1.2, 4.1). Feature negotiation, status, queues, interrupts
 *  by MSI-X or INTx, the capabilities, and both interfaces: `virtio-pci-modern.ts` and, for transitional devices,
 *  `virtio-pci-legacy.ts`. Ids, BAR numbers and capability offsets are those of QEMU's devices on machine `pc`.
 *  Not modelled: packed rings, shared memory regions, administration queues, notification data. */
import type { DeviceEnv } from './device.ts';
import type { GuestMemory } from './guest-memory.ts';
import { regionRead, regionWrite, type IoRegion } from './io-region.ts';
import { hex } from './log.ts';
import { PciCap, PciDevice, type PciState } from './pci-device.ts';
import { SnapshotError } from './snapshot.ts';
import {
  checkVirtio, COMMON_FEATURES, initialVirtio, initialVirtioQueue, LEGACY_F, VIRTIO_F_HI, VirtioIsr, VirtioStatus,
  type Features, type VirtioQueueState, type VirtioState,
} from './virtio.ts';
import { legacyRegion } from './virtio-pci-legacy.ts';
import { modernRegion, MODERN_BAR, ModernLayout, NOTIFY_OFF_MULTIPLIER } from './virtio-pci-modern.ts';
import { Virtqueue, type VirtqueueOwner } from './virtqueue.ts';

const VIRTIO_VENDOR = 0x1af4;
const MODERN_ID_BASE = 0x1040;
const QEMU_SUBSYSTEM = 0x1100;
const LEGACY_BAR = 0;
const MSIX_BAR = 1;

/** `cfg_type` of a vendor capability (4.1.4). */
const CfgType = { COMMON: 1, NOTIFY: 2, ISR: 3, DEVICE: 4, PCI: 5 } as const;
/** Offsets in a vendor capability. */
const Cap = { LENGTH: 2, CFG_TYPE: 3, BAR: 4, OFFSET: 8, REGION_LENGTH: 12, EXTRA: 16 } as const;
/** Where QEMU puts them, last one first in the list. */
const CapAt = { MSIX: 0x98, PCI: 0x84, NOTIFY: 0x70, DEVICE: 0x60, ISR: 0x50, COMMON: 0x40 } as const;

export interface VirtioPciOptions {
  /** What the device masters. */
  readonly memory: GuestMemory;
  /** Modern interface only (`disable-legacy=on`); default false: transitional, as on machine `pc`. */
  readonly disableLegacy?: boolean;
  /** MSI-X vectors; default one for configuration changes and one a queue. */
  readonly vectors?: number;
}

/** What a kind of device says about itself. */
export interface VirtioIdentity {
  /** Device type, a `VirtioId`. */
  readonly type: number;
  /** PCI device id of the transitional device (4.1.2.1). */
  readonly transitionalId: number;
  readonly classCode: number;
  /** Bits of its own; the common ones are added. */
  readonly features: Features;
  /** Maximal entries of each queue. */
  readonly queueSizes: readonly number[];
  /** Bytes of device configuration. */
  readonly configBytes: number;
}

/** Saved state: PCI, transport, and `device`, the part of the concrete device. */
export interface VirtioPciState<D extends object> extends PciState {
  virtio: VirtioState;
  device: D;
}

export abstract class VirtioPciDevice<D extends object> extends PciDevice<VirtioPciState<D>> implements VirtqueueOwner {
  readonly memory: GuestMemory;
  readonly queues: readonly Virtqueue[];
  /** What we offer. */
  readonly features: Features;
  readonly #queueSizes: readonly number[];
  readonly #modern: IoRegion;

  constructor(name: string, env: DeviceEnv, identity: VirtioIdentity, options: VirtioPciOptions) {
    const legacy = options.disableLegacy !== true;
    super(name, env, {
      vendorId: VIRTIO_VENDOR,
      deviceId: legacy ? identity.transitionalId : MODERN_ID_BASE + identity.type,
      revision: legacy ? 0 : 1,
      classCode: identity.classCode,
      subsystemVendorId: VIRTIO_VENDOR,
      subsystemId: legacy ? identity.type : QEMU_SUBSYSTEM,
      interruptPin: 1,
    });
    this.memory = options.memory;
    this.features = { lo: (COMMON_FEATURES.lo | identity.features.lo) >>> 0, hi: (COMMON_FEATURES.hi | identity.features.hi) >>> 0 };
    this.#queueSizes = identity.queueSizes;
    this.queues = identity.queueSizes.map((_size, i) => new Virtqueue(this, i));
    if (legacy) this.addBar(LEGACY_BAR, { space: 'io', region: legacyRegion(this, identity.configBytes) });
    this.addMsix({ vectors: options.vectors ?? this.queues.length + 1, bar: MSIX_BAR, at: CapAt.MSIX });
    this.#modern = modernRegion(this);
    this.addBar(MODERN_BAR, { space: 'memory', is64: true, prefetchable: true, region: this.#modern });
    this.#addCapability(CapAt.PCI, CfgType.PCI, 0, 0, 4);
    this.#addCapability(CapAt.NOTIFY, CfgType.NOTIFY, ModernLayout.NOTIFY, ModernLayout.PAGE, 4);
    this.#addCapability(CapAt.DEVICE, CfgType.DEVICE, ModernLayout.DEVICE, ModernLayout.PAGE);
    this.#addCapability(CapAt.ISR, CfgType.ISR, ModernLayout.ISR, ModernLayout.PAGE);
    this.#addCapability(CapAt.COMMON, CfgType.COMMON, ModernLayout.COMMON, ModernLayout.PAGE);
    const extra = new DataView(this.template.buffer);
    extra.setUint32(CapAt.NOTIFY + Cap.EXTRA, NOTIFY_OFF_MULTIPLIER, true);
    this.writeMask.fill(0xff, CapAt.PCI + Cap.OFFSET, CapAt.PCI + Cap.EXTRA + 4);
    this.writeMask[CapAt.PCI + Cap.BAR] = 0xff;
  }

  // What a concrete device provides.

  /** The device's own part of the state after reset; `before` for what a reset leaves alone (undefined at power-on). */
  protected abstract initialDevice(before?: D): D;
  /** Device configuration space as it is now, little-endian (2.5). */
  abstract deviceConfig(): Uint8Array;
  /** The driver says that queue `index` has new chains. */
  protected abstract queueNotified(index: number): void;

  /** The driver wrote device configuration. */
  writeDeviceConfig(offset: number, _bytes: number, value: number): void {
    this.guestError(`write of ${hex(value)} to read-only device configuration byte ${offset}`);
  }

  /** The driver is ready: DRIVER_OK was set. */
  protected started(): void {}

  /** Forget requests under way: of queue `index`, or all of them because the device was reset. */
  protected abandon(_index?: number): void {}

  /** Template of a saved `device`; override where it holds lists of records. */
  protected deviceShape(): D {
    return this.initialDevice();
  }

  protected checkDevice(_device: D): void {}

  // Services for it.

  /** Tells the driver about pushed chains, if it wants to know. */
  protected interruptQueue(index: number): void {
    if (this.running() && this.queues[index]!.takeInterrupt()) this.#interrupt(VirtioIsr.QUEUE, this.queueState(index).vector);
  }

  /** Device configuration changed by itself (2.5.2). */
  protected configChanged(): void {
    const { virtio } = this.state;
    virtio.configGeneration = (virtio.configGeneration + 1) & 0xff;
    if (virtio.status & VirtioStatus.DRIVER_OK) this.#interrupt(VirtioIsr.CONFIG, virtio.configVector);
  }

  queueState(index: number): VirtioQueueState {
    return this.state.virtio.queues[index]!;
  }

  /** Whether the driver accepted these bits of the low feature word. */
  negotiated(feature: number): boolean {
    return (this.state.virtio.driverFeaturesLo & feature) !== 0;
  }

  /** Whether the driver follows virtio 1.x; a legacy driver uses the device before DRIVER_OK (3.1.2). */
  get modernDriver(): boolean {
    return (this.state.virtio.driverFeaturesHi & VIRTIO_F_HI.VERSION_1) !== 0;
  }

  running(): boolean {
    const { status, broken } = this.state.virtio;
    return !broken && this.busMaster && (!this.modernDriver || (status & VirtioStatus.DRIVER_OK) !== 0);
  }

  broken(message: string): void {
    const { virtio } = this.state;
    if (virtio.broken) return;
    virtio.broken = true;
    this.guestError(`${message}; the device needs a reset`);
    virtio.status |= VirtioStatus.DEVICE_NEEDS_RESET;
    if (virtio.status & VirtioStatus.DRIVER_OK) this.#interrupt(VirtioIsr.CONFIG, virtio.configVector);
  }

  // Registers, for the two interfaces.

  report(message: string): void {
    this.guestError(message);
  }

  get selectedQueue(): VirtioQueueState | undefined {
    return this.state.virtio.queues[this.state.virtio.queueSelect];
  }

  /** Most entries of the selected queue, 0 if there is none. */
  get selectedQueueMax(): number {
    return this.#queueSizes[this.state.virtio.queueSelect] ?? 0;
  }

  /** A word of the offered features; the modern interface does not show the legacy ones. */
  offered(word: number, legacy: boolean): number {
    if (word === 0) return legacy ? this.features.lo : (this.features.lo & ~LEGACY_F.ANY_LAYOUT) >>> 0;
    return word === 1 ? this.features.hi : 0;
  }

  writeDriverFeatures(word: number, value: number, legacy: boolean): void {
    const { virtio } = this.state;
    if (virtio.status & VirtioStatus.FEATURES_OK) {
      this.guestError('driver features written after FEATURES_OK');
      return;
    }
    const unknown = value & ~this.offered(word, legacy);
    if (unknown !== 0 && !legacy) {
      virtio.badFeatures = true;
      this.guestError(`feature bits ${hex(unknown >>> 0)} of word ${word} were not offered`);
    }
    const accepted = (value & this.offered(word, legacy)) >>> 0;
    if (word === 0) virtio.driverFeaturesLo = accepted;
    else if (word === 1) virtio.driverFeaturesHi = accepted;
  }

  writeStatus(value: number, legacy: boolean): void {
    const { virtio } = this.state;
    if (value === 0) {
      this.#resetVirtio();
      return;
    }
    const before = virtio.status;
    let status = (value & ~VirtioStatus.DEVICE_NEEDS_RESET) | (before & VirtioStatus.DEVICE_NEEDS_RESET);
    if (!legacy && status & ~before & VirtioStatus.FEATURES_OK && (virtio.badFeatures || !this.modernDriver)) {
      this.guestError(virtio.badFeatures ? 'FEATURES_OK refused: a feature was not offered' : 'FEATURES_OK refused: VIRTIO_F_VERSION_1 is missing');
      status &= ~VirtioStatus.FEATURES_OK;
    }
    virtio.status = status;
    if (status & ~before & VirtioStatus.DRIVER_OK) this.started();
  }

  /** Reading the ISR lets go of INTx (4.1.4.5.1). */
  readIsr(): number {
    const { isr } = this.state.virtio;
    this.state.virtio.isr = 0;
    this.update();
    return isr;
  }

  /** A vector register takes what the table has, else reads back as "none", which tells the driver that it failed (4.1.5.1.2.1). */
  vectorOr(value: number): number {
    return value < this.msix.vectors ? value : 0xffff;
  }

  notifyQueue(index: number): void {
    if (index >= this.queues.length) this.guestError(`notification of queue ${index}; there are ${this.queues.length}`);
    else if (this.running()) this.queueNotified(index);
  }

  /** Takes the selected queue back from the driver (2.6.1). */
  resetSelectedQueue(): void {
    const { virtio } = this.state;
    if (virtio.queueSelect >= virtio.queues.length) return;
    this.abandon(virtio.queueSelect);
    virtio.queues[virtio.queueSelect] = initialVirtioQueue(this.#queueSizes[virtio.queueSelect]!);
  }

  // The device itself.

  protected override initial(before?: VirtioPciState<D>): VirtioPciState<D> {
    return { ...this.initialPci(), virtio: initialVirtio(this.#queueSizes), device: this.initialDevice(before?.device) };
  }

  protected override shape(): VirtioPciState<D> {
    return { ...this.initial(), device: this.deviceShape() };
  }

  protected override check(state: VirtioPciState<D>): void {
    super.check(state);
    if (state.virtio.queues.length !== this.queues.length) throw new SnapshotError(`${this.name}: the snapshot has another number of queues`);
    checkVirtio(this.name, state.virtio, this.#queueSizes);
    this.checkDevice(state.device);
  }

  override reset(): void {
    this.abandon();
    super.reset();
  }

  protected override loaded(): void {
    this.abandon();
    super.loaded();
  }

  protected override intxRequested(): boolean {
    return this.state.virtio.isr !== 0 && !this.msix.enabled;
  }

  /** `pci_cfg_data` is a window into the BAR for firmware that cannot map it (4.1.4.9). */
  override configRead(offset: number, bytes: 1 | 2 | 4): number {
    const window = this.#window(offset, bytes);
    if (window) {
      const value = regionRead(this.#modern, window.offset, window.length);
      new DataView(this.state.config.buffer).setUint32(CapAt.PCI + Cap.EXTRA, value, true);
    }
    return super.configRead(offset, bytes);
  }

  protected override configWritten(offset: number, bytes: number): void {
    const window = this.#window(offset, bytes);
    if (window) regionWrite(this.#modern, window.offset, window.length, super.configRead(CapAt.PCI + Cap.EXTRA, 4));
  }

  #window(offset: number, bytes: number): { offset: number; length: 1 | 2 | 4 } | undefined {
    const data = CapAt.PCI + Cap.EXTRA;
    if (offset >= data + 4 || offset + bytes <= data) return undefined;
    const at = super.configRead(CapAt.PCI + Cap.OFFSET, 4);
    const length = super.configRead(CapAt.PCI + Cap.REGION_LENGTH, 4);
    if (this.state.config[CapAt.PCI + Cap.BAR] !== MODERN_BAR || (length !== 1 && length !== 2 && length !== 4)) return undefined;
    return at % length === 0 && at + length <= this.#modern.size ? { offset: at, length } : undefined;
  }

  #interrupt(isr: number, vector: number): void {
    if (this.msix.enabled) {
      this.msix.notify(vector);
      return;
    }
    this.state.virtio.isr |= isr;
    this.update();
  }

  /** Reset by the driver: the transport and the device, not the PCI function. */
  #resetVirtio(): void {
    this.abandon();
    this.state.virtio = initialVirtio(this.#queueSizes);
    this.state.device = this.initialDevice(this.state.device);
    this.update();
  }

  #addCapability(at: number, type: number, offset: number, length: number, extra = 0): void {
    this.addCapability(PciCap.VENDOR, Cap.EXTRA + extra, at);
    const header = new DataView(this.template.buffer);
    header.setUint8(at + Cap.LENGTH, Cap.EXTRA + extra);
    header.setUint8(at + Cap.CFG_TYPE, type);
    if (type === CfgType.PCI) return;
    header.setUint8(at + Cap.BAR, MODERN_BAR);
    header.setUint32(at + Cap.OFFSET, offset, true);
    header.setUint32(at + Cap.REGION_LENGTH, length, true);
  }
}
