/** Facts about ops that both passes look up by opcode: derived from the op table once. */
import { CONTROL_OPS, OP_NAMES, ROWS, Op, VALUE_OP_COUNT } from '../ops.ts';
import { Type } from '../types.ts';

/** Outputs and inputs of an op; a call's are in the call pool. */
export const OUTS = Uint8Array.from(ROWS, (row) => row.outs.length);
export const INS = Uint8Array.from(ROWS, (row) => row.ins.length);

/** How the passes treat an op. */
export const Class = { PURE: 0, EFFECT: 1, FAULTING: 2, CALL: 3, LABEL: 4, BR: 5, BRCOND: 6, EXIT: 7, INSN: 8, DISCARD: 9 } as const;
const CONTROL_CLASS: Record<keyof typeof CONTROL_OPS, number> = {
  insn_start: Class.INSN, set_label: Class.LABEL, br: Class.BR, brcond: Class.BRCOND, goto_tb: Class.EXIT, lookup_and_goto_ptr: Class.EXIT,
  exit_tb: Class.EXIT, call: Class.CALL, discard: Class.DISCARD,
};
export const CLASS = Uint8Array.from(OP_NAMES, (name, op) => {
  const { flags } = ROWS[op]!;
  return CONTROL_CLASS[name as keyof typeof CONTROL_OPS] ?? (flags.mayFault ? Class.FAULTING : flags.sideEffects ? Class.EFFECT : Class.PURE);
});

/** Value ops over integers only: the reference function folds their constants. */
export const INTEGER = Uint8Array.from(ROWS, ({ ins, outs, types, imms }, op) => {
  const kinds = [...ins, ...outs].flatMap((k) => (k === 'T' ? types : [k]));
  return op < VALUE_OP_COUNT && op !== Op.mov && ins.length > 0 && imms.every((k) => k !== 'shuffle') && kinds.every((k) => k === 'i32' || k === 'i64') ? 1 : 0;
});

/** Bits of a type, as far as demand is counted. */
export const FULL = Uint8Array.from({ length: 5 }, (_, type) => (type === Type.i32 ? 32 : 64));
