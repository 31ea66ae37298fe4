/** `@emu/softmmu` stands below the IR and repeats the layout of memory ops: the two must agree. */
import { expect, test } from 'vitest';
import * as softmmu from '@emu/softmmu';
import { MemOp, memOpIdx, memOpOf, mmuIdxOf } from '@emu/tcg';

test('memory ops have the same bits in the IR and in the software MMU', () => {
  expect({ ...softmmu.MemOp }).toEqual({ ...MemOp });
  const oi = memOpIdx(MemOp.b64 | MemOp.SIGN | MemOp.ALIGN | MemOp.RMW, 5);
  expect(oi & softmmu.MEM_OP_MASK).toBe(memOpOf(oi));
  expect(oi >>> softmmu.MMU_IDX_SHIFT).toBe(mmuIdxOf(oi));
});
