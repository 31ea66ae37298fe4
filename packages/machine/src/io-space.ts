/** The 64 KiB of I/O ports: which device answers at each. Ports without a device read as all ones, as an undriven ISA bus does. */
import { openBus, regionRead, regionWrite, type AccessBytes, type IoRegion } from '@emu/devices';
import { MachineError } from './errors.ts';

const PORTS = 0x1_0000;

interface Mapping {
  readonly region: IoRegion;
  readonly base: number;
}

export class IoSpace {
  /** Index + 1 into `#mappings`; 0 is nobody. */
  readonly #at = new Uint16Array(PORTS);
  readonly #mappings: (Mapping | undefined)[] = [];

  /** Gives `region.size` ports from `base` to the region. @throws MachineError when one of them is taken. */
  map(base: number, region: IoRegion): void {
    const end = base + region.size;
    if (!(base >= 0 && end <= PORTS)) throw new MachineError(`${region.name} at port 0x${base.toString(16)} ends beyond 0xffff; choose a lower port`);
    for (let port = base; port < end; port++) {
      const taken = this.#at[port]!;
      if (taken === 0) continue;
      throw new MachineError(`${region.name} at port 0x${base.toString(16)} collides with ${this.#mappings[taken - 1]!.region.name}; choose another port`);
    }
    const free = this.#mappings.indexOf(undefined);
    const index = free >= 0 ? free : this.#mappings.length;
    this.#mappings[index] = { region, base };
    this.#at.fill(index + 1, base, end);
  }

  /** As `map`, for ports that the guest chooses (a PCI BAR): where another device sits, that one stays. */
  mapOver(base: number, region: IoRegion): void {
    const free = this.#mappings.indexOf(undefined);
    const index = free >= 0 ? free : this.#mappings.length;
    this.#mappings[index] = { region, base };
    for (let port = Math.max(0, base); port < Math.min(PORTS, base + region.size); port++) if (this.#at[port] === 0) this.#at[port] = index + 1;
  }

  unmap(base: number, region: IoRegion): void {
    const index = this.#mappings.findIndex((m) => m?.region === region && m.base === base);
    if (index < 0) return;
    for (let port = base; port < Math.min(PORTS, base + region.size); port++) if (this.#at[port] === index + 1) this.#at[port] = 0;
    this.#mappings[index] = undefined;
  }

  read(port: number, bytes: AccessBytes): number {
    const index = this.#at[port]!;
    if (index === 0) return openBus(bytes);
    const { region, base } = this.#mappings[index - 1]!;
    if (port + bytes > base + region.size) return this.#readApart(port, bytes);
    return regionRead(region, port - base, bytes);
  }

  write(port: number, bytes: AccessBytes, value: number): void {
    const index = this.#at[port]!;
    if (index === 0) return;
    const { region, base } = this.#mappings[index - 1]!;
    if (port + bytes > base + region.size) for (let i = 0; i < bytes; i++) this.write((port + i) & 0xffff, 1, (value >>> (8 * i)) & 0xff);
    else regionWrite(region, port - base, bytes, value);
  }

  /** An access that leaves the region goes to each port by itself. */
  #readApart(port: number, bytes: AccessBytes): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= this.read((port + i) & 0xffff, 1) << (8 * i);
    return value >>> 0;
  }
}
