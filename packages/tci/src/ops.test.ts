import { OP_NAMES, operandType, ROWS, Type } from '@emu/tcg';
import type { Ir } from '@emu/tcg';
import { expect, test } from 'vitest';
import { Tci } from './index.ts';
import { comparable, inputsOf, opCases, Reference, Rig, SHUFFLES, unspecified, type OpCase, type Parts } from './testing.ts';

const noGuestMemory = { vaddrBits: 64, descriptor: () => 0, slowLoad: () => 0, slowStore: () => {} } as const;
const noMemory = { load: () => undefined, store: () => false };
const tci = new Rig((parts: Parts) => new Tci({ ...parts, memory: noGuestMemory, codeBytes: 1 << 20 }));
const reference = new Rig((parts: Parts) => new Reference({ ...parts, memory: noMemory }));

/** The op between globals: inputs from 0 on, outputs from 4 on (those of its type), so that none is both. */
function build(rig: Rig, c: OpCase, aliased: boolean): (ir: Ir) => void {
  return (ir) => {
    const row = ROWS[c.op]!;
    const outs = row.outs.map((kind, i) => rig.global(operandType(kind, c.type), aliased ? i : 4 + i));
    const ins = row.ins.map((kind, i) => rig.global(operandType(kind, c.type), i));
    const imms = c.imms.map((imm, i) => (row.imms[i] === 'shuffle' ? ir.poolV128(...(new Int32Array(SHUFFLES[imm]!.buffer) as unknown as [number, number, number, number])) : imm));
    const p = ir.emit(c.op, c.type);
    [...outs, ...ins, ...imms].forEach((value, i) => { ir.args[p + i] = value; });
    ir.exit_tb(0);
  };
}

test.each(opCases())('$name', (c) => {
  const row = ROWS[c.op]!;
  for (const aliased of [false, true]) {
    tci.backend.flush();
    const tbs = [tci, reference].map((rig) => [rig, rig.tb(build(rig, c, aliased))] as const);
    for (const inputs of inputsOf(c)) {
      if (unspecified(c, inputs)) continue;
      const results = tbs.map(([rig, tb]) => {
        row.ins.forEach((kind, i) => rig.write(operandType(kind, c.type), i, inputs[i]!));
        rig.run(tb);
        return row.outs.map((kind, i) => comparable(c.op, operandType(kind, c.type), rig.read(operandType(kind, c.type), aliased ? i : 4 + i)));
      });
      if (JSON.stringify(results[0], show) !== JSON.stringify(results[1], show)) {
        expect({ inputs, tci: results[0] }).toEqual({ inputs, tci: results[1] });
      }
    }
  }
});

const show = (_: string, v: unknown): unknown => (typeof v === 'bigint' ? `${v}n` : typeof v === 'number' && !Number.isFinite(v) ? String(v) : Object.is(v, -0) ? '-0' : v);

test('every value op has a test, and every type of it', () => {
  const names = new Set(opCases().map((c) => `${OP_NAMES[c.op]} ${c.type}`));
  const rows = ROWS.flatMap((row, op) => (row.ref ? (row.types.length ? row.types : ['i32' as const]).map((t) => `${OP_NAMES[op]} ${Type[t]}`) : []));
  expect([...names].sort()).toEqual(rows.sort());
});
