/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: comparison of strings in two vectors. SDM Vol. 2, section 4.1 (imm8 control byte).
 *
 * `pcmpstr_ub(control, length of A, length of B) -> flags | index << 16`, and `uw`, `sb`, `sw` by the format of the elements (imm8 bits 1:0).
 * The strings are A and B of the block. Lengths count where `control` says `EXPLICIT`. With `WANTS_MASK` the mask is the result of the block.
 * Comparisons are of one element of A with all of B at a time: bit j of a number is about element j of B.
 */
import { I32, I64, type FuncBuilder } from '@emu/wasm';
import { i32, Int32, type Int64 } from '../fpu/expr.ts';
import type { Callable, Fn } from '../fpu/fn.ts';
import { EFLAGS } from '../state.ts';
import { BLOCK, type BlockContext } from './block.ts';

/** Fields of imm8, and what the emitter adds above it. */
export const PcmpstrImm = { WORDS: 1, SIGNED: 2, AGGREGATION: 12, NEGATIVE: 16, MASKED: 32, UPPER: 64, WANTS_MASK: 0x100, EXPLICIT: 0x200 } as const;
const AGGREGATION_SHIFT = 2;

/** Helper names in the order of imm8 bits 1:0. */
export const PCMPSTR_FORMATS = ['pcmpstr_ub', 'pcmpstr_uw', 'pcmpstr_sb', 'pcmpstr_sw'] as const;

/** Elements of one format. */
class Elements {
  readonly ctx: BlockContext;
  readonly words: boolean;
  readonly signed: boolean;
  /** How many a vector has, and a bit for each. */
  readonly count: number;
  readonly all: number;

  constructor(ctx: BlockContext, format: number) {
    this.ctx = ctx;
    this.words = (format & PcmpstrImm.WORDS) !== 0;
    this.signed = (format & PcmpstrImm.SIGNED) !== 0;
    this.count = this.words ? 8 : 16;
    this.all = (1 << this.count) - 1;
  }

  /** Pushes the vector at `offset` of the block. */
  load(f: FuncBuilder, offset: number): void {
    f.i32Const(this.ctx.block);
    f.v128Load(offset);
  }
  splat(f: FuncBuilder): void { if (this.words) f.i16x8Splat(); else f.i8x16Splat(); }
  equal(f: FuncBuilder): void { if (this.words) f.i16x8Eq(); else f.i8x16Eq(); }
  bitmask(f: FuncBuilder): void { if (this.words) f.i16x8Bitmask(); else f.i8x16Bitmask(); }
  /** Whether the elements of the first vector are at least (at most) those of the second. */
  order(f: FuncBuilder, least: boolean): void {
    const name = `${this.words ? 'i16x8' : 'i8x16'}${least ? 'Ge' : 'Le'}${this.signed ? 'S' : 'U'}` as const;
    f[name]();
  }

  /** Bits of what comparing B with element `i` of A gives. */
  private against(i: Int32, compare: (f: FuncBuilder) => void): Int32 {
    return new Int32((f) => {
      this.load(f, BLOCK.B);
      i.shl(this.words ? 1 : 0).add(this.ctx.block).emit(f);
      if (this.words) f.i32Load16U(BLOCK.A);
      else f.i32Load8U(BLOCK.A);
      this.splat(f);
      compare(f);
      this.bitmask(f);
    });
  }
  equalTo(i: Int32): Int32 { return this.against(i, (f) => this.equal(f)); }
  atLeast(i: Int32): Int32 { return this.against(i, (f) => this.order(f, true)); }
  atMost(i: Int32): Int32 { return this.against(i, (f) => this.order(f, false)); }

  /** Bits of the elements that A and B have in common at the same place. */
  equalEach(): Int32 {
    return new Int32((f) => {
      this.load(f, BLOCK.A);
      this.load(f, BLOCK.B);
      this.equal(f);
      this.bitmask(f);
    });
  }

  /** Elements before the first zero. */
  terminated(offset: number): Int32 {
    return new Int32((f) => {
      this.load(f, offset);
      f.v128Const([0, 0, 0, 0]);
      this.equal(f);
      this.bitmask(f);
    }).or(1 << this.count).ctz();
  }
}

/** The magnitude of a length, at most `count`. */
function explicitLength(fn: Fn, length: Int64, count: number): Int32 {
  const magnitude = fn.let(length.ltS(0n).select64(length.xor(-1n).add(1n), length));
  return magnitude.gtU(BigInt(count)).select32(count, magnitude.low());
}

const below = (n: Int32): Int32 => i32(1).shl(n).sub(1);

/** IntRes1: `(length of A, bits of B that are valid) -> bits`, by aggregation. */
function aggregations(e: Elements, fn: Fn, aLength: Int32, valid: Int32, bits: Int32): (() => void)[] {
  const i = fn.var32();
  /** Runs `body` for i = 0, `step`, ... while i + step <= length of A. */
  const each = (step: number, body: () => void): void => fn.while(i.add(step).leU(aLength), () => {
    body();
    fn.set(i, i.add(step));
  });
  return [
    () => { // equal any
      each(1, () => fn.set(bits, bits.or(e.equalTo(i))));
      fn.set(bits, bits.and(valid));
    },
    () => { // ranges
      each(2, () => fn.set(bits, bits.or(e.atLeast(i).and(e.atMost(i.add(1))))));
      fn.set(bits, bits.and(valid));
    },
    () => { // equal each: what lies behind both strings is equal
      const both = below(aLength).and(valid), neither = below(aLength).or(valid).xor(-1);
      fn.set(bits, e.equalEach().and(both).or(neither).and(e.all));
    },
    () => { // equal ordered: what lies behind A, or behind the vector, matches anything
      fn.set(bits, i32(-1));
      each(1, () => fn.set(bits, bits.and(e.equalTo(i).and(valid).or(~e.all).shrS(i))));
      fn.set(bits, bits.and(e.all));
    },
  ];
}

const BYTE_OF_LANE = [0, 0, 0x01010101, 0x01010101] as const;
const BIT_OF_BYTE = [0x08040201, 0x80402010 | 0, 0x08040201, 0x80402010 | 0] as const;
const BIT_OF_WORD = [0x00020001, 0x00080004, 0x00200010, 0x00800040] as const;

/** Stores the mask: the bits, or all ones in each element whose bit is set. */
function storeMask(e: Elements, fn: Fn, bits: Int32, expand: Int32): void {
  const at = i32(e.ctx.block);
  fn.store64(at, BLOCK.RESULT, bits.u64());
  fn.store64(at, BLOCK.RESULT + 8, i32(0).u64());
  fn.if(expand, () => {
    const { f } = fn;
    at.emit(f);
    bits.emit(f);
    if (e.words) f.i16x8Splat();
    else {
      f.i32x4Splat();
      f.v128Const(BYTE_OF_LANE);
      f.i8x16Swizzle();
    }
    f.v128Const(e.words ? BIT_OF_WORD : BIT_OF_BYTE);
    f.v128And();
    f.v128Const(e.words ? BIT_OF_WORD : BIT_OF_BYTE);
    e.equal(f);
    f.v128Store(BLOCK.RESULT);
  });
}

const flag = (condition: Int32, mask: number): Int32 => condition.select32(mask, 0);

function defineFormat(ctx: BlockContext, name: string, format: number): Callable {
  const e = new Elements(ctx, format), { count } = e;
  return ctx.emitter.export(name, [I32, I64, I64], [I32], (fn, control, a, b) => {
    const has = (bit: number): Int32 => control.and(bit);
    const [aLength, bLength, bits] = [fn.let(e.terminated(BLOCK.A)), fn.let(e.terminated(BLOCK.B)), fn.var32()];
    fn.if(has(PcmpstrImm.EXPLICIT), () => {
      fn.set(aLength, explicitLength(fn, a, count));
      fn.set(bLength, explicitLength(fn, b, count));
    });
    const valid = fn.let(below(bLength));
    fn.switch(control.and(PcmpstrImm.AGGREGATION).shrU(AGGREGATION_SHIFT), aggregations(e, fn, aLength, valid, bits));
    fn.if(has(PcmpstrImm.NEGATIVE), () => fn.set(bits, bits.xor(has(PcmpstrImm.MASKED).select32(valid, e.all))));
    fn.if(has(PcmpstrImm.WANTS_MASK), () => storeMask(e, fn, bits, has(PcmpstrImm.UPPER)));
    const index = bits.eqz().select32(count, has(PcmpstrImm.UPPER).select32(i32(31).sub(bits.clz()), bits.ctz()));
    const flags = [flag(bits, EFLAGS.CF), flag(bLength.ltU(count), EFLAGS.ZF), flag(aLength.ltU(count), EFLAGS.SF), flag(bits.and(1), EFLAGS.OF)];
    fn.return(flags.reduce((all, x) => all.or(x), index.shl(16)));
  });
}

export function definePcmpstr(ctx: BlockContext): void {
  PCMPSTR_FORMATS.forEach((name, format) => defineFormat(ctx, name, format));
}
