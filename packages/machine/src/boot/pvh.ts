/**
 * The x86/HVM direct boot ABI (PVH): an ELF kernel with a Xen note is entered in 32-bit protected mode with EBX pointing to
 * `hvm_start_info`. Source: Xen docs/misc/pvh.pandoc and public header arch-x86/hvm/start_info.h (version 1).
 */
import { setU64 } from './bzimage.ts';
import { writeCommandLine } from './command-line.ts';
import { enterProtected, LOW, type BootCpu } from './cpu.ts';
import { findNote, loadSegments, type Elf } from './elf.ts';
import type { Image } from './image.ts';
import { e820, type RamLayout } from './layout.ts';
import type { BootMemory, Placement } from './memory.ts';
import type { BootFiles } from './types.ts';

const XEN_ELFNOTE_PHYS32_ENTRY = 18;
const START_MAGIC = 0x336e_c578;
const START_VERSION = 1;
const StartInfo = { MAGIC: 0, VERSION: 4, NR_MODULES: 12, MODLIST: 16, CMDLINE: 24, RSDP: 32, MEMMAP: 40, MEMMAP_ENTRIES: 48, BYTES: 56 } as const;
const MODULE_BYTES = 32;
const MEMMAP_BYTES = 24;

/** The 32-bit entry address in the kernel's Xen note, or undefined. */
export function pvhEntry(image: Image, elf: Elf): number | undefined {
  const note = findNote(image, elf, 'Xen', XEN_ELFNOTE_PHYS32_ENTRY);
  if (!note) return undefined;
  return note.size >= 8 ? image.u64(note.at) : image.u32(note.at);
}

export function loadPvh(image: Image, elf: Elf, entry: number, memory: BootMemory, place: Placement, ram: RamLayout, files: BootFiles): BootCpu {
  if (!(entry < 0x1_0000_0000)) image.fail('its PVH entry point lies above 4 GiB; the file is damaged');
  loadSegments(image, elf, place);
  const map = e820(ram);
  const [modules, memmap] = [StartInfo.BYTES, StartInfo.BYTES + MODULE_BYTES];
  const info = new DataView(new ArrayBuffer(memmap + map.length * MEMMAP_BYTES));
  info.setUint32(StartInfo.MAGIC, START_MAGIC, true);
  info.setUint32(StartInfo.VERSION, START_VERSION, true);
  if (files.initrd && files.initrd.length > 0) {
    const at = place.claimHighest(files.initrd.length, place.end, 'the initrd');
    memory.write(at, files.initrd);
    info.setUint32(StartInfo.NR_MODULES, 1, true);
    setU64(info, StartInfo.MODLIST, LOW.START_INFO + modules);
    setU64(info, modules, at);
    setU64(info, modules + 8, files.initrd.length);
  }
  setU64(info, StartInfo.CMDLINE, writeCommandLine(memory, files.append));
  setU64(info, StartInfo.RSDP, files.rsdp);
  setU64(info, StartInfo.MEMMAP, LOW.START_INFO + memmap);
  info.setUint32(StartInfo.MEMMAP_ENTRIES, map.length, true);
  map.forEach(({ addr, size, type }, i) => {
    setU64(info, memmap + MEMMAP_BYTES * i, addr);
    setU64(info, memmap + MEMMAP_BYTES * i + 8, size);
    info.setUint32(memmap + MEMMAP_BYTES * i + 16, type, true);
  });
  memory.write(LOW.START_INFO, new Uint8Array(info.buffer));
  return enterProtected(memory, entry, { rbx: LOW.START_INFO });
}
