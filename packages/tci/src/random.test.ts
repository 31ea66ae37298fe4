import { Exit, GUEST_FAULT, HDR, Type } from '@emu/tcg';
import type { Backend, HelperRegistry } from '@emu/tcg';
import type { Arena } from '@emu/vaddr';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tci } from './index.ts';
import { listIr, randomIr, Reference, Rig, type Parts, type RandomHelpers, type Value } from './testing.ts';

const noGuestMemory = { vaddrBits: 64, descriptor: () => 0, slowLoad: () => 0, slowStore: () => {} } as const;
const makers: [string, (parts: Parts) => Backend][] = [
  ['tci', (parts) => new Tci({ ...parts, memory: noGuestMemory, codeBytes: 1 << 20 })],
  ['reference', (parts) => new Reference({ ...parts, memory: { load: () => undefined, store: () => false } })],
];

function makeRig(make: (parts: Parts) => Backend): { rig: Rig; helpers: RandomHelpers; scratch: number } {
  let helpers!: RandomHelpers;
  const rig = new Rig(make, (registry: HelperRegistry, arena: Arena) => {
    helpers = {
      mix: registry.js('mix', ['i32', 'i64'], 'i64', (a, lo, hi) => {
        arena.i32[(rig.headerAt + HDR.retHi) >>> 2] = (hi! ^ a!) | 0;
        return (Math.imul(lo!, 31) + a!) | 0;
      }),
      mayRaise: registry.js('may_raise', ['i32'], 'void', (a) => {
        if ((a! & 3) === 3) throw GUEST_FAULT;
      }),
    };
  });
  return { rig, helpers, scratch: rig.arena.alloc(512) };
}
const rigs = makers.map(([name, make]) => ({ name, ...makeRig(make) }));
const INTS = [0n, 1n, 0xffn, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x123456789abcdef0n, 0x8000000000000000n, 0xffffffffffffffffn];

const initial = (type: Type, i: number, seed: number): Value => {
  const n = INTS[((seed >>> 3) + i * 3 + type) % INTS.length]!;
  if (type === Type.i32 || type === Type.i64) return n;
  if (type === Type.v128) return new Uint8Array(BigUint64Array.of(n, ~n).buffer);
  return [0, -0, 1.5, -2.25, 1e10, Infinity][(seed + i) % 6]!;
};

/** What is visible after a run: exit, fault, all globals (floats as values, since payloads of NaNs are open), scratch memory. */
function outcome({ rig, scratch }: (typeof rigs)[number], reason: number): unknown {
  const { header } = rig;
  const globals = [Type.i32, Type.i64, Type.v128, Type.f32, Type.f64].map((type) => Array.from({ length: 8 }, (_, i) => rig.read(type, i)));
  return { reason, insn: reason === Exit.FAULT ? header.faultInsn : 0, budget: header.budget, globals, memory: rig.arena.u8.slice(scratch, scratch + 512) };
}

test('random programs leave the same state on the reference and on the interpreter, also when a helper raises in the middle', () => {
  let faults = 0;
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 120 }), (seed, ops) => {
    const outcomes = rigs.map((each) => {
      const { rig, helpers, scratch } = each;
      rig.backend.flush();
      rig.arena.u8.fill(0x5a, scratch, scratch + 512);
      for (const type of [0, 1, 2, 3, 4] as const) for (let i = 0; i < 8; i++) rig.write(type, i, initial(type, i, seed >>> 1));
      rig.header.fault = 0;
      const tb = rig.tb((ir) => randomIr(rig, ir, { seed, ops, helpers, scratch }), 5);
      return outcome(each, rig.run(tb, 9));
    });
    if ((outcomes[0] as { reason: number }).reason === Exit.FAULT) faults++;
    expect(outcomes[0], `seed ${seed}\n${listIr(rigs[0]!.rig.ir)}`).toEqual(outcomes[1]);
  }), { numRuns: 400 });
  expect(faults).toBeGreaterThan(20);
});
