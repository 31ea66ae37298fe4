/** x87 floating point. SDM Vol. 1 chapter 8, Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

/** WAIT: #NM if CR0.MP and CR0.TS, #MF if an exception is pending; CR0.EM does not matter. */
export const emitFwait: Emit = unimplemented('emitFwait');
