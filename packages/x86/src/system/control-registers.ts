/** MOV to CR0, CR3, CR4, CR8, EFER and XCR0 with their checks and consequences. Intel SDM Vol. 3, 2.5, 2.6, 4.1, 9.8.5. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { ATTR, CR0, CR4, EFER, SegReg, Vector } from '../state.ts';
import { loadPdptes, PHYS_BITS } from './paging.ts';

const CR0_KNOWN = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.ET | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD | CR0.PG;
/** A change of these changes what a page allows. */
const CR0_PAGING = CR0.PG | CR0.WP | CR0.PE;
/** A change of these loads the PDPTE registers, if PAE paging is in use then. SDM Vol. 3, 4.4.1. */
const CR0_PDPTES = CR0.PG | CR0.CD | CR0.NW, CR4_PDPTES = CR4.PAE | CR4.PGE | CR4.PSE | CR4.SMEP;
const CR4_PAGING = CR4.PSE | CR4.PAE | CR4.PGE | CR4.LA57 | CR4.PCIDE | CR4.SMEP | CR4.SMAP;

/** Whether PAE paging is in use with these values. */
const isPae = (cr0: number, cr4: number, efer: number): boolean => (cr0 & CR0.PG) !== 0 && (cr4 & CR4.PAE) !== 0 && !(efer & EFER.LMA);

export function setCr0(cpu: X86Cpu, lo: number, hi: number): void {
  const s = cpu.s, old = s.cr0, value = (lo & CR0_KNOWN) | CR0.ET;
  if (hi !== 0 && s.flags & HF.CS64) cpu.raise(Vector.GP, 0);
  if ((value & CR0.PG && !(value & CR0.PE)) || (value & CR0.NW && !(value & CR0.CD))) cpu.raise(Vector.GP, 0);
  if (!(value & CR0.PG) && old & CR0.PG) {
    if (s.flags & HF.CS64 || s.cr4 & CR4.PCIDE) cpu.raise(Vector.GP, 0);
    s.efer &= ~EFER.LMA;
  }
  if (value & CR0.PG && !(old & CR0.PG) && s.efer & EFER.LME) {
    if (!(s.cr4 & CR4.PAE) || cpu.segAttr(SegReg.CS) & ATTR.L) cpu.raise(Vector.GP, 0);
    s.efer |= EFER.LMA;
  } else if ((old ^ value) & CR0_PDPTES && isPae(value, s.cr4, s.efer)) loadPdptes(cpu, s.cr3Lo);
  s.cr0 = value;
  if ((old ^ value) & CR0_PAGING) cpu.mmu.flushAll();
  cpu.updateHflags();
}

/**
 * CR3, with the PCID rules and the PDPTE registers of PAE paging. PCIDs share one TLB: all but global pages go whenever CR3 is written, also with bit 63,
 * which only allows to keep translations. SDM Vol. 3, 4.10.4.1.
 */
export function setCr3(cpu: X86Cpu, lo: number, hi: number): void {
  const s = cpu.s;
  const noFlush = (s.cr4 & CR4.PCIDE) !== 0 && hi < 0;
  const high = noFlush ? hi & 0x7fffffff : hi;
  if (s.efer & EFER.LMA && high >>> (PHYS_BITS - 32) !== 0) cpu.raise(Vector.GP, 0);
  if (isPae(s.cr0, s.cr4, s.efer)) loadPdptes(cpu, lo);
  s.cr3Lo = lo;
  s.cr3Hi = s.efer & EFER.LMA ? high : 0;
  if (s.cr4 & CR4.PGE) cpu.mmu.flushNonGlobal();
  else cpu.mmu.flushAll();
}

export function setCr4(cpu: X86Cpu, lo: number, hi: number): void {
  const s = cpu.s, old = s.cr4;
  if (hi !== 0 || lo & ~cpu.model.cr4Mask) cpu.raise(Vector.GP, 0);
  if (s.efer & EFER.LMA) {
    if (!(lo & CR4.PAE) || (lo ^ old) & CR4.LA57) cpu.raise(Vector.GP, 0);
  } else if (lo & CR4.PCIDE) cpu.raise(Vector.GP, 0);
  if (lo & CR4.PCIDE && !(old & CR4.PCIDE) && s.cr3Lo & 0xfff) cpu.raise(Vector.GP, 0);
  if ((old ^ lo) & CR4_PDPTES && isPae(s.cr0, lo, s.efer)) loadPdptes(cpu, s.cr3Lo);
  s.cr4 = lo;
  if ((old ^ lo) & CR4_PAGING) cpu.mmu.flushAll();
  cpu.updateHflags();
}

export function setCr8(cpu: X86Cpu, lo: number, hi: number): void {
  if (hi !== 0 || lo & ~15) cpu.raise(Vector.GP, 0);
  cpu.s.cr8 = lo;
  cpu.bus.apic?.setTpr(lo);
}

export function setEfer(cpu: X86Cpu, lo: number, hi: number): void {
  const s = cpu.s;
  if (hi !== 0 || lo & ~cpu.model.eferMask) cpu.raise(Vector.GP, 0);
  if ((lo ^ s.efer) & EFER.LME && s.cr0 & CR0.PG) cpu.raise(Vector.GP, 0);
  const old = s.efer;
  s.efer = (lo & ~EFER.LMA) | (old & EFER.LMA);
  if ((old ^ s.efer) & EFER.NXE) cpu.mmu.flushAll();
  cpu.updateHflags();
}

/** XSETBV: x87 always, SSE as wanted; nothing else exists here. */
export function setXcr0(cpu: X86Cpu, index: number, lo: number, hi: number): void {
  if (cpu.cpl !== 0 || index !== 0 || hi !== 0 || !(lo & 1) || lo & ~cpu.model.xcr0Mask) cpu.raise(Vector.GP, 0);
  cpu.s.xcr0Lo = lo;
  cpu.s.xcr0Hi = 0;
}

/** LMSW: the low four bits of CR0; PE cannot be cleared. */
export function loadMachineStatus(cpu: X86Cpu, value: number): void {
  const cr0 = cpu.s.cr0;
  setCr0(cpu, (cr0 & ~15) | (value & 15) | (cr0 & CR0.PE), 0);
}

/** Types of INVPCID. SDM Vol. 2, INVPCID. */
const Invpcid = { ADDRESS: 0, CONTEXT: 1, ALL: 2, ALL_BUT_GLOBAL: 3 } as const;

/** INVPCID with the low half of the descriptor in `pcid`. PCIDs share one TLB: all of them are flushed, of one address or but for global pages. */
export function invalidatePcid(cpu: X86Cpu, type: number, pcid: number, addressLo: number, addressHi: number): void {
  if (type > Invpcid.ALL_BUT_GLOBAL || pcid & ~0xfff) cpu.raise(Vector.GP, 0);
  if (type <= Invpcid.CONTEXT && pcid !== 0 && !(cpu.s.cr4 & CR4.PCIDE)) cpu.raise(Vector.GP, 0);
  if (type === Invpcid.ADDRESS) {
    if (!cpu.isCanonical(addressLo, addressHi)) cpu.raise(Vector.GP, 0);
    cpu.mmu.flushPage(addressLo, addressHi);
  } else if (type === Invpcid.ALL) cpu.mmu.flushAll();
  else cpu.mmu.flushNonGlobal();
}
