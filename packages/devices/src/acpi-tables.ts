/**
 * The ACPI tables of the PC, from RSDP to DSDT, as bytes for the addresses they will have. ACPI specification 5.0, section 5.2. They describe
 * what QEMU's `pc` has: SCI 9, PM registers at 0x600, GPE0 at 0xafe0, one I/O APIC, ISA interrupts 5, 9, 10 and 11 level triggered. Beyond
 * QEMU's the FADT is of revision 3, with a reset register. Not there: HPET, SRAT, WAET, sleep states other than S5.
 */
import { AcpiPort } from './acpi-pm.ts';
import { dsdtBody, type DsdtOptions } from './acpi-dsdt.ts';
import { concat, le } from './aml.ts';
import { DeviceError } from './device.ts';

export interface AcpiOptions extends DsdtOptions {
  /** Where the RSDP goes: in 0xe0000..0xfffff, a multiple of 16. */
  readonly rsdpAddress: number;
  /** Where the tables go: a multiple of 64 below 4 GB. */
  readonly tablesAddress: number;
}

export interface AcpiTables {
  readonly rsdp: Uint8Array;
  /** All tables, to be placed at `tablesAddress`. */
  readonly tables: Uint8Array;
  /** Address of each table by signature. */
  readonly addresses: Readonly<Record<string, number>>;
}

const OEM_ID = 'BOCHS ';
const OEM_TABLE_ID = 'BXPC    ';
const CREATOR = 'BXPC';
const SCI = 9;
const LOCAL_APIC = 0xfee0_0000;
const IO_APIC = 0xfec0_0000;
const FACS_ALIGNMENT = 64;
const FIRST_X2APIC_ID = 255;

const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));
const checksum = (bytes: Uint8Array): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

/** A table with its header (5.2.6), checksum included. */
function table(signature: string, revision: number, body: Uint8Array | readonly number[]): Uint8Array {
  const bytes = concat(
    ascii(signature), le(36 + body.length, 4), [revision, 0], ascii(OEM_ID), ascii(OEM_TABLE_ID), le(1, 4), ascii(CREATOR), le(1, 4), body,
  );
  bytes[9] = checksum(bytes);
  return bytes;
}

/** Builds everything. Throws `DeviceError` on addresses that ACPI does not allow. */
export function buildAcpiTables(options: AcpiOptions): AcpiTables {
  const { rsdpAddress, tablesAddress } = options;
  if (rsdpAddress % 16 !== 0) throw new DeviceError(`RSDP at ${rsdpAddress}: use a multiple of 16 in 0xe0000..0xfffff`);
  if (tablesAddress % FACS_ALIGNMENT !== 0) throw new DeviceError(`ACPI tables at ${tablesAddress}: use a multiple of ${FACS_ALIGNMENT}`);
  const addresses: Record<string, number> = {};
  const placed: Uint8Array[] = [];
  let next = tablesAddress;
  const place = (signature: string, bytes: Uint8Array): number => {
    const padded = new Uint8Array(Math.ceil(bytes.length / FACS_ALIGNMENT) * FACS_ALIGNMENT);
    padded.set(bytes);
    placed.push(padded);
    addresses[signature] = next;
    next += padded.length;
    return addresses[signature]!;
  };
  const facs = place('FACS', concat(ascii('FACS'), le(64, 4), new Uint8Array(56)));
  const dsdt = place('DSDT', table('DSDT', 1, dsdtBody(options)));
  const listed = [place('FACP', table('FACP', 3, fadtBody(facs, dsdt, options.keyboard))), place('APIC', table('APIC', 1, madtBody(options.cpus)))];
  const rsdt = place('RSDT', table('RSDT', 1, listed.flatMap((address) => le(address, 4))));
  const xsdt = place('XSDT', table('XSDT', 1, listed.flatMap((address) => le(address, 8))));
  return { rsdp: rsdpBytes(rsdt, xsdt), tables: concat(...placed), addresses };
}

/** Root system description pointer, 5.2.5.3: two checksums, one over the 20 bytes of ACPI 1.0. */
function rsdpBytes(rsdt: number, xsdt: number): Uint8Array {
  const bytes = concat(ascii('RSD PTR '), [0], ascii(OEM_ID), [2], le(rsdt, 4), le(36, 4), le(xsdt, 8), [0, 0, 0, 0]);
  bytes[8] = checksum(bytes.subarray(0, 20));
  bytes[32] = checksum(bytes);
  return bytes;
}

/** FADT flags (table 5-35). */
const Fadt = { WBINVD: 1 << 0, PROC_C1: 1 << 2, SLP_BUTTON: 1 << 5, RTC_S4: 1 << 7, RESET_REG_SUP: 1 << 10, USE_PLATFORM_CLOCK: 1 << 15 } as const;
/** IA-PC boot architecture flags. */
const Boot = { LEGACY_DEVICES: 1 << 0, KBC_8042: 1 << 1 } as const;
/** What the FADT's reset register wants written: a hard reset by port 0xcf9. */
const RESET_VALUE = 0x06;
const RTC_CENTURY = 0x32;
/** Latencies that say "no such C state". */
const NO_C_STATE = 0x0fff;

/** Generic address structure of an I/O register. */
const ioAddress = (port: number, bits: number): number[] => [1, bits, 0, 0, ...le(port, 8)];

function fadtBody(facs: number, dsdt: number, keyboard: boolean): number[] {
  const { PM_BASE, GPE0, SMI_COMMAND, ENABLE, DISABLE } = AcpiPort;
  const event = PM_BASE;
  const control = PM_BASE + 4;
  const timer = PM_BASE + 8;
  const flags = Fadt.WBINVD | Fadt.PROC_C1 | Fadt.SLP_BUTTON | Fadt.RTC_S4 | Fadt.RESET_REG_SUP | Fadt.USE_PLATFORM_CLOCK;
  const boot = Boot.LEGACY_DEVICES | (keyboard ? Boot.KBC_8042 : 0);
  return [
    ...le(facs, 4), ...le(dsdt, 4),
    0, 0, ...le(SCI, 2), // reserved, profile unspecified
    ...le(SMI_COMMAND, 4), ENABLE, DISABLE, 0, 0, // no S4BIOS, no P states
    ...[event, 0, control, 0, 0, timer, GPE0, 0].flatMap((port) => le(port, 4)),
    4, 2, 0, 4, 4, 0, 0, 0, // lengths of PM1 event, control, PM2, timer, GPE0, GPE1; GPE1 base; no _CST
    ...le(NO_C_STATE, 2), ...le(NO_C_STATE, 2), ...le(0, 2), ...le(0, 2),
    0, 0, 0, 0, RTC_CENTURY, // duty cycle, RTC alarm of day and month
    ...le(boot, 2), 0,
    ...le(flags, 4),
    ...ioAddress(0xcf9, 8), RESET_VALUE,
    0, 0, 0,
    ...le(0, 8), ...le(dsdt, 8), // the FACS is below 4 GB
    ...ioAddress(event, 32), ...ioAddress(0, 0), ...ioAddress(control, 16), ...ioAddress(0, 0), ...ioAddress(0, 0), ...ioAddress(timer, 32),
    ...ioAddress(GPE0, 32), ...ioAddress(0, 0),
  ];
}

/** Interrupt controller structures of the MADT (5.2.12). */
const Madt = { LOCAL_APIC: 0, IO_APIC: 1, OVERRIDE: 2, LOCAL_NMI: 4, LOCAL_X2APIC: 9 } as const;
/** Override flags: active high, level triggered. */
const LEVEL_HIGH = 0x0d;
const LEVEL_IRQS = [5, 9, 10, 11] as const;

function madtBody(cpus: number): number[] {
  const override = (irq: number, gsi: number, flags: number) => [Madt.OVERRIDE, 10, 0, irq, ...le(gsi, 4), ...le(flags, 2)];
  const cpu = (id: number) =>
    id < FIRST_X2APIC_ID ? [Madt.LOCAL_APIC, 8, id, id, ...le(1, 4)] : [Madt.LOCAL_X2APIC, 16, 0, 0, ...le(id, 4), ...le(1, 4), ...le(id, 4)];
  return [
    ...le(LOCAL_APIC, 4), ...le(1, 4), // an 8259A pair is there too
    ...Array.from({ length: cpus }, (_, id) => cpu(id)).flat(),
    Madt.IO_APIC, 12, 0, 0, ...le(IO_APIC, 4), ...le(0, 4),
    ...override(0, 2, 0),
    ...LEVEL_IRQS.flatMap((irq) => override(irq, irq, LEVEL_HIGH)),
    Madt.LOCAL_NMI, 6, 0xff, ...le(0, 2), 1,
  ];
}
