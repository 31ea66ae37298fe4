/**
 * The page walk: 32-bit, PSE, PAE, 4-level and 5-level paging, 4 KiB to 1 GiB pages, NX, WP, SMEP, SMAP, global pages; accessed and
 * dirty bits set as the processor does; #PF with exact error codes. Intel SDM Vol. 3 chapter 4.
 *
 * Left out: protection keys, paging-structure caches.
 */
import { Prot } from '@emu/softmmu';
import type { WalkResult } from '@emu/softmmu';
import type { X86Cpu } from '../cpu.ts';
import { Mmu } from '../hflags.ts';
import { CR0, CR4, EFER, ST, Vector } from '../state.ts';

const bit = (n: number) => 1 << n;
/** Bits of a paging-structure entry, low word. SDM Vol. 3, table 4-20. */
const PTE = { P: bit(0), RW: bit(1), US: bit(2), A: bit(5), D: bit(6), PS: bit(7), G: bit(8) } as const;
/** Physical address bits that a processor has, above 32: `MAXPHYADDR` = 40, as CPUID 80000008 says. */
export const PHYS_BITS = 40;
const ADDRESS_HI = (1 << (PHYS_BITS - 32)) - 1;
const RESERVED_HI = 0x000fffff & ~ADDRESS_HI;

/** Error code of #PF. SDM Vol. 3, figure 4-12. */
export const PF = { P: bit(0), W: bit(1), U: bit(2), RSVD: bit(3), ID: bit(4) } as const;

/** Kind of access, as SoftMMU numbers them. */
export const Access = { READ: 0, WRITE: 1, FETCH: 2 } as const;

/** Physical memory as the walk uses it. */
export interface WalkMemory {
  readPhys32(addr: number): number;
  writePhys32(addr: number, value: number): void;
}

/** What the A20 gate leaves of a physical address. */
const maskA20 = (cpu: X86Cpu, addr: number): number => (cpu.s.a20 === 0 && addr % 0x200000 >= 0x100000 ? addr - 0x100000 : addr);

/** Reserved bits of a PDPTE register, and of its upper half. SDM Vol. 3, table 4-8. */
const PDPTE_RESERVED_LO = 0x1e6, PDPTE_RESERVED_HI = ~ADDRESS_HI, PDPTES = 4;

/** Loads the PDPTE registers from the table that CR3 = `cr3Lo` points at. One that is present with a reserved bit set: #GP(0), and none changes. SDM Vol. 3, 4.4.1. */
export function loadPdptes(cpu: X86Cpu, cr3Lo: number): void {
  const table = (cr3Lo & 0xffffffe0) >>> 0, { i32 } = cpu.arena, at = (cpu.env + ST.pdpte) >>> 2;
  const word = (n: number): number => cpu.phys.readPhys32(maskA20(cpu, table) + 4 * n) | 0;
  for (let n = 0; n < PDPTES; n++) {
    if (word(2 * n) & PTE.P && (word(2 * n) & PDPTE_RESERVED_LO || word(2 * n + 1) & PDPTE_RESERVED_HI)) cpu.raise(Vector.GP, 0);
  }
  for (let n = 0; n < 2 * PDPTES; n++) i32[at + n] = word(n);
}

/** The state of one walk: entries read so far and what they allow together. */
export class PageWalker {
  readonly #cpu: X86Cpu;
  readonly #memory: WalkMemory;
  /** Entry just read, its physical address, and the rights of all levels so far. */
  #lo = 0;
  #hi = 0;
  #user = true;
  #writable = true;
  #noExec = false;
  readonly #touchedAt = new Float64Array(5);
  readonly #touchedLo = new Int32Array(5);
  #touched = 0;

  constructor(cpu: X86Cpu, memory: WalkMemory) {
    this.#cpu = cpu;
    this.#memory = memory;
  }

  /** Translates hi:lo for `access` at `mmuIdx` into `out`. On a fault it is recorded in CPU state, and the result is false. */
  walk(lo: number, hi: number, access: number, mmuIdx: number, out: WalkResult): boolean {
    const s = this.#cpu.s;
    if (!(s.cr0 & CR0.PG)) {
      out.phys = this.#a20(lo >>> 0);
      out.prot = Prot.READ | Prot.WRITE | Prot.EXEC;
      out.pageBits = 12;
      out.global = false;
      return true;
    }
    this.#user = this.#writable = true;
    this.#noExec = false;
    this.#touched = 0;
    if (s.efer & EFER.LMA) return this.#walkLong(lo, hi, access, mmuIdx, out);
    return s.cr4 & CR4.PAE ? this.#walkPae(lo, access, mmuIdx, out) : this.#walk32(lo, access, mmuIdx, out);
  }

  #walkLong(lo: number, hi: number, access: number, mmuIdx: number, out: WalkResult): boolean {
    const s = this.#cpu.s, five = (s.cr4 & CR4.LA57) !== 0;
    const sign = five ? (hi << 7) >> 7 : (hi << 16) >> 16;
    if (sign !== hi) {
      this.#cpu.recordNotCanonical(lo);
      return false;
    }
    let table = (s.cr3Hi & ADDRESS_HI) * 4294967296 + ((s.cr3Lo & 0xfffff000) >>> 0);
    for (let level = five ? 5 : 4; level >= 1; level--) {
      const shift = 3 + level * 9; // 12, 21, 30, 39, 48
      const index = shift < 32 ? ((lo >>> shift) | (shift > 23 ? hi << (32 - shift) : 0)) & 511 : (hi >>> (shift - 32)) & 511;
      if (!this.#enter(table + index * 8)) return this.#fault(0, access, mmuIdx, lo, hi);
      const large = level === 1 || ((level === 2 || level === 3) && (this.#lo & PTE.PS) !== 0);
      if (this.#reserved(level, large)) return this.#fault(PF.P | PF.RSVD, access, mmuIdx, lo, hi);
      if (large) return this.#leaf(shift, lo, hi, access, mmuIdx, out);
      table = (this.#hi & ADDRESS_HI) * 4294967296 + ((this.#lo & 0xfffff000) >>> 0);
    }
    return false;
  }

  #walkPae(lo: number, access: number, mmuIdx: number, out: WalkResult): boolean {
    const { i32 } = this.#cpu.arena, pdpte = ((this.#cpu.env + ST.pdpte) >>> 2) + 2 * (lo >>> 30);
    if (!(i32[pdpte]! & PTE.P)) return this.#fault(0, access, mmuIdx, lo, 0);
    let table = (i32[pdpte + 1]! & ADDRESS_HI) * 4294967296 + ((i32[pdpte]! & 0xfffff000) >>> 0);
    for (let level = 2; level >= 1; level--) {
      const shift = level === 2 ? 21 : 12;
      if (!this.#enter(table + ((lo >>> shift) & 511) * 8)) return this.#fault(0, access, mmuIdx, lo, 0);
      const large = level === 1 || (this.#lo & PTE.PS) !== 0;
      if (this.#reserved(level, large)) return this.#fault(PF.P | PF.RSVD, access, mmuIdx, lo, 0);
      if (large) return this.#leaf(shift, lo, 0, access, mmuIdx, out);
      table = (this.#hi & ADDRESS_HI) * 4294967296 + ((this.#lo & 0xfffff000) >>> 0);
    }
    return false;
  }

  #walk32(lo: number, access: number, mmuIdx: number, out: WalkResult): boolean {
    const s = this.#cpu.s;
    if (!this.#enter32(((s.cr3Lo & 0xfffff000) >>> 0) + (lo >>> 22) * 4)) return this.#fault(0, access, mmuIdx, lo, 0);
    if (this.#lo & PTE.PS && s.cr4 & CR4.PSE) {
      if (this.#lo & bit(21)) return this.#fault(PF.P | PF.RSVD, access, mmuIdx, lo, 0);
      this.#hi = (this.#lo >>> 13) & 0xff; // PSE-36: address bits 39..32
      this.#lo &= ~0x003fe000;
      return this.#leaf(22, lo, 0, access, mmuIdx, out);
    }
    const table = (this.#lo & 0xfffff000) >>> 0;
    if (!this.#enter32(table + ((lo >>> 12) & 1023) * 4)) return this.#fault(0, access, mmuIdx, lo, 0);
    return this.#leaf(12, lo, 0, access, mmuIdx, out);
  }

  /** Reads an 8-byte entry; false if it is not present. */
  #enter(at: number): boolean {
    const addr = this.#a20(at);
    this.#hi = this.#memory.readPhys32(addr + 4) | 0;
    return this.#note(addr, this.#memory.readPhys32(addr) | 0);
  }

  #enter32(at: number): boolean {
    this.#hi = 0;
    const addr = this.#a20(at);
    return this.#note(addr, this.#memory.readPhys32(addr) | 0);
  }

  #note(addr: number, entry: number): boolean {
    this.#lo = entry;
    if (!(entry & PTE.P)) return false;
    this.#user &&= (entry & PTE.US) !== 0;
    this.#writable &&= (entry & PTE.RW) !== 0;
    this.#noExec ||= this.#hi < 0;
    this.#touchedAt[this.#touched] = addr;
    this.#touchedLo[this.#touched++] = entry;
    return true;
  }

  #reserved(level: number, large: boolean): boolean {
    if (this.#hi & RESERVED_HI) return true;
    if (this.#hi < 0 && !(this.#cpu.s.efer & EFER.NXE)) return true;
    if (!(this.#cpu.s.efer & EFER.LMA) && this.#hi & 0x7ff00000) return true;
    if (level >= 4 || (level === 3 && !this.#cpu.model.has('pdpe1gb'))) return (this.#lo & PTE.PS) !== 0;
    if (!large || level === 1) return false;
    return (this.#lo & (level === 2 ? 0x001fe000 : 0x3fffe000)) !== 0;
  }

  /** The entry maps a page: checks rights, sets accessed and dirty bits, fills `out`. */
  #leaf(shift: number, lo: number, hi: number, access: number, mmuIdx: number, out: WalkResult): boolean {
    const s = this.#cpu.s, isUser = mmuIdx === Mmu.USER;
    const noExec = this.#noExec && (s.efer & EFER.NXE) !== 0;
    const read = isUser ? this.#user : !(this.#user && mmuIdx === Mmu.KERNEL_SMAP);
    const write = read && (this.#writable || (!isUser && !(s.cr0 & CR0.WP)));
    const exec = !noExec && (isUser ? this.#user : !(this.#user && s.cr4 & CR4.SMEP));
    if (access === Access.READ ? !read : access === Access.WRITE ? !write : !exec) return this.#fault(PF.P, access, mmuIdx, lo, hi);
    const last = this.#touched - 1;
    for (let n = 0; n <= last; n++) {
      const set = PTE.A | (n === last && access === Access.WRITE ? PTE.D : 0);
      const entry = this.#touchedLo[n]!;
      if ((entry & set) !== set) this.#memory.writePhys32(this.#touchedAt[n]!, entry | set);
    }
    const dirty = access === Access.WRITE || (this.#touchedLo[last]! & PTE.D) !== 0;
    const mask = shift >= 32 ? 0 : -1 << shift;
    const pageLo = (this.#lo & 0xfffff000 & mask) | (lo & ~mask);
    out.phys = this.#a20((this.#hi & ADDRESS_HI) * 4294967296 + (pageLo >>> 0));
    // a clean page's first write comes back here to set D
    out.prot = (read ? Prot.READ : 0) | (write && dirty ? Prot.WRITE : 0) | (exec ? Prot.EXEC : 0);
    out.pageBits = shift;
    out.global = (this.#touchedLo[last]! & PTE.G) !== 0 && (s.cr4 & CR4.PGE) !== 0;
    return true;
  }

  #fault(code: number, access: number, mmuIdx: number, lo: number, hi: number): boolean {
    const cpu = this.#cpu, s = cpu.s;
    const fetchBit = access === Access.FETCH && ((s.cr4 & CR4.SMEP) !== 0 || ((s.cr4 & CR4.PAE) !== 0 && (s.efer & EFER.NXE) !== 0));
    s.cr2Lo = lo;
    s.cr2Hi = s.efer & EFER.LMA ? hi : 0;
    cpu.record(Vector.PF, code | (access === Access.WRITE ? PF.W : 0) | (mmuIdx === Mmu.USER ? PF.U : 0) | (fetchBit ? PF.ID : 0));
    return false;
  }

  #a20(addr: number): number {
    return maskA20(this.#cpu, addr);
  }
}
