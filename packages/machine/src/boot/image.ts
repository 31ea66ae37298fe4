/** A file handed to the loader, read as if every field in it were hostile: a read outside is a `BootError`, never an exception of another kind. */
import { BootError } from './errors.ts';

export class Image {
  readonly bytes: Uint8Array;
  /** For messages: `vmlinux: ...`. */
  readonly name: string;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.name = name;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#check(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#check(at, 2), true);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#check(at, 4), true);
  }

  /** Exact below 2^53; above that still larger than any address that passes a range check. */
  u64(at: number): number {
    return this.u32(at + 4) * 0x1_0000_0000 + this.u32(at);
  }

  /** A view of `length` bytes. */
  slice(at: number, length: number): Uint8Array {
    this.#check(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** Whether `text` (ASCII) stands at `at`; false outside the file. */
  has(at: number, text: string): boolean {
    if (at + text.length > this.length) return false;
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  fail(what: string): never {
    throw new BootError(`${this.name}: ${what}`);
  }

  #check(at: number, length: number): number {
    if (!(at >= 0 && length >= 0 && at + length <= this.length)) {
      this.fail(`the file ends at byte ${this.length}, but its headers point to ${at}; it is damaged or cut short`);
    }
    return at;
  }
}
