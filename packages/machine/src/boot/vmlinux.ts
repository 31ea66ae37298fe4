/**
 * An ELF64 Linux kernel without a PVH note: entered in 64-bit mode at its ELF entry with RSI pointing to boot_params, as the
 * 64-bit boot protocol enters a bzImage (Linux Documentation/arch/x86/boot.rst).
 */
import { plainBootParams } from './bzimage.ts';
import { enterLong, type BootCpu } from './cpu.ts';
import { EM, loadSegments, PT, type Elf } from './elf.ts';
import type { Image } from './image.ts';
import type { RamLayout } from './layout.ts';
import type { BootMemory, Placement } from './memory.ts';
import type { BootFiles } from './types.ts';

export function loadVmlinux(image: Image, elf: Elf, memory: BootMemory, place: Placement, ram: RamLayout, files: BootFiles): BootCpu {
  if (elf.bits !== 64 || elf.machine !== EM.X86_64) {
    image.fail('a 32-bit ELF file with neither a multiboot header nor a PVH note; use a bzImage');
  }
  const inside = elf.segments.some((s) => s.type === PT.LOAD && elf.entry >= s.paddr && elf.entry < s.paddr + s.memsz);
  if (!inside) image.fail('its entry point is not in a loaded segment (or is a virtual address); use a bzImage or a kernel with CONFIG_PVH');
  loadSegments(image, elf, place);
  const initrdAt = files.initrd && files.initrd.length > 0 ? place.claimHighest(files.initrd.length, place.end, 'the initrd') : 0;
  if (files.initrd && initrdAt) memory.write(initrdAt, files.initrd);
  return enterLong(memory, elf.entry, plainBootParams(memory, ram, files, initrdAt));
}
