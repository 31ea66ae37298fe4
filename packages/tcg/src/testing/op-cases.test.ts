import { expect, test } from 'vitest';
import { OP_NAMES, VALUE_OP_COUNT } from '../ops.ts';
import { awkwardInputs, buildForm, ioAddress, opCases, opForms, ReferenceBackend, sameValue, TestMachine, writeValue, readValue } from '../testing.ts';
import { operandType } from '../ops.ts';

test('every value op has forms, and every form has inputs', () => {
  const forms = opForms();
  expect(new Set(forms.map((f) => f.op)).size).toBe(VALUE_OP_COUNT);
  expect(forms.map((f) => f.op)).toEqual(expect.arrayContaining(OP_NAMES.slice(0, VALUE_OP_COUNT)));
  for (const form of forms) expect(awkwardInputs(form).next().done, form.op).toBe(false);
});

test('the reference back end gives what the reference functions give, through constants, temps and host memory', () => {
  const m = new TestMachine((setup) => new ReferenceBackend(setup));
  const io = { inputs: m.scratch, outputs: m.scratch + 128 };
  for (const form of opForms()) {
    let n = 0;
    for (const c of opCases([form])) {
      if (n++ > 3) break;
      c.ins.forEach((v, i) => writeValue(m.arena, operandType(form.row.ins[i]!, form.type), ioAddress(io.inputs, i), v));
      m.run((ir) => buildForm(ir, form, io));
      c.outs.forEach((v, i) => {
        const got = readValue(m.arena, operandType(form.row.outs[i]!, form.type), ioAddress(io.outputs, i));
        expect(sameValue(form.op, got, v), `${form.op} ${c.ins.join()} gives ${got}, not ${v}`).toBe(true);
      });
    }
  }
});
