import { Exit, MemOp, Type, type Ir, type Temp } from '@emu/tcg';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOLE, MEMORY_BYTES, runSelfLoop, type SelfLoop } from './testing/self-loop.ts';

const SIZES = [MemOp.b8, MemOp.b16, MemOp.b32, MemOp.b64] as const, PAGE = 4096, WRAP = 2n ** 32n;

interface Slot { readonly distance: number; readonly size: number; readonly act: 'load' | 'store' | 'add' | 'xor' | 'exchange' }
interface Frame { readonly at: bigint; readonly narrow: boolean; readonly slots: readonly Slot[]; readonly turns: number; readonly flush: number; readonly moves: number }

function readBy(ir: Ir, act: Slot['act'], address: Temp, value: Temp, size: number): Temp {
  if (act === 'add') return ir.atomic_fetch_add(address, value, size, 0);
  if (act === 'xor') return ir.atomic_fetch_xor(address, value, size, 0);
  return act === 'exchange' ? ir.atomic_xchg(address, value, size, 0) : ir.qemu_ld(Type.i64, address, size, 0);
}

/** Loads, stores and both at once at constant distances from a register, as sums of 64 or 32 bits, that stays what it is unless it `moves` in the loop. */
const loopOf = ({ at, narrow, slots, turns, flush, moves }: Frame): SelfLoop => ({
  values: [at, 1n], turns, flush,
  insns: [
    ...slots.map(({ distance, size, act }): SelfLoop['insns'][number] => (ir, [frame, sum]) => {
      const far = distance === 0 ? frame! : ir.add(frame!, ir.const64(distance, distance >> 31)), address = narrow ? ir.extract(far, 0, 32) : far;
      if (act === 'store') ir.qemu_st(sum!, address, size, 0);
      else ir.set(sum!, ir.add(ir.mul(sum!, ir.const64(31)), readBy(ir, act, address, sum!, size)));
    }),
    (ir, [frame]) => { if (moves !== 0) ir.set(frame!, ir.add(frame!, ir.const64(moves, moves >> 31))); },
  ],
});

const slot: fc.Arbitrary<Slot> = fc.record({
  distance: fc.oneof(fc.constant(0), fc.integer({ min: -40, max: 40 }), fc.integer({ min: -700, max: 700 })), size: fc.constantFrom(...SIZES), act: fc.constantFrom('load', 'store', 'add', 'xor', 'exchange'),
});
/** In the middle of pages, across their ends, at the ends of memory and of a page that is missing, in the upper half of a register. */
const place = fc.oneof(fc.nat(MEMORY_BYTES), fc.integer({ min: 0, max: 15 }).chain((page) => fc.integer({ min: -50, max: 50 }).map((x) => page * PAGE + x)),
  fc.constantFrom(HOLE * PAGE, (HOLE + 1) * PAGE, 8, -8)).map(BigInt);
const frame: fc.Arbitrary<Frame> = fc.record({
  at: fc.oneof(place, place.map((x) => x + WRAP), place.map((x) => x + WRAP * 2n)).map((x) => BigInt.asUintN(64, x)), narrow: fc.boolean(),
  slots: fc.array(slot, { minLength: 1, maxLength: 8 }), turns: fc.integer({ min: 1, max: 900 }), flush: fc.constantFrom(0, 0, 1, 50), moves: fc.constantFrom(0, 0, 0, 4),
});

test('loops with a stack frame anywhere, also in two pages, in a missing one, and where sums wrap, leave what the interpreter leaves', () => {
  const exits = new Set<Exit>();
  fc.assert(fc.property(frame, (x) => {
    const expected = runSelfLoop(loopOf(x), false);
    exits.add(expected.exit);
    expect(runSelfLoop(loopOf(x), true)).toEqual(expected);
  }), { numRuns: 250 });
  expect([...exits].sort()).toEqual([Exit.TB, Exit.FAULT, Exit.BUDGET].sort());
});
