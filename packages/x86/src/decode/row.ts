/**
 * One row of the opcode tables: an instruction form, i.e. one cell (or one group member) of SDM Vol. 2 appendix A.
 *
 * Rows are checked one by one here, against each other in `tables.ts`.
 */
import { EmuError } from '@emu/vaddr';
import type { Emit } from '../emit/types.ts';
import { Method, Size, isRm, needsModrm, type Operand } from './operands.ts';

/** A decode table contradicts itself. Thrown while the tables load. */
export class DecodeTableError extends EmuError {}

/** Opcode map: one-byte (table A-2), 0F, 0F 38, 0F 3A. */
export const OpMap = { M1: 0, M0F: 1, M0F38: 2, M0F3A: 3 } as const;
export type OpMap = (typeof OpMap)[keyof typeof OpMap];

/** EFLAGS bits by the letters of `RowOpts.flags`. */
export const FLAG_BITS = { c: 0x001, p: 0x004, a: 0x010, z: 0x040, s: 0x080, t: 0x100, i: 0x200, d: 0x400, o: 0x800 } as const;

/** CPUID features that gate rows. A row without one belongs to every processor we model. */
export type Feature =
  | 'fpu' | 'tsc' | 'msr' | 'cx8' | 'cx16' | 'sep' | 'cmov' | 'clflush' | 'clflushopt' | 'clwb' | 'mmx' | 'fxsr' | 'sse' | 'sse2' | 'sse3' | 'ssse3'
  | 'sse4_1' | 'sse4_2' | 'monitor' | 'pclmulqdq' | 'aes' | 'sha' | 'adx' | 'movbe' | 'popcnt' | 'lzcnt' | 'bmi1' | 'xsave' | 'xsaveopt' | 'xsavec'
  | 'xsaves' | 'rdrand' | 'rdseed' | 'rdtscp' | 'rdpid' | 'fsgsbase' | 'invpcid' | 'smap' | 'syscall' | 'lahf_lm';

/**
 * Prefixes that select a row. Absent: any. `NP`: none of 66, F2, F3. `NFx`: no F2, no F3 (66 is the operand size). `66`: 66 and no F2/F3.
 * `F3`, `F2`: the last of F2/F3 decides, 66 or not.
 */
export type Prefix = 'NP' | 'NFx' | '66' | 'F3' | 'F2';

export interface RowOpts {
  /** ModR/M reg that selects the row: '/0' to '/7'. */
  group?: `/${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;
  /** Restricts the row to memory (mod != 3) or register (mod = 3) forms where the operands do not say it. */
  mod?: 'mem' | 'reg';
  /** ModR/M rm that selects the row within mod = 3, as in 0F 01 /1 with rm 0 = MONITOR. */
  rm?: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  /** The row has a ModR/M byte though no operand uses it and no group selects by it. */
  modrm?: true;
  /** mod is ignored, rm is always a register (MOV CR, MOV DR). */
  modIgnored?: true;
  /** REX.B that selects the row (0x90: NOP or XCHG r8). */
  rexB?: 0 | 1;
  prefix?: Prefix;
  /** LOCK is allowed with a memory destination. */
  lock?: true;
  /** Flags read, written (w), undefined (u): 'r:c w:oszpc u:a', letters of FLAG_BITS. */
  flags?: string;
  /** Valid in 64-bit mode only. */
  only64?: true;
  /** #UD in 64-bit mode. */
  no64?: true;
  /** 64-bit mode: operand size 64 by default, 16 with prefix 66, never 32 (superscript d64). */
  d64?: true;
  /** 64-bit mode: operand size 64 whatever the prefixes (superscript f64; AMD lets 66 shorten near branches). */
  f64?: true;
  /** #GP(0) unless CPL = 0. */
  cpl0?: true;
  /** #UD in real and virtual-8086 mode. */
  protectedMode?: true;
  /** CPUID bit without which the row is #UD, or `fallback` if that is given. */
  feature?: Feature;
  /** What the encoding means on a processor without `feature` (TZCNT is BSF there). */
  fallback?: Row;
  /** x87 instruction: #NM for CR0.EM or TS, then #MF for a pending exception; 'nowait' skips the latter (FNxxx control instructions). */
  x87?: true | 'nowait';
  /** 16-byte memory operands need no alignment (MOVUPS, PCMPESTRI, ...). */
  unaligned?: true;
  /** Alignment of the memory operand in bytes where it does not follow from a 128-bit operand (FXSAVE 16, XSAVE 64, ...): else #GP(0). */
  align?: 16 | 64;
  /** The three mnemonics are chosen by address size instead of operand size (JCXZ). */
  namedBy?: 'asz';
}

/** What the decoder has to fetch after ModR/M. */
export const Imm = { NONE: 0, IB: 1, SIB: 2, IW: 3, IZ: 4, IV: 5, IW_IB: 6, FAR: 7, MOFFS: 8, IB_IB: 9 } as const;

/** Register numbers that do not exist, checked after ModR/M. */
export const RegCheck = { NONE: 0, SREG_STORE: 1, SREG_LOAD: 2, CR: 3, DR: 4 } as const;

/** Register file besides the general one; decides which of CR0.EM, CR0.TS, CR4.OSFXSR and pending x87 exceptions are checked. */
export type Unit = 'none' | 'x87' | 'mmx' | 'sse';

/** A checked row with what derives from it. Plain data; one instance per cell or group member. */
export class Row {
  readonly map: OpMap;
  readonly opcode: number;
  /** As in the manual; three alternatives for operand (or address) size 16/32/64 are separated by '/'. */
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  readonly emit: Emit;
  readonly opts: Readonly<RowOpts>;

  /** EFLAGS bits read, written with a defined value, left undefined. */
  readonly flagsRead: number;
  readonly flagsWritten: number;
  readonly flagsUndefined: number;

  readonly hasModrm: boolean;
  /** ModR/M reg that selects, or -1. */
  readonly group: number;
  readonly takesMem: boolean;
  readonly takesReg: boolean;
  /** The operand that ModR/M mod and rm describe, if any. */
  readonly rmOperand: Operand | undefined;
  /** The memory operand is written, if there is one. */
  readonly writesRm: boolean;
  readonly modIgnored: boolean;
  readonly lockable: boolean;
  /** One of `Imm`. */
  readonly imm: number;
  /** One of `RegCheck`. */
  readonly regCheck: number;
  /** 0 plain, 1 d64, 2 f64. */
  readonly osz64: number;
  /** Bytes the memory operand must be aligned to, or 1. */
  readonly align: number;
  readonly unit: Unit;

  constructor(map: OpMap, opcode: number, mnemonic: string, operands: readonly Operand[], emit: Emit, opts: RowOpts) {
    this.map = map;
    this.opcode = opcode;
    this.mnemonic = mnemonic;
    this.operands = operands;
    this.emit = emit;
    this.opts = opts;
    const flags = parseFlags(opts.flags ?? '', (why) => this.fail(why));
    this.flagsRead = flags.r;
    this.flagsWritten = flags.w;
    this.flagsUndefined = flags.u;
    this.group = opts.group === undefined ? -1 : Number(opts.group[1]);
    this.hasModrm = opts.modrm === true || this.group >= 0 || opts.mod !== undefined || operands.some(needsModrm);
    this.rmOperand = operands.find((o) => isRm(o) || RM_REGISTER.has(o.method));
    const memOnly = opts.mod === 'mem' || operands.some((o) => o.method === Method.M);
    const regOnly = opts.mod === 'reg' || operands.some((o) => RM_REGISTER.has(o.method));
    this.writesRm = this.rmOperand !== undefined && operands[0] === this.rmOperand && !READS_FIRST.has(mnemonic.split('/')[0]!);
    this.modIgnored = opts.modIgnored === true;
    this.takesMem = this.hasModrm && (this.modIgnored || !regOnly);
    this.takesReg = this.hasModrm && !memOnly;
    this.lockable = opts.lock === true;
    this.imm = immediateOf(operands, (why) => this.fail(why));
    this.regCheck = regCheckOf(operands);
    this.osz64 = opts.f64 ? 2 : opts.d64 ? 1 : 0;
    this.align = opts.align ?? (!opts.unaligned && operands.some((o) => isRm(o) && o.memSize === Size.dq) ? 16 : 1);
    this.unit = unitOf(operands, opts);
    this.check(memOnly, regOnly);
    Object.freeze(this);
  }

  /** The mnemonic for an operand size (address size for `namedBy: 'asz'`) of 16, 32 or 64 bits. */
  mnemonicFor(bits: number): string {
    const names = this.mnemonic.split('/');
    return names.length === 1 ? this.mnemonic : names[bits === 64 ? 2 : bits === 32 ? 1 : 0]!;
  }

  /** "0F 38 F0 /r MOVBE Gv, Mv" style: for error messages and listings. */
  toString(): string {
    const prefix = this.opts.prefix === undefined ? '' : `${this.opts.prefix} `;
    const rm = this.opts.rm === undefined ? '' : ` rm=${this.opts.rm}`;
    const operands = this.operands.map((o) => o.name).join(', ');
    return `${prefix}${MAP_BYTES[this.map]}${hex2(this.opcode)}${this.opts.group ?? ''}${rm} ${this.mnemonic} ${operands}`.trim();
  }

  private fail(why: string): never {
    throw new DecodeTableError(`row ${this.toString()}: ${why}; correct the row`);
  }

  private check(memOnly: boolean, regOnly: boolean): void {
    const { opts } = this;
    if (this.opcode < 0 || this.opcode > 255) this.fail(`opcode ${this.opcode} is not a byte`);
    const names = this.mnemonic.split('/');
    if (names.length !== 1 && names.length !== 3) this.fail(`${names.length} mnemonics; write one, or three for 16/32/64`);
    if (!names.every((n) => /^[A-Z][A-Z0-9]*$/.test(n))) this.fail('a mnemonic has something else than capitals and digits');
    if (opts.only64 && opts.no64) this.fail('both only64 and no64');
    if (opts.d64 && opts.f64) this.fail('both d64 and f64');
    if (memOnly && regOnly) this.fail('asks for memory and for a register in the same ModR/M');
    if (opts.lock && !(this.operands[0] !== undefined && isRm(this.operands[0]) && this.takesMem)) {
      this.fail('LOCK without a memory destination as first operand');
    }
    if (opts.rm !== undefined && (!regOnly || this.group < 0)) this.fail("rm selects only within a group and mod: 'reg'");
    if (opts.prefix !== undefined && this.map === OpMap.M1 && this.opcode !== 0x90) this.fail('a mandatory prefix in the one-byte map');
    if (opts.fallback !== undefined && opts.feature === undefined) this.fail('a fallback without the feature it stands in for');
    if (opts.fallback !== undefined && opts.fallback.hasModrm !== this.hasModrm) this.fail('its fallback differs in having ModR/M');
    if (this.operands.filter((o) => isRm(o) || RM_REGISTER.has(o.method)).length > 1) this.fail('two operands in ModR/M rm');
    if (this.operands.filter((o) => REG_FIELD.has(o.method)).length > (this.group >= 0 ? 0 : 1)) this.fail('ModR/M reg is used twice');
  }
}

/** Instructions whose first operand, if it is memory, is read only (or not accessed at all). */
const READS_FIRST: ReadonlySet<string> = new Set([
  'CMP', 'TEST', 'PUSH', 'CALL', 'JMP', 'MUL', 'IMUL', 'DIV', 'IDIV', 'BT', 'FLD', 'FLDENV', 'FLDCW', 'FILD', 'FRSTOR', 'FBLD', 'LLDT', 'LTR', 'VERR', 'VERW',
  'LGDT', 'LIDT', 'LMSW', 'INVLPG', 'ARPL', 'FXRSTOR', 'XRSTOR', 'XRSTORS', 'LDMXCSR', 'CLWB', 'CLFLUSH', 'CLFLUSHOPT', 'NOP', 'PREFETCHW', 'PREFETCHNTA',
  'PREFETCHT0', 'PREFETCHT1', 'PREFETCHT2',
]);

/** The `row` function of one opcode map: `row(opcode, mnemonic, operands, emit, opts)`. */
export const rowIn =
  (map: OpMap) =>
  (opcode: number, mnemonic: string, operands: readonly Operand[], emit: Emit, opts: RowOpts = {}): Row =>
    new Row(map, opcode, mnemonic, operands, emit, opts);

const RM_REGISTER: ReadonlySet<number> = new Set([Method.R, Method.N, Method.U, Method.STI]);
const REG_FIELD: ReadonlySet<number> = new Set([Method.G, Method.S, Method.C, Method.D, Method.P, Method.V]);
const MAP_BYTES = ['', '0F ', '0F 38 ', '0F 3A '] as const;

const hex2 = (n: number): string => n.toString(16).toUpperCase().padStart(2, '0');

function parseFlags(text: string, fail: (why: string) => never): { r: number; w: number; u: number } {
  const masks = { r: 0, w: 0, u: 0 };
  for (const part of text.split(' ').filter((p) => p !== '')) {
    const match = /^([rwu]):([a-z]+)$/.exec(part) ?? fail(`flags '${text}' are not of the form 'r:c w:oszpc u:a'`);
    const kind = match[1] as 'r' | 'w' | 'u';
    for (const letter of match[2]!) {
      const bit = FLAG_BITS[letter as keyof typeof FLAG_BITS] ?? fail(`no flag '${letter}' in '${text}'`);
      if (masks[kind] & bit) fail(`flag '${letter}' twice in '${text}'`);
      masks[kind] |= bit;
    }
  }
  if (masks.w & masks.u) fail(`flags '${text}' are both written and undefined`);
  return masks;
}

function immediateOf(operands: readonly Operand[], fail: (why: string) => never): number {
  const kinds = operands.map(immediateKind).filter((k) => k !== Imm.NONE);
  if (kinds.length <= 1) return kinds[0] ?? Imm.NONE;
  if (kinds.length === 2 && kinds[0] === Imm.IW && kinds[1] === Imm.IB) return Imm.IW_IB;
  if (kinds.length === 2 && kinds[0] === Imm.IB && kinds[1] === Imm.IB) return Imm.IB_IB;
  return fail('an immediate combination the decoder does not know');
}

function immediateKind(o: Operand): number {
  switch (o.method) {
    case Method.A: return Imm.FAR;
    case Method.O: return Imm.MOFFS;
    case Method.J: return o.size === Size.b ? Imm.SIB : Imm.IZ;
    case Method.I: return o.name === 'sIb' ? Imm.SIB : o.size === Size.b ? Imm.IB : o.size === Size.w ? Imm.IW : o.size === Size.z ? Imm.IZ : Imm.IV;
    default: return Imm.NONE;
  }
}

function regCheckOf(operands: readonly Operand[]): number {
  const at = operands.findIndex((o) => o.method === Method.S || o.method === Method.C || o.method === Method.D);
  if (at < 0) return RegCheck.NONE;
  const { method } = operands[at]!;
  if (method === Method.C) return RegCheck.CR;
  if (method === Method.D) return RegCheck.DR;
  return at === 0 ? RegCheck.SREG_LOAD : RegCheck.SREG_STORE;
}

function unitOf(operands: readonly Operand[], opts: RowOpts): Unit {
  const has = (...methods: number[]): boolean => operands.some((o) => methods.includes(o.method));
  if (opts.x87) return 'x87';
  if (opts.feature === 'mmx' || has(Method.P, Method.Q, Method.N)) return 'mmx';
  return has(Method.V, Method.W, Method.U) ? 'sse' : 'none';
}

/** Stands for "no instruction": what `Insn.row` is before and after a failed decode. Its emitter is never reached. */
export const INVALID_ROW = new Row(OpMap.M0F, 0xff, 'INVALID', [], () => {
  throw new DecodeTableError('the row of an undecodable instruction was emitted; raise #UD when decode does not return OK');
}, {});
