import { operandType } from '@emu/tcg';
import { applyReference, awkwardInputs, buildForm, ioAddress, opForms, readValue, sameValue, writeValue, type OpForm } from '@emu/tcg/testing';
import { expect, test } from 'vitest';
import { noGuestMemory, Rig } from './rig.ts';
import { Tci } from './index.ts';

const rig = new Rig((parts) => new Tci({ ...parts, memory: noGuestMemory, codeBytes: 1 << 20 }));
const io = { inputs: rig.arena.alloc(128), outputs: rig.arena.alloc(64) };
const nameOf = ({ op, type, imms }: OpForm): string => [`${op} of type ${type}`, ...imms].join(' ');

/** Forms by op: one test an op. */
const byOp = Map.groupBy(opForms(), (form) => form.op);

test.each([...byOp])('%s gives what its reference function gives, at every type, immediate and awkward value', (_, forms) => {
  for (const form of forms) {
    rig.backend.flush();
    const tb = rig.tb((ir) => buildForm(ir, form, io));
    for (const ins of awkwardInputs(form)) {
      ins.forEach((value, i) => writeValue(rig.arena, operandType(form.row.ins[i]!, form.type), ioAddress(io.inputs, i), value));
      rig.run(tb);
      const expected = applyReference(form.row, form.type, ins, form.imms);
      const got = expected.map((_value, i) => readValue(rig.arena, operandType(form.row.outs[i]!, form.type), ioAddress(io.outputs, i)));
      if (!expected.every((value, i) => sameValue(form.op, value, got[i]!))) expect({ form: nameOf(form), ins, got }).toEqual({ form: nameOf(form), ins, got: expected });
    }
  }
});

/** Outputs that are inputs as well, which the TBs above do not have. */
test.each([...byOp].filter(([, [form]]) => form!.row.outs.length === 2 || form!.row.imms.length === 0))('%s may write its result over its inputs', (_, forms) => {
  for (const form of forms.filter((f) => f.imms.length === 0)) {
    rig.backend.flush();
    const types = form.row.ins.map((kind) => operandType(kind, form.type));
    const outTypes = form.row.outs.map((kind) => operandType(kind, form.type));
    const tb = rig.tb((ir) => {
      const p = ir.emit(rig.opcode(form.op), form.type);
      [...outTypes.map((t, i) => rig.global(t, i)), ...types.map((t, i) => rig.global(t, i))].forEach((temp, i) => { ir.args[p + i] = temp; });
      ir.exit_tb(0);
    });
    for (const ins of awkwardInputs(form)) {
      ins.forEach((value, i) => rig.write(types[i]!, i, value));
      rig.run(tb);
      const expected = applyReference(form.row, form.type, ins, form.imms), got = outTypes.map((t, i) => rig.read(t, i));
      if (!expected.every((value, i) => sameValue(form.op, value, got[i]!))) expect({ form: nameOf(form), ins, got }).toEqual({ form: nameOf(form), ins, got: expected });
    }
  }
});
