/** A file of this machine as a `SyncFile`, so that overlays also work in Node. Not locked against other processes. */
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { messageOf, PackError } from './errors.ts';
import type { SyncFile } from './overlay-store.ts';

export class FileStore implements SyncFile {
  readonly #fd: number;
  #open = true;

  /** Makes the file if there is none. Throws `PackError` of reason `io`. */
  constructor(path: string) {
    try {
      this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    } catch (error) {
      throw new PackError('io', `'${path}' cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  }

  read(into: Uint8Array, { at }: { at: number }): number {
    return readSync(this.#fd, into, 0, into.length, at);
  }

  write(from: Uint8Array, { at }: { at: number }): number {
    return writeSync(this.#fd, from, 0, from.length, at);
  }

  truncate(size: number): void {
    ftruncateSync(this.#fd, size);
  }

  getSize(): number {
    return fstatSync(this.#fd).size;
  }

  flush(): void {
    fdatasyncSync(this.#fd);
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
