/**
 * Helpers of ADD, SUB, MUL, DIV, SQRT, MIN, MAX, CMP in all four forms, COMISx, and the horizontal ones. SDM Vol. 2.
 *
 * - `addss(env, d, a, b) -> xm` and its like: add, sub, mul, div, min, max with ss, sd, ps, pd. `sqrtss(env, d, a) -> xm`.
 * - `cmpss(env, d, a, b, imm) -> xm` with the 32 predicates of VEX; legacy encodings use the first eight.
 * - `comiss(env, a, b, quiet) -> eflags`, `comisd`: ZF, PF, CF of (U)COMISx, or -1 for #XM.
 * - `haddps(env, d, a, b) -> xm`, `hsubps`, `addsubps` and the pd forms; `dpps(env, d, a, b, imm) -> xm`, `dppd`.
 */
import { I32 } from '@emu/wasm';
import { ANY_NAN, Class, raise, raiseDenormal, type Core } from './core.ts';
import { order, Ordering } from './compare.ts';
import { i32, i64, Int32, type Expr, type Int64 } from './expr.ts';
import type { Callable } from './fn.ts';
import type { Format, Value } from './formats.ts';
import { callLane, FORMS, type Form, type Sse } from './sse-lanes.ts';
import { Exception } from './state.ts';

export interface SseFunctions {
  readonly format: Format;
  readonly add: Callable;
  readonly sub: Callable;
  readonly mul: Callable;
  readonly div: Callable;
  readonly sqrt: Callable;
  readonly compare: Callable;
}

/** Truth of each predicate for greater, less, equal, unordered (bits 0 to 3), predicate 0 in the lowest four bits. SDM Vol. 2, table 3-1. */
const PREDICATES = [0b0100, 0b0010, 0b0110, 0b1000, 0b1011, 0b1101, 0b1001, 0b0111, 0b1100, 0b1010, 0b1110, 0b0000, 0b0011, 0b0101, 0b0001, 0b1111]
  .reduce((all, truth, i) => all | BigInt(truth) << BigInt(4 * i), 0n);
/** Predicates 1, 2, 5, 6, 9, 10, 13, 14 signal for quiet NaNs; 16 to 31 are the same with that the other way round. */
const SIGNALLING = 0x6666_6666 ^ 0xffff_0000;

export function defineSseArith(sse: Sse, functions: Readonly<Record<'f32' | 'f64', SseFunctions>>): void {
  for (const form of FORMS) {
    const f = functions[form.format];
    const lanesOf = (operands: readonly Int32[], lane: number): Expr[] => operands.map((address) => sse.load(address, form.bytes, lane));
    const lanewise = (name: string, sources: number, callee: Callable): void =>
      sse.helper(`${name}${form.suffix}`, sources, (_fn, operands) => lanes(form, (lane) => callLane(callee, f.format.types[0]!, lanesOf(operands, lane))));
    lanewise('add', 2, f.add);
    lanewise('sub', 2, f.sub);
    lanewise('mul', 2, f.mul);
    lanewise('div', 2, f.div);
    lanewise('sqrt', 1, f.sqrt);
    lanewise('min', 2, selection(sse.core, f.format, form, 'min', Ordering.LESS));
    lanewise('max', 2, selection(sse.core, f.format, form, 'max', Ordering.GREATER));
    defineCmp(sse, form, f);
    if (form.lanes === 1) defineComis(sse, form, f);
    else defineHorizontal(sse, form, f);
  }
}

const lanes = <T>(form: Form, make: (lane: number) => T): T[] => Array.from({ length: form.lanes }, (_, lane) => make(lane));

/** MIN and MAX: the first operand where the comparison holds, else the second, which a NaN or two zeros also give. */
function selection(core: Core, format: Format, form: Form, name: string, wanted: number): Callable {
  const [type] = format.types as readonly [typeof I32];
  return core.emitter.define(`${name}_${form.suffix}`, [type, type], [type], (fn, aBits, bBits) => {
    const [a, b] = [format.unpack(fn, [aBits] as Value), format.unpack(fn, [bBits] as Value)];
    const flushed = (bits: Expr, isZero: Int32, sign: Int32): Expr => select(isZero, format.zero(sign)[0]!, bits);
    fn.if(a.cls.or(b.cls), () => {
      fn.if(a.cls.or(b.cls).and(ANY_NAN), () => {
        raise(core, fn, Exception.IE);
        fn.return(flushed(bBits, b.cls.and(Class.ZERO), b.sign));
      });
      raiseDenormal(core, fn, a.cls.or(b.cls), () => fn.return(...format.none()));
      fn.if(a.cls.and(b.cls).and(Class.ZERO), () => fn.return(...format.zero(b.sign)));
    });
    fn.if(order(fn, a, b).eq(wanted), () => fn.return(flushed(aBits, a.cls.and(Class.ZERO), a.sign)));
    fn.return(flushed(bBits, b.cls.and(Class.ZERO), b.sign));
  });
}

const select = (condition: Int32, yes: Expr, no: Expr): Expr =>
  yes.type === I32 ? condition.select32(yes as Int32, no as Int32) : condition.select64(yes as Int64, no as Int64);

function defineCmp(sse: Sse, form: Form, f: SseFunctions): void {
  sse.helper(`cmp${form.suffix}`, 3, (fn, [a, b, imm]) => {
    const quiet = fn.let(i32(SIGNALLING).shrU(imm!).and(1).eqz());
    const truth = fn.let(i64(PREDICATES).shrU(imm!.and(15).shl(2).u64()));
    return lanes(form, (lane) => {
      const ordering = fn.let(f.compare.i32(sse.load(a!, form.bytes, lane), sse.load(b!, form.bytes, lane), quiet));
      // 0 greater, 1 less, 2 equal, 3 unordered
      const kind = ordering.and(1).or(ordering.shrU(5).and(2));
      const mask = i64(0n).sub(truth.shrU(kind.u64()).and(1n));
      return form.bytes === 4 ? mask.low() : mask;
    });
  });
}

function defineComis(sse: Sse, form: Form, f: SseFunctions): void {
  sse.core.emitter.export(`comi${form.suffix}`, [I32, I32, I32, I32], [I32], (fn, env, a, b, quiet) => {
    sse.begin(fn, env);
    const ordering = fn.let(f.compare.i32(sse.load(a, form.bytes, 0), sse.load(b, form.bytes, 0), quiet));
    fn.if(sse.settle.i32(env), () => fn.return(i32(-1)));
    fn.return(ordering);
  });
}

function defineHorizontal(sse: Sse, form: Form, f: SseFunctions): void {
  const type = f.format.types[0]!;
  const half = form.lanes / 2;
  const pairwise = (name: string, callee: Callable): void => sse.helper(`${name}${form.suffix}`, 2, (_fn, operands) => lanes(form, (lane) => {
    const source = operands[Math.floor(lane / half)]!;
    const first = 2 * (lane % half);
    return callLane(callee, type, [sse.load(source, form.bytes, first), sse.load(source, form.bytes, first + 1)]);
  }));
  pairwise('hadd', f.add);
  pairwise('hsub', f.sub);
  sse.helper(`addsub${form.suffix}`, 2, (_fn, operands) =>
    lanes(form, (lane) => callLane(lane % 2 ? f.add : f.sub, type, operands.map((o) => sse.load(o, form.bytes, lane)))));
  defineDotProduct(sse, form, f);
}

/**
 * Products chosen by imm bits 4 and up, summed in pairs, sent to the lanes that imm bits 0 to 3 choose. Hardware works in packed
 * stages: each lane adds its neighbour (so the order of NaNs differs by lane), and an unmasked exception ends the instruction
 * after the stage that raised it.
 */
function defineDotProduct(sse: Sse, form: Form, f: SseFunctions): void {
  const type = f.format.types[0]!;
  const zero = f.format.none()[0]!;
  sse.core.emitter.export(`dp${form.suffix}`, [I32, I32, I32, I32, I32], [I32], (fn, env, d, a, b, imm) => {
    const endStage = (): void => {
      fn.if(sse.settle.i32(env), () => fn.return(i32(1)));
      fn.set(sse.core.flags, i32(0));
    };
    sse.begin(fn, env);
    let values: Expr[] = lanes(form, (lane) => {
      const product = fn.let(zero);
      fn.if(imm.and(0x10 << lane), () => fn.set(product, callLane(f.mul, type, [sse.load(a, form.bytes, lane), sse.load(b, form.bytes, lane)])));
      return product;
    });
    endStage();
    for (let apart = 1; apart < form.lanes; apart *= 2) {
      const addends = values;
      const firstStage = form.lanes === 4 && apart === 1; // there the neighbour is the first operand
      values = lanes(form, (lane) => fn.let(callLane(f.add, type, firstStage ? [addends[lane ^ 1]!, addends[lane]!] : [addends[lane]!, addends[lane ^ apart]!])));
      endStage();
    }
    sse.store(fn, d, lanes(form, (lane) => select(imm.and(1 << lane), values[lane]!, zero)));
    fn.return(i32(0));
  });
}
