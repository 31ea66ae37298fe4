/** Loads a kernel by whichever protocol its file asks for: bzImage, then multiboot, then ELF with a PVH note, then plain ELF64. */
import { isBzImage, loadBzImage } from './bzimage.ts';
import type { BootCpu } from './cpu.ts';
import { isElf, parseElf } from './elf.ts';
import { Image } from './image.ts';
import type { RamLayout } from './layout.ts';
import { Placement, type BootMemory } from './memory.ts';
import { findMultiboot, loadMultiboot } from './multiboot.ts';
import { loadPvh, pvhEntry } from './pvh.ts';
import type { BootFiles } from './types.ts';
import { loadVmlinux } from './vmlinux.ts';

export interface KernelFile {
  data: Uint8Array;
  /** File name, for messages and for a multiboot command line. */
  name: string;
}

/**
 * Puts the kernel, its initrd and what it reads at its start into guest RAM, and says how the processor enters it.
 * A function of its arguments alone; call it again after a reset. @throws BootError for anything wrong with the files.
 */
export function loadKernel(memory: BootMemory, ram: RamLayout, kernel: KernelFile, files: BootFiles): BootCpu {
  const image = new Image(kernel.data, kernel.name);
  const place = new Placement(memory, ram);
  if (isBzImage(image)) return loadBzImage(image, memory, place, ram, files);
  const multiboot = findMultiboot(image);
  if (multiboot) return loadMultiboot(image, multiboot, memory, place, ram, files);
  if (!isElf(image)) return image.fail('neither a bzImage, nor an ELF file, nor a multiboot kernel; give -kernel one of these');
  const elf = parseElf(image);
  const entry = pvhEntry(image, elf);
  if (entry !== undefined) return loadPvh(image, elf, entry, memory, place, ram, files);
  return loadVmlinux(image, elf, memory, place, ram, files);
}
