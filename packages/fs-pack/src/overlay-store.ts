/** A persistent copy-on-write overlay over a read-only disk, in one file that is read and written synchronously: what a worker
 *  gets from the origin private file system, and what Node has anyway. It has the shape of a block device.
 *
 *  Layout: a header of 4 KiB; a table of 32-byte records, one a cluster of 64 KiB; clusters in the order of their first write.
 *  A record has the number of the cluster's slot and one bit per 512-byte sector that the overlay holds; held sectors of a
 *  cluster without a slot are zeros. Clusters are only ever appended. `flush` writes data before the records that refer to
 *  them, so a crash at any point leaves a disk on which only unflushed writes are missing. */
import { messageOf, PackError } from './errors.ts';
import { checkRange } from './pack-fs.ts';

/** `FileSystemSyncAccessHandle` of the File System standard; `FileStore` in Node. */
export interface SyncFile {
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** The disk below: a `PackFile`, or any block device. */
export interface OverlayBase {
  readonly size: number;
  read(offset: number, into: Uint8Array): Promise<void>;
  readSync?(offset: number, into: Uint8Array): boolean;
  close?(): Promise<void>;
}

export interface OverlayOptions {
  /** Names the base's contents, for example `ChunkedPack.id` and the file: an overlay over another base is refused. At most 128 ASCII characters. */
  readonly baseId: string;
  /** What messages call the overlay; default `the saved disk`. */
  readonly name?: string;
}

const MAGIC = 'fs-pack overlay\n';
const VERSION = 1;
const SECTOR_BYTES = 512;
const CLUSTER_BYTES = 64 * 1024;
const HEADER_BYTES = 4096;
const RECORD_BYTES = 32;
const PAGE_BYTES = 4096;
/** 256 GiB: bounds the table, which is kept in memory. */
const MAX_SIZE = 2 ** 38;
/** Offsets in the header. */
const Header = { MAGIC: 0, VERSION: 16, CLUSTER: 20, SIZE_LO: 24, SIZE_HI: 28, BASE_ID: 32, BASE_ID_BYTES: 128 } as const;
/** Offsets in a record: slot number plus one, or 0; then the bits of the sectors. */
const Record = { SLOT: 0, HELD: 8 } as const;

export class OverlayStore {
  readonly size: number;
  readonly readonly = false;
  readonly #base: OverlayBase;
  readonly #file: SyncFile;
  readonly #options: OverlayOptions;
  readonly #table: Uint8Array;
  readonly #view: DataView;
  readonly #dataStart: number;
  readonly #dirtyPages = new Set<number>();
  #slots = 0;
  #dirty = false;
  #closed = false;

  /** Takes the file over. Throws `PackError`: `base` if it belongs to another disk, `format` if it is damaged; the file is closed then. */
  constructor(file: SyncFile, base: OverlayBase, options: OverlayOptions) {
    this.#file = file;
    this.#base = base;
    this.#options = options;
    this.size = base.size;
    const clusters = Math.ceil(base.size / CLUSTER_BYTES);
    this.#table = new Uint8Array(base.size <= MAX_SIZE ? clusters * RECORD_BYTES : 0);
    this.#view = new DataView(this.#table.buffer);
    this.#dataStart = Math.ceil((HEADER_BYTES + this.#table.length) / CLUSTER_BYTES) * CLUSTER_BYTES;
    try {
      if (base.size > MAX_SIZE) throw new PackError('usage', `${this.#name}: a base of ${base.size} bytes; overlays go up to ${MAX_SIZE}`);
      if (file.getSize() === 0) this.#create();
      else this.#open();
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes that hold guest data. */
  get usedBytes(): number {
    return this.#slots * CLUSTER_BYTES;
  }

  /** Forgets everything written: the disk is the base again. */
  reset(): void {
    this.#check(0, 0);
    this.#table.fill(0);
    this.#slots = 0;
    this.#dirty = false;
    this.#dirtyPages.clear();
    this.#do('resetting', () => {
      this.#file.truncate(0);
      this.#create();
    });
  }

  readSync(offset: number, into: Uint8Array): boolean {
    this.#check(offset, into.length);
    const gap = this.#gap(offset, into.length);
    if (gap && !this.#base.readSync?.(offset + gap[0], into.subarray(gap[0], gap[1]))) return false;
    this.#copyOut(offset, into);
    return true;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#check(offset, into.length);
    const gap = this.#gap(offset, into.length);
    if (gap) await this.#base.read(offset + gap[0], into.subarray(gap[0], gap[1]));
    if (this.#closed) throw this.#wasClosed();
    this.#copyOut(offset, into);
  }

  /** False only for a partial sector that is not held yet. */
  writeSync(offset: number, data: Uint8Array): boolean {
    this.#check(offset, data.length);
    if (!this.#edgesHeld(offset, data.length)) return false;
    this.#copyIn(offset, data);
    return true;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#check(offset, data.length);
    await this.#holdEdges(offset, data.length);
    this.#copyIn(offset, data);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#check(offset, length);
    await this.#holdEdges(offset, length);
    const zeros = new Uint8Array(Math.min(length, CLUSTER_BYTES));
    this.#eachCluster(offset, length, (cluster, start, count) => {
      if (this.#slot(cluster) > 0) this.#writeAt(this.#place(cluster) + start, zeros.subarray(0, count));
      this.#hold(cluster, start, count);
    });
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#check(offset, length);
  }

  /** Everything written so far survives: data first, then the records that make them valid. */
  flushSync(): boolean {
    this.#check(0, 0);
    if (!this.#dirty && this.#dirtyPages.size === 0) return true;
    this.#do('flushing', () => {
      this.#file.flush();
      for (const page of this.#dirtyPages) {
        const at = page * PAGE_BYTES;
        this.#writeAt(HEADER_BYTES + at, this.#table.subarray(at, at + PAGE_BYTES));
      }
      this.#file.flush();
    });
    this.#dirty = false;
    this.#dirtyPages.clear();
    return true;
  }

  async flush(): Promise<void> {
    this.flushSync();
  }

  /** Flushes, lets go of the file and closes the base. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      this.flushSync();
    } finally {
      this.#closed = true;
      this.#file.close();
      await this.#base.close?.();
    }
  }

  get #name(): string {
    return this.#options.name ?? 'the saved disk';
  }

  #create(): void {
    const { baseId } = this.#options;
    const id = new TextEncoder().encode(baseId);
    if (id.length > Header.BASE_ID_BYTES) throw new PackError('usage', `baseId has ${id.length} bytes; at most ${Header.BASE_ID_BYTES} fit`);
    const header = new Uint8Array(HEADER_BYTES);
    const view = new DataView(header.buffer);
    header.set(new TextEncoder().encode(MAGIC), Header.MAGIC);
    view.setUint32(Header.VERSION, VERSION, true);
    view.setUint32(Header.CLUSTER, CLUSTER_BYTES, true);
    view.setUint32(Header.SIZE_LO, this.size % 2 ** 32, true);
    view.setUint32(Header.SIZE_HI, Math.floor(this.size / 2 ** 32), true);
    header.set(id, Header.BASE_ID);
    this.#do('creating', () => {
      this.#file.truncate(this.#dataStart);
      this.#writeAt(0, header);
      this.#file.flush();
    });
  }

  #open(): void {
    const header = new Uint8Array(HEADER_BYTES);
    this.#readAt(0, header);
    const view = new DataView(header.buffer);
    const text = (at: number, length: number) => new TextDecoder().decode(header.subarray(at, at + length)).replace(/\0+$/, '');
    if (text(Header.MAGIC, MAGIC.length) !== MAGIC) throw this.#damaged('is no overlay');
    if (view.getUint32(Header.VERSION, true) !== VERSION || view.getUint32(Header.CLUSTER, true) !== CLUSTER_BYTES) {
      throw this.#damaged('was written by another version');
    }
    const size = view.getUint32(Header.SIZE_HI, true) * 2 ** 32 + view.getUint32(Header.SIZE_LO, true);
    if (size !== this.size || text(Header.BASE_ID, Header.BASE_ID_BYTES) !== this.#options.baseId) {
      throw new PackError('base', `${this.#name} was made for another disk image; reset it, or open the image that it belongs to`);
    }
    this.#readAt(HEADER_BYTES, this.#table);
    const seen = new Set<number>();
    for (let at = 0; at < this.#table.length; at += RECORD_BYTES) {
      const slot = this.#view.getUint32(at + Record.SLOT, true);
      if (slot === 0) continue;
      if (seen.has(slot) || this.#dataStart + slot * CLUSTER_BYTES > this.#file.getSize()) throw this.#damaged('has impossible records');
      seen.add(slot);
      this.#slots = Math.max(this.#slots, slot);
    }
  }

  #damaged(what: string): PackError {
    return new PackError('format', `${this.#name} ${what} or is damaged; reset it`);
  }

  #check(offset: number, length: number): void {
    if (this.#closed) throw this.#wasClosed();
    checkRange(this.#name, this.size, offset, length);
  }

  #wasClosed(): PackError {
    return new PackError('closed', `${this.#name} was closed; open it again`);
  }

  #slot(cluster: number): number {
    return this.#view.getUint32(cluster * RECORD_BYTES + Record.SLOT, true);
  }

  /** Where a cluster with a slot lies in the file. */
  #place(cluster: number): number {
    return this.#dataStart + (this.#slot(cluster) - 1) * CLUSTER_BYTES;
  }

  #holds(offset: number): boolean {
    const cluster = Math.floor(offset / CLUSTER_BYTES);
    const sector = Math.floor((offset % CLUSTER_BYTES) / SECTOR_BYTES);
    return (this.#table[cluster * RECORD_BYTES + Record.HELD + (sector >> 3)]! & (1 << (sector & 7))) !== 0;
  }

  /** Marks the sectors of a range as held. */
  #hold(cluster: number, start: number, count: number): void {
    const record = cluster * RECORD_BYTES;
    const end = Math.ceil((start + count) / SECTOR_BYTES);
    for (let sector = Math.floor(start / SECTOR_BYTES); sector < end; sector++) {
      this.#table[record + Record.HELD + (sector >> 3)]! |= 1 << (sector & 7);
    }
    this.#dirtyPages.add(Math.floor(record / PAGE_BYTES));
  }

  /** The span, relative to `offset`, with every byte that only the base has. */
  #gap(offset: number, length: number): [number, number] | undefined {
    let start = offset;
    let end = offset + length;
    while (start < end && this.#holds(start)) start = start - (start % SECTOR_BYTES) + SECTOR_BYTES;
    while (end > start && this.#holds(end - 1)) end = end - 1 - ((end - 1) % SECTOR_BYTES);
    return start < end ? [start - offset, end - offset] : undefined;
  }

  #edgesHeld(offset: number, length: number): boolean {
    const end = offset + length;
    return (offset % SECTOR_BYTES === 0 || this.#holds(offset)) && (end % SECTOR_BYTES === 0 || end === this.size || this.#holds(end));
  }

  async #holdEdges(offset: number, length: number): Promise<void> {
    const end = offset + length;
    if (offset % SECTOR_BYTES !== 0) await this.#holdSector(offset - (offset % SECTOR_BYTES));
    if (end % SECTOR_BYTES !== 0 && end !== this.size) await this.#holdSector(end - (end % SECTOR_BYTES));
  }

  async #holdSector(offset: number): Promise<void> {
    if (this.#holds(offset)) return;
    const sector = new Uint8Array(Math.min(SECTOR_BYTES, this.size - offset));
    await this.read(offset, sector);
    if (!this.#holds(offset)) this.#copyIn(offset, sector);
  }

  #copyIn(offset: number, data: Uint8Array): void {
    let done = 0;
    this.#eachCluster(offset, data.length, (cluster, start, count) => {
      const piece = data.subarray(done, done + count);
      if (this.#slot(cluster) > 0) this.#writeAt(this.#place(cluster) + start, piece);
      else this.#append(cluster, start, piece);
      this.#hold(cluster, start, count);
      done += count;
    });
  }

  /** Writes the whole cluster, because the file may have old bytes there from before a crash. */
  #append(cluster: number, start: number, piece: Uint8Array): void {
    const contents = new Uint8Array(CLUSTER_BYTES);
    contents.set(piece, start);
    this.#writeAt(this.#dataStart + this.#slots * CLUSTER_BYTES, contents);
    this.#slots++;
    this.#view.setUint32(cluster * RECORD_BYTES + Record.SLOT, this.#slots, true);
  }

  #copyOut(offset: number, into: Uint8Array): void {
    let done = 0;
    this.#eachCluster(offset, into.length, (cluster, start, count) => {
      for (let from = start; from < start + count; ) {
        const base = cluster * CLUSTER_BYTES;
        const held = this.#holds(base + from);
        let to = from - (from % SECTOR_BYTES) + SECTOR_BYTES;
        while (to < start + count && this.#holds(base + to) === held) to += SECTOR_BYTES;
        to = Math.min(to, start + count);
        const piece = into.subarray(done + from - start, done + to - start);
        if (held && this.#slot(cluster) > 0) this.#readAt(this.#place(cluster) + from, piece);
        else if (held) piece.fill(0);
        from = to;
      }
      done += count;
    });
  }

  #eachCluster(offset: number, length: number, visit: (cluster: number, start: number, count: number) => void): void {
    for (let at = offset, end = offset + length; at < end; ) {
      const start = at % CLUSTER_BYTES;
      const count = Math.min(CLUSTER_BYTES - start, end - at);
      visit(Math.floor(at / CLUSTER_BYTES), start, count);
      at += count;
    }
  }

  #readAt(at: number, into: Uint8Array): void {
    this.#do('reading', () => {
      for (let done = 0; done < into.length; ) {
        const count = this.#file.read(into.subarray(done), { at: at + done });
        if (count === 0) throw new PackError('format', `${this.#name} ends at byte ${at + done}; reset it`);
        done += count;
      }
    });
  }

  #writeAt(at: number, data: Uint8Array): void {
    this.#dirty = true;
    this.#do('writing', () => {
      const count = this.#file.write(data, { at });
      if (count !== data.length) throw new PackError('io', `${this.#name}: ${count} of ${data.length} bytes were written; the storage is full`);
    });
  }

  #do(doing: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof PackError) throw error;
      throw new PackError('io', `${doing} ${this.#name} failed: ${messageOf(error)}`, { cause: error });
    }
  }
}
