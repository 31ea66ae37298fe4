/**
 * Firmware configuration device at ports 0x510, 0x511 and (DMA) 0x514: how firmware gets memory size, tables and kernels from the machine.
 * QEMU's "QEMU Firmware Configuration (fw_cfg) Device" specification (docs/specs/fw_cfg). Items are set by the machine and not saved.
 */
import { bit } from './bits.ts';
import { Device, DeviceError, type DeviceEnv } from './device.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { AccessBytes, IoRegion } from './io-region.ts';

/** Selector keys that have a fixed meaning. */
export const FwCfgKey = {
  SIGNATURE: 0x00, ID: 0x01, UUID: 0x02, RAM_SIZE: 0x03, NOGRAPHIC: 0x04, NB_CPUS: 0x05, KERNEL_ADDR: 0x07, KERNEL_SIZE: 0x08, INITRD_ADDR: 0x0a,
  INITRD_SIZE: 0x0b, BOOT_DEVICE: 0x0c, NUMA: 0x0d, BOOT_MENU: 0x0e, MAX_CPUS: 0x0f, KERNEL_ENTRY: 0x10, KERNEL_DATA: 0x11, INITRD_DATA: 0x12,
  CMDLINE_ADDR: 0x13, CMDLINE_SIZE: 0x14, CMDLINE_DATA: 0x15, SETUP_ADDR: 0x16, SETUP_SIZE: 0x17, SETUP_DATA: 0x18, FILE_DIR: 0x19, FILE_FIRST: 0x20,
  ACPI_TABLES: 0x8000, SMBIOS_ENTRIES: 0x8001, IRQ0_OVERRIDE: 0x8002, E820_TABLE: 0x8003, HPET: 0x8004,
} as const;

/** Bits of the item `ID`. */
const Feature = { TRADITIONAL: bit(0), DMA: bit(1) } as const;
/** The DMA control word; the key sits in its high half. */
const Dma = { ERROR: bit(0), READ: bit(1), SKIP: bit(2), SELECT: bit(3), WRITE: bit(4), KEY_SHIFT: 16 } as const;
/** What the DMA address register reads: "QEMU CFG". */
const DMA_SIGNATURE = [0x51, 0x45, 0x4d, 0x55, 0x20, 0x43, 0x46, 0x47] as const;
const MAX_FILES = 0x4000 - FwCfgKey.FILE_FIRST;
const NAME_BYTES = 56;
const DIR_ENTRY_BYTES = 64;
/** Bit 14 of the selector is write access, long gone. */
const KEY_MASK = 0xbfff;

interface Item {
  readonly bytes: Uint8Array;
  readonly writable: boolean;
}

export interface FwCfgState {
  key: number;
  offset: number;
  /** High half of the DMA descriptor's address, until the low half starts the transfer. */
  dmaHigh: number;
}

export class FwCfg extends Device<FwCfgState> {
  /** Ports 0x510 (selector, 16 bits) and 0x511 (data, 8 bits). */
  readonly ports: IoRegion = {
    name: 'fwcfg',
    size: 2,
    access: { max: 2 },
    read: (offset) => (offset === 1 ? this.readByte() : 0),
    write: (offset, bytes, value) => {
      if (offset === 0 && bytes === 2) this.select(value);
    },
  };
  /** Ports 0x514..0x51b: the DMA address, big-endian. */
  readonly dmaPorts: IoRegion = {
    name: 'fwcfg.dma',
    size: 8,
    read: (offset, bytes) => this.readSignature(offset, bytes),
    write: (offset, bytes, value) => this.writeDma(offset, bytes, value),
  };
  readonly #items = new Map<number, Item>();
  readonly #files: { name: string; key: number; size: number }[] = [];
  readonly #memory: GuestMemory;

  constructor(env: DeviceEnv, memory: GuestMemory) {
    super('fw-cfg', env);
    this.#memory = memory;
    this.set(FwCfgKey.SIGNATURE, Uint8Array.of(0x51, 0x45, 0x4d, 0x55));
    this.setNumber(FwCfgKey.ID, Feature.TRADITIONAL | Feature.DMA, 4);
    this.set(FwCfgKey.FILE_DIR, directory([]));
    this.reset();
  }

  protected initial(): FwCfgState {
    return { key: 0, offset: 0, dmaHigh: 0 };
  }

  protected override limits() {
    return { key: 0xffff, offset: 2 ** 40, dmaHigh: 0xffff_ffff };
  }

  /** Sets an item. The bytes are used as they are, not copied. */
  set(key: number, bytes: Uint8Array, writable = false): void {
    this.#items.set(key, { bytes, writable });
  }

  /** Sets an item to a little-endian number of 2, 4 or 8 bytes. */
  setNumber(key: number, value: number, bytes: 2 | 4 | 8): void {
    this.set(key, Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256));
  }

  /** Adds a named file (`etc/e820`, `opt/...`) and returns its key; a name that is there gets new contents. */
  addFile(name: string, bytes: Uint8Array, writable = false): number {
    if (name.length === 0 || name.length >= NAME_BYTES) throw new DeviceError(`fw_cfg file ${JSON.stringify(name)}: names have 1 to 55 characters`);
    let file = this.#files.find((other) => other.name === name);
    if (file === undefined) {
      if (this.#files.length >= MAX_FILES) throw new DeviceError(`fw_cfg has ${MAX_FILES} files, no room for ${name}`);
      file = { name, key: FwCfgKey.FILE_FIRST + this.#files.length, size: 0 };
      this.#files.push(file);
    }
    file.size = bytes.length;
    this.set(file.key, bytes, writable);
    this.set(FwCfgKey.FILE_DIR, directory(this.#files));
    return file.key;
  }

  private select(key: number): void {
    this.state.key = key & KEY_MASK;
    this.state.offset = 0;
  }

  private get item(): Item | undefined {
    return this.#items.get(this.state.key);
  }

  /** Beyond its end, and without an item, everything is zero. */
  private readByte(): number {
    return this.item?.bytes[this.state.offset++] ?? 0;
  }

  private readSignature(offset: number, bytes: AccessBytes): number {
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8) | DMA_SIGNATURE[offset + i]!;
    return value >>> 0;
  }

  private writeDma(offset: number, bytes: AccessBytes, value: number): void {
    if (bytes !== 4 || (offset !== 0 && offset !== 4)) return;
    const half = swap32(value);
    if (offset === 0) {
      this.state.dmaHigh = half;
      return;
    }
    const descriptor = this.state.dmaHigh * 2 ** 32 + half;
    this.state.dmaHigh = 0;
    this.transfer(descriptor);
  }

  /** Carries out the descriptor at `at`: control, length (32 bits each) and address (64), all big-endian. */
  private transfer(at: number): void {
    const memory = this.#memory;
    const control = swap32(memory.read32(at));
    const length = swap32(memory.read32(at + 4));
    const address = swap32(memory.read32(at + 8)) * 2 ** 32 + swap32(memory.read32(at + 12));
    if ((control & Dma.SELECT) !== 0) this.select(control >>> Dma.KEY_SHIFT);
    let done = true;
    if ((control & Dma.READ) !== 0) done = this.dmaRead(address, length);
    else if ((control & Dma.WRITE) !== 0) done = this.dmaWrite(address, length);
    if (done && (control & (Dma.READ | Dma.WRITE | Dma.SKIP)) !== 0) this.state.offset += length;
    memory.write32(at, done ? 0 : swap32(Dma.ERROR));
  }

  private dmaRead(address: number, length: number): boolean {
    if (length === 0) return true;
    const views = this.#memory.ranges(address, length);
    if (views === undefined) {
      this.guestError(`DMA of ${length} bytes to ${address}, which is not RAM`);
      return false;
    }
    const bytes = this.item?.bytes ?? new Uint8Array();
    let from = this.state.offset;
    for (const view of views) {
      const part = bytes.subarray(from, from + view.length);
      view.set(part);
      view.fill(0, part.length);
      from += view.length;
    }
    this.#memory.wrote(address, length);
    return true;
  }

  private dmaWrite(address: number, length: number): boolean {
    const { item } = this;
    if (item === undefined || !item.writable || this.state.offset + length > item.bytes.length) {
      this.guestError(`DMA write of ${length} bytes to item ${this.state.key}, which is not writable`);
      return false;
    }
    this.#memory.read(address, item.bytes.subarray(this.state.offset, this.state.offset + length));
    return true;
  }
}

const swap32 = (value: number): number =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

/** The file directory: a count, then size, key and name of each, big-endian, sorted by name. */
function directory(files: readonly { name: string; key: number; size: number }[]): Uint8Array {
  const bytes = new Uint8Array(4 + DIR_ENTRY_BYTES * files.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, files.length);
  [...files].sort((a, b) => (a.name < b.name ? -1 : 1)).forEach(({ name, key, size }, n) => {
    const at = 4 + DIR_ENTRY_BYTES * n;
    view.setUint32(at, size);
    view.setUint16(at + 4, key);
    for (let i = 0; i < name.length; i++) bytes[at + 8 + i] = name.charCodeAt(i) & 0xff;
  });
  return bytes;
}
