/**
 * Helpers that compare and classify. SDM Vol. 1, section 8.3.6; Vol. 2, FCOM, FCOMI, FTST, FXAM.
 *
 * - `fcom(env, i, pops, quiet)`: FCOM, FUCOM (`quiet` 1) with ST(i), then pops 0 to 2 registers. `fcom_m(env, kind, pops)`: FCOM, FICOM.
 * - `fcomi(env, i, pops, quiet) -> eflags`: FCOMI, FUCOMI; the result has ZF, PF and CF to go into EFLAGS (OF, SF, AF become 0).
 *
 * Hardware delivers condition codes and flags even where an unmasked exception suppresses the pops, and FCOMI leaves C1 alone.
 * - `ftst(env)`, `fxam(env)`.
 */
import { I32 } from '@emu/wasm';
import { INTEGER_BIT } from './core.ts';
import { Ordering, ORDERING_TO_CC } from './compare.ts';
import { i32, i64, type Expr, type Int32 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import { FSW } from './state.ts';
import type { LoadOperand, X87 } from './x87-stack.ts';

const CONDITIONS = FSW.C0 | FSW.C2 | FSW.C3;

export function defineX87Compare(x: X87, compare: Callable, loadOperand: LoadOperand): void {
  const { core } = x;
  const { emitter } = core;
  const setConditions = (fn: Fn, env: Int32, codes: Int32): void => x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~CONDITIONS).or(codes));
  const popTimes = (fn: Fn, env: Int32, pops: Int32): void => {
    fn.if(pops, () => x.pop(fn, env));
    fn.if(pops.gtU(1), () => x.pop(fn, env));
  };
  /** Compares ST(0) with what `other` gives, `present` telling whether that is there. Raises; gives the ordering. */
  const comparing = (fn: Fn, env: Int32, present: Int32 | undefined, other: () => readonly Expr[], quiet: Int32): Int32 => {
    x.begin(fn, env);
    const top = fn.let(x.get(env, 'top'));
    const ordering = fn.let(i32(Ordering.UNORDERED));
    const valid = x.isValid(env, top);
    fn.if(present ? valid.and(present) : valid, () => fn.set(ordering, compare.i32(...x.read(env, top), ...other(), quiet)), () => x.underflow(fn));
    return ordering;
  };
  const concludeFcom = (fn: Fn, env: Int32, ordering: Int32, pops: Int32): void => {
    const goOn = fn.let(x.settleNow.i32(env));
    setConditions(fn, env, ordering.shl(ORDERING_TO_CC));
    fn.if(goOn, () => popTimes(fn, env, pops));
  };

  emitter.export('fcom', [I32, I32, I32, I32], [], (fn, env, i, pops, quiet) => {
    const r = fn.let(x.register(env, i));
    concludeFcom(fn, env, comparing(fn, env, x.isValid(env, r), () => x.read(env, r), quiet), pops);
  });
  emitter.export('fcom_m', [I32, I32, I32], [], (fn, env, kind, pops) => {
    const operand = fn.results(loadOperand, env, kind);
    concludeFcom(fn, env, comparing(fn, env, undefined, () => operand, i32(0)), pops);
  });
  emitter.export('ftst', [I32], [], (fn, env) =>
    concludeFcom(fn, env, comparing(fn, env, undefined, () => [i32(0), i64(0n)], i32(0)), i32(0)));
  emitter.export('fcomi', [I32, I32, I32, I32], [I32], (fn, env, i, pops, quiet) => {
    const r = fn.let(x.register(env, i));
    const ordering = comparing(fn, env, x.isValid(env, r), () => x.read(env, r), quiet);
    const c1 = fn.let(x.get(env, 'fsw').and(FSW.C1));
    const goOn = fn.let(x.settleNow.i32(env));
    fn.if(core.flags.and(FSW.SF).eqz(), () => x.put(fn, env, 'fsw', x.get(env, 'fsw').or(c1)));
    fn.if(goOn, () => popTimes(fn, env, pops));
    fn.return(ordering);
  });
  defineFxam(x);
}

const Kind = { UNSUPPORTED: 0, NAN: FSW.C0, NORMAL: FSW.C2, INFINITY: FSW.C2 | FSW.C0, ZERO: FSW.C3, EMPTY: FSW.C3 | FSW.C0, DENORMAL: FSW.C3 | FSW.C2 } as const;

function defineFxam(x: X87): void {
  x.core.emitter.export('fxam', [I32], [], (fn, env) => {
    const top = fn.let(x.get(env, 'top'));
    const [se, sig] = x.read(env, top);
    const exp = fn.let(se.and(0x7fff));
    const kind = fn.let(i32(Kind.NORMAL));
    fn.if(x.isValid(env, top).eqz(), () => fn.set(kind, i32(Kind.EMPTY)), () =>
      fn.if(exp.eqz(), () => fn.set(kind, sig.eqz().select32(Kind.ZERO, Kind.DENORMAL)), () =>
        fn.if(sig.geS(0n), () => fn.set(kind, i32(Kind.UNSUPPORTED)), () =>
          fn.if(exp.eq(0x7fff), () => fn.set(kind, sig.eq(INTEGER_BIT).select32(Kind.INFINITY, Kind.NAN))))));
    x.put(fn, env, 'fsw', x.get(env, 'fsw').and(~(CONDITIONS | FSW.C1)).or(kind).or(se.shrU(15).shl(9)));
  });
}
