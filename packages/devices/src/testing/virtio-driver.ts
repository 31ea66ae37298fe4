/** A tiny virtio driver for tests: finds the capabilities, negotiates, sets up split queues in RAM and exchanges buffers, all
 *  through configuration space and BARs as a kernel would, by the modern or the legacy interface. */
import { EmuError } from '@emu/vaddr';
import { regionRead, regionWrite, type AccessBytes, type IoRegion } from '../io-region.ts';
import { PciCommand, PciReg, type PciConnection } from '../pci-device.ts';
import { VIRTIO_F_HI, VirtioStatus } from '../virtio.ts';
import type { VirtioPciDevice } from '../virtio-pci.ts';
import { LegacyReg } from '../virtio-pci-legacy.ts';
import { CommonCfg } from '../virtio-pci-modern.ts';
import { VIRTIO_RING_F, VIRTQ_DESC_F } from '../virtqueue.ts';
import type { RamMock } from './ram-mock.ts';

/** A buffer of a chain: bytes for the device to read, or how many it may write. */
export type DriverBuffer = Uint8Array | number;

export interface UsedChain {
  readonly head: number;
  /** What the device says that it wrote. */
  readonly length: number;
  /** The writable buffers' contents. */
  readonly data: Uint8Array;
}

interface DriverQueue {
  readonly size: number;
  readonly desc: number;
  readonly avail: number;
  readonly used: number;
  readonly notify: number;
  nextDesc: number;
  availIdx: number;
  usedIdx: number;
  readonly written: Map<number, { addr: number; length: number }[]>;
}

export interface VirtioDriverOptions {
  readonly legacy?: boolean;
  /** Low feature word to accept; default everything offered. */
  readonly features?: number;
  /** Puts chains into indirect tables. */
  readonly indirect?: boolean;
  /** Enables MSI-X with vector 0 for configuration and 1 + n for queue n. */
  readonly msix?: boolean;
}

const CAP_VENDOR = 0x09;
const CAP_MSIX = 0x11;

export class VirtioDriver implements PciConnection {
  readonly device: VirtioPciDevice<object>;
  readonly ram: RamMock;
  /** Data words of the interrupt messages received: the vector number, as `init` programs them. */
  readonly messages: number[] = [];
  readonly #options: VirtioDriverOptions;
  readonly #queues: DriverQueue[] = [];
  readonly #parts = new Map<number, { region: IoRegion; offset: number }>();
  #notifyMultiplier = 0;
  #free: number;

  constructor(device: VirtioPciDevice<object>, ram: RamMock, options: VirtioDriverOptions = {}) {
    this.device = device;
    this.ram = ram;
    this.#options = options;
    this.#free = ram.base + 0x1000;
    device.attach(this, 3 << 3);
    device.configWrite(PciReg.COMMAND, 2, PciCommand.IO | PciCommand.MEMORY | PciCommand.MASTER);
    this.#findParts();
  }

  map(): void {}
  unmap(): void {}
  message(_low: number, _high: number, data: number): void {
    this.messages.push(data);
  }

  /** Resets, negotiates, sets every queue up and sets DRIVER_OK. */
  init(queues = this.device.queues.length): this {
    this.status = 0;
    this.#queues.length = 0;
    if (this.#options.msix) this.#enableMsix(queues + 1);
    this.status = VirtioStatus.ACKNOWLEDGE | VirtioStatus.DRIVER;
    this.negotiate();
    for (let i = 0; i < queues; i++) this.setupQueue(i);
    this.status |= VirtioStatus.DRIVER_OK;
    return this;
  }

  negotiate(): void {
    const wanted = this.#options.features ?? 0xffff_ffff;
    if (this.#options.legacy) {
      this.legacyWrite(LegacyReg.DRIVER_FEATURES, 4, this.legacyRead(LegacyReg.DEVICE_FEATURES, 4) & wanted);
      return;
    }
    for (const [word, mask] of [[0, wanted], [1, VIRTIO_F_HI.VERSION_1 | VIRTIO_F_HI.RING_RESET]] as const) {
      this.common(CommonCfg.DEVICE_FEATURE_SELECT, 4, word);
      this.common(CommonCfg.DRIVER_FEATURE_SELECT, 4, word);
      this.common(CommonCfg.DRIVER_FEATURE, 4, (this.common(CommonCfg.DEVICE_FEATURE, 4) & mask) >>> 0);
    }
    this.status |= VirtioStatus.FEATURES_OK;
    if (!(this.status & VirtioStatus.FEATURES_OK)) throw new EmuError('the device refused FEATURES_OK; offer less');
  }

  get status(): number {
    return this.#options.legacy ? this.legacyRead(LegacyReg.DEVICE_STATUS, 1) : this.common(CommonCfg.DEVICE_STATUS, 1);
  }

  set status(value: number) {
    if (this.#options.legacy) this.legacyWrite(LegacyReg.DEVICE_STATUS, 1, value);
    else this.common(CommonCfg.DEVICE_STATUS, 1, value);
  }

  /** Allocates the rings of queue `index` and tells the device. */
  setupQueue(index: number): void {
    const { legacy } = this.#options;
    if (legacy) this.legacyWrite(LegacyReg.QUEUE_SELECT, 2, index);
    else this.common(CommonCfg.QUEUE_SELECT, 2, index);
    const size = legacy ? this.legacyRead(LegacyReg.QUEUE_SIZE, 2) : this.common(CommonCfg.QUEUE_SIZE, 2);
    const desc = this.allocate(16 * size + 2 * (3 + size) + 8192 + 8 * size, 4096);
    const avail = desc + 16 * size;
    const used = Math.ceil((avail + 2 * (3 + size)) / 4096) * 4096;
    let notify = index;
    if (legacy) {
      this.legacyWrite(LegacyReg.QUEUE_ADDRESS, 4, desc / 4096);
      if (this.#options.msix) this.legacyWrite(LegacyReg.QUEUE_VECTOR, 2, 1 + index);
    } else {
      for (const [register, address] of [[CommonCfg.QUEUE_DESC, desc], [CommonCfg.QUEUE_DRIVER, avail], [CommonCfg.QUEUE_DEVICE, used]] as const) {
        this.common(register, 4, address % 2 ** 32);
        this.common(register + 4, 4, Math.floor(address / 2 ** 32));
      }
      if (this.#options.msix) this.common(CommonCfg.QUEUE_MSIX_VECTOR, 2, 1 + index);
      notify = this.common(CommonCfg.QUEUE_NOTIFY_OFF, 2) * this.#notifyMultiplier;
      this.common(CommonCfg.QUEUE_ENABLE, 2, 1);
    }
    this.#queues[index] = { size, desc, avail, used, notify, nextDesc: 0, availIdx: 0, usedIdx: 0, written: new Map() };
  }

  /** Makes a chain available without telling the device; returns its head. */
  add(index: number, buffers: readonly DriverBuffer[]): number {
    const queue = this.#queues[index]!;
    const written: { addr: number; length: number }[] = [];
    const table = this.#options.indirect ? this.allocate(16 * buffers.length, 16) : queue.desc;
    const first = this.#options.indirect ? 0 : queue.nextDesc;
    buffers.forEach((buffer, i) => {
      const length = typeof buffer === 'number' ? buffer : buffer.length;
      const addr = this.allocate(Math.max(1, length));
      if (typeof buffer === 'number') written.push({ addr, length });
      else this.ram.write(addr, buffer);
      const last = i === buffers.length - 1;
      const flags = (typeof buffer === 'number' ? VIRTQ_DESC_F.WRITE : 0) | (last ? 0 : VIRTQ_DESC_F.NEXT);
      const slot = this.#options.indirect ? i : (first + i) % queue.size;
      this.writeDesc(table, slot, addr, length, flags, this.#options.indirect ? i + 1 : (slot + 1) % queue.size);
    });
    const head = queue.nextDesc;
    if (this.#options.indirect) this.writeDesc(queue.desc, head, table, 16 * buffers.length, VIRTQ_DESC_F.INDIRECT, 0);
    queue.nextDesc = (head + (this.#options.indirect ? 1 : buffers.length)) % queue.size;
    queue.written.set(head, written);
    this.makeAvailable(index, head);
    return head;
  }

  /** Writes one descriptor of the table at `table`. */
  writeDesc(table: number, slot: number, addr: number, length: number, flags: number, next: number): void {
    const at = table + 16 * slot;
    this.ram.write32(at, addr % 2 ** 32);
    this.ram.write32(at + 4, Math.floor(addr / 2 ** 32));
    this.ram.write32(at + 8, length);
    this.ram.write16(at + 12, flags);
    this.ram.write16(at + 14, next);
  }

  /** Puts `head` into the available ring of a queue. */
  makeAvailable(index: number, head: number): void {
    const queue = this.#queues[index]!;
    this.ram.write16(queue.avail + 4 + 2 * (queue.availIdx % queue.size), head);
    queue.availIdx = (queue.availIdx + 1) & 0xffff;
    this.ram.write16(queue.avail + 2, queue.availIdx);
  }

  kick(index: number): void {
    const { notify } = this.#queues[index]!;
    if (this.#options.legacy) {
      this.legacyWrite(LegacyReg.QUEUE_NOTIFY, 2, index);
      return;
    }
    const { region, offset } = this.#parts.get(2)!;
    regionWrite(region, offset + notify, 2, index);
  }

  /** Adds, kicks, and takes what came back. */
  exchange(index: number, buffers: readonly DriverBuffer[]): UsedChain[] {
    this.add(index, buffers);
    this.kick(index);
    return this.used(index);
  }

  /** What the device returned since the last call. */
  used(index: number): UsedChain[] {
    const queue = this.#queues[index]!;
    const chains: UsedChain[] = [];
    while (queue.usedIdx !== this.ram.read16(queue.used + 2)) {
      const element = queue.used + 4 + 8 * (queue.usedIdx % queue.size);
      const head = this.ram.read32(element);
      const written = queue.written.get(head) ?? [];
      const data = written.flatMap(({ addr, length }) => [...this.ram.bytes.subarray(addr - this.ram.base, addr - this.ram.base + length)]);
      chains.push({ head, length: this.ram.read32(element + 4), data: Uint8Array.from(data) });
      queue.usedIdx = (queue.usedIdx + 1) & 0xffff;
      if (this.device.negotiated(VIRTIO_RING_F.EVENT_IDX)) this.ram.write16(queue.avail + 4 + 2 * queue.size, queue.usedIdx);
    }
    return chains;
  }

  /** Addresses of a queue's parts, for tests that write nonsense into them. */
  rings(index: number): { readonly size: number; readonly desc: number; readonly avail: number; readonly used: number } {
    return this.#queues[index]!;
  }

  isr(): number {
    if (this.#options.legacy) return this.legacyRead(LegacyReg.ISR_STATUS, 1);
    const { region, offset } = this.#parts.get(3)!;
    return regionRead(region, offset, 1);
  }

  config(offset: number, bytes: AccessBytes, value?: number): number {
    if (this.#options.legacy) {
      const start = this.#options.msix ? 24 : 20;
      if (value !== undefined) this.legacyWrite(start + offset, bytes, value);
      return value ?? this.legacyRead(start + offset, bytes);
    }
    return this.#access(4, offset, bytes, value);
  }

  /** Reads or writes a register of the common configuration. */
  common(offset: number, bytes: AccessBytes, value?: number): number {
    return this.#access(1, offset, bytes, value);
  }

  legacyRead(offset: number, bytes: AccessBytes): number {
    return regionRead(this.#bar(0), offset, bytes);
  }

  legacyWrite(offset: number, bytes: AccessBytes, value: number): void {
    regionWrite(this.#bar(0), offset, bytes, value);
  }

  allocate(bytes: number, align = 16): number {
    const at = Math.ceil(this.#free / align) * align;
    this.#free = at + bytes;
    if (this.#free > this.ram.base + this.ram.bytes.length) throw new EmuError(`the test's RAM of ${this.ram.bytes.length} bytes is full; make it larger`);
    return at;
  }

  #access(part: number, offset: number, bytes: AccessBytes, value?: number): number {
    const found = this.#parts.get(part)!;
    if (value === undefined) return regionRead(found.region, found.offset + offset, bytes);
    regionWrite(found.region, found.offset + offset, bytes, value);
    return value;
  }

  #bar(index: number): IoRegion {
    const found = this.device.bars.find((bar) => bar.index === index);
    if (!found) throw new EmuError(`${this.device.name} has no BAR ${index}`);
    return found.bar.region;
  }

  #findParts(): void {
    for (const at of this.#capabilities(CAP_VENDOR)) {
      const type = this.device.configRead(at + 3, 1);
      if (type === 5) continue;
      this.#parts.set(type, { region: this.#bar(this.device.configRead(at + 4, 1)), offset: this.device.configRead(at + 8, 4) });
      if (type === 2) this.#notifyMultiplier = this.device.configRead(at + 16, 4);
    }
  }

  #capabilities(id: number): number[] {
    const found: number[] = [];
    for (let at = this.device.configRead(PciReg.CAPABILITIES, 1); at !== 0; at = this.device.configRead(at + 1, 1)) {
      if (this.device.configRead(at, 1) === id) found.push(at);
    }
    return found;
  }

  #enableMsix(vectors: number): void {
    const at = this.#capabilities(CAP_MSIX)[0]!;
    const table = this.#bar(this.device.configRead(at + 4, 4) & 7);
    this.device.configWrite(at + 2, 2, 0x8000);
    for (let i = 0; i < vectors; i++) {
      regionWrite(table, 16 * i, 4, 0xfee0_0000);
      regionWrite(table, 16 * i + 8, 4, i);
      regionWrite(table, 16 * i + 12, 4, 0);
    }
    if (this.#options.legacy) this.legacyWrite(LegacyReg.CONFIG_MSIX_VECTOR, 2, 0);
    else this.common(CommonCfg.CONFIG_MSIX_VECTOR, 2, 0);
  }
}
