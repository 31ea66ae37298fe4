import { describe, expect, test } from 'vitest';
import type { HotBackend } from './backend.ts';
import { ReferenceBackend, Toy, TOY_FAULT_VECTOR, TOY_INTERRUPT_VECTOR, ToyFault, ToyMachine } from './testing.ts';
import type { ToyOptions } from './testing.ts';

const { HALT, NOP, LI, ADD, ADDI, LD8, ST8, BNZ, JMP, JR, ST32, DEVICE, CLEAR } = Toy;
const machine = (options: Partial<ToyOptions> = {}) => new ToyMachine({ backend: (setup) => new ReferenceBackend(setup), ...options });
const exits = (m: ToyMachine) => m.engine.stats.exitsByName;

/** r1 = sum of 1..r0: a loop of four instructions at `at`. */
const sumLoop = (m: ToyMachine, at: number) => m.load(at, ADD, 1, 0, ADDI, 0, 0xff, BNZ, 0, 0xf7, HALT);

test('a loop runs through linked TBs: one exit for each link, then none', () => {
  const m = machine();
  sumLoop(m, 0x1000);
  m.pc = 0x1000;
  m.setReg(0, 100);
  expect(m.engine.run(1000)).toBe(100 * 3 + 1);
  expect(m.reg(1)).toBe(5050);
  expect(m.pc).toBe(0x100a);
  expect(exits(m)).toMatchObject({ CHAIN: 2, TB: 1, BUDGET: 0 });
  expect(m.engine.stats).toMatchObject({ translatedTbs: 2, translatedInsns: 4 });
  expect(m.engine.instructions).toBe(301);
});

test('a TB that is valid at two virtual addresses is translated once', () => {
  const m = machine();
  sumLoop(m, 0x1000);
  m.remap(0x12345, 1);
  m.setReg(0, 3);
  m.pc = 0x1000;
  m.engine.run(100);
  m.setReg(0, 3);
  m.pc = 0x12345000;
  m.engine.run(100);
  expect(m.reg(1)).toBe(12);
  expect(m.pc).toBe(0x1234500a);
  expect(m.engine.stats.translatedTbs).toBe(2);
});

describe('budget', () => {
  test('a slice ends before the TB it does not cover; the next slice goes on there', () => {
    const m = machine();
    sumLoop(m, 0x1000);
    m.pc = 0x1000;
    m.setReg(0, 100);
    expect(m.engine.run(100)).toBe(99);
    expect(m.pc).toBe(0x1000);
    expect(m.engine.run(1000)).toBe(301 - 99);
    expect(m.reg(1)).toBe(5050);
  });

  test('an exact slice ends in the middle of a TB', () => {
    const m = machine();
    sumLoop(m, 0x1000);
    m.pc = 0x1000;
    m.setReg(0, 100);
    expect(m.engine.run(100, true)).toBe(100);
    expect(m.pc).toBe(0x1003);
    expect(m.engine.run(1, true)).toBe(1);
    expect(m.pc).toBe(0x1006);
    expect(m.engine.run(1000)).toBe(200);
    expect(m.reg(1)).toBe(5050);
    expect(m.engine.stats).toMatchObject({ onceTbs: 2 });
  });

  test('a slice smaller than the TB makes progress', () => {
    const m = machine();
    m.load(0x1000, NOP, NOP, NOP, NOP, HALT);
    m.pc = 0x1000;
    expect([m.engine.run(2), m.engine.run(2), m.engine.run(2)]).toEqual([2, 2, 1]);
  });

  test('bad budgets are refused', () => {
    const m = machine();
    expect(() => m.engine.run(0)).toThrow('A slice of 0 instructions is not possible; use a whole number from 1 to 2^31 - 1');
    expect(() => m.engine.run(2 ** 31)).toThrow('not possible');
    m.onDevice = () => void m.engine.run(1);
    m.load(0x1000, DEVICE, HALT);
    m.pc = 0x1000;
    expect(() => m.engine.run(10)).toThrow('run() was called from inside itself');
  });
});

describe('a TB that is left before its last instruction', () => {
  /** r1 += 1; r1 += 1; r2 = 0 in a TB of its own; r0 -= 1; again */
  const early = (m: ToyMachine) => {
    m.load(0x1000, ADDI, 1, 1, ADDI, 1, 1, LI, 2, 7, CLEAR, 2, ADDI, 0, 0xff, BNZ, 0, 0xef, HALT);
    m.pc = 0x1000;
    m.setReg(0, 20);
  };

  test('pays for what it executed', () => {
    const m = machine();
    early(m);
    expect(m.engine.run(1000)).toBe(20 * 6 + 1);
    expect([m.reg(1), m.engine.instructions]).toEqual([40, 121]);
  });

  test.each([1, 2, 3, 4, 7, 40])('comes %i instructions far in an exact slice of so many', (slice) => {
    const m = machine();
    early(m);
    let total = 0;
    for (let n = slice; n === slice; total += n) n = m.engine.run(slice, true);
    expect([total, m.reg(1)]).toEqual([121, 40]);
  });

  test('lets a requested exit be served there, with the count of what was executed', () => {
    const m = machine();
    m.load(0x1000, LI, 2, 7, DEVICE, CLEAR, 2, NOP, NOP, HALT);
    m.load(TOY_INTERRUPT_VECTOR, HALT);
    m.pc = 0x1000;
    m.onDevice = () => {
      m.interruptPending = true;
      m.engine.requestExit();
    };
    expect(m.engine.run(1000)).toBe(2 + 1);
    expect([m.reg(7), m.engine.instructions]).toEqual([0x1004, 3]);
  });
});

test('a requested exit is served at the next TB boundary and costs no budget', () => {
  const m = machine();
  m.load(0x1000, DEVICE, NOP, JMP, 0xfc); // an endless loop of three instructions
  m.load(TOY_INTERRUPT_VECTOR, HALT);
  m.pc = 0x1000;
  let n = 0;
  m.onDevice = () => {
    if (++n < 5) return;
    m.interruptPending = true;
    m.engine.requestExit();
  };
  expect(m.engine.run(1_000_000)).toBe(5 * 3 + 1);
  expect(m.reg(7)).toBe(0x1000);
  expect(m.pc).toBe(TOY_INTERRUPT_VECTOR + 1);
});

test('a sleeping guest ends the slice at once until an interrupt wakes it', () => {
  const m = machine();
  m.load(0x1000, HALT);
  m.load(TOY_INTERRUPT_VECTOR, NOP, HALT);
  m.pc = 0x1000;
  expect(m.engine.run(100)).toBe(1);
  expect(m.engine.run(100)).toBe(0);
  m.interruptPending = true;
  expect(m.engine.run(100)).toBe(2);
  expect(m.engine.instructions).toBe(3);
});

describe('faults', () => {
  test('a fault in the middle of a TB counts what ran before it and leaves the pc at the instruction', () => {
    const m = machine();
    m.load(0x1000, LI, 0, 5, LI, 1, 0x7f, ADD, 1, 1, LD8, 2, 3, LI, 0, 9, HALT);
    m.load(TOY_FAULT_VECTOR, HALT);
    m.setReg(3, 0x900000);
    m.pc = 0x1000;
    expect(m.engine.run(100)).toBe(3 + 1);
    expect([m.reg(0), m.reg(1), m.reg(6), m.reg(7)]).toEqual([5, 0xfe, ToyFault.LOAD, 0x1009]);
  });

  test('a fetch fault is delivered before anything is translated', () => {
    const m = machine();
    m.load(TOY_FAULT_VECTOR, HALT);
    m.pc = 0x50000;
    expect(m.engine.run(100)).toBe(1);
    expect([m.reg(6), m.reg(7)]).toEqual([ToyFault.FETCH, 0x50000]);
  });

  test('a guest that cannot deliver a fault ends the slice', () => {
    const m = machine();
    m.remap(0, undefined);
    m.pc = 0x50000;
    expect(m.engine.run(100)).toBe(0);
  });

  test('an instruction that crosses into an unmapped page faults only when it is reached', () => {
    const m = machine();
    m.load(0x1ffb, ADDI, 0, 1, LI, 1); // the last byte of LI is in the next page
    m.load(TOY_FAULT_VECTOR, HALT);
    m.remap(2, undefined);
    m.pc = 0x1ffb;
    expect(m.engine.run(100)).toBe(2);
    expect([m.reg(0), m.reg(6), m.reg(7)]).toEqual([1, ToyFault.FETCH, 0x1ffe]);
  });
});

describe('code in two pages', () => {
  const crossing = (m: ToyMachine) => {
    m.load(0x1ffe, LI, 1); // third byte: the first of the next page
    m.load(0x2000, 11, HALT);
    m.load(0x3000, 22, HALT);
  };

  test('the TB is used only where the same page follows', () => {
    const m = machine();
    crossing(m);
    for (const [page, value] of [[2, 11], [3, 22], [2, 11]] as const) {
      m.remap(2, page);
      m.pc = 0x1ffe;
      m.engine.run(10);
      expect(m.reg(1)).toBe(value);
    }
    expect(m.engine.stats.translatedTbs).toBe(4); // two of LI, two of HALT
  });

  test('no link leads to it', () => {
    const m = machine();
    crossing(m);
    m.load(0x1ff0, JMP, 12);
    for (const [page, value] of [[2, 11], [3, 22]] as const) {
      m.remap(2, page);
      m.pc = 0x1ff0;
      m.engine.run(10);
      expect(m.reg(1)).toBe(value);
    }
  });

  test('a fetch fault behind a direct jump does not link the jump to the handler', () => {
    const m = machine();
    crossing(m);
    m.load(0x1ff0, JMP, 12); // to LI at 0x1ffe
    m.load(TOY_FAULT_VECTOR, HALT);
    m.remap(2, undefined);
    m.pc = 0x1ff0;
    m.engine.run(10);
    expect([m.reg(6), m.reg(7)]).toEqual([ToyFault.FETCH, 0x1ffe]);
    m.remap(2, 2);
    m.pc = 0x1ff0;
    m.engine.run(10);
    expect(m.reg(1)).toBe(11);
  });

  test('a write to its second page invalidates it', () => {
    const m = machine();
    crossing(m);
    m.pc = 0x1ffe;
    m.engine.run(10);
    m.load(0x2000, 33);
    m.pc = 0x1ffe;
    m.engine.run(10);
    expect(m.reg(1)).toBe(33);
  });
});

describe('self-modifying code', () => {
  test('an instruction may change the very next one', () => {
    const m = machine();
    m.load(0x1000, LI, 1, 77, LI, 2, 0x7f, ADD, 2, 2, ST8, 1, 3, LI, 0, 5, HALT);
    m.setReg(3, 0x100e); // the immediate of LI r0
    m.pc = 0x1000;
    expect(m.engine.run(100)).toBe(6);
    expect(m.reg(0)).toBe(77);
    expect(m.engine.stats).toMatchObject({ codeWrites: 1 });
    expect(m.engine.stats.exits.reduce((a, b) => a + b)).toBeLessThan(6);
  });

  test('an instruction may change the next one in the rest of an exact slice too, where that rest is the only translation there is', () => {
    const m = machine({ maxTbs: 1 });
    m.load(0x1000, ST8, 1, 3, LI, 0, 5, HALT);
    m.setReg(1, 77);
    m.setReg(3, 0x1005); // the immediate of LI r0
    m.pc = 0x1000;
    expect(m.engine.run(2, true)).toBe(2);
    expect([m.reg(0), m.pc]).toEqual([77, 0x1006]);
  });

  test('an instruction may change itself: the new code runs the next time', () => {
    const m = machine();
    m.load(0x1000, ST8, 1, 3, HALT); // writes the opcode of itself
    m.setReg(1, NOP);
    m.setReg(3, 0x1000);
    m.pc = 0x1000;
    expect(m.engine.run(100)).toBe(2);
    expect(m.byte(0x1000)).toBe(NOP);
  });

  test('a loop that patches an immediate each time round sees each patch', () => {
    const m = machine();
    // r0 += imm; imm += 1; r5 -= 1; again
    m.load(0x1000, ADDI, 0, 0, LD8, 1, 3, ADDI, 1, 1, ST8, 1, 3, ADDI, 5, 0xff, BNZ, 5, 0xee, HALT);
    m.setReg(3, 0x1002);
    m.setReg(5, 10);
    m.pc = 0x1000;
    expect(m.engine.run(1000)).toBe(10 * 6 + 1);
    expect(m.reg(0)).toBe(45);
    expect(m.engine.stats.codeWrites).toBe(10);
  });

  test('stores beside the code in its page just happen, and stores across its edge invalidate', () => {
    const m = machine();
    m.load(0x1000, ST32, 1, 3, HALT);
    m.load(0x1100, LI, 0, 1, HALT);
    m.pc = 0x1100;
    m.engine.run(10);
    m.setReg(1, 0x01020304);
    for (const [address, writes] of [[0x10fc, 0], [0x1104, 0], [0x10ff, 1]] as const) {
      m.setReg(3, address);
      m.pc = 0x1000;
      m.engine.run(10);
      expect(m.byte(address)).toBe(4);
      expect(m.engine.stats.codeWrites).toBe(writes);
    }
  });

  test('a page without TBs is not protected any more', () => {
    const m = machine();
    m.load(0x3000, HALT);
    m.pc = 0x3000;
    m.engine.run(10);
    expect([...m.protectedPages]).toEqual([3]);
    m.load(0x3000, NOP);
    expect([...m.protectedPages]).toEqual([]);
  });

  test('DMA over running code takes effect at the next TB boundary', () => {
    const m = machine();
    m.load(0x1000, DEVICE, LI, 0, 1, JMP, 0xfa);
    m.pc = 0x1000;
    m.onDevice = () => m.load(0x1000, HALT);
    expect(m.engine.run(100)).toBe(4);
    expect(m.reg(0)).toBe(1);
  });
});

test('faults cost no instructions however short the slices are, as long as some are executed between them', () => {
  const after = (slice: number): number[] => {
    const m = machine();
    m.load(0x1000, LD8, 1, 0, ADDI, 2, 1, JMP, 0xf8); // faults, is skipped, counts, jumps back
    m.load(TOY_FAULT_VECTOR, ADDI, 7, 3, JR, 7);
    m.setReg(0, 0x50000);
    m.pc = 0x1000;
    for (let left = 100; left > 0;) left -= m.engine.run(Math.min(left, slice), true);
    return [m.pc, m.reg(2)];
  };
  expect(after(1)).toEqual(after(100));
});

test('computed jumps go through the jump cache, which a remap flushes', () => {
  const m = machine();
  m.load(0x1000, JR, 2);
  m.load(0x4000, ADDI, 0, 1, JR, 1);
  m.load(0x5000, ADDI, 0, 100, HALT);
  m.setReg(1, 0x1000);
  m.setReg(2, 0x4000);
  m.pc = 0x1000;
  m.engine.run(300);
  expect(m.reg(0)).toBe(100);
  expect(exits(m).LOOKUP).toBe(2);
  m.remap(4, 5);
  m.engine.run(300);
  expect(m.reg(0)).toBe(100 + 100);
});

test('code that cannot be cached runs one instruction at a time', () => {
  const m = machine();
  m.load(0x3000, LI, 0, 7, ADDI, 0, 1, HALT);
  m.device.add(3);
  m.pc = 0x3000;
  expect(m.engine.run(100)).toBe(3);
  expect(m.reg(0)).toBe(8);
  expect(m.engine.stats).toMatchObject({ translatedTbs: 0, onceTbs: 3 });
});

test('running out of TBs flushes them all and goes on', () => {
  const m = machine({ maxTbs: 4 });
  for (let i = 0; i < 20; i++) m.load(0x1000 + 16 * i, ADDI, 0, 1, JMP, 11);
  m.load(0x1000 + 16 * 20, HALT);
  m.pc = 0x1000;
  expect(m.engine.run(100)).toBe(41);
  expect(m.reg(0)).toBe(20);
  expect(m.engine.stats.flushes).toBeGreaterThan(3);
});

test('a flush asked for by a helper happens at the next TB boundary', () => {
  const m = machine();
  m.load(0x1000, DEVICE, JMP, 0, HALT);
  m.onDevice = () => {
    m.engine.flush();
    expect(m.engine.store.count).toBe(1);
  };
  m.pc = 0x1000;
  expect(m.engine.run(100)).toBe(3);
  expect(m.engine.stats).toMatchObject({ flushes: 1 });
});

test('a hot TB is reported once, before it runs, and can be translated again', () => {
  const reported: { count: number; ops: number; successors: number[] }[] = [];
  const hot: HotBackend = {
    name: 'hot', threshold: 10, poll: () => {}, invalidate: () => {}, flush: () => {},
    hot: (tb, tbs) => {
      const slot = m.arena.u32[(tb.record + 12) >>> 2]!;
      reported.push({ count: m.reg(0), ops: tbs.retranslate(tb).length, successors: [tbs.tbAt(slot).physPc] });
    },
  };
  const m = machine({ hot });
  sumLoop(m, 0x1000);
  m.setReg(0, 100);
  m.pc = 0x1000;
  m.engine.run(1000);
  expect(reported).toHaveLength(1);
  expect(reported[0]).toMatchObject({ count: 91, successors: [0x1000] });
  expect(m.reg(1)).toBe(5050);
  expect(m.engine.stats.retranslatedTbs).toBe(1);
});

test('the TB behind another is found where its page is known', () => {
  const m = machine();
  m.load(0x1ff8, JMP, 0, NOP, JMP, 0, LI, 1, 5, HALT); // the LI fills the page, HALT is in the next
  m.pc = 0x1ff8;
  m.engine.run(100);
  const at = (pc: number) => m.engine.store.find(pc, 0, 0, 0)!;
  expect(m.engine.translations.following(at(0x1ff8))).toBe(at(0x1ffa));
  expect(m.engine.translations.following(at(0x1ffa))).toBe(at(0x1ffd));
  expect(m.engine.translations.following(at(0x1ffd))).toBeNull();
});

test('time is measured when asked for', () => {
  const m = machine();
  sumLoop(m, 0x1000);
  m.setReg(0, 100);
  m.pc = 0x1000;
  m.engine.stats.timing = true;
  m.engine.run(1000);
  expect(m.engine.stats.translateNs).toBeGreaterThan(0);
  expect(m.engine.stats.executeNs).toBeGreaterThan(0);
  m.engine.stats.reset();
  expect(m.engine.stats).toMatchObject({ executeNs: 0, timing: true, translatedTbs: 0 });
});
