/**
 * Helpers that store: FST(P), FIST(P), FISTTP, FBSTP. SDM Vol. 2; Vol. 1, section 8.5 (what an unmasked exception delivers).
 *
 * A store to memory may fault, and then must have changed nothing. So it goes in two steps: `fst_m` and its like leave the bytes in
 * `FpuState.operand` and the flags in `nextFsw`, and return 1 where memory is to be written; translated code stores the bytes, then
 * calls `fst_done(env, pop)`. Where they return 0 an unmasked exception suppresses store and pop, and FSW has been updated.
 *
 * - `fst_m(env, kind) -> i32`: m32fp, m64fp. `fst_m80(env) -> i32`. `fbstp(env) -> i32`.
 * - `fist_m(env, kind, truncate) -> i32`: m16int, m32int, m64int; `truncate` 1 is FISTTP.
 * - `fst_st(env, i, pop)`: to ST(i). `fstpnce(env, i)`: FSTP ST(i) as D9 D8, which takes no exception: an empty ST(0) is just popped.
 */
import { I32, I64 } from '@emu/wasm';
import { ANY_NAN, Class, raise, ROUNDED_UP, roundingFlags, type Core } from './core.ts';
import { i32, i64, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import type { Format } from './formats.ts';
import type { RoundParts } from './round.ts';
import { Exception, FSW } from './state.ts';
import { OperandKind } from './x87-operand.ts';
import type { X87 } from './x87-stack.ts';

const POST_COMPUTATION = Exception.OE | Exception.UE;
/** Largest magnitude of 18 decimal digits. */
const BCD_MAX = 999_999_999_999_999_999n;
const BCD_INDEFINITE_LOW = 0xc000_0000_0000_0000n;
const BCD_INDEFINITE_HIGH = 0xffff;

export interface StoreParts {
  readonly f80: Format;
  /** `narrow_f32`, `narrow_f64`: a rounded value of the format from an 80-bit one. */
  readonly toF32: Callable;
  readonly toF64: Callable;
  readonly toInteger: Callable<typeof INTEGER_RESULTS>;
}

const INTEGER_RESULTS = [I32, I64] as const;

/**
 * `(se, sig, truncate) -> (fits, magnitude)`: rounds to an integer of at most 64 bits, raising PE and C1. `fits` is 0 for NaN, infinity
 * and larger numbers, and then nothing was raised.
 */
export function defineToInteger(core: Core, parts: RoundParts, f80: Format): Callable<typeof INTEGER_RESULTS> {
  return core.emitter.define('to_integer', [I32, I64, I32], INTEGER_RESULTS, (fn, se, sig, truncate) => {
    const a = f80.unpack(fn, [se, sig]);
    fn.if(a.cls.and(ANY_NAN | Class.INFINITY), () => fn.return(i32(0), i64(0n)));
    fn.if(a.cls.and(Class.ZERO), () => fn.return(i32(1), i64(0n)));
    const shift = fn.let(i32(0x3fff + 63).sub(a.exp));
    fn.if(shift.ltS(0), () => fn.return(i32(0), i64(0n)));
    const [hi, lo] = [fn.let(a.sig), fn.var64()];
    fn.if(shift, () => fn.assign([hi, lo], parts.shiftRight, hi, lo, shift));
    const up = fn.let(truncate.eqz().and(parts.up.i32(a.sign, lo, hi.low().and(1))));
    fn.set(hi, hi.add(up.u64()));
    fn.if(hi.eqz().and(up), () => fn.return(i32(0), i64(0n)));
    raise(core, fn, roundingFlags(lo.ne(0n), up));
    fn.return(i32(1), hi);
  });
}

export function defineX87Store(x: X87, p: StoreParts): void {
  const { core } = x;
  const { emitter, flags } = core;
  const at = x.at('operand');
  /** Takes the flags: into `nextFsw` with result 1, or into FSW with result 0. `blocking` flags suppress the store when unmasked. */
  const conclude = emitter.define('conclude_store', [I32], [I32], (fn, env) => {
    const blocked = fn.let(flags.and(core.masks.xor(-1)).and(Exception.IE | POST_COMPUTATION));
    // An overflow or underflow that keeps memory unwritten does not say how the result would have been rounded.
    fn.if(blocked.and(POST_COMPUTATION), () => fn.set(flags, flags.and(~(Exception.PE | ROUNDED_UP))));
    const fsw = fn.let(x.merged.i32(env));
    fn.if(blocked, () => {
      x.put(fn, env, 'fsw', fsw);
      fn.return(i32(0));
    });
    x.put(fn, env, 'nextFsw', fsw);
    fn.return(i32(1));
  });
  const storing = (name: string, more: number, body: (fn: Fn, env: Int32, value: readonly [Int32, Int64], empty: Int32, args: readonly Int32[]) => void): void =>
    void emitter.export(name, [I32, ...Array.from({ length: more }, () => I32)], [I32], (fn, ...params) => {
      const [env, ...args] = params as unknown as [Int32, ...Int32[]];
      x.begin(fn, env);
      const top = fn.let(x.get(env, 'top'));
      const [se, sig] = [fn.let(x.read(env, top)[0]), fn.let(x.read(env, top)[1])];
      const empty = fn.let(x.isValid(env, top).eqz());
      fn.if(empty, () => {
        x.underflow(fn);
        fn.set(se, x.indefinite[0]);
        fn.set(sig, x.indefinite[1]);
      });
      body(fn, env, [se, sig], empty, args);
      fn.return(conclude.i32(env));
    });

  storing('fst_m', 1, (fn, env, value, _empty, [kind]) => fn.if(kind!.eq(OperandKind.M32FP),
    () => fn.store32(env, at, p.toF32.i32(...value)),
    () => fn.store64(env, at, p.toF64.i64(...value))));
  storing('fst_m80', 0, (fn, env, [se, sig]) => {
    fn.store64(env, at, sig);
    fn.store16(env, at + 8, se);
  });
  storing('fist_m', 2, (fn, env, [se, sig], empty, [kind, truncate]) => {
    const bits = fn.let(i64(16n).shl(kind!.sub(OperandKind.M16INT).u64()));
    const min = fn.let(i64(1n).shl(bits.sub(1n)));
    const result = fn.let(min);
    fn.if(empty.eqz(), () => {
      const sign = fn.let(se.shrU(15).and(1));
      const before = fn.let(flags.and(-1));
      const [fits, magnitude] = fn.results(p.toInteger, se, sig, truncate!);
      fn.if(fits.and(magnitude.leU(min.sub(sign.eqz().u64()))),
        () => fn.set(result, sign.select64(i64(0n).sub(magnitude), magnitude)),
        () => fn.set(flags, before.or(Exception.IE)));
    });
    storeBits(fn, env, at, result, bits);
  });
  storing('fbstp', 0, (fn, env, [se, sig], empty) => {
    fn.store64(env, at, i64(BCD_INDEFINITE_LOW));
    fn.store16(env, at + 8, i32(BCD_INDEFINITE_HIGH));
    fn.if(empty.eqz(), () => {
      const before = fn.let(flags.and(-1));
      const [fits, magnitude] = fn.results(p.toInteger, se, sig, i32(0));
      fn.if(fits.and(magnitude.leU(BCD_MAX)), () => toBcd(fn, env, at, se, magnitude), () => fn.set(flags, before.or(Exception.IE)));
    });
  });
  emitter.export('fst_done', [I32, I32], [], (fn, env, pop) => {
    x.put(fn, env, 'fsw', x.get(env, 'nextFsw'));
    fn.if(pop, () => x.pop(fn, env));
  });
  emitter.export('fstpnce', [I32, I32], [], (fn, env, i) => {
    const top = fn.let(x.get(env, 'top'));
    fn.if(x.isValid(env, top), () => x.write(fn, env, fn.let(x.register(env, i)), x.read(env, top)));
    x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~FSW.C1));
    x.pop(fn, env);
  });
  emitter.export('fst_st', [I32, I32, I32], [], (fn, env, i, pop) => {
    x.begin(fn, env);
    const [s, d] = [fn.let(x.get(env, 'top')), fn.let(x.register(env, i))];
    const value: [Int32, Int64] = [fn.let(x.read(env, s)[0]), fn.let(x.read(env, s)[1])];
    fn.if(x.isValid(env, s).eqz(), () => {
      x.underflow(fn);
      fn.set(value[0], x.indefinite[0]);
      fn.set(value[1], x.indefinite[1]);
    });
    x.settle(fn, env, () => {
      x.write(fn, env, d, value);
      fn.if(pop, () => x.pop(fn, env));
    });
  });
}

/** Writes 16, 32 or 64 bits. */
function storeBits(fn: Fn, env: Int32, at: number, value: Int64, bits: Int64): void {
  fn.if(bits.eq(64n), () => fn.store64(env, at, value), () =>
    fn.if(bits.eq(32n), () => fn.store32(env, at, value.low()), () => fn.store16(env, at, value.low())));
}

function toBcd(fn: Fn, env: Int32, at: number, se: Int32, magnitude: Int64): void {
  const i = fn.let(i32(0));
  fn.doWhile(() => {
    const pair = fn.let(magnitude.remU(100n).low());
    fn.set(magnitude, magnitude.divU(100n));
    fn.store8(env.add(i), at, pair.divU(10).shl(4).or(pair.remU(10)));
    fn.set(i, i.add(1));
  }, i.ltU(9));
  fn.store8(env, at + 9, se.shrU(8).and(0x80));
}

/** `(se, sig) -> value`: rounds an 80-bit value to m32fp or m64fp. A denormal raises no DE here. */
export function defineNarrow(core: Core, f80: Format, to: Format, pack: Callable): Callable {
  return core.emitter.define(`narrow_${to.name}`, [I32, I64], to.types, (fn, se, sig) => {
    const a = f80.unpack(fn, [se, sig]);
    fn.if(a.cls.and(ANY_NAN), () => {
      fn.if(a.cls.and(Class.SNAN | Class.UNSUPPORTED), () => raise(core, fn, Exception.IE));
      fn.if(a.cls.and(Class.UNSUPPORTED), () => fn.return(...to.nan(i32(1), i64(1n << 63n))));
      fn.return(...to.nan(a.sign, a.sig));
    });
    fn.if(a.cls.and(Class.INFINITY), () => fn.return(...to.infinity(a.sign)));
    fn.if(a.cls.and(Class.ZERO), () => fn.return(...to.zero(a.sign)));
    const result: readonly Expr[] = [a.sign, a.exp, a.sig, i64(0n)];
    pack.emit(fn.f, result);
    fn.f.return_();
  });
}
