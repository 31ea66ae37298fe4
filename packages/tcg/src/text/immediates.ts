/** Immediates as text, and their ranges: one entry a kind, for printer, parser and verifier. */
import { IrError } from '../errors.ts';
import type { Ir } from '../ir.ts';
import type { ImmKind } from '../ops.ts';
import { COND_NAMES, FCOND_NAMES, MemOp } from '../types.ts';

export interface ImmediateText {
  print(value: number, ir: Ir): string;
  /** The value, or throws `IrError` saying what is expected. */
  parse(text: string, ir: Ir): number;
  /** Why the value cannot be; empty if it can. `width` is that of T, `bits` of the lanes in the op's name. */
  check(value: number, ir: Ir, width: number, laneBits: number): string;
}

const SIZES = ['b8', 'b16', 'b32', 'b64', 'b128'] as const;
const FLAGS = { s: MemOp.SIGN, align: MemOp.ALIGN, rmw: MemOp.RMW } as const;
const LANES = 16;

const expected = (what: string, text: string): IrError => new IrError(`expected ${what}, not "${text}"`);
const range = (value: number, end: number, what: string): string => (value >= 0 && value < end ? '' : `${what} ${value} is not from 0 to ${end - 1}`);

const integer = (what: string, check: ImmediateText['check'] = () => ''): ImmediateText => ({
  print: (value) => String(value),
  parse: (text) => {
    if (!/^-?(\d+|0x[0-9a-f]+)$/i.test(text)) throw expected(`a whole number as ${what}`, text);
    return Number(text) | 0;
  },
  check,
});
const named = (names: readonly string[], what: string): ImmediateText => ({
  print: (value) => names[value] ?? String(value),
  parse: (text) => {
    const value = names.indexOf(text);
    if (value < 0) throw expected(`${what} (${names.join(' ')})`, text);
    return value;
  },
  check: (value) => range(value, names.length, what),
});

const memop: ImmediateText = {
  print: (value) => [SIZES[value & MemOp.SIZE] ?? `size${value & MemOp.SIZE}`, ...Object.entries(FLAGS).filter(([, bit]) => value & bit).map(([name]) => name)].join('.'),
  parse: (text) => {
    const [size, ...flags] = text.split('.');
    const log2 = SIZES.indexOf(size as (typeof SIZES)[number]);
    const bits = flags.map((flag) => FLAGS[flag as keyof typeof FLAGS]);
    if (log2 < 0 || bits.includes(undefined as never)) throw expected(`a memory op (${SIZES.join(' ')}, then any of .${Object.keys(FLAGS).join(' .')})`, text);
    return bits.reduce((a, b) => a | b, log2);
  },
  check: (value, _, width) => {
    const bits = 8 << (value & MemOp.SIZE);
    if (value < 0 || value > 63) return `memory op ${value} has unknown bits`;
    return bits > 128 || bits > width || (width === 128 && bits !== 128) ? `an access of ${bits} bits does not fit a value of ${width}` : '';
  },
};

const label: ImmediateText = {
  print: (value) => `L${value}`,
  parse: (text) => {
    if (!/^L\d+$/.test(text)) throw expected('a label like L0', text);
    return Number(text.slice(1));
  },
  check: (value, ir) => range(value, ir.labelCount, 'label'),
};

/** 16 byte lanes, lane 0 first: `[0 1 2 ...]`. */
const shuffle: ImmediateText = {
  print: (value, ir) => `[${[...ir.v128Pool.subarray(value * LANES, value * LANES + LANES)].join(' ')}]`,
  parse: (text, ir) => {
    const lanes = /^\[[\d ]+\]$/.test(text) ? text.slice(1, -1).trim().split(/ +/).map(Number) : [];
    if (lanes.length !== LANES) throw expected('16 lanes like [0 1 2 ...]', text);
    const words = new DataView(Uint8Array.from(lanes).buffer);
    return ir.poolV128(words.getInt32(0, true), words.getInt32(4, true), words.getInt32(8, true), words.getInt32(12, true));
  },
  check: (value, ir) => {
    const out = range(value, ir.v128Count, 'v128 constant');
    if (out) return out;
    const bad = ir.v128Pool.subarray(value * LANES, value * LANES + LANES).find((lane) => lane >= 2 * LANES);
    return bad === undefined ? '' : `lane ${bad} is not from 0 to 31`;
  },
};

export const IMMEDIATES: Readonly<Record<ImmKind, ImmediateText>> = {
  cond: named(COND_NAMES, 'condition'),
  fcond: named(FCOND_NAMES, 'condition'),
  pos: integer('bit position', (value, _, width) => range(value, width, 'bit position')),
  len: integer('length', (value, _, width) => (value >= 1 && value <= width ? '' : `length ${value} is not from 1 to ${width}`)),
  shift: integer('shift count', (value, _, width) => range(value, width, 'shift count')),
  lane: integer('lane', (value, _ir, _width, laneBits) => range(value, 128 / laneBits, 'lane')),
  shuffle,
  offset: integer('offset', (value) => (value >= 0 ? '' : `offset ${value} is negative`)),
  memop,
  mmu: integer('mmu index', (value) => range(value, 1 << 23, 'mmu index')),
  label,
  slot: integer('slot', (value) => range(value, 2, 'slot')),
  reason: integer('reason'),
  word: integer('word'),
};
