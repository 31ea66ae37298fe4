/**
 * Which TBs make a region: from a hot TB along its ways out, the most executed first, as long as they are warm and there is room. Direct jumps
 * follow linked `goto_tb` slots. Calls, returns and computed jumps are predicted by where they went last; the prediction is checked at run time.
 */
import { TB } from '@emu/tcg';
import type { Tb, TbSource } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import type { RegionTb } from './region-code.ts';

export interface SelectLimits {
  /** TBs and guest instructions in a region at most. */
  readonly tbs: number;
  readonly insns: number;
  /** Executions that a TB must have seen to be taken in. */
  readonly warm: number;
}

const PAGE = 4096;

export class Selector {
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;

  constructor(arena: Arena) {
    this.#i32 = arena.i32;
    this.#u32 = arena.u32;
  }

  /** The region that begins at `head`, which is its TB 0. */
  select(head: Tb, source: TbSource, limits: SelectLimits): RegionTb[] {
    const chosen: Tb[] = [], index = new Map<Tb, number>(), frontier = new Map<Tb, number>([[head, Infinity]]);
    let insns = 0;
    while (frontier.size > 0 && chosen.length < limits.tbs) {
      const tb = hottest(frontier);
      frontier.delete(tb);
      if (chosen.length > 0 && insns + tb.icount > limits.insns) continue;
      insns += tb.icount;
      index.set(tb, chosen.length);
      chosen.push(tb);
      for (const to of this.#successors(tb, source)) {
        const count = this.#count(to);
        if (!index.has(to) && !frontier.has(to) && count >= limits.warm) frontier.set(to, count);
      }
    }
    return chosen.map((tb) => ({
      tb,
      links: [this.#link(tb, 0, source, index), this.#link(tb, 1, source, index)],
      targets: this.#targets(tb, source, index),
    }));
  }

  #count(tb: Tb): number {
    return this.#i32[(tb.record + TB.count) >>> 2]!;
  }

  #at(tb: Tb, field: number, source: TbSource): Tb | null {
    const record: HostPtr = this.#u32[(tb.record + field) >>> 2]!;
    if (record === 0) return null;
    const to = source.tbAt(record);
    return to.valid ? to : null;
  }

  #successors(tb: Tb, source: TbSource): Tb[] {
    const found: Tb[] = [];
    for (const field of [TB.jump, TB.jump + 4]) {
      const to = this.#at(tb, field, source);
      if (to && linkable(tb)) found.push(to);
    }
    const predicted = this.#at(tb, TB.lastTarget, source);
    if (predicted && sameMode(tb, predicted)) found.push(predicted);
    return found;
  }

  #link(tb: Tb, slot: 0 | 1, source: TbSource, index: Map<Tb, number>): number {
    const to = linkable(tb) ? this.#at(tb, TB.jump + 4 * slot, source) : null;
    return (to && index.get(to)) ?? -1;
  }

  #targets(tb: Tb, source: TbSource, index: Map<Tb, number>): number[] {
    const to = this.#at(tb, TB.lastTarget, source);
    const found = to && sameMode(tb, to) ? index.get(to) : undefined;
    return found === undefined ? [] : [found];
  }
}

/** Whether the rest of the key, besides the pc, is the same. */
const sameMode = (a: Tb, b: Tb): boolean => a.flags === b.flags && a.csBaseLo === b.csBaseLo && a.csBaseHi === b.csBaseHi;

/** Where the code segment begins inside a page, the pc may wrap within one: then it is not that of the page plus an offset. */
const linkable = (tb: Tb): boolean => tb.csBaseLo % PAGE === 0;

function hottest(frontier: Map<Tb, number>): Tb {
  let best: Tb | undefined, most = -1;
  for (const [tb, count] of frontier) {
    if (count <= most) continue;
    best = tb;
    most = count;
  }
  return best!;
}
