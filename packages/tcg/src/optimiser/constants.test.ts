import { expect, test } from 'vitest';
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op, operandType } from '../ops.ts';
import { opCases, opForms, ReferenceBackend, sameValue, TestMachine, constantValue } from '../testing.ts';
import type { IrValue } from '../testing.ts';
import { Type } from '../types.ts';
import { printIr } from '../text/print.ts';
import { Optimiser } from './optimise.ts';
import { INTEGER } from './shape.ts';

const constant = (ir: Ir, type: Type, value: IrValue): Temp => {
  const lo = Number(BigInt.asIntN(32, value as bigint));
  return type === Type.i64 ? ir.const64(lo, Number(BigInt.asIntN(32, (value as bigint) >> 32n))) : ir.const32(lo);
};

test('integer ops of constants fold to what the reference functions give', () => {
  const m = new TestMachine((setup) => new ReferenceBackend(setup)), { ir } = m, optimiser = new Optimiser();
  let folded = 0;
  for (const c of opCases(opForms().filter((form) => INTEGER[Op[form.op]] === 1 && form.row.outs.length === 1))) {
    const { op, row, type, imms } = c.form;
    ir.reset();
    ir.insn_start(0);
    const ins = row.ins.map((kind, i) => constant(ir, operandType(kind, type), c.ins[i]!));
    const method = ir[op] as unknown as (...operands: number[]) => Temp;
    const out = method.call(ir, ...ins, ...(imms as number[]));
    const result = operandType(row.outs[0]!, type);
    ir.set(m.global(result === Type.i64 ? 'g0' : 'w0'), out);
    ir.exit_tb(0);
    optimiser.run(ir);
    const from = ir.args[STRIDE + 1]!;
    const right = ir.op[1] === Op.mov && ir.tempKind[from] === Kind.CONST && sameValue(op, constantValue(ir, from), c.outs[0]!);
    if (!right) expect(`${op} ${c.ins} ${imms}: ${printIr(ir)}`).toBe(`${c.outs[0]}`);
    folded++;
  }
  expect(folded).toBeGreaterThan(100_000);
});
