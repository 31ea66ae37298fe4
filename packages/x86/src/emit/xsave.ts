/** State saving: FXSAVE, the XSAVE family, XCR0, MXCSR. SDM Vol. 1 chapters 10.5 and 13, Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitFxsave: Emit = unimplemented('emitFxsave');
export const emitFxrstor: Emit = unimplemented('emitFxrstor');
export const emitXsave: Emit = unimplemented('emitXsave');
export const emitXrstor: Emit = unimplemented('emitXrstor');
export const emitXsaveopt: Emit = unimplemented('emitXsaveopt');
export const emitXsavec: Emit = unimplemented('emitXsavec');
export const emitXsaves: Emit = unimplemented('emitXsaves');
export const emitXrstors: Emit = unimplemented('emitXrstors');
export const emitXgetbv: Emit = unimplemented('emitXgetbv');
export const emitXsetbv: Emit = unimplemented('emitXsetbv');
export const emitLdmxcsr: Emit = unimplemented('emitLdmxcsr');
export const emitStmxcsr: Emit = unimplemented('emitStmxcsr');
