/**
 * The little of ELF that a boot loader needs: header, loadable segments, notes. Source: System V ABI, chapters 4 and 5.
 * Not read: sections, relocations, dynamic linking.
 */
import type { Image } from './image.ts';
import type { Placement } from './memory.ts';

export interface ElfSegment {
  type: number;
  offset: number;
  paddr: number;
  filesz: number;
  memsz: number;
}

export interface Elf {
  bits: 32 | 64;
  machine: number;
  entry: number;
  segments: ElfSegment[];
}

export const PT = { LOAD: 1, NOTE: 4 } as const;
export const EM = { I386: 3, X86_64: 62 } as const;
const ET_EXEC = 2;
const ET_DYN = 3;
/** More program headers than any kernel has: a damaged count must not keep us busy. */
const MAX_SEGMENTS = 256;
const MAX_NOTE_BYTES = 0x10_0000;

export const isElf = (image: Image): boolean => image.has(0, '\x7fELF');

/** @throws BootError when the file is no executable for x86. */
export function parseElf(image: Image): Elf {
  const bits = ({ 1: 32, 2: 64 } as const)[image.u8(4)] ?? image.fail(`ELF class ${image.u8(4)} is neither 32 nor 64 bits; the file is damaged`);
  if (image.u8(5) !== 1) image.fail('a big-endian ELF file; use a kernel for x86');
  const [type, machine] = [image.u16(16), image.u16(18)];
  if (machine !== EM.I386 && machine !== EM.X86_64) image.fail(`ELF machine ${machine} is not x86; use a kernel for x86`);
  if (type !== ET_EXEC && type !== ET_DYN) image.fail(`ELF type ${type} is not an executable; use a linked kernel`);
  const wide = bits === 64;
  const [entry, table] = wide ? [image.u64(24), image.u64(32)] : [image.u32(24), image.u32(28)];
  const [entryBytes, count] = wide ? [image.u16(54), image.u16(56)] : [image.u16(42), image.u16(44)];
  if (count === 0 || count > MAX_SEGMENTS) image.fail(`${count} ELF program headers; a kernel has 1 to ${MAX_SEGMENTS}`);
  if (entryBytes < (wide ? 56 : 32)) image.fail(`ELF program headers of ${entryBytes} bytes; the file is damaged`);
  const segments = Array.from({ length: count }, (_, i) => segment(image, table + i * entryBytes, wide));
  return { bits, machine, entry, segments };
}

function segment(image: Image, at: number, wide: boolean): ElfSegment {
  const type = image.u32(at);
  if (wide) return { type, offset: image.u64(at + 8), paddr: image.u64(at + 24), filesz: image.u64(at + 32), memsz: image.u64(at + 40) };
  return { type, offset: image.u32(at + 4), paddr: image.u32(at + 12), filesz: image.u32(at + 16), memsz: image.u32(at + 20) };
}

/** Copies every loadable segment to its physical address. */
export function loadSegments(image: Image, elf: Elf, place: Placement): void {
  for (const { type, offset, paddr, filesz, memsz } of elf.segments) {
    if (type !== PT.LOAD || memsz === 0) continue;
    if (filesz > memsz) image.fail(`an ELF segment holds ${filesz} bytes but takes ${memsz} in memory; the file is damaged`);
    place.load(paddr, image.slice(offset, filesz), memsz, `a segment of ${image.name}`);
  }
}

/** The descriptor of the first note `type` by `owner`, or undefined. */
export function findNote(image: Image, elf: Elf, owner: string, type: number): { at: number; size: number } | undefined {
  for (const s of elf.segments) {
    if (s.type !== PT.NOTE || s.filesz > MAX_NOTE_BYTES) continue;
    for (let at = s.offset; at + 12 <= s.offset + s.filesz;) {
      const [nameSize, size] = [image.u32(at), image.u32(at + 4)];
      const desc = at + 12 + align4(nameSize);
      if (image.u32(at + 8) === type && image.has(at + 12, `${owner}\0`)) return { at: desc, size };
      at = desc + align4(size);
    }
  }
  return undefined;
}

const align4 = (n: number): number => Math.ceil(n / 4) * 4;
