import { flatMemory } from '@emu/softmmu/testing';
import { Exit, HDR, Optimiser, verifyIr } from '@emu/tcg';
import { describeOutcome, HOLE, randomProgram, ReferenceBackend, TestMachine, type TestSetup } from '@emu/tcg/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tci } from './index.ts';

/** The interpreter over a real SoftMmu, with the test machine's memory. */
function makeTci({ arena, header, jumpCache, helpers, ram, ramPages, fault }: TestSetup): Tci {
  const report = { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox };
  const memory = flatMemory({ arena, ram, pages: ramPages, hole: HOLE, report, alignmentFault: fault });
  return new Tci({ arena, header, jumpCache, helpers, memory, codeBytes: 1 << 20 });
}

const tci = new TestMachine(makeTci);
const reference = new TestMachine((setup) => new ReferenceBackend(setup));

test.each([['as built', false], ['optimised', true]])('random programs, %s, leave the same state on the interpreter and on the reference, also when they fault in the middle', (_, optimised) => {
  const exits = new Map<Exit, number>();
  const optimiser = new Optimiser();
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 400, size: 'max' }), (numbers) => {
    const [got, expected] = [tci, reference].map((machine) => {
      const program = randomProgram(machine, numbers);
      program.init(machine);
      return machine.run((ir) => program.build(ir), (ir) => {
        verifyIr(ir);
        if (machine === tci && optimised) optimiser.run(ir);
        verifyIr(ir);
      });
    });
    exits.set(expected!.exit, (exits.get(expected!.exit) ?? 0) + 1);
    expect(describeOutcome(got!)).toBe(describeOutcome(expected!));
  }), { numRuns: 400 });
  for (const exit of [Exit.FAULT, Exit.TB, Exit.CHAIN, Exit.LOOKUP]) expect(exits.get(exit), `runs that left with exit ${exit}`).toBeGreaterThan(15);
});
