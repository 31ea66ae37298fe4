/**
 * CPU state of one logical processor, as a struct in the arena: the header that every guest CPU shares, then x86's own
 * registers. Intel SDM Vol. 1 chapter 3, Vol. 3 chapters 2 to 4. Generated code and TypeScript use the same offsets.
 *
 * `pc` in the header is RIP/EIP/IP, `csBase` the base of CS, `flags` the mode bits of `hflags.ts`. EFLAGS is kept in parts:
 * CF PF AF ZF SF OF are lazy (`ccOp`, `ccDst`, `ccSrc`, `ccSrc2`, see `flags.ts`), DF is `df` = 1 or -1, all others are in `eflags`.
 */
import { struct } from '@emu/vaddr';
import type { Accessors, Arena, HostPtr } from '@emu/vaddr';
import { CPU_HEADER } from '@emu/tcg';
import { fpuFields } from './fpu/state.ts';

/** Bytes of the header at the start, which `@emu/tcg` defines. */
const header = CPU_HEADER.fields;

const fields = {
  ...header,
  /** RAX RCX RDX RBX RSP RBP RSI RDI R8..R15. */
  gpr: ['i64', 16],
  ccDst: 'i64',
  ccSrc: 'i64',
  ccSrc2: 'i64',
  ccOp: 'i32',
  /** 1 or -1: the step of string instructions. */
  df: 'i32',
  /** All of EFLAGS but the six lazy flags and DF; bit 1 is always set. */
  eflags: 'i32',
  mxcsr: 'i32',
  xmm: ['v128', 16],

  /** Segment registers ES CS SS DS FS GS, then LDTR (6), TR (7): selector, and the hidden part as loaded from the descriptor. */
  segBase: ['i64', 8],
  segSelector: ['i32', 8],
  /** In bytes (granularity applied). */
  segLimit: ['u32', 8],
  /** First offset that an access through ES CS SS DS FS GS needs a closer look at: limit + 1, or 0 for segments that are not plain. */
  segEnd: ['i64', 6],
  /** Descriptor bits 8..23 of the second word at their places: type, S, DPL, P, AVL, L, D/B, G. */
  segAttr: ['i32', 8],
  gdtBase: 'i64',
  idtBase: 'i64',
  gdtLimit: 'i32',
  idtLimit: 'i32',

  cr0: 'i32',
  cr4: 'i32',
  cr2: 'i64',
  cr3: 'i64',
  /** PDPTE registers of PAE paging. SDM Vol. 3, 4.4.1. */
  pdpte: ['i64', 4],
  /** Task priority, 0..15 (also in the local APIC). */
  cr8: 'i32',
  efer: 'i32',
  dr: ['i64', 8],

  star: 'i64',
  lstar: 'i64',
  cstar: 'i64',
  sfmask: 'i64',
  kernelGsBase: 'i64',
  tscAux: 'i64',
  tscOffset: 'i64',
  sysenterCs: 'i64',
  sysenterEsp: 'i64',
  sysenterEip: 'i64',
  pat: 'i64',
  apicBase: 'i64',
  miscEnable: 'i64',
  xcr0: 'i64',
  xss: 'i64',
  mtrrDefType: 'i64',
  mtrrFixed: ['i64', 11],
  mtrrVar: ['i64', 16],

  /** The fault being recorded: vector (-1 none), error code (-1 none), 1 if INT n/INT3/INTO raised it, length of that instruction. */
  exception: 'i32',
  errorCode: 'i32',
  softwareInt: 'i32',
  insnLength: 'i32',
  /** Vector of the exception being delivered, for double faults; -1 none. */
  delivering: 'i32',
  /** Not 0 while HLT waits. */
  halted: 'i32',
  /** What waits for the main loop, `Attention` bits: generated code looks here before it goes on where interrupts may have opened. */
  attention: 'i32',
  /** NMI blocked until IRET. */
  nmiBlocked: 'i32',
  /** Physical address bit 20: 0 when the A20 gate forces it low, else 1 << 20. */
  a20: 'i32',
  /** SSE instructions that were worked out exactly, lately: see `ODD_WAYS`. */
  oddWays: 'i32',
  /** Scratch for helpers that take or give more than registers hold. */
  scratch: ['i64', 8],
  ...fpuFields,
} as const;

export const X86_STATE = struct(fields);
export const ST = X86_STATE.offset;
export type X86StateView = Accessors<typeof fields>;
export const viewState = (arena: Arena, base: HostPtr): X86StateView => X86_STATE.at(arena, base);

/** Bits of `attention`: the INTR line, an NMI, a debug trap. */
export const Attention = { INTR: 1, NMI: 2, TRAP: 4 } as const;

/** General registers by number. */
export const Reg = { RAX: 0, RCX: 1, RDX: 2, RBX: 3, RSP: 4, RBP: 5, RSI: 6, RDI: 7, R8: 8, R9: 9, R10: 10, R11: 11 } as const;
/** Segment registers by number; LDTR and TR follow the six. */
export const SegReg = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5, LDTR: 6, TR: 7 } as const;

const bit = (n: number) => (1 << n);
/** EFLAGS. SDM Vol. 1, 3.4.3. */
export const EFLAGS = {
  CF: bit(0), FIXED1: bit(1), PF: bit(2), AF: bit(4), ZF: bit(6), SF: bit(7), TF: bit(8), IF: bit(9), DF: bit(10), OF: bit(11),
  IOPL: 3 << 12, NT: bit(14), RF: bit(16), VM: bit(17), AC: bit(18), VIF: bit(19), VIP: bit(20), ID: bit(21),
} as const;
export const ARITH_FLAGS = EFLAGS.CF | EFLAGS.PF | EFLAGS.AF | EFLAGS.ZF | EFLAGS.SF | EFLAGS.OF;
/** CR0. SDM Vol. 3, 2.5. */
export const CR0 = {
  PE: bit(0), MP: bit(1), EM: bit(2), TS: bit(3), ET: bit(4), NE: bit(5), WP: bit(16), AM: bit(18), NW: bit(29), CD: bit(30), PG: bit(31),
} as const;
/** CR4. SDM Vol. 3, 2.5. */
export const CR4 = {
  VME: bit(0), PVI: bit(1), TSD: bit(2), DE: bit(3), PSE: bit(4), PAE: bit(5), MCE: bit(6), PGE: bit(7), PCE: bit(8), OSFXSR: bit(9),
  OSXMMEXCPT: bit(10), UMIP: bit(11), LA57: bit(12), FSGSBASE: bit(16), PCIDE: bit(17), OSXSAVE: bit(18), SMEP: bit(20), SMAP: bit(21),
} as const;
/** IA32_EFER. SDM Vol. 3, 2.2.1. */
export const EFER = { SCE: bit(0), LME: bit(8), LMA: bit(10), NXE: bit(11) } as const;
/** Bits of `segAttr`. SDM Vol. 3, 3.4.5. */
export const ATTR = {
  ACCESSED: bit(8), WRITABLE: bit(9), READABLE: bit(9), EXPAND_DOWN: bit(10), CONFORMING: bit(10), CODE: bit(11), S: bit(12), DPL: 3 << 13, P: bit(15),
  AVL: bit(20), L: bit(21), DB: bit(22), G: bit(23),
} as const;
export const DPL_SHIFT = 13;
/** Exception vectors. SDM Vol. 3, table 6-1. */
export const Vector = {
  DE: 0, DB: 1, NMI: 2, BP: 3, OF: 4, BR: 5, UD: 6, NM: 7, DF: 8, TS: 10, NP: 11, SS: 12, GP: 13, PF: 14, MF: 16, AC: 17, MC: 18, XM: 19,
} as const;
