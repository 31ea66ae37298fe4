/** Integer arithmetic: ADD to IDIV, sign extension of the accumulator, ADX, CRC32. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitAdd: Emit = unimplemented('emitAdd');
export const emitAdc: Emit = unimplemented('emitAdc');
export const emitSub: Emit = unimplemented('emitSub');
export const emitSbb: Emit = unimplemented('emitSbb');
export const emitCmp: Emit = unimplemented('emitCmp');
export const emitInc: Emit = unimplemented('emitInc');
export const emitDec: Emit = unimplemented('emitDec');
export const emitNeg: Emit = unimplemented('emitNeg');
export const emitMul: Emit = unimplemented('emitMul');
export const emitImulAcc: Emit = unimplemented('emitImulAcc');
export const emitImul: Emit = unimplemented('emitImul');
export const emitDiv: Emit = unimplemented('emitDiv');
export const emitIdiv: Emit = unimplemented('emitIdiv');
export const emitCbw: Emit = unimplemented('emitCbw');
export const emitCwd: Emit = unimplemented('emitCwd');
export const emitAdcx: Emit = unimplemented('emitAdcx');
export const emitAdox: Emit = unimplemented('emitAdox');
export const emitCrc32: Emit = unimplemented('emitCrc32');
