/** A raw disk image in a file of the host, for Node (`@emu/devices/node`): `-drive format=raw,file=...,cache=...`.
 *
 *  The cache modes keep QEMU's meaning towards the guest (qemu(1), `cache=`): `writeback` and `none` promise durability
 *  only after a flush, which is a real fdatasync; `writethrough` and `directsync` open with O_DSYNC, so a finished write is on
 *  the medium; `unsafe` ignores flushes. Not modelled: O_DIRECT (`none` and `directsync` still pass the host's page cache,
 *  because Node's buffers are not aligned), hole punching (`discard` does nothing), locking, block devices, growing. */
import { constants, fstatSync, readSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { asBlockError, BlockError, checkBlockRange, SECTOR_BYTES, type BlockBackend } from './block.ts';

export const CACHE_MODES = ['writeback', 'none', 'writethrough', 'directsync', 'unsafe'] as const;
export type CacheMode = (typeof CACHE_MODES)[number];

export interface FileBlockOptions {
  /** Default `writeback`, as in QEMU. */
  readonly cache?: CacheMode;
  /** Opens the file for reading only. */
  readonly readonly?: boolean;
}

const ZEROES = new Uint8Array(256 * 1024);

export class FileBlock implements BlockBackend {
  readonly path: string;
  /** The file's length when it was opened, rounded up to a sector; the tail reads as zeros. */
  readonly size: number;
  readonly readonly: boolean;
  readonly writeThrough: boolean;
  readonly cache: CacheMode;
  readonly #file: FileHandle;
  readonly #fileBytes: number;
  #closed = false;

  private constructor(path: string, file: FileHandle, fileBytes: number, options: FileBlockOptions) {
    this.path = path;
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.size = Math.ceil(fileBytes / SECTOR_BYTES) * SECTOR_BYTES;
    this.readonly = options.readonly ?? false;
    this.cache = options.cache ?? 'writeback';
    this.writeThrough = this.cache === 'writethrough' || this.cache === 'directsync';
  }

  /** Rejects with a `BlockError` of reason `open` that names the path and what to do. */
  static async open(path: string, options: FileBlockOptions = {}): Promise<FileBlock> {
    const durable = options.cache === 'writethrough' || options.cache === 'directsync';
    const flags = options.readonly ? constants.O_RDONLY : constants.O_RDWR | (durable ? constants.O_DSYNC : 0);
    const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
      throw new BlockError('open', `could not open '${path}': ${openAdvice(error, options.readonly ?? false)}`, { cause: error });
    });
    const stat = await file.stat();
    if (stat.isFile()) return new FileBlock(path, file, stat.size, options);
    await file.close();
    throw new BlockError('open', `could not open '${path}': it is not a regular file; give the path of a raw disk image`);
  }

  /** The page cache answers in microseconds, so the way through the thread pool would only cost. */
  readSync(offset: number, into: Uint8Array): boolean {
    this.#check(offset, into.length);
    const wanted = this.#inFile(offset, into.length);
    for (let done = 0; done < wanted; ) {
      const count = attempt(this.path, 'reading', () => readSync(this.#file.fd, into, done, wanted - done, offset + done));
      if (count === 0) throw this.#short(offset + done);
      done += count;
    }
    into.fill(0, wanted);
    return true;
  }

  /** Only where a write ends in the page cache; a durable one would stop the guest for milliseconds. */
  writeSync(offset: number, data: Uint8Array): boolean {
    this.#checkWrite(offset, data.length);
    if (this.writeThrough) return false;
    attempt(this.path, 'writing', () => this.#refuseShrunk());
    for (let done = 0; done < data.length; ) {
      done += attempt(this.path, 'writing', () => writeSync(this.#file.fd, data, done, data.length - done, offset + done));
    }
    return true;
  }

  flushSync(): boolean {
    this.#check(0, 0);
    return this.readonly || this.cache === 'unsafe';
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#check(offset, into.length);
    const wanted = this.#inFile(offset, into.length);
    for (let done = 0; done < wanted; ) {
      const { bytesRead } = await this.#run('reading', this.#file.read(into, done, wanted - done, offset + done));
      if (bytesRead === 0) throw this.#short(offset + done);
      done += bytesRead;
    }
    into.fill(0, wanted);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#checkWrite(offset, data.length);
    attempt(this.path, 'writing', () => this.#refuseShrunk());
    for (let done = 0; done < data.length; ) {
      done += (await this.#run('writing', this.#file.write(data, done, data.length - done, offset + done))).bytesWritten;
    }
  }

  async flush(): Promise<void> {
    if (!this.flushSync()) await this.#run('flushing', this.#file.datasync());
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    for (let done = 0; done < length; done += ZEROES.length) {
      await this.write(offset + done, ZEROES.subarray(0, Math.min(ZEROES.length, length - done)));
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#run('closing', this.#file.close());
  }

  #check(offset: number, length: number): void {
    if (this.#closed) throw new BlockError('closed', `'${this.path}' was closed; open it again`);
    checkBlockRange(this.size, offset, length);
  }

  #checkWrite(offset: number, length: number): void {
    this.#check(offset, length);
    if (this.readonly) throw new BlockError('readonly', `'${this.path}' is open read-only; drop readonly=on or add snapshot=on`);
  }

  /** How much of the range the file had when it was opened. */
  #inFile(offset: number, length: number): number {
    return Math.max(0, Math.min(length, this.#fileBytes - offset));
  }

  /** A write past the end of a file that somebody truncated would leave a hole full of zeros where the guest had data. */
  #refuseShrunk(): void {
    const { size } = fstatSync(this.#file.fd);
    if (size < this.#fileBytes) throw this.#short(size);
  }

  #short(at: number): BlockError {
    const was = this.#fileBytes;
    return new BlockError('io', `'${this.path}' ends at byte ${at} but had ${was} bytes when it was opened; restore the file and restart`);
  }

  async #run<T>(doing: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw asBlockError(error, `${doing} '${this.path}'`);
    }
  }
}

function attempt<T>(path: string, doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asBlockError(error, `${doing} '${path}'`);
  }
}

function openAdvice(error: NodeJS.ErrnoException, readonly: boolean): string {
  switch (error.code) {
    case 'ENOENT': return 'there is no such file; check the path';
    case 'EISDIR': return 'it is a directory; give the path of a raw disk image';
    case 'EACCES': case 'EPERM': case 'EROFS':
      return readonly ? 'permission denied; make it readable' : 'permission denied; make it writable, or use snapshot=on or readonly=on';
    case 'EMFILE': return 'too many open files; raise the limit with ulimit -n';
    default: return error.message;
  }
}
