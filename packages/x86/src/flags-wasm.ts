/**
 * `computeFlags` of `flags.ts` as generated Wasm, for generated code to call; and CF alone. The TypeScript one is the reference and serves
 * TypeScript. SDM Vol. 1 appendix A.
 */
import { I32, I64, ModuleBuilder } from '@emu/wasm';
import { i32, i64, type Int32, type Int64 } from './fpu/expr.ts';
import { Emitter, type Fn } from './fpu/fn.ts';
import { CC_OVERRIDE, CcKind } from './flags.ts';
import { ARITH_FLAGS, EFLAGS } from './state.ts';

const { CF, PF, AF, ZF, SF, OF } = EFLAGS;
const shiftOf = (flag: number) => Math.log2(flag);
const CARRY_OVERFLOW = CF | OF;

/** Operands of one evaluation: everything below `bits` wide, and the sign's place. */
interface Operands {
  readonly fn: Fn;
  readonly dst: Int64;
  readonly src: Int64;
  readonly carryIn: Int64;
  /** Ones over the operand size; place of its top bit. */
  readonly mask: Int64;
  readonly top: Int64;
}

const sign = (o: Operands, v: Int64): Int32 => v.shrU(o.top).low().and(1);
const narrowed = (o: Operands, v: Int64): Int64 => v.and(o.mask);

/** Of sum or difference: a is the first operand, and `x` the value whose being below src (or equal, with a carry in) says CF. */
function carry(o: Operands, x: Int64): Int32 {
  const left = o.fn.let(narrowed(o, x)), right = o.fn.let(narrowed(o, o.src));
  return left.ltU(right).or(left.eq(right).and(o.carryIn.low()));
}

/** CF, OF and AF of ADD, ADC, SUB, SBB. */
function arithmetic(o: Operands, subtract: boolean): Int32 {
  const { fn, dst, src, carryIn } = o;
  const a = fn.let(subtract ? dst.add(src).add(carryIn) : dst.sub(src).sub(carryIn));
  const c = fn.let(carry(o, subtract ? a : dst));
  const differ = fn.let(a.xor(src)), overflow = (subtract ? differ : differ.xor(-1n)).and(a.xor(dst));
  return c.or(sign(o, overflow).shl(shiftOf(OF))).or(differ.xor(dst).low().and(AF));
}

/** ZF, SF and PF of the result. */
function resultFlags(o: Operands): Int32 {
  const even = o.dst.low().and(0xff).popcnt().and(1).xor(1);
  return narrowed(o, o.dst).eqz().shl(shiftOf(ZF)).or(sign(o, o.dst).shl(shiftOf(SF))).or(even.shl(shiftOf(PF)));
}

const zero = (o: Operands) => narrowed(o, o.dst).eqz().shl(shiftOf(ZF));

/** What each kind adds to (or, with `alone`, has instead of) the result's flags, in the order of `CcKind`. */
const KINDS: readonly { flags: (o: Operands) => Int32; alone?: true }[] = [
  { flags: (o) => o.src.low().and(ARITH_FLAGS), alone: true },
  { flags: (o) => arithmetic({ ...o, carryIn: i64(0n) }, false) },
  { flags: (o) => arithmetic({ ...o, carryIn: i64(0n) }, true) },
  { flags: (o) => arithmetic(o, false) },
  { flags: (o) => arithmetic(o, true) },
  { flags: (o) => o.dst.eqz().and(0) },
  { flags: (o) => o.src.low().and(CF).or(narrowed(o, o.dst).eq(i64(1n).shl(o.top)).shl(shiftOf(OF))).or(o.dst.low().and(15).eqz().shl(shiftOf(AF))) },
  { flags: (o) => o.src.low().and(CF).or(narrowed(o, o.dst).eq(i64(1n).shl(o.top).sub(1n)).shl(shiftOf(OF))).or(o.dst.low().and(15).eq(15).shl(shiftOf(AF))) },
  { flags: (o) => sign(o, o.src).or(sign(o, o.src.xor(o.dst)).shl(shiftOf(OF))) },
  { flags: (o) => o.src.low().and(CF).or(sign(o, o.src.xor(o.dst)).shl(shiftOf(OF))) },
  { flags: (o) => o.src.eqz().select32(0, CARRY_OVERFLOW) },
  { flags: zero, alone: true },
  { flags: (o) => zero(o).or(narrowed(o, o.src).eqz()), alone: true },
];

function defineFlags(emitter: Emitter): void {
  const plain = emitter.define('plain', [I32, I64, I64, I64], [I32], (fn, code, dst, src, src2) => {
    const top = fn.let(i64(8n).shl(code.and(3).u64()).sub(1n)), mask = fn.let(i64(-1n).shrU(i64(63n).sub(top)));
    const o: Operands = { fn, dst, src, carryIn: src2.and(1n), mask, top };
    fn.switch(code.shrU(2), KINDS.map(({ flags, alone }) => () => {
      const own = flags(o);
      fn.return(alone ? own : own.or(resultFlags(o)));
    }));
  });
  emitter.export('computeFlags', [I32, I64, I64, I64], [I32], (fn, code, dst, src, src2) => {
    fn.if(code.and(CC_OVERRIDE), () => fn.return(plain.i32(code.xor(CC_OVERRIDE), dst, src, i64(0n)).and(~CARRY_OVERFLOW).or(src2.low().and(CARRY_OVERFLOW))));
    fn.return(plain.i32(code, dst, src, src2));
  });
  emitter.export('carryFlag', [I32, I64, I64, I64], [I32], (fn, code, dst, src, src2) => {
    const kind = fn.let(code.shrU(2)), unused = fn.let(i64(64n).sub(i64(8n).shl(code.and(3).u64())));
    fn.if(kind.eq(CcKind.SUB), () => fn.return(dst.add(src).shl(unused).ltU(src.shl(unused))));
    fn.if(kind.eq(CcKind.LOGIC), () => fn.return(i32(0)));
    fn.if(code.and(CC_OVERRIDE), () => fn.return(src2.low().and(CF)));
    fn.return(plain.i32(code, dst, src, src2).and(CF));
  });
}

/** The functions, by name: `computeFlags(code, dst, src, src2)` gives the six flags at their EFLAGS places, `carryFlag` with the same arguments CF alone, 0 or 1. */
export function flagFunctions(): Record<string, Function> {
  const m = new ModuleBuilder();
  defineFlags(new Emitter(m));
  return new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource)).exports as Record<string, Function>;
}
