/** Instructions decoded per second from the .text of a real program: `pnpm bench decode`. */
import { readFileSync } from 'node:fs';
import { leastCpuNs } from '../../../../tools/dev/cpu-ns.ts';
import { decode, Decoded } from './decode.ts';
import { Insn } from './insn.ts';

const ROUNDS = 9;
const TEXT_BYTES = 4 << 20;

/** The bytes of section .text of a little-endian ELF64. */
function textOf(elf: Uint8Array): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const headers = Number(view.getBigUint64(0x28, true));
  const size = view.getUint16(0x3a, true);
  const header = (k: number) => headers + k * size;
  const range = (k: number) => [Number(view.getBigUint64(header(k) + 0x18, true)), Number(view.getBigUint64(header(k) + 0x20, true))] as const;
  const [names] = range(view.getUint16(0x3e, true));
  for (let k = 0; k < view.getUint16(0x3c, true); k++) {
    const at = names + view.getUint32(header(k), true);
    const [offset, length] = range(k);
    if (Buffer.from(elf.subarray(at, at + 6)).toString('latin1') === '.text\0') return elf.subarray(offset, offset + length);
  }
  throw new Error(`${process.execPath} has no .text; name an ELF64 file`);
}

function decodeAll(text: Uint8Array, insn: Insn): number {
  let count = 0;
  for (let at = 0; at < text.length; count++) {
    // Data between functions may be no instruction; go on a byte further.
    at += decode(insn, text, at, text.length, 64) === Decoded.OK ? insn.length : 1;
  }
  return count;
}

export function bench(): { name: string; value: number; unit: string }[] {
  const text = textOf(readFileSync(process.execPath)).slice(0, TEXT_BYTES);
  const insn = new Insn(), count = decodeAll(text, insn);
  const ns = leastCpuNs(ROUNDS, () => { decodeAll(text, insn); });
  return [{ name: 'x86: instructions of 4 MiB of Node decoded', value: count / ns * 1000, unit: 'M/s' }];
}
