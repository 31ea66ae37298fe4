/** General-purpose data movement: MOV to XLAT, CMOVcc, SETcc, LEA, NOP. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitMov: Emit = unimplemented('emitMov');
export const emitMovzx: Emit = unimplemented('emitMovzx');
export const emitMovsx: Emit = unimplemented('emitMovsx');
export const emitMovbe: Emit = unimplemented('emitMovbe');
export const emitXchg: Emit = unimplemented('emitXchg');
export const emitBswap: Emit = unimplemented('emitBswap');
export const emitLea: Emit = unimplemented('emitLea');
export const emitCmov: Emit = unimplemented('emitCmov');
export const emitSetcc: Emit = unimplemented('emitSetcc');
export const emitXlat: Emit = unimplemented('emitXlat');
export const emitLahf: Emit = unimplemented('emitLahf');
export const emitSahf: Emit = unimplemented('emitSahf');
export const emitNop: Emit = unimplemented('emitNop');
export const emitPause: Emit = unimplemented('emitPause');
