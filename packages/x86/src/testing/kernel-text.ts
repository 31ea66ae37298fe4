/** The code of a real Linux kernel, for benchmarks: a bzImage unpacked to the `.text` of its vmlinux. Linux Documentation/arch/x86/boot.rst; LZ4 legacy frames. */
import { EmuError } from '@emu/vaddr';

/** The file is no bzImage, or is packed in a way that is not known here. */
export class KernelTextError extends EmuError {}

const SETUP_SECTS = 0x1f1, PAYLOAD_OFFSET = 0x248, PAYLOAD_LENGTH = 0x24c, SECTOR = 512;
const LZ4_LEGACY = 0x184c2102;
/** Sequences of an LZ4 block: lengths of 15 go on in further bytes, matches are four bytes or more. */
const LONG = 15, MIN_MATCH = 4;

/** The `.text` of the kernel in `bzImage`. */
export function kernelText(bzImage: Uint8Array): Uint8Array {
  const view = new DataView(bzImage.buffer, bzImage.byteOffset, bzImage.byteLength);
  const at = (view.getUint8(SETUP_SECTS) + 1) * SECTOR + view.getUint32(PAYLOAD_OFFSET, true);
  const payload = bzImage.subarray(at, at + view.getUint32(PAYLOAD_LENGTH, true));
  if (new DataView(payload.buffer, payload.byteOffset).getUint32(0, true) !== LZ4_LEGACY) {
    throw new KernelTextError('The kernel is not packed by LZ4, as Debian packs it; give a bzImage from a Debian package');
  }
  return sectionOf(unpackLz4(payload), '.text');
}

/** Unpacks a legacy frame: a magic number, then blocks with their lengths. The last four bytes are the unpacked length. */
function unpackLz4(packed: Uint8Array): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength), end = packed.length - 4;
  const out = new Uint8Array(view.getUint32(end, true));
  let to = 0;
  for (let at = 4; at < end;) {
    const length = view.getUint32(at, true);
    to = unpackBlock(packed.subarray(at + 4, at + 4 + length), out, to);
    at += 4 + length;
  }
  return out.subarray(0, to);
}

function unpackBlock(block: Uint8Array, out: Uint8Array, to: number): number {
  let at = 0;
  const long = (length: number): number => {
    if (length !== LONG) return length;
    for (;;) {
      const more = block[at++]!;
      length += more;
      if (more !== 0xff) return length;
    }
  };
  while (at < block.length) {
    const token = block[at++]!, literals = long(token >> 4);
    out.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at >= block.length) break;
    const back = block[at]! | (block[at + 1]! << 8);
    at += 2;
    for (let left = long(token & LONG) + MIN_MATCH; left > 0; left--, to++) out[to] = out[to - back]!;
  }
  return to;
}

/** The bytes of a section of a little-endian ELF64. */
function sectionOf(elf: Uint8Array, name: string): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const headers = Number(view.getBigUint64(0x28, true)), size = view.getUint16(0x3a, true);
  const range = (k: number) => [0x18, 0x20].map((field) => Number(view.getBigUint64(headers + k * size + field, true)));
  const [names] = range(view.getUint16(0x3e, true));
  for (let k = 0; k < view.getUint16(0x3c, true); k++) {
    const at = names! + view.getUint32(headers + k * size, true), [offset, length] = range(k);
    if (Buffer.from(elf.subarray(at, at + name.length + 1)).toString('latin1') === `${name}\0`) return elf.subarray(offset!, offset! + length!);
  }
  throw new KernelTextError(`The unpacked kernel has no section ${name}; give a bzImage from a Debian package`);
}
