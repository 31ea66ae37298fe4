/** Vector moves, shuffles and blends without arithmetic: MMX and SSE. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

/** A whole register or 128/64-bit memory operand moves (MOVAPS, MOVDQU, MMX MOVQ, MOVNTDQ, LDDQU, ...); the row decides alignment. */
export const emitMovVec: Emit = unimplemented('emitMovVec');
/** MOVSS and MOVSD: a load zeroes the rest of the destination, a register move keeps it. */
export const emitMovScalar: Emit = unimplemented('emitMovScalar');
/** MOVD/MOVQ from a general register or memory into an MMX or XMM register, zero-extended. */
export const emitMovdLoad: Emit = unimplemented('emitMovdLoad');
/** MOVD/MOVQ from an MMX or XMM register to a general register or memory. */
export const emitMovdStore: Emit = unimplemented('emitMovdStore');
/** MOVQ between XMM registers and memory: the destination register's upper half becomes zero. */
export const emitMovqXmm: Emit = unimplemented('emitMovqXmm');
/** MOVMSKPS, MOVMSKPD. */
export const emitMovmsk = (fmt: 'ps' | 'pd'): Emit => unimplemented(`emitMovmsk(${fmt})`);
/** SHUFPS, SHUFPD by imm8. */
export const emitShuf = (fmt: 'ps' | 'pd'): Emit => unimplemented(`emitShuf(${fmt})`);
/** BLENDPS, BLENDPD by imm8. */
export const emitBlend = (fmt: 'ps' | 'pd'): Emit => unimplemented(`emitBlend(${fmt})`);
/** BLENDVPS, BLENDVPD by the sign bits of XMM0. */
export const emitBlendv = (fmt: 'ps' | 'pd'): Emit => unimplemented(`emitBlendv(${fmt})`);

/** MOVLPS, MOVLPD: the low quadword from or to memory; the rest of the register stays. */
export const emitMovLow: Emit = unimplemented('emitMovLow');
/** MOVHPS, MOVHPD: the high quadword from or to memory; the rest of the register stays. */
export const emitMovHigh: Emit = unimplemented('emitMovHigh');
export const emitMovhlps: Emit = unimplemented('emitMovhlps');
export const emitMovlhps: Emit = unimplemented('emitMovlhps');
export const emitMovddup: Emit = unimplemented('emitMovddup');
export const emitMovsldup: Emit = unimplemented('emitMovsldup');
export const emitMovshdup: Emit = unimplemented('emitMovshdup');
export const emitMovq2dq: Emit = unimplemented('emitMovq2dq');
export const emitMovdq2q: Emit = unimplemented('emitMovdq2q');
/** MASKMOVQ, MASKMOVDQU: bytes whose mask has its sign bit set go to DS:rDI. */
export const emitMaskmov: Emit = unimplemented('emitMaskmov');
export const emitInsertps: Emit = unimplemented('emitInsertps');
export const emitExtractps: Emit = unimplemented('emitExtractps');
