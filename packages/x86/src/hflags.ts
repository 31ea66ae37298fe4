/**
 * The mode bits that a translation depends on: `flags` of the CPU header, part of every TB's key. `X86Cpu.updateHflags` derives
 * them from the control registers, EFLAGS and the segment registers whenever one of those changes.
 */
import { SegReg } from './state.ts';

const bit = (n: number) => (1 << n);

export const HF = {
  /** Current privilege level, bits 0-1. */
  CPL: 3,
  /** Code segment: 32-bit default size; 64-bit code. */
  CS32: bit(2),
  CS64: bit(3),
  /** Stack pointer is ESP (else SP); 64-bit mode always uses RSP. */
  SS32: bit(4),
  /** Some of DS, ES, SS has a base (outside 64-bit mode): addresses must add it. */
  ADDSEG: bit(5),
  /** Not all of CS, DS, ES, SS are flat (limit below 4 GiB, expand-down, read-only, null): accesses are checked. FS and GS: bits 30, 31. */
  SEGCHECK: bit(6),
  PE: bit(7),
  VM: bit(8),
  /** Long mode active. */
  LMA: bit(9),
  /** CR0.MP, EM, TS. */
  MP: bit(10),
  EM: bit(11),
  TS: bit(12),
  OSFXSR: bit(13),
  /** EFLAGS.IOPL, bits 14-15. */
  IOPL: 3 << 14,
  /** EFLAGS.TF: every instruction is its own TB. */
  TF: bit(16),
  /** STI or MOV SS: interrupts are held for one instruction. */
  INHIBIT: bit(17),
  /** Supervisor data accesses to user pages fault (CR4.SMAP and not EFLAGS.AC). */
  SMAP: bit(18),
  /** Alignment checks (CR0.AM, EFLAGS.AC, CPL 3). */
  AC: bit(19),
  UMIP: bit(20),
  /** CR4.TSD, DE, FSGSBASE, OSXSAVE, OSXMMEXCPT. */
  TSD: bit(21),
  FSGSBASE: bit(22),
  OSXSAVE: bit(23),
  /** At CPL 3, MXCSR allows plain host arithmetic: nearest, no DAZ/FTZ, all masked, PE already set. */
  SSE_FAST: bit(24),
  /** With SSE_FAST, for one instruction: an SSE operation is worked out exactly, for it may raise something. */
  SSE_EXACT: bit(26),
  /** With SSE_FAST: many instructions had to be. Each has guards of its own then, and its exact way beside it. */
  SSE_WIDE: bit(27),
  /** Debug registers hold an enabled code breakpoint: instructions check. */
  BREAKPOINTS: bit(25),
  /** EFLAGS.RF: code breakpoints are off for one instruction. */
  RF: bit(28),
  /** CR4.LA57: linear addresses have 57 bits. */
  LA57: bit(29),
  /** FS, GS are not flat: accesses through them are checked. */
  FSCHECK: bit(30),
  GSCHECK: bit(31),
} as const;
export const IOPL_SHIFT = 14;
/** Modes in which every instruction is a TB of its own. */
export const ONE_INSN = HF.TF | HF.INHIBIT | HF.BREAKPOINTS | HF.RF | HF.SSE_EXACT;

/**
 * `oddWays` in CPU state counts instructions with SSE_EXACT, and is halved at each return to CPL 3. From `limit` on there is SSE_WIDE, and it counts
 * returns, until after `period` of them SSE_FAST alone is tried again.
 */
export const ODD_WAYS = { limit: 2000, period: 1000 } as const;

/** Whether accesses through segment `seg` are checked in the mode `hflags`; nothing is in 64-bit mode. Code segments cannot be written in protected mode. */
export function isChecked(hflags: number, seg: number, write: boolean): boolean {
  if (hflags & HF.CS64) return false;
  if (seg === SegReg.CS && write && (hflags & (HF.PE | HF.VM)) === HF.PE) return true;
  return (hflags & (seg === SegReg.FS ? HF.FSCHECK : seg === SegReg.GS ? HF.GSCHECK : HF.SEGCHECK)) !== 0;
}

/** MMU indices: how a data access is checked. */
export const Mmu = {
  /** Supervisor; user pages allowed. */
  KERNEL: 0,
  USER: 1,
  /** Supervisor; user pages fault (SMAP). */
  KERNEL_SMAP: 2,
  COUNT: 3,
} as const;

/** MMU index of explicit data accesses in the mode `hflags`. */
export const mmuIndex = (hflags: number): number =>
  (hflags & HF.CPL) === 3 ? Mmu.USER : hflags & HF.SMAP ? Mmu.KERNEL_SMAP : Mmu.KERNEL;
