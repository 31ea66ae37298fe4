/** Port I/O: IN, OUT, INS, OUTS. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitIn: Emit = unimplemented('emitIn');
export const emitOut: Emit = unimplemented('emitOut');
export const emitIns: Emit = unimplemented('emitIns');
export const emitOuts: Emit = unimplemented('emitOuts');
