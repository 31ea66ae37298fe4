/** Model-specific registers that Linux, BSDs and BIOSes touch. Intel SDM Vol. 4; AMD64 APM Vol. 2 for STAR and friends. Unknown ones are #GP(0), and logged. */
import type { X86Cpu } from '../cpu.ts';
import { SegReg, ST, Vector } from '../state.ts';
import { setEfer } from './control-registers.ts';
import { PHYS_BITS } from './paging.ts';

export const Msr = {
  P5_MC_ADDR: 0x0, P5_MC_TYPE: 0x1, TSC: 0x10, PLATFORM_ID: 0x17, APIC_BASE: 0x1b, FEATURE_CONTROL: 0x3a, TSC_ADJUST: 0x3b,
  BIOS_SIGN_ID: 0x8b, PLATFORM_INFO: 0xce, MTRR_CAP: 0xfe, SYSENTER_CS: 0x174, SYSENTER_ESP: 0x175, SYSENTER_EIP: 0x176,
  MCG_CAP: 0x179, MCG_STATUS: 0x17a, MCG_CTL: 0x17b, PERF_STATUS: 0x198, MISC_ENABLE: 0x1a0, MTRR_PHYSBASE0: 0x200, MTRR_FIX64K: 0x250, MTRR_FIX16K: 0x258,
  MTRR_FIX4K: 0x268, PAT: 0x277, MTRR_DEF_TYPE: 0x2ff, TSC_DEADLINE: 0x6e0, X2APIC_FIRST: 0x800, X2APIC_LAST: 0x8ff, XSS: 0xda0,
  EFER: 0xc0000080, STAR: 0xc0000081, LSTAR: 0xc0000082, CSTAR: 0xc0000083, SFMASK: 0xc0000084, FS_BASE: 0xc0000100, GS_BASE: 0xc0000101,
  KERNEL_GS_BASE: 0xc0000102, TSC_AUX: 0xc0000103,
  AMD_PERF_CTL0: 0xc0010000, AMD_SYSCFG: 0xc0010010, AMD_HWCR: 0xc0010015, AMD_INT_PENDING: 0xc0010055, AMD_DE_CFG: 0xc0011029,
} as const;

/** MTRRs: eight variable ranges, fixed ranges, write-combining. */
const MTRR_CAPABILITIES = 0x508;
const VARIABLE_RANGES = 8;

/** Offset of an MSR that is plain 64-bit state, or -1. */
function plainState(index: number): number {
  switch (index) {
    case Msr.SYSENTER_CS: return ST.sysenterCs;
    case Msr.SYSENTER_ESP: return ST.sysenterEsp;
    case Msr.SYSENTER_EIP: return ST.sysenterEip;
    case Msr.STAR: return ST.star;
    case Msr.LSTAR: return ST.lstar;
    case Msr.CSTAR: return ST.cstar;
    case Msr.SFMASK: return ST.sfmask;
    case Msr.KERNEL_GS_BASE: return ST.kernelGsBase;
    case Msr.TSC_AUX: return ST.tscAux;
    case Msr.PAT: return ST.pat;
    case Msr.MISC_ENABLE: return ST.miscEnable;
    case Msr.MTRR_DEF_TYPE: return ST.mtrrDefType;
    case Msr.MTRR_FIX64K: return ST.mtrrFixed;
    case Msr.MTRR_FIX16K: case Msr.MTRR_FIX16K + 1: return ST.mtrrFixed + 8 * (1 + index - Msr.MTRR_FIX16K);
    case Msr.FS_BASE: return ST.segBase + 8 * SegReg.FS;
    case Msr.GS_BASE: return ST.segBase + 8 * SegReg.GS;
    default:
      if (index >= Msr.MTRR_FIX4K && index < Msr.MTRR_FIX4K + 8) return ST.mtrrFixed + 8 * (3 + index - Msr.MTRR_FIX4K);
      if (index >= Msr.MTRR_PHYSBASE0 && index < Msr.MTRR_PHYSBASE0 + 2 * VARIABLE_RANGES) return ST.mtrrVar + 8 * (index - Msr.MTRR_PHYSBASE0);
      return -1;
  }
}

/** These hold addresses: a value that is not canonical is #GP(0). */
const ADDRESSES = new Set<number>([Msr.SYSENTER_ESP, Msr.SYSENTER_EIP, Msr.LSTAR, Msr.CSTAR, Msr.KERNEL_GS_BASE, Msr.FS_BASE, Msr.GS_BASE]);
/** Read as 0 and ignore writes: microcode, machine check without banks, speculation control that a model does not have matters to nobody; what Linux asks AMD's family 15. */
const ZERO = new Set<number>([
  Msr.P5_MC_ADDR, Msr.P5_MC_TYPE, Msr.PLATFORM_ID, Msr.BIOS_SIGN_ID, Msr.MCG_CAP, Msr.MCG_STATUS, Msr.MCG_CTL, Msr.PERF_STATUS, Msr.XSS,
  Msr.AMD_PERF_CTL0, Msr.AMD_SYSCFG, Msr.AMD_HWCR, Msr.AMD_INT_PENDING, Msr.AMD_DE_CFG,
]);

/** Reads MSR `index` (unsigned) into `out`. */
export function readMsr(cpu: X86Cpu, index: number, out: { lo: number; hi: number }): void {
  const s = cpu.s;
  out.lo = out.hi = 0;
  const at = plainState(index);
  if (at >= 0) {
    out.lo = cpu.arena.i32[(cpu.env + at) >>> 2]!;
    out.hi = cpu.arena.i32[(cpu.env + at + 4) >>> 2]!;
    return;
  }
  switch (index) {
    case Msr.EFER: out.lo = s.efer; return;
    case Msr.TSC: return cpu.readTsc(out);
    case Msr.TSC_ADJUST: out.lo = s.tscOffsetLo; out.hi = s.tscOffsetHi; return;
    case Msr.APIC_BASE: out.lo = s.apicBaseLo; out.hi = s.apicBaseHi; return;
    case Msr.MTRR_CAP: out.lo = MTRR_CAPABILITIES; return;
    case Msr.FEATURE_CONTROL: out.lo = 1; return;
    case Msr.PLATFORM_INFO: out.lo = 0; return;
  }
  if (ZERO.has(index)) return;
  if (isApic(index) && cpu.bus.apic?.readMsr(index, out)) return;
  unknown(cpu, 'rdmsr', index);
}

export function writeMsr(cpu: X86Cpu, index: number, lo: number, hi: number): void {
  const s = cpu.s;
  if (ADDRESSES.has(index) && !cpu.isCanonical(lo, hi)) cpu.raise(Vector.GP, 0);
  if (isRefused(index, lo, hi)) cpu.raise(Vector.GP, 0);
  const at = plainState(index);
  if (at >= 0) {
    cpu.arena.i32[(cpu.env + at) >>> 2] = lo;
    cpu.arena.i32[(cpu.env + at + 4) >>> 2] = hi;
    return;
  }
  switch (index) {
    case Msr.EFER: return setEfer(cpu, lo, hi);
    case Msr.TSC: return cpu.writeTsc(lo, hi);
    case Msr.TSC_ADJUST:
      s.tscOffsetLo = lo;
      s.tscOffsetHi = hi;
      cpu.bus.apic?.tscChanged();
      return;
    case Msr.APIC_BASE:
      s.apicBaseLo = lo;
      s.apicBaseHi = hi;
      cpu.bus.apic?.setBase(lo, hi);
      return;
    case Msr.FEATURE_CONTROL: return;
  }
  if (ZERO.has(index)) return;
  if (isApic(index) && cpu.bus.apic?.writeMsr(index, lo, hi)) return;
  unknown(cpu, 'wrmsr', index);
}

const isApic = (index: number) => index === Msr.TSC_DEADLINE || (index >= Msr.X2APIC_FIRST && index <= Msr.X2APIC_LAST);

const RESERVED_ADDRESS_HI = ~((1 << (PHYS_BITS - 32)) - 1);
/** Memory types: uncacheable, write combining, write through, write protected, write back; PAT has UC- besides. SDM Vol. 3, tables 11-8 and 11-10. */
const MTRR_TYPES = [0, 1, 4, 5, 6], PAT_TYPES = [...MTRR_TYPES, 7];
const eachByte = (lo: number, hi: number, allowed: readonly number[]): boolean =>
  [lo, hi].every((word) => [0, 8, 16, 24].every((shift) => allowed.includes((word >>> shift) & 0xff)));
/** Bits of IA32_MTRR_DEF_TYPE, of a variable range's base and mask. SDM Vol. 3, 11.11.2. */
const DEF_TYPE_BITS = 0xcff, BASE_RESERVED = 0xf00, MASK_RESERVED = 0x7ff;

/** Whether a value has bits or types that do not exist: #GP(0). */
function isRefused(index: number, lo: number, hi: number): boolean {
  switch (index) {
    case Msr.PAT: return !eachByte(lo, hi, PAT_TYPES);
    case Msr.MTRR_DEF_TYPE: return hi !== 0 || (lo & ~DEF_TYPE_BITS) !== 0 || !MTRR_TYPES.includes(lo & 0xff);
    case Msr.TSC_AUX: return hi !== 0;
    case Msr.XSS: return (lo | hi) !== 0;
  }
  if (index === Msr.MTRR_FIX64K || (index & ~1) === Msr.MTRR_FIX16K || (index & ~7) === Msr.MTRR_FIX4K) return !eachByte(lo, hi, MTRR_TYPES);
  if (index < Msr.MTRR_PHYSBASE0 || index >= Msr.MTRR_PHYSBASE0 + 2 * VARIABLE_RANGES) return false;
  if (hi & RESERVED_ADDRESS_HI) return true;
  return index & 1 ? (lo & MASK_RESERVED) !== 0 : (lo & BASE_RESERVED) !== 0 || !MTRR_TYPES.includes(lo & 0xff);
}

function unknown(cpu: X86Cpu, what: string, index: number): never {
  cpu.bus.log('unimp', `${what} 0x${index.toString(16)}: no such MSR here`);
  return cpu.raise(Vector.GP, 0);
}

