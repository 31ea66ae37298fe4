/** What a disk device needs from the host: an asynchronous array of bytes, and the errors it may fail with.
 *
 *  Offsets and lengths are bytes. Devices ask in whole 512-byte sectors, but a back end takes any range inside `size`.
 *  Not modelled: scatter-gather (a device splits its own chain), throttling, resizing while in use. */
import { EmuError } from '@emu/vaddr';

/** The unit of every PC disk interface, also where `blk_size` says 4096 (virtio 1.2, 5.2.4). */
export const SECTOR_BYTES = 512;

/** Why a back end refused or failed. `io` covers everything that the host reports: short file, bad network, full disk. */
export type BlockErrorReason = 'io' | 'range' | 'readonly' | 'closed' | 'corrupt' | 'open';

/** A back end could not do what it was asked. A device answers the guest with an I/O error; it never lets this escape. */
export class BlockError extends EmuError {
  readonly reason: BlockErrorReason;

  constructor(reason: BlockErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A disk as the host sees it. Every method rejects with a `BlockError`; none throws synchronously except the `...Sync` ones.
 *
 *  Ordering: requests under way at the same time may complete in any order; a request made after another one resolved sees
 *  its effect. `flush` resolves when everything that resolved before it was called survives a crash of the host. */
export interface BlockBackend {
  /** Bytes. Constant for the life of the back end; a device shows `floor(size / 512)` sectors. */
  readonly size: number;
  /** Writes are refused with reason `readonly`. */
  readonly readonly: boolean;
  /** A resolved `write` is already durable (`cache=writethrough`), so the guest is told of no write cache. */
  readonly writeThrough?: boolean;
  /** Fills `into` from `offset`. On rejection the contents of `into` are unspecified. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Stores a copy of `data`; the caller may reuse the array once the promise has resolved. */
  write(offset: number, data: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** The range's contents no longer matter. Advice: a back end may do nothing. */
  discard(offset: number, length: number): Promise<void>;
  /** The range reads as zeros afterwards; `mayUnmap` allows giving the storage back. */
  writeZeroes(offset: number, length: number, mayUnmap?: boolean): Promise<void>;
  /** Releases host resources; idempotent. Does not flush. */
  close(): Promise<void>;

  /** Fast path: does the whole job now and returns true, or touches nothing and returns false, and the caller takes the
   *  asynchronous way. A memory-backed disk always returns true, which makes a guest's timing independent of the host's
   *  event loop. May throw a `BlockError`. */
  readSync?(offset: number, into: Uint8Array): boolean;
  /** As `readSync`, for `write`. */
  writeSync?(offset: number, data: Uint8Array): boolean;
  /** As `readSync`, for `flush`. */
  flushSync?(): boolean;
}

/** Throws unless `[offset, offset + length)` lies inside a disk of `size` bytes. */
export function checkBlockRange(size: number, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new BlockError('range', `bytes ${offset}..+${length} are outside a disk of ${size} bytes; ask inside \`size\``);
}

/** Reads by the fast path where the back end has one for this range, else waits. */
export async function readBlock(backend: BlockBackend, offset: number, into: Uint8Array): Promise<void> {
  if (!backend.readSync?.(offset, into)) await backend.read(offset, into);
}

/** Names a failure of any origin as a `BlockError`, keeping the original as its cause. */
export function asBlockError(error: unknown, doing: string): BlockError {
  if (error instanceof BlockError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new BlockError('io', `${doing} failed: ${detail}`, { cause: error });
}
