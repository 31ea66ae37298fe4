/** Bit instructions: BT to BTC, scans and counts. SDM Vol. 2. */
import { unimplemented, type Emit } from './types.ts';

export const emitBt: Emit = unimplemented('emitBt');
export const emitBts: Emit = unimplemented('emitBts');
export const emitBtr: Emit = unimplemented('emitBtr');
export const emitBtc: Emit = unimplemented('emitBtc');
export const emitBsf: Emit = unimplemented('emitBsf');
export const emitBsr: Emit = unimplemented('emitBsr');
export const emitTzcnt: Emit = unimplemented('emitTzcnt');
export const emitLzcnt: Emit = unimplemented('emitLzcnt');
export const emitPopcnt: Emit = unimplemented('emitPopcnt');
