/**
 * The decoder: bytes in, one filled `Insn` out. SDM Vol. 2 chapter 2 (instruction format) over the tables of appendix A.
 *
 * It decides what the encoding alone decides: length, operands, #UD for encodings that are no instruction, #GP(0) beyond 15 bytes.
 * Privilege, CPUID features and real-mode restrictions are the translator's, from the row's options. VEX and EVEX are #UD.
 */
import { NONE, Seg, type Insn, type Mode } from './insn.ts';
import { Imm, INVALID_ROW, RegCheck, type Row } from './row.ts';
import { CellKind, TABLES_64, TABLES_LEGACY, type Cell } from './tables.ts';

/** Longest instruction in bytes; more is #GP(0). SDM Vol. 2 section 2.3.11. */
export const MAX_LENGTH = 15;

/** What `decode` found. */
export const Decoded = {
  /** An instruction; every field of the `Insn` is valid. */
  OK: 0,
  /** Not an instruction: raise #UD. */
  UD: 1,
  /** More than 15 bytes: raise #GP(0). */
  TOO_LONG: 2,
  /** The bytes end inside the instruction: fetch more; if that faults, the fault is the outcome. */
  MORE: 3,
} as const;
export type Decoded = (typeof Decoded)[keyof typeof Decoded];

const PREFIX = { NONE: 0, SEG: 1, DATA: 2, ADDR: 3, LOCK: 4, REPNE: 5, REP: 6, REX: 7, IGNORED: 8 } as const;

const prefixKinds = (mode64: boolean): Uint8Array => {
  const kinds = new Uint8Array(256);
  for (const b of [0x26, 0x2e, 0x36, 0x3e]) kinds[b] = mode64 ? PREFIX.IGNORED : PREFIX.SEG;
  kinds[0x64] = kinds[0x65] = PREFIX.SEG;
  kinds[0x66] = PREFIX.DATA;
  kinds[0x67] = PREFIX.ADDR;
  kinds[0xf0] = PREFIX.LOCK;
  kinds[0xf2] = PREFIX.REPNE;
  kinds[0xf3] = PREFIX.REP;
  if (mode64) kinds.fill(PREFIX.REX, 0x40, 0x50);
  return kinds;
};

const PREFIX_KINDS_64 = prefixKinds(true);
const PREFIX_KINDS_LEGACY = prefixKinds(false);

/**
 * Decodes the instruction at `bytes[pos]` into `i`; only bytes before `end` count. `bytes` may be guest memory itself. Returns a
 * `Decoded`. On anything but OK only `length` (bytes looked at), `mode` and `row` (INVALID_ROW) mean something.
 */
export function decode(i: Insn, bytes: Uint8Array, pos: number, end: number, mode: Mode): Decoded {
  i.row = INVALID_ROW;
  i.mode = mode;
  const is64 = mode === 64;
  const kinds = is64 ? PREFIX_KINDS_64 : PREFIX_KINDS_LEGACY;
  let p = pos;
  let op = bytes[p++]! | 0;
  let data16 = 0;
  let addr = 0;
  let lock = 0;
  let rep = 0;
  let seg: number = NONE;
  let rex = 0;
  for (let kind = kinds[op]!; kind !== PREFIX.NONE; kind = kinds[op]!) {
    if (p - pos >= MAX_LENGTH || p >= end) return cutShort(i, p + 1, pos, end);
    // REX counts only right before the opcode: any other prefix cancels it. SDM Vol. 2 section 2.2.1.
    rex = kind === PREFIX.REX ? op : 0;
    switch (kind) {
      case PREFIX.SEG: seg = op < 0x64 ? (op >> 3) & 3 : op - 0x60; break;
      case PREFIX.DATA: data16 = 1; break;
      case PREFIX.ADDR: addr = 1; break;
      case PREFIX.LOCK: lock = 1; break;
      case PREFIX.REPNE: rep = 3; break;
      case PREFIX.REP: rep = 2; break;
    }
    op = bytes[p++]! | 0;
  }
  i.segOverride = seg;
  i.lock = lock;
  i.rep = rep === 2 ? 1 : 0;
  i.repne = rep === 3 ? 1 : 0;
  i.data16 = data16;
  i.rex = rex;
  i.rexW = (rex >> 3) & 1;
  i.osz = is64 ? (rex & 8 ? 64 : data16 ? 16 : 32) : (mode === 32) === (data16 === 0) ? 32 : 16;
  i.asz = is64 ? (addr ? 32 : 64) : (mode === 32) === (addr === 0) ? 32 : 16;

  const tables = is64 ? TABLES_64 : TABLES_LEGACY;
  let map = 0;
  if (op === 0x0f) {
    map = 1;
    op = bytes[p++]! | 0;
    if (op === 0x38 || op === 0x3a) {
      map = op === 0x38 ? 2 : 3;
      op = bytes[p++]! | 0;
    }
  }
  i.opcode = op;
  i.opReg = (op & 7) | ((rex & 1) << 3);

  const cell = tables[map]![op]!;
  const prefix = rep !== 0 ? rep : data16;
  let row: Row | undefined;
  if (cell.kind >= CellKind.MODRM) {
    const modrm = bytes[p++]! | 0;
    row = selectByModrm(cell, prefix, modrm);
    if (row === undefined) return undefinedOpcode(i, p, pos, end);
    p = decodeModrm(i, bytes, p, modrm, rex, row.modIgnored);
  } else {
    row = cell.kind === CellKind.PLAIN ? cell.rows[prefix] : cell.kind === CellKind.REX_B ? cell.rows[prefix * 2 + (rex & 1)] : undefined;
    if (row === undefined) return undefinedOpcode(i, p, pos, end);
    i.hasModrm = i.modrm = i.mod = i.reg = i.rm = i.isMem = 0;
    i.base = i.index = NONE;
    i.scale = i.disp = i.dispHi = i.ripRelative = 0;
    i.seg = seg === NONE ? Seg.DS : seg;
  }
  if (is64 && row.osz64 !== 0 && (row.osz64 === 2 || i.osz === 32)) i.osz = 64;
  p = row.imm === Imm.NONE ? noImmediate(i, p) : decodeImmediate(i, bytes, p, row.imm);

  const length = p - pos;
  if (p > end || length > MAX_LENGTH) return cutShort(i, p, pos, end);
  i.length = length;
  if (lock !== 0 && !(row.lockable && i.isMem !== 0)) return Decoded.UD;
  if (row.regCheck !== RegCheck.NONE && !registerExists(i, row.regCheck)) return Decoded.UD;
  i.row = row;
  return Decoded.OK;
}

/**
 * Decodes with bytes from `fetch(n)` (byte n of the instruction, or -1 if the fetch faults), in order and never one more than the
 * instruction needs: for code that crosses into a page that may fault. MORE means that the fetch of byte `i.length` faulted.
 * `buffer` holds at least 15 bytes. Slow; only for the end of a page.
 */
export function decodeFetching(i: Insn, fetch: (n: number) => number, buffer: Uint8Array, mode: Mode): Decoded {
  for (let n = 0; n < MAX_LENGTH; n++) {
    const byte = fetch(n);
    if (byte < 0) {
      i.row = INVALID_ROW;
      i.length = n;
      return Decoded.MORE;
    }
    buffer[n] = byte;
    const outcome = decode(i, buffer, 0, n + 1, mode);
    if (outcome !== Decoded.MORE) return outcome;
  }
  return Decoded.TOO_LONG;
}

/** The verdict when the instruction would end at `p`, beyond `end` or beyond 15 bytes: the missing bytes are fetched first. */
function cutShort(i: Insn, p: number, pos: number, end: number): Decoded {
  i.length = Math.min(p, end) - pos;
  if (p - pos > MAX_LENGTH && end - pos >= MAX_LENGTH) {
    i.length = MAX_LENGTH;
    return Decoded.TOO_LONG;
  }
  return Decoded.MORE;
}

function undefinedOpcode(i: Insn, p: number, pos: number, end: number): Decoded {
  if (p > end || p - pos > MAX_LENGTH) return cutShort(i, p, pos, end);
  i.length = p - pos;
  return Decoded.UD;
}

function selectByModrm(cell: Cell, prefix: number, modrm: number): Row | undefined {
  if (cell.kind === CellKind.MODRM) return cell.rows[prefix];
  const reg = (modrm >> 3) & 7;
  if (cell.kind === CellKind.GROUP) return cell.rows[prefix * 16 + (modrm >= 0xc0 ? 8 + reg : reg)];
  return cell.rows[prefix * 72 + (modrm >= 0xc0 ? modrm - 0xc0 + 8 : reg)];
}

/** Splits ModR/M and reads SIB and displacement. Returns the position behind them. */
function decodeModrm(i: Insn, bytes: Uint8Array, p: number, modrm: number, rex: number, modIgnored: boolean): number {
  i.hasModrm = 1;
  i.modrm = modrm;
  i.mod = modrm >> 6;
  i.reg = ((modrm >> 3) & 7) | ((rex & 4) << 1);
  i.rm = (modrm & 7) | ((rex & 1) << 3);
  i.base = i.index = NONE;
  i.scale = i.disp = i.dispHi = i.ripRelative = 0;
  if (modrm >= 0xc0 || modIgnored) {
    i.isMem = 0;
    i.seg = Seg.DS;
    return p;
  }
  i.isMem = 1;
  p = i.asz === 16 ? decodeAddress16(i, bytes, p) : decodeAddress32(i, bytes, p, rex);
  i.dispHi = i.disp >> 31;
  return p;
}

const BASES_16 = [3, 3, 5, 5, 6, 7, 5, 3] as const;
const INDEXES_16 = [6, 7, 6, 7, NONE, NONE, NONE, NONE] as const;

/** 16-bit addressing forms, SDM Vol. 2 table 2-1: BX+SI, BX+DI, BP+SI, BP+DI, SI, DI, BP, BX. */
function decodeAddress16(i: Insn, bytes: Uint8Array, p: number): number {
  const { mod, rm } = i;
  const direct = mod === 0 && rm === 6;
  i.base = direct ? NONE : BASES_16[rm]!;
  i.index = INDEXES_16[rm]!;
  i.seg = i.segOverride !== NONE ? i.segOverride : i.base === 5 ? Seg.SS : Seg.DS;
  if (mod === 1) {
    i.disp = ((bytes[p]! | 0) << 24) >> 24;
    return p + 1;
  }
  if (mod === 0 && !direct) return p;
  i.disp = (((bytes[p]! | 0) | ((bytes[p + 1]! | 0) << 8)) << 16) >> 16;
  return p + 2;
}

/** 32- and 64-bit addressing forms, SDM Vol. 2 tables 2-2, 2-3 and section 2.2.1.6 (RIP-relative). */
function decodeAddress32(i: Insn, bytes: Uint8Array, p: number, rex: number): number {
  const { mod } = i;
  let base = i.modrm & 7;
  let hasSib = false;
  if (base === 4) {
    hasSib = true;
    const sib = bytes[p++]! | 0;
    const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (index !== 4) {
      i.index = index;
      i.scale = sib >> 6;
    }
    base = sib & 7;
  }
  if (base === 5 && mod === 0) {
    i.ripRelative = !hasSib && i.mode === 64 ? 1 : 0;
    i.seg = i.segOverride !== NONE ? i.segOverride : Seg.DS;
    i.disp = readI32(bytes, p);
    return p + 4;
  }
  base |= (rex & 1) << 3;
  i.base = base;
  i.seg = i.segOverride !== NONE ? i.segOverride : base === 4 || base === 5 ? Seg.SS : Seg.DS;
  if (mod === 0) return p;
  if (mod === 1) {
    i.disp = ((bytes[p]! | 0) << 24) >> 24;
    return p + 1;
  }
  i.disp = readI32(bytes, p);
  return p + 4;
}

function noImmediate(i: Insn, p: number): number {
  i.imm = i.immHi = i.imm2 = 0;
  return p;
}

/** Reads the immediate operands of kind `kind` (`Imm`). Returns the position behind them. */
function decodeImmediate(i: Insn, bytes: Uint8Array, p: number, kind: number): number {
  i.imm2 = 0;
  switch (kind) {
    case Imm.IB: return setImm(i, bytes[p]! | 0, 0, p + 1);
    case Imm.SIB: {
      const imm = ((bytes[p]! | 0) << 24) >> 24;
      return setImm(i, imm, imm >> 31, p + 1);
    }
    case Imm.IW: return setImm(i, readU16(bytes, p), 0, p + 2);
    case Imm.IZ: return i.osz === 16 ? immediate16(i, bytes, p) : immediate32(i, bytes, p);
    case Imm.IV: return i.osz === 64 ? setImm(i, readI32(bytes, p), readI32(bytes, p + 4), p + 8)
      : i.osz === 16 ? immediate16(i, bytes, p) : immediate32(i, bytes, p);
    case Imm.IW_IB: i.imm2 = bytes[p + 2]! | 0; return setImm(i, readU16(bytes, p), 0, p + 3);
    case Imm.IB_IB: i.imm2 = bytes[p + 1]! | 0; return setImm(i, bytes[p]! | 0, 0, p + 2);
    case Imm.FAR: return farPointer(i, bytes, p);
    default: return moffs(i, bytes, p);
  }
}

function setImm(i: Insn, lo: number, hi: number, p: number): number {
  i.imm = lo;
  i.immHi = hi;
  return p;
}

function immediate16(i: Insn, bytes: Uint8Array, p: number): number {
  const imm = (readU16(bytes, p) << 16) >> 16;
  return setImm(i, imm, imm >> 31, p + 2);
}

function immediate32(i: Insn, bytes: Uint8Array, p: number): number {
  const imm = readI32(bytes, p);
  return setImm(i, imm, imm >> 31, p + 4);
}

function farPointer(i: Insn, bytes: Uint8Array, p: number): number {
  const bytesOfOffset = i.osz === 16 ? 2 : 4;
  i.imm2 = readU16(bytes, p + bytesOfOffset);
  return setImm(i, bytesOfOffset === 2 ? readU16(bytes, p) : readI32(bytes, p), 0, p + bytesOfOffset + 2);
}

/** An offset of the address size, zero-extended into disp/dispHi. */
function moffs(i: Insn, bytes: Uint8Array, p: number): number {
  noImmediate(i, p);
  i.disp = i.asz === 16 ? readU16(bytes, p) : readI32(bytes, p);
  i.dispHi = i.asz === 64 ? readI32(bytes, p + 4) : 0;
  return p + (i.asz >> 3);
}

const readU16 = (bytes: Uint8Array, p: number): number => (bytes[p]! | 0) | ((bytes[p + 1]! | 0) << 8);
const readI32 = (bytes: Uint8Array, p: number): number => readU16(bytes, p) | (readU16(bytes, p + 2) << 16);

/** Whether the segment, control or debug register in ModR/M reg exists. CR5..7, DR8..15, segments 6 and 7 do not; CS is never loaded. */
function registerExists(i: Insn, check: number): boolean {
  switch (check) {
    case RegCheck.SREG_STORE: return (i.reg & 7) < 6;
    case RegCheck.SREG_LOAD: return (i.reg & 7) < 6 && (i.reg & 7) !== Seg.CS;
    case RegCheck.CR: return i.reg === 0 || (i.reg >= 2 && i.reg <= 4) || i.reg === 8;
    default: return i.reg < 8;
  }
}
