/** Copy-on-write over a read-only base, in host memory: `snapshot=on`. Writes never touch the base and vanish on close.
 *
 *  The overlay keeps 64 KiB clusters with one bit per 512-byte sector that has been written, so a sector write never has to
 *  read the base first. Not modelled: persistence, committing to the base. */
import { asBlockError, BlockError, checkBlockRange, readBlock, SECTOR_BYTES, type BlockBackend } from './block.ts';

const CLUSTER_BYTES = 64 * 1024;
const CLUSTER_SECTORS = CLUSTER_BYTES / SECTOR_BYTES;

interface Cluster {
  /** `undefined` while every written sector is zero. */
  data: Uint8Array | undefined;
  /** One byte a sector: 1 if the overlay holds it. */
  readonly held: Uint8Array;
}

export class OverlayBlock implements BlockBackend {
  readonly size: number;
  readonly readonly = false;
  readonly #base: BlockBackend;
  readonly #clusters = new Map<number, Cluster>();
  #closed = false;

  /** `base` is only ever read. Closing the overlay closes it. */
  constructor(base: BlockBackend) {
    this.#base = base;
    this.size = base.size;
  }

  /** Bytes of host memory that hold guest data. */
  get allocatedBytes(): number {
    let clusters = 0;
    for (const cluster of this.#clusters.values()) if (cluster.data) clusters++;
    return clusters * CLUSTER_BYTES;
  }

  /** Forgets everything written: the disk is the base again. */
  discardAll(): void {
    this.#clusters.clear();
  }

  readSync(offset: number, into: Uint8Array): boolean {
    this.#check(offset, into.length);
    const gap = this.#gap(offset, into.length);
    if (gap) {
      const start = Math.max(gap.start, offset) - offset;
      const end = Math.min(gap.end, offset + into.length) - offset;
      if (!this.#base.readSync?.(offset + start, into.subarray(start, end))) return false;
    }
    this.#copyOut(offset, into);
    return true;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#check(offset, into.length);
    const gap = this.#gap(offset, into.length);
    if (gap) {
      const start = Math.max(gap.start, offset) - offset;
      const end = Math.min(gap.end, offset + into.length) - offset;
      await readBlock(this.#base, offset + start, into.subarray(start, end)).catch((error) => {
        throw asBlockError(error, 'reading the base of an overlay');
      });
    }
    this.#copyOut(offset, into);
  }

  /** False only for a partial sector that is not held yet, because the rest of it must come from the base. */
  writeSync(offset: number, data: Uint8Array): boolean {
    this.#check(offset, data.length);
    if (!this.#edgesHeld(offset, data.length)) return false;
    this.#copyIn(offset, data);
    return true;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#check(offset, data.length);
    if (!this.#edgesHeld(offset, data.length)) await this.#holdEdges(offset, data.length);
    this.#copyIn(offset, data);
  }

  flushSync(): boolean {
    this.#check(0, 0);
    return true;
  }

  async flush(): Promise<void> {
    this.flushSync();
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.writeZeroes(offset, length);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#check(offset, length);
    if (!this.#edgesHeld(offset, length)) await this.#holdEdges(offset, length);
    for (let at = offset, end = offset + length; at < end; ) {
      const start = at % CLUSTER_BYTES;
      const count = Math.min(CLUSTER_BYTES - start, end - at);
      const cluster = this.#cluster(at);
      if (count === CLUSTER_BYTES) cluster.data = undefined;
      cluster.data?.fill(0, start, start + count);
      markHeld(cluster, start, count);
      at += count;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#clusters.clear();
    await this.#base.close();
  }

  #check(offset: number, length: number): void {
    if (this.#closed) throw new BlockError('closed', 'the overlay disk was closed; open a new one');
    checkBlockRange(this.size, offset, length);
  }

  #cluster(offset: number): Cluster {
    const index = Math.floor(offset / CLUSTER_BYTES);
    let cluster = this.#clusters.get(index);
    if (!cluster) {
      cluster = { data: undefined, held: new Uint8Array(CLUSTER_SECTORS) };
      this.#clusters.set(index, cluster);
    }
    return cluster;
  }

  /** True if the overlay holds the sector at `offset`. */
  #held(offset: number): boolean {
    const cluster = this.#clusters.get(Math.floor(offset / CLUSTER_BYTES));
    return cluster !== undefined && cluster.held[(offset % CLUSTER_BYTES) / SECTOR_BYTES | 0] === 1;
  }

  /** The smallest sector-aligned span with every sector of the range that only the base has. */
  #gap(offset: number, length: number): { start: number; end: number } | undefined {
    if (this.#clusters.size === 0) return length === 0 ? undefined : { start: offset, end: offset + length };
    let start = sectorFloor(offset);
    let end = sectorFloor(offset + length + SECTOR_BYTES - 1);
    while (start < end && this.#held(start)) start += SECTOR_BYTES;
    while (end > start && this.#held(end - SECTOR_BYTES)) end -= SECTOR_BYTES;
    return start < end ? { start, end } : undefined;
  }

  #edgesHeld(offset: number, length: number): boolean {
    const end = offset + length;
    return (offset % SECTOR_BYTES === 0 || this.#held(offset)) && (end % SECTOR_BYTES === 0 || end === this.size || this.#held(end));
  }

  async #holdEdges(offset: number, length: number): Promise<void> {
    const end = offset + length;
    if (offset % SECTOR_BYTES !== 0) await this.#hold(sectorFloor(offset));
    if (end % SECTOR_BYTES !== 0 && end !== this.size) await this.#hold(sectorFloor(end));
  }

  /** Brings one sector of the base into the overlay. */
  async #hold(offset: number): Promise<void> {
    if (this.#held(offset)) return;
    const sector = new Uint8Array(Math.min(SECTOR_BYTES, this.size - offset));
    await this.read(offset, sector);
    if (!this.#held(offset)) this.#copyIn(offset, sector);
  }

  #copyIn(offset: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      const start = (offset + done) % CLUSTER_BYTES;
      const count = Math.min(CLUSTER_BYTES - start, data.length - done);
      const cluster = this.#cluster(offset + done);
      cluster.data ??= new Uint8Array(CLUSTER_BYTES);
      cluster.data.set(data.subarray(done, done + count), start);
      markHeld(cluster, start, count);
      done += count;
    }
  }

  /** Puts what the overlay holds over what the base gave. */
  #copyOut(offset: number, into: Uint8Array): void {
    const end = offset + into.length;
    for (let at = offset; at < end; ) {
      const cluster = this.#clusters.get(Math.floor(at / CLUSTER_BYTES));
      const clusterEnd = Math.min(end, at - (at % CLUSTER_BYTES) + CLUSTER_BYTES);
      if (cluster) copyHeld(cluster, at, into.subarray(at - offset, clusterEnd - offset));
      at = clusterEnd;
    }
  }
}

/** Copies the held sectors of one cluster's range starting at disk offset `at`, in runs. */
function copyHeld(cluster: Cluster, at: number, into: Uint8Array): void {
  const start = at % CLUSTER_BYTES;
  const end = start + into.length;
  for (let from = start; from < end; ) {
    const held = cluster.held[Math.floor(from / SECTOR_BYTES)];
    let to = sectorFloor(from) + SECTOR_BYTES;
    while (to < end && cluster.held[to / SECTOR_BYTES] === held) to += SECTOR_BYTES;
    to = Math.min(to, end);
    if (held) {
      if (cluster.data) into.set(cluster.data.subarray(from, to), from - start);
      else into.fill(0, from - start, to - start);
    }
    from = to;
  }
}

function markHeld(cluster: Cluster, start: number, count: number): void {
  cluster.held.fill(1, Math.floor(start / SECTOR_BYTES), Math.ceil((start + count) / SECTOR_BYTES));
}

function sectorFloor(offset: number): number {
  return offset - (offset % SECTOR_BYTES);
}
