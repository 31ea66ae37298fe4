import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildAcpiTables, type AcpiOptions } from './acpi-tables.ts';
import { DeviceError } from './device.ts';
import { buildSmbios } from './smbios.ts';

const BASE = 0x1ffe_0000;
const options: AcpiOptions = {
  cpus: 1, ramBelow4G: 0x2000_0000, highWindowAt: 2 ** 32, comPorts: [1], keyboard: true, fwCfg: true, pvpanic: true, rsdpAddress: 0xf_0000, tablesAddress: BASE,
};

function build(changes: Partial<AcpiOptions> = {}) {
  const { rsdp, tables, addresses } = buildAcpiTables({ ...options, ...changes });
  const view = new DataView(tables.buffer, tables.byteOffset);
  const table = (signature: string) => {
    const at = addresses[signature]! - BASE;
    return tables.subarray(at, at + view.getUint32(at + 4, true));
  };
  return { rsdp, table, addresses };
}

const u32 = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => total + byte, 0) & 0xff;
const iasl = spawnSync('iasl', ['-v']).status === 0;

describe('structure', () => {
  test('every table has its signature, length and a checksum of zero', () => {
    const { table } = build({ cpus: 3 });
    for (const signature of ['DSDT', 'FACP', 'APIC', 'RSDT', 'XSDT']) {
      expect(String.fromCharCode(...table(signature).subarray(0, 4))).toBe(signature);
      expect(sum(table(signature)), signature).toBe(0);
    }
  });

  test('the RSDP leads to RSDT and XSDT, they to FADT and MADT, the FADT to FACS and DSDT', () => {
    const { rsdp, table, addresses } = build();
    expect([sum(rsdp.subarray(0, 20)), sum(rsdp), u32(rsdp, 16), u32(rsdp, 24)]).toEqual([0, 0, addresses['RSDT'], addresses['XSDT']]);
    expect([u32(table('RSDT'), 36), u32(table('RSDT'), 40)]).toEqual([addresses['FACP'], addresses['APIC']]);
    expect([u32(table('XSDT'), 36), u32(table('XSDT'), 40), u32(table('XSDT'), 44)]).toEqual([addresses['FACP'], 0, addresses['APIC']]);
    expect([u32(table('FACP'), 36), u32(table('FACP'), 40), addresses['FACS']! % 64]).toEqual([addresses['FACS'], addresses['DSDT'], 0]);
  });

  test('the FADT\'s first 116 bytes are those of QEMU\'s, but for addresses, revision, reset register and boot flags', () => {
    const fadt = build().table('FACP');
    // From a Linux guest in qemu-system-x86_64 7.2 -M pc: /sys/firmware/acpi/tables/FACP, from byte 44 on.
    const qemu = Buffer.from('01000900b2000000f1f0000000060000000000000406000000000000000000000806' + '0000e0af0000000000000402000404000000ff0fff0f000000000000000032000000a5800000', 'hex');
    const ours = Buffer.from(fadt.subarray(44, 116));
    const same = [...qemu].map((byte, i) => byte === ours[i]);
    expect(same.flatMap((equal, i) => (equal ? [] : [44 + i]))).toEqual([44, 109, 113]);
  });

  test('the MADT is QEMU\'s byte for byte', () => {
    const qemu = 'QVBJQ3gAAAABikJPQ0hTIEJYUEMgICAgAQAAAEJYUEMBAAAAAADg/gEAAAAACAAAAQAAAAEMAAAAAMD+AAAAAAIKAAACAAAAAAACCgAFBQAAAA0AAgoACQkAAAANAAIKAAoKAAAADQACCgALCwAAAA0ABAb/AAAB';
    expect(Buffer.from(build().table('APIC')).toString('base64')).toBe(qemu);
  });

  test('addresses that ACPI does not allow are refused', () => {
    expect(() => build({ rsdpAddress: 0xf_0008 })).toThrow(DeviceError);
    expect(() => build({ tablesAddress: BASE + 16 })).toThrow(DeviceError);
  });
});

/** iasl's disassembly of a table, or of one that it assembled from its own disassembly. */
function disassemble(bytes: Uint8Array): { text: string; errors: number; warnings: number } {
  const dir = mkdtempSync(join(tmpdir(), 'acpi-'));
  writeFileSync(join(dir, 't.aml'), bytes);
  execFileSync('iasl', ['-d', join(dir, 't.aml')], { stdio: 'pipe' });
  const output = execFileSync('iasl', ['-p', join(dir, 'again'), join(dir, 't.dsl')], { stdio: 'pipe' }).toString();
  const [, errors, warnings] = /(\d+) Errors, (\d+) Warnings/.exec(output) ?? [];
  return { text: readFileSync(join(dir, 't.dsl'), 'latin1'), errors: Number(errors), warnings: Number(warnings) };
}

// With Debian's acpica-tools. A Linux guest of QEMU, told by acpi_rsdp= to use these tables, found its devices and routed interrupts by them.
describe.skipIf(!iasl)('the DSDT as iasl reads it', () => {
  test('disassembles, and compiles again without errors or warnings', () => {
    const { errors, warnings } = disassemble(build({ cpus: 4, comPorts: [1, 2, 3, 4] }).table('DSDT'));
    expect([errors, warnings]).toEqual([0, 0]);
  });

  test('has exactly the devices that the machine has', () => {
    const devices = (changes: Partial<AcpiOptions>) => [...disassemble(build(changes).table('DSDT')).text.matchAll(/Device \((\w+)\)/g)].map((m) => m[1]);
    const links = ['LNKA', 'LNKB', 'LNKC', 'LNKD'];
    expect(devices({})).toEqual(['PCI0', 'ISA', 'RTC', 'KBD', 'MOU', 'COM1', 'FWCF', 'PEVT', ...links, 'C000']);
    expect(devices({ cpus: 2, comPorts: [2], keyboard: false, fwCfg: false, pvpanic: false })).toEqual(['PCI0', 'ISA', 'RTC', 'COM2', ...links, 'C000', 'C001']);
  });

  test('routes 128 pins, slot 3 INTA# to LNKC as on QEMU, the power management function to interrupt 9', () => {
    const { text } = disassemble(build().table('DSDT'));
    const rows = [...text.matchAll(/Package \(0x04\)\s*\{\s*(\w+),\s*(\w+),\s*([\w\\.]+),\s*(\w+)\s*\}/g)].map((m) => m.slice(1).join(' '));
    expect(rows.length).toBe(128);
    expect(rows).toContain('0x0003FFFF Zero \\_SB.LNKC Zero');
    expect(rows).toContain('0x0001FFFF Zero Zero 0x09');
    expect(rows).toContain('0x001FFFFF 0x03 \\_SB.LNKB Zero');
  });

  test('puts the 64-bit window after RAM, and leaves it out when there is none', () => {
    expect(disassemble(build({ highWindowAt: 0x1_c000_0001 }).table('DSDT')).text).toContain('0x0000000200000000, // Range Minimum');
    const { highWindowAt: _, ...none } = options;
    const { tables } = buildAcpiTables(none);
    expect(tables.includes(0x8a) && disassemble(build({ highWindowAt: undefined }).table('DSDT')).text.includes('QWordMemory')).toBe(false);
  });
});

describe('SMBIOS', () => {
  const parse = (table: Uint8Array) => {
    const found: { type: number; strings: string[]; bytes: Uint8Array }[] = [];
    for (let at = 0; at < table.length; ) {
      let end = at + table[at + 1]!;
      while (table[end] !== 0 || table[end + 1] !== 0) end++;
      const strings = String.fromCharCode(...table.subarray(at + table[at + 1]!, end)).split('\0');
      found.push({ type: table[at]!, strings, bytes: table.subarray(at, at + table[at + 1]!) });
      at = end + 2;
    }
    return found;
  };

  test('has the structures that QEMU has, with sums of zero in the entry point', () => {
    const { entryPoint, table } = buildSmbios({ tableAddress: 0xf_1000, ramBytes: 512 * 2 ** 20, cpus: 2 });
    expect([entryPoint.length, sum(entryPoint), sum(entryPoint.subarray(16)), u32(entryPoint, 24)]).toEqual([31, 0, 0, 0xf_1000]);
    expect(parse(table).map(({ type }) => type)).toEqual([0, 1, 3, 4, 4, 16, 17, 19, 32, 127]);
    expect([entryPoint[22]! | (entryPoint[23]! << 8), entryPoint[28]]).toEqual([table.length, 10]);
  });

  test('tells the memory size, above 32 GB in the extended field', () => {
    const memory = (ramBytes: number) => parse(buildSmbios({ tableAddress: 0xf_1000, ramBytes, cpus: 1 }).table).find(({ type }) => type === 17)!.bytes;
    const small = memory(512 * 2 ** 20);
    expect([small.length, small[12]! | (small[13]! << 8)]).toEqual([40, 512]);
    const big = memory(64 * 2 ** 30);
    expect([big[12]! | (big[13]! << 8), u32(big, 28)]).toEqual([0x7fff, 65536]);
  });

  test('names the machine', () => {
    const [bios, system] = parse(buildSmbios({ tableAddress: 0, ramBytes: 2 ** 30, cpus: 1, manufacturer: 'Acme', product: 'Box' }).table);
    expect([bios!.bytes.length, system!.bytes.length, system!.strings]).toEqual([24, 27, ['Acme', 'Box', 'pc-i440fx']]);
  });
});
