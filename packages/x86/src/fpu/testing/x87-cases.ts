/** Every x87 instruction form as a case for `compare.ts`: its bytes, a start state, and the helper calls that carry it out. */
import { OperandKind } from '../x87-operand.ts';
import type { Case } from './compare.ts';
import { putF80, Record, stAt } from './record.ts';
import type { SoftFpu } from './soft-fpu.ts';
import { f32, f64, f80, fcw, type Random } from './values.ts';

/** Any control word, TOP and condition codes; mostly full stack; any register contents. */
function fillStack(view: DataView, at: number, r: Random): void {
  view.setUint16(at + Record.FCW, fcw(r), true);
  view.setUint16(at + Record.FSW, r.below(8) << 11 | (r.below(4) === 0 ? r.below(8) << 8 | r.below(2) << 14 | r.below(0x40) : 0), true);
  view.setUint8(at + Record.VALID, r.below(20) ? 0xff : r.below(0x100));
  for (let i = 0; i < 8; i++) putF80(view, at + stAt(i), f80(r));
  noPending(view, at);
}

/** Masks what is flagged, so that no exception is pending before the instruction. */
function noPending(view: DataView, at: number): void {
  view.setUint16(at + Record.FCW, view.getUint16(at + Record.FCW, true) | view.getUint8(at + Record.FSW) & 0x3f, true);
}

type Fill = (view: DataView, at: number, r: Random) => void;
const fillMemory = (put: Fill): Fill => (view, at, r) => {
  fillStack(view, at, r);
  put(view, at + Record.MEMORY, r);
};
const m32 = fillMemory((view, at, r) => view.setUint32(at, f32(r), true));
const m64 = fillMemory((view, at, r) => view.setBigUint64(at, f64(r), true));
const integer = fillMemory((view, at, r) => view.setBigInt64(at, r.pick([0n, 1n, -1n, BigInt.asIntN(64, r.u64() >> BigInt(r.below(64)))]), true));

const row = (title: string, code: readonly number[], fill: Fill, run: (soft: SoftFpu) => void): Case => ({ title, code, fill, run });

function arithmetic(): Case[] {
  // ModR/M reg fields of D8..DE. In the forms with ST(i) as destination the manual's names of the reversed pairs change places.
  const operations = [['fadd', 'fadd', 0], ['fmul', 'fmul', 1], ['fsub', 'fsubr', 4], ['fsubr', 'fsub', 5], ['fdiv', 'fdivr', 6], ['fdivr', 'fdiv', 7]] as const;
  return operations.flatMap(([name, toStack, reg]) => {
    const operand = (kind: number) => (s: SoftFpu): void => void s.helpers[`${name}_m`]!(s.env, kind);
    return [
      row(`${name} st, st(1)`, [0xd8, 0xc1 + 8 * reg], fillStack, (s) => s.helpers[name]!(s.env, 0, 1, 0)),
      row(`${name} st, st`, [0xd8, 0xc0 + 8 * reg], fillStack, (s) => s.helpers[name]!(s.env, 0, 0, 0)),
      row(`${toStack} st(1), st`, [0xdc, 0xc1 + 8 * reg], fillStack, (s) => s.helpers[toStack]!(s.env, 1, 0, 0)),
      row(`${toStack}p st(1), st`, [0xde, 0xc1 + 8 * reg], fillStack, (s) => s.helpers[toStack]!(s.env, 1, 0, 1)),
      row(`${name} m32fp`, [0xd8, 0x07 + 8 * reg], m32, operand(OperandKind.M32FP)),
      row(`${name} m64fp`, [0xdc, 0x07 + 8 * reg], m64, operand(OperandKind.M64FP)),
      row(`${name} m16int`, [0xde, 0x07 + 8 * reg], integer, operand(OperandKind.M16INT)),
      row(`${name} m32int`, [0xda, 0x07 + 8 * reg], integer, operand(OperandKind.M32INT)),
    ];
  }).concat(row('fsqrt', [0xd9, 0xfa], fillStack, (s) => s.helpers['fsqrt']!(s.env)));
}

export const x87Cases: readonly Case[] = arithmetic();
