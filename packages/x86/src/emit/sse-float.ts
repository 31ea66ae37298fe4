/** SSE floating point: arithmetic, comparison, conversion, rounding under MXCSR. SDM Vol. 1 chapters 10 to 12, Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

/** Packed or scalar, single or double. Scalar forms leave the rest of the destination alone. */
export type FloatFormat = 'ps' | 'pd' | 'ss' | 'sd';

/** dst = dst op src; `sqrt`, `rsqrt` and `rcp` have one source. */
export type FloatOp = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'sqrt' | 'rsqrt' | 'rcp';

/** What a conversion converts: `dq` four (or two) i32 in XMM, `pi` two i32 in MMX, `si` a general register or memory integer. */
export type CvtFormat = FloatFormat | 'dq' | 'pi' | 'si';

/** The operation `op` in format `fmt`. */
export const emitFloat = (op: FloatOp, fmt: FloatFormat): Emit => unimplemented(`emitFloat(${op}, ${fmt})`);
/** CMPccPS and the like: the predicate is imm8 bits 2:0. */
export const emitFloatCmp = (fmt: FloatFormat): Emit => unimplemented(`emitFloatCmp(${fmt})`);
/** COMISx (signals invalid for any NaN) and UCOMISx (only for signalling NaNs). */
export const emitComis = (kind: 'comis' | 'ucomis', fmt: 'ss' | 'sd'): Emit => unimplemented(`emitComis(${kind}, ${fmt})`);
/** CVTx2y rounds by MXCSR, CVTTx2y truncates. */
export const emitCvt = (from: CvtFormat, to: CvtFormat, rounding: 'round' | 'truncate' = 'round'): Emit =>
  unimplemented(`emitCvt(${from}, ${to}, ${rounding})`);
/** HADDPx, HSUBPx. */
export const emitFloatHorizontal = (op: 'add' | 'sub', fmt: 'ps' | 'pd'): Emit => unimplemented(`emitFloatHorizontal(${op}, ${fmt})`);
/** ADDSUBPx: subtract in even lanes, add in odd ones. */
export const emitAddsub = (fmt: 'ps' | 'pd'): Emit => unimplemented(`emitAddsub(${fmt})`);
/** ROUNDxx by imm8. */
export const emitRound = (fmt: FloatFormat): Emit => unimplemented(`emitRound(${fmt})`);
/** DPPx: masked dot product by imm8. */
export const emitDp = (fmt: 'ps' | 'pd'): Emit => unimplemented(`emitDp(${fmt})`);
