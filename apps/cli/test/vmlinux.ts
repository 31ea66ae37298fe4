/** The ELF kernel inside a bzImage (Linux Documentation/arch/x86/boot.rst, payload_offset), unpacked as its build packed it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SETUP_SECTS = 0x1f1, PAYLOAD_OFFSET = 0x248, PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;
/** The build puts the unpacked size behind the compressed data. */
const SIZE_BYTES = 4;

/** Compressed formats by their first bytes, and how each is read. */
const FORMATS: readonly (readonly [magic: readonly number[], unpack: (data: Buffer) => Buffer])[] = [
  [[0x1f, 0x8b], by('gzip', '-dcq')], [[0xfd, 0x37, 0x7a, 0x58, 0x5a], by('xz', '-dcq', '--single-stream')], [[0x28, 0xb5, 0x2f, 0xfd], by('zstd', '-dcq')],
  [[0x02, 0x21, 0x4c, 0x18], lz4Legacy],
];

export function vmlinuxOf(bzImage: string): Buffer {
  const file = readFileSync(bzImage);
  const at = ((file[SETUP_SECTS]! || 4) + 1) * SECTOR + file.readUInt32LE(PAYLOAD_OFFSET);
  const payload = file.subarray(at, at + file.readUInt32LE(PAYLOAD_LENGTH));
  const [, unpack] = FORMATS.find(([magic]) => magic.every((byte, i) => payload[i] === byte)) ?? [];
  if (!unpack) throw new Error(`the payload of ${bzImage} starts with ${payload.toString('hex', 0, 6)}, which no known format does`);
  const vmlinux = unpack(payload);
  if (vmlinux.toString('latin1', 0, 4) !== '\x7fELF') throw new Error(`the payload of ${bzImage} is no ELF file`);
  return vmlinux;
}

/** Renames the owner of the PVH note (ELF note type 18 of "Xen"), so that a loader does not find it. */
export function withoutPvhNote(vmlinux: Buffer): Buffer {
  const copy = Buffer.from(vmlinux);
  const found = [4, 8].map((size) => copy.indexOf(Buffer.from([4, 0, 0, 0, size, 0, 0, 0, 18, 0, 0, 0, ...Buffer.from('Xen\0')]))).find((at) => at >= 0);
  if (found === undefined) throw new Error('this kernel has no PVH note (CONFIG_PVH)');
  copy.write('Xxx\0', found + 12, 'latin1');
  return copy;
}

function by(program: string, ...args: string[]): (data: Buffer) => Buffer {
  return (data) => {
    const { stdout, error } = spawnSync(program, args, { input: data, maxBuffer: 2 ** 30 });
    if (error) throw error;
    return stdout;
  };
}

/** LZ4's legacy frame: a magic number, then blocks with their packed sizes in front (LZ4 frame format 1.6.2, "Legacy frame"). */
function lz4Legacy(data: Buffer): Buffer {
  const end = data.length - SIZE_BYTES;
  const out = Buffer.alloc(data.readUInt32LE(end));
  let to = 0;
  for (let at = 4; at < end;) {
    const size = data.readUInt32LE(at);
    to = lz4Block(data.subarray(at + 4, at + 4 + size), out, to);
    at += 4 + size;
  }
  return out.subarray(0, to);
}

/** One block (LZ4 block format): sequences of literals and a copy of what is already there. */
function lz4Block(block: Buffer, out: Buffer, start: number): number {
  let from = 0, to = start;
  const length = (nibble: number): number => {
    let n = nibble;
    if (nibble === 15) for (let more = 255; more === 255;) n += more = block[from++]!;
    return n;
  };
  for (;;) {
    const token = block[from++]!;
    const literals = length(token >>> 4);
    to += block.copy(out, to, from, from + literals);
    from += literals;
    if (from >= block.length) return to;
    const back = block.readUInt16LE(from);
    from += 2;
    for (let n = length(token & 15) + 4; n > 0; n--, to++) out[to] = out[to - back]!;
  }
}
