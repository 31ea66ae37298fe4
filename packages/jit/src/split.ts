/**
 * Makes loops that are entered in several places entered in one, where that takes little code: what the other ways in lead to is copied in front of the
 * loop, up to where the loop begins. Such loops are common in guest code, since TBs overlap: control may come to the middle of a loop at the end of a TB
 * that began in front of it. What is not worth a copy gets a dispatcher (`flow.ts`), which costs each turn some comparisons.
 *
 * Node splitting: Muchnick, "Advanced Compiler Design and Implementation", 7.5.
 */
import type { Flow, Irreducible } from './flow.ts';
import type { RegionCode } from './region-code.ts';

/** Ops that are copied for a loop at most. */
const OPS = 48;
/** Loops of a region at most. */
const LOOPS = 8;

/**
 * Runs `flow` on the region, entered at blocks `heads`, and again with copies of blocks until no more loops can be made simple.
 * @param hot executions of a TB from which a loop is worth a copy.
 */
export function runSplit(flow: Flow, code: RegionCode, heads: readonly number[], hot: number): void {
  const roots = [...heads], blocks = code.blockCount;
  const weight = (b: number): number => (b < blocks ? code.tbs[code.tbOf[b]!]!.count : 0); // a copy is passed once, where the loop is entered
  flow.run(code, roots, weight);
  for (let n = 0; n < LOOPS && flow.irreducible.some((loop) => splitLoop(flow, code, roots, hot, loop)); n++) flow.run(code, roots, weight);
}

function splitLoop(flow: Flow, code: RegionCode, roots: number[], hot: number, { nodes, entries }: Irreducible): boolean {
  if (!nodes.some((b) => b < code.blockCount && code.tbs[code.tbOf[b]!]!.count >= hot)) return false;
  const inside = new Set(nodes);
  let header = -1, best: ReadonlySet<number> | null = null, least = OPS;
  for (const h of entries) {
    const copied = reach(code, entries, inside, h), ops = copied ? opsIn(code, copied) : Infinity;
    if (ops > least) continue;
    [header, best, least] = [h, copied, ops];
  }
  if (!best || header < 0) return false;
  copyWay(flow, code, roots, inside, best);
  return true;
}

/** Blocks that control runs through from the entries to `header`, or null if they cannot be copied. */
function reach(code: RegionCode, entries: readonly number[], inside: ReadonlySet<number>, header: number): ReadonlySet<number> | null {
  const found = new Set<number>(), work = entries.filter((b) => b !== header);
  while (work.length > 0) {
    const b = work.pop()!;
    if (found.has(b)) continue;
    if (b >= code.blockCount || code.isSwitch[b]) return null;
    found.add(b);
    for (let e = code.firstEdge[b]!; e < code.firstEdge[b]! + code.edgeCount[b]!; e++) if (inside.has(code.edgeTo[e]!) && code.edgeTo[e] !== header) work.push(code.edgeTo[e]!);
  }
  return found;
}

function opsIn(code: RegionCode, blocks: ReadonlySet<number>): number {
  let ops = 0;
  for (const b of blocks) ops += code.end[b]! - code.start[b]! + 1;
  return ops;
}

/** Copies `blocks`, and leads edges from outside the loop to the copies. */
function copyWay(flow: Flow, code: RegionCode, roots: number[], inside: ReadonlySet<number>, blocks: ReadonlySet<number>): void {
  const before = code.blockCount, copies = new Map<number, number>();
  for (const b of blocks) copies.set(b, code.copyBlock(b));
  for (let b = 0; b < code.blockCount; b++) {
    if (b < before && (inside.has(b) || flow.position[b]! < 0)) continue;
    for (let e = code.firstEdge[b]!; e < code.firstEdge[b]! + code.edgeCount[b]!; e++) code.edgeTo[e] = copies.get(code.edgeTo[e]!) ?? code.edgeTo[e]!;
  }
  roots.forEach((b, i) => { roots[i] = copies.get(b) ?? b; });
}
