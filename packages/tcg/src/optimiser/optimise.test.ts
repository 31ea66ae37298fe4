import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOutcome, randomProgram, ReferenceBackend, TestMachine } from '../testing.ts';
import { Optimiser } from './optimise.ts';

const numbers = fc.array(fc.nat(), { minLength: 10, maxLength: 500, size: 'max' });
const RUNS = Number(process.env.EMU_FUZZ_RUNS ?? 1500);
/** Shrinking a failure ends here at the latest. */
const TIME_LIMIT_MS = RUNS * 30;

test('a program leaves the same state optimised and not, also when it faults in the middle', () => {
  const m = new TestMachine((setup) => new ReferenceBackend(setup));
  const optimiser = new Optimiser();
  let before = 0, after = 0;
  fc.assert(fc.property(numbers, (list) => {
    const program = randomProgram(m, list);
    program.init(m);
    const plain = m.run((ir) => program.build(ir), (ir) => { before += ir.length; });
    program.init(m);
    const optimised = m.run((ir) => program.build(ir), (ir) => {
      optimiser.run(ir);
      after += ir.length;
    });
    expect(describeOutcome(optimised)).toBe(describeOutcome(plain));
  }), { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS });
  expect(after / before).toBeLessThan(0.75);
});
