/** The read-only file tree that both pack formats become. Directories exist only as parts of file names. */
import { PackError } from './errors.ts';
import { checkPackPath, checkPackTree } from './paths.ts';

/** One file. It has the shape of a read-only block device, so an emulator takes it as a disk as it is. All offsets are bytes. */
export interface PackFile {
  /** Relative, with forward slashes: `pack/rootfs.bin`. */
  readonly path: string;
  readonly size: number;
  readonly readonly: true;
  /** Fills `into` from `offset`; rejects with `PackError`. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Does the same at once and returns true, or returns false and has done nothing. */
  readSync(offset: number, into: Uint8Array): boolean;
  /** Always rejects. */
  write(offset: number, data: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  discard(offset: number, length: number): Promise<void>;
  writeZeroes(offset: number, length: number): Promise<void>;
  close(): Promise<void>;
  /** The whole contents. For kernels and the like; a disk image may be larger than memory. */
  bytes(): Promise<Uint8Array>;
}

/** Throws unless the range lies inside the file. */
export function checkRange(path: string, size: number, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new PackError('range', `bytes ${offset}..+${length} are outside '${path}' of ${size} bytes; ask inside \`size\``);
}

/** The part that every `PackFile` has in common. */
export abstract class ReadonlyFile implements PackFile {
  readonly path: string;
  readonly size: number;
  readonly readonly = true;

  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
  }

  abstract read(offset: number, into: Uint8Array): Promise<void>;
  abstract readSync(offset: number, into: Uint8Array): boolean;

  async bytes(): Promise<Uint8Array> {
    const all = new Uint8Array(this.size);
    await this.read(0, all);
    return all;
  }

  async write(_offset: number, _data: Uint8Array): Promise<void> {
    throw this.#refused();
  }

  async flush(): Promise<void> {}

  async discard(_offset: number, _length: number): Promise<void> {
    throw this.#refused();
  }

  async writeZeroes(_offset: number, _length: number): Promise<void> {
    throw this.#refused();
  }

  async close(): Promise<void> {}

  #refused(): PackError {
    return new PackError('readonly', `'${this.path}' is part of a pack and read-only; put an overlay over it`);
  }
}

/** A file that is in memory. */
export class BytesFile extends ReadonlyFile {
  readonly #bytes: Uint8Array;

  constructor(path: string, bytes: Uint8Array) {
    super(path, bytes.length);
    this.#bytes = bytes;
  }

  readSync(offset: number, into: Uint8Array): boolean {
    checkRange(this.path, this.size, offset, into.length);
    into.set(this.#bytes.subarray(offset, offset + into.length));
    return true;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.readSync(offset, into);
  }

  /** The bytes themselves, not a copy. */
  override async bytes(): Promise<Uint8Array> {
    return this.#bytes;
  }
}

export class PackFs {
  readonly #files = new Map<string, PackFile>();

  /** Throws `PackError` of reason `path` when names clash or are unsafe. */
  constructor(files: Iterable<PackFile> = []) {
    for (const file of files) this.#put(file);
    checkPackTree([...this.#files.keys()]);
  }

  /** Files in the order of their names. */
  get files(): PackFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** `path` may have a leading `/` or `./`. */
  get(path: string): PackFile | undefined {
    return this.#files.get(path.replace(/^(\.?\/)+/, ''));
  }

  /** As `get`, but throws a `PackError` that lists what there is. */
  open(path: string): PackFile {
    const file = this.get(path);
    if (file) return file;
    const some = this.files.slice(0, 8).map((f) => f.path).join(', ');
    throw new PackError('missing', `the pack has no '${path}'; it has ${some || 'no files'}${this.#files.size > 8 ? ', ...' : ''}`);
  }

  /** A tree with the files of both. */
  with(other: PackFs): PackFs {
    return new PackFs([...this.files, ...other.files]);
  }

  #put(file: PackFile): void {
    const path = checkPackPath(file.path);
    if (this.#files.has(path)) throw new PackError('path', `'${path}' appears twice in the pack; build the pack again`);
    this.#files.set(path, file);
  }
}
