/**
 * State of the floating-point unit in linear memory, and the bits of its registers. Intel SDM Vol. 1, sections 8.1 (x87) and
 * 10.2.3 (MXCSR). The x87 registers are held by physical number; ST(i) is register (top + i) & 7. XMM registers and MXCSR
 * belong to the general CPU state: generated code is told where they are.
 */
import { struct } from '@emu/vaddr';

/**
 * Fields of the x87 state, for the struct of the whole CPU. Word fields are 32 bits wide so that generated code loads them plainly.
 *
 * - `st`: physical registers R0..R7, 16 bytes each: significand (u64) at 0, sign and exponent (u16) at 8, zero above. An MMX
 *   register is the significand of the cell of the same number.
 * - `operand`: memory operand of the instruction at hand, on its way in or out: m32/m64/m80, m16int/m32int/m64int or m80bcd.
 * - `fsw`: status word, its TOP field always zero; `top` holds that. `valid` has bit i set while Ri is not empty (the
 *   abridged tag word of FXSAVE); the full tag word is worked out when it is stored.
 * - `nextFsw`: status word to be taken over when the store of the instruction at hand has gone through.
 * - `fip`, `fdp`, `fcs`, `fds`, `fop`: last instruction and operand pointers.
 */
export const fpuFields = {
  st: ['v128', 8],
  operand: ['i64', 2],
  fcw: 'i32',
  fsw: 'i32',
  top: 'i32',
  valid: 'i32',
  nextFsw: 'i32',
  fop: 'i32',
  fip: 'i64',
  fdp: 'i64',
  fcs: 'i32',
  fds: 'i32',
} as const;

export const FpuState = struct(fpuFields);

/** Where generated code finds things: byte offsets from the `env` pointer that every helper takes first. */
export interface FpuLayout {
  /** Offset of the `FpuState` struct; a multiple of 16. */
  readonly fpu: number;
  /** Offset of MXCSR, a 32-bit word. */
  readonly mxcsr: number;
}

/** Exception flags: the same places in FSW and MXCSR; masks are at the same places in FCW, and 7 bits up in MXCSR. */
export const Exception = { IE: 0x01, DE: 0x02, ZE: 0x04, OE: 0x08, UE: 0x10, PE: 0x20 } as const;
/** All six exception flags. */
export const ALL_EXCEPTIONS = 0x3f;
/** Exceptions found before the operation: an unmasked one leaves operands and destination alone. */
export const PRE_COMPUTATION = Exception.IE | Exception.DE | Exception.ZE;

/** Status word. TOP is bits 11 to 13; our `fsw` field keeps those zero. */
export const FSW = { SF: 0x0040, ES: 0x0080, C0: 0x0100, C1: 0x0200, C2: 0x0400, TOP: 0x3800, C3: 0x4000, B: 0x8000 } as const;
export const TOP_SHIFT = 11;

/** Control word. PC and RC are fields: see `PC_BITS` and `Rounding`. */
export const FCW = { PC: 0x0300, RC: 0x0c00, X: 0x1000 } as const;
export const PC_SHIFT = 8;
export const FCW_RC_SHIFT = 10;
/** Value after FNINIT: all masked, 64-bit precision, to nearest. Bit 6 is reserved and reads as one. */
export const FCW_INIT = 0x037f;
/** Bits of the control word that can be written, and the one that always reads as one. */
export const FCW_WRITABLE = 0x1f3f;
export const FCW_RESERVED = 0x0040;
/** Significand bits by PC field; 1 is reserved, and works as 64 bits on hardware. */
export const PC_BITS = [24, 64, 53, 64] as const;

/** Rounding control, of FCW and MXCSR alike. */
export const Rounding = { NEAREST: 0, DOWN: 1, UP: 2, ZERO: 3 } as const;

export const MXCSR = { DAZ: 0x0040, MASKS: 0x1f80, RC: 0x6000, FTZ: 0x8000 } as const;
export const MXCSR_MASK_SHIFT = 7;
export const MXCSR_RC_SHIFT = 13;
export const MXCSR_INIT = 0x1f80;
/** Bits that LDMXCSR accepts (the MXCSR_MASK of FXSAVE); others are #GP(0). */
export const MXCSR_WRITABLE = 0xffff;

/** Tags of the full tag word. SDM Vol. 1, 8.1.7. */
export const Tag = { VALID: 0, ZERO: 1, SPECIAL: 2, EMPTY: 3 } as const;

export type FpuView = ReturnType<typeof FpuState.at>;

/** Sets the state that FNINIT leaves (SDM Vol. 2, FINIT); the registers keep their contents. */
export function fninit(fpu: FpuView): void {
  fpu.fcw = FCW_INIT;
  fpu.fsw = 0;
  fpu.top = 0;
  fpu.valid = 0;
  fpu.fop = 0;
  fpu.fcs = 0;
  fpu.fds = 0;
  fpu.fipLo = fpu.fipHi = 0;
  fpu.fdpLo = fpu.fdpHi = 0;
}
