/** Bitwise logic: AND, OR, XOR, NOT, TEST. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitAnd: Emit = unimplemented('emitAnd');
export const emitOr: Emit = unimplemented('emitOr');
export const emitXor: Emit = unimplemented('emitXor');
export const emitTest: Emit = unimplemented('emitTest');
export const emitNot: Emit = unimplemented('emitNot');
