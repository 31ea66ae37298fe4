import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Exit } from '../types.ts';
import { describeOutcome, randomProgram, ReferenceBackend, TestMachine } from '../testing.ts';

const machine = () => new TestMachine((setup) => new ReferenceBackend(setup));
const numbers = fc.array(fc.nat(), { minLength: 20, maxLength: 400, size: 'max' });

test('a random program runs to an exit and leaves the same state each time', () => {
  const a = machine(), b = machine();
  const exits = [0, 0, 0, 0, 0, 0];
  fc.assert(fc.property(numbers, (list) => {
    const [first, second] = [a, b].map((m) => {
      const program = randomProgram(m, list);
      program.init(m);
      return m.run((ir) => program.build(ir));
    });
    exits[first!.exit]!++;
    expect(describeOutcome(second!)).toBe(describeOutcome(first!));
  }), { numRuns: 200 });
  for (const exit of [Exit.CHAIN, Exit.LOOKUP, Exit.TB, Exit.FAULT]) expect(exits[exit], `of 200 programs left by exit ${exit}`).toBeGreaterThan(5);
});
