/**
 * Random streams of a hundred and more instructions: forms one after the other, each with what it needs in front of it (a pointer in its base
 * register, a count in RCX), forward branches over a few of them, and a comparison where flags were left undefined. Few of them fault.
 */
import { forms, type Form } from './forms.ts';
import { fillFx } from './prepare.ts';
import { Random } from './random.ts';
import { CODE, CODE_BYTES, DATA, DATA_BYTES, FS_BASE, Fx, GS_BASE, SecondPage, type Input, type Output } from './step.ts';

export const STREAM_INSNS = 120;
/** Digests of the end states of streams with the seeds 0, 1, 2 ..., first those of 64-bit mode, then as many of 32-bit mode; recorded by `record.ts`. */
export const STREAMS_PATH = new URL('../corpus/streams.bin', import.meta.url);
const CODE_AT = 0x400, INSIDE = 0x800, WINDOW = DATA + INSIDE;
/** Bytes kept free at both ends of the data window, for string instructions and bit offsets. */
const MARGIN = 0x80;
const RCX = 1, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;

/** Their last place is not promised, and would be in what follows. */
const INEXACT = /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;
/** Load what random memory rarely holds; change what addresses are relative to. */
const FRAGILE = /^(POPF|WRFSBASE|WRGSBASE|RET|XSAVE|XSAVEC|BOUND)\b/;

const pools = new Map<32 | 64, readonly Form[]>();
/** Forms that streams are made of. */
export function pool(mode: 32 | 64): readonly Form[] {
  let found = pools.get(mode);
  if (!found) pools.set(mode, (found = [...forms(mode)].filter(isUsable)));
  return found;
}

function isUsable({ row, tags, branch, segment }: Form): boolean {
  if (segment !== 0 || tags.includes('undefined') || tags.includes('divide') || tags.includes('control-image') || tags.includes('state-image')) return false;
  return branch?.kind !== 'indirect' && !INEXACT.test(row.mnemonic) && !FRAGILE.test(row.mnemonic);
}

/** A piece of the stream: an instruction, with a RIP-relative displacement or a branch to be patched when its place is known. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Where a RIP-relative displacement is, and the address it must reach. */
  readonly dispAt: number;
  readonly target: number;
  /** Pieces that a branch skips, -1 if this is none; its displacement has `dispBytes` at the end. */
  readonly skips: number;
  readonly dispBytes: number;
}

/** Makes a stream and its start state. */
export function prepareStream(input: Input, mode: 32 | 64, seed: number): void {
  prepareStreamOf(input, mode, new Random(seed, mode), pool(mode), STREAM_INSNS);
}

/** Makes a stream of so many instructions of some forms. */
export function prepareStreamOf(input: Input, mode: 32 | 64, r: Random, from: readonly Form[], insns: number): void {
  input.bytes.fill(0);
  input.dataOffset = INSIDE;
  input.second = SecondPage.WRITABLE;
  input.fsBase = BigInt(FS_BASE);
  input.gsBase = BigInt(GS_BASE);
  r.bytes(input.data);
  fillFx(r, input.fx);
  for (let n = 0; n < 16; n++) input.setGpr(n, r.below(3) ? r.bits64() : BigInt(r.below(256)));
  input.setGpr(RSP, BigInt(WINDOW + DATA_BYTES / 2));
  input.rflags = 0x202;
  input.setCode(assemble(new Stream(mode, r, from, insns).pieces), CODE_AT, mode);
}

class Stream {
  readonly pieces: Piece[] = [];
  readonly #mode: 32 | 64;
  readonly #r: Random;
  #bytes = 0;

  constructor(mode: 32 | 64, r: Random, from: readonly Form[], insns: number) {
    this.#mode = mode;
    this.#r = r;
    for (let n = 0; n < insns && this.#bytes < CODE_BYTES - 64; n++) this.#form(r.pick(from));
  }

  #piece(bytes: Uint8Array, more: Partial<Piece> = {}): void {
    this.#bytes += bytes.length;
    this.pieces.push({ bytes, dispAt: -1, target: 0, skips: -1, dispBytes: 0, ...more });
  }

  /** MOV reg, imm32 (sign-extended in 64-bit mode). */
  #set(reg: number, value: number): void {
    const opcode = this.#mode === 64 ? [0x48 | (reg >> 3), 0xc7, 0xc0 | (reg & 7)] : [0xb8 | reg];
    this.#piece(Uint8Array.from([...opcode, ...imm32(value)]));
  }

  #form(form: Form): void {
    const { tags, memory, branch, row } = form, r = this.#r;
    if (branch?.kind === 'relative') return this.#branch(form);
    if (tags.includes('stack')) {
      this.#set(RSP, WINDOW + DATA_BYTES / 2 + 8 * r.below(8));
      if (row.mnemonic.startsWith('ENTER') || row.mnemonic.startsWith('LEAVE')) this.#set(RBP, WINDOW + DATA_BYTES / 2 + 8 * r.below(8));
    }
    if (tags.includes('string')) {
      this.#set(RCX, r.below(9));
      this.#set(RSI, this.#place(8));
      this.#set(RDI, this.#place(8));
    }
    if (tags.includes('implicit-memory')) {
      this.#set(RBX, WINDOW + MARGIN);
      this.#set(RDI, this.#place(16));
    }
    const target = memory ? this.#operand(form) : 0;
    const bytes = form.bytes.slice();
    if (memory?.kind === 'absolute') bytes.set(imm32(target), memory.dispAt);
    this.#piece(bytes, memory?.kind === 'rip' ? { dispAt: memory.dispAt, target } : {});
    if (form.flagsUndefined !== 0) this.#piece(Uint8Array.from([0x39, 0xc0 | (r.below(8) << 3) | r.below(8)])); // CMP defines them all
  }

  /** An address in the window for an operand of `bytes`. */
  #place(bytes: number, align = 1): number {
    const room = DATA_BYTES - 2 * MARGIN - bytes;
    return WINDOW + MARGIN + Math.floor(this.#r.below(Math.max(room, 1)) / align) * align;
  }

  /** Points the form's address registers into the window; returns the operand's address. */
  #operand(form: Form): number {
    const m = form.memory!, operand = this.#place(m.bytes, Math.max(m.align, 16));
    if (form.tags.includes('bit-offset')) {
      for (let n = 0; n < 16; n++) if (form.gprs & (1 << n) && n !== m.base && n !== m.index) this.#set(n, this.#r.below(512) - 256);
    }
    if (m.kind === 'rip' || m.kind === 'absolute') return operand;
    const index = m.index < 0 ? 0 : this.#r.below(9) - 4;
    if (m.index >= 0 && m.index !== RSP) this.#set(m.index, index);
    this.#set(m.base, operand - m.disp - index * 2 ** m.scale);
    return operand;
  }

  #branch(form: Form): void {
    if (form.tags.includes('stack')) this.#set(RSP, WINDOW + DATA_BYTES / 2);
    if (this.#r.below(4) === 0) this.#set(RCX, this.#r.below(3));
    const dispBytes = form.row.operands.some((o) => o.name === 'Jb') ? 1 : form.mode === 32 && form.osz === 16 ? 2 : 4;
    if (dispBytes === 2) return; // would cut EIP to 16 bits
    this.#piece(form.bytes.slice(), { skips: this.#r.below(4), dispBytes });
  }
}

/** Lays the pieces out and patches what depends on their places. */
function assemble(pieces: readonly Piece[]): Uint8Array {
  const starts: number[] = [];
  let length = 0;
  for (const { bytes } of pieces) {
    starts.push(length);
    length += bytes.length;
  }
  const code = new Uint8Array(length), view = new DataView(code.buffer);
  pieces.forEach(({ bytes, dispAt, target, skips, dispBytes }, k) => {
    const at = starts[k]!, end = at + bytes.length;
    code.set(bytes, at);
    if (dispAt >= 0) view.setInt32(at + dispAt, target - (CODE + CODE_AT + end), true);
    if (skips < 0) return;
    const distance = (starts[k + 1 + skips] ?? length) - end;
    if (dispBytes === 1) view.setInt8(end - 1, distance <= 127 ? distance : 0);
    else view.setInt32(end - 4, distance, true);
  });
  return code;
}

const imm32 = (value: number): number[] => [value, value >> 8, value >> 16, value >> 24].map((b) => b & 0xff);

/** A number that stands for all of an end state that is defined, for the corpus of streams. */
export function digest(output: Output, mode: 32 | 64): number {
  let h = 0x811c9dc5 | 0;
  const add = (bytes: Uint8Array): void => { for (const b of bytes) h = Math.imul(h ^ b, 0x01000193); };
  const word = new DataView(new ArrayBuffer(8));
  const addNumber = (v: bigint | number): void => {
    word.setBigUint64(0, BigInt.asUintN(64, BigInt(v)), true);
    add(new Uint8Array(word.buffer));
  };
  addNumber(output.vector);
  addNumber(output.rip);
  addNumber(output.rflags & DEFINED_FLAGS);
  for (let n = 0; n < (mode === 64 ? 16 : 8); n++) addNumber(BigInt.asUintN(mode, output.gpr(n)));
  add(output.fx.subarray(Fx.FCW, Fx.FOP - 1));
  add(output.fx.subarray(Fx.MXCSR, Fx.MXCSR + 4));
  add(output.fx.subarray(Fx.ST, Fx.XMM + (mode === 64 ? 256 : 128)));
  add(output.data);
  return h;
}

const DEFINED_FLAGS = 0xed5;
