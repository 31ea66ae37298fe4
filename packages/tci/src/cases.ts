/**
 * Which cases the interpreter has: one for each op, type and value of an immediate that must be known when Wasm is generated (conditions,
 * lanes, `goto_tb` slots). The encoder finds a case at `base[op * TYPES + type] + variant`.
 */
import { COND_NAMES, FCOND_NAMES, OP_NAMES, ROWS, Type, TYPE_NAMES, VALUE_OP_COUNT } from '@emu/tcg';
import type { ImmKind, Row } from '@emu/tcg';

export const TYPES = 5;

export interface CaseKey {
  readonly op: number;
  readonly type: Type;
  /** Value of the immediate at `variantOperand`; 0 without one. */
  readonly variant: number;
  readonly name: string;
}

/** Ops that emit no bytecode. */
const SILENT: ReadonlySet<string> = new Set(['insn_start', 'set_label', 'discard']);
/** Ops whose cases are made by signature or by kind of access, not by type. */
const OWN_CASES: ReadonlySet<string> = new Set(['call', 'qemu_ld', 'qemu_st', 'atomic_xchg', 'atomic_fetch_add', 'atomic_fetch_and', 'atomic_fetch_or', 'atomic_fetch_xor', 'atomic_cmpxchg']);
const SLOTS = 2;
const VECTOR_BITS = 128;

/** How many values an immediate of this kind has, 0 when it does not make cases. */
function variants(kind: ImmKind, op: number): number {
  if (kind === 'cond') return COND_NAMES.length;
  if (kind === 'fcond') return FCOND_NAMES.length;
  if (kind === 'slot') return SLOTS;
  if (kind === 'lane') return VECTOR_BITS / Number(/\d+$/.exec(OP_NAMES[op]!)![0]);
  return 0;
}

/** Operand number of the immediate that makes cases, or -1. */
export const VARIANT_OPERAND: readonly number[] = ROWS.map((row, op) => {
  const i = row.imms.findIndex((kind) => variants(kind, op) > 0);
  return i < 0 ? -1 : row.outs.length + row.ins.length + i;
});

const typesOf = (row: Row): readonly Type[] => (row.types.length ? row.types.map((name) => Type[name]) : [Type.i32]);

function keysOf(op: number): CaseKey[] {
  const row = ROWS[op]!;
  const operand = VARIANT_OPERAND[op]!;
  const kind = operand < 0 ? undefined : row.imms[operand - row.outs.length - row.ins.length]!;
  const count = kind === undefined ? 1 : variants(kind, op);
  return typesOf(row).flatMap((type) => Array.from({ length: count }, (_, variant) => {
    const value = kind === undefined ? '' : `_${kind === 'cond' ? COND_NAMES[variant] : kind === 'fcond' ? FCOND_NAMES[variant] : variant}`;
    return { op, type, variant, name: `${OP_NAMES[op]}${row.types.length ? `_${TYPE_NAMES[type]}` : ''}${value}` };
  }));
}

/** Cases of all ops that have one for each type and variant. Value ops come first, in the order of the table. */
export const CASE_KEYS: readonly CaseKey[] = OP_NAMES.flatMap((name, op) => (SILENT.has(name) || OWN_CASES.has(name) ? [] : keysOf(op)));

/** First case of an op and type, or -1. */
export const CASE_BASE: Int32Array = (() => {
  const base = new Int32Array(OP_NAMES.length * TYPES).fill(-1);
  CASE_KEYS.forEach(({ op, type, variant }, i) => { if (variant === 0) base[op * TYPES + type] = i; });
  return base;
})();

export const isValueOp = (op: number): boolean => op < VALUE_OP_COUNT;
