/** A minimal SMBIOS table: who made the machine, its processors and memory. DMTF DSP0134 version 2.8; 32-bit entry point (section 5.2.1). */

export interface SmbiosOptions {
  /** Where the structures go, below 4 GB. */
  readonly tableAddress: number;
  readonly ramBytes: number;
  readonly cpus: number;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly version?: string;
}

export interface Smbios {
  /** 31 bytes for a multiple of 16 in 0xf0000..0xfffff. */
  readonly entryPoint: Uint8Array;
  /** The structures, for `tableAddress`. */
  readonly table: Uint8Array;
}

const KB = 1024;
const MB = 1024 * KB;
/** Sizes of 32 GB and more go into the extended field of type 17, in MB. */
const EXTENDED_SIZE = 0x7fff;

const word = (n: number) => [n & 0xff, (n >>> 8) & 0xff];
const dword = (n: number) => [0, 1, 2, 3].map((i) => Math.floor(n / 256 ** i) % 256);
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0) & 0x7f);
const checksum = (bytes: readonly number[]) => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

/** One structure: header, fields, then its strings, numbered from 1 in the fields. */
function structure(type: number, handle: number, fields: readonly number[], ...strings: string[]): number[] {
  const tail = strings.length === 0 ? [0, 0] : [...strings.flatMap((text) => [...ascii(text), 0]), 0];
  return [type, 4 + fields.length, ...word(handle), ...fields, ...tail];
}

export function buildSmbios(options: SmbiosOptions): Smbios {
  const { manufacturer = 'QEMU', product = 'Standard PC (i440FX + PIIX, 1996)', version = 'pc-i440fx', ramBytes } = options;
  const megabytes = Math.floor(ramBytes / MB);
  const structures = [
    structure(0, 0x0000, [1, 2, ...word(0xe800), 3, 0, ...dword(0x08), ...dword(0), 0, 0x04, 0, 0, 0xff, 0xff], manufacturer, version, '01/01/2014'),
    structure(1, 0x0100, [1, 2, 3, 0, ...Array<number>(16).fill(0), 0x06, 0, 0], manufacturer, product, version),
    structure(3, 0x0300, [1, 0x01, 2, 0, 0, 3, 3, 3, 2, ...dword(0), 0, 0, 0, 0], manufacturer, version),
    ...Array.from({ length: options.cpus }, (_, n) => processor(n, manufacturer, version)),
    structure(16, 0x1000, [1, 3, 6, ...dword(Math.min(ramBytes / KB, 0x8000_0000)), ...word(0xfffe), ...word(1), ...(ramBytes / KB >= 0x8000_0000 ? qword(ramBytes) : qword(0))]),
    memoryDevice(megabytes, manufacturer),
    structure(19, 0x1300, [...dword(0), ...dword(Math.min(ramBytes / KB - 1, 0xffff_ffff)), ...word(0x1000), 1, ...qword(0), ...qword(0)]),
    structure(32, 0x2000, [0, 0, 0, 0, 0, 0, 0]),
    structure(127, 0x7f00, []),
  ];
  const table = structures.flat();
  const longest = Math.max(...structures.map((bytes) => bytes.length));
  return { entryPoint: Uint8Array.from(entry(options.tableAddress, table.length, structures.length, longest)), table: Uint8Array.from(table) };
}

const qword = (n: number) => [...dword(n % 2 ** 32), ...dword(Math.floor(n / 2 ** 32))];

function processor(n: number, manufacturer: string, version: string): number[] {
  const fields = [
    1, 3, 0x01, 2, ...Array<number>(8).fill(0), 3, 0, ...word(0), ...word(2000), ...word(2000), 0x41, 1,
    ...word(0xffff), ...word(0xffff), ...word(0xffff), 0, 0, 0, 1, 1, 1, ...word(0x02), ...word(0x01),
  ];
  return structure(4, 0x0400 + n, fields, `CPU ${n}`, manufacturer, version);
}

function memoryDevice(megabytes: number, manufacturer: string): number[] {
  const size = megabytes < EXTENDED_SIZE ? word(megabytes) : word(EXTENDED_SIZE);
  const extended = megabytes < EXTENDED_SIZE ? 0 : megabytes;
  const fields = [
    ...word(0x1000), ...word(0xfffe), ...word(0xffff), ...word(0xffff), ...size, 0x09, 0, 1, 0, 0x07, ...word(0x02), ...word(0),
    2, 0, 0, 0, 0, ...dword(extended), ...word(0), ...word(0), ...word(0), ...word(0),
  ];
  return structure(17, 0x1100, fields, 'DIMM 0', manufacturer);
}

function entry(address: number, length: number, count: number, longest: number): number[] {
  const intermediate = [...ascii('_DMI_'), 0, ...word(length), ...dword(address), ...word(count), 0x28];
  intermediate[5] = checksum(intermediate);
  const bytes = [...ascii('_SM_'), 0, 0x1f, 2, 8, ...word(longest), 0, 0, 0, 0, 0, 0, ...intermediate];
  bytes[4] = checksum(bytes);
  return bytes;
}
