import { Toy } from '@emu/tcg/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompiledToy } from './testing/toy.ts';

const CODE = 0x1000;

/** Code of 40 instructions that jump among each other; any of them may be the target. Registers 0 to 3 count, 4 and 5 are addresses. */
function program(numbers: readonly number[]): number[] {
  const at: number[] = [], bytes: number[] = [], jumps: { at: number; from: number; to: number }[] = [];
  const next = (i: number) => numbers[i % Math.max(1, numbers.length)] ?? 0;
  for (let i = 0; i < 40; i++) {
    at.push(bytes.length);
    const n = next(i), r = n & 3, s = (n >> 2) & 3;
    switch ((n >> 4) % 11) {
      case 0: bytes.push(Toy.ADD, r, s); break;
      case 1: bytes.push(Toy.ADDI, r, (n >> 8) & 0x7f); break;
      case 2: bytes.push(Toy.ADDI, r, -1 & 0xff); break;
      case 3: bytes.push(Toy.LD8, r, 4 + (s & 1)); break;
      case 4: bytes.push(Toy.ST8, r, 4 + (s & 1)); break;
      case 5: bytes.push(Toy.LI, r, (n >> 8) & 0x7f); break;
      case 6: case 7: bytes.push(Toy.BNZ, r, 0); jumps.push({ at: bytes.length - 1, from: bytes.length, to: (n >> 9) % 40 }); break;
      case 8: bytes.push(Toy.JMP, 0); jumps.push({ at: bytes.length - 1, from: bytes.length, to: (n >> 9) % 40 }); break;
      case 9: bytes.push(Toy.CLEAR, r); break;
      default: bytes.push(Toy.NOP);
    }
  }
  at.push(bytes.length);
  bytes.push(Toy.JMP, (-bytes.length - 2) & 0xff);
  for (const j of jumps) bytes[j.at] = (at[j.to]! - j.from) & 0xff;
  return bytes;
}

function state(m: CompiledToy): unknown {
  return { pc: m.pc, regs: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => m.reg(n)), memory: m.arena.u8.slice(m.setup.header, m.setup.header + 4).join(), instructions: m.engine.instructions };
}

test.each([1, 2, 5])('random loops and jumps, compiled after %i executions, leave the same registers at each slice of the budget', (threshold) => {
  let regions = 0, tbs = 0;
  fc.assert(fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 60, size: 'max' }), (numbers) => {
    const code = program(numbers), machines = [new CompiledToy(null), new CompiledToy({ threshold })];
    const states = machines.map((m) => {
      m.load(CODE, ...code);
      m.load(0x200, Toy.JMP, 0);
      m.load(0x100, Toy.ADDI, 7, 1, Toy.JR, 7);
      m.setReg(4, 0x3000);
      m.setReg(5, 0x3001);
      m.pc = CODE;
      const seen: unknown[] = [];
      for (let i = 0; i < 30; i++) {
        m.engine.run(1 + ((numbers[0]! + i * 37) % 97), i % 2 === 0);
        seen.push(state(m));
      }
      return seen;
    });
    expect(states[1]).toEqual(states[0]);
    regions += machines[1]!.jit!.stats.regions;
    tbs += machines[1]!.jit!.stats.tbs;
    expect(machines[1]!.jit!.stats.lastRefusal).toBe('');
  }), { numRuns: 60 });
  expect(regions).toBeGreaterThan(60);
  if (threshold > 1) expect(tbs).toBeGreaterThan(regions * 1.3);
});
