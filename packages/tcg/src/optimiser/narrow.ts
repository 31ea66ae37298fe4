/** Ops that do more than anybody wants, made into ones that do less. Each works on op `i` in its place. */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir } from '../ir.ts';
import { Op } from '../ops.ts';
import { onesHi, onesLo } from './pair.ts';

/** An op that only changes bits above the `d` low ones becomes a copy. */
export function copyIfNarrow(ir: Ir, i: number, d: number): void {
  const { args } = ir, p = i * STRIDE;
  switch (ir.op[i]) {
    case Op.extract: case Op.sextract:
      if (args[p + 2] === 0 && args[p + 3]! >= d) ir.op[i] = Op.mov;
      return;
    case Op.and: {
      const mask = args[p + 2]!;
      if (ir.tempKind[mask] !== Kind.CONST) return;
      if ((~ir.tempLo[mask]! & onesLo(d)) === 0 && (ir.tempType[mask] === 0 || (~ir.tempHi[mask]! & onesHi(d)) === 0)) ir.op[i] = Op.mov;
      return;
    }
    case Op.deposit: {
      const pos = args[p + 3]!;
      if (pos >= d) ir.op[i] = Op.mov;
      else if (pos === 0 && args[p + 4]! >= d) {
        ir.op[i] = Op.mov;
        args[p + 1] = args[p + 2]!;
      }
    }
  }
}

/** The op computes a pair whose high half nobody wants: an op with one output does. False: there is none. */
export function lowHalfOnly(ir: Ir, i: number): boolean {
  const { args } = ir, op = ir.op[i]!, p = i * STRIDE;
  const single = op === Op.mulu2 || op === Op.muls2 ? Op.mul : op === Op.add2 ? Op.add : op === Op.sub2 ? Op.sub : -1;
  if (single < 0) return false;
  const a = args[p + 2]!, b = single === Op.mul ? args[p + 3]! : args[p + 4]!;
  ir.op[i] = single;
  args[p + 1] = a;
  args[p + 2] = b;
  return true;
}

/** The same for a product whose low half nobody wants. */
export function highHalfOnly(ir: Ir, i: number): boolean {
  const { args } = ir, op = ir.op[i]!, p = i * STRIDE;
  const single = op === Op.mulu2 ? Op.muluh : op === Op.muls2 ? Op.mulsh : -1;
  if (single < 0) return false;
  ir.op[i] = single;
  args[p] = args[p + 1]!;
  args[p + 1] = args[p + 2]!;
  args[p + 2] = args[p + 3]!;
  return true;
}
