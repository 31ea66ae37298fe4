/** Read-modify-write instructions made for LOCK: CMPXCHG, CMPXCHG8B/16B, XADD. SDM Vol. 2. (XCHG is in move.ts.) */
import { unimplemented, type Emit } from './types.ts';

export const emitCmpxchg: Emit = unimplemented('emitCmpxchg');
export const emitCmpxchg8b: Emit = unimplemented('emitCmpxchg8b');
export const emitXadd: Emit = unimplemented('emitXadd');
