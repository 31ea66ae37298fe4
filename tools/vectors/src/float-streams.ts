/**
 * Random streams of SSE floating point with plain results (MXCSR as a program has it that has rounded once): moves, arithmetic, comparisons and conversions of
 * numbers that are ordinary, at the bounds that translation works with, or at the ends of their format. So what is concluded from one instruction for
 * the next is tested, and the ways out where the conclusion does not hold.
 */
import type { Form } from './forms.ts';
import { Random } from './random.ts';
import { Fx, type Input } from './step.ts';
import { pool, prepareStreamOf } from './streams.ts';

/** To nearest, all masked, PE set; sometimes nothing set yet. */
const ROUNDED = 0x1fa0, FRESH = 0x1f80;
const FLOATS = /^(ADD|SUB|MUL|DIV|SQRT|MIN|MAX|CMP|U?COMI|H?ADDSUB|HADD|HSUB)(PS|PD|SS|SD)$|^CVTT?(SI|SS|SD|PS|PD|DQ)2(SI|SS|SD|PS|PD|DQ)$|^ROUND(SS|SD|PS|PD)$/;
const MOVES = /^(MOVAP[SD]|MOVUPD|MOVS[SD]|MOVDDUP|MOVQ|UNPCK[LH]P[SD]|PUNPCKLQDQ|SHUFPD|MOVLPD|MOVHPD|XORPD|PXOR|ANDPD|ADDPD|MULPD|SUBSD|MULSD|ADDSD)$/;
const isXmm = ({ row, memory }: Form): boolean => row.unit !== 'mmx' || memory !== null || row.opts.prefix === '66' || row.opts.prefix === 'F2' || row.opts.prefix === 'F3';

const pools = new Map<32 | 64, { floats: readonly Form[]; moves: readonly Form[] }>();
function floatPool(mode: 32 | 64): { floats: readonly Form[]; moves: readonly Form[] } {
  let found = pools.get(mode);
  if (!found) {
    const all = pool(mode).filter(isXmm);
    pools.set(mode, (found = { floats: all.filter(({ row }) => FLOATS.test(row.mnemonic)), moves: all.filter(({ row }) => MOVES.test(row.mnemonic)) }));
  }
  return found;
}

/** Exponents by how odd they are: ordinary; what `fwild` tells apart, products of that; ends of the format. */
const EXPONENTS = {
  64: [[-2, -1, 0, 1, 3, 20], [-256, -255, -254, 256, 257, 255], [-511, -512, 511, 512, -307, -700, 700], [-1022, -1021, -1000, 1023, 1022, -970]],
  32: [[-2, -1, 0, 1, 3, 10], [-51, -50, -49, 49, 50, 48], [-63, 63, -100, 100, -74], [-126, -125, 127, 126, -103]],
} as const;
/** How many values of a hundred are of each kind of exponents; then zeros; the rest are denormals, infinities and NaNs. */
const MIXES = [[100, 0, 0, 0, 0], [80, 10, 0, 0, 10], [70, 10, 10, 5, 4], [50, 20, 14, 8, 5], [20, 40, 20, 10, 6], [94, 0, 0, 0, 4]] as const;

function randomFloat(r: Random, width: 32 | 64, mix: readonly number[]): number {
  const sign = r.below(2) ? -1 : 1, digits = width === 64 ? 2 ** 52 : 2 ** 23;
  let n = r.below(100);
  for (let kind = 0; kind < 4; n -= mix[kind]!, kind++) {
    if (n >= mix[kind]!) continue;
    const fraction = r.pick([0, 0.5, r.below(2 ** 30) / 2 ** 30, (r.below(2 ** 26) * 2 ** 26 + r.below(2 ** 26)) / 2 ** 52, 1 - 1 / digits, 1 / digits]);
    return sign * (1 + fraction) * 2 ** r.pick(EXPONENTS[width][kind]!);
  }
  if (n < mix[4]!) return sign < 0 ? -0 : 0;
  return r.pick([Infinity, NaN, sign * (width === 64 ? 2 ** -1060 : 2 ** -140), sign * (width === 64 ? 2 ** -1022 - 2 ** -1074 : 2 ** -126 - 2 ** -149)]);
}

/** Short ones too: flags stay set, and would hide that later ones are missing. */
const LENGTHS = [2, 4, 8, 16, 32, 100] as const;

/** Makes a stream and its start state. */
export function prepareFloatStream(input: Input, mode: 32 | 64, seed: number): void {
  const r = new Random(seed, mode + 1), { floats, moves } = floatPool(mode), mix = r.pick(MIXES), width = r.below(4) ? 64 : 32;
  const suits = ({ row }: Form): boolean => (width === 64 ? /D$|D2|2SD|2PD/ : /S$|S2|2SS|2PS/).test(row.mnemonic), chosen = floats.filter(suits), from: Form[] = [];
  for (let n = 0; n < 200; n++) from.push(r.pick(r.below(20) === 0 ? floats : r.below(3) ? chosen : moves));
  prepareStreamOf(input, mode, r, from, r.pick(LENGTHS));
  const fill = (v: DataView, at: number, bytes: number): void => {
    for (let i = 0; i < bytes; i += width / 8) {
      if (width === 64) v.setFloat64(at + i, randomFloat(r, 64, mix), true);
      else v.setFloat32(at + i, randomFloat(r, 32, mix), true);
    }
  };
  const { data, fx } = input;
  fill(new DataView(data.buffer, data.byteOffset), 0, data.length);
  const view = new DataView(fx.buffer, fx.byteOffset);
  fill(view, Fx.XMM, 256);
  view.setUint32(Fx.MXCSR, r.below(5) ? ROUNDED : FRESH, true);
}
