/**
 * Machine-code forms of every decode-table row that user mode can run: opcode row x operand size x operand form (registers, memory by
 * base, SIB, RIP-relative, 67 prefix) x immediate. The hardware oracle runs each with many register and memory contents.
 *
 * Every form is decoded again when it is made; a form that is not the row it came from is an error here, not a wrong vector later.
 * Left out: redundant prefixes, 16-bit addressing (needs memory below 64 KiB).
 */
import { ALL_ROWS, decode, Decoded, Imm, Insn, Method, operandBits, Size, type Row } from '@emu/x86';
import { encode, EncodeError, isByteRegister, takesOsz16, takesRexW, type Address, type Encoding } from './encode.ts';
import { skipReason } from './skips.ts';

/** What a harness has to prepare besides registers, flags and memory behind the ModR/M operand. */
export type Tag =
  /** Uses the stack: RSP (LEAVE: RBP too) points into writable memory. */
  | 'stack'
  /** String instruction: RSI and RDI point to memory, RCX is a small count. */
  | 'string'
  /** XLATB: RBX + AL. MASKMOVQ, MASKMOVDQU: RDI. Memory without ModR/M. */
  | 'implicit-memory'
  /** The register operand is a signed bit offset from the memory operand: keep it small. */
  | 'bit-offset'
  /** Pops RFLAGS: leave TF and AC clear in the stack image. */
  | 'flags-image'
  /** Loads x87 or MXCSR control: keep reserved bits clear. */
  | 'control-image'
  /** Loads a whole FXSAVE, FNSAVE or XSAVE image. */
  | 'state-image'
  /** XSAVE family: EDX:EAX selects; ask for x87 and SSE (3) only. */
  | 'xsave'
  /** Can raise #DE. */
  | 'divide'
  /** Always raises #UD. */
  | 'undefined';

/** How control leaves a branch form; all others fall through. */
export interface Branch {
  /** 'relative': `taken` bytes behind the start if taken. 'indirect': the rm operand holds the target. 'return': the stack does. */
  readonly kind: 'relative' | 'indirect' | 'return';
  readonly taken: number;
}

export interface FormMemory extends Address {
  /** Bytes accessed; 0 if none is (LEA, PREFETCH, NOP). */
  readonly bytes: number;
  /** Alignment below which the row raises #GP(0). */
  readonly align: number;
  /** Address size in bits. */
  readonly asz: 32 | 64;
  /** Offset in `bytes` of the displacement to patch ('rip': from the end of the instruction; 'absolute'), or -1. */
  readonly dispAt: number;
}

export interface Form {
  readonly row: Row;
  /** Index of the row in ALL_ROWS. */
  readonly rowIndex: number;
  readonly mode: 32 | 64;
  readonly osz: 16 | 32 | 64;
  readonly bytes: Uint8Array;
  readonly memory: FormMemory | undefined;
  readonly lock: boolean;
  /** F2 or F3 in front of a string instruction, else 0. */
  readonly rep: number;
  /** Segment override prefix, or 0. */
  readonly segment: number;
  /** A 67 prefix: addresses have 32 bits. */
  readonly addr67: boolean;
  /** General registers named by the encoding (operands and address), as a bit mask; implied ones are not in it. */
  readonly gprs: number;
  /** EFLAGS bits to ignore in the result. */
  readonly flagsUndefined: number;
  readonly branch: Branch | undefined;
  readonly tags: readonly Tag[];
}

/** Displacements of the forms. RIP-relative and absolute ones are the harness's to patch. */
const DISP8 = 0x18;
const DISP32 = 0x1d0;
/** Distance of a relative branch: clear of the form itself. */
const BRANCH_DISP = 0x20;

/** All forms for 64-bit mode, or for 32-bit (compatibility) mode. */
export function* forms(mode: 32 | 64 = 64): Generator<Form> {
  for (let rowIndex = 0; rowIndex < ALL_ROWS.length; rowIndex++) {
    const row = ALL_ROWS[rowIndex]!;
    if (skipReason(row, mode) === undefined) yield* formsOfRow(row, rowIndex, mode);
  }
}

function* formsOfRow(row: Row, rowIndex: number, mode: 32 | 64): Generator<Form> {
  for (const osz of operandSizes(row, mode)) {
    if (row.mnemonic === 'BSWAP' && osz === 16) continue; // undefined result
    for (const [k, shape] of shapes(row, mode).entries()) {
      for (const imm of immediates(row, osz, k === 0)) yield makeForm({ row, mode, osz, ...shape, ...imm }, rowIndex);
    }
  }
}

/** Operand sizes that make a difference to the row. */
function operandSizes(row: Row, mode: 32 | 64): (16 | 32 | 64)[] {
  const sizes: (16 | 32 | 64)[] = takesOsz16(row) ? [16] : [];
  if (mode === 64 && row.osz64 !== 0) return [...sizes, 64];
  return mode === 64 && takesRexW(row) ? [...sizes, 32, 64] : [...sizes, 32];
}

type Shape = Pick<Encoding, 'reg' | 'rm' | 'addr67' | 'lock' | 'rep' | 'segment' | 'forceRex'>;

/** Register and memory forms of a row. */
function shapes(row: Row, mode: 32 | 64): Shape[] {
  if (row.operands.some((o) => o.method === Method.X || o.method === Method.Y)) return stringShapes(row, mode);
  if (row.imm === Imm.MOFFS) return moffsShapes(mode);
  const z = row.operands.some((o) => o.method === Method.Z);
  if (z) return opcodeRegisterShapes(row, mode);
  if (row.mnemonic === 'XLATB') return mode === 64 ? [{}, { segment: 0x65 }, { segment: 0x64, addr67: true }] : [{}, { segment: 0x26 }, { segment: 0x64 }];
  if (!row.hasModrm) return [{}];
  return [...(row.takesReg || row.modIgnored ? registerShapes(row, mode) : []), ...(row.takesMem && !row.modIgnored ? memoryShapes(row, mode) : [])];
}

function stringShapes(row: Row, mode: 32 | 64): Shape[] {
  const compares = row.flagsWritten !== 0;
  const reps: Shape[] = [{}, { rep: 0xf3 }, ...(compares ? [{ rep: 0xf2 } as const] : [])];
  const overrides: Shape[] = mode === 64 ? [{ segment: 0x65 }, { rep: 0xf3, segment: 0x64 }] : [{ segment: 0x36 }, { rep: 0xf3, segment: 0x2e }];
  return mode === 64 ? [...reps, { addr67: true }, { rep: 0xf3, addr67: true }, ...overrides] : [...reps, ...overrides];
}

function moffsShapes(mode: 32 | 64): Shape[] {
  const rm: Address = { kind: 'absolute', base: -1, index: -1, scale: 0, disp: 0 };
  return mode === 64 ? [{ rm }, { rm, addr67: true }, { rm, segment: 0x65 }] : [{ rm }, { rm, segment: 0x26 }];
}

function opcodeRegisterShapes(row: Row, mode: 32 | 64): Shape[] {
  const rm = row.opcode & 7;
  const bytes = row.operands.some(isByteRegister);
  if (row.opts.rexB === 1) return mode === 64 ? [{ rm: rm | 8 }] : [];
  if (mode === 32) return [{ rm }];
  return [{ rm }, { rm: rm | 8 }, ...(bytes && rm >= 4 ? [{ rm, forceRex: true }] : [])];
}

/** Pairs of (reg, rm): different, equal, above 7, with the accumulator; AH to BH and SPL to DIL for bytes. RSP only where a row implies it. */
function registerShapes(row: Row, mode: 32 | 64): Shape[] {
  const bytes = row.operands.some(isByteRegister);
  if (row.opts.rm !== undefined) return [{}];
  const regUsed = row.group < 0 && row.operands.some((o) => REG_METHODS.has(o.method));
  const out: Shape[] = [{ reg: 3, rm: 6 }, { reg: 0, rm: 2 }];
  if (regUsed) out.push({ reg: 1, rm: 1 }, { reg: 7, rm: 0 });
  else out.push({ rm: 0 });
  const high = mode === 64 && row.operands.some((o) => EXTENDABLE.has(o.method));
  if (high) out.push({ reg: 9, rm: 14 }, ...(regUsed ? [{ reg: 2, rm: 13 }, { reg: 12, rm: 5 }] : []));
  if (bytes) out.push(mode === 64 ? { reg: 5, rm: 7, forceRex: true } : { reg: 0, rm: 3 });
  if (bytes) out.push({ reg: 4, rm: 7 }, { reg: 6, rm: 5 });
  return row.operands.some(isByteRegister) && mode === 32 ? out : out.filter((s) => mode === 64 || ((s.reg ?? 0) < 8 && (s.rm as number) < 8));
}

const REG_METHODS: ReadonlySet<number> = new Set([Method.G, Method.P, Method.V]);
/** Operands that REX extends; x87 and MMX registers are not. */
const EXTENDABLE: ReadonlySet<number> = new Set([Method.E, Method.G, Method.R, Method.U, Method.V, Method.W]);

/** Addresses: [base+disp8], [base+index*scale+disp32], RIP-relative or absolute, and with prefix 67; then LOCK. */
function memoryShapes(row: Row, mode: 32 | 64): Shape[] {
  const plain: Address = { kind: 'base', base: 3, index: -1, scale: 0, disp: DISP8 };
  const out: Shape[] = [{ reg: 1, rm: plain }];
  if (mode === 64) {
    out.push({ reg: 10, rm: { ...plain, base: 11, disp: -DISP8 } });
    out.push({ reg: 2, rm: { kind: 'sib', base: 13, index: 14, scale: 2, disp: DISP32 } });
    out.push({ reg: 15, rm: { kind: 'sib', base: 5, index: 6, scale: 3, disp: -DISP32 } });
    out.push({ reg: 0, rm: { kind: 'rip', base: -1, index: -1, scale: 0, disp: 0 } });
    out.push({ reg: 1, rm: plain, addr67: true });
    out.push({ reg: 9, rm: { ...plain, base: 6 }, segment: 0x65 }, { reg: 2, rm: { ...plain, base: 5 }, segment: 0x64 });
  } else {
    out.push({ reg: 2, rm: { kind: 'sib', base: 5, index: 6, scale: 3, disp: DISP32 } });
    out.push({ reg: 0, rm: { kind: 'absolute', base: -1, index: -1, scale: 0, disp: 0 } });
    out.push({ reg: 1, rm: plain, segment: 0x2e }, { reg: 2, rm: { ...plain, base: 5 }, segment: 0x64 });
  }
  if (row.lockable) out.push({ reg: 1, rm: plain, lock: true });
  return out;
}

const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;
const COUNTS = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 0xff] as const;
const WORDS_16 = [0, 1, -1, 0x7fff, -0x8000, 0x1234] as const;
const WORDS_32 = [0, 1, -1, 0x7fff_ffff, -0x8000_0000, 0x1234_5678] as const;
/** Controls of shuffles, blends, comparisons, rounding, PCMPxSTRx: every bit set and clear, alone and mixed. */
const CONTROLS = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x0c, 0x10, 0x11, 0x14, 0x18, 0x1b, 0x20, 0x31, 0x3f, 0x40, 0x4e, 0x6d, 0x71,
  0x80, 0x9c, 0xb1, 0xd2, 0xe4, 0xff] as const;

/** Immediates of a row: all interesting ones on its first form, two on the others. */
function immediates(row: Row, osz: number, first: boolean): Pick<Encoding, 'imm' | 'imm2'>[] {
  if (row.imm === Imm.NONE || row.imm === Imm.MOFFS) return [{}];
  if (row.operands.some((o) => o.method === Method.J)) return [{ imm: BRANCH_DISP }];
  if (row.mnemonic === 'ENTER') return [[0, 0], [0x20, 0], [8, 1], [0x10, 3], [0, 31]].map(([imm, imm2]) => ({ imm, imm2 }));
  if (row.mnemonic === 'RET') return [{ imm: 0 }, { imm: 8 }, { imm: 0x30 }];
  const all = immediateValues(row, osz);
  return (first ? all : [all[1]!, all[all.length - 2]!]).map((imm) => ({ imm }));
}

function immediateValues(row: Row, osz: number): readonly number[] {
  if (row.imm === Imm.IZ || row.imm === Imm.IV) return osz === 16 ? WORDS_16 : WORDS_32;
  if (row.opts.feature !== undefined && row.group < 0) return CONTROLS;
  return SHIFTS.test(row.mnemonic) ? COUNTS : BYTES;
}

const SHIFTS = /^(RO[LR]|RC[LR]|S[HA][LR]D?|BT[SRC]?|PS[LR][LA]?[WDQ]+)$/;

function makeForm(e: Encoding, rowIndex: number): Form {
  const { row, mode } = e;
  const { bytes, dispAt } = encode(e);
  const i = new Insn();
  const outcome = decode(i, bytes, 0, bytes.length, mode);
  if (outcome !== Decoded.OK || i.row !== row || i.length !== bytes.length) {
    throw new EncodeError(`${row} was encoded as ${hex(bytes)}, which decodes as ${outcome === Decoded.OK ? i.row : outcome}; correct encode.ts`);
  }
  return {
    row, rowIndex, mode, bytes,
    osz: i.osz as 16 | 32 | 64,
    memory: typeof e.rm === 'object' ? memoryOf(e.rm, i, dispAt) : undefined,
    lock: e.lock === true,
    rep: e.rep ?? 0,
    segment: e.segment ?? 0,
    addr67: e.addr67 === true,
    gprs: gprsOf(e, i),
    flagsUndefined: row.flagsUndefined,
    branch: branchOf(row, i),
    tags: tagsOf(row, e),
  };
}

/** The XSAVE area of x87 and SSE state: legacy region and header. SDM Vol. 1, 13.4. */
const XSAVE = /^(XSAVE|XSAVEC|XRSTOR)\b/;
const XSAVE_BYTES = 576;

function memoryOf(address: Address, i: Insn, dispAt: number): FormMemory {
  const operand = i.row.operands.find((o) => o.method === Method.O) ?? i.row.rmOperand;
  const accessed = i.row.mnemonic !== 'NOP' && i.row.mnemonic !== 'UD0' && i.row.mnemonic !== 'UD1';
  const bytes = XSAVE.test(i.row.mnemonic) ? XSAVE_BYTES : operand && accessed ? operandBits(operand, i) >> 3 : 0;
  return { ...address, bytes, align: i.row.align, asz: i.asz as 32 | 64, dispAt };
}

/** Bit mask of the general registers that the encoding names. AH to BH count as AX to BX. */
function gprsOf(e: Encoding, i: Insn): number {
  let mask = 0;
  const add = (n: number, byte: boolean): void => {
    if (n >= 0) mask |= 1 << (byte && i.rex === 0 && n >= 4 ? n - 4 : n);
  };
  for (const o of e.row.operands) {
    const byte = isByteRegister(o);
    if (o.method === Method.G) add(i.reg, byte);
    else if (o.method === Method.Z) add(i.opReg, byte);
    else if ((o.method === Method.E || o.method === Method.R) && !i.isMem) add(i.rm, byte);
    else if (o.method === Method.REG) add(o.reg, false);
  }
  if (i.isMem) {
    add(i.base, false);
    add(i.index, false);
  }
  return mask;
}

function branchOf(row: Row, i: Insn): Branch | undefined {
  if (row.operands.some((o) => o.method === Method.J)) return { kind: 'relative', taken: i.length + BRANCH_DISP };
  if (row.mnemonic === 'RET') return { kind: 'return', taken: 0 };
  if (row.mnemonic === 'JMP' || row.mnemonic === 'CALL') return { kind: 'indirect', taken: 0 };
  return undefined;
}

const TAGS: readonly (readonly [Tag, RegExp])[] = [
  ['stack', /^(PUSH|POP|PUSHA|POPA|PUSHF|POPF|ENTER|LEAVE|CALL|RET)$/],
  ['implicit-memory', /^(XLATB|MASKMOVQ|MASKMOVDQU)$/],
  ['flags-image', /^POPF$/],
  ['control-image', /^(FLDCW|FLDENV|FRSTOR|LDMXCSR|FXRSTOR|XRSTOR)$/],
  ['state-image', /^(FXSAVE|FXRSTOR|FNSAVE|FRSTOR|XSAVE|XSAVEC|XRSTOR)$/],
  ['xsave', /^(XSAVE|XSAVEC|XRSTOR)$/],
  ['divide', /^(DIV|IDIV|AAM)$/],
  ['undefined', /^(UD[012]|RSM)$/],
];

function tagsOf(row: Row, e: Encoding): Tag[] {
  const name = row.mnemonic.split('/')[0]!;
  const tags = TAGS.filter(([, pattern]) => pattern.test(name)).map(([tag]) => tag);
  if (row.operands.some((o) => o.method === Method.X || o.method === Method.Y)) tags.push('string');
  if (/^BT[SRC]?$/.test(name) && row.operands[1]!.size === Size.v && typeof e.rm === 'object') tags.push('bit-offset');
  return tags;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');
