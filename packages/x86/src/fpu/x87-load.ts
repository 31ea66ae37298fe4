/**
 * Helpers that load and move: FLD, FILD, FBLD, constants, FXCH, FCMOVcc, FCHS, FABS, and stack management. SDM Vol. 1, section 8.3.2
 * and 8.3.4; Vol. 2.
 *
 * - `fld_m(env, kind)`: FLD m32fp/m64fp, FILD. `fld_m80(env)`, `fbld(env)`. The operand is in `FpuState.operand`.
 * - `fld_st(env, i)`, `fld_const(env, n)` with n the `FldConstant`, `fxch(env, i)`, `fcmov(env, i, taken)`.
 * - `fchs(env)`, `fabs(env)`, `ffree(env, i, pop)`, `fincstp(env)`, `fdecstp(env)`.
 */
import { I32 } from '@emu/wasm';
import { INTEGER_BIT, QUIET_BIT, raise, stopped } from './core.ts';
import { i32, i64, type Expr, type Int32, type Int64 } from './expr.ts';
import type { Fn } from './fn.ts';
import { WAS_DENORMAL } from './formats.ts';
import { Exception, FSW, Rounding } from './state.ts';
import { OperandKind } from './x87-operand.ts';
import type { F80Value, LoadOperand, X87 } from './x87-stack.ts';

/** Second argument of `fld_const`: the ModR/M rm field of D9 E8 to D9 EE. */
export const FldConstant = { ONE: 0, L2T: 1, L2E: 2, PI: 3, LG2: 4, LN2: 5, ZERO: 6 } as const;

/** Significands cut after 64 bits, exponent, and whether rounding to nearest goes up; only FLDL2T changes with the direction of more. */
const CONSTANTS: readonly (readonly [number, bigint, roundsUp: boolean])[] = [
  [0x3fff, 0x8000000000000000n, false], // 1
  [0x4000, 0xd49a784bcd1b8afen, false], // log2(10)
  [0x3fff, 0xb8aa3b295c17f0bbn, true], // log2(e)
  [0x4000, 0xc90fdaa22168c234n, true], // pi
  [0x3ffd, 0x9a209a84fbcff798n, true], // log10(2)
  [0x3ffe, 0xb17217f7d1cf79abn, true], // ln(2)
  [0x0000, 0n, false], // 0
];
const EXACT: readonly number[] = [FldConstant.ONE, FldConstant.ZERO];

export function defineX87Load(x: X87, loadOperand: LoadOperand): void {
  const { emitter } = x.core;
  /** Pushes the value, or the indefinite where the stack is full, unless IE is unmasked. `load` may raise and gives the
   *  value; `source` is the register that must not be empty, which is looked at first. */
  const pushing = (fn: Fn, env: Int32, load: () => readonly Expr[], source?: Int32): void => {
    x.begin(fn, env);
    const [se, sig] = [fn.let(x.indefinite[0]), fn.let(x.indefinite[1])];
    const loadIfRoom = (): void => fn.if(x.isValid(env, fn.let(x.register(env, i32(7)))), () => x.overflow(fn), () => {
      const [loadedSe, loadedSig] = load() as F80Value;
      fn.set(se, loadedSe);
      fn.set(sig, loadedSig);
    });
    if (source) fn.if(x.isValid(env, source), loadIfRoom, () => x.underflow(fn));
    else loadIfRoom();
    const invalid = fn.let(stopped(x.core).and(Exception.IE));
    x.put(fn, env, 'fsw', x.merged.i32(env));
    fn.if(invalid.eqz(), () => x.push(fn, env, [se, sig]));
  };

  emitter.export('fld_m', [I32, I32], [], (fn, env, kind) => pushing(fn, env, () => {
    const [se, sig] = fn.results(loadOperand, env, kind);
    fn.if(se.and(WAS_DENORMAL), () => raise(x.core, fn, Exception.DE));
    fn.if(se.and(0x7fff).eq(0x7fff).and(sig.ne(INTEGER_BIT)).and(kind.leU(OperandKind.M64FP)), () => {
      fn.if(sig.and(QUIET_BIT).eqz(), () => raise(x.core, fn, Exception.IE));
      fn.set(sig, sig.or(QUIET_BIT));
    });
    return [se, sig];
  }));
  emitter.export('fld_m80', [I32], [], (fn, env) => pushing(fn, env, () => [env.load16(x.at('operand') + 8), env.load64(x.at('operand'))]));
  emitter.export('fbld', [I32], [], (fn, env) => pushing(fn, env, () => fromBcd(x, fn, env)));
  emitter.export('fld_st', [I32, I32], [], (fn, env, i) => {
    const r = fn.let(x.register(env, i));
    pushing(fn, env, () => x.read(env, r), r);
  });
  emitter.export('fld_const', [I32, I32], [], (fn, env, n) => pushing(fn, env, () => {
    const [se, sig] = [fn.var32(), fn.var64()];
    const { rounding } = x.core;
    fn.switch(n, CONSTANTS.map(([exp, cut, roundsUp], index) => () => {
      const up = rounding.eq(Rounding.UP);
      const increment = EXACT.includes(index) ? i32(0) : roundsUp ? up.or(rounding.eqz()) : up;
      fn.set(se, i32(exp));
      fn.set(sig, i64(cut).add(increment.u64()));
    }));
    return [se, sig];
  }));
  defineMoves(x);
}

/** 18 packed decimal digits and a sign, low digits first. */
function fromBcd(x: X87, fn: Fn, env: Int32): F80Value {
  const at = x.at('operand');
  const [n, i] = [fn.var64(), fn.let(i32(8))];
  fn.doWhile(() => {
    const byte = fn.let(env.add(i).load8(at));
    fn.set(n, n.mul(100n).add(byte.shrU(4).mul(10).add(byte.and(15)).u64()));
    fn.set(i, i.sub(1));
  }, i.geS(0));
  const sign = fn.let(env.load8(at + 9).shrU(7).shl(15));
  const shift = fn.let(n.clz());
  return [n.eqz().select32(sign, sign.or(0x3fff + 63).sub(shift.low())), n.shl(shift)];
}

function defineMoves(x: X87): void {
  const { emitter } = x.core;
  const orIndefinite = (fn: Fn, env: Int32, r: Int32): [Int32, Int64] => {
    const [se, sig] = [fn.let(x.read(env, r)[0]), fn.let(x.read(env, r)[1])];
    fn.if(x.isValid(env, r).eqz(), () => {
      x.underflow(fn);
      fn.set(se, x.indefinite[0]);
      fn.set(sig, x.indefinite[1]);
    });
    return [se, sig];
  };
  emitter.export('fxch', [I32, I32], [], (fn, env, i) => {
    x.begin(fn, env);
    const [a, b] = [fn.let(x.get(env, 'top')), fn.let(x.register(env, i))];
    const [valueA, valueB] = [orIndefinite(fn, env, a), orIndefinite(fn, env, b)];
    x.settle(fn, env, () => {
      x.write(fn, env, a, valueB);
      x.write(fn, env, b, valueA);
    });
  });
  emitter.export('fcmov', [I32, I32, I32], [], (fn, env, i, taken) => {
    x.begin(fn, env);
    const [d, s] = [fn.let(x.get(env, 'top')), fn.let(x.register(env, i))];
    const missing = fn.let(x.isValid(env, d).and(x.isValid(env, s)).eqz());
    fn.if(missing, () => {
      x.underflow(fn);
      x.settle(fn, env, () => x.write(fn, env, d, x.indefinite));
    }, () => fn.if(taken, () => x.write(fn, env, d, x.read(env, s))));
  });
  const signOperation = (name: string, change: (se: Int32) => Int32): void => void emitter.export(name, [I32], [], (fn, env) => {
    x.begin(fn, env);
    const top = fn.let(x.get(env, 'top'));
    const [se, sig] = orIndefinite(fn, env, top);
    fn.if(x.isValid(env, top), () => fn.set(se, change(se)));
    x.settle(fn, env, () => x.write(fn, env, top, [se, sig]));
  });
  signOperation('fchs', (se) => se.xor(0x8000));
  signOperation('fabs', (se) => se.and(0x7fff));
  emitter.export('ffree', [I32, I32, I32], [], (fn, env, i, pop) => {
    x.put(fn, env, 'valid', x.get(env, 'valid').and(i32(1).shl(x.register(env, i)).xor(-1)));
    x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~FSW.C1));
    fn.if(pop, () => x.pop(fn, env));
  });
  const rotate = (name: string, by: number): void => void emitter.export(name, [I32], [], (fn, env) => {
    x.put(fn, env, 'top', x.get(env, 'top').add(by).and(7));
    x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~FSW.C1));
  });
  rotate('fincstp', 1);
  rotate('fdecstp', -1);
}
