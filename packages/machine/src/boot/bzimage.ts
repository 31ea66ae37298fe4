/**
 * Loader of Linux's bzImage by its 64-bit boot protocol, or by the 32-bit one when the kernel has no 64-bit entry.
 * Source: Linux Documentation/arch/x86/boot.rst and zero-page.rst. Not done: zImage (loaded low), real-mode entry, EFI handover.
 */
import { writeCommandLine } from './command-line.ts';
import { enterLong, enterProtected, LOW, type BootCpu } from './cpu.ts';
import type { Image } from './image.ts';
import { e820, type RamLayout } from './layout.ts';
import type { BootMemory, Placement } from './memory.ts';
import type { BootFiles } from './types.ts';

/** Offsets in the setup header, which are also those in boot_params. */
const Header = {
  SETUP_SECTS: 0x1f1, BOOT_FLAG: 0x1fe, JUMP: 0x201, MAGIC: 0x202, VERSION: 0x206, TYPE_OF_LOADER: 0x210, LOADFLAGS: 0x211,
  CODE32_START: 0x214, RAMDISK_IMAGE: 0x218, RAMDISK_SIZE: 0x21c, CMD_LINE_PTR: 0x228, INITRD_ADDR_MAX: 0x22c,
  KERNEL_ALIGNMENT: 0x230, RELOCATABLE: 0x234, XLOADFLAGS: 0x236, CMDLINE_SIZE: 0x238, PREF_ADDRESS: 0x258, INIT_SIZE: 0x260,
  END_MAX: 0x290,
} as const;
/** Fields of boot_params outside the setup header. */
const Params = { ACPI_RSDP_ADDR: 0x070, ALT_MEM_K: 0x1e0, E820_ENTRIES: 0x1e8, E820_TABLE: 0x2d0, BYTES: 0x1000 } as const;
const LOADED_HIGH = 0x01;
const XLF_KERNEL_64 = 0x01;
const LOADER_UNDEFINED = 0xff;
const ENTRY_64 = 0x200;
const LOAD_HIGH_ADDRESS = 0x10_0000;
const VERSION = { RELOCATABLE: 0x0205, CMDLINE_SIZE: 0x0206, PREF_ADDRESS: 0x020a, XLOADFLAGS: 0x020c, MIN: 0x0202, INITRD_MAX: 0x0203 } as const;
/** What protocols before 2.06 and 2.03 fix. */
const OLD_CMDLINE_SIZE = 255;
const OLD_INITRD_MAX = 0x37ff_ffff;

export const isBzImage = (image: Image): boolean => image.has(Header.MAGIC, 'HdrS');

export function loadBzImage(image: Image, memory: BootMemory, place: Placement, ram: RamLayout, files: BootFiles): BootCpu {
  const version = image.u16(Header.VERSION);
  const since = (v: number): boolean => version >= v;
  if (!since(VERSION.MIN) || !(image.u8(Header.LOADFLAGS) & LOADED_HIGH)) {
    image.fail(`boot protocol ${version >> 8}.${version & 0xff} or a zImage that loads below 1 MiB; use a bzImage of a kernel from this century`);
  }
  const setupBytes = ((image.u8(Header.SETUP_SECTS) || 4) + 1) * 512;
  const code = image.slice(setupBytes, image.length - setupBytes);
  const is64 = since(VERSION.XLOADFLAGS) && (image.u16(Header.XLOADFLAGS) & XLF_KERNEL_64) !== 0;
  const at = loadAddress(image, since);
  const initSize = since(VERSION.PREF_ADDRESS) ? image.u32(Header.INIT_SIZE) : 0;
  place.claim(at, Math.max(initSize, code.length), `the kernel (${image.name})`);
  memory.write(at, code);

  const params = new DataView(new ArrayBuffer(Params.BYTES));
  const headerEnd = Math.min(Header.MAGIC + image.u8(Header.JUMP), Header.END_MAX);
  new Uint8Array(params.buffer).set(image.slice(Header.SETUP_SECTS, Math.max(0, headerEnd - Header.SETUP_SECTS)), Header.SETUP_SECTS);
  params.setUint8(Header.TYPE_OF_LOADER, LOADER_UNDEFINED);
  params.setUint32(Header.CODE32_START, at, true);
  const cmdlineMax = since(VERSION.CMDLINE_SIZE) ? image.u32(Header.CMDLINE_SIZE) : OLD_CMDLINE_SIZE;
  params.setUint32(Header.CMD_LINE_PTR, writeCommandLine(memory, files.append, cmdlineMax), true);
  if (files.initrd && files.initrd.length > 0) {
    const last = since(VERSION.INITRD_MAX) ? image.u32(Header.INITRD_ADDR_MAX) : OLD_INITRD_MAX;
    const initrd = place.claimHighest(files.initrd.length, last + 1, 'the initrd');
    memory.write(initrd, files.initrd);
    params.setUint32(Header.RAMDISK_IMAGE, initrd, true);
    params.setUint32(Header.RAMDISK_SIZE, files.initrd.length, true);
  }
  writeMachine(params, ram, files.rsdp);
  memory.write(LOW.BOOT_PARAMS, new Uint8Array(params.buffer));
  return is64 ? enterLong(memory, at + ENTRY_64, LOW.BOOT_PARAMS) : enterProtected(memory, at, { rsi: LOW.BOOT_PARAMS });
}

/** Where the kernel prefers to run, which spares it moving itself; 1 MiB when it says nothing. */
function loadAddress(image: Image, since: (v: number) => boolean): number {
  if (!since(VERSION.PREF_ADDRESS) || image.u8(Header.RELOCATABLE) === 0) return LOAD_HIGH_ADDRESS;
  return image.u64(Header.PREF_ADDRESS);
}

/** boot_params of a kernel that is not a bzImage (an ELF entered at its 64-bit entry), without a setup header of its own. */
export function plainBootParams(memory: BootMemory, ram: RamLayout, files: BootFiles, initrdAt: number): number {
  const params = new DataView(new ArrayBuffer(Params.BYTES));
  params.setUint16(Header.BOOT_FLAG, 0xaa55, true);
  params.setUint32(Header.MAGIC, 0x5372_6448, true);
  params.setUint16(Header.VERSION, VERSION.XLOADFLAGS, true);
  params.setUint8(Header.TYPE_OF_LOADER, LOADER_UNDEFINED);
  params.setUint8(Header.LOADFLAGS, LOADED_HIGH);
  params.setUint32(Header.KERNEL_ALIGNMENT, 0x100_0000, true);
  params.setUint32(Header.CMD_LINE_PTR, writeCommandLine(memory, files.append), true);
  params.setUint32(Header.RAMDISK_IMAGE, initrdAt, true);
  params.setUint32(Header.RAMDISK_SIZE, files.initrd?.length ?? 0, true);
  writeMachine(params, ram, files.rsdp);
  memory.write(LOW.BOOT_PARAMS, new Uint8Array(params.buffer));
  return LOW.BOOT_PARAMS;
}

function writeMachine(params: DataView, ram: RamLayout, rsdp: number): void {
  const map = e820(ram);
  params.setUint32(Params.ACPI_RSDP_ADDR, rsdp, true);
  params.setUint32(Params.ALT_MEM_K, (ram.low - 0x10_0000) / 1024, true);
  params.setUint8(Params.E820_ENTRIES, map.length);
  map.forEach(({ addr, size, type }, i) => {
    const at = Params.E820_TABLE + 20 * i;
    setU64(params, at, addr);
    setU64(params, at + 8, size);
    params.setUint32(at + 16, type, true);
  });
}

/** Little-endian 64-bit store of an exact number. */
export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}
