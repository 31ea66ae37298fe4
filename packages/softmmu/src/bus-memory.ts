/**
 * Guest physical memory as a bus master sees it: the shape that device models take as their `GuestMemory`. Writes drop translated code and mark
 * pages dirty.
 */
import type { PhysMap } from './phys-map.ts';

/** Addresses are numbers of bytes; values are unsigned and little-endian. */
export class BusMemory {
  readonly #map: PhysMap;

  constructor(map: PhysMap) {
    this.#map = map;
  }

  read8(addr: number): number {
    return this.#map.readPhys8(addr);
  }

  read16(addr: number): number {
    return this.#map.readPhys16(addr);
  }

  read32(addr: number): number {
    return this.#map.readPhys32(addr);
  }

  write8(addr: number, value: number): void {
    this.#map.writePhys8(addr, value);
  }

  write16(addr: number, value: number): void {
    this.#map.writePhys16(addr, value);
  }

  write32(addr: number, value: number): void {
    this.#map.writePhys32(addr, value);
  }

  read(addr: number, into: Uint8Array): void {
    this.#map.read(addr, into);
  }

  write(addr: number, from: Uint8Array): void {
    this.#map.write(addr, from);
  }

  /** Views of the RAM that together are `addr..addr+len`, or `undefined` when any of it is not writable RAM. Whoever writes through one calls `wrote`. */
  ranges(addr: number, len: number): Uint8Array[] | undefined {
    const views: Uint8Array[] = [];
    for (let at = addr; at < addr + len;) {
      const range = this.#map.find(at), n = Math.min(addr + len, range.end) - at;
      if (!range.writable) return undefined;
      const host = range.host + (at - range.start);
      views.push(this.#map.arena.u8.subarray(host, host + n));
      at += n;
    }
    return views;
  }

  /** A bus master wrote through a view. */
  wrote(addr: number, len: number): void {
    for (let at = addr; at < addr + len;) {
      const range = this.#map.find(at), n = Math.min(addr + len, range.end) - at;
      if (range.writable) this.#map.wroteHost(range.host + (at - range.start), n);
      at += n;
    }
  }
}
