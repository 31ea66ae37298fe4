/** Shifts and rotates. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitRol: Emit = unimplemented('emitRol');
export const emitRor: Emit = unimplemented('emitRor');
export const emitRcl: Emit = unimplemented('emitRcl');
export const emitRcr: Emit = unimplemented('emitRcr');
export const emitShl: Emit = unimplemented('emitShl');
export const emitShr: Emit = unimplemented('emitShr');
export const emitSar: Emit = unimplemented('emitSar');
export const emitShld: Emit = unimplemented('emitShld');
export const emitShrd: Emit = unimplemented('emitShrd');
