/** String instructions MOVS, CMPS, STOS, LODS, SCAS with REP prefixes. SDM Vol. 2; INS and OUTS are in io.ts. */
import { unimplemented, type Emit } from './types.ts';

export const emitMovs: Emit = unimplemented('emitMovs');
export const emitCmps: Emit = unimplemented('emitCmps');
export const emitStos: Emit = unimplemented('emitStos');
export const emitLods: Emit = unimplemented('emitLods');
export const emitScas: Emit = unimplemented('emitScas');
