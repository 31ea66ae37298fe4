import { describe, expect, test } from 'vitest';
import { Flow } from './flow.ts';

/** The flow of blocks with these edges, entered at block 0; `counts` are their executions. */
function flowOf(edges: readonly (readonly number[])[], counts: readonly number[]): Flow {
  const flow = new Flow(), firstEdge = edges.map((_, b) => edges.slice(0, b).reduce((sum, list) => sum + list.length, 0));
  const blocks = { blockCount: edges.length, firstEdge, edgeCount: edges.map((list) => list.length), edgeTo: edges.flat(), isSwitch: edges.map(() => false) };
  flow.run(blocks, [0], (b) => counts[b]!);
  return flow;
}

/** Loop headers, and the nodes that lead back to each. */
const loops = (flow: Flow): Record<number, number[]> => {
  const found: Record<number, number[]> = {};
  flow.edgeTo.forEach((to, e) => { if (flow.isBackEdge(e)) (found[to] ??= []).push(flow.edgeFrom[e]!); });
  return found;
};

const ROOT_OF_THREE = 3, FRONT = ROOT_OF_THREE + 1;

describe('a region that is entered in an inner loop', () => {
  /** Block 0 is the inner loop, blocks 1 and 2 are what the outer one does besides. */
  const edges = [[0, 1], [2], [0]];

  test('has two loops, the outer one with a header in front of the inner one', () => {
    const flow = flowOf(edges, [1000, 100, 100]);
    expect(loops(flow)).toEqual({ 0: [0], [FRONT]: [2] });
    expect(flow.isLoop[FRONT]).toBe(true);
    expect([flow.idom[FRONT], flow.idom[0]]).toEqual([ROOT_OF_THREE, FRONT]);
  });
  test('has one loop where the ways back are taken about equally often', () => expect(loops(flowOf(edges, [300, 100, 100]))).toEqual({ 0: [0, 2] }));
});

test('a way back that goes through the often taken part is part of that loop', () => {
  // 0 -> 1 -> 2 -> 0, and 1 leads back too: block 1 is on the way of 2
  expect(loops(flowOf([[1], [2, 0], [0]], [1100, 100, 1000]))).toEqual({ 0: [1, 2] });
});

test('three loops with one header are in each other', () => {
  const flow = flowOf([[0, 1], [0, 2], [0]], [10_000, 1000, 100]);
  expect(loops(flow)).toEqual({ 0: [0], [FRONT]: [1], [FRONT + 1]: [2] });
  expect([flow.idom[FRONT + 1], flow.idom[FRONT], flow.idom[0]]).toEqual([ROOT_OF_THREE, FRONT + 1, FRONT]);
});
