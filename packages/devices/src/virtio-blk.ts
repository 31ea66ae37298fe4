/** virtio-blk: a disk (virtio 1.2, 5.2). Read, write, flush, get-id, discard and write-zeroes over one or more queues.
 *
 *  Requests that the back end can serve at once (`readSync`...) complete inside the notification; the others go through the
 *  machine's `CompletionQueue`. Data of those passes a buffer, so guest memory changes only at delivery. Requests under way are
 *  part of the saved state as their descriptor heads and are made again after `load`; load guest memory first.
 *  Not modelled: SCSI commands, secure erase, zoned disks, lifetime, resizing. */
import { bit } from './bits.ts';
import { asBlockError, SECTOR_BYTES, type BlockBackend, type BlockError } from './block.ts';
import type { CompletionQueue } from './block-completion.ts';
import type { DeviceEnv } from './device.ts';
import { hex } from './log.ts';
import { listOf, SnapshotError } from './snapshot.ts';
import { VirtioId } from './virtio.ts';
import { BlkConfig, blkConfig, BLK_CONFIG_BYTES, MAX_DISCARD_SECTORS, MAX_DISCARD_SEGMENTS } from './virtio-blk-config.ts';
import { VirtioPciDevice, type VirtioPciOptions } from './virtio-pci.ts';
import type { Chain } from './virtqueue-chain.ts';

/** Feature bits (5.2.3). */
export const VIRTIO_BLK_F = {
  SIZE_MAX: bit(1), SEG_MAX: bit(2), GEOMETRY: bit(4), RO: bit(5), BLK_SIZE: bit(6), FLUSH: bit(9), TOPOLOGY: bit(10),
  CONFIG_WCE: bit(11), MQ: bit(12), DISCARD: bit(13), WRITE_ZEROES: bit(14),
} as const;
/** Request types (5.2.6): codes. */
export const VIRTIO_BLK_T = { IN: 0, OUT: 1, FLUSH: 4, GET_ID: 8, DISCARD: 11, WRITE_ZEROES: 13 } as const;
/** Status byte: codes. */
export const VIRTIO_BLK_S = { OK: 0, IOERR: 1, UNSUPP: 2 } as const;

const HEADER_BYTES = 16;
const ID_BYTES = 20;
/** One range of a discard or write-zeroes request: sector u64, count u32, flags u32. */
const RANGE_BYTES = 16;
const RANGE_F_UNMAP = bit(0);
/** Bounds the host memory of one request; drivers stay far below (Linux: 1280 KiB). */
const MAX_REQUEST_BYTES = 128 * 2 ** 20;
const CLASS_SCSI_STORAGE = 0x010000;
const TRANSITIONAL_ID = 0x1001;

export interface VirtioBlkOptions extends VirtioPciOptions {
  readonly backend: BlockBackend;
  readonly completions: CompletionQueue;
  /** What GET_ID answers, at most 20 ASCII characters. */
  readonly serial?: string;
  /** Default 1. */
  readonly numQueues?: number;
  /** Entries of each queue; default 256. */
  readonly queueSize?: number;
  /** Bytes, powers of two from 512; default 512 each. */
  readonly logicalBlockSize?: number;
  readonly physicalBlockSize?: number;
  /** Hears of each failure of the back end; the guest sees an I/O error in any case. */
  readonly onHostError?: (error: BlockError) => void;
}

/** A request that the host has not finished. */
interface PendingRequest {
  queue: number;
  head: number;
  deadlineNs: number;
}

export interface VirtioBlkState {
  /** Write cache on: completed writes need a flush. The driver may switch it. */
  writeback: boolean;
  pending: PendingRequest[];
}

/** A request as the driver wrote it, checked against nothing yet. */
interface Request {
  readonly queue: number;
  readonly chain: Chain;
  readonly type: number;
  readonly sector: number;
  /** Bytes between header and status byte, in the direction of the request. */
  readonly dataBytes: number;
}

/** A status code if the request is finished, else what the host still has to do and what to do then. */
type Outcome = number | { work: Promise<unknown>; bytes: number; finish?: () => void };

export class VirtioBlk extends VirtioPciDevice<VirtioBlkState> {
  readonly backend: BlockBackend;
  /** Since power-on, for a status bar; no part of the guest's state. */
  readonly stats = { requests: 0, readBytes: 0, writtenBytes: 0, errors: 0 };
  readonly #options: VirtioBlkOptions;
  readonly #config: Uint8Array;
  readonly #blockSize: number;
  /** Bumped to disown what is under way, one count a queue. */
  readonly #epochs: number[];
  readonly #underWay = new Set<Promise<unknown>>();
  /** After a reset: what the old driver left under way, which later requests must not overtake. */
  #barrier: Promise<unknown> | undefined;
  #bounce = new Uint8Array(0);

  constructor(name: string, env: DeviceEnv, options: VirtioBlkOptions) {
    const numQueues = options.numQueues ?? 1;
    const queueSize = options.queueSize ?? 256;
    const { backend } = options;
    const { RO, FLUSH, SEG_MAX, GEOMETRY, BLK_SIZE, TOPOLOGY, CONFIG_WCE, MQ, DISCARD, WRITE_ZEROES } = VIRTIO_BLK_F;
    const writable = DISCARD | WRITE_ZEROES;
    const lo = FLUSH | SEG_MAX | GEOMETRY | BLK_SIZE | TOPOLOGY | CONFIG_WCE | (numQueues > 1 ? MQ : 0) | (backend.readonly ? RO : writable);
    super(name, env, {
      type: VirtioId.BLOCK,
      transitionalId: TRANSITIONAL_ID,
      classCode: CLASS_SCSI_STORAGE,
      features: { lo, hi: 0 },
      queueSizes: new Array<number>(numQueues).fill(queueSize),
      configBytes: BLK_CONFIG_BYTES,
    }, options);
    this.backend = backend;
    this.#options = options;
    this.#blockSize = options.logicalBlockSize ?? SECTOR_BYTES;
    this.#config = blkConfig({
      sizeBytes: backend.size, queueSize, numQueues, logicalBlockSize: this.#blockSize,
      physicalBlockSize: options.physicalBlockSize ?? this.#blockSize,
    });
    this.#epochs = new Array<number>(numQueues).fill(0);
    this.reset();
  }

  protected override initialDevice(): VirtioBlkState {
    return { writeback: this.backend.writeThrough !== true, pending: [] };
  }

  protected override deviceShape(): VirtioBlkState {
    return { writeback: false, pending: listOf<PendingRequest>({ queue: 0, head: 0, deadlineNs: 0 }) };
  }

  protected override checkDevice({ pending }: VirtioBlkState): void {
    for (const { queue, head, deadlineNs } of pending) {
      if (queue >= 0 && queue < this.queues.length && head >= 0 && head <= 0xffff && deadlineNs >= 0) continue;
      throw new SnapshotError(`${this.name}: request ${head} of queue ${queue} cannot be; the snapshot is damaged`);
    }
  }

  override deviceConfig(): Uint8Array {
    this.#config[BlkConfig.WRITEBACK] = this.state.device.writeback ? 1 : 0;
    return this.#config;
  }

  override writeDeviceConfig(offset: number, bytes: number, value: number): void {
    if (offset !== BlkConfig.WRITEBACK || bytes !== 1) super.writeDeviceConfig(offset, bytes, value);
    else this.state.device.writeback = (value & 1) !== 0;
  }

  protected override queueNotified(index: number): void {
    const queue = this.queues[index]!;
    let finished = false;
    for (let chain = queue.pop(); chain; chain = queue.pop()) finished = this.#begin(index, chain) || finished;
    if (finished) this.interruptQueue(index);
  }

  protected override abandon(index?: number): void {
    for (let i = 0; i < this.#epochs.length; i++) if (index === undefined || i === index) this.#epochs[i]!++;
    if (this.#underWay.size > 0) this.#barrier = Promise.allSettled(this.#underWay);
    if (index !== undefined) this.state.device.pending = this.state.device.pending.filter(({ queue }) => queue !== index);
  }

  protected override loaded(): void {
    super.loaded();
    for (const { queue, head, deadlineNs } of this.state.device.pending.splice(0)) {
      const chain = this.queues[queue]!.chain(head);
      if (chain && this.#begin(queue, chain, deadlineNs)) this.interruptQueue(queue);
    }
  }

  /** Returns whether the request is finished already. */
  #begin(queue: number, chain: Chain, deadlineNs?: number): boolean {
    if (chain.readableBytes < HEADER_BYTES || chain.writableBytes < 1) {
      this.broken(`queue ${queue}: a request without header or status byte`);
      return false;
    }
    const header = new DataView(new ArrayBuffer(HEADER_BYTES));
    chain.read(0, new Uint8Array(header.buffer));
    const type = header.getUint32(0, true);
    const sector = header.getUint32(12, true) * 0x1_0000_0000 + header.getUint32(8, true);
    const dataBytes = type === VIRTIO_BLK_T.IN || type === VIRTIO_BLK_T.GET_ID ? chain.writableBytes - 1 : chain.readableBytes - HEADER_BYTES;
    const request = { queue, chain, type, sector, dataBytes };
    this.stats.requests++;
    let outcome: Outcome;
    try {
      outcome = this.#execute(request);
    } catch (error) {
      outcome = this.#failed(error);
    }
    if (typeof outcome === 'number') {
      this.#complete(request, outcome);
      return true;
    }
    this.#submit(request, outcome, deadlineNs);
    return false;
  }

  #execute(request: Request): Outcome {
    switch (request.type) {
      case VIRTIO_BLK_T.IN: return this.#read(request);
      case VIRTIO_BLK_T.OUT: return this.#write(request);
      case VIRTIO_BLK_T.FLUSH: return this.#flush();
      case VIRTIO_BLK_T.GET_ID: return this.#getId(request);
      case VIRTIO_BLK_T.DISCARD: case VIRTIO_BLK_T.WRITE_ZEROES: return this.#ranges(request);
      default:
        this.guestError(`request type ${request.type} is unknown`);
        return VIRTIO_BLK_S.UNSUPP;
    }
  }

  #read({ chain, sector, dataBytes }: Request): Outcome {
    const offset = this.#offset(sector, dataBytes);
    if (offset < 0 || this.#tooLarge(dataBytes)) return VIRTIO_BLK_S.IOERR;
    this.stats.readBytes += dataBytes;
    if (this.backend.readSync && !this.#barrier) {
      const views = chain.writableViews(0, dataBytes);
      const direct = views.length === 1 ? views[0]! : this.#bounceOf(dataBytes);
      if (this.backend.readSync(offset, direct)) {
        if (views.length === 1) chain.wrote(0, dataBytes);
        else chain.write(0, direct);
        return VIRTIO_BLK_S.OK;
      }
    }
    const buffer = new Uint8Array(dataBytes);
    return { work: this.#host(() => this.backend.read(offset, buffer)), bytes: dataBytes, finish: () => { chain.write(0, buffer); } };
  }

  #write({ chain, sector, dataBytes }: Request): Outcome {
    const offset = this.#offset(sector, dataBytes);
    if (offset < 0 || this.#refusesWrites() || this.#tooLarge(dataBytes)) return VIRTIO_BLK_S.IOERR;
    this.stats.writtenBytes += dataBytes;
    const durable = this.state.device.writeback || this.backend.writeThrough === true;
    if (this.backend.writeSync && durable && !this.#barrier) {
      const views = chain.readableViews(HEADER_BYTES, dataBytes);
      const direct = views.length === 1 ? views[0]! : this.#bounceOf(dataBytes);
      if (views.length !== 1) chain.read(HEADER_BYTES, direct);
      if (this.backend.writeSync(offset, direct)) return VIRTIO_BLK_S.OK;
    }
    const buffer = new Uint8Array(dataBytes);
    chain.read(HEADER_BYTES, buffer);
    const work = this.#host(async () => {
      await this.backend.write(offset, buffer);
      if (!durable) await this.backend.flush();
    });
    return { work, bytes: dataBytes };
  }

  #flush(): Outcome {
    if (!this.#barrier && this.backend.flushSync?.()) return VIRTIO_BLK_S.OK;
    return { work: this.#host(() => this.backend.flush()), bytes: 0 };
  }

  #getId({ chain, dataBytes }: Request): Outcome {
    const id = new Uint8Array(Math.min(ID_BYTES, dataBytes));
    const { serial = '' } = this.#options;
    for (let i = 0; i < Math.min(serial.length, id.length); i++) id[i] = serial.charCodeAt(i);
    chain.write(0, id);
    return VIRTIO_BLK_S.OK;
  }

  #ranges({ type, chain, dataBytes }: Request): Outcome {
    if (this.#refusesWrites()) return VIRTIO_BLK_S.IOERR;
    if (dataBytes === 0 || dataBytes % RANGE_BYTES !== 0 || dataBytes > RANGE_BYTES * MAX_DISCARD_SEGMENTS) {
      this.guestError(`${dataBytes} bytes of ranges; 1 to ${MAX_DISCARD_SEGMENTS} ranges of ${RANGE_BYTES} bytes fit`);
      return VIRTIO_BLK_S.IOERR;
    }
    const list = new DataView(new ArrayBuffer(dataBytes));
    chain.read(HEADER_BYTES, new Uint8Array(list.buffer));
    const ranges: { offset: number; length: number; unmap: boolean }[] = [];
    for (let at = 0; at < dataBytes; at += RANGE_BYTES) {
      const count = list.getUint32(at + 8, true);
      const flags = list.getUint32(at + 12, true);
      if (flags & ~RANGE_F_UNMAP || (flags !== 0 && type === VIRTIO_BLK_T.DISCARD)) return VIRTIO_BLK_S.UNSUPP;
      const length = count * SECTOR_BYTES;
      const offset = count > MAX_DISCARD_SECTORS ? -1 : this.#offset(list.getUint32(at + 4, true) * 0x1_0000_0000 + list.getUint32(at, true), length);
      if (offset < 0) return VIRTIO_BLK_S.IOERR;
      ranges.push({ offset, length, unmap: flags !== 0 });
    }
    const work = this.#host(async () => {
      for (const { offset, length, unmap } of ranges) {
        if (type === VIRTIO_BLK_T.DISCARD) await this.backend.discard(offset, length);
        else await this.backend.writeZeroes(offset, length, unmap);
      }
      if (!this.state.device.writeback && !this.backend.writeThrough) await this.backend.flush();
    });
    return { work, bytes: 0 };
  }

  /** Byte offset of a request inside the disk, or -1 after logging why not. */
  #offset(sector: number, bytes: number): number {
    const offset = sector * SECTOR_BYTES;
    const end = Math.floor(this.backend.size / SECTOR_BYTES) * SECTOR_BYTES;
    if (bytes % this.#blockSize === 0 && offset % this.#blockSize === 0 && offset + bytes <= end) return offset;
    this.guestError(`${bytes} bytes at sector ${hex(sector)} are misaligned or past the end of the disk`);
    return -1;
  }

  #tooLarge(bytes: number): boolean {
    if (bytes > MAX_REQUEST_BYTES) this.guestError(`a request of ${bytes} bytes; at most ${MAX_REQUEST_BYTES} are served`);
    return bytes > MAX_REQUEST_BYTES;
  }

  #refusesWrites(): boolean {
    if (this.backend.readonly) this.guestError('a write to a read-only disk');
    return this.backend.readonly;
  }

  #bounceOf(bytes: number): Uint8Array {
    if (this.#bounce.length < bytes) this.#bounce = new Uint8Array(bytes);
    return this.#bounce.subarray(0, bytes);
  }

  /** Starts host work, behind what an earlier driver left under way. */
  async #host(work: () => Promise<void>): Promise<void> {
    const barrier = this.#barrier;
    if (barrier) {
      await barrier;
      if (this.#barrier === barrier) this.#barrier = undefined;
    }
    await work();
  }

  #submit(request: Request, { work, bytes, finish }: Exclude<Outcome, number>, deadlineNs?: number): void {
    const { queue, chain } = request;
    const epoch = this.#epochs[queue]!;
    this.#underWay.add(work);
    const submitted = this.#options.completions.submit(work, (error) => {
      this.#underWay.delete(work);
      if (epoch !== this.#epochs[queue]) return;
      const { pending } = this.state.device;
      pending.splice(pending.findIndex((p) => p.queue === queue && p.head === chain.head), 1);
      if (error === undefined) finish?.();
      this.#complete(request, error === undefined ? VIRTIO_BLK_S.OK : this.#failed(error));
      this.interruptQueue(queue);
    }, bytes, deadlineNs);
    this.state.device.pending.push({ queue, head: chain.head, deadlineNs: submitted.deadlineNs });
  }

  #failed(error: unknown): number {
    this.stats.errors++;
    this.#options.onHostError?.(asBlockError(error, `${this.name}: a request`));
    return VIRTIO_BLK_S.IOERR;
  }

  /** Writes the status byte, the last writable one, and gives the chain back. */
  #complete({ queue, chain, type }: Request, status: number): void {
    if (!this.running()) return;
    chain.write(chain.writableBytes - 1, Uint8Array.of(status));
    const filled = type === VIRTIO_BLK_T.IN || type === VIRTIO_BLK_T.GET_ID;
    this.queues[queue]!.push(chain, filled ? chain.writableBytes : 1);
  }
}
