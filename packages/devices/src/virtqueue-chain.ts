/** One descriptor chain that the driver made available: guest memory as a list of segments, readable ones before writable ones
 *  (virtio 1.2, 2.7.4). Segments are addresses; views of RAM are taken at the moment of use, because memory may move. */
import type { GuestMemory } from './guest-memory.ts';

/** A piece of guest physical memory. */
export interface Segment {
  readonly addr: number;
  /** Bytes, never 0. */
  readonly length: number;
}

const total = (segments: readonly Segment[]): number => segments.reduce((sum, { length }) => sum + length, 0);

export class Chain {
  /** Index of the first descriptor: what the used ring reports. */
  readonly head: number;
  /** What the driver wrote for the device, in order. */
  readonly readable: readonly Segment[];
  /** Where the device may write. */
  readonly writable: readonly Segment[];
  readonly readableBytes: number;
  readonly writableBytes: number;
  readonly #memory: GuestMemory;

  constructor(memory: GuestMemory, head: number, readable: readonly Segment[], writable: readonly Segment[]) {
    this.#memory = memory;
    this.head = head;
    this.readable = readable;
    this.writable = writable;
    this.readableBytes = total(readable);
    this.writableBytes = total(writable);
  }

  /** Copies readable bytes from `offset` on into `into`; returns how many there were. */
  read(offset: number, into: Uint8Array): number {
    return this.#each(this.readable, offset, into.length, (addr, length, done) => this.#memory.read(addr, into.subarray(done, done + length)));
  }

  /** Copies `from` to the writable bytes from `offset` on; returns how many fitted. */
  write(offset: number, from: Uint8Array): number {
    return this.#each(this.writable, offset, from.length, (addr, length, done) => this.#memory.write(addr, from.subarray(done, done + length)));
  }

  /** Views of the readable bytes, for use before the next return to the event loop. */
  readableViews(offset: number, length: number): Uint8Array[] {
    return this.#views(this.readable, offset, length);
  }

  /** Views of the writable bytes; whoever fills them calls `wrote` with the same range. */
  writableViews(offset: number, length: number): Uint8Array[] {
    return this.#views(this.writable, offset, length);
  }

  /** Says that `length` writable bytes from `offset` on were filled through views. */
  wrote(offset: number, length: number): void {
    this.#each(this.writable, offset, length, (addr, count) => this.#memory.wrote(addr, count));
  }

  #views(segments: readonly Segment[], offset: number, length: number): Uint8Array[] {
    const views: Uint8Array[] = [];
    this.#each(segments, offset, length, (addr, count) => { views.push(...(this.#memory.ranges(addr, count) ?? [])); });
    return views;
  }

  #each(segments: readonly Segment[], offset: number, length: number, visit: (addr: number, length: number, done: number) => void): number {
    let skip = offset;
    let done = 0;
    for (const segment of segments) {
      if (done === length) break;
      if (skip >= segment.length) {
        skip -= segment.length;
        continue;
      }
      const count = Math.min(segment.length - skip, length - done);
      visit(segment.addr + skip, count, done);
      done += count;
      skip = 0;
    }
    return done;
  }
}
