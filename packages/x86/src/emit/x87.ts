/** x87 floating point: arithmetic on 80-bit reals, loads, stores, comparison, transcendental functions, control. SDM Vol. 1 chapter 8, Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

/** The `r` forms have their operands exchanged. */
export type FarithOp = 'add' | 'mul' | 'sub' | 'subr' | 'div' | 'divr';

/** operands[0] = operands[0] op operands[1], in ST(i) or from a memory real or integer; then pops `pops` times. */
export const emitFarith = (op: FarithOp, pops: 0 | 1 = 0): Emit => unimplemented(`emitFarith(${op}, ${pops})`);
/** FCOM, FICOM and (quiet NaNs pass) FUCOM: ST(0) with operands[1], result in C3, C2, C0. */
export const emitFcom = (kind: 'fcom' | 'fucom', pops: 0 | 1 | 2): Emit => unimplemented(`emitFcom(${kind}, ${pops})`);
/** FCOMI, FUCOMI: the same with the result in ZF, PF, CF. */
export const emitFcomi = (kind: 'fcom' | 'fucom', pops: 0 | 1): Emit => unimplemented(`emitFcomi(${kind}, ${pops})`);
/** FST, FSTP to memory or ST(i). */
export const emitFst = (pops: 0 | 1): Emit => unimplemented(`emitFst(${pops})`);
/** FIST, FISTP by rounding control; FISTTP truncates. */
export const emitFist = (rounding: 'round' | 'truncate', pops: 0 | 1): Emit => unimplemented(`emitFist(${rounding}, ${pops})`);
/** Pushes a constant: FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
export const emitFldConst = (constant: '1' | 'l2t' | 'l2e' | 'pi' | 'lg2' | 'ln2' | 'z'): Emit => unimplemented(`emitFldConst(${constant})`);
/** FCMOVcc by CF, ZF, CF|ZF, PF or their complements. */
export const emitFcmov = (cond: 'b' | 'e' | 'be' | 'u' | 'nb' | 'ne' | 'nbe' | 'nu'): Emit => unimplemented(`emitFcmov(${cond})`);
/** FFREE, and the undocumented FFREEP, which pops too. */
export const emitFfree = (pops: 0 | 1): Emit => unimplemented(`emitFfree(${pops})`);
/** WAIT: #NM if CR0.MP and CR0.TS, #MF if an exception is pending; CR0.EM does not matter. */
export const emitFwait: Emit = unimplemented('emitFwait');
/** FNOP, and FENI, FDISI, FSETPM, which do nothing since the 387. */
export const emitFnop: Emit = unimplemented('emitFnop');

export const emitFld: Emit = unimplemented('emitFld');
export const emitFild: Emit = unimplemented('emitFild');
export const emitFbld: Emit = unimplemented('emitFbld');
export const emitFbstp: Emit = unimplemented('emitFbstp');
export const emitFxch: Emit = unimplemented('emitFxch');
export const emitFchs: Emit = unimplemented('emitFchs');
export const emitFabs: Emit = unimplemented('emitFabs');
export const emitFtst: Emit = unimplemented('emitFtst');
export const emitFxam: Emit = unimplemented('emitFxam');
export const emitF2xm1: Emit = unimplemented('emitF2xm1');
export const emitFyl2x: Emit = unimplemented('emitFyl2x');
export const emitFyl2xp1: Emit = unimplemented('emitFyl2xp1');
export const emitFptan: Emit = unimplemented('emitFptan');
export const emitFpatan: Emit = unimplemented('emitFpatan');
export const emitFsin: Emit = unimplemented('emitFsin');
export const emitFcos: Emit = unimplemented('emitFcos');
export const emitFsincos: Emit = unimplemented('emitFsincos');
export const emitFxtract: Emit = unimplemented('emitFxtract');
export const emitFprem: Emit = unimplemented('emitFprem');
export const emitFprem1: Emit = unimplemented('emitFprem1');
export const emitFsqrt: Emit = unimplemented('emitFsqrt');
export const emitFrndint: Emit = unimplemented('emitFrndint');
export const emitFscale: Emit = unimplemented('emitFscale');
export const emitFdecstp: Emit = unimplemented('emitFdecstp');
export const emitFincstp: Emit = unimplemented('emitFincstp');
export const emitFnclex: Emit = unimplemented('emitFnclex');
export const emitFninit: Emit = unimplemented('emitFninit');
export const emitFldcw: Emit = unimplemented('emitFldcw');
export const emitFnstcw: Emit = unimplemented('emitFnstcw');
export const emitFnstsw: Emit = unimplemented('emitFnstsw');
export const emitFldenv: Emit = unimplemented('emitFldenv');
export const emitFnstenv: Emit = unimplemented('emitFnstenv');
export const emitFrstor: Emit = unimplemented('emitFrstor');
export const emitFnsave: Emit = unimplemented('emitFnsave');
