/** How the loaders reach guest RAM: a checked allocator of ranges over a writer, so that nothing overlaps and nothing leaves RAM. */
import { BootError } from './errors.ts';
import { acpiStart, MIB, type RamLayout } from './layout.ts';

/** The part of `GuestMemory` that a loader needs. */
export interface BootMemory {
  write(addr: number, from: Uint8Array): void;
}

const PAGE = 0x1000;
const ZEROES = new Uint8Array(MIB);
const hex = (n: number): string => `0x${n.toString(16)}`;

/** Hands out low RAM from 1 MiB to the ACPI tables; each range has one user. */
export class Placement {
  readonly #memory: BootMemory;
  readonly #end: number;
  readonly #taken: { from: number; to: number; what: string }[] = [];

  constructor(memory: BootMemory, ram: RamLayout) {
    this.#memory = memory;
    this.#end = acpiStart(ram);
  }

  /** First address that is not ours. */
  get end(): number {
    return this.#end;
  }

  /** Claims a range. @throws BootError when it is outside RAM or taken. */
  claim(from: number, size: number, what: string): void {
    if (!(from >= MIB && size >= 0 && from + size <= this.#end)) {
      throw new BootError(`${what} wants ${hex(from)}..${hex(from + size)}, but RAM for it is ${hex(MIB)}..${hex(this.#end)}; use a larger -m or another kernel`);
    }
    const other = this.#taken.find((t) => from < t.to && t.from < from + size);
    if (other) throw new BootError(`${what} at ${hex(from)} overlaps ${other.what} at ${hex(other.from)}; use a larger -m or another kernel`);
    if (size > 0) this.#taken.push({ from, to: from + size, what });
  }

  /** Claims the highest free range of `size` bytes whose end is at most `limit`, page-aligned, and returns its address. */
  claimHighest(size: number, limit: number, what: string): number {
    let at = down(Math.min(limit, this.#end) - size);
    for (;;) {
      const blocker = this.#taken.find((t) => at < t.to && t.from < at + size);
      if (!blocker) break;
      at = down(blocker.from - size);
    }
    if (!(at >= MIB)) {
      const room = Math.max(0, Math.min(limit, this.#end) - MIB);
      throw new BootError(`${what} of ${size} bytes does not fit beside the kernel in ${room} bytes of low RAM; use a larger -m or a smaller file`);
    }
    this.claim(at, size, what);
    return at;
  }

  /** Claims and fills: `data`, then zeroes up to `size`. */
  load(at: number, data: Uint8Array, size: number, what: string): void {
    this.claim(at, size, what);
    this.#memory.write(at, data);
    for (let done = data.length; done < size; done += ZEROES.length) {
      this.#memory.write(at + done, ZEROES.subarray(0, Math.min(ZEROES.length, size - done)));
    }
  }
}

const down = (at: number): number => Math.floor(at / PAGE) * PAGE;
