/** The PC's physical address space: RAM in its two parts, the window of the VGA and of the option ROMs, and where devices appear. */
import { type IoRegion, type PamSegment } from '@emu/devices';
import { PhysMap, type Region } from '@emu/softmmu';
import { type Arena, type HostPtr } from '@emu/vaddr';
import type { BootMemory } from './boot/memory.ts';
import { FOUR_GIB, MIB, type RamLayout } from './boot/layout.ts';

const VGA_START = 0xa_0000;
const SHADOW_START = 0xc_0000;
/** Devices hide RAM; a PAM segment hides the RAM below it. */
const Priority = { PAM: 1, DEVICE: 2, LOCAL_APIC: 3 } as const;

export class PcMemory {
  readonly map: PhysMap;
  #ram: HostPtr = 0;
  readonly #devices = new Map<IoRegion, Region>();
  readonly #segments = new Map<number, Region>();
  readonly #arena: Arena;
  readonly #layout: RamLayout;

  /** The map alone; `plugIn` adds the RAM. */
  constructor(arena: Arena, layout: RamLayout) {
    this.#arena = arena;
    this.#layout = layout;
    this.map = new PhysMap(arena);
  }

  /** Takes the RAM from the arena: last, so that the tables which everything reaches all the time have low addresses. */
  plugIn(): void {
    const { low, high } = this.#layout;
    this.#ram = this.#arena.alloc(low + high, 4096);
    this.map.addRam('ram', 0, VGA_START, this.#ram);
    this.map.addRam('shadow ram', SHADOW_START, MIB - SHADOW_START, this.#ram + SHADOW_START);
    this.map.addRam('ram above 1 MiB', MIB, low - MIB, this.#ram + MIB);
    if (high > 0) this.map.addRam('ram above 4 GiB', FOUR_GIB, high, this.#ram + low);
  }

  /** Where guest RAM lies in the arena, for digests and snapshots. */
  get pieces(): readonly { readonly host: HostPtr; readonly bytes: number }[] {
    return [{ host: this.#ram, bytes: this.#layout.low + this.#layout.high }];
  }

  /** Writes RAM as firmware does before it write-protects parts of it. Addresses outside RAM swallow it. */
  readonly firmware: BootMemory = {
    write: (addr, from) => {
      const host = this.#ram + addr;
      if (addr + from.length > this.#layout.low) return;
      this.map.wroteHost(host, from.length);
      this.#arena.u8.set(from, host);
    },
  };

  /** Shows a device's registers at an address; an earlier place of theirs is given up. */
  show(region: IoRegion, address: number, priority: number = Priority.DEVICE): void {
    this.hide(region);
    this.#devices.set(region, this.map.addDevice(region.name, address, region.size, region, { priority }));
  }

  hide(region: IoRegion): void {
    const shown = this.#devices.get(region);
    if (!shown) return;
    this.#devices.delete(region);
    this.map.remove(shown);
  }

  /** The local APIC's page hides whatever else is there. */
  showLocalApic(region: IoRegion, address: number | undefined): void {
    if (address === undefined) this.hide(region);
    else this.show(region, address, Priority.LOCAL_APIC);
  }

  /** The host bridge changed what a piece of 0xc0000..0xfffff is: RAM, write-protected RAM, or the bus, where nothing answers. */
  setSegment({ address, size, readRam, writeRam }: PamSegment): void {
    const old = this.#segments.get(address);
    if (old) this.map.remove(old);
    this.#segments.delete(address);
    if (readRam && writeRam) return;
    const name = `pam ${address.toString(16)}`, priority = Priority.PAM, host = this.#ram + address;
    this.#segments.set(address, readRam
      ? this.map.addRom(name, address, size, host, { priority })
      : this.map.addDevice(name, address, size, busBehindRam(this.#arena, writeRam ? host : -1), { priority }));
  }
}

/** Reads find nobody; writes go to the RAM below where the bridge says so. */
function busBehindRam(arena: Arena, host: HostPtr) {
  return {
    read: (_offset: number, bytes: 1 | 2 | 4) => (bytes === 4 ? 0xffff_ffff : bytes === 2 ? 0xffff : 0xff),
    write: (offset: number, bytes: 1 | 2 | 4, value: number) => {
      if (host < 0) return;
      for (let i = 0; i < bytes; i++) arena.u8[host + offset + i] = value >>> (8 * i);
    },
  };
}
