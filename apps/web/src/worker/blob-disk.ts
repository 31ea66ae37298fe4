/** A file that the user picked, as a read-only disk: read piece by piece where it lies, so its size does not matter. */
import { BlockError, checkBlockRange, type BlockBackend } from '@emu/devices';

export class BlobDisk implements BlockBackend {
  readonly size: number;
  readonly readonly = true;
  readonly #blob: Blob;
  readonly #name: string;

  constructor(blob: Blob, name: string) {
    this.#blob = blob;
    this.#name = name;
    this.size = blob.size;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    checkBlockRange(this.size, offset, into.length);
    try {
      into.set(new Uint8Array(await this.#blob.slice(offset, offset + into.length).arrayBuffer()));
    } catch (error) {
      throw new BlockError('io', `${this.#name} cannot be read any more; has it been changed or moved? Pick it again`, { cause: error });
    }
  }

  async write(): Promise<void> { throw this.#refused(); }
  async flush(): Promise<void> {}
  async discard(): Promise<void> { throw this.#refused(); }
  async writeZeroes(): Promise<void> { throw this.#refused(); }
  async close(): Promise<void> {}

  #refused(): BlockError {
    return new BlockError('readonly', `${this.#name} is a picked file and stays as it is; put an overlay over it`);
  }
}
