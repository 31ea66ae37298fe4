import { Cond, COND_NAMES, Exit, GUEST_FAULT, HelperRegistry, jumpCacheIndex, JUMP_CACHE_ENTRY, JumpCache, MAX_TB_OPS, TB, Type } from '@emu/tcg';
import type { Backend, Helper, Ir } from '@emu/tcg';
import { ReferenceBackend } from '@emu/tcg/testing';
import { Arena, EmuError } from '@emu/vaddr';
import { I32, ModuleBuilder } from '@emu/wasm';
import { describe, expect, test } from 'vitest';
import { FUSED_SEQUENCES } from './fused.ts';
import { Tci, TciError } from './index.ts';
import { noGuestMemory, Rig, type Parts } from './rig.ts';

const makeTci = (parts: Parts): Tci => new Tci({ ...parts, memory: noGuestMemory, codeBytes: 1 << 20 });
const makeReference = (parts: Parts): ReferenceBackend => new ReferenceBackend({ ...parts, memory: { load: () => 0n, store: () => {} } });
const BACKENDS: [string, (parts: Parts) => Backend][] = [['tci', makeTci], ['reference', makeReference]];

/** r0 += n, then whatever `end` emits. */
const addTo = (rig: Rig, n: number, end: (ir: Ir) => void) => (ir: Ir): void => {
  const r0 = rig.global(Type.i64, 0);
  ir.insn_start(0);
  ir.set(r0, ir.add(r0, ir.const64(n)));
  end(ir);
};

describe.each(BACKENDS)('%s', (_, make) => {
  test('a linked loop runs until the budget does not cover the next turn, and leaves before any effect', () => {
    const rig = new Rig(make);
    const tb = rig.tb(addTo(rig, 1, (ir) => ir.goto_tb(1)), 3);
    rig.arena.u32[(tb.record + TB.jump + 4) >>> 2] = tb.record;
    expect(rig.run(tb, 100)).toBe(Exit.BUDGET);
    expect(rig.read(Type.i64, 0)).toBe(33n);
    expect(rig.header.budget).toBe(1);
    expect(rig.header.exitTb).toBe(tb.record);
    expect(rig.record(tb).count).toBe(33);
  });

  test('an unlinked goto_tb asks for a link and says which TB and slot', () => {
    const rig = new Rig(make);
    const tb = rig.tb(addTo(rig, 1, (ir) => ir.goto_tb(1)));
    expect(rig.run(tb, 5)).toBe(Exit.CHAIN);
    expect([rig.header.exitTb, rig.header.exitSlot, rig.header.budget]).toEqual([tb.record, 1, 4]);
  });

  test('exit_tb gives its reason', () => {
    const rig = new Rig(make);
    const tb = rig.tb(addTo(rig, 1, (ir) => ir.exit_tb(77)));
    expect(rig.run(tb)).toBe(Exit.TB);
    expect([rig.header.exitTb, rig.header.exitSlot]).toEqual([tb.record, 77]);
  });

  test('a TB is reported once when it gets hot, before it runs and without being paid', () => {
    const rig = new Rig(make);
    const tb = rig.tb(addTo(rig, 1, (ir) => ir.goto_tb(0)));
    rig.arena.u32[(tb.record + TB.jump) >>> 2] = tb.record;
    rig.record(tb).hotCount = 4;
    expect(rig.run(tb, 10)).toBe(Exit.HOT);
    expect([rig.read(Type.i64, 0), rig.header.budget, rig.header.exitTb]).toEqual([3n, 7, tb.record]);
    expect(rig.run(tb, 7)).toBe(Exit.BUDGET);
    expect(rig.read(Type.i64, 0)).toBe(10n);
  });

  test('lookup_and_goto_ptr takes a TB of the same pc, code base and flags from the jump cache, and nothing else', () => {
    const rig = new Rig(make);
    const target = rig.tb(addTo(rig, 100, (ir) => ir.exit_tb(1)));
    const tb = rig.tb(addTo(rig, 1, (ir) => ir.lookup_and_goto_ptr()));
    const pc = 0x81234567;
    rig.header.pcLo = pc | 0;
    rig.header.pcHi = -1;
    rig.header.csBaseLo = 0x1000;
    rig.header.flags = 5;
    expect(rig.run(tb, 10)).toBe(Exit.LOOKUP);
    expect(rig.header.exitTb).toBe(tb.record);
    const entry = JUMP_CACHE_ENTRY.at(rig.arena, rig.jumpCache.address + jumpCacheIndex(pc | 0) * JUMP_CACHE_ENTRY.size);
    Object.assign(entry, { pcLo: pc | 0, pcHi: -1, csBaseLo: 0x1000, csBaseHi: 0, flags: 5, tb: target.record });
    expect(rig.run(tb, 10)).toBe(Exit.TB);
    expect(rig.read(Type.i64, 0)).toBe(102n);
    for (const [field, value] of [['pcHi', 0], ['csBaseLo', 0], ['csBaseHi', 1], ['flags', 4]] as const) {
      const good = entry[field];
      entry[field] = value;
      expect(rig.run(tb, 10), `another ${field}`).toBe(Exit.LOOKUP);
      entry[field] = good;
    }
  });

  test('branches go forwards over ops, for every condition', () => {
    const rig = new Rig(make);
    const taken = (cond: Cond, a: bigint, b: bigint): boolean => {
      rig.backend.flush();
      const tb = rig.tb((ir) => {
        const label = ir.newLabel(), end = ir.newLabel(), out = rig.global(Type.i32, 0);
        ir.brcond(rig.global(Type.i64, 0), rig.global(Type.i64, 1), cond, label);
        ir.set(out, ir.const32(0));
        ir.br(end);
        ir.set_label(label);
        ir.set(out, ir.const32(1));
        ir.set_label(end);
        ir.exit_tb(0);
      });
      rig.write(Type.i64, 0, a);
      rig.write(Type.i64, 1, b);
      rig.run(tb);
      return rig.read(Type.i32, 0) === 1n;
    };
    const big = 0x8000000000000001n;
    expect([Cond.eq, Cond.ne, Cond.lt, Cond.ge, Cond.ltu, Cond.geu, Cond.tsteq, Cond.tstne].map((c) => taken(c, big, 3n))).toEqual([false, true, true, false, false, true, false, true]);
    expect([Cond.le, Cond.gt, Cond.leu, Cond.gtu].map((c) => taken(c, 3n, 3n))).toEqual([true, false, true, false]);
  });

  test('constants keep their width next to others: 8 bytes read beside non-zero neighbours', () => {
    const rig = new Rig(make);
    const values = [[0x12345678, 0], [-1, 0], [0, 0x7fffffff], [0x1000, -1], [0x89abcdef | 0, 0x1234567]] as const;
    const tb = rig.tb((ir) => {
      values.forEach(([lo, hi], i) => ir.set(rig.global(Type.i64, i), ir.const64(lo, hi)));
      ir.set(rig.global(Type.i32, 0), ir.const32(0x77777777));
      ir.set(rig.global(Type.i64, 5), ir.ext_i32_i64(ir.const32(-0x76543211)));
      ir.exit_tb(0);
    });
    rig.run(tb);
    expect(values.map((_v, i) => rig.read(Type.i64, i))).toEqual([0x12345678n, 0xffffffffn, 0x7fffffff00000000n, 0xffffffff00001000n, 0x0123456789abcdefn]);
    expect([rig.read(Type.i32, 0), rig.read(Type.i64, 5)]).toEqual([0x77777777n, 0xffffffff89abcdefn]);
  });

  describe('helpers', () => {
    function withHelper(declare: (helpers: HelperRegistry) => Helper): { rig: Rig; helper: Helper } {
      let helper!: Helper;
      const rig = new Rig(make, (helpers) => { helper = declare(helpers); });
      return { rig, helper };
    }

    test('(env, vaddr, ptr) of a 64-bit target arrives as address, two halves, address; an i64 comes back', () => {
      const seen: number[][] = [];
      const { rig, helper } = withHelper((helpers) => helpers.js('probe', ['env', 'vaddr', 'ptr'], 'i64', (...args) => {
        seen.push(args);
        rig.header.retHi = 0x11223344;
        return -2;
      }));
      const tb = rig.tb((ir) => {
        ir.set(rig.global(Type.i64, 0), ir.call(helper, ir.const32(rig.headerAt), ir.const64(0x81000000 | 0, -1), ir.const32(64)));
        ir.exit_tb(0);
      });
      expect(rig.run(tb)).toBe(Exit.TB);
      expect(seen).toEqual([[rig.headerAt, 0x81000000 | 0, -1, 64]]);
      expect(rig.read(Type.i64, 0)).toBe(0x11223344fffffffen);
    });

    test('a helper sees an exact budget and memory, and what it writes is read again', () => {
      const { rig, helper } = withHelper((helpers) => helpers.js('look', [], 'i32', () => {
        const before = rig.read(Type.i64, 0);
        rig.write(Type.i64, 0, 1000n);
        return Number(before) + rig.header.budget;
      }));
      const tb = rig.tb(addTo(rig, 7, (ir) => {
        ir.set(rig.global(Type.i32, 0), ir.call(helper));
        ir.set(rig.global(Type.i64, 1), ir.add(rig.global(Type.i64, 0), ir.const64(1)));
        ir.exit_tb(0);
      }), 3);
      rig.run(tb, 50);
      expect([rig.read(Type.i32, 0), rig.read(Type.i64, 1)]).toEqual([54n, 1001n]);
    });

    test('a raised fault leaves at once, says which instruction, and its op has no effect', () => {
      const { rig, helper } = withHelper((helpers) => helpers.js('raise', ['i32'], 'i32', (a) => {
        if (a) throw GUEST_FAULT;
        return 1;
      }));
      const tb = rig.tb((ir) => {
        for (let i = 0; i < 3; i++) {
          ir.insn_start(i);
          const raised = ir.call(helper, ir.setcond(rig.global(Type.i32, 1), ir.const32(i), Cond.eq));
          ir.set(rig.global(Type.i32, 0), ir.add(rig.global(Type.i32, 0), raised));
        }
        ir.exit_tb(0);
      }, 3);
      rig.write(Type.i32, 1, 2n);
      rig.write(Type.i32, 0, 0n);
      expect(rig.run(tb, 3)).toBe(Exit.FAULT);
      expect([rig.header.fault, rig.header.faultTb, rig.header.faultInsn, rig.header.budget]).toEqual([1, tb.record, 2, 0]);
      expect(rig.read(Type.i32, 0)).toBe(2n);
    });

    test('a result goes nowhere when the helper that gives it raises', () => {
      const { rig, helper } = withHelper((helpers) => helpers.js('always', [], 'i64', () => { throw GUEST_FAULT; }));
      const tb = rig.tb((ir) => {
        ir.insn_start(0);
        ir.set(rig.global(Type.i64, 0), ir.call(helper));
        ir.exit_tb(0);
      });
      rig.write(Type.i64, 0, 42n);
      expect(rig.run(tb)).toBe(Exit.FAULT);
      expect(rig.read(Type.i64, 0)).toBe(42n);
    });
  });
});

test('a TB with a compiled entry continues there, with the entry argument, and compiled code may come back', () => {
  const entries = new WebAssembly.Table({ element: 'anyfunc', initial: 2 });
  let tci!: Tci;
  const rig = new Rig((parts) => (tci = new Tci({ ...parts, memory: noGuestMemory, entries, codeBytes: 1 << 20 })));
  const last = rig.tb(addTo(rig, 10, (ir) => ir.exit_tb(9)));
  const compiled = rig.tb(addTo(rig, 1000, (ir) => ir.exit_tb(1)));
  const first = rig.tb(addTo(rig, 1, (ir) => ir.goto_tb(0)));
  const m = new ModuleBuilder();
  const run = m.importFunc('tci', 'run', [I32], []);
  const f = m.func({ params: [I32] });
  f.localGet(0);
  f.returnCall(run);
  f.end();
  m.exportFunc('f', f);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { tci: { run: tci.run } });
  entries.set(1, exports.f as () => void);
  Object.assign(rig.record(compiled), { entry: 1, entryArg: last.record });
  rig.arena.u32[(first.record + TB.jump) >>> 2] = compiled.record;
  expect(rig.run(first, 10)).toBe(Exit.TB);
  expect([rig.header.exitSlot, rig.read(Type.i64, 0), rig.header.budget]).toEqual([9, 11n, 8]);
});

test('a branch into the middle of a fused sequence runs the rest of it only', () => {
  const rig = new Rig(makeTci);
  const [condition, a, b, one] = [0, 1, 2, 3].map((i) => rig.global(Type.i64, i)) as [number, number, number, number];
  const tb = rig.tb((ir) => {
    const middle = ir.newLabel();
    ir.brcond(condition, ir.const64(0), Cond.ne, middle);
    ir.set(a, one);
    ir.set_label(middle);
    ir.set(b, one);
    ir.exit_tb(0);
  });
  rig.write(Type.i64, 3, 1n);
  for (const [taken, expected] of [[0n, [1n, 1n]], [5n, [0n, 1n]]] as const) {
    for (const i of [1, 2]) rig.write(Type.i64, i, 0n);
    rig.write(Type.i64, 0, taken);
    rig.run(tb);
    expect([rig.read(Type.i64, 1), rig.read(Type.i64, 2)]).toEqual(expected);
  }
});

test.each(FUSED_SEQUENCES)('the fused sequence %s ... does what its parts do, also where a branch in it is taken', (...sequence) => {
  const compare = sequence.find((name) => name.startsWith('brcond'));
  const load = (memory: Rig): bigint[] => [0, 1, 2, 3].map((i) => memory.read(Type.i64, i) as bigint);
  const outcomes = [makeTci, makeReference].map((make) => {
    const rig = new Rig(make);
    const [r0, r1, r2, pc] = [0, 1, 2, 3].map((i) => rig.global(Type.i64, i)) as [number, number, number, number];
    const tb = rig.tb((ir) => {
      const away = ir.newLabel();
      ir.insn_start(0);
      for (const name of sequence) {
        if (name === 'mov_i64') ir.set(r1, r0);
        else if (name === 'mov_i32') ir.set(rig.global(Type.i32, 0), ir.const32(9));
        else if (name === 'add_i64') ir.set(pc, ir.add(pc, r2));
        else if (name === 'sub_i64') ir.set(r2, ir.sub(r2, pc));
        else if (name === 'extract_i64') ir.set(r1, ir.extract(r0, 4, 20));
        else if (name === 'sextract_i64') ir.set(r1, ir.sextract(r1, 2, 7));
        else if (name === compare) ir.brcond(r0, r2, COND_NAMES.indexOf(compare.slice('brcond_i64_'.length) as (typeof COND_NAMES)[number]) as Cond, away);
        else if (name.startsWith('goto_tb')) ir.goto_tb(Number(name.at(-1)) as 0 | 1);
        else if (name === 'lookup_and_goto_ptr') ir.lookup_and_goto_ptr();
      }
      if (compare) ir.set_label(away);
      ir.exit_tb(3);
    });
    return [[5n, 7n], [7n, 5n], [5n, 5n], [-1n, 5n]].map(([a, b]) => {
      [a!, 2n, b!, 0x1000n].forEach((value, i) => rig.write(Type.i64, i, BigInt.asUintN(64, value)));
      return [rig.run(tb), rig.header.exitSlot, ...load(rig)];
    });
  });
  expect(outcomes[0]).toEqual(outcomes[1]);
});

describe('misuse is an EmuError that says what to do', () => {
  const refused = (build: (ir: Ir, rig: Rig) => void, message: RegExp): void => {
    const rig = new Rig(makeTci);
    expect(() => rig.tb((ir) => build(ir, rig))).toThrow(message);
    expect(() => rig.tb((ir) => build(ir, rig))).toThrow(EmuError);
  };

  test('a label that is never set', () => refused((ir) => ir.br(ir.newLabel()), /Label 0 is branched to and never set/));
  test('a branch backwards', () => refused((ir) => {
    const label = ir.newLabel();
    ir.set_label(label);
    ir.br(label);
  }, /goes back to label 0; labels are branched to forwards only/));
  test('an op without a case for its type', () => refused((ir, rig) => {
    const p = ir.emit(0, 9);
    ir.args[p] = ir.args[p + 1] = rig.global(Type.i32, 0);
  }, /Op mov has no case for type 9/));
  test('more values at once than there are cells', () => refused((ir, rig) => {
    const temps = Array.from({ length: 5000 }, () => ir.add(rig.global(Type.i32, 0), rig.global(Type.i32, 1)));
    for (const t of temps) ir.set(rig.global(Type.i32, 0), t);
  }, /more than 4096 temps at once/));

  test('a TB that does not fit the code memory, which says that it is full before', () => {
    const rig = new Rig(makeTci);
    const big = (ir: Ir): void => {
      for (let i = 0; i < 1000; i++) ir.set(rig.global(Type.i64, 0), ir.add(rig.global(Type.i64, 0), ir.const64(i, i)));
      ir.exit_tb(0);
    };
    let made = 0;
    while (!rig.backend.full) {
      rig.tb(big);
      made++;
    }
    expect(made).toBeGreaterThan(5);
    expect(() => { for (;;) rig.tb(big); }).toThrow(/code memory are left; flush/);
    rig.backend.flush();
    expect(rig.backend.full).toBe(false);
    rig.write(Type.i64, 0, 0n);
    expect(rig.run(rig.tb(big))).toBe(Exit.TB);
  });

  test('code memory that is not full has room for the longest TB that the translator makes', () => {
    const BEYOND = 400; // ops of the last instruction, and of the way out
    const rig = new Rig(makeTci), { backend } = rig, r0 = rig.global(Type.i64, 0);
    let sum = r0;
    for (let n = 0; !backend.full; n++) rig.tb((ir) => {
      ir.insn_start(0);
      for (let k = 0; ir.length < MAX_TB_OPS + BEYOND; k++) sum = ir.add(k === 0 ? r0 : sum, ir.const64((n << 16) + k));
      ir.set(r0, sum);
      ir.exit_tb(0);
    });
    expect(backend.full).toBe(true);
  });

  test('functions that do not match the helpers, and too little code memory', () => {
    const arena = new Arena(1 << 20);
    const helpers = new HelperRegistry(64);
    const parts = { arena, header: arena.alloc(256), jumpCache: new JumpCache(arena), helpers, functions: [] };
    expect(() => new Tci({ ...parts, memory: noGuestMemory, codeBytes: 1000 })).toThrow(/1000 bytes is too small; give at least/);
    helpers.js('h', [], 'void', () => {});
    expect(() => new Tci({ ...parts, memory: noGuestMemory })).toThrow(TciError);
  });
});

test('two interpreters in one process do not see each other', () => {
  const [a, b] = [new Rig(makeTci), new Rig(makeTci)];
  const tb = a.tb(addTo(a, 1, (ir) => ir.exit_tb(0)));
  a.run(tb);
  expect([a.read(Type.i64, 0), b.read(Type.i64, 0)]).toEqual([1n, 0n]);
});

test('a host load or store at a constant address is a move, and narrow ones extend', () => {
  const rig = new Rig(makeTci);
  const at = rig.arena.alloc(64);
  rig.arena.view.setBigUint64(at + 8, 0x8899aabbccddeeffn, true);
  const tb = rig.tb((ir) => {
    const base = ir.const32(at);
    ir.set(rig.global(Type.i64, 0), ir.ld(Type.i64, base, 8));
    ir.set(rig.global(Type.i64, 1), ir.ld8s(Type.i64, base, 8));
    ir.set(rig.global(Type.i32, 0), ir.ld16u(Type.i32, base, 14));
    ir.set(rig.global(Type.i64, 2), ir.ld32s(ir.add(base, ir.const32(8)), 4));
    ir.st(rig.global(Type.i64, 0), base, 32);
    ir.st8(rig.global(Type.i64, 0), base, 41);
    ir.exit_tb(0);
  });
  rig.run(tb);
  expect([0, 1, 2].map((i) => rig.read(Type.i64, i))).toEqual([0x8899aabbccddeeffn, 0xffffffffffffffffn, 0xffffffff8899aabbn]);
  expect(rig.read(Type.i32, 0)).toBe(0x8899n);
  expect([rig.arena.view.getBigUint64(at + 32, true), rig.arena.view.getUint16(at + 40, true)]).toEqual([0x8899aabbccddeeffn, 0xff00]);
});
