import { Exit, Optimiser } from '@emu/tcg';
import { describeOutcome, randomProgram, ReferenceBackend, TestMachine } from '@emu/tcg/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompileAll } from './testing/compile-all.ts';

const jit = new TestMachine((setup) => new CompileAll(setup));
const reference = new TestMachine((setup) => new ReferenceBackend(setup));

test.each([['as built', false], ['optimised', true]])('random programs, %s, leave the same state compiled and on the reference, also when they fault in the middle', (_, optimise) => {
  const exits = new Map<Exit, number>(), optimiser = new Optimiser();
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 400, size: 'max' }), (numbers) => {
    const [got, expected] = [jit, reference].map((machine) => {
      const program = randomProgram(machine, numbers);
      program.init(machine);
      return machine.run((ir) => program.build(ir), (ir) => { if (optimise && machine === jit) optimiser.run(ir); });
    });
    exits.set(expected!.exit, (exits.get(expected!.exit) ?? 0) + 1);
    expect(describeOutcome(got!)).toBe(describeOutcome(expected!));
  }), { numRuns: 400 });
  for (const exit of [Exit.FAULT, Exit.TB, Exit.CHAIN, Exit.LOOKUP]) expect(exits.get(exit), `runs that left with exit ${exit}`).toBeGreaterThan(10);
});
