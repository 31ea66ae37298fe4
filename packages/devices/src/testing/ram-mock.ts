/** A piece of RAM at an address, all a bus master needs in a test. */
import type { GuestMemory } from '../guest-memory.ts';

export class RamMock implements GuestMemory {
  readonly bytes: Uint8Array;
  readonly base: number;
  /** Every range reported through `wrote`, as [address, length]. */
  readonly writes: [number, number][] = [];
  readonly #view: DataView;

  constructor(size = 0x10_0000, base = 0) {
    this.bytes = new Uint8Array(size);
    this.base = base;
    this.#view = new DataView(this.bytes.buffer);
  }

  private at(addr: number, len: number): number {
    const offset = addr - this.base;
    return offset >= 0 && offset + len <= this.bytes.length ? offset : -1;
  }

  read8(addr: number): number {
    const at = this.at(addr, 1);
    return at < 0 ? 0xff : this.#view.getUint8(at);
  }

  read16(addr: number): number {
    const at = this.at(addr, 2);
    return at < 0 ? 0xffff : this.#view.getUint16(at, true);
  }

  read32(addr: number): number {
    const at = this.at(addr, 4);
    return at < 0 ? 0xffff_ffff : this.#view.getUint32(at, true);
  }

  write8(addr: number, value: number): void {
    const at = this.at(addr, 1);
    if (at >= 0) this.#view.setUint8(at, value);
  }

  write16(addr: number, value: number): void {
    const at = this.at(addr, 2);
    if (at >= 0) this.#view.setUint16(at, value, true);
  }

  write32(addr: number, value: number): void {
    const at = this.at(addr, 4);
    if (at >= 0) this.#view.setUint32(at, value, true);
  }

  read(addr: number, into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.read8(addr + i);
  }

  write(addr: number, from: Uint8Array): void {
    for (let i = 0; i < from.length; i++) this.write8(addr + i, from[i]!);
  }

  ranges(addr: number, len: number): Uint8Array[] | undefined {
    const at = this.at(addr, len);
    return at < 0 ? undefined : [this.bytes.subarray(at, at + len)];
  }

  wrote(addr: number, len: number): void {
    this.writes.push([addr, len]);
  }
}
