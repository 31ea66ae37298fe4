/** LEB128 integers, little-endian floats and names written into bytes. Each function writes at `at` and returns the position after
 *  what it wrote; the caller has reserved room (10 bytes are enough for any number). Core specification 2.0, section 5.2. */

/** Unsigned, 0 to 2^32-1. */
export function writeU32(bytes: Uint8Array, at: number, value: number): number {
  while (value >>> 0 > 0x7f) {
    bytes[at++] = value | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/** Unsigned, 0 to 2^53-1: offsets and limits of 64-bit memories. */
export function writeU53(bytes: Uint8Array, at: number, value: number): number {
  while (value > 0x7f) {
    bytes[at++] = (value % 128) | 0x80;
    value = Math.floor(value / 128);
  }
  bytes[at++] = value;
  return at;
}

/** Signed 32 bits. */
export function writeS32(bytes: Uint8Array, at: number, value: number): number {
  while (value < -64 || value > 63) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>= 7;
  }
  bytes[at++] = value & 0x7f;
  return at;
}

/** Signed 64 bits, given as two signed 32-bit halves. */
export function writeS64(bytes: Uint8Array, at: number, lo: number, hi: number): number {
  while (hi !== lo >> 31) {
    bytes[at++] = (lo & 0x7f) | 0x80;
    lo = (lo >>> 7) | (hi << 25);
    hi >>= 7;
  }
  return writeS32(bytes, at, lo);
}

/** 32 bits, little-endian. */
export function writeFixed32(bytes: Uint8Array, at: number, bits: number): number {
  bytes[at] = bits;
  bytes[at + 1] = bits >> 8;
  bytes[at + 2] = bits >> 16;
  bytes[at + 3] = bits >> 24;
  return at + 4;
}
