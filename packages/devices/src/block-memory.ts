/** A disk in host memory, and a wrapper that takes writing away from any disk. Not modelled: sparse storage; a large,
 *  mostly empty disk is an `OverlayBlock` over `ZeroBlock`. */
import { BlockError, checkBlockRange, type BlockBackend } from './block.ts';

/** A disk that is one byte array. Every operation has the synchronous path. */
export class MemoryBlock implements BlockBackend {
  readonly size: number;
  readonly readonly: boolean;
  /** The contents, shared with the caller: what the guest writes shows here. */
  readonly bytes: Uint8Array;
  #closed = false;

  /** `contents`: the bytes themselves (not copied), or how many zero bytes to allocate. */
  constructor(contents: Uint8Array | number, options: { readonly?: boolean } = {}) {
    this.bytes = typeof contents === 'number' ? new Uint8Array(contents) : contents;
    this.size = this.bytes.length;
    this.readonly = options.readonly ?? false;
  }

  readSync(offset: number, into: Uint8Array): boolean {
    this.#check(offset, into.length);
    into.set(this.bytes.subarray(offset, offset + into.length));
    return true;
  }

  writeSync(offset: number, data: Uint8Array): boolean {
    this.#checkWrite(offset, data.length);
    this.bytes.set(data, offset);
    return true;
  }

  flushSync(): boolean {
    this.#check(0, 0);
    return true;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.readSync(offset, into);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.writeSync(offset, data);
  }

  async flush(): Promise<void> {
    this.flushSync();
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    this.bytes.fill(0, offset, offset + length);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #check(offset: number, length: number): void {
    if (this.#closed) throw new BlockError('closed', 'the memory disk was closed; open a new one');
    checkBlockRange(this.size, offset, length);
  }

  #checkWrite(offset: number, length: number): void {
    this.#check(offset, length);
    if (this.readonly) throw new BlockError('readonly', 'the memory disk is read-only; pass readonly: false or put an OverlayBlock over it');
  }
}

/** A disk that reads as zeros and takes no memory: the base of an empty scratch disk. */
export class ZeroBlock implements BlockBackend {
  readonly size: number;
  readonly readonly = true;

  constructor(size: number) {
    this.size = size;
  }

  readSync(offset: number, into: Uint8Array): boolean {
    checkBlockRange(this.size, offset, into.length);
    into.fill(0);
    return true;
  }

  flushSync(): boolean {
    return true;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.readSync(offset, into);
  }

  async write(): Promise<void> {
    throw refused();
  }

  async flush(): Promise<void> {}

  async discard(): Promise<void> {
    throw refused();
  }

  async writeZeroes(): Promise<void> {
    throw refused();
  }

  async close(): Promise<void> {}
}

/** Shows a disk without letting anybody write to it (`readonly=on`). Closing it closes the disk below. */
export class ReadonlyBlock implements BlockBackend {
  readonly size: number;
  readonly readonly = true;
  readonly #base: BlockBackend;

  constructor(base: BlockBackend) {
    this.#base = base;
    this.size = base.size;
  }

  readSync(offset: number, into: Uint8Array): boolean {
    return this.#base.readSync?.(offset, into) ?? false;
  }

  flushSync(): boolean {
    return true;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#base.read(offset, into);
  }

  async write(): Promise<void> {
    throw refused();
  }

  /** Nothing of ours can be unwritten. */
  async flush(): Promise<void> {}

  async discard(): Promise<void> {
    throw refused();
  }

  async writeZeroes(): Promise<void> {
    throw refused();
  }

  close(): Promise<void> {
    return this.#base.close();
  }
}

function refused(): BlockError {
  return new BlockError('readonly', 'the disk is read-only; drop readonly=on or put an OverlayBlock over it');
}
