/**
 * Every access that the inline probe does not serve: TLB refill by the CPU's page walk, devices, page crossing, misalignment, watchpoints, stores to
 * pages with translated code. What crosses a page is translated on both sides before a byte moves; a fault leaves memory untouched.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { Access, MEM_OP_MASK, MemOp, MMU_IDX_SHIFT } from './memop.ts';
import { Prot, SoftMmuError, type SoftMmuOptions, type Walk, type WalkResult } from './options.ts';
import { PageBit } from './page-state.ts';
import type { PhysMap } from './phys-map.ts';
import { makeProtectKernel } from './protect-kernel.ts';
import { DEFAULT_TLB_SIZE, Tlb } from './tlb.ts';
import { OFFSET_MASK, PAGE_MASK, PAGE_SIZE, TlbFlag } from './tlb-entry.ts';
import { Transfer } from './transfer.ts';
import type { Watchpoints } from './watch.ts';

/** Addresses are signed halves, the high one 0 with 32-bit addresses, unless said otherwise. */
export class SlowPath {
  readonly tlbs: readonly Tlb[];
  readonly transfer: Transfer;
  readonly counters = { slowLoads: 0, slowStores: 0, io: 0, crossings: 0, codeWrites: 0 };
  readonly #map: PhysMap;
  readonly #options: SoftMmuOptions;
  readonly #watchpoints: Watchpoints;
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #wide: boolean;
  readonly #flag: number;
  readonly #retHi: number;
  readonly #walk: Walk;
  readonly #result: WalkResult = { phys: 0, prot: 0, pageBits: 12, global: false };
  /** An access that crosses a page: its bytes, and of its two parts the host address (or -1) and the physical address. */
  readonly #bytes = new DataView(new ArrayBuffer(16));
  readonly #hosts = new Float64Array(2);
  readonly #physs = new Float64Array(2);

  constructor(arena: Arena, map: PhysMap, options: SoftMmuOptions, watchpoints: Watchpoints) {
    const { mmuModes, vaddrBits, fault, walk, tlbSize = DEFAULT_TLB_SIZE } = options;
    this.#map = map;
    this.#options = options;
    this.#watchpoints = watchpoints;
    this.#i32 = arena.i32;
    this.#u8 = arena.u8;
    this.#wide = vaddrBits === 64;
    this.#flag = fault.flag >>> 2;
    this.#retHi = fault.retHi >>> 2;
    this.#walk = walk;
    this.transfer = new Transfer(arena, map, fault.retHi, fault.mailbox);
    const protect = makeProtectKernel(arena, vaddrBits);
    this.tlbs = Array.from({ length: mmuModes }, () => new Tlb(arena, vaddrBits, tlbSize, protect));
  }

  /** As `SoftMmu.slowLoad`. */
  load(oi: number, lo: number, hi: number): number {
    this.counters.slowLoads++;
    const op = oi & MEM_OP_MASK, mmuIdx = oi >>> MMU_IDX_SHIFT, size = 1 << (op & MemOp.SIZE), offset = lo & OFFSET_MASK;
    const access = op & MemOp.RMW ? Access.WRITE : Access.READ;
    if (op & MemOp.ALIGN && offset & (size - 1)) return this.#misaligned(lo, hi, access, mmuIdx);
    if (offset + size > PAGE_SIZE) return this.#loadCrossing(lo, hi, op, access, mmuIdx);
    const tlb = this.tlbs[mmuIdx]!, entry = this.entry(tlb, lo, hi, access, mmuIdx);
    if (entry < 0) return this.#fail();
    const flags = tlb.flags(entry, access), host = (lo + tlb.addend(entry)) >>> 0;
    if (flags === 0) return this.transfer.loadHost(host, op);
    const phys = tlb.phys(entry) + offset;
    if (flags & TlbFlag.WATCH && this.#watched(lo, hi, size, Access.READ)) return this.#fail();
    if (!(flags & TlbFlag.MMIO)) return this.transfer.loadHost(host, op);
    this.counters.io++;
    return this.transfer.loadIo(phys, op);
  }

  /** As `SoftMmu.slowStore`. */
  store(oi: number, lo: number, hi: number, valueLo: number, valueHi: number): void {
    this.counters.slowStores++;
    const op = oi & MEM_OP_MASK, mmuIdx = oi >>> MMU_IDX_SHIFT, size = 1 << (op & MemOp.SIZE), offset = lo & OFFSET_MASK;
    if (op & MemOp.ALIGN && offset & (size - 1)) {
      this.#misaligned(lo, hi, Access.WRITE, mmuIdx);
      return;
    }
    if (offset + size > PAGE_SIZE) {
      this.#storeCrossing(lo, hi, size, mmuIdx, valueLo, valueHi);
      return;
    }
    const tlb = this.tlbs[mmuIdx]!, entry = this.entry(tlb, lo, hi, Access.WRITE, mmuIdx);
    if (entry < 0) {
      this.#fail();
      return;
    }
    const flags = tlb.flags(entry, Access.WRITE), host = (lo + tlb.addend(entry)) >>> 0;
    if (flags & TlbFlag.MMIO) this.#storeIo(tlb.phys(entry) + offset, flags, lo, hi, size, valueLo, valueHi);
    else if (flags === 0 || this.mayStore(tlb, entry, flags, lo, hi, host, size)) this.transfer.storeHost(host, size, valueLo, valueHi);
  }

  /** The entry for an access, after a walk if need be; -1 after a guest fault, which is not flagged. */
  entry(tlb: Tlb, lo: number, hi: number, access: Access, mmuIdx: number): number {
    const entry = tlb.find(lo, hi, access);
    return entry >= 0 ? entry : this.#fill(tlb, lo, hi, access, mmuIdx);
  }

  /**
   * What must happen before a store through an entry with flags for plain memory: watchpoints, and for a page with translated code or a clean one that
   * is logged, the announcement. False: abandon it; the fault is flagged.
   */
  mayStore(tlb: Tlb, entry: number, flags: number, lo: number, hi: number, host: HostPtr, size: number): boolean {
    if (flags & TlbFlag.WATCH && this.#watched(lo, hi, size, Access.WRITE)) return false;
    if (!(flags & TlbFlag.NOTDIRTY)) return true;
    if (!this.#announce(host, size)) return false;
    if (this.#map.pageState.bits[host >>> 12] === 0) tlb.clearNotDirty(entry, lo, hi);
    return true;
  }

  #fill(tlb: Tlb, lo: number, hi: number, access: Access, mmuIdx: number): number {
    const result = this.#result;
    if (!this.#walk(lo, hi, access, mmuIdx, result)) return -1;
    const { prot, pageBits, global } = result;
    const phys = result.phys - (result.phys & OFFSET_MASK), range = this.#map.find(phys);
    const watch = this.#watchpoints.inPage(lo, hi) ? TlbFlag.WATCH : 0;
    let read: number = TlbFlag.MMIO, write: number = TlbFlag.MMIO, addend = 0;
    if (range.host >= 0 && phys >= range.start && phys + PAGE_SIZE <= range.end) { // a page of several regions is looked up at each access
      const host = range.host + (phys - range.start);
      addend = (host - (lo & PAGE_MASK)) | 0;
      read = 0;
      if (range.writable) write = this.#map.pageState.bits[host >>> 12] === 0 ? 0 : TlbFlag.NOTDIRTY;
    }
    return tlb.fill(
      lo, hi, prot & Prot.READ ? read | watch : -1, prot & Prot.WRITE ? write | watch : -1, prot & Prot.EXEC ? read : -1, addend, phys, pageBits, global,
    );
  }

  /** Sets the fault flag; 0 is the result of what faulted. */
  #fail(): number {
    this.#i32[this.#flag] = 1;
    this.#i32[this.#retHi] = 0;
    return 0;
  }

  #misaligned(lo: number, hi: number, access: Access, mmuIdx: number): number {
    const { alignmentFault } = this.#options;
    if (!alignmentFault) throw new SoftMmuError('An access with MemOp.ALIGN is misaligned, but SoftMmu was made without `alignmentFault`; pass one');
    alignmentFault(lo, hi, access, mmuIdx);
    return this.#fail();
  }

  /** Whether a watchpoint stops the access; if so, sets the flag. */
  #watched(lo: number, hi: number, size: number, access: Access): boolean {
    if (!this.#watchpoints.hit(lo, hi, size, access) || this.#options.onWatch?.(lo, hi, size, access) !== true) return false;
    this.#fail();
    return true;
  }

  /** Announces a store within a page of RAM to whom it concerns. False: abandon it. */
  #announce(host: HostPtr, len: number): boolean {
    const page = host >>> 12, state = this.#map.pageState;
    if (state.bits[page]! & PageBit.CODE) {
      this.counters.codeWrites++;
      if (this.#options.onCodeWrite(host, len)) return false;
    }
    state.markDirty(page);
    return true;
  }

  #storeIo(phys: number, flags: number, lo: number, hi: number, size: number, valueLo: number, valueHi: number): void {
    if (flags & TlbFlag.WATCH && this.#watched(lo, hi, size, Access.WRITE)) return;
    this.counters.io++;
    this.transfer.storeIo(phys, size, valueLo, valueHi);
  }

  /** Translates one part of an access that crosses a page. False: a fault, or a watchpoint stops it. */
  #locate(part: number, lo: number, hi: number, bytes: number, access: Access, mmuIdx: number): boolean {
    const tlb = this.tlbs[mmuIdx]!, entry = this.entry(tlb, lo, hi, access, mmuIdx);
    if (entry < 0) return false;
    const flags = tlb.flags(entry, access);
    this.#hosts[part] = flags & TlbFlag.MMIO ? -1 : (lo + tlb.addend(entry)) >>> 0;
    this.#physs[part] = tlb.phys(entry) + (lo & OFFSET_MASK);
    return !(flags & TlbFlag.WATCH) || !this.#watched(lo, hi, bytes, access);
  }

  /** Both parts, the lower first. The upper one starts its page; at the top of the address space that is page 0. */
  #locateBoth(lo: number, hi: number, size: number, access: Access, mmuIdx: number): boolean {
    this.counters.crossings++;
    const first = PAGE_SIZE - (lo & OFFSET_MASK), next = ((lo & PAGE_MASK) + PAGE_SIZE) | 0;
    const nextHi = this.#wide && next === 0 ? (hi + 1) | 0 : hi;
    return this.#locate(0, lo, hi, first, access, mmuIdx) && this.#locate(1, next, nextHi, size - first, access, mmuIdx);
  }

  #loadCrossing(lo: number, hi: number, op: number, access: Access, mmuIdx: number): number {
    const size = 1 << (op & MemOp.SIZE), first = PAGE_SIZE - (lo & OFFSET_MASK);
    if (!this.#locateBoth(lo, hi, size, access, mmuIdx)) return this.#fail();
    for (let i = 0; i < size; i++) {
      const part = i < first ? 0 : 1, at = part === 0 ? i : i - first, host = this.#hosts[part]!;
      this.#bytes.setUint8(i, host >= 0 ? this.#u8[host + at]! : this.#map.readPhys8(this.#physs[part]! + at));
    }
    return this.transfer.loadBytes(this.#bytes, op);
  }

  #storeCrossing(lo: number, hi: number, size: number, mmuIdx: number, valueLo: number, valueHi: number): void {
    const first = PAGE_SIZE - (lo & OFFSET_MASK);
    if (!this.#locateBoth(lo, hi, size, Access.WRITE, mmuIdx)) {
      this.#fail();
      return;
    }
    for (let part = 0; part < 2; part++) {
      const host = this.#hosts[part]!;
      if (host >= 0 && !this.#announce(host, part === 0 ? first : size - first)) return;
    }
    this.transfer.storeBytes(this.#bytes, size, valueLo, valueHi);
    for (let i = 0; i < size; i++) {
      const part = i < first ? 0 : 1, at = part === 0 ? i : i - first, host = this.#hosts[part]!, byte = this.#bytes.getUint8(i);
      if (host >= 0) this.#u8[host + at] = byte;
      else this.#map.writePhys8(this.#physs[part]! + at, byte);
    }
  }
}
