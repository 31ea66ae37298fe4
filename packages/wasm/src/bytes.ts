/** A growable byte buffer for the parts of a module outside function bodies. */
import { writeFixed32, writeS32, writeS64, writeU32, writeU53 } from './leb.ts';

const encoder = new TextEncoder();

export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  /** Where the next byte goes; everything before it is written. */
  pos = 0;

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.pos + count <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.pos + count));
    bigger.set(this.bytes.subarray(0, this.pos));
    this.bytes = bigger;
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.pos++] = value;
  }

  u32(value: number): void {
    this.reserve(10);
    this.pos = writeU32(this.bytes, this.pos, value);
  }

  u53(value: number): void {
    this.reserve(10);
    this.pos = writeU53(this.bytes, this.pos, value);
  }

  s32(value: number): void {
    this.reserve(10);
    this.pos = writeS32(this.bytes, this.pos, value);
  }

  s64(lo: number, hi: number): void {
    this.reserve(10);
    this.pos = writeS64(this.bytes, this.pos, lo | 0, hi | 0);
  }

  fixed32(bits: number): void {
    this.reserve(4);
    this.pos = writeFixed32(this.bytes, this.pos, bits);
  }

  raw(bytes: ArrayLike<number>): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  /** A copy of bytes of `source` between two positions. */
  slice(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(source.subarray(start, end), this.pos);
    this.pos += end - start;
  }

  /** A UTF-8 string with its length in front. */
  name(text: string): void {
    const utf8 = encoder.encode(text);
    this.u32(utf8.length);
    this.raw(utf8);
  }
}
