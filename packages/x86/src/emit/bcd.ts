/** Decimal adjustment, and the undocumented SALC. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitAaa: Emit = unimplemented('emitAaa');
export const emitAas: Emit = unimplemented('emitAas');
export const emitAam: Emit = unimplemented('emitAam');
export const emitAad: Emit = unimplemented('emitAad');
export const emitDaa: Emit = unimplemented('emitDaa');
export const emitDas: Emit = unimplemented('emitDas');
export const emitSalc: Emit = unimplemented('emitSalc');
