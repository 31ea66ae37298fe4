import { Cond, HDR, Ir, Kind, STRIDE, Tb, Type } from '@emu/tcg';
import { describe, expect, test } from 'vitest';
import { Flow } from './flow.ts';
import { RegionCode } from './region-code.ts';
import { INS, OUTS } from './shape.ts';
import { runSplit } from './split.ts';

const HEADER = 0x800, COUNT = 1000;

/** TBs of a page, each with `values` products of its own; TB `i` goes on to the two TBs `links[i]`. */
function region(code: RegionCode, links: readonly (readonly [number, number])[], values: number): void {
  const sources = links.map((_, i) => {
    const ir = new Ir(), pc = ir.global('pc', Type.i64, HEADER + HDR.pc), x = ir.global('x', Type.i64, 0x1008), taken = ir.newLabel();
    ir.insn_start(0);
    for (let k = 0; k < values; k++) ir.set(x, ir.mul(ir.add(x, ir.const64(k + 100 * i)), ir.add(x, ir.const64(7))));
    ir.set(pc, ir.add(pc, ir.const64(4)));
    ir.brcond(x, ir.const64(i), Cond.eq, taken);
    ir.goto_tb(0);
    ir.set_label(taken);
    ir.goto_tb(1);
    return ir;
  });
  code.begin(sources[0]!, HEADER, links.map((to, i) => ({ tb: new Tb(64 * i, 0x5000 + 16 * i), count: COUNT, links: to, latest: -1, others: [] })));
  sources.forEach((ir, i) => code.add(i, ir));
  code.finish();
}

/** Ops of block `b` as text: constants by value, globals by name, other temps by the order in which they come. */
function textOf({ ir, start, end }: RegionCode, b: number): string[] {
  const seen: number[] = [];
  const name = (t: number): string => {
    if (ir.tempKind[t] === Kind.CONST) return `${ir.tempHi[t]}:${ir.tempLo[t]}`;
    if (t < ir.globalCount) return ir.globalNames[t]!;
    if (!seen.includes(t)) seen.push(t);
    return `t${seen.indexOf(t)}`;
  };
  return Array.from({ length: end[b]! - start[b]! }, (_, k) => {
    const i = start[b]! + k, op = ir.op[i]!;
    return `${op} ${Array.from({ length: OUTS[op]! + INS[op]! }, (__, n) => name(ir.args[i * STRIDE + n]!)).join(' ')}`;
  });
}

describe('a copy of a block', () => {
  test.each([1, 5, 30])('does what the block does, with temps of its own, also in the %i-th region of the same object', (regions) => {
    const code = new RegionCode();
    for (let i = 0; i < regions; i++) region(code, [[1, 2], [2, 0], [1, 0]], 1 + (7 * i) % 11);
    for (let b = 0, blocks = code.blockCount; b < blocks; b++) {
      const copy = code.copyBlock(b), own = (block: number) => code.ir.args.slice(code.start[block]! * STRIDE, code.end[block]! * STRIDE);
      expect(textOf(code, copy)).toEqual(textOf(code, b));
      expect([code.edgeCount[copy], code.isHead[copy], code.tbOf[copy], code.kind[copy]]).toEqual([code.edgeCount[b], code.isHead[b], code.tbOf[b], code.kind[b]]);
      if (code.start[b] !== code.end[b]) expect(own(copy)).not.toEqual(own(b));
    }
  });
});

describe('a loop of two TBs that a third leads to both of', () => {
  const flowOf = (rare: number, values: number): Flow => {
    const code = new RegionCode(), flow = new Flow();
    region(code, [[1, 2], [2, 2], [1, 1]], values);
    runSplit(flow, code, [code.headOf[0]!], rare);
    return flow;
  };
  test('gets one header, by a copy of a TB in front of it', () => expect(flowOf(COUNT, 2).irreducible).toEqual([]));
  test('keeps its dispatcher if it seldom runs', () => expect(flowOf(COUNT + 1, 2).irreducible).toHaveLength(1));
  test('keeps its dispatcher if the copy would be large', () => expect(flowOf(COUNT, 30).irreducible).toHaveLength(1));
});
