/**
 * Loader of Multiboot kernels. Source: Multiboot Specification 0.6.96. The kernel is a.out-like (header bit 16) or ELF.
 * Not done: a graphics mode (header bit 2, left for the kernel to notice), drives, APM and VBE information.
 */
import { writeCommandLine } from './command-line.ts';
import { enterProtected, LOW, type BootCpu } from './cpu.ts';
import { isElf, loadSegments, parseElf } from './elf.ts';
import { setU64 } from './bzimage.ts';
import { BootError } from './errors.ts';
import type { Image } from './image.ts';
import { e820, type RamLayout } from './layout.ts';
import type { BootMemory, Placement } from './memory.ts';
import type { BootFiles, BootModule } from './types.ts';

const HEADER_MAGIC = 0x1bad_b002;
const BOOTLOADER_MAGIC = 0x2bad_b002;
/** The header lies, 4-byte aligned, in the first 8 KiB and must not cross their end. */
const SEARCH_BYTES = 8192;
const HeaderFlag = { PAGE_ALIGN: 1, MEMORY_INFO: 2, VIDEO_MODE: 4, ADDRESSES: 1 << 16, MANDATORY: 0xffff } as const;
const InfoFlag = { MEMORY: 1, CMDLINE: 4, MODS: 8, MMAP: 0x40, LOADER_NAME: 0x200 } as const;
const Info = { FLAGS: 0, MEM_LOWER: 4, MEM_UPPER: 8, CMDLINE: 16, MODS_COUNT: 20, MODS_ADDR: 24, MMAP_LENGTH: 44, MMAP_ADDR: 48, LOADER_NAME: 64, BYTES: 116 } as const;
const MODULE_BYTES = 16;
const MMAP_BYTES = 24;
const MAX_MODULES = 64;
const LOADER_NAME = 'emu-system-x86_64';
const PAGE = 4096;

export interface MultibootHeader {
  /** Offset in the file. */
  at: number;
  flags: number;
}

/** The header, or undefined when the file has none with a right checksum. */
export function findMultiboot(image: Image): MultibootHeader | undefined {
  const end = Math.min(SEARCH_BYTES, image.length) - 12;
  for (let at = 0; at <= end; at += 4) {
    if (image.u32(at) !== HEADER_MAGIC) continue;
    const flags = image.u32(at + 4);
    if ((HEADER_MAGIC + flags + image.u32(at + 8)) >>> 0 === 0) return { at, flags };
  }
  return undefined;
}

export function loadMultiboot(
  image: Image, header: MultibootHeader, memory: BootMemory, place: Placement, ram: RamLayout, files: BootFiles,
): BootCpu {
  const unknown = header.flags & HeaderFlag.MANDATORY & ~(HeaderFlag.PAGE_ALIGN | HeaderFlag.MEMORY_INFO | HeaderFlag.VIDEO_MODE);
  if (unknown !== 0) image.fail(`multiboot features 0x${unknown.toString(16)} are required but not known; use another kernel`);
  const entry = header.flags & HeaderFlag.ADDRESSES ? loadByAddresses(image, header.at, place) : loadByElf(image, place);
  if (!(entry < 0x1_0000_0000)) image.fail('its entry point lies above 4 GiB; the file is damaged');
  writeInfo(memory, place, ram, files, `${image.name} ${files.append}`.trimEnd());
  return enterProtected(memory, entry, { rax: BOOTLOADER_MAGIC, rbx: LOW.START_INFO });
}

/** Section 3.1.3, "The address fields of Multiboot header". */
function loadByAddresses(image: Image, at: number, place: Placement): number {
  const [headerAddr, loadAddr, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((o) => image.u32(at + o)) as [number, number, number, number, number];
  const offset = at - (headerAddr - loadAddr);
  if (headerAddr < loadAddr || offset < 0) image.fail('its multiboot header lies before its load address; the file is damaged');
  const length = loadEnd === 0 ? image.length - offset : loadEnd - loadAddr;
  const data = image.slice(offset, length);
  place.load(loadAddr, data, Math.max(length, bssEnd === 0 ? 0 : bssEnd - loadAddr), image.name);
  return entry;
}

function loadByElf(image: Image, place: Placement): number {
  if (!isElf(image)) image.fail('its multiboot header gives no addresses, and it is no ELF file; the file is damaged');
  const elf = parseElf(image);
  if (elf.bits === 64) image.fail('a 64-bit ELF multiboot kernel; the protocol starts 32-bit ones (objcopy -O elf32-i386)');
  loadSegments(image, elf, place);
  return elf.entry;
}

function writeInfo(memory: BootMemory, place: Placement, ram: RamLayout, files: BootFiles, cmdline: string): void {
  const map = e820(ram);
  const modules = files.modules ?? (files.initrd ? [{ data: files.initrd, args: '' }] : []);
  if (modules.length > MAX_MODULES) throw new BootError(`-initrd names ${modules.length} modules; use at most ${MAX_MODULES}`);
  const strings = new StringTable(modules);
  const [mmapAt, modsAt] = [Info.BYTES, Info.BYTES + map.length * MMAP_BYTES];
  const stringsAt = modsAt + modules.length * MODULE_BYTES;
  const bytes = new Uint8Array(stringsAt + strings.bytes.length);
  bytes.set(strings.bytes, stringsAt);
  if (bytes.length > LOW.CMDLINE - LOW.START_INFO) throw new BootError('-initrd has too long module arguments; shorten them to 60 KiB in all');
  const info = new DataView(bytes.buffer);
  const set = (at: number, value: number): void => info.setUint32(at, value, true);
  set(Info.FLAGS, InfoFlag.MEMORY | InfoFlag.CMDLINE | InfoFlag.MODS | InfoFlag.MMAP | InfoFlag.LOADER_NAME);
  set(Info.MEM_LOWER, Math.floor(map[0]!.size / 1024));
  set(Info.MEM_UPPER, map[3]!.size / 1024);
  set(Info.CMDLINE, writeCommandLine(memory, cmdline));
  set(Info.MODS_COUNT, modules.length);
  set(Info.MODS_ADDR, LOW.START_INFO + modsAt);
  set(Info.MMAP_LENGTH, map.length * MMAP_BYTES);
  set(Info.MMAP_ADDR, LOW.START_INFO + mmapAt);
  set(Info.LOADER_NAME, LOW.START_INFO + stringsAt + strings.loader);
  map.forEach(({ addr, size, type }, i) => {
    const at = mmapAt + MMAP_BYTES * i;
    set(at, MMAP_BYTES - 4); // the size field does not count itself
    setU64(info, at + 4, addr);
    setU64(info, at + 12, size);
    set(at + 20, type);
  });
  modules.forEach(({ data }, i) => {
    const at = place.claimHighest(Math.max(PAGE, data.length), place.end, 'a multiboot module');
    memory.write(at, data);
    set(modsAt + MODULE_BYTES * i, at);
    set(modsAt + MODULE_BYTES * i + 4, at + data.length);
    set(modsAt + MODULE_BYTES * i + 8, LOW.START_INFO + stringsAt + strings.modules[i]!);
  });
  memory.write(LOW.START_INFO, bytes);
}

/** The NUL-terminated strings that the information points to, by offset. */
class StringTable {
  readonly bytes: Uint8Array;
  readonly loader = 0;
  readonly modules: number[] = [];

  constructor(modules: readonly BootModule[]) {
    const encoder = new TextEncoder();
    const parts = [encoder.encode(`${LOADER_NAME}\0`)];
    let at = parts[0]!.length;
    for (const { args } of modules) {
      this.modules.push(at);
      parts.push(encoder.encode(`${args}\0`));
      at += parts.at(-1)!.length;
    }
    this.bytes = new Uint8Array(at);
    let to = 0;
    for (const part of parts) {
      this.bytes.set(part, to);
      to += part.length;
    }
  }
}
