/**
 * Machine code as text in Intel's syntax, for `-d in_asm` and monitors: mnemonics and operands come from the decode tables of `@emu/x86`,
 * so nothing can be translated that cannot be named. For people, slowly.
 */
import { decode, Decoded, Insn, Method, NONE, operandBits, Seg, type Mode, type Operand } from '@emu/x86';

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const LEGACY = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const LOW_BYTES = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const REX_BYTES = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const POINTERS: Readonly<Record<number, string>> = { 8: 'byte', 16: 'word', 32: 'dword', 48: 'fword', 64: 'qword', 80: 'tbyte', 128: 'xmmword' };
const STRING_OP = /^(MOVS|CMPS|STOS|LODS|SCAS|INS|OUTS)[BWDQ]?\b/;
const MASK = (1n << 64n) - 1n;

export interface Disassembled {
  /** Bytes that the instruction takes, at least 1. */
  length: number;
  text: string;
}

/** Names the instruction at `bytes[at]`, which runs at `pc`. What does not decode is `(bad)`. */
export function disassemble(bytes: Uint8Array, at: number, pc: bigint, mode: Mode): Disassembled {
  const i = new Insn();
  const outcome = decode(i, bytes, at, bytes.length, mode);
  if (outcome !== Decoded.OK) return { length: Math.max(1, Math.min(i.length, bytes.length - at)), text: '(bad)' };
  const operands = i.row.operands.map((o) => operandText(o, i, pc));
  return { length: i.length, text: `${prefixes(i)}${mnemonic(i)}${operands.length > 0 ? ` ${operands.join(', ')}` : ''}` };
}

/** Where the manual gives three names, operand size (for JCXZ address size) chooses. */
function mnemonic(i: Insn): string {
  const names = i.row.mnemonic.split('/');
  const size = i.row.opts.namedBy === 'asz' ? i.asz : i.osz;
  return (names[names.length === 3 ? [16, 32, 64].indexOf(size) : 0] ?? names[0]!).toLowerCase();
}

function prefixes(i: Insn): string {
  const lock = i.lock ? 'lock ' : '';
  if (i.row.opts.prefix !== undefined || !STRING_OP.test(i.row.mnemonic)) return lock;
  return `${lock}${i.rep ? 'rep ' : i.repne ? 'repne ' : ''}`;
}

function operandText(o: Operand, i: Insn, pc: bigint): string {
  const bits = operandBits(o, i);
  switch (o.method) {
    case Method.A: return `0x${(i.imm2 >>> 0).toString(16)}:${hex(value(i.imm, i.immHi) & 0xffff_ffffn)}`;
    case Method.C: return `cr${i.reg}`;
    case Method.D: return `dr${i.reg}`;
    case Method.E: return i.isMem ? memory(i, bits, pc) : register(i.rm, bits, i);
    case Method.M: return memory(i, bits, pc);
    case Method.G: return register(i.reg, bits, i);
    case Method.R: return register(i.rm, bits, i);
    case Method.Z: return register(i.opReg, bits, i);
    case Method.REG: return register(o.reg, bits, i);
    case Method.I: return immediate(i, bits);
    case Method.J: return hex((pc + BigInt(i.length) + signed(i.imm, i.immHi)) & (i.mode === 64 ? MASK : 0xffff_ffffn));
    case Method.N: return `mm${i.rm & 7}`;
    case Method.P: return `mm${i.reg & 7}`;
    case Method.Q: return i.isMem ? memory(i, bits, pc) : `mm${i.rm & 7}`;
    case Method.U: return `xmm${i.rm}`;
    case Method.V: return `xmm${i.reg}`;
    case Method.W: return i.isMem ? memory(i, bits, pc) : `xmm${i.rm}`;
    case Method.S: return SEGMENTS[i.reg & 7] ?? '?';
    case Method.SEG: return SEGMENTS[o.reg]!;
    case Method.O: return `${size(bits)}${segment(i.seg === Seg.DS ? NONE : i.seg)}[${hex(value(i.disp, i.dispHi))}]`;
    case Method.X: return `${size(bits)}${segment(i.segOverride)}[${address(6, i.asz)}]`;
    case Method.Y: return `${size(bits)}es:[${address(7, i.asz)}]`;
    case Method.CONST: return String(o.reg);
    case Method.ST0: return 'st(0)';
    case Method.STI: return `st(${i.rm & 7})`;
    case Method.XMM0: return 'xmm0';
    default: return o.name;
  }
}

function register(n: number, bits: number, i: Insn): string {
  if (bits === 8) return n >= 8 ? `r${n}b` : (i.rex ? REX_BYTES : LOW_BYTES)[n]!;
  if (n >= 8) return `r${n}${bits === 64 ? '' : bits === 32 ? 'd' : 'w'}`;
  return `${bits === 64 ? 'r' : bits === 32 ? 'e' : ''}${LEGACY[n]!}`;
}

const address = (n: number, asz: number): string => (n >= 8 ? `r${n}${asz === 64 ? '' : 'd'}` : `${asz === 64 ? 'r' : asz === 32 ? 'e' : ''}${LEGACY[n]!}`);

function memory(i: Insn, bits: number, pc: bigint): string {
  const head = `${size(bits)}${segment(i.segOverride)}`;
  if (i.ripRelative) return `${head}[${hex((pc + BigInt(i.length) + signed(i.disp, i.dispHi)) & MASK)}]`;
  const parts: string[] = [];
  if (i.base !== NONE) parts.push(address(i.base, i.asz));
  if (i.index !== NONE) parts.push(`${address(i.index, i.asz)}${i.scale > 0 ? `*${1 << i.scale}` : ''}`);
  const disp = signed(i.disp, i.dispHi);
  if (parts.length === 0) return `${head}[${hex(BigInt.asUintN(i.asz, disp))}]`;
  const offset = disp === 0n ? '' : disp < 0n ? `-${hex(-disp)}` : `+${hex(disp)}`;
  return `${head}[${parts.join('+')}${offset}]`;
}

const size = (bits: number): string => (POINTERS[bits] ? `${POINTERS[bits]} ptr ` : '');
const segment = (n: number): string => (n === NONE ? '' : `${SEGMENTS[n]}:`);
const hex = (n: bigint): string => `0x${n.toString(16)}`;
const value = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
const signed = (lo: number, hi: number): bigint => BigInt.asIntN(64, value(lo, hi));

/** As wide as the operand that it goes with. */
function immediate(i: Insn, bits: number): string {
  const first = i.row.operands[0]!;
  const width = first.method === Method.I ? Math.max(bits, 8) : Math.max(8, operandBits(first, i) || bits);
  return hex(BigInt.asUintN(Math.min(width, 64), value(i.imm, i.immHi)));
}
