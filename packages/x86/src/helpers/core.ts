/** Helpers that every part of the translator needs: raising faults, lazy flags, segment limits. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { flagFunctions } from '../flags-wasm.ts';

export function coreHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const flags = flagFunctions(), pure = { noReadGlobals: true, noWriteGlobals: true, noSideEffects: true, noFault: true };
  return {
    /** (vector, error code or -1) */
    raise: r.js('raise', ['i32', 'i32'], 'void', (vector, error) => cpu.raise(vector!, error!), { noWriteGlobals: true, alwaysFaults: true }),
    /** (ccOp, dst, src, src2): the six flags. */
    computeFlags: r.wasm('computeFlags', ['i32', 'i64', 'i64', 'i64'], 'i32', flags.computeFlags!, pure),
    /** (ccOp, dst, src, src2): CF, 0 or 1. */
    carryFlag: r.wasm('carryFlag', ['i32', 'i64', 'i64', 'i64'], 'i32', flags.carryFlag!, pure),
    /** (segment | 8 for a write, offset, bytes): #GP or #SS if the access leaves the segment or is not allowed. */
    segCheck: r.js('segCheck', ['i32', 'i32', 'i32'], 'void', (seg, offset, bytes) => cpu.segCheck(seg! & 7, offset!, bytes!, (seg! & 8) !== 0),
      { noWriteGlobals: true }),
  };
}
