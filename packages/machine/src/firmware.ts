/**
 * What a BIOS would leave for the kernel, and the kernel itself: ACPI and SMBIOS tables, then the image by its boot protocol. Everything
 * is written anew at each reset, since the guest may have overwritten it.
 */
import { buildAcpiTables, buildSmbios } from '@emu/devices';
import type { BootCpu } from './boot/cpu.ts';
import { acpiStart, FOUR_GIB, type RamLayout } from './boot/layout.ts';
import type { BootMemory } from './boot/memory.ts';
import { loadKernel, type KernelFile } from './boot/boot.ts';
import type { BootModule } from './boot/types.ts';

const RSDP_ADDRESS = 0xf_5a00;
const SMBIOS_ADDRESS = 0xf_5b00;
/** Behind the ACPI tables in the reserved end of low RAM. */
const SMBIOS_TABLE_OFFSET = 0x1_0000;

export interface FirmwareOptions {
  readonly ram: RamLayout;
  readonly acpi: boolean;
  readonly serials: readonly boolean[];
  readonly pvpanic: boolean;
  readonly kernel: KernelFile;
  readonly append: string;
  readonly initrd?: Uint8Array;
  readonly modules?: readonly BootModule[];
}

/** Fills guest memory and says how the processor enters the kernel. @throws BootError */
export function bootKernel(memory: BootMemory, o: FirmwareOptions): BootCpu {
  const { ram, kernel, append, initrd, modules } = o;
  memory.write(0xe_0000, new Uint8Array(0x2_0000));
  writeSmbios(memory, ram);
  const rsdp = o.acpi ? writeAcpi(memory, o) : 0;
  return loadKernel(memory, ram, kernel, { append, initrd, modules, rsdp });
}

function writeAcpi(memory: BootMemory, { ram, serials, pvpanic }: FirmwareOptions): number {
  const tablesAddress = acpiStart(ram);
  const { rsdp, tables } = buildAcpiTables({
    rsdpAddress: RSDP_ADDRESS, tablesAddress, cpus: 1, ramBelow4G: ram.low, ...(ram.high > 0 ? { highWindowAt: FOUR_GIB + ram.high } : {}),
    comPorts: [1, 2, 3, 4].filter((n) => serials[n - 1]), keyboard: true, fwCfg: true, pvpanic,
  });
  memory.write(RSDP_ADDRESS, rsdp);
  memory.write(tablesAddress, tables);
  return RSDP_ADDRESS;
}

function writeSmbios(memory: BootMemory, ram: RamLayout): void {
  const tableAddress = acpiStart(ram) + SMBIOS_TABLE_OFFSET;
  const { entryPoint, table } = buildSmbios({ tableAddress, ramBytes: ram.low + ram.high, cpus: 1 });
  memory.write(SMBIOS_ADDRESS, entryPoint);
  memory.write(tableAddress, table);
}
