/** Start states for forms: random and boundary values, with addresses, stacks and images that let the instruction do its work, or fault. */
import { EFLAGS, Method } from '@emu/x86';
import type { Form } from './forms.ts';
import { hashBytes, Random } from './random.ts';
import { CODE, DATA, DATA_BYTES, FS_BASE, Fx, GS_BASE, SecondPage, type Input } from './step.ts';
import type { Access, Variant } from './variants.ts';

const BOUNDARY = [0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x7fffffffffffffffn,
  0x8000000000000000n, 0xffffffffffffffffn, 0xfffffffffffffffen, 0x0123456789abcdefn] as const;
const value = (r: Random): bigint => {
  const kind = r.below(4);
  return kind === 0 ? r.pick(BOUNDARY) : kind === 1 ? r.pick(BOUNDARY) + BigInt(r.below(5)) - 2n : kind === 2 ? r.bits64() : r.bits64() >> BigInt(r.below(64));
};

const F32 = [0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0x4b7fffff, 0x3f000000];
const F64 = [0n, 1n << 63n, 0x3ff0000000000000n, 0xbff0000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff8000000000000n, 0x7ff0000000000001n, 1n,
  0x000fffffffffffffn, 0x0010000000000000n, 0x7fefffffffffffffn, 0x41e0000000000000n, 0x43e0000000000000n, 0x433fffffffffffffn, 0x3fe0000000000000n, 0x36a0000000000000n];

/** Sixteen bytes that are interesting as integers, singles or doubles. */
function fillVector(r: Random, v: DataView, at: number): void {
  switch (r.below(4)) {
    case 0: for (let i = 0; i < 16; i += 4) v.setInt32(at + i, r.below(3) ? r.pick(F32) ^ (r.below(2) ? 0x80000000 : 0) : r.bits32(), true); break;
    case 1: for (let i = 0; i < 16; i += 8) v.setBigUint64(at + i, r.below(3) ? r.pick(F64) : r.bits64(), true); break;
    case 2: { // ordinary numbers, so that arithmetic is not all special cases
      const f = (r.below(2000001) - 1000000) / r.pick([1, 3, 7, 1024, 1e6]);
      if (r.below(2)) for (let i = 0; i < 16; i += 4) v.setFloat32(at + i, f * (i + 1), true);
      else for (let i = 0; i < 16; i += 8) v.setFloat64(at + i, f * (i + 3), true);
      break;
    }
    default: for (let i = 0; i < 16; i += 8) v.setBigUint64(at + i, BigInt.asUintN(64, value(r)), true);
  }
}

/** MXCSR: exception masks, DAZ and FTZ, reserved bits clear. */
const MXCSR_MASKED = 0x1f80;

/** A random x87 and SSE state; every exception masked unless `unmasked`. */
export function fillFx(r: Random, fx: Uint8Array, unmasked = false): void {
  fx.fill(0);
  const v = new DataView(fx.buffer, fx.byteOffset);
  const masks = unmasked ? r.below(64) : 0x3f;
  v.setUint16(Fx.FCW, 0x40 | masks | (r.pick([0, 2, 3]) << 8) | (r.below(4) << 10), true);
  v.setUint16(Fx.FSW, r.below(8) << 11 | (r.below(2) && masks & 0x20 ? 0x20 : 0), true);
  fx[Fx.FTW] = r.pick([0xff, 0xff, 0, r.below(256)]);
  v.setUint32(Fx.MXCSR, (unmasked ? r.below(64) << 7 : MXCSR_MASKED) | (r.below(4) ? 0 : r.below(4) << 13) | (r.below(4) ? 0 : r.pick([0x8000, 0x40, 0x8040])) | r.pick([0, 0x20, 0x3f]), true);
  for (let i = 0; i < 8; i++) {
    const at = Fx.ST + 16 * i;
    const exponent = r.pick([0x3fff, 0x4000 + r.below(64), 0x3fff - r.below(64), 0, 0x7fff, r.below(0x8000)]) | (r.below(2) << 15);
    v.setBigUint64(at, (exponent & 0x7fff) === 0 ? (r.below(2) ? 0n : r.bits64() >> 1n) : r.bits64() | (1n << 63n), true);
    v.setUint16(at + 8, exponent, true);
  }
  for (let i = 0; i < 16; i++) fillVector(r, v, Fx.XMM + 16 * i);
}

/** CMP EAX, ECX */
const COMPARISON = [0x39, 0xc8] as const;
const CODE_AT = 0x400;
/** The data window that is compared: within the first page, or around the boundary to the second. */
const INSIDE = 0x800, ACROSS = 0xe00, BOUNDARY_AT = 0x1000;
/** The memory operand lies here in the window, the stack and string operands elsewhere in it. */
const OPERAND_AT = 0x180, STACK_AT = 0x300, SI_AT = 0x40, DI_AT = 0xc0;
const STATUS_FLAGS = EFLAGS.CF | EFLAGS.PF | EFLAGS.AF | EFLAGS.ZF | EFLAGS.SF | EFLAGS.OF;
const RSP = 4, RBP = 5, RSI = 6, RDI = 7;

/** Seed of everything random in the vectors. */
export const SEED = 3;

/** Fills `input` to run variant `index` of `form`. The form's bytes, the index and `seed` decide all of it. */
export function prepare(input: Input, form: Form, variant: Variant, index: number, seed = SEED): void {
  const r = new Random(seed, hashBytes(form.bytes, Math.imul(index + 1, 0x9e3779b1) ^ form.mode));
  new Preparation(input, form, variant, r).fill();
}

class Preparation {
  readonly #input: Input;
  readonly #form: Form;
  readonly #variant: Variant;
  readonly #r: Random;
  readonly #code: Uint8Array;
  /** What goes in front: a comparison, so that a fault finds flags that are not worked out yet. */
  readonly #before: readonly number[];
  #window = 0;

  constructor(input: Input, form: Form, variant: Variant, r: Random) {
    this.#input = input;
    this.#form = form;
    this.#variant = variant;
    this.#r = r;
    this.#code = form.bytes.slice();
    this.#before = variant.place === 'inside' || variant.place === 'unmasked' ? [] : COMPARISON;
  }

  fill(): void {
    const input = this.#input, form = this.#form, { place } = this.#variant, r = this.#r;
    const across = place === 'absent' || place === 'read-only' || place === 'present';
    input.bytes.fill(0);
    input.dataOffset = across ? ACROSS : INSIDE;
    input.second = place === 'absent' ? SecondPage.ABSENT : place === 'read-only' ? SecondPage.READ_ONLY : SecondPage.WRITABLE;
    input.fsBase = BigInt(FS_BASE);
    input.gsBase = BigInt(GS_BASE);
    this.#window = DATA + input.dataOffset;
    const view = new DataView(input.data.buffer, input.data.byteOffset);
    for (let at = 0; at < DATA_BYTES; at += 16) fillVector(r, view, at);
    for (let n = 0; n < 16; n++) input.setGpr(n, value(r));
    fillFx(r, input.fx, place === 'unmasked');
    input.rflags = 0x202 | (r.below(0x1000) & STATUS_FLAGS) | (form.tags.includes('string') && r.below(2) ? EFLAGS.DF : 0)
      | (place === 'misaligned' ? EFLAGS.AC : 0);
    input.setGpr(RSP, this.#address('stack', STACK_AT, form.osz >> 3));
    this.#pointers();
    this.#images(view);
    input.setCode(Uint8Array.from([...this.#before, ...this.#code]), CODE_AT, form.mode);
  }

  /** Address behind the instruction. */
  get #end(): number {
    return CODE + CODE_AT + this.#before.length + this.#code.length;
  }

  /** Registers that lead to memory. */
  #pointers(): void {
    const input = this.#input, form = this.#form, r = this.#r, { memory, tags } = form, has = (tag: typeof tags[number]) => tags.includes(tag);
    if (memory) this.#operand();
    if (form.row.mnemonic.startsWith('LEAVE') || form.row.mnemonic.startsWith('ENTER')) input.setGpr(RBP, this.#address('stack', STACK_AT + 0x20, form.osz >> 3));
    const base = this.#segmentBase();
    if (has('string')) {
      const bytes = elementBytes(form);
      input.setGpr(1, BigInt(r.below(9)));
      input.setGpr(RSI, this.#address('source', SI_AT, bytes) - base);
      input.setGpr(RDI, this.#address('destination', r.below(2) ? DI_AT : SI_AT + r.below(9), bytes));
    }
    if (has('implicit-memory')) {
      const xlat = form.row.mnemonic === 'XLATB', at = this.#address('destination', DI_AT, xlat ? 1 : form.row.mnemonic === 'MASKMOVQ' ? 8 : 16) - base;
      input.setGpr(3, xlat ? at - (input.gpr(0) & 0xffn) : at);
      if (!xlat) input.setGpr(RDI, at);
    }
    if (has('bit-offset')) this.#bitOffset();
  }

  /** The bit index register: anywhere near the operand; within it where the operand's place matters. */
  #bitOffset(): void {
    const { gprs, memory } = this.#form, inside = this.#variant.place === 'inside';
    for (let n = 0; n < 16; n++) {
      if (gprs & (1 << n) && n !== memory?.base && n !== memory?.index) this.#input.setGpr(n, BigInt(inside ? this.#r.below(2000) - 1000 : this.#r.below(16)));
    }
  }

  /** Bases that a segment override adds. */
  #segmentBase(): bigint {
    if (this.#form.mode === 32) return 0n;
    return this.#form.segment === 0x65 ? BigInt(GS_BASE) : this.#form.segment === 0x64 ? BigInt(FS_BASE) : 0n;
  }

  /** Linear address for `access` of `bytes`: `at` in the window, or where the variant wants that access. */
  #address(access: Access, at: number, bytes: number, align = 1): bigint {
    const { place, access: wanted } = this.#variant, r = this.#r, inside = BigInt(this.#window + at);
    if (wanted !== access || place === 'inside' || place === 'unmasked') return inside;
    if (place === 'not-canonical') return r.pick(NOT_CANONICAL) + BigInt(r.below(4) * 16);
    if (place === 'misaligned') return inside + BigInt(1 + r.below(Math.max(bytes - 1, 1)));
    const boundary = BigInt(DATA + BOUNDARY_AT);
    if (access === 'stack') return boundary + BigInt(r.below(2 * bytes + 1) - bytes);
    if (align > 1) return boundary - BigInt(align * r.below(Math.ceil(bytes / align)));
    return boundary - BigInt(r.below(bytes));
  }

  #operand(): void {
    const input = this.#input, form = this.#form, m = form.memory!, r = this.#r, view = new DataView(this.#code.buffer);
    const wide = Math.max(m.align, 16), at = Math.ceil((this.#window + OPERAND_AT) / wide) * wide - this.#window;
    const operand = this.#address('operand', at, Math.max(m.bytes, 1), m.align) - this.#segmentBase();
    if (m.kind === 'rip') return view.setInt32(m.dispAt, Number(operand) - this.#end, true);
    if (m.kind === 'absolute') {
      view.setUint32(m.dispAt, Number(operand), true);
      if (m.asz === 64) view.setUint32(m.dispAt + 4, 0, true);
      return;
    }
    let base = operand - BigInt(m.disp);
    if (m.index >= 0 && m.index === m.base) {
      // one register twice: base + base * 2^scale must hit; leave odd remainders to the alignment of the window
      return input.setGpr(m.base, base / BigInt(1 + 2 ** m.scale));
    }
    if (m.index >= 0) {
      const index = m.base < 0 ? base >> BigInt(m.scale) : BigInt(r.below(17) - 8);
      input.setGpr(m.index, index);
      base -= index << BigInt(m.scale);
    }
    if (m.base >= 0) input.setGpr(m.base, base);
  }

  /** What instructions load as flags, control words, state images. */
  #images(view: DataView): void {
    const input = this.#input, { tags, row } = this.#form, r = this.#r;
    const stack = Number(BigInt.asIntN(53, input.gpr(RSP))) - this.#window;
    if (tags.includes('flags-image') && stack >= 0 && stack + 8 <= DATA_BYTES) {
      view.setBigUint64(stack, BigInt((r.below(0x1000) & STATUS_FLAGS) | 2), true);
    }
    const operand = this.#operandOffset();
    if (tags.includes('control-image') && operand >= 0) view.setUint32(operand, (r.below(8) << 13 & 0x6000) | 0x1fbf & ~(r.below(2) ? 0x3f : 0), true);
    if (tags.includes('xsave')) {
      input.setGpr(0, 3n);
      input.setGpr(2, 0n);
      // what is in its initial state may or may not be marked as in use: leave nothing so
      new DataView(input.fx.buffer, input.fx.byteOffset).setUint16(Fx.FCW, 0xf7f, true);
    }
    if (!tags.includes('state-image') || operand < 0) return;
    fillFx(r, input.data.subarray(operand, operand + 512));
    if (row.mnemonic.startsWith('XRSTOR')) { // XSTATE_BV, now and then compacted or with a reserved bit
      for (let at = 512; at < 576 && operand + at + 8 <= DATA_BYTES; at += 8) view.setBigUint64(operand + at, 0n, true);
      if (operand + 528 <= DATA_BYTES) {
        view.setBigUint64(operand + 512, BigInt(r.pick([3, 3, 1, 2, 0, 0x400])), true);
        view.setBigUint64(operand + 520, r.below(4) ? 0n : (1n << 63n) | 3n, true);
      }
    }
  }

  /** Where the memory operand is in the window, or -1. */
  #operandOffset(): number {
    const m = this.#form.memory, input = this.#input;
    if (!m || this.#variant.place === 'not-canonical') return -1;
    const view = new DataView(this.#code.buffer);
    const linear = m.kind === 'rip' ? view.getInt32(m.dispAt, true) + this.#end
      : m.kind === 'absolute' ? view.getUint32(m.dispAt, true)
        : Number(input.gpr(m.base)) + m.disp + (m.index >= 0 ? Number(BigInt.asIntN(64, input.gpr(m.index))) * 2 ** m.scale : 0);
    const offset = linear + Number(this.#segmentBase()) - this.#window;
    return offset >= 0 && offset + 512 <= DATA_BYTES ? offset : -1;
  }
}

const NOT_CANONICAL = [0x0000_8000_0000_0000n, 0xffff_7fff_ffff_ff00n, 0x8000_0000_0000_0000n, 0x1234_5678_9abc_def0n, 0x7fff_ffff_ffff_ff00n] as const;

/** Bytes of a string instruction's element. */
const elementBytes = (form: Form): number =>
  form.row.operands.some((o) => (o.method === Method.X || o.method === Method.Y) && o.name.endsWith('b')) ? 1 : form.osz >> 3;
