/** Stack: PUSH, POP, PUSHA, PUSHF, ENTER, LEAVE. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitPush: Emit = unimplemented('emitPush');
export const emitPop: Emit = unimplemented('emitPop');
export const emitPushSeg: Emit = unimplemented('emitPushSeg');
export const emitPopSeg: Emit = unimplemented('emitPopSeg');
export const emitPusha: Emit = unimplemented('emitPusha');
export const emitPopa: Emit = unimplemented('emitPopa');
export const emitPushf: Emit = unimplemented('emitPushf');
export const emitPopf: Emit = unimplemented('emitPopf');
export const emitEnter: Emit = unimplemented('emitEnter');
export const emitLeave: Emit = unimplemented('emitLeave');
