import { Exit, MemOp, Type } from '@emu/tcg';
import { expect, test } from 'vitest';
import { runSelfLoop, type SelfLoop } from './testing/self-loop.ts';

/** A load at a register that is 8, then one 9 bytes below: the last byte of the address space. */
const around: SelfLoop = {
  values: [8n, 1n], turns: 1, flush: 1,
  insns: [0, -9].map((distance) => (ir, [at, sum]) => ir.set(sum!, ir.qemu_ld(Type.i64, ir.add(at!, ir.const64(distance, distance >> 31)), MemOp.b8, 0))),
};

test('where a probe missed, an address on the other side of 0 is not taken for one near it', () => {
  const expected = runSelfLoop(around, false);
  expect(expected.exit).toBe(Exit.FAULT);
  expect(runSelfLoop(around, true)).toEqual(expected);
});
