/**
 * Tests derived from the op table: for every value op, type and choice of immediates, tuples of awkward inputs. Whatever runs IR must
 * agree on them with the reference functions, except where the row says that the result is unspecified.
 */
import { COND_NAMES, FCOND_NAMES, OP_NAMES, operandType, ROWS, Type, TYPE_BITS, VALUE_OP_COUNT } from '@emu/tcg';
import type { ImmKind, Row } from '@emu/tcg';
import { type Value } from './reference.ts';

export interface OpCase {
  readonly op: number;
  readonly type: Type;
  /** Immediates as numbers; a shuffle's is a place in `SHUFFLES`. */
  readonly imms: readonly number[];
  readonly name: string;
}

const INTS: readonly bigint[] = [
  0n, 1n, 2n, 3n, 7n, 31n, 32n, 63n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x12345678n, 0x7fffffffn, 0x80000000n, 0x80000001n, 0xfffffffen, 0xffffffffn,
  0x100000000n, 0x123456789abcdef0n, 0x7fffffffffffffffn, 0x8000000000000000n, 0x8000000000000001n, 0xffffffff80000000n, 0xfffffffffffffffen, 0xffffffffffffffffn,
];
const FLOATS: readonly number[] = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-45, 1.1754943508222875e-38, 3.4028234663852886e38, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN,
  2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 32, 2 ** 53 + 2, 2 ** 63, -(2 ** 63), 1e20, 0.1, Math.PI,
];
const bytesOf = (words: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(words).buffer);
const VECTORS: readonly Uint8Array[] = [
  bytesOf([0, 0, 0, 0]),
  bytesOf([-1, -1, -1, -1]),
  bytesOf([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c]),
  bytesOf([0x7f80ff01, 0x80007fff, 0x00010002, 0xfffefffd | 0]),
  bytesOf([-0x80000000, 0x7fffffff, 1, -2]),
  bytesOf([-0x7fff8000, 0x7fff7fff, -0x7fff8000, 0x00008000]),
  bytesOf([0, -0x80000000, -1, 0x7fffffff]),
  new Uint8Array(Float32Array.of(1.5, -0, Infinity, 1e-45).buffer),
  new Uint8Array(Float32Array.of(-2.25, 3e38, NaN, 7).buffer),
  new Uint8Array(Float64Array.of(Math.PI, -Infinity).buffer),
  new Uint8Array(Float64Array.of(-0, 5e-324).buffer),
];
/** Lane lists for `vshuffle`. */
export const SHUFFLES: readonly Uint8Array[] = [
  Uint8Array.from({ length: 16 }, (_, i) => i),
  Uint8Array.from({ length: 16 }, (_, i) => 31 - i),
  Uint8Array.from({ length: 16 }, (_, i) => (i % 2 ? 16 : 0) + (i >> 1)),
  Uint8Array.of(5, 5, 20, 20, 0, 31, 15, 16, 1, 2, 3, 4, 28, 29, 30, 31),
];
const VALUES: Readonly<Record<Type, readonly Value[]>> = {
  [Type.i32]: [...new Set(INTS.map((n) => BigInt.asUintN(32, n)))], [Type.i64]: INTS, [Type.v128]: VECTORS,
  [Type.f32]: FLOATS.map(Math.fround), [Type.f64]: FLOATS,
};

/** Choices for the immediates of an op. Fields (pos, len) lie within the width. */
function choices(kinds: readonly ImmKind[], op: number, width: number): number[][] {
  const kind = kinds[0];
  if (kind === undefined) return [[]];
  if (kind === 'cond') return COND_NAMES.map((_, i) => [i]);
  if (kind === 'fcond') return FCOND_NAMES.map((_, i) => [i]);
  if (kind === 'lane') return Array.from({ length: 128 / Number(/\d+$/.exec(OP_NAMES[op]!)![0]) }, (_, i) => [i]);
  if (kind === 'shuffle') return SHUFFLES.map((_, i) => [i]);
  if (kind === 'shift') return [0, 1, 7, 31, width - 1].map((n) => [n]);
  return [[0, 1], [0, 8], [0, 16], [0, 31], [0, width / 2], [0, width - 1], [0, width], [5, 13], [8, 8], [width / 2, width / 2], [width - 1, 1], [3, width - 3]];
}

export function opCases(): OpCase[] {
  return ROWS.slice(0, VALUE_OP_COUNT).flatMap((row, op) => {
    const types = row.types.length ? row.types.map((name) => Type[name]) : [Type.i32];
    return types.flatMap((type) => choices(row.imms, op, TYPE_BITS[type]).map((imms) => (
      { op, type, imms, name: [`${OP_NAMES[op]}${row.types.length ? `_${row.types[types.indexOf(type)]}` : ''}`, ...imms].join(' ') })));
  });
}

const MOST_TUPLES = 500;

/** Tuples of inputs: all of them up to two inputs, a fixed pseudo-random choice beyond. */
export function inputsOf({ op, type }: OpCase): Value[][] {
  const sets = ROWS[op]!.ins.map((kind) => VALUES[operandType(kind, type)]);
  const total = sets.reduce((n, set) => n * set.length, 1);
  if (total <= VALUES[Type.i64].length ** 2) return sets.reduce<Value[][]>((tuples, set) => tuples.flatMap((t) => set.map((v) => [...t, v])), [[]]);
  let seed = 12345;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  return Array.from({ length: MOST_TUPLES }, () => sets.map((set) => set[random(set.length)]!));
}

const isNaNBits = (v: Value, width: number): boolean => {
  const [exponent, fraction] = width === 32 ? [0xffn << 23n, (1n << 23n) - 1n] : [0x7ffn << 52n, (1n << 52n) - 1n];
  return ((v as bigint) & exponent) === exponent && ((v as bigint) & fraction) !== 0n;
};

/** Whether the row leaves the result of these inputs open, by the text of its `unspecified`. */
export function unspecified({ op, type, imms }: OpCase, inputs: readonly Value[]): boolean {
  const text = ROWS[op]!.flags.unspecified;
  if (text === undefined) return false;
  const test = UNSPECIFIED[text];
  if (!test) throw new Error(`row ${OP_NAMES[op]} is unspecified where '${text}': say what that means in op-cases.ts`);
  return test(inputs, TYPE_BITS[type], imms, ROWS[op]!);
}

type Test = (inputs: readonly Value[], width: number, imms: readonly number[], row: Row) => boolean;
const UNSPECIFIED: Readonly<Record<string, Test>> = {
  'b = 0': ([, b]) => b === 0n,
  'b = 0, or MIN / -1': ([a, b], width) => b === 0n || (a === 1n << BigInt(width - 1) && b === (1n << BigInt(width)) - 1n),
  'b >= width': ([, b], width) => (b as bigint) >= BigInt(width),
  'a is a signalling NaN': ([a], _w, _i, row) => isNaNBits(a!, row.ins[0] === 'i64' ? 64 : 32),
  'a is a NaN': ([a]) => Number.isNaN(a),
  'b is a NaN': ([, b]) => Number.isNaN(b),
  'the lane is a NaN': ([a], _w, [lane], row) => {
    const width = row.outs[0] === 'f64' ? 64 : 32;
    const view = new DataView((a as Uint8Array).slice().buffer);
    return Number.isNaN(width === 64 ? view.getFloat64(lane! * 8, true) : view.getFloat32(lane! * 4, true));
  },
};

/** A result in a form that compares: any NaN is NaN, also in the lanes of float ops. */
export function comparable(op: number, type: Type, value: Value): unknown {
  const lanes = /^v(?:add|sub|mul|div|sqrt)f(32|64)$/.exec(OP_NAMES[op]!)?.[1];
  if (type !== Type.v128) return value;
  const bytes = (value as Uint8Array).slice();
  if (lanes === '32') return [...new Float32Array(bytes.buffer)];
  if (lanes === '64') return [...new Float64Array(bytes.buffer)];
  return [...bytes];
}
