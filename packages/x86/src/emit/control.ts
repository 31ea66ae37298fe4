/** Near branches, software interrupts, BOUND, UD. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitJcc: Emit = unimplemented('emitJcc');
export const emitJmp: Emit = unimplemented('emitJmp');
export const emitJmpIndirect: Emit = unimplemented('emitJmpIndirect');
export const emitCall: Emit = unimplemented('emitCall');
export const emitCallIndirect: Emit = unimplemented('emitCallIndirect');
export const emitRet: Emit = unimplemented('emitRet');
export const emitLoop: Emit = unimplemented('emitLoop');
export const emitLoope: Emit = unimplemented('emitLoope');
export const emitLoopne: Emit = unimplemented('emitLoopne');
export const emitJcxz: Emit = unimplemented('emitJcxz');
export const emitInt: Emit = unimplemented('emitInt');
export const emitInt1: Emit = unimplemented('emitInt1');
export const emitInt3: Emit = unimplemented('emitInt3');
export const emitInto: Emit = unimplemented('emitInto');
export const emitBound: Emit = unimplemented('emitBound');
export const emitUd: Emit = unimplemented('emitUd');
