import { operandType, Tb, TB_RECORD, type Ir } from '@emu/tcg';
import { applyReference, awkwardInputs, buildForm, ioAddress, opForms, readValue, sameValue, TestMachine, writeValue, type OpForm } from '@emu/tcg/testing';
import { expect, test } from 'vitest';
import { CompileAll } from './testing/compile-all.ts';

const m = new TestMachine((setup) => new CompileAll(setup));
const io = { inputs: m.arena.alloc(128), outputs: m.arena.alloc(64) };
const nameOf = ({ op, type, imms }: OpForm): string => [`${op} of type ${type}`, ...imms].join(' ');
let tbs = 0;

/** A function that runs what `build` builds, compiled. */
function compiled(build: (ir: Ir) => void): () => void {
  m.backend.flush();
  const tb = new Tb(m.arena.alloc(TB_RECORD.size, 16), tbs++);
  m.ir.reset();
  build(m.ir);
  m.backend.generate(tb, m.ir);
  return () => m.backend.execute(tb.record);
}

test.each([...Map.groupBy(opForms(), (form) => form.op)])('%s gives what its reference function gives, at every type, immediate and awkward value', (_, forms) => {
  for (const form of forms) {
    const run = compiled((ir) => buildForm(ir, form, io));
    for (const ins of awkwardInputs(form)) {
      ins.forEach((value, i) => writeValue(m.arena, operandType(form.row.ins[i]!, form.type), ioAddress(io.inputs, i), value));
      run();
      const expected = applyReference(form.row, form.type, ins, form.imms);
      const got = expected.map((_value, i) => readValue(m.arena, operandType(form.row.outs[i]!, form.type), ioAddress(io.outputs, i)));
      if (!expected.every((value, i) => sameValue(form.op, value, got[i]!))) expect({ form: nameOf(form), ins, got }).toEqual({ form: nameOf(form), ins, got: expected });
    }
  }
});

test('what is tested is compiled code', () => {
  expect((m.backend as CompileAll).jit.stats.regions).toBeGreaterThan(opForms().length - 1);
});
