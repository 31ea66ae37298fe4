/** Encodes one instruction from a decode-table row: the inverse of the decoder, for making test forms. SDM Vol. 2 chapter 2. */
import { EmuError } from '@emu/vaddr';
import { Imm, Method, Size, type Operand, type Row } from '@emu/x86';

/** A row was asked for in a form that it does not have. */
export class EncodeError extends EmuError {}

/** A memory operand: [base + index * 2^scale + disp], RIP-relative, or absolute (32-bit mode, moffs). */
export interface Address {
  readonly kind: 'base' | 'sib' | 'rip' | 'absolute';
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly disp: number;
}

export interface Encoding {
  readonly row: Row;
  readonly mode: 32 | 64;
  /** Operand size wanted: selects 66 and REX.W. */
  readonly osz: 16 | 32 | 64;
  /** 67 prefix. */
  readonly addr67?: boolean;
  readonly lock?: boolean;
  /** F3 or F2 in front of a string instruction. */
  readonly rep?: 0xf2 | 0xf3;
  /** Segment override prefix. */
  readonly segment?: 0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65;
  /** A REX prefix even where no bit of it is set: SPL, BPL, SIL, DIL. */
  readonly forceRex?: boolean;
  /** Register in ModR/M reg, 0..15; ignored by group rows. */
  readonly reg?: number;
  /** Register in ModR/M rm or in the opcode, 0..15; or memory. */
  readonly rm?: number | Address;
  /** First and second immediate. A 64-bit immediate is sign-extended from `imm`. */
  readonly imm?: number;
  readonly imm2?: number;
}

export interface Encoded {
  readonly bytes: Uint8Array;
  /** Offset of a displacement that a harness has to patch ('rip', 'absolute'), or -1. */
  readonly dispAt: number;
}

const ESCAPES: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const SIZED: ReadonlySet<number> = new Set([Size.v, Size.z, Size.a, Size.p, Size.e, Size.f]);

/** Whether prefix 66 changes the operand size of the row (rather than selecting it or doing nothing). */
export function takesOsz16(row: Row): boolean {
  if (row.opts.prefix === 'NP' || row.opts.prefix === '66') return false;
  if (row.opts.f64 && row.operands.every((o) => !SIZED.has(o.size) || o.method === Method.J)) return false;
  return row.osz64 !== 0 || row.operands.some((o) => SIZED.has(o.size)) || namesBySize(row);
}

/** Whether REX.W changes the operand size of the row. */
export const takesRexW = (row: Row): boolean =>
  row.osz64 === 0 && (row.operands.some((o) => WIDENED.has(o.size)) || namesBySize(row));

const WIDENED: ReadonlySet<number> = new Set([Size.v, Size.y, Size.yy, Size.p]);
const namesBySize = (row: Row): boolean => row.mnemonic.includes('/') && row.opts.namedBy === undefined;

/** Encodes. Throws `EncodeError` if the row has no such form. */
export function encode(e: Encoding): Encoded {
  const { row, mode } = e;
  const bytes: number[] = [...legacyPrefixes(e)];
  const rex = rexOf(e);
  if (rex !== 0) bytes.push(rex);
  bytes.push(...ESCAPES[row.map]!);
  const z = row.operands.some((o) => o.method === Method.Z);
  if (z && (row.opcode & 7) !== ((e.rm as number) & 7)) throw new EncodeError(`${row} holds register ${row.opcode & 7} in its opcode, not ${e.rm}`);
  bytes.push(row.opcode);
  let dispAt = -1;
  if (row.hasModrm) dispAt = pushModrm(bytes, e);
  if (row.imm === Imm.MOFFS) {
    dispAt = bytes.length;
    const { disp } = e.rm as Address;
    push(bytes, disp, mode === 64 && !e.addr67 ? 8 : mode === 32 && e.addr67 ? 2 : 4);
  }
  pushImmediates(bytes, e);
  if (bytes.length > 15) throw new EncodeError(`${row} would have ${bytes.length} bytes; use fewer prefixes`);
  return { bytes: Uint8Array.from(bytes), dispAt };
}

function legacyPrefixes(e: Encoding): number[] {
  const { row } = e;
  const out: number[] = [];
  if (e.lock) out.push(0xf0);
  const wants66 = e.osz === 16 && takesOsz16(row);
  if (wants66 || row.opts.prefix === '66') out.push(0x66);
  if (e.segment) out.push(e.segment);
  if (e.addr67) out.push(0x67);
  if (e.rep) out.push(e.rep);
  if (row.opts.prefix === 'F3') out.push(0xf3);
  if (row.opts.prefix === 'F2') out.push(0xf2);
  return out;
}

function rexOf(e: Encoding): number {
  const { rm } = e;
  const w = e.osz === 64 && takesRexW(e.row) ? 8 : 0;
  const r = (e.reg ?? 0) >= 8 && e.row.group < 0 ? 4 : 0;
  const x = typeof rm === 'object' && rm.index >= 8 ? 2 : 0;
  const b = (typeof rm === 'object' ? rm.base : (rm ?? 0)) >= 8 ? 1 : 0;
  const bits = w | r | x | b;
  if (bits !== 0 && e.mode !== 64) throw new EncodeError(`${e.row}: registers above 7 and 64-bit operands need 64-bit mode`);
  return bits !== 0 || e.forceRex ? 0x40 | bits : 0;
}

/** Pushes ModR/M, SIB and displacement; returns where a displacement to patch is, or -1. */
function pushModrm(bytes: number[], e: Encoding): number {
  const { row, rm } = e;
  const reg = (row.group >= 0 ? row.group : (e.reg ?? 0) & 7) << 3;
  if (typeof rm !== 'object') {
    bytes.push(0xc0 | reg | (row.opts.rm ?? (rm ?? 0) & 7));
    return -1;
  }
  if (rm.kind === 'rip' || rm.kind === 'absolute') {
    bytes.push(reg | 5);
    push(bytes, rm.disp, 4);
    return bytes.length - 4;
  }
  if (rm.kind === 'base') {
    if ((rm.base & 7) === 4) throw new EncodeError(`base register ${rm.base} needs a SIB byte; use kind 'sib'`);
    bytes.push(0x40 | reg | (rm.base & 7));
    push(bytes, rm.disp, 1);
    return -1;
  }
  bytes.push(0x80 | reg | 4, (rm.scale << 6) | ((rm.index & 7) << 3) | (rm.base & 7));
  push(bytes, rm.disp, 4);
  return -1;
}

function pushImmediates(bytes: number[], e: Encoding): void {
  const imm = e.imm ?? 0;
  const z = e.osz === 16 && takesOsz16(e.row) ? 2 : 4;
  switch (e.row.imm) {
    case Imm.IB: case Imm.SIB: return push(bytes, imm, 1);
    case Imm.IW: return push(bytes, imm, 2);
    case Imm.IZ: return push(bytes, imm, z);
    case Imm.IV: return push(bytes, imm, e.osz === 64 ? 8 : z);
    case Imm.IW_IB: push(bytes, imm, 2); return push(bytes, e.imm2 ?? 0, 1);
    case Imm.FAR: push(bytes, imm, z); return push(bytes, e.imm2 ?? 0, 2);
    default:
  }
}

/** Pushes `size` bytes of `value`, sign-extended beyond 32 bits. */
function push(bytes: number[], value: number, size: number): void {
  for (let k = 0; k < size; k++) bytes.push((k < 4 ? value >> (8 * k) : value >> 31) & 0xff);
}

/** Whether the operand is a general register or memory, i.e. byte registers need care with REX. */
export const isByteRegister = (o: Operand): boolean =>
  o.size === Size.b && (o.method === Method.E || o.method === Method.G || o.method === Method.Z);

