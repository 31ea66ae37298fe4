/**
 * Test cases derived from the op table: every value op at every type with every kind of immediates over awkward values, with what the
 * reference function gives. A back end passes when `sameValue` holds for each.
 */
import { EmuError } from '@emu/vaddr';
import type { HostPtr } from '@emu/vaddr';
import type { Ir } from '../ir.ts';
import { OP_NAMES, Op, operandType, OPS, VALUE_OP_COUNT } from '../ops.ts';
import type { Row, ValueOp } from '../ops.ts';
import { COND_NAMES, FCOND_NAMES, Type, TYPE_BITS } from '../types.ts';
import { awkwardValues } from './awkward.ts';
import { applyReference } from '../reference-values.ts';
import type { IrValue } from '../reference-values.ts';

/** A value op with its type and immediates. A shuffle immediate is its 16 bytes. */
export interface OpForm {
  readonly op: ValueOp;
  readonly row: Row;
  readonly type: Type;
  readonly imms: readonly (number | Uint8Array)[];
}
export interface OpCase {
  readonly form: OpForm;
  readonly ins: readonly IrValue[];
  readonly outs: readonly IrValue[];
}

const SHUFFLES = [
  Uint8Array.from({ length: 16 }, (_, i) => i),
  Uint8Array.from({ length: 16 }, (_, i) => 31 - i),
  Uint8Array.of(0, 16, 1, 17, 2, 18, 3, 19, 28, 12, 29, 13, 30, 14, 31, 15),
];
const LENGTHS = [1, 3, 7, 8, 15, 16, 17, 24, 31, 32, 33, 47, 48, 63, 64];
const POSITIONS = [0, 1, 4, 8, 15, 16, 31, 32, 33, 47, 56, 63];
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Lists of immediates that an op may have at a type. */
function immediates(row: Row, type: Type, name: string): readonly (readonly (number | Uint8Array)[])[] {
  const width = TYPE_BITS[type];
  switch (row.imms.join()) {
    case '': return [[]];
    case 'cond': return COND_NAMES.map((_, i) => [i]);
    case 'fcond': return FCOND_NAMES.map((_, i) => [i]);
    case 'shift': return POSITIONS.filter((n) => n < width).map((n) => [n]);
    case 'pos,len': return POSITIONS.flatMap((pos) => LENGTHS.filter((len) => pos + len <= width).map((len) => [pos, len]));
    case 'lane': return count(128 / Number(/\d+$/.exec(name)![0])).map((lane) => [lane]);
    case 'shuffle': return SHUFFLES.map((s) => [s]);
    default: throw new EmuError(`Immediates (${row.imms.join(', ')}) of ${name} have no test values; add them here`);
  }
}

/** Every form of every value op. */
export function opForms(): OpForm[] {
  return OP_NAMES.slice(0, VALUE_OP_COUNT).flatMap((name) => {
    const op = name as ValueOp, row: Row = OPS[op];
    const types = row.types.length ? row.types.map((t) => Type[t]) : [Type.i32];
    return types.flatMap((type) => immediates(row, type, op).map((imms) => ({ op, row, type, imms })));
  });
}

const laneIsNan = (v: IrValue, lane: number, bits: number): boolean => {
  const view = new DataView((v as Uint8Array).slice().buffer);
  return Number.isNaN(bits === 32 ? view.getFloat32(lane * 4, true) : view.getFloat64(lane * 8, true));
};
const isNan = (v: IrValue): boolean => Number.isNaN(v);
const floatNan = (bits: bigint, width: number): boolean => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return width === 64 ? isNan(view.getFloat64(0)) : isNan(view.getFloat32(4));
};

type Unspecified = (ins: readonly IrValue[], imms: readonly (number | Uint8Array)[], width: number, op: string) => boolean;
const UNSPECIFIED: Readonly<Record<string, Unspecified>> = {
  'b >= width': ([, b], _, width) => (b as bigint) >= BigInt(width),
  'b = 0': ([, b]) => b === 0n,
  'b = 0, or MIN / -1': ([a, b], _, width) => b === 0n || (a === 1n << BigInt(width - 1) && b === (1n << BigInt(width)) - 1n),
  'a is a NaN': ([a]) => isNan(a!),
  'b is a NaN': ([, b]) => isNan(b!),
  'a is a signalling NaN': ([a], _imms, _width, op) => floatNan(a as bigint, op.includes('64') ? 64 : 32),
  'the lane is a NaN': ([a], [lane], _, op) => laneIsNan(a!, lane as number, op.endsWith('64') ? 64 : 32),
};

/** Whether the result of these inputs may be any value. */
export function isUnspecified(form: OpForm, ins: readonly IrValue[]): boolean {
  const why = form.row.flags.unspecified;
  if (why === undefined) return false;
  const test = UNSPECIFIED[why];
  if (!test) throw new EmuError(`"${why}" of ${form.op} is not known here; add a test for it`);
  return test(ins, form.imms, TYPE_BITS[form.type], form.op);
}

/** Awkward inputs of a form, without those whose result is unspecified: all pairs, and rotations where an op has more inputs. */
export function* awkwardInputs(form: OpForm): Generator<IrValue[]> {
  const values = form.row.ins.map((kind) => awkwardValues(operandType(kind, form.type)));
  const rest = values.slice(2);
  for (let i = 0; i < values[0]!.length; i++) {
    for (let j = 0; j < (values[1]?.length ?? 1); j++) {
      const ins = [values[0]![i]!, ...(values[1] ? [values[1][j]!] : []), ...rest.map((v, n) => v[(i * 7 + j * 3 + n * 5) % v.length]!)];
      if (!isUnspecified(form, ins)) yield ins;
    }
  }
}

/** Every case: about half a million. `forms` narrows them down. */
export function* opCases(forms: readonly OpForm[] = opForms()): Generator<OpCase> {
  for (const form of forms) for (const ins of awkwardInputs(form)) yield { form, ins, outs: applyReference(form.row, form.type, ins, form.imms) };
}

const INPUT_STRIDE = 16;

/** Host addresses of the inputs and outputs of a `buildForm` program, 16 bytes each. */
export interface FormIo { readonly inputs: HostPtr; readonly outputs: HostPtr }

/** Builds the TB that loads the inputs from host memory, applies the op, and stores the outputs: run it once for each tuple of inputs. */
export function buildForm(ir: Ir, form: OpForm, io: FormIo): void {
  ir.insn_start(0);
  const base = ir.const32(io.inputs);
  const ins = form.row.ins.map((kind, i) => ir.ld(operandType(kind, form.type), base, i * INPUT_STRIDE));
  const imms = form.imms.map((imm) => (typeof imm === 'number' ? imm : poolShuffle(ir, imm)));
  const method = ir[form.op] as unknown as (...operands: number[]) => number;
  const first = method.call(ir, ...ins, ...imms);
  form.row.outs.forEach((_, i) => ir.st(first + i, ir.const32(io.outputs), i * INPUT_STRIDE));
  ir.exit_tb(0);
}

/** Host address of input or output `i`. */
export const ioAddress = (base: HostPtr, i: number): HostPtr => base + i * INPUT_STRIDE;

function poolShuffle(ir: Ir, bytes: Uint8Array): number {
  const v = new DataView(bytes.slice().buffer);
  return ir.poolV128(v.getInt32(0, true), v.getInt32(4, true), v.getInt32(8, true), v.getInt32(12, true));
}

/** Whether two values are the same to a guest: any NaN is as good as another, also in the lanes of float vector ops. */
export function sameValue(op: ValueOp | null, a: IrValue, b: IrValue): boolean {
  if (typeof a === 'number') return Object.is(a, b) || (isNan(a) && isNan(b));
  if (typeof a === 'bigint') return a === b;
  const bits = op && FLOAT_LANES.test(op) ? (op.endsWith('32') ? 32 : 64) : 0;
  if (bits === 0) return a.every((x, i) => x === (b as Uint8Array)[i]);
  return count(128 / bits).every((lane) => {
    const at = (lane * bits) / 8, bytes = a.subarray(at, at + bits / 8);
    return bytes.every((x, i) => x === (b as Uint8Array)[at + i]) || (laneIsNan(a, lane, bits) && laneIsNan(b, lane, bits));
  });
}
const FLOAT_LANES = /^v((add|sub|mul|div|sqrt|floor|ceil|trunc|nearest)f|[if]32_f)(32|64)$/;

/** Opcode of a form, for back ends that work on numbers. */
export const opcodeOf = (form: OpForm): number => Op[form.op];
