/**
 * The region's control flow as structured code needs it: reachable blocks in reverse postorder, each with its immediate dominator, loop headers
 * and merge points. A loop that is entered in several places gets a dispatcher in front: a node that goes on to the block whose number is in
 * a local, which the edges to it set. So every graph becomes reducible, and nothing is duplicated.
 *
 * Dominators: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm". Structure: Ramsey, "Beyond Relooper".
 */
import { JitError } from './errors.ts';

/** No number is passed along an edge. */
export const NO_SELECT = -1;

/** Ways back to a loop's header are those of an inner loop if they are taken this many times as often as the others. */
const OFTEN = 4;

/** Blocks and their edges; a `RegionCode` is one. */
export interface FlowBlocks {
  readonly blockCount: number;
  readonly firstEdge: readonly number[];
  readonly edgeCount: readonly number[];
  readonly edgeTo: readonly number[];
  readonly isSwitch: readonly boolean[];
}

/** A loop that is entered in several places: all its nodes, and those that edges from outside lead to. */
export interface Irreducible { readonly nodes: readonly number[]; readonly entries: readonly number[] }

export class Flow {
  /** Blocks of the region come first, then the root, then dispatchers, then the headers of loops around others. */
  nodeCount = 0;
  root = 0;
  /** The node that goes on to the entry with a number, or -1: computed jumps of the region lead to it, and the root. */
  switch = -1;
  readonly firstEdge: number[] = [];
  readonly edgeCount: number[] = [];
  readonly edgeFrom: number[] = [];
  readonly edgeTo: number[] = [];
  /** Number that an edge puts into the selector local, or NO_SELECT. */
  readonly select: number[] = [];
  /** Block that an edge leads to in the end, through dispatchers. */
  readonly goal: number[] = [];
  /** Nodes in reverse postorder, and the position of each node; -1 is unreachable. */
  readonly order: number[] = [];
  readonly position: number[] = [];
  readonly idom: number[] = [];
  readonly isLoop: boolean[] = [];
  readonly isMerge: boolean[] = [];
  /** Children in the dominator tree that are merge points, the last in order first. */
  readonly merges: number[][] = [];
  /** Loops that got a dispatcher, outer ones first. */
  readonly irreducible: Irreducible[] = [];
  readonly #member: number[] = [];
  #level = 0;

  /**
   * Analyses the region's blocks with their edges, entered at blocks `entries`. Blocks that are a switch get one more edge, to all entries.
   * @param weight how often a block is executed, about.
   */
  run({ blockCount, firstEdge, edgeCount, edgeTo, isSwitch }: FlowBlocks, entries: readonly number[], weight: (block: number) => number): void {
    this.#reset();
    this.root = blockCount;
    this.switch = isSwitch.includes(true) ? blockCount + 1 : -1;
    for (let b = 0; b < blockCount; b++) {
      this.#node();
      for (let e = firstEdge[b]!; e < firstEdge[b]! + edgeCount[b]!; e++) this.#edge(b, edgeTo[e]!);
      if (isSwitch[b]) this.#edge(b, this.switch);
    }
    this.#node();
    if (this.switch >= 0) {
      this.#edge(this.root, this.switch);
      this.#node();
    }
    for (const entry of entries) this.#edge(this.nodeCount - 1, entry);
    this.#dropUnreachable();
    const all = this.#reachable();
    this.#level = 0;
    this.#makeReducible(all, this.root);
    this.#number();
    this.#splitLoops(weight);
    this.#dominators();
    this.#classify();
  }

  /** Whether node `n` is not a block: the root, a dispatcher or the header of a loop around another. */
  isSynthetic(n: number): boolean {
    return n >= this.root;
  }

  isBackEdge(e: number): boolean {
    return this.position[this.edgeTo[e]!]! <= this.position[this.edgeFrom[e]!]!;
  }

  #reset(): void {
    for (const list of [this.firstEdge, this.edgeCount, this.edgeFrom, this.edgeTo, this.select, this.goal, this.order, this.position, this.idom, this.irreducible]) list.length = 0;
    this.isLoop.length = this.isMerge.length = this.merges.length = this.#member.length = 0;
    this.nodeCount = 0;
  }

  #node(): number {
    const n = this.nodeCount++;
    this.firstEdge[n] = this.edgeTo.length;
    this.edgeCount[n] = 0;
    this.#member[n] = 0;
    return n;
  }

  #edge(from: number, to: number): void {
    this.edgeCount[from]!++;
    this.edgeFrom.push(from);
    this.edgeTo.push(to);
    this.select.push(NO_SELECT);
    this.goal.push(to);
  }

  /** Depth-first from the root; calls `leave` for each node when all behind it is done. */
  #walk(leave: (n: number) => void): void {
    const seen = new Uint8Array(this.nodeCount), stack = [this.root], next = new Int32Array(this.nodeCount);
    seen[this.root] = 1;
    while (stack.length > 0) {
      const n = stack[stack.length - 1]!, i = next[n]!++;
      if (i < this.edgeCount[n]!) {
        const to = this.edgeTo[this.firstEdge[n]! + i]!;
        if (!seen[to]) {
          seen[to] = 1;
          stack.push(to);
        }
      } else {
        stack.pop();
        leave(n);
      }
    }
  }

  #reachable(): number[] {
    const nodes: number[] = [];
    this.#walk((n) => nodes.push(n));
    return nodes;
  }

  /** Edges from blocks that are never reached must not look like ways into a loop. */
  #dropUnreachable(): void {
    const reached = new Uint8Array(this.nodeCount);
    this.#walk((n) => { reached[n] = 1; });
    for (let e = 0; e < this.edgeTo.length; e++) if (!reached[this.edgeFrom[e]!]) this.edgeTo[e] = this.edgeFrom[e]!;
  }

  /** Gives every strongly connected part of `nodes`, edges to `header` not counted, one entry; then looks into it. */
  #makeReducible(nodes: readonly number[], header: number): void {
    const level = ++this.#level;
    for (const n of nodes) this.#member[n] = level;
    for (const part of this.#components(nodes, level, header)) {
      const inner = ++this.#level;
      for (const n of part) this.#member[n] = inner;
      const entries = this.#entriesOf(inner);
      if (entries.length > 1) {
        this.irreducible.push({ nodes: [...part], entries });
        const dispatcher = this.#dispatcher(entries);
        part.push(dispatcher);
        this.#makeReducible(part, dispatcher);
      } else if (part.length > 1) this.#makeReducible(part, entries[0]!);
    }
  }

  /** Members of part `mark` that edges from outside lead to. */
  #entriesOf(mark: number): number[] {
    const entries = new Set<number>();
    for (let e = 0; e < this.edgeTo.length; e++) {
      const to = this.edgeTo[e]!;
      if (this.#member[to] === mark && this.#member[this.edgeFrom[e]!] !== mark) entries.add(to);
    }
    return [...entries].sort((a, b) => a - b);
  }

  /** A node in front of `entries` that all edges to them lead to instead. */
  #dispatcher(entries: readonly number[]): number {
    const d = this.nodeCount;
    for (let e = 0; e < this.edgeTo.length; e++) {
      if (!entries.includes(this.edgeTo[e]!)) continue;
      this.select[e] = this.goal[e]!;
      this.edgeTo[e] = d;
    }
    this.#node();
    for (const entry of entries) this.#edge(d, entry);
    return d;
  }

  /** Tarjan: the strongly connected parts with a cycle. */
  #components(nodes: readonly number[], level: number, header: number): number[][] {
    const parts: number[][] = [], index = new Map<number, number>(), low = new Map<number, number>(), open: number[] = [], onStack = new Set<number>();
    const inside = (to: number) => to !== header && this.#member[to] === level;
    let counter = 0;
    for (const rootNode of nodes) {
      if (index.has(rootNode) || rootNode === header) continue;
      const work: { n: number; i: number }[] = [];
      const enter = (n: number) => {
        index.set(n, counter);
        low.set(n, counter++);
        open.push(n);
        onStack.add(n);
        work.push({ n, i: 0 });
      };
      enter(rootNode);
      while (work.length > 0) {
        const frame = work[work.length - 1]!, { n } = frame;
        if (frame.i < this.edgeCount[n]!) {
          const to = this.edgeTo[this.firstEdge[n]! + frame.i++]!;
          if (!inside(to)) continue;
          if (!index.has(to)) enter(to);
          else if (onStack.has(to)) low.set(n, Math.min(low.get(n)!, index.get(to)!));
          continue;
        }
        work.pop();
        const parent = work[work.length - 1];
        if (parent) low.set(parent.n, Math.min(low.get(parent.n)!, low.get(n)!));
        if (low.get(n) === index.get(n)) this.#collect(n, open, onStack, parts);
      }
    }
    return parts;
  }

  #collect(n: number, open: number[], onStack: Set<number>, parts: number[][]): void {
    const part: number[] = [];
    for (;;) {
      const m = open.pop()!;
      onStack.delete(m);
      part.push(m);
      if (m === n) break;
    }
    if (part.length > 1) parts.push(part);
  }

  /**
   * Loops with one header become loops in each other where some ways back are taken much more often than the others, as when a region begins in an inner
   * loop: those others, and the ways in, lead to a node in front. What only the outer loop changes is then not carried around the inner one too.
   */
  #splitLoops(weight: (block: number) => number): void {
    for (let header = 0; header < this.nodeCount; header++) {
      if (this.position[header]! < 0) continue;
      const back: number[] = [];
      for (let e = 0; e < this.edgeTo.length; e++) if (this.edgeTo[e] === header && this.position[this.edgeFrom[e]!]! >= this.position[header]!) back.push(e);
      const outer = back.length > 1 ? this.#outerWays(header, back, weight) : [];
      if (outer.length > 0) this.#putInFront(header, back.filter((e) => !outer.includes(e)));
    }
  }

  /** A node in front of `header` that all edges to it but `inner` lead to instead. */
  #putInFront(header: number, inner: readonly number[]): void {
    const front = this.nodeCount;
    for (let e = 0; e < this.edgeTo.length; e++) if (this.edgeTo[e] === header && !inner.includes(e)) this.edgeTo[e] = front;
    this.#node();
    this.#edge(front, header);
    this.#number();
  }

  /** Those of the edges `back` to a header that are seldom taken and that no way along the others leads past. */
  #outerWays(header: number, back: readonly number[], weight: (block: number) => number): number[] {
    const ways = back.map((edge) => ({ edge, count: this.edgeFrom[edge]! < this.root ? weight(this.edgeFrom[edge]!) : 0 })).sort((a, b) => b.count - a.count);
    let seldom = ways.reduce((sum, { count }) => sum + count, 0), often = 0;
    const cut = ways.findIndex(({ count }, i) => {
      const gap = i > 0 && ways[i - 1]!.count >= OFTEN * count && often >= OFTEN * seldom;
      often += count;
      seldom -= count;
      return gap;
    });
    if (cut < 0) return [];
    const inside = this.ways(header, ways.slice(0, cut).map(({ edge }) => edge));
    return ways.slice(cut).map(({ edge }) => edge).filter((e) => !inside[this.edgeFrom[e]!]);
  }

  /** Nodes on ways from `header` back to it along edges `back`: of one edge, a natural loop. 1 or 0 by node. */
  ways(header: number, back: readonly number[]): Uint8Array {
    const inside = new Uint8Array(this.nodeCount), work: number[] = [];
    const add = (n: number): void => {
      if (inside[n] || this.position[n]! < 0) return;
      inside[n] = 1;
      work.push(n);
    };
    inside[header] = 1;
    for (const e of back) add(this.edgeFrom[e]!);
    while (work.length > 0) {
      const n = work.pop()!;
      for (let e = 0; e < this.edgeTo.length; e++) if (this.edgeTo[e] === n) add(this.edgeFrom[e]!);
    }
    return inside;
  }

  #number(): void {
    this.order.length = 0;
    this.#walk((n) => this.order.push(n));
    this.order.reverse();
    this.position.length = this.nodeCount;
    this.position.fill(-1);
    this.order.forEach((n, i) => { this.position[n] = i; });
  }

  #dominators(): void {
    const { order, position, idom } = this, preds: number[][] = Array.from({ length: this.nodeCount }, () => []);
    for (let e = 0; e < this.edgeTo.length; e++) if (position[this.edgeFrom[e]!]! >= 0) preds[this.edgeTo[e]!]!.push(this.edgeFrom[e]!);
    idom.length = this.nodeCount;
    idom.fill(-1);
    idom[this.root] = this.root;
    const intersect = (a: number, b: number): number => {
      while (a !== b) {
        while (position[a]! > position[b]!) a = idom[a]!;
        while (position[b]! > position[a]!) b = idom[b]!;
      }
      return a;
    };
    for (let changed = true; changed;) {
      changed = false;
      for (const n of order) {
        if (n === this.root) continue;
        let best = -1;
        for (const p of preds[n]!) if (idom[p]! >= 0) best = best < 0 ? p : intersect(p, best);
        if (best === idom[n]) continue;
        idom[n] = best;
        changed = true;
      }
    }
  }

  /** Finds loop headers and merge points; refuses what is irreducible still. */
  #classify(): void {
    const { order, position, idom } = this, forward = new Int32Array(this.nodeCount);
    for (let n = 0; n < this.nodeCount; n++) {
      this.isLoop[n] = this.isMerge[n] = false;
      this.merges[n] = [];
    }
    for (const n of order) {
      const dispatches = this.isSynthetic(n) && this.edgeCount[n]! > 1;
      for (let e = this.firstEdge[n]!; e < this.firstEdge[n]! + this.edgeCount[n]!; e++) {
        const to = this.edgeTo[e]!;
        if (position[to]! > position[n]!) {
          if (++forward[to]! > 1 || dispatches) this.isMerge[to] = true;
        } else {
          this.isLoop[to] = true;
          if (!this.#dominates(to, n)) throw new JitError(`Block ${to} is entered behind its start from block ${n}: the flow graph is not reducible`);
        }
      }
    }
    for (let i = order.length - 1; i > 0; i--) {
      const n = order[i]!;
      if (this.isMerge[n]) this.merges[idom[n]!]!.push(n);
    }
  }

  #dominates(a: number, b: number): boolean {
    while (this.position[b]! > this.position[a]!) b = this.idom[b]!;
    return a === b;
  }
}
