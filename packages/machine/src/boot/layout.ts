/**
 * Where a PC's RAM lies, and the e820 map that tells the guest. QEMU's `pc` machine: all RAM below the 32-bit PCI hole when it
 * is less than 3.5 GiB; otherwise 3 GiB below and the rest from 4 GiB up. The map is what SeaBIOS reports there, with the last
 * 128 KiB of low RAM kept for ACPI tables. Types: ACPI 6.5, table 15.2.
 */
import { BootError } from './errors.ts';

export const KIB = 0x400;
export const MIB = 0x10_0000;
export const GIB = 0x4000_0000;
export const FOUR_GIB = 0x1_0000_0000;

/** RAM in bytes: `low` from address 0, `high` from 4 GiB. */
export interface RamLayout {
  readonly low: number;
  readonly high: number;
}

export const E820 = { RAM: 1, RESERVED: 2, ACPI: 3, NVS: 4 } as const;

export interface E820Entry {
  readonly addr: number;
  readonly size: number;
  readonly type: number;
}

/** Low RAM stays below this when everything fits; the PCI hole begins here. */
const LOW_MAX = 0xe000_0000;
const SPLIT = 3 * GIB;
const MIN_RAM = 2 * MIB;
/** Ends where the extended BIOS data area begins. */
const BASE_RAM_END = 0x9_fc00;
const BIOS_START = 0xf_0000;
const FLASH_START = 0xfffc_0000;
/** What SeaBIOS keeps at the top of low RAM for the ACPI tables. */
export const ACPI_BYTES = 128 * KIB;

/** @throws BootError when no PC can have `bytes` of RAM. */
export function ramLayout(bytes: number): RamLayout {
  if (!(bytes >= MIN_RAM) || bytes % 4096 !== 0) throw new BootError(`-m gives ${bytes} bytes of RAM; use at least 2M, in whole pages of 4 KiB`);
  return bytes < LOW_MAX ? { low: bytes, high: 0 } : { low: SPLIT, high: bytes - SPLIT };
}

/** First address of the 32-bit PCI memory hole. */
export const pciHoleStart = (ram: RamLayout): number => (ram.high > 0 ? SPLIT : LOW_MAX);

/** Where the ACPI tables go: the reserved end of low RAM. */
export const acpiStart = (ram: RamLayout): number => ram.low - ACPI_BYTES;

/** The memory map for the guest, in ascending order. */
export function e820(ram: RamLayout): E820Entry[] {
  const map: E820Entry[] = [
    { addr: 0, size: BASE_RAM_END, type: E820.RAM },
    { addr: BASE_RAM_END, size: 0xa_0000 - BASE_RAM_END, type: E820.RESERVED },
    { addr: BIOS_START, size: MIB - BIOS_START, type: E820.RESERVED },
    { addr: MIB, size: acpiStart(ram) - MIB, type: E820.RAM },
    { addr: acpiStart(ram), size: ACPI_BYTES, type: E820.RESERVED },
    { addr: FLASH_START, size: FOUR_GIB - FLASH_START, type: E820.RESERVED },
  ];
  if (ram.high > 0) map.push({ addr: FOUR_GIB, size: ram.high, type: E820.RAM });
  return map;
}
