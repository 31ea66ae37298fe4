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

export interface Selection {
  /** The region's TBs, its head first. */
  readonly tbs: readonly RegionTb[];
  /** Those that control comes to from outside: indices, the head first. */
  readonly entries: readonly number[];
}

const PAGE = 4096;
/** Latest targets of a jump that a TB's record has room for, and targets remembered in all. */
const RECENT = 3, KNOWN = 32;

export class Selector {
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;
  /** Targets of computed jumps that have many. */
  readonly #known = new Map<Tb, Tb[]>();

  constructor(arena: Arena) {
    this.#i32 = arena.i32;
    this.#u32 = arena.u32;
  }

  /**
   * The region that begins at `head`, which is its TB 0.
   * @param takes whether a TB may be in the region; those that may not are left to code of their own.
   */
  select(head: Tb, source: TbSource, limits: SelectLimits, takes: (tb: Tb) => boolean): Selection {
    const chosen: Tb[] = [], index = new Map<Tb, number>(), frontier = new Map<Tb, number>([[head, Infinity]]);
    const offer = (tb: Tb) => {
      const count = this.#count(tb);
      if (count >= limits.warm && !index.has(tb) && !frontier.has(tb) && takes(tb)) frontier.set(tb, count);
    };
    let insns = 0;
    while (frontier.size > 0 && chosen.length < limits.tbs) {
      const tb = hottest(frontier);
      frontier.delete(tb);
      if (chosen.length > 0 && insns + tb.icount > limits.insns) continue;
      insns += tb.icount;
      index.set(tb, chosen.length);
      chosen.push(tb);
      for (const to of this.#successors(tb, source)) offer(to);
      const back = this.#returnPoint(tb, source);
      if (back) offer(back);
    }
    const tbs = chosen.map((tb) => ({
      tb,
      count: this.#count(tb),
      links: [this.#link(tb, 0, source, index), this.#link(tb, 1, source, index)] as const,
      ...this.#targets(tb, source, index),
    }));
    return { tbs, entries: this.#entries(chosen, index, source, limits) };
  }

  /** The head, TBs that warm TBs outside are linked to, and where calls return to that leave the region. */
  #entries(chosen: readonly Tb[], index: Map<Tb, number>, source: TbSource, limits: SelectLimits): number[] {
    const entries = new Set([0]);
    chosen.forEach((tb, i) => {
      for (const from of source.incoming(tb)) {
        if (from.valid && !index.has(from) && this.#count(from) >= limits.warm) entries.add(i);
      }
      const back = this.#returnPoint(tb, source), returned = back && index.get(back);
      if (returned != null && !this.#successors(tb, source).some((to) => index.has(to))) entries.add(returned);
    });
    return [...entries];
  }

  /** The TB is gone. */
  forget(tb: Tb): void {
    this.#known.delete(tb);
  }

  /** All TBs are gone. */
  clear(): void {
    this.#known.clear();
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
    found.push(...this.#predicted(tb, source));
    return found;
  }

  /**
   * Where `lookup_and_goto_ptr` led lately, the latest first; then where it had led by earlier looks. Records are hints: what is there now may be
   * another TB.
   */
  #predicted(tb: Tb, source: TbSource): Tb[] {
    const found: Tb[] = [];
    for (const field of [TB.lastTarget, TB.olderTarget, TB.olderTarget + 4]) {
      const to = this.#at(tb, field, source);
      if (to && sameMode(tb, to) && !found.includes(to)) found.push(to);
    }
    if (found.length < RECENT) return found;
    const known = this.#known.get(tb);
    if (known) for (const to of known) if (found.length < KNOWN && to.valid && sameMode(tb, to) && !found.includes(to)) found.push(to);
    this.#known.set(tb, found);
    return found;
  }

  #link(tb: Tb, slot: 0 | 1, source: TbSource, index: Map<Tb, number>): number {
    const to = linkable(tb) ? this.#at(tb, TB.jump + 4 * slot, source) : null;
    return (to && index.get(to)) ?? -1;
  }

  /** Where `tb` is returned to if it ends with a call: the TB behind it, if there is one way out only and that leads elsewhere. */
  #returnPoint(tb: Tb, source: TbSource): Tb | null {
    const taken = this.#at(tb, TB.jump, source), other = this.#at(tb, TB.jump + 4, source), predicted = this.#at(tb, TB.lastTarget, source);
    const only = other ? null : taken ?? predicted;
    if (!only) return null;
    const back = source.following(tb);
    return back && back !== only ? back : null;
  }

  #targets(tb: Tb, source: TbSource, index: Map<Tb, number>): { latest: number; others: number[] } {
    const [last, ...older] = this.#predicted(tb, source);
    if (!last) return { latest: -1, others: [] };
    const latest = index.get(last) ?? -1, others = new Set<number>();
    for (const to of older) if (index.has(to)) others.add(index.get(to)!);
    others.delete(latest);
    return { latest, others: [...others] };
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
