/**
 * The guest's physical address space: which RAM, ROM or device answers where, and plain access to it for page walks, loaders and bus masters.
 * Addresses are numbers up to 2^52 (SDM Vol. 3A, section 4.1.4: MAXPHYADDR is at most 52). Values are little-endian. A hole reads as all
 * ones and swallows writes, as an undriven PC bus does. Not modelled: cacheability, bus locks, errors.
 */
import { formatVaddr, type Arena, type HostPtr } from '@emu/vaddr';
import { deviceRead, deviceWrite } from './device-access.ts';
import { flatten, PHYS_END, type FlatRange } from './flat-view.ts';
import { PageBit, PageState, type DirtyClient, type DirtyLog, type MapListener } from './page-state.ts';
import { PhysMapError, type DeviceHandler, type Region, type RegionKind, type RegionOptions, type RegionRecord } from './region.ts';
import { PAGE_SIZE } from './tlb-entry.ts';

export class PhysMap {
  readonly arena: Arena;
  /** Why writes to pages of the arena need care, by host address / 4096. */
  readonly pageState: PageState;
  /** High half of the last `readPhys64`, signed. */
  hi = 0;
  /**
   * A bus master or loader is about to write `len` bytes of RAM at host address `ram` (within one page) that holds translated code: drop the code.
   * A vCPU's own writes go to its `onCodeWrite` instead.
   */
  onCodeWrite: (ram: HostPtr, len: number) => void = () => {};
  readonly #regions: RegionRecord[] = [];
  #ranges: FlatRange[] = flatten([]);
  #last: FlatRange = this.#ranges[0]!;
  #order = 0;

  constructor(arena: Arena) {
    this.arena = arena;
    this.pageState = new PageState(arena);
  }

  /** Guest RAM that lives at `host` in the arena. All three numbers are multiples of 4096. */
  addRam(name: string, base: number, size: number, host: HostPtr, options?: RegionOptions): Region {
    return this.#add(this.#memory('ram', name, base, size, host, options));
  }

  /** Memory that ignores writes: a ROM, or RAM that the chipset has write-protected. */
  addRom(name: string, base: number, size: number, host: HostPtr, options?: RegionOptions): Region {
    return this.#add(this.#memory('rom', name, base, size, host, options));
  }

  addDevice(name: string, base: number, size: number, handler: DeviceHandler, options?: RegionOptions): Region {
    const minAccess = handler.minAccess ?? handler.access?.min ?? 1, maxAccess = handler.maxAccess ?? handler.access?.max ?? 4;
    if (![1, 2, 4].includes(minAccess) || ![1, 2, 4].includes(maxAccess) || minAccess > maxAccess) {
      throw new PhysMapError(`Device region ${name} handles ${minAccess} to ${maxAccess} bytes; widths are 1, 2 or 4, the least first`);
    }
    return this.#add({ ...record('device', name, base, size, options), handler, minAccess, maxAccess });
  }

  /** Shows `size` bytes of another region (mapped or not) from `offset` on. Its RAM pages stay one and the same page. */
  addAlias(name: string, base: number, size: number, target: Region, offset = 0, options?: RegionOptions): Region {
    const known = this.#record(target);
    if (!(Number.isSafeInteger(offset) && offset >= 0 && offset + size <= known.size)) {
      throw new PhysMapError(`Alias ${name} shows ${size} bytes from ${offset} of ${known.name}, which has ${known.size}; stay inside it`);
    }
    if (known.host >= 0 && (base % PAGE_SIZE || offset % PAGE_SIZE)) {
      throw new PhysMapError(`Alias ${name} of memory at ${hex(base)}, offset ${offset}: both must be multiples of 4096`);
    }
    const host = known.host < 0 ? -1 : known.host + offset;
    return this.#add({ ...record('alias', name, base, size, options), host, target: known, targetOffset: offset });
  }

  /** Takes a region away; aliases of it must go first. */
  remove(region: Region): void {
    const gone = this.#record(region);
    const user = this.#regions.find((r) => r.target === gone);
    if (user) throw new PhysMapError(`Region ${gone.name} is shown by alias ${user.name}; remove that first`);
    this.#regions.splice(this.#regions.indexOf(gone), 1);
    this.#changed();
  }

  /** Maps the region at another base, on top of its equals in priority, and enables it. */
  move(region: Region, base: number): void {
    const moved = this.#record(region);
    const next: RegionRecord = { ...moved, base, enabled: true };
    checkPlace(next);
    this.#checkOverlap(next, moved);
    moved.base = base;
    moved.enabled = true;
    moved.order = ++this.#order;
    this.#changed();
  }

  setEnabled(region: Region, enabled: boolean): void {
    const known = this.#record(region);
    if (known.enabled === enabled) return;
    if (enabled) this.#checkOverlap({ ...known, enabled }, known);
    known.enabled = enabled;
    this.#changed();
  }

  /** A vCPU's TLBs follow this map from now on. */
  attach(listener: MapListener): void {
    this.pageState.listeners.push(listener);
  }

  /** The regions added, and what is visible after priorities: for monitors. */
  get regions(): readonly Region[] {
    return this.#regions;
  }

  get ranges(): readonly FlatRange[] {
    return this.#ranges;
  }

  /** The range that holds a physical address. */
  find(phys: number): FlatRange {
    const last = this.#last;
    if (phys >= last.start && phys < last.end) return last;
    const ranges = this.#ranges;
    let low = 0, high = ranges.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (ranges[middle]!.start <= phys) low = middle;
      else high = middle - 1;
    }
    return (this.#last = ranges[low]!);
  }

  /** Host address of a byte of RAM or ROM, or -1. */
  hostPtrOf(phys: number): HostPtr {
    const range = this.find(phys);
    return range.host < 0 ? -1 : range.host + (phys - range.start);
  }

  /** A page of the arena (host address / 4096) holds translated code from now on: writes to it are announced. */
  protectCode(page: number): void {
    this.pageState.protectCode(page);
  }

  /** It holds none any more. */
  unprotect(page: number): void {
    this.pageState.unprotect(page);
  }

  /** Starts to log which pages of `bytes` bytes of RAM at `host` are written. */
  logDirty(host: HostPtr, bytes: number, client: DirtyClient): DirtyLog {
    return this.pageState.log(host, bytes, client);
  }

  readPhys8(phys: number): number {
    const range = this.find(phys);
    return range.host >= 0 ? this.arena.u8[range.host + (phys - range.start)]! : this.#readOther(range, phys, 1);
  }

  readPhys16(phys: number): number {
    const range = this.find(phys);
    if (range.host < 0 || phys + 2 > range.end) return this.#readOther(range, phys, 2);
    return this.arena.view.getUint16(range.host + (phys - range.start), true);
  }

  /** Unsigned, as all results but halves of 64 bits. */
  readPhys32(phys: number): number {
    const range = this.find(phys);
    if (range.host < 0 || phys + 4 > range.end) return this.#readOther(range, phys, 4);
    return this.arena.view.getUint32(range.host + (phys - range.start), true);
  }

  /** Low half, signed; the high half is left in `hi`. */
  readPhys64(phys: number): number {
    const range = this.find(phys);
    if (range.host < 0 || phys + 8 > range.end) {
      const lo = this.readPhys32(phys) | 0;
      this.hi = this.readPhys32(phys + 4) | 0;
      return lo;
    }
    const host = range.host + (phys - range.start), view = this.arena.view;
    this.hi = view.getInt32(host + 4, true);
    return view.getInt32(host, true);
  }

  writePhys8(phys: number, value: number): void {
    this.#write(phys, value, 1);
  }

  writePhys16(phys: number, value: number): void {
    this.#write(phys, value, 2);
  }

  writePhys32(phys: number, value: number): void {
    this.#write(phys, value, 4);
  }

  writePhys64(phys: number, lo: number, hi: number): void {
    this.#write(phys, lo, 4);
    this.#write(phys + 4, hi, 4);
  }

  /** Fills `into` from `phys` on. */
  read(phys: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const at = phys + done, range = this.find(at), n = Math.min(into.length - done, range.end - at);
      if (range.host >= 0) {
        const host = range.host + (at - range.start);
        into.set(this.arena.u8.subarray(host, host + n), done);
      } else if (range.leaf) for (let i = 0; i < n; i++) into[done + i] = this.#readOther(range, at + i, 1);
      else into.fill(0xff, done, done + n);
      done += n;
    }
  }

  /** Copies `from` to `phys` on. */
  write(phys: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) {
      const at = phys + done, range = this.find(at), n = Math.min(from.length - done, range.end - at);
      if (range.writable) {
        const host = range.host + (at - range.start);
        this.wroteHost(host, n);
        this.arena.u8.set(from.subarray(done, done + n), host);
      } else if (range.leaf?.handler) for (let i = 0; i < n; i++) this.#writeOther(range, at + i, 1, from[done + i]!);
      done += n;
    }
  }

  /** RAM is written without a vCPU's TLB: drops translated code there and marks the pages dirty. */
  wroteHost(host: HostPtr, len: number): void {
    const { bits } = this.pageState;
    const end = host + len;
    for (let page = Math.floor(host / PAGE_SIZE); page * PAGE_SIZE < end; page++) {
      const state = bits[page]!;
      if (state === 0) continue;
      if (state & PageBit.CODE) {
        const from = Math.max(host, page * PAGE_SIZE);
        this.onCodeWrite(from, Math.min(end, (page + 1) * PAGE_SIZE) - from);
      }
      this.pageState.markDirty(page);
    }
  }

  #write(phys: number, value: number, bytes: 1 | 2 | 4): void {
    const range = this.find(phys);
    if (!range.writable || phys + bytes > range.end) {
      this.#writeOther(range, phys, bytes, value);
      return;
    }
    const host = range.host + (phys - range.start);
    if (this.pageState.bits[host >>> 12] !== 0 || (host & 0xfff) + bytes > PAGE_SIZE) this.wroteHost(host, bytes);
    if (bytes === 4) this.arena.view.setInt32(host, value, true);
    else if (bytes === 2) this.arena.view.setInt16(host, value, true);
    else this.arena.u8[host] = value;
  }

  #readOther(range: FlatRange, phys: number, bytes: 1 | 2 | 4): number {
    if (phys + bytes > range.end) {
      let value = 0;
      for (let i = 0; i < bytes; i++) value |= this.readPhys8(phys + i) << (8 * i);
      return value >>> 0;
    }
    if (!range.leaf) return 0xffff_ffff >>> (32 - 8 * bytes);
    return deviceRead(range.leaf, phys - range.start + range.offset, bytes);
  }

  #writeOther(range: FlatRange, phys: number, bytes: 1 | 2 | 4, value: number): void {
    if (phys + bytes > range.end) for (let i = 0; i < bytes; i++) this.#write(phys + i, value >>> (8 * i), 1);
    else if (range.leaf?.handler) deviceWrite(range.leaf, phys - range.start + range.offset, bytes, value);
  }

  #memory(kind: RegionKind, name: string, base: number, size: number, host: HostPtr, options: RegionOptions | undefined): RegionRecord {
    if (base % PAGE_SIZE || size % PAGE_SIZE || host % PAGE_SIZE) {
      throw new PhysMapError(`${kind.toUpperCase()} ${name} at ${hex(base)}, ${size} bytes, host address ${host}: all must be multiples of 4096`);
    }
    if (!(host > 0 && host + size <= this.arena.byteLength)) {
      const { byteLength } = this.arena;
      throw new PhysMapError(`${kind.toUpperCase()} ${name}: ${size} bytes at host address ${host} are outside the arena of ${byteLength}; use Arena.alloc`);
    }
    return { ...record(kind, name, base, size, options), host };
  }

  #add(region: RegionRecord): Region {
    checkPlace(region);
    this.#checkOverlap(region, undefined);
    region.order = ++this.#order;
    this.#regions.push(region);
    this.#changed();
    return region;
  }

  #record(region: Region): RegionRecord {
    const known = this.#regions.find((r) => r === region);
    if (!known) throw new PhysMapError(`Region ${region.name} is not in this map; it was removed, or belongs to another machine`);
    return known;
  }

  #checkOverlap(region: RegionRecord, except: RegionRecord | undefined): void {
    if (!region.enabled) return;
    for (const other of this.#regions) {
      if (other === except || !other.enabled || other.base >= region.base + region.size || region.base >= other.base + other.size) continue;
      if (other.priority !== region.priority || (other.stacked && region.stacked)) continue;
      throw new PhysMapError(`Region ${where(region)} overlaps ${where(other)}; move one, or give a priority if it is meant to hide the other`);
    }
  }

  #changed(): void {
    this.#ranges = flatten(this.#regions);
    this.#last = this.#ranges[0]!;
    for (const listener of this.pageState.listeners) listener.flushAll();
  }
}

function record(kind: RegionKind, name: string, base: number, size: number, options: RegionOptions = {}): RegionRecord {
  const { priority, enabled = true } = options;
  return {
    kind, name, base, size, enabled, priority: priority ?? 0, stacked: priority !== undefined, order: 0, host: -1,
    handler: undefined, minAccess: 1, maxAccess: 4, target: undefined, targetOffset: 0,
  };
}

function checkPlace({ name, base, size, host }: RegionRecord): void {
  if (!(Number.isSafeInteger(base) && Number.isSafeInteger(size) && base >= 0 && size > 0 && base + size <= PHYS_END)) {
    throw new PhysMapError(`Region ${name} at ${base} with ${size} bytes is not in the physical address space; use 0 to 2^52-1`);
  }
  if (host >= 0 && base % PAGE_SIZE) throw new PhysMapError(`Memory region ${name} at ${hex(base)}: the base must be a multiple of 4096`);
}

const hex = (phys: number): string => (Number.isSafeInteger(phys) && phys >= 0 ? formatVaddr(BigInt(phys)) : String(phys));
const where = (r: Region): string => `${r.name} (${hex(r.base)} to ${hex(r.base + r.size - 1)}, priority ${r.priority})`;
