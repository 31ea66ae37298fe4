/**
 * Who leads to whom: for each TB a list of the jump slots that lead there, or did. Entries are an address and a slot; all lists share one array, of
 * cells of an entry and the cell behind it, because there are 100,000 lists with one or two entries, and a few with thousands.
 */

const FIRST_CELLS = 1024;

export class LinkLists {
  /** Two words a cell: entry, next cell. Cell 0 is none. */
  #cells = new Uint32Array(2 * FIRST_CELLS);
  #used = 1;
  #free = 0;
  /** First cell of each list. */
  readonly #heads: Uint32Array;
  readonly #lengths: Uint32Array;

  /** @param lists numbered from 0. */
  constructor(lists: number) {
    this.#heads = new Uint32Array(lists);
    this.#lengths = new Uint32Array(lists);
  }

  /** Adds an entry; returns how many there are then. */
  add(list: number, entry: number): number {
    const cell = this.#take();
    this.#cells[2 * cell] = entry;
    this.#cells[2 * cell + 1] = this.#heads[list]!;
    this.#heads[list] = cell;
    return ++this.#lengths[list]!;
  }

  length(list: number): number {
    return this.#lengths[list]!;
  }

  /** The entries, the latest first. */
  entries(list: number): number[] {
    const found: number[] = [];
    for (let cell = this.#heads[list]!; cell !== 0; cell = this.#cells[2 * cell + 1]!) found.push(this.#cells[2 * cell]!);
    return found;
  }

  /** Empties a list. */
  clear(list: number): void {
    for (let cell = this.#heads[list]!; cell !== 0;) {
      const next = this.#cells[2 * cell + 1]!;
      this.#cells[2 * cell + 1] = this.#free;
      this.#free = cell;
      cell = next;
    }
    this.#heads[list] = this.#lengths[list] = 0;
  }

  /** Empties all lists. */
  clearAll(): void {
    this.#heads.fill(0);
    this.#lengths.fill(0);
    this.#used = 1;
    this.#free = 0;
  }

  #take(): number {
    const cell = this.#free;
    if (cell !== 0) {
      this.#free = this.#cells[2 * cell + 1]!;
      return cell;
    }
    if (2 * this.#used === this.#cells.length) {
      const larger = new Uint32Array(2 * this.#cells.length);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return this.#used++;
  }
}
