import { Exit, MemOp, Type } from '@emu/tcg';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MEMORY_BYTES, runSelfLoop, type SelfLoop } from './testing/self-loop.ts';

const SIZES = [MemOp.b8, MemOp.b16, MemOp.b32, MemOp.b64] as const;

interface Walk { readonly from: number; readonly to: number; readonly step: number; readonly load: number; readonly store: number; readonly atomic: boolean; readonly turns: number; readonly flush: number }

/** Loads along one address and stores along another, or loads and stores at once; both move by `step`. */
const loopOf = ({ from, to, step, load, store, atomic, turns, flush }: Walk): SelfLoop => ({
  values: [BigInt(from), BigInt(to), 0n], turns, flush,
  insns: [
    (ir, [a, , sum]) => ir.set(sum!, ir.add(ir.mul(sum!, ir.const64(31)), ir.qemu_ld(Type.i64, ir.add(a!, ir.const64(3)), load, 0))),
    (ir, [, b, sum]) => (atomic ? ir.set(sum!, ir.atomic_fetch_or(b!, sum!, store, 0)) : ir.qemu_st(sum!, b!, store, 0)),
    (ir, [a, b]) => { for (const g of [a!, b!]) ir.set(g, ir.add(g, ir.const64(step, step >> 31))); },
  ],
});

const walk: fc.Arbitrary<Walk> = fc.record({
  from: fc.nat(MEMORY_BYTES), to: fc.nat(MEMORY_BYTES), step: fc.oneof(fc.constantFrom(1, 2, 4, 8, -1, -8), fc.integer({ min: -300, max: 300 })),
  load: fc.constantFrom(...SIZES), store: fc.constantFrom(...SIZES), atomic: fc.boolean(), turns: fc.integer({ min: 1, max: 1500 }), flush: fc.constantFrom(0, 1, 100),
});

test('loops that walk through pages, across their ends, into a hole and out of memory, leave what the interpreter leaves', () => {
  const exits = new Set<Exit>();
  fc.assert(fc.property(walk, (w) => {
    const expected = runSelfLoop(loopOf(w), false);
    exits.add(expected.exit);
    expect(runSelfLoop(loopOf(w), true)).toEqual(expected);
  }), { numRuns: 60 });
  expect([...exits].sort()).toEqual([Exit.TB, Exit.FAULT, Exit.BUDGET].sort());
});
