/**
 * One vCPU's view of guest memory: a TLB per mmu index, filled by the CPU's page walk; the slow path for generated code, typed accesses for helpers,
 * instruction fetch, and invalidation. It knows no page-table format. Not modelled: caches, and memory ordering between vCPUs, which take turns.
 */
import type { Arena, HostPtr, VaddrBits } from '@emu/vaddr';
import { Access, MemOp, MMU_IDX_SHIFT } from './memop.ts';
import { SoftMmuError, type SoftMmuOptions, type SoftMmuStats } from './options.ts';
import type { PhysMap } from './phys-map.ts';
import { SlowPath } from './slow-path.ts';
import type { Tlb } from './tlb.ts';
import { OFFSET_MASK, PAGE_MASK, PAGE_SIZE, TlbFlag } from './tlb-entry.ts';
import { Watchpoints } from './watch.ts';

/** Guest addresses are passed as two halves, signed or unsigned; with 32-bit addresses the high one is ignored. */
export class SoftMmu {
  readonly arena: Arena;
  readonly map: PhysMap;
  readonly vaddrBits: VaddrBits;
  readonly watchpoints: Watchpoints;
  /** High half of the last `loadPair`, signed. */
  hi = 0;
  /** Arena page (host address / 4096) that the last `codePage` found: the identity of the code there, whatever alias it was fetched through. */
  physPage = -1;
  readonly #options: SoftMmuOptions;
  readonly #slow: SlowPath;
  readonly #tlbs: readonly Tlb[];
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #view: DataView;
  /** -1 keeps a high half, 0 drops it. */
  readonly #hiMask: number;
  readonly #flag: number;

  constructor(arena: Arena, map: PhysMap, options: SoftMmuOptions) {
    const { mmuModes, vaddrBits, fault } = options;
    if (!(Number.isInteger(mmuModes) && mmuModes >= 1)) throw new SoftMmuError(`A CPU with ${mmuModes} mmu indexes cannot access memory; give 1 or more`);
    if (map.arena !== arena) throw new SoftMmuError('The physical map lies in another arena; one machine has one');
    this.arena = arena;
    this.map = map;
    this.vaddrBits = vaddrBits;
    this.#options = options;
    this.#i32 = arena.i32;
    this.#u8 = arena.u8;
    this.#view = arena.view;
    this.#hiMask = vaddrBits === 64 ? -1 : 0;
    this.#flag = fault.flag >>> 2;
    this.watchpoints = new Watchpoints((lo, hi) => this.flushPage(lo, hi));
    this.#slow = new SlowPath(arena, map, options, this.watchpoints);
    this.#tlbs = this.#slow.tlbs;
    map.attach({
      protect: (first, last) => { for (const tlb of this.#tlbs) tlb.protect(first, last); },
      flushAll: () => this.flushAll(),
    });
  }

  /** Address of the descriptor of an mmu index, constant for the life of the machine: for `emitProbe`. */
  descriptor(mmuIdx: number): HostPtr {
    return this.tlb(mmuIdx).descriptor;
  }

  /** The TLB of an mmu index, to look at. */
  tlb(mmuIdx: number): Tlb {
    const tlb = this.#tlbs[mmuIdx];
    if (!tlb) throw new SoftMmuError(`mmu index ${mmuIdx} is unknown; this CPU has 0 to ${this.#tlbs.length - 1}`);
    return tlb;
  }

  get stats(): SoftMmuStats {
    const sum = { fills: 0, victimHits: 0, flushes: 0, pageFlushes: 0, resizes: 0 };
    for (const { counters } of this.#tlbs) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counters[key];
    return { ...sum, ...this.#slow.counters };
  }

  /**
   * The load behind a missed probe, an import of generated code. `oi` is memop | mmuIdx << 8. Returns the low half; the high half is in `retHi`: a value
   * of 64 bits, extended as the memop says. 16 bytes are left in the mailbox. After a guest fault the flag is set and the result is 0.
   */
  readonly slowLoad = (oi: number, lo: number, hi: number): number => this.#slow.load(oi, lo | 0, hi & this.#hiMask);

  /** The store behind a missed probe. 16 bytes are taken from the mailbox. After a guest fault the flag is set and nothing is written. */
  readonly slowStore = (oi: number, lo: number, hi: number, valueLo: number, valueHi: number): void => {
    this.#slow.store(oi, lo | 0, hi & this.#hiMask, valueLo, valueHi);
  };

  /** Loads for helpers. After a guest fault they leave by `raise`. */
  load8(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 1, Access.READ, mmuIdx);
    return host >= 0 ? this.#u8[host]! : this.#load(MemOp.b8, lo, hi, mmuIdx);
  }

  load16(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 2, Access.READ, mmuIdx);
    return host >= 0 ? this.#view.getUint16(host, true) : this.#load(MemOp.b16, lo, hi, mmuIdx);
  }

  /** A signed number, because an unsigned one may need an allocation. */
  load32(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 4, Access.READ, mmuIdx);
    return host >= 0 ? this.#view.getInt32(host, true) : this.#load(MemOp.b32, lo, hi, mmuIdx);
  }

  /** 64 bits: returns the low half and leaves the high one in `hi`, both signed. */
  loadPair(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 8, Access.READ, mmuIdx);
    if (host < 0) {
      const low = this.#load(MemOp.b64, lo, hi, mmuIdx);
      this.hi = this.#slow.transfer.hi;
      return low;
    }
    this.hi = this.#view.getInt32(host + 4, true);
    return this.#view.getInt32(host, true);
  }

  store8(lo: number, hi: number, mmuIdx: number, value: number): void {
    const host = this.#direct(lo, hi, 1, Access.WRITE, mmuIdx);
    if (host >= 0) this.#u8[host] = value;
    else this.#store(MemOp.b8, lo, hi, mmuIdx, value, 0);
  }

  store16(lo: number, hi: number, mmuIdx: number, value: number): void {
    const host = this.#direct(lo, hi, 2, Access.WRITE, mmuIdx);
    if (host >= 0) this.#view.setUint16(host, value, true);
    else this.#store(MemOp.b16, lo, hi, mmuIdx, value, 0);
  }

  store32(lo: number, hi: number, mmuIdx: number, value: number): void {
    const host = this.#direct(lo, hi, 4, Access.WRITE, mmuIdx);
    if (host >= 0) this.#view.setInt32(host, value, true);
    else this.#store(MemOp.b32, lo, hi, mmuIdx, value, 0);
  }

  storePair(lo: number, hi: number, mmuIdx: number, valueLo: number, valueHi: number): void {
    const host = this.#direct(lo, hi, 8, Access.WRITE, mmuIdx);
    if (host < 0) {
      this.#store(MemOp.b64, lo, hi, mmuIdx, valueLo, valueHi);
      return;
    }
    this.#view.setInt32(host, valueLo, true);
    this.#view.setInt32(host + 4, valueHi, true);
  }

  /**
   * For bulk operations: checks access to the page, and gives the host address where `size` bytes are plain memory in it: they may then be read or
   * written at once. -1: go by typed accesses (a device, a watchpoint, or a second page, which has not been checked). A guest fault raises.
   */
  probe(lo: number, hi: number, size: number, access: Access, mmuIdx: number): HostPtr {
    const tlb = this.tlb(mmuIdx), low = lo | 0, high = hi & this.#hiMask;
    const entry = this.#slow.entry(tlb, low, high, access, mmuIdx);
    if (entry < 0) this.#raise();
    const flags = tlb.flags(entry, access), host = (low + tlb.addend(entry)) >>> 0;
    if ((low & OFFSET_MASK) + size > PAGE_SIZE || flags & (TlbFlag.MMIO | TlbFlag.WATCH)) return -1;
    if (flags !== 0 && !this.#slow.mayStore(tlb, entry, flags, low, high, host, size)) this.#raise();
    return host;
  }

  /**
   * Host address of the start of the page that an instruction fetch at hi:lo reads; `physPage` names it. -1: a guest fault, which the CPU has
   * recorded (the flag is left alone). -2: not RAM or ROM.
   */
  codePage(lo: number, hi: number, mmuIdx: number): HostPtr {
    const tlb = this.tlb(mmuIdx), low = lo | 0;
    const entry = this.#slow.entry(tlb, low, hi & this.#hiMask, Access.FETCH, mmuIdx);
    if (entry < 0) return -1;
    if (tlb.flags(entry, Access.FETCH) & TlbFlag.MMIO) return -2;
    const host = ((low & PAGE_MASK) + tlb.addend(entry)) >>> 0;
    this.physPage = host >>> 12;
    return host;
  }

  flushAll(): void {
    for (const tlb of this.#tlbs) tlb.flush();
    this.#options.onFlush(0, 0, 64);
  }

  /** Flushes the mmu indexes whose bit is set. */
  flushMmuIdx(mask: number): void {
    for (let i = 0; i < this.#tlbs.length; i++) if (mask & (1 << i)) this.#tlbs[i]!.flush();
    this.#options.onFlush(0, 0, 64);
  }

  /** Flushes the page of an address, as INVLPG does (SDM Vol. 3A, section 4.10.4.1): global or not, 4 KiB or all of a large page. */
  flushPage(lo: number, hi: number): void {
    const low = lo | 0, high = hi & this.#hiMask;
    let bits = 0;
    for (const tlb of this.#tlbs) bits = Math.max(bits, tlb.flushPage(low, high));
    this.#options.onFlush(low, high, bits);
  }

  flushNonGlobal(): void {
    for (const tlb of this.#tlbs) tlb.flushNonGlobal();
    this.#options.onFlush(0, 0, 64);
  }

  /** Plain memory for the access, with nothing to look after; else -1. */
  #direct(lo: number, hi: number, size: number, access: Access, mmuIdx: number): HostPtr {
    return (lo & OFFSET_MASK) + size > PAGE_SIZE ? -1 : this.#tlbs[mmuIdx]!.direct(lo | 0, hi & this.#hiMask, access);
  }

  #load(op: number, lo: number, hi: number, mmuIdx: number): number {
    const value = this.slowLoad(op | (mmuIdx << MMU_IDX_SHIFT), lo, hi);
    if (this.#i32[this.#flag] !== 0) this.#raise();
    return value;
  }

  #store(op: number, lo: number, hi: number, mmuIdx: number, valueLo: number, valueHi: number): void {
    this.slowStore(op | (mmuIdx << MMU_IDX_SHIFT), lo, hi, valueLo, valueHi);
    if (this.#i32[this.#flag] !== 0) this.#raise();
  }

  #raise(): never {
    const { raise } = this.#options;
    if (!raise) throw new SoftMmuError('A helper met a guest fault, but SoftMmu was made without `raise`; pass one that throws');
    return raise();
  }
}
