/**
 * One vCPU's view of guest memory: a TLB per mmu index, filled by the CPU's page walk, and the slow path of every access that the inline probe
 * does not serve. Faults follow SDM Vol. 3A, chapter 4 as the walk reports them; this file knows no page-table format. What crosses a page is
 * translated on both sides before a byte moves. Not modelled: caching, memory ordering between vCPUs (they take turns).
 */
import { EmuError, type Arena, type HostPtr, type VaddrBits } from '@emu/vaddr';
import { Access, MEM_OP_MASK, MemOp, MMU_IDX_SHIFT } from './memop.ts';
import { PageBit } from './page-state.ts';
import type { PhysMap } from './phys-map.ts';
import { DEFAULT_TLB_SIZE, Tlb, type TlbSize } from './tlb.ts';
import { OFFSET_MASK, PAGE_MASK, PAGE_SIZE, TlbFlag } from './tlb-entry.ts';
import { Watchpoints } from './watch.ts';

export class SoftMmuError extends EmuError {}

/** Permissions of a page. */
export const Prot = { READ: 1, WRITE: 2, EXEC: 4 } as const;

/** What a page walk found; the walk fills one object over and over. */
export interface WalkResult {
  /** Physical address of the byte or of its 4 KiB page. */
  phys: number;
  /** `Prot` bits that later accesses may use without another walk. A page whose dirty bit is still to be set is not writable yet. */
  prot: number;
  /** Log2 of the size of the page that maps it: 12, or up to 31. */
  pageBits: number;
  /** The page survives `flushNonGlobal`. */
  global: boolean;
}

/**
 * The CPU's page walk for linear address hi:lo (signed halves). True: `result` is filled and allows the access. False: the CPU has recorded the
 * guest's fault. Must not touch the TLB.
 */
export type Walk = (lo: number, hi: number, access: Access, mmuIdx: number, result: WalkResult) => boolean;

export interface SoftMmuOptions {
  /** Width of guest virtual addresses. */
  readonly vaddrBits: VaddrBits;
  /** Number of mmu indexes; each reserves half a MiB of the arena. */
  readonly mmuModes: number;
  readonly walk: Walk;
  /** Words in the CPU header: the fault flag, the high half of results, and 16 bytes for v128 values. */
  readonly fault: { readonly flag: HostPtr; readonly retHi: HostPtr; readonly mailbox: HostPtr };
  /**
   * A store of `len` bytes to RAM at host address `ram`, in a page with translated code, is about to happen (a read-modify-write load does not
   * announce itself). True: abandon the instruction; the fault flag has been set, or `raise` will be called.
   */
  readonly onCodeWrite: (ram: HostPtr, len: number) => boolean;
  /** Translations of 2^`bits` bytes around hi:lo changed (64: all): virtual addresses in a jump cache are stale. */
  readonly onFlush: (lo: number, hi: number, bits: number) => void;
  /** An access with MemOp.ALIGN is misaligned: records the guest's fault. */
  readonly alignmentFault?: (lo: number, hi: number, access: Access, mmuIdx: number) => void;
  /** Abandons a helper after a guest fault has been recorded: throws. Needed by the typed accesses only. */
  readonly raise?: () => never;
  /** An access is about to touch a watchpoint. True: abandon the instruction; the fault has been recorded. */
  readonly onWatch?: (lo: number, hi: number, size: number, access: Access) => boolean;
  readonly tlbSize?: TlbSize;
}

/** Events since the machine started; TLB events are summed over the mmu indexes. */
export interface SoftMmuStats {
  fills: number;
  victimHits: number;
  flushes: number;
  pageFlushes: number;
  resizes: number;
  slowLoads: number;
  slowStores: number;
  io: number;
  crossings: number;
  codeWrites: number;
}

export class SoftMmu {
  readonly arena: Arena;
  readonly map: PhysMap;
  readonly vaddrBits: VaddrBits;
  readonly tlbs: readonly Tlb[];
  readonly watchpoints: Watchpoints;
  /** High half of the last 64-bit typed load, signed. */
  hi = 0;
  /** Arena page (host address / 4096) that the last `codePage` found: the identity of the code there, whatever alias it was fetched through. */
  physPage = -1;
  readonly #options: SoftMmuOptions;
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #view: DataView;
  readonly #wide: boolean;
  readonly #flag: number;
  readonly #retHi: number;
  readonly #mailbox: HostPtr;
  readonly #walk: Walk;
  readonly #onCodeWrite: (ram: HostPtr, len: number) => boolean;
  readonly #result: WalkResult = { phys: 0, prot: 0, pageBits: 12, global: false };
  /** Bytes of an access that crosses a page, and where its two parts are: host address or -1, and physical address. */
  readonly #bytes = new Uint8Array(16);
  readonly #words = new DataView(this.#bytes.buffer);
  readonly #hosts = new Float64Array(2);
  readonly #physs = new Float64Array(2);
  readonly #counters = { slowLoads: 0, slowStores: 0, io: 0, crossings: 0, codeWrites: 0 };

  constructor(arena: Arena, map: PhysMap, options: SoftMmuOptions) {
    const { mmuModes, vaddrBits, fault } = options;
    if (!(Number.isInteger(mmuModes) && mmuModes >= 1)) throw new SoftMmuError(`${mmuModes} mmu indexes; a CPU has at least 1`);
    if (map.arena !== arena) throw new SoftMmuError('The physical map is of another arena; one machine has one');
    this.arena = arena;
    this.map = map;
    this.vaddrBits = vaddrBits;
    this.#options = options;
    this.#wide = vaddrBits === 64;
    this.#i32 = arena.i32;
    this.#u8 = arena.u8;
    this.#view = arena.view;
    this.#flag = fault.flag >>> 2;
    this.#retHi = fault.retHi >>> 2;
    this.#mailbox = fault.mailbox;
    this.#walk = options.walk;
    this.#onCodeWrite = options.onCodeWrite;
    this.tlbs = Array.from({ length: mmuModes }, () => new Tlb(arena, vaddrBits, options.tlbSize ?? DEFAULT_TLB_SIZE));
    this.watchpoints = new Watchpoints((lo, hi) => this.flushPage(lo, hi));
    map.attach({
      protect: (first, last) => { for (const tlb of this.tlbs) tlb.protect(first, last); },
      flushAll: () => this.flushAll(),
    });
  }

  /** Address of the descriptor of an mmu index, constant for the life of the machine. */
  descriptor(mmuIdx: number): HostPtr {
    return this.#tlb(mmuIdx).descriptor;
  }

  get stats(): SoftMmuStats {
    const sum = { fills: 0, victimHits: 0, flushes: 0, pageFlushes: 0, resizes: 0 };
    for (const { counters } of this.tlbs) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counters[key];
    return { ...sum, ...this.#counters };
  }

  /**
   * The load behind a missed probe; an import of generated code. `oi` is memop | mmuIdx << 8. Returns the low half; the high half is in `retHi`, both
   * extended as the memop says. 16 bytes are left in the mailbox. After a guest fault the flag is set and the result is 0.
   */
  readonly slowLoad = (oi: number, lo: number, hi: number): number => {
    this.#counters.slowLoads++;
    const op = oi & MEM_OP_MASK, mmuIdx = oi >>> MMU_IDX_SHIFT, size = 1 << (op & MemOp.SIZE);
    const access = op & MemOp.RMW ? Access.WRITE : Access.READ;
    const high = this.#wide ? hi | 0 : 0;
    if (op & MemOp.ALIGN && lo & (size - 1)) return this.#misaligned(lo, high, access, mmuIdx);
    if ((lo & OFFSET_MASK) + size > PAGE_SIZE) return this.#loadCrossing(lo | 0, high, op, size, access, mmuIdx);
    const tlb = this.tlbs[mmuIdx]!;
    const entry = this.#entry(tlb, lo | 0, high, access, mmuIdx);
    if (entry < 0) return this.#fail();
    const flags = tlb.flags(entry, access);
    if (flags === 0) return this.#loadHost((lo + tlb.addend(entry)) >>> 0, op);
    const phys = tlb.phys(entry) + (lo & OFFSET_MASK), addend = tlb.addend(entry);
    if (flags & TlbFlag.WATCH && this.#watched(lo, high, size, Access.READ)) return this.#fail();
    return flags & TlbFlag.MMIO ? this.#loadIo(phys, op, size) : this.#loadHost((lo + addend) >>> 0, op);
  };

  /** The store behind a missed probe. 16 bytes are taken from the mailbox. After a guest fault the flag is set and nothing is written. */
  readonly slowStore = (oi: number, lo: number, hi: number, valueLo: number, valueHi: number): void => {
    this.#counters.slowStores++;
    const op = oi & MEM_OP_MASK, mmuIdx = oi >>> MMU_IDX_SHIFT, size = 1 << (op & MemOp.SIZE);
    const high = this.#wide ? hi | 0 : 0;
    if (op & MemOp.ALIGN && lo & (size - 1)) {
      this.#misaligned(lo, high, Access.WRITE, mmuIdx);
      return;
    }
    if ((lo & OFFSET_MASK) + size > PAGE_SIZE) {
      this.#storeCrossing(lo | 0, high, size, mmuIdx, valueLo, valueHi);
      return;
    }
    const tlb = this.tlbs[mmuIdx]!;
    const entry = this.#entry(tlb, lo | 0, high, Access.WRITE, mmuIdx);
    if (entry < 0) {
      this.#fail();
      return;
    }
    const flags = tlb.flags(entry, Access.WRITE), host = (lo + tlb.addend(entry)) >>> 0;
    if (flags !== 0) {
      const phys = tlb.phys(entry) + (lo & OFFSET_MASK);
      if (flags & TlbFlag.WATCH && this.#watched(lo, high, size, Access.WRITE)) return;
      if (flags & TlbFlag.MMIO) {
        this.#storeIo(phys, size, valueLo, valueHi);
        return;
      }
      if (flags & TlbFlag.NOTDIRTY && this.#writeProtected(tlb, entry, lo, high, host, size)) return;
    }
    this.#storeHost(host, size, valueLo, valueHi);
  };

  /** Loads a byte for a helper. Typed accesses take the address as two halves; on a guest fault they call `raise`. */
  load8(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 1, Access.READ, mmuIdx);
    return host >= 0 ? this.#u8[host]! : this.#loadSlowly(MemOp.b8, lo, hi, mmuIdx);
  }

  load16(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 2, Access.READ, mmuIdx);
    return host >= 0 ? this.#view.getUint16(host, true) : this.#loadSlowly(MemOp.b16, lo, hi, mmuIdx);
  }

  /** A signed number, so that nothing is allocated. */
  load32(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 4, Access.READ, mmuIdx);
    return host >= 0 ? this.#view.getInt32(host, true) : this.#loadSlowly(MemOp.b32, lo, hi, mmuIdx);
  }

  /** Loads 64 bits: returns the low half, leaves the high one in `hi`, both signed. */
  loadPair(lo: number, hi: number, mmuIdx: number): number {
    const host = this.#direct(lo, hi, 8, Access.READ, mmuIdx);
    if (host < 0) {
      const low = this.#loadSlowly(MemOp.b64, lo, hi, mmuIdx);
      this.hi = this.#i32[this.#retHi]!;
      return low;
    }
    this.hi = this.#view.getInt32(host + 4, true);
    return this.#view.getInt32(host, true);
  }

  store8(lo: number, hi: number, mmuIdx: number, value: number): void {
    const host = this.#direct(lo, hi, 1, Access.WRITE, mmuIdx);
    if (host >= 0) this.#u8[host] = value;
    else this.#storeSlowly(MemOp.b8, lo, hi, mmuIdx, value, 0);
  }

  store16(lo: number, hi: number, mmuIdx: number, value: number): void {
    const host = this.#direct(lo, hi, 2, Access.WRITE, mmuIdx);
    if (host >= 0) this.#view.setUint16(host, value, true);
    else this.#storeSlowly(MemOp.b16, lo, hi, mmuIdx, value, 0);
  }

  store32(lo: number, hi: number, mmuIdx: number, value: number): void {
    const host = this.#direct(lo, hi, 4, Access.WRITE, mmuIdx);
    if (host >= 0) this.#view.setInt32(host, value, true);
    else this.#storeSlowly(MemOp.b32, lo, hi, mmuIdx, value, 0);
  }

  storePair(lo: number, hi: number, mmuIdx: number, valueLo: number, valueHi: number): void {
    const host = this.#direct(lo, hi, 8, Access.WRITE, mmuIdx);
    if (host < 0) {
      this.#storeSlowly(MemOp.b64, lo, hi, mmuIdx, valueLo, valueHi);
      return;
    }
    this.#view.setInt32(host, valueLo, true);
    this.#view.setInt32(host + 4, valueHi, true);
  }

  /**
   * For bulk operations: checks access to `size` bytes, and gives their host address where they are plain memory in one page: a write then needs no
   * further care. -1: go by the typed accesses (a device, a watchpoint, or two pages, of which only the first has been checked). A fault raises.
   */
  probe(lo: number, hi: number, size: number, access: Access, mmuIdx: number): HostPtr {
    const tlb = this.#tlb(mmuIdx), high = this.#wide ? hi | 0 : 0;
    const entry = this.#entry(tlb, lo | 0, high, access, mmuIdx);
    if (entry < 0) this.#raise();
    const flags = tlb.flags(entry, access), host = (lo + tlb.addend(entry)) >>> 0;
    if ((lo & OFFSET_MASK) + size > PAGE_SIZE || flags & (TlbFlag.MMIO | TlbFlag.WATCH)) return -1;
    if (flags & TlbFlag.NOTDIRTY && this.#writeProtected(tlb, entry, lo, high, host, size)) this.#raise();
    return host;
  }

  /**
   * Host address of the start of the page that an instruction fetch at hi:lo reads; `physPage` names it. -1: a guest fault, which the CPU has
   * recorded (the flag is left alone). -2: not RAM or ROM.
   */
  codePage(lo: number, hi: number, mmuIdx: number): HostPtr {
    const tlb = this.#tlb(mmuIdx), high = this.#wide ? hi | 0 : 0;
    const entry = this.#entry(tlb, lo | 0, high, Access.FETCH, mmuIdx);
    if (entry < 0) return -1;
    if (tlb.flags(entry, Access.FETCH) & TlbFlag.MMIO) return -2;
    const host = ((lo & PAGE_MASK) + tlb.addend(entry)) >>> 0;
    this.physPage = host >>> 12;
    return host;
  }

  flushAll(): void {
    for (const tlb of this.tlbs) tlb.flush();
    this.#options.onFlush(0, 0, 64);
  }

  /** Flushes the mmu indexes whose bit is set. */
  flushMmuIdx(mask: number): void {
    this.tlbs.forEach((tlb, i) => { if (mask & (1 << i)) tlb.flush(); });
    this.#options.onFlush(0, 0, 64);
  }

  /** Flushes the page of an address, as INVLPG does (SDM Vol. 3A, section 4.10.4.1): global or not, 4 KiB or all of a large page. */
  flushPage(lo: number, hi: number): void {
    const high = this.#wide ? hi | 0 : 0;
    let bits = 12;
    for (const tlb of this.tlbs) bits = Math.max(bits, tlb.flushPage(lo | 0, high));
    this.#options.onFlush(lo | 0, high, bits);
  }

  flushNonGlobal(): void {
    for (const tlb of this.tlbs) tlb.flushNonGlobal();
    this.#options.onFlush(0, 0, 64);
  }

  #tlb(mmuIdx: number): Tlb {
    const tlb = this.tlbs[mmuIdx];
    if (!tlb) throw new SoftMmuError(`mmu index ${mmuIdx} is unknown; this CPU has 0 to ${this.tlbs.length - 1}`);
    return tlb;
  }

  /** The entry for an access, after a walk if need be; -1 after a guest fault. */
  #entry(tlb: Tlb, lo: number, hi: number, access: Access, mmuIdx: number): number {
    const entry = tlb.find(lo, hi, access);
    return entry >= 0 ? entry : this.#fill(tlb, lo, hi, access, mmuIdx);
  }

  #fill(tlb: Tlb, lo: number, hi: number, access: Access, mmuIdx: number): number {
    const result = this.#result;
    if (!this.#walk(lo, hi, access, mmuIdx, result)) return -1;
    const { prot, pageBits, global } = result;
    const phys = result.phys - (result.phys & OFFSET_MASK), range = this.map.find(phys);
    const watch = this.watchpoints.inPage(lo, hi) ? TlbFlag.WATCH : 0;
    let read: number = TlbFlag.MMIO, write: number = TlbFlag.MMIO, addend = 0;
    if (range.host >= 0 && phys + PAGE_SIZE <= range.end && phys >= range.start) { // a page shared by several regions is looked up at each access
      const host = range.host + (phys - range.start);
      addend = (host - (lo & PAGE_MASK)) | 0;
      read = 0;
      if (range.writable) write = this.map.pageState.bits[host >>> 12] === 0 ? 0 : TlbFlag.NOTDIRTY;
    }
    return tlb.fill(
      lo, hi, prot & Prot.READ ? read | watch : -1, prot & Prot.WRITE ? write | watch : -1, prot & Prot.EXEC ? read : -1, addend, phys, pageBits, global,
    );
  }

  /** Sets the fault flag; 0 is the result of what faulted. */
  #fail(): number {
    this.#i32[this.#flag] = 1;
    return 0;
  }

  #raise(): never {
    const raise = this.#options.raise;
    if (!raise) throw new SoftMmuError('A typed access met a guest fault, but SoftMmu was made without `raise`; pass one that throws');
    return raise();
  }

  #misaligned(lo: number, hi: number, access: Access, mmuIdx: number): number {
    const { alignmentFault } = this.#options;
    if (!alignmentFault) throw new SoftMmuError('An access with MemOp.ALIGN is misaligned, but SoftMmu was made without `alignmentFault`');
    alignmentFault(lo | 0, hi, access, mmuIdx);
    return this.#fail();
  }

  /** Whether a watchpoint stops the access; if so, sets the flag. */
  #watched(lo: number, hi: number, size: number, access: Access): boolean {
    if (!this.watchpoints.hit(lo | 0, hi, size, access) || this.#options.onWatch?.(lo | 0, hi, size, access) !== true) return false;
    this.#fail();
    return true;
  }

  /** A store to a page with translated code, or to a clean page that is logged. True: abandon it. */
  #writeProtected(tlb: Tlb, entry: number, lo: number, hi: number, host: HostPtr, size: number): boolean {
    const page = host >>> 12, state = this.map.pageState;
    if (state.bits[page]! & PageBit.CODE) {
      this.#counters.codeWrites++;
      if (this.#onCodeWrite(host, size)) return true;
    }
    if (state.markDirty(page) === 0) tlb.clearNotDirty(entry, lo, hi);
    return false;
  }

  /** Plain memory for the access, with nothing to look after; else -1. */
  #direct(lo: number, hi: number, size: number, access: Access, mmuIdx: number): HostPtr {
    if ((lo & OFFSET_MASK) + size > PAGE_SIZE) return -1;
    const tlb = this.tlbs[mmuIdx]!, entry = tlb.find(lo | 0, this.#wide ? hi | 0 : 0, access);
    return entry >= 0 && tlb.flags(entry, access) === 0 ? (lo + tlb.addend(entry)) >>> 0 : -1;
  }

  #loadSlowly(op: number, lo: number, hi: number, mmuIdx: number): number {
    const value = this.slowLoad(op | (mmuIdx << MMU_IDX_SHIFT), lo, hi);
    if (this.#i32[this.#flag] !== 0) this.#raise();
    return value;
  }

  #storeSlowly(op: number, lo: number, hi: number, mmuIdx: number, valueLo: number, valueHi: number): void {
    this.slowStore(op | (mmuIdx << MMU_IDX_SHIFT), lo, hi, valueLo, valueHi);
    if (this.#i32[this.#flag] !== 0) this.#raise();
  }

  /** Returns a value of up to 32 bits with its high half in place. */
  #extended(value: number, op: number): number {
    this.#i32[this.#retHi] = op & MemOp.SIGN ? value >> 31 : 0;
    return value;
  }

  #loadHost(host: HostPtr, op: number): number {
    const view = this.#view;
    switch (op & (MemOp.SIZE | MemOp.SIGN)) {
      case MemOp.b8: return this.#extended(this.#u8[host]!, op);
      case MemOp.b8 | MemOp.SIGN: return this.#extended(view.getInt8(host), op);
      case MemOp.b16: return this.#extended(view.getUint16(host, true), op);
      case MemOp.b16 | MemOp.SIGN: return this.#extended(view.getInt16(host, true), op);
      case MemOp.b32: case MemOp.b32 | MemOp.SIGN: return this.#extended(view.getInt32(host, true), op);
      case MemOp.b64: case MemOp.b64 | MemOp.SIGN:
        this.#i32[this.#retHi] = view.getInt32(host + 4, true);
        return view.getInt32(host, true);
      default:
        this.#u8.copyWithin(this.#mailbox, host, host + 16);
        return 0;
    }
  }

  #storeHost(host: HostPtr, size: number, valueLo: number, valueHi: number): void {
    const view = this.#view;
    if (size === 1) this.#u8[host] = valueLo;
    else if (size === 2) view.setUint16(host, valueLo, true);
    else if (size === 4) view.setInt32(host, valueLo, true);
    else if (size === 8) {
      view.setInt32(host, valueLo, true);
      view.setInt32(host + 4, valueHi, true);
    } else this.#u8.copyWithin(host, this.#mailbox, this.#mailbox + 16);
  }

  #loadIo(phys: number, op: number, size: number): number {
    this.#counters.io++;
    const map = this.map;
    if (size === 1) return this.#signed(map.readPhys8(phys), op, 24);
    if (size === 2) return this.#signed(map.readPhys16(phys), op, 16);
    const lo = map.readPhys32(phys) | 0;
    if (size === 4) return this.#extended(lo, op);
    const hi = map.readPhys32(phys + 4) | 0;
    this.#i32[this.#retHi] = hi;
    if (size === 8) return lo;
    const word = this.#mailbox >>> 2;
    this.#i32[word] = lo;
    this.#i32[word + 1] = hi;
    this.#i32[word + 2] = map.readPhys32(phys + 8);
    this.#i32[word + 3] = map.readPhys32(phys + 12);
    return 0;
  }

  #signed(value: number, op: number, spare: number): number {
    return this.#extended(op & MemOp.SIGN ? (value << spare) >> spare : value, op);
  }

  #storeIo(phys: number, size: number, valueLo: number, valueHi: number): void {
    this.#counters.io++;
    const map = this.map;
    if (size === 1) map.writePhys8(phys, valueLo & 0xff);
    else if (size === 2) map.writePhys16(phys, valueLo & 0xffff);
    else if (size === 4) map.writePhys32(phys, valueLo);
    else if (size === 8) map.writePhys64(phys, valueLo, valueHi);
    else {
      const word = this.#mailbox >>> 2;
      map.writePhys64(phys, this.#i32[word]!, this.#i32[word + 1]!);
      map.writePhys64(phys + 8, this.#i32[word + 2]!, this.#i32[word + 3]!);
    }
  }

  /** Translates one side of an access that crosses a page into `#hosts[part]` and `#physs[part]`. False: fault, or stopped by a watchpoint. */
  #locate(part: number, lo: number, hi: number, bytes: number, access: Access, mmuIdx: number): boolean {
    const tlb = this.tlbs[mmuIdx]!, entry = this.#entry(tlb, lo, hi, access, mmuIdx);
    if (entry < 0) return false;
    const flags = tlb.flags(entry, access);
    this.#hosts[part] = flags & TlbFlag.MMIO ? -1 : (lo + tlb.addend(entry)) >>> 0;
    this.#physs[part] = tlb.phys(entry) + (lo & OFFSET_MASK);
    return !(flags & TlbFlag.WATCH) || !this.#watched(lo, hi, bytes, access);
  }

  /** Both sides, the lower first. The upper one starts its page; at the top of the address space that is page 0. */
  #locateBoth(lo: number, hi: number, size: number, access: Access, mmuIdx: number): boolean {
    this.#counters.crossings++;
    const first = PAGE_SIZE - (lo & OFFSET_MASK), next = ((lo & PAGE_MASK) + PAGE_SIZE) | 0;
    const nextHi = this.#wide && next === 0 ? (hi + 1) | 0 : hi;
    return this.#locate(0, lo, hi, first, access, mmuIdx) && this.#locate(1, next, nextHi, size - first, access, mmuIdx);
  }

  #loadCrossing(lo: number, hi: number, op: number, size: number, access: Access, mmuIdx: number): number {
    if (!this.#locateBoth(lo, hi, size, access, mmuIdx)) return this.#fail();
    const first = PAGE_SIZE - (lo & OFFSET_MASK), bytes = this.#bytes, words = this.#words;
    for (let i = 0; i < size; i++) {
      const part = i < first ? 0 : 1, at = part === 0 ? i : i - first, host = this.#hosts[part]!;
      bytes[i] = host >= 0 ? this.#u8[host + at]! : this.map.readPhys8(this.#physs[part]! + at);
    }
    if (size === 2) return this.#signed(words.getUint16(0, true), op, 16);
    const value = words.getInt32(0, true);
    if (size === 4) return this.#extended(value, op);
    this.#i32[this.#retHi] = words.getInt32(4, true);
    if (size === 8) return value;
    this.#u8.set(bytes, this.#mailbox);
    return 0;
  }

  #storeCrossing(lo: number, hi: number, size: number, mmuIdx: number, valueLo: number, valueHi: number): void {
    if (!this.#locateBoth(lo, hi, size, Access.WRITE, mmuIdx)) {
      this.#fail();
      return;
    }
    const first = PAGE_SIZE - (lo & OFFSET_MASK), bytes = this.#bytes, words = this.#words;
    if (!this.#mayWrite(this.#hosts[0]!, first) || !this.#mayWrite(this.#hosts[1]!, size - first)) return;
    if (size === 16) bytes.set(this.#u8.subarray(this.#mailbox, this.#mailbox + 16));
    else {
      words.setInt32(0, valueLo, true);
      words.setInt32(4, valueHi, true);
    }
    for (let i = 0; i < size; i++) {
      const part = i < first ? 0 : 1, at = part === 0 ? i : i - first, host = this.#hosts[part]!;
      if (host >= 0) this.#u8[host + at] = bytes[i]!;
      else this.map.writePhys8(this.#physs[part]! + at, bytes[i]!);
    }
  }

  /** Announces a store to a page with translated code and marks it dirty. The comparators stay as they are: the next plain store clears them. */
  #mayWrite(host: HostPtr, len: number): boolean {
    const page = host >>> 12, state = this.map.pageState;
    if (host < 0 || state.bits[page] === 0) return true;
    if (state.bits[page]! & PageBit.CODE) {
      this.#counters.codeWrites++;
      if (this.#onCodeWrite(host, len)) return false;
    }
    state.markDirty(page);
    return true;
  }
}
