/** Registers, bits and codes of the local APIC. Intel SDM Vol. 3A, chapter 11: table 11-1, figures 11-8 to 11-23; x2APIC: table 11-6. */
import { bit } from './bits.ts';

/** Registers: MMIO offset / 16, and MSR 0x800 + the same number in x2APIC mode. */
export const ApicReg = {
  ID: 0x02, VERSION: 0x03, TPR: 0x08, APR: 0x09, PPR: 0x0a, EOI: 0x0b, RRD: 0x0c, LDR: 0x0d, DFR: 0x0e, SVR: 0x0f, ISR: 0x10, TMR: 0x18,
  IRR: 0x20, ESR: 0x28, ICR: 0x30, ICR_HIGH: 0x31, LVT_TIMER: 0x32, LVT_THERMAL: 0x33, LVT_PERFORMANCE: 0x34, LVT_LINT0: 0x35,
  LVT_LINT1: 0x36, LVT_ERROR: 0x37, TIMER_INITIAL: 0x38, TIMER_CURRENT: 0x39, TIMER_DIVIDE: 0x3e, SELF_IPI: 0x3f,
} as const;

export const ApicMsr = { BASE: 0x1b, TSC_DEADLINE: 0x6e0, X2APIC: 0x800, X2APIC_END: 0x840 } as const;
/** IA32_APIC_BASE. */
export const ApicBase = { BSP: bit(8), EXTD: bit(10), ENABLE: bit(11), ADDRESS: 0xffff_f000, DEFAULT: 0xfee0_0000 } as const;

export const SVR = { VECTOR: 0xff, ENABLE: bit(8), WRITABLE: 0x1ff } as const;
/** Local vector table entries. */
export const LVT = { VECTOR: 0xff, MODE_SHIFT: 8, MODE: 7 << 8, POLARITY: bit(13), REMOTE_IRR: bit(14), LEVEL: bit(15), MASKED: bit(16), TIMER_MODE: 3 << 17 } as const;
export const TimerMode = { ONE_SHOT: 0, PERIODIC: 1 << 17, TSC_DEADLINE: 2 << 17 } as const;
export const ESR = { SEND_ILLEGAL_VECTOR: bit(5), RECEIVE_ILLEGAL_VECTOR: bit(6), ILLEGAL_REGISTER: bit(7) } as const;
/** Low word of the interrupt command register. */
export const ICR = { VECTOR: 0xff, MODE_SHIFT: 8, LOGICAL: bit(11), ASSERT: bit(14), LEVEL: bit(15), SHORTHAND: 18, WRITABLE: 0x000c_cfff } as const;
export const Shorthand = { NONE: 0, SELF: 1, ALL: 2, OTHERS: 3 } as const;

/** ISR, TMR and IRR: eight words each, one after the other. */
export const isVectorSet = (register: number): boolean => register >= ApicReg.ISR && register < ApicReg.ESR;
export const REGISTERS: ReadonlySet<number> = new Set([...Object.values(ApicReg), ...Array.from({ length: 24 }, (_, i) => ApicReg.ISR + i)]);
export const XAPIC_ONLY: ReadonlySet<number> = new Set([ApicReg.APR, ApicReg.RRD, ApicReg.DFR, ApicReg.ICR_HIGH]);
export const X2APIC_READ_ONLY: ReadonlySet<number> = new Set([ApicReg.ID, ApicReg.VERSION, ApicReg.PPR, ApicReg.LDR, ApicReg.TIMER_CURRENT]);

export const VERSION = 0x0005_0014;
export const LVT_COUNT = 6;
export const LVT_FIRST = ApicReg.LVT_TIMER;
/** Writable bits of each LVT entry, from the timer's on. */
export const LVT_WRITABLE = [
  LVT.VECTOR | LVT.MASKED | LVT.TIMER_MODE,
  LVT.VECTOR | LVT.MODE | LVT.MASKED,
  LVT.VECTOR | LVT.MODE | LVT.MASKED,
  LVT.VECTOR | LVT.MODE | LVT.POLARITY | LVT.LEVEL | LVT.MASKED,
  LVT.VECTOR | LVT.MODE | LVT.POLARITY | LVT.LEVEL | LVT.MASKED,
  LVT.VECTOR | LVT.MASKED,
] as const;
/** Indexes of LVT entries. */
export const LvtIndex = { TIMER: 0, LINT0: 3, ERROR: 5 } as const;
/** DFR's model of flat logical destinations; the other is cluster. */
export const FLAT = 0xf;
