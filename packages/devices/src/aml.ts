/**
 * Encoder for ACPI machine language: as much of the grammar as the tables of a PC need, as functions that return bytes. ACPI
 * specification 5.0, chapter 20 (encoding) and section 6.4 (resource descriptors).
 */
import { DeviceError } from './device.ts';

/** Encoded AML. Terms are concatenated by the term that holds them. */
export type Aml = Uint8Array;
/** What stands for a term: AML, an integer, or a name path. */
export type Term = Aml | number | string;

const Op = {
  ZERO: 0x00, ONE: 0x01, NAME: 0x08, BYTE: 0x0a, WORD: 0x0b, DWORD: 0x0c, STRING: 0x0d, QWORD: 0x0e, SCOPE: 0x10, BUFFER: 0x11, PACKAGE: 0x12,
  METHOD: 0x14, DUAL_NAME: 0x2e, MULTI_NAME: 0x2f, EXT: 0x5b, LOCAL0: 0x60, ARG0: 0x68, STORE: 0x70, AND: 0x7b, OR: 0x7d,
  CREATE_DWORD_FIELD: 0x8a, LLESS: 0x95, IF: 0xa0, RETURN: 0xa4,
} as const;
/** Second byte after `Op.EXT`. */
const Ext = { REGION: 0x80, FIELD: 0x81, DEVICE: 0x82 } as const;

/** Address spaces of operation regions. */
export const RegionSpace = { MEMORY: 0, IO: 1, PCI_CONFIG: 2 } as const;

/** Joins bytes and encoded terms. */
export function concat(...parts: readonly (Aml | readonly number[])[]): Aml {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** `bytes` little-endian bytes of a number below 2^53. */
export const le = (value: number, bytes: number): number[] => Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);

const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));

/** PkgLength: counts itself, takes 1 to 4 bytes. */
function packaged(body: Aml): Aml {
  const { length } = body;
  if (length + 1 < 0x40) return concat([length + 1], body);
  const extra = length + 2 < 0x1000 ? 1 : length + 3 < 0x10_0000 ? 2 : 3;
  const total = length + 1 + extra;
  return concat([(extra << 6) | (total & 0xf), ...le(total >>> 4, extra)], body);
}

/** A name path as ASL writes it: `\\_SB.PCI0`, `^LNKA`, `_CRS`. Segments are padded to four characters. */
export function namePath(path: string): Aml {
  const [, prefix, rest] = /^(\\|\^*)(.*)$/.exec(path)!;
  const segments = rest === '' ? [] : rest!.split('.');
  for (const segment of segments) {
    if (!/^[A-Z_][A-Z0-9_]{0,3}$/.test(segment)) throw new DeviceError(`AML name ${JSON.stringify(path)}: segments are 1 to 4 of A-Z, 0-9 and _`);
  }
  const names = segments.flatMap((segment) => ascii(segment.padEnd(4, '_')));
  const count = segments.length === 0 ? [0] : segments.length === 1 ? [] : segments.length === 2 ? [Op.DUAL_NAME] : [Op.MULTI_NAME, segments.length];
  return concat(ascii(prefix!), count, names);
}

/** The shortest encoding of an integer below 2^53. */
export function integer(value: number): Aml {
  if (value === 0) return Uint8Array.of(Op.ZERO);
  if (value === 1) return Uint8Array.of(Op.ONE);
  if (value < 2 ** 8) return concat([Op.BYTE], le(value, 1));
  if (value < 2 ** 16) return concat([Op.WORD], le(value, 2));
  if (value < 2 ** 32) return concat([Op.DWORD], le(value, 4));
  return concat([Op.QWORD], le(value, 8));
}

const term = (value: Term): Aml => (typeof value === 'number' ? integer(value) : typeof value === 'string' ? namePath(value) : value);
const terms = (values: readonly Term[]): Aml => concat(...values.map(term));

export const string = (text: string): Aml => concat([Op.STRING], ascii(text), [0]);
export const buffer = (bytes: Aml): Aml => concat([Op.BUFFER], packaged(concat(integer(bytes.length), bytes)));
export const pack = (...elements: Term[]): Aml => concat([Op.PACKAGE], packaged(concat([elements.length], terms(elements))));
export const name = (path: string, value: Term): Aml => concat([Op.NAME], namePath(path), term(value));
export const scope = (path: string, ...body: Aml[]): Aml => concat([Op.SCOPE], packaged(concat(namePath(path), ...body)));
export const device = (path: string, ...body: Aml[]): Aml => concat([Op.EXT, Ext.DEVICE], packaged(concat(namePath(path), ...body)));
/** A method of `args` arguments (0..7), serialized, since it may create names. */
export const method = (path: string, args: number, ...body: Aml[]): Aml =>
  concat([Op.METHOD], packaged(concat(namePath(path), [args | 0x08], ...body)));
export const arg = (n: number): Aml => Uint8Array.of(Op.ARG0 + n);
export const store = (value: Term, target: Term): Aml => concat([Op.STORE], term(value), term(target));
export const ret = (value: Term): Aml => concat([Op.RETURN], term(value));
/** `And` and `Or` with a target. */
export const and = (a: Term, b: Term, target: Term = 0): Aml => concat([Op.AND], term(a), term(b), term(target));
export const or = (a: Term, b: Term, target: Term = 0): Aml => concat([Op.OR], term(a), term(b), term(target));
export const lless = (a: Term, b: Term): Aml => concat([Op.LLESS], term(a), term(b));
export const ifThen = (condition: Term, ...body: Aml[]): Aml => concat([Op.IF], packaged(concat(term(condition), ...body)));
export const createDWordField = (source: Term, byteOffset: number, field: string): Aml =>
  concat([Op.CREATE_DWORD_FIELD], term(source), integer(byteOffset), namePath(field));
export const operationRegion = (path: string, space: number, offset: number, length: number): Aml =>
  concat([Op.EXT, Ext.REGION], namePath(path), [space], integer(offset), integer(length));

/** A field list over a region, byte access, preserving the rest: `[name, bits]` in order. Widths below 64 bits. */
export const byteField = (region: string, units: readonly (readonly [string, number])[]): Aml =>
  concat([Op.EXT, Ext.FIELD], packaged(concat(namePath(region), [0x01], ...units.map(([unit, bits]) => concat(namePath(unit), [bits])))));

/** A compressed EISA id: `PNP0A03`. */
export function eisaId(id: string): Aml {
  const [a, b, c] = ascii(id.slice(0, 3)).map((code) => code - 0x40);
  const product = Number.parseInt(id.slice(3), 16);
  const vendor = (a! << 10) | (b! << 5) | c!;
  return concat([Op.DWORD, vendor >>> 8, vendor & 0xff, product >>> 8, product & 0xff]);
}

// --- Resource descriptors (6.4) ---------------------------------------------------------------------------------------------

const LARGE = { DWORD_SPACE: 0x87, WORD_SPACE: 0x88, INTERRUPT: 0x89, QWORD_SPACE: 0x8a } as const;
/** Resource types of address space descriptors. */
const Space = { MEMORY: 0, IO: 1, BUS: 2 } as const;
/** General flags: producer, positive decode, minimum and maximum fixed. */
const FIXED = 0x0c;

const largeItem = (tag: number, body: readonly number[]): number[] => [tag, ...le(body.length, 2), ...body];

function addressSpace(tag: number, width: number, space: number, specific: number, first: number, last: number): number[] {
  return largeItem(tag, [space, FIXED, specific, ...[0, first, last, 0, last - first + 1].flatMap((field) => le(field, width))]);
}

/** `IO(Decode16, first, first, 1, length)`. */
export const ioPorts = (first: number, length: number): number[] => [0x47, 0x01, ...le(first, 2), ...le(first, 2), 1, length];
/** `IRQNoFlags() { irq }`: edge triggered, active high. */
export const isaIrq = (irq: number): number[] => [0x22, ...le(1 << irq, 2)];
/** `Interrupt(ResourceConsumer, Level, ActiveHigh, Shared) { ... }`. */
export const levelInterrupts = (...gsis: number[]): number[] => largeItem(LARGE.INTERRUPT, [0x09, gsis.length, ...gsis.flatMap((gsi) => le(gsi, 4))]);
export const busNumbers = (first: number, last: number): number[] => addressSpace(LARGE.WORD_SPACE, 2, Space.BUS, 0, first, last);
/** Entire I/O range. */
export const ioWindow = (first: number, last: number): number[] => addressSpace(LARGE.WORD_SPACE, 2, Space.IO, 3, first, last);
/** Read-write memory, cacheable or not, below 4 GB. */
export const memoryWindow = (first: number, last: number, cacheable: boolean): number[] =>
  addressSpace(LARGE.DWORD_SPACE, 4, Space.MEMORY, cacheable ? 0x03 : 0x01, first, last);
export const memoryWindow64 = (first: number, last: number): number[] => addressSpace(LARGE.QWORD_SPACE, 8, Space.MEMORY, 0x03, first, last);

/** A resource template: descriptors and the end tag, as a buffer. */
export const resources = (...descriptors: readonly (readonly number[])[]): Aml => buffer(concat(...descriptors, [0x79, 0x00]));
