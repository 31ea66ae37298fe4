import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReferenceBackend, Toy, TOY_FAULT_VECTOR, ToyMachine } from './testing.ts';
import type { ToyOptions } from './testing.ts';

const CODE = 0x1fc0; // half of it in the next page
const BYTES = 128;
const INSNS = 400;
const OPS = [Toy.NOP, Toy.LI, Toy.ADD, Toy.ADDI, Toy.ADDI, Toy.LD8, Toy.ST8, Toy.ST8, Toy.ST32, Toy.BNZ, Toy.BNZ, Toy.JMP, Toy.JR, Toy.CLEAR];

/** Instructions with operands that stay near: registers hold addresses within the code, so that stores hit it. */
const insn = fc.tuple(fc.constantFrom(...OPS), fc.nat(7), fc.nat(7), fc.integer({ min: -20, max: 20 })).map(([op, a, b, n]) => {
  switch (op) {
    case Toy.NOP: return [op];
    case Toy.JR: case Toy.CLEAR: return [op, a];
    case Toy.JMP: return [op, n & 0xff];
    case Toy.LI: case Toy.ADDI: case Toy.BNZ: return [op, a, n & 0xff];
    default: return [op, a, b];
  }
});
const program = fc.array(insn, { minLength: 5, maxLength: 45, size: 'max' });
const slices = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 });

/** Runs `INSNS` instructions, in slices of these lengths in turn, and says what is left behind. */
function run(code: number[][], lengths: readonly number[], options: Partial<ToyOptions>) {
  const m = new ToyMachine({ backend: (setup) => new ReferenceBackend(setup), ...options });
  m.load(CODE, ...code.flat(), Toy.HALT);
  m.load(TOY_FAULT_VECTOR, Toy.ADDI, 7, 1, Toy.JR, 7); // skips a byte
  for (let r = 0; r < 8; r++) m.setReg(r, CODE + 9 * r);
  m.pc = CODE;
  for (let left = INSNS, i = 0; left > 0; i++) {
    const n = m.engine.run(Math.min(left, lengths[i % lengths.length]!), true);
    if (n === 0) break;
    left -= n;
  }
  const regs = Array.from({ length: 8 }, (_, r) => m.reg(r));
  const memory = Array.from({ length: BYTES + 64 }, (_, i) => m.byte(CODE - 32 + i));
  return { state: { regs, pc: m.pc, memory: memory.join(' '), instructions: m.engine.instructions }, stats: m.engine.stats };
}

test('self-modifying programs do the same one instruction at a time, in long linked blocks, and with few blocks at once', () => {
  let codeWrites = 0, onceTbs = 0, invalidated = 0;
  fc.assert(fc.property(program, slices, (code, lengths) => {
    const plain = run(code, [INSNS], { maxInsns: 1, optimise: false });
    const linked = run(code, [INSNS], {});
    const sliced = run(code, lengths, {});
    const few = run(code, lengths, { maxTbs: 3, maxInsns: 5 });
    expect(linked.state).toEqual(plain.state);
    expect(sliced.state).toEqual(plain.state);
    expect(few.state).toEqual(plain.state);
    codeWrites += linked.stats.codeWrites;
    onceTbs += sliced.stats.onceTbs;
    invalidated += linked.stats.invalidatedTbs;
  }), { numRuns: Number(process.env.EMU_FUZZ_RUNS ?? 120) });
  expect([codeWrites, onceTbs, invalidated].every((n) => n > 20), `${codeWrites} ${onceTbs} ${invalidated}`).toBe(true);
});
