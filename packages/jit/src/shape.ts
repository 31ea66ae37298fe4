/** Facts about ops by opcode, derived from the op table once. */
import { LOWER, MemOp, Op, OP_NAMES, ROWS, STRIDE, Type, VALUE_OP_COUNT, type Ir, type LowerTarget, type ValueOp } from '@emu/tcg';
import { I32, ModuleBuilder, type FuncBuilder, type ValType } from '@emu/wasm';

/** Outputs and inputs of an op; a call's are in the call pool. */
export const OUTS = Uint8Array.from(ROWS, (row) => row.outs.length);
export const INS = Uint8Array.from(ROWS, (row) => row.ins.length);
export const FIRST_GUEST_OP = Op.qemu_ld, LAST_GUEST_OP = Op.atomic_cmpxchg;
export const isGuestOp = (op: number): boolean => op >= FIRST_GUEST_OP && op <= LAST_GUEST_OP;
/** Guest memory ops that are done in place where the page is known; the other is a call. */
export const isInPlace = (op: number): boolean => isGuestOp(op) && op !== Op.atomic_cmpxchg;
export const isHostLoad = (op: number): boolean => op >= Op.ld8u && op <= Op.ld;
/** Nothing but its outputs: may be removed when they are of no use. */
export const isPure = (op: number): boolean => op < VALUE_OP_COUNT || isHostLoad(op);

/** Whether guest memory op `i` needs a page that may be written. */
export const writesGuest = (ir: Ir, i: number): boolean => ir.op[i] !== Op.qemu_ld || (ir.args[i * STRIDE + 2]! & MemOp.RMW) !== 0;
/** Whether call `i` may change where guest memory is. */
export const changesMapping = (ir: Ir, i: number): boolean => !ir.helpers[ir.args[i * STRIDE + 1]!]!.flags.noSideEffects;

/** Counts how often a lowering pushes each operand. */
class CountingTarget implements LowerTarget {
  readonly static = true;
  readonly f: FuncBuilder;
  readonly counts = new Uint8Array(8);
  constructor(f: FuncBuilder) {
    this.f = f;
  }
  get(i: number): void { this.counts[i]!++; }
  out(): void {}
  put(): void {}
  imm(): number { return 1; }
  i32(): void {}
  i64(): void {}
  v128(): void {}
  shuffle(): Uint8Array { return new Uint8Array(16); }
  tmp(type: ValType): number { return this.f.local(type); }
  free(): void {}
}

/** Whether the lowering of a value op pushes one of its inputs twice, or an input more than once behind code that writes locals: those inputs must be in locals. */
export const READS_TWICE: Uint8Array = Uint8Array.from({ length: VALUE_OP_COUNT }, (_, op) => {
  const row = ROWS[op]!;
  const types = row.types.length > 0 ? row.types.map((name) => Type[name]) : [Type.i32];
  return Math.max(...types.map((type) => {
    const target = new CountingTarget(new ModuleBuilder().func({ params: [I32] }));
    LOWER[OP_NAMES[op] as ValueOp](target, type);
    return Math.max(...target.counts);
  })) > 1 ? 1 : 0;
});

