/** A physical memory map as it appears after priorities and aliases are resolved: ranges side by side that cover all of the address space. */
import type { HostPtr } from '@emu/vaddr';
import type { RegionRecord } from './region.ts';

export const PHYS_END = 2 ** 52;

/** `end` is exclusive. */
export interface FlatRange {
  readonly start: number;
  readonly end: number;
  /** Address in the arena of the byte at `start`, or -1 where there is no memory. */
  readonly host: HostPtr;
  /** Plain writes to `host` are what a guest's write does. */
  readonly writable: boolean;
  /** The RAM, ROM or device here; undefined in a hole. */
  readonly leaf: RegionRecord | undefined;
  /** Offset in `leaf` of the byte at `start`. */
  readonly offset: number;
}

const hole = (start: number, end: number): FlatRange => ({ start, end, host: -1, writable: false, leaf: undefined, offset: 0 });

/** Regions of the highest priority take their place first; the others get what is left. */
export function flatten(regions: readonly RegionRecord[]): FlatRange[] {
  const byRank = regions.filter((r) => r.enabled).sort((a, b) => b.priority - a.priority || b.order - a.order);
  let taken: FlatRange[] = [];
  for (const region of byRank) {
    const pieces = gaps(taken, region.base, region.base + region.size).flatMap(([start, end]) => show(region, start - region.base, start, end));
    taken = [...taken, ...pieces].sort((a, b) => a.start - b.start);
  }
  const holes = gaps(taken, 0, PHYS_END).map(([start, end]) => hole(start, end));
  return [...taken, ...holes].sort((a, b) => a.start - b.start);
}

/** What of [start, end) is not covered by the sorted, disjoint ranges. */
function gaps(taken: readonly FlatRange[], start: number, end: number): [number, number][] {
  const free: [number, number][] = [];
  let at = start;
  for (const range of taken) {
    if (range.end <= at) continue;
    if (range.start >= end) break;
    if (range.start > at) free.push([at, range.start]);
    at = range.end;
  }
  if (at < end) free.push([at, end]);
  return free;
}

/** The range of `region` from `offset` on as it lies at [start, end), through aliases. An alias ends where its target does. */
function show(region: RegionRecord, offset: number, start: number, end: number): FlatRange[] {
  if (region.target) {
    const inner = offset + region.targetOffset;
    const limit = Math.min(end, start + region.target.size - inner);
    return limit > start ? show(region.target, inner, start, limit) : [];
  }
  const host = region.host < 0 ? -1 : region.host + offset;
  return [{ start, end, host, writable: region.kind === 'ram', leaf: region, offset }];
}
