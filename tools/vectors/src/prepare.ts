/** Start states for forms: random and boundary values, with addresses, stacks and images that let the instruction do its work. */
import type { Form } from './forms.ts';
import { DATA, DATA_BYTES, Fx, Input } from './step.ts';

/** Deterministic random numbers: xorshift128+, seeded. */
export class Random {
  #a: bigint;
  #b: bigint;
  constructor(seed: number) {
    this.#a = BigInt(seed) * 0x9e3779b97f4a7c15n | 1n;
    this.#b = 0xbf58476d1ce4e5b9n ^ (BigInt(seed) << 32n);
    for (let i = 0; i < 8; i++) this.bits64();
  }
  bits64(): bigint {
    let x = this.#a;
    const y = this.#b;
    this.#a = y;
    x = BigInt.asUintN(64, x ^ (x << 23n));
    this.#b = x ^ y ^ (x >> 17n) ^ (y >> 26n);
    return BigInt.asUintN(64, this.#b + y);
  }
  below(n: number): number { return Number(this.bits64() % BigInt(n)); }
  bytes(into: Uint8Array): void {
    for (let i = 0; i < into.length; i += 8) {
      let v = this.bits64();
      for (let k = i; k < Math.min(i + 8, into.length); k++, v >>= 8n) into[k] = Number(v & 255n);
    }
  }
  pick<T>(from: readonly T[]): T { return from[this.below(from.length)]!; }
}

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
    case 0: for (let i = 0; i < 16; i += 4) v.setUint32(at + i, r.below(3) ? r.pick(F32) ^ (r.below(2) ? 0x80000000 : 0) : Number(r.bits64() & 0xffffffffn), true); break;
    case 1: for (let i = 0; i < 16; i += 8) v.setBigUint64(at + i, r.below(3) ? r.pick(F64) : r.bits64(), true); break;
    case 2: { // ordinary numbers, so that arithmetic is not all special cases
      const f = (r.below(2000001) - 1000000) / r.pick([1, 3, 7, 1024, 1e6]);
      if (r.below(2)) for (let i = 0; i < 16; i += 4) v.setFloat32(at + i, f * (i + 1), true);
      else for (let i = 0; i < 16; i += 8) v.setFloat64(at + i, f * (i + 3), true);
      break;
    }
    default: for (let i = 0; i < 16; i += 8) v.setBigUint64(at + i, value(r), true);
  }
}

/** A random x87 and SSE state; every exception masked unless `unmasked`. */
export function fillFx(r: Random, fx: Uint8Array, unmasked = false): void {
  fx.fill(0);
  const v = new DataView(fx.buffer, fx.byteOffset);
  v.setUint16(Fx.FCW, 0x7f | (r.pick([0, 2, 3]) << 8) | (r.below(4) << 10), true);
  v.setUint16(Fx.FSW, r.below(8) << 11 | (r.below(2) ? 0x20 : 0), true);
  fx[Fx.FTW] = r.pick([0xff, 0xff, 0, r.below(256)]);
  v.setUint32(Fx.MXCSR, (unmasked ? r.below(64) << 7 : 0x1f80) | (r.below(4) ? 0 : r.below(4) << 13) | (r.below(4) ? 0 : r.pick([0x8000, 0x40, 0x8040])) | r.pick([0, 0x20, 0x3f]), true);
  for (let i = 0; i < 8; i++) {
    const at = Fx.ST + 16 * i;
    const exponent = r.pick([0x3fff, 0x4000 + r.below(64), 0x3fff - r.below(64), 0, 0x7fff, r.below(0x8000)]) | (r.below(2) << 15);
    v.setBigUint64(at, (exponent & 0x7fff) === 0 ? (r.below(2) ? 0n : r.bits64() >> 1n) : r.bits64() | (1n << 63n), true);
    v.setUint16(at + 8, exponent, true);
  }
  for (let i = 0; i < 16; i++) fillVector(r, v, Fx.XMM + 16 * i);
}

const CODE_AT = 0x400;
/** The memory operand lies here in the data window, the stack and string operands elsewhere in it. */
const OPERAND_AT = 0x180, STACK_AT = 0x300, SI_AT = 0x40, DI_AT = 0xc0;
const CF_TO_OF = 0x8d5;

/** Fills `input` to run `form`, and returns the bytes (patched where the form asks for it). */
export function prepare(input: Input, form: Form, r: Random): void {
  const { memory } = form, tags = new Set(form.tags), code = form.bytes.slice();
  input.bytes.fill(0);
  input.dataOffset = 0x800;
  const window = DATA + input.dataOffset;
  const view = new DataView(input.data.buffer, input.data.byteOffset);
  for (let at = 0; at < DATA_BYTES; at += 16) fillVector(r, view, at);
  for (let n = 0; n < 16; n++) input.setGpr(n, value(r));
  fillFx(r, input.fx);
  input.rflags = 0x202 | (r.below(0x1000) & CF_TO_OF) | (tags.has('string') && r.below(2) ? 0x400 : 0);
  input.setGpr(4, BigInt(window + STACK_AT));

  const align = Math.max(memory?.align ?? 1, 16);
  const operand = window + Math.ceil(OPERAND_AT / align) * align;
  if (memory) address(input, form, code, operand, r);
  if (tags.has('stack')) input.setGpr(5, BigInt(window + STACK_AT + 0x20));
  if (tags.has('string')) {
    input.setGpr(1, BigInt(r.below(9)));
    input.setGpr(6, BigInt(window + SI_AT));
    input.setGpr(7, BigInt(window + (r.below(2) ? DI_AT : SI_AT + r.below(9))));
  }
  if (tags.has('implicit-memory')) {
    input.setGpr(3, BigInt(window));
    input.setGpr(7, BigInt(window + DI_AT));
  }
  if (tags.has('bit-offset')) for (let n = 0; n < 16; n++) if (form.gprs & (1 << n) && n !== memory?.base && n !== memory?.index) input.setGpr(n, BigInt(r.below(2000) - 1000));
  if (tags.has('flags-image')) {
    view.setBigUint64(STACK_AT, BigInt((r.below(0x1000) & CF_TO_OF) | 2), true);
    view.setUint32(STACK_AT + 4, 0, true);
  }
  if (tags.has('control-image')) view.setUint32(operand - window, (r.below(8) << 13 & 0x6000) | 0x1fbf & ~(r.below(2) ? 0x3f : 0), true);
  if (tags.has('xsave')) {
    input.setGpr(0, 3n);
    input.setGpr(2, 0n);
  }
  if (tags.has('state-image')) fillFx(r, input.data.subarray(operand - window, operand - window + 512));
  input.setCode(code, CODE_AT, form.mode);
}

function address(input: Input, form: Form, code: Uint8Array, operand: number, r: Random): void {
  const m = form.memory!, view = new DataView(code.buffer);
  if (m.kind === 'rip') return view.setInt32(m.dispAt, operand - (0x1000_0000 + CODE_AT + code.length), true);
  if (m.kind === 'absolute') {
    view.setUint32(m.dispAt, operand, true);
    if (m.asz === 64) view.setUint32(m.dispAt + 4, 0, true);
    return;
  }
  let base = operand - m.disp;
  if (m.index >= 0 && m.index === m.base) {
    // one register twice: base + base * 2^scale must hit; leave odd remainders to the alignment of the window
    const factor = 1 + 2 ** m.scale;
    input.setGpr(m.base, BigInt(Math.floor(base / factor)));
    return;
  }
  if (m.index >= 0) {
    const index = m.base < 0 ? Math.floor(base / 2 ** m.scale) : r.below(17) - 8;
    input.setGpr(m.index, BigInt(index));
    base -= index * 2 ** m.scale;
  }
  if (m.base >= 0) input.setGpr(m.base, BigInt(base));
}
