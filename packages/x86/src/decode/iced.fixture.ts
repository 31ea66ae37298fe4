/**
 * Compares our decoder with iced-x86, an independent disassembler: verdict, length, mnemonic, registers, memory operand and its size,
 * immediates. What the two may differ in is listed here, each with its reason; anything else is a difference.
 */
import { CpuidFeature, Decoder, DecoderOptions, EncodingKind, Instruction, MemorySize, MemorySizeExt, Mnemonic, OpKind, Register } from 'iced-x86';
import { decode, Decoded } from './decode.ts';
import { Insn, NONE, type Mode } from './insn.ts';
import { Method, operandBits, Size, type Operand } from './operands.ts';
import type { Row } from './row.ts';

/** CPUID features of iced whose instructions our processor does not have: #UD. The keys say why. */
const ABSENT: Record<string, readonly string[]> = {
  'AMD only: 3DNow!, SSE4A, XOP, SVM and the like': [
    'D3NOW', 'D3NOWEXT', 'SSE4A', 'SVM', 'SKINIT_or_SVM', 'SKINIT', 'SEV_ES', 'SEV_SNP', 'MONITORX', 'CLZERO', 'RDPRU',
    'MCOMMIT', 'INVLPGB', 'RMPQUERY', 'OSS',
  ],
  'VIA PadLock': ['PADLOCK_ACE', 'PADLOCK_PHE', 'PADLOCK_PMM', 'PADLOCK_RNG', 'PADLOCK_GMI', 'PADLOCK_UNDOC'],
  'no virtualisation, SMX, SGX or TDX': ['VMX', 'INVEPT', 'INVVPID', 'SMX', 'SGX1', 'TDX', 'PCONFIG'],
  'no transactional memory': ['RTM', 'HLE_or_RTM', 'HLE', 'TSXLDTRK'],
  'no shadow stacks (those in the hint space 0F 1E are NOPs, see NOPS)': ['CET_SS'],
  'extensions newer than what we model': [
    'GFNI', 'AESKLE', 'KL', 'WIDE_KL', 'MOVDIRI', 'MOVDIR64B', 'ENQCMD', 'UINTR', 'HRESET', 'PTWRITE', 'WAITPKG', 'SERIALIZE', 'PKU', 'FRED', 'LKGS',
    'RAO_INT', 'MSRLIST', 'WRMSRNS', 'TSE', 'UDBG',
  ],
};

const ABSENT_FEATURES = new Set(Object.values(ABSENT).flat());

/** iced mnemonics that are a NOP to us: hints of extensions that we do not have, in opcode space reserved for hints. */
const NOPS = new Set([
  'RESERVEDNOP', 'CLDEMOTE', 'PREFETCHIT0', 'PREFETCHIT1', 'PREFETCHWT1', 'RDSSPD', 'RDSSPQ',
  // 0F 0D with memory: /1 is PREFETCHW; the others, which AMD reserves for its own prefetches, are NOPs on Intel.
  'PREFETCH', 'PREFETCHW',
]);

/** Mnemonics that differ for another reason: ours -> iced's. */
const OTHER_NAMES: Record<string, string> = {
  // F3 is ignored by processors without WBNOINVD.
  WBINVD: 'WBNOINVD',
};

const BLANK: readonly Operand[] = [];

/** One comparison after another, with everything preallocated. `rows` collects the rows that were met. */
export class IcedComparison {
  readonly rows = new Set<Row>();
  compared = 0;
  invalid = 0;
  private readonly ours = new Insn();
  private readonly theirs = new Instruction();

  /** Decodes `bytes` (at least 15) with both. Returns what differs, or undefined. */
  compare(bytes: Uint8Array, mode: Mode): string | undefined {
    this.compared++;
    const { ours, theirs } = this;
    const outcome = decode(ours, bytes, 0, 15, mode);
    const decoder = new Decoder(mode, bytes.subarray(0, 15), DecoderOptions.None);
    decoder.decodeOut(theirs);
    decoder.free();
    if (outcome !== Decoded.OK) this.invalid++;
    else this.rows.add(ours.row);
    const why = this.difference(outcome);
    return why === undefined ? undefined : `${mode}-bit ${hex(bytes.subarray(0, 15))}: ${why}`;
  }

  private difference(outcome: Decoded): string | undefined {
    const { ours, theirs } = this;
    if (theirs.isInvalid) return outcome === Decoded.OK ? `iced: invalid, ours: ${ours.row}` : undefined;
    const name = Mnemonic[theirs.mnemonic]!.toUpperCase();
    if (outcome !== Decoded.OK) return this.isAbsent() ? undefined : `iced: ${name}, ours: ${outcome === Decoded.UD ? '#UD' : '#GP(0)'}`;
    if (theirs.length !== ours.length) return `${name}: iced has ${theirs.length} bytes, ours ${ours.length}`;
    const mine = ours.row.mnemonicFor(ours.row.opts.namedBy === 'asz' ? ours.asz : ours.osz);
    if (mine === 'NOP' && NOPS.has(name)) return undefined;
    if (mine !== name && OTHER_NAMES[mine] !== name) return `iced: ${name}, ours: ${mine}`;
    if (theirs.hasLockPrefix !== (ours.lock !== 0)) return `${name}: LOCK differs`;
    return this.memoryDifference(name) ?? this.operandDifference(name);
  }

  /** VEX, EVEX and XOP encodings come with AVX in a later version. */
  private isAbsent(): boolean {
    if (this.theirs.encoding !== EncodingKind.Legacy) return true;
    return Array.from(this.theirs.cpuidFeatures()).some((f) => ABSENT_FEATURES.has(CpuidFeature[f]!));
  }

  private memoryDifference(name: string): string | undefined {
    const { ours, theirs } = this;
    const isMoffs = ours.row.operands.some((o) => o.method === Method.O);
    const at = opKinds(theirs).indexOf(OpKind.Memory);
    if (at < 0) return ours.isMem || isMoffs ? `${name}: iced has no memory operand` : undefined;
    if (!ours.isMem && !isMoffs) return name === 'XLATB' ? undefined : `${name}: ours has no memory operand`;
    // In 64-bit mode iced shows ES, CS, SS and DS overrides though they do nothing.
    const seg = Register.ES + ours.seg;
    if (theirs.memorySegment !== seg && (ours.mode !== 64 || Math.max(theirs.memorySegment, seg) >= Register.FS)) {
      return `${name}: iced's segment is ${Register[theirs.memorySegment]}, ours ${Register[seg]}`;
    }
    const expected = [addressRegister(ours.base, ours), addressRegister(ours.index, ours), 1 << ours.scale, this.displacement()].map(String);
    const base = theirs.isIpRelMemoryOperand ? Register.None : theirs.memoryBase;
    const scale = theirs.memoryIndex === Register.None ? 1 : theirs.memoryIndexScale;
    const actual = [Register[base], Register[theirs.memoryIndex], scale, BigInt.asUintN(64, theirs.memoryDisplacement)].map(String);
    if (expected.join() !== actual.join()) return `${name}: iced's address is ${actual.join()}, ours ${expected.join()}`;
    return this.memorySizeDifference(name);
  }

  /** iced's displacement: sign-extended to the address size; the target address (with RIP = 0 at the start) if RIP-relative. */
  private displacement(): bigint {
    const { ours } = this;
    const disp = (BigInt(ours.dispHi) << 32n) | BigInt(ours.disp >>> 0);
    if (ours.ripRelative) return BigInt.asUintN(ours.asz, disp + BigInt(ours.length));
    return BigInt.asUintN(ours.asz, disp);
  }

  private memorySizeDifference(name: string): string | undefined {
    const { ours, theirs } = this;
    const operand = ours.row.operands.find((o) => o.method === Method.O) ?? ours.row.rmOperand!;
    const bits = MemorySizeExt.size(theirs.memorySize) * 8;
    const mine = operandBits(operand, ours);
    if (bits === mine || operand.memSize === Size.none || SIZE_FREE.has(name)) return undefined;
    return `${name}: iced's memory operand ${MemorySize[theirs.memorySize]} has ${bits} bits, ours ${operand.name} ${mine}`;
  }

  private operandDifference(name: string): string | undefined {
    const { ours, theirs } = this;
    const operands = theirs.opCount === ours.row.operands.length ? ours.row.operands : BLANK;
    for (let k = 0; k < operands.length; k++) {
      const why = this.oneOperandDifference(operands[k]!, k);
      if (why !== undefined) return `${name}: operand ${k} ${why}`;
    }
    return undefined;
  }

  private oneOperandDifference(o: Operand, k: number): string | undefined {
    const { ours, theirs } = this;
    const kind = theirs.opKind(k);
    if (kind === OpKind.Register) {
      const register = registerOf(o, ours);
      const theirRegister = theirs.opRegister(k);
      // Where only the low bits count or the result is zero-extended (Gd, Ew, ...) iced names a register of the operand size.
      const widened = (o.size === Size.d || o.size === Size.w) && (theirRegister === register + 16 || theirRegister === register + 32);
      return register === theirRegister || widened ? undefined : `is ${Register[theirRegister]} for iced, ${Register[register]} for us`;
    }
    if (o.method === Method.I) {
      const second = k > 0 && ours.row.operands[k - 1]!.method === Method.I;
      const mine = second ? BigInt(ours.imm2) : (BigInt(ours.immHi) << 32n) | BigInt(ours.imm >>> 0);
      const bits = immediateBits(kind);
      const actual = BigInt.asUintN(bits, theirs.immediate(k));
      return actual === BigInt.asUintN(bits, mine) ? undefined : `is ${actual} for iced, ${mine} for us`;
    }
    if (o.method === Method.J) {
      const target = BigInt.asUintN(ours.osz, BigInt(ours.imm) + BigInt(ours.length));
      return theirs.nearBranchTarget === target ? undefined : `goes to ${theirs.nearBranchTarget} for iced, ${target} for us`;
    }
    return undefined;
  }
}

/** Memory operands whose size iced does not tell, or tells differently for a reason. */
const SIZE_FREE = new Set([
  // Sizes vary with the state saved, or nothing is accessed.
  'UD0', 'UD1', 'NOP', 'CLFLUSH', 'CLFLUSHOPT', 'CLWB',
]);

const opKinds = (i: Instruction): number[] => Array.from({ length: i.opCount }, (_, k) => i.opKind(k));

const GPR_BY_BITS: Record<number, number> = { 16: Register.AX, 32: Register.EAX, 64: Register.RAX };

function generalRegister(n: number, bits: number, i: Insn): number {
  if (bits !== 8) return GPR_BY_BITS[bits]! + n;
  if (n >= 8) return Register.R8L + n - 8;
  return n >= 4 && i.rex !== 0 ? Register.SPL + n - 4 : Register.AL + n;
}

const addressRegister = (n: number, i: Insn): string => Register[n === NONE ? Register.None : GPR_BY_BITS[i.asz]! + n]!;

/** iced's number of the register that `o` is in `i`. */
function registerOf(o: Operand, i: Insn): number {
  switch (o.method) {
    case Method.C: return Register.CR0 + i.reg;
    case Method.D: return Register.DR0 + i.reg;
    case Method.E: case Method.R: return generalRegister(i.rm, operandBits(o, i), i);
    case Method.G: return generalRegister(i.reg, operandBits(o, i), i);
    case Method.N: case Method.Q: return Register.MM0 + (i.rm & 7);
    case Method.P: return Register.MM0 + (i.reg & 7);
    case Method.S: return Register.ES + (i.reg & 7);
    case Method.U: case Method.W: return Register.XMM0 + i.rm;
    case Method.V: return Register.XMM0 + i.reg;
    case Method.Z: return generalRegister(i.opReg, operandBits(o, i), i);
    case Method.REG: return generalRegister(o.reg, operandBits(o, i), i);
    case Method.SEG: return Register.ES + o.reg;
    case Method.ST0: return Register.ST0;
    case Method.STI: return Register.ST0 + (i.rm & 7);
    case Method.XMM0: return Register.XMM0;
    default: return Register.None;
  }
}

function immediateBits(kind: number): number {
  switch (kind) {
    case OpKind.Immediate8: case OpKind.Immediate8_2nd: return 8;
    case OpKind.Immediate16: case OpKind.Immediate8to16: return 16;
    case OpKind.Immediate32: case OpKind.Immediate8to32: return 32;
    default: return 64;
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');

/** A small generator of u32 (mulberry32): the same bytes in every run for a seed. */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed | 0;
  }
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
}

const PREFIXES = [0x66, 0xf2, 0xf3, 0xf0, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x40, 0x41, 0x44, 0x48, 0x4f];

/** Fills `bytes` with an instruction-like string: some prefixes, an escape in five of eight cases, random bytes. */
export function randomInstruction(random: Random, bytes: Uint8Array): void {
  let at = 0;
  while (random.next() % 3 === 0 && at < 12) bytes[at++] = PREFIXES[random.next() % PREFIXES.length]!;
  const map = random.next() & 7;
  if (map >= 3) bytes[at++] = 0x0f;
  if (map >= 6) bytes[at++] = map === 6 ? 0x38 : 0x3a;
  while (at < bytes.length) bytes[at++] = random.next() & 0xff;
}

/** The prefixes that select rows, with LOCK, REX.W and a full REX. */
const SELECTING: readonly (readonly number[])[] = [
  [], [0x66], [0xf3], [0xf2], [0x66, 0xf2], [0x66, 0xf3], [0xf0], [0x48], [0x66, 0x48], [0xf3, 0x48], [0xf2, 0x48], [0x4f],
];
const ESCAPES: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

/**
 * Calls `visit` for every map x opcode x selecting prefix x ModR/M reg x (memory, each register), with random SIB, displacement and
 * immediate: every row is met. The bytes are valid during the call only.
 */
export function forEachCell(random: Random, visit: (bytes: Uint8Array) => void): void {
  const bytes = new Uint8Array(32);
  for (const prefix of SELECTING) {
    for (const escape of ESCAPES) {
      const at = prefix.length + escape.length;
      for (let opcode = 0; opcode < 256; opcode++) {
        for (let slot = 0; slot < 72; slot++) {
          for (let k = at; k < bytes.length; k++) bytes[k] = random.next() & 0xff;
          bytes.set(prefix);
          bytes.set(escape, prefix.length);
          bytes[at] = opcode;
          bytes[at + 1] = slot >= 8 ? 0xc0 + slot - 8 : ((random.next() % 3) << 6) | (slot << 3) | (random.next() & 7);
          visit(bytes);
        }
      }
    }
  }
}
