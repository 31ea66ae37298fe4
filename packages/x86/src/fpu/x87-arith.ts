/**
 * Helpers of FADD, FSUB(R), FMUL, FDIV(R) and FSQRT with their stack, integer and memory forms. SDM Vol. 2.
 *
 * - `fadd(env, dst, src, pop)`: ST(dst) = ST(dst) + ST(src), then pops `pop` (0 or 1) registers; the others alike. `fsubr` and
 *   `fdivr` have their operands the other way round.
 * - `fadd_m(env, kind)`: ST(0) = ST(0) + operand, of `OperandKind`.
 * - `fsqrt(env)`.
 */
import { I32 } from '@emu/wasm';
import { i32, type Expr, type Int32 } from './expr.ts';
import type { Callable, Fn } from './fn.ts';
import type { LoadOperand, X87 } from './x87-stack.ts';

export interface F80Functions { readonly add: Callable; readonly sub: Callable; readonly mul: Callable; readonly div: Callable; readonly sqrt: Callable }

export function defineX87Arith(x: X87, f80: F80Functions, loadOperand: LoadOperand): void {
  const { emitter } = x.core;
  /** Writes the result to physical register `r` unless an unmasked exception forbids it. */
  const deliver = (fn: Fn, env: Int32, r: Int32, value: readonly Expr[], afterwards = (): void => {}): void =>
    x.settle(fn, env, () => {
      x.write(fn, env, r, value);
      afterwards();
    });
  const underflow = (fn: Fn, env: Int32, r: Int32, afterwards?: () => void): void => {
    x.underflow(fn);
    deliver(fn, env, r, x.indefinite, afterwards);
    fn.return();
  };

  const binary = (name: string, operation: Callable, reverse: boolean): void => {
    const order = (a: readonly Expr[], b: readonly Expr[]): readonly Expr[] => reverse ? [...b, ...a] : [...a, ...b];
    emitter.export(name, [I32, I32, I32, I32], [], (fn, env, dst, src, pop) => {
      x.begin(fn, env);
      const [d, s] = [fn.let(x.register(env, dst)), fn.let(x.register(env, src))];
      const popIfAsked = (): void => fn.if(pop, () => x.pop(fn, env));
      fn.if(x.isValid(env, d).and(x.isValid(env, s)).eqz(), () => underflow(fn, env, d, popIfAsked));
      const result = fn.results(operation, ...order(x.read(env, d), x.read(env, s)));
      deliver(fn, env, d, result as readonly Expr[], popIfAsked);
    });
    emitter.export(`${name}_m`, [I32, I32], [], (fn, env, kind) => {
      x.begin(fn, env);
      const d = fn.let(x.register(env, i32(0)));
      fn.if(x.isValid(env, d).eqz(), () => underflow(fn, env, d));
      const operand = fn.results(loadOperand, env, kind);
      deliver(fn, env, d, fn.results(operation, ...order(x.read(env, d), operand)) as readonly Expr[]);
    });
  };
  binary('fadd', f80.add, false);
  binary('fsub', f80.sub, false);
  binary('fsubr', f80.sub, true);
  binary('fmul', f80.mul, false);
  binary('fdiv', f80.div, false);
  binary('fdivr', f80.div, true);
  emitter.export('fsqrt', [I32], [], (fn, env) => {
    x.begin(fn, env);
    const d = fn.let(x.register(env, i32(0)));
    fn.if(x.isValid(env, d).eqz(), () => underflow(fn, env, d));
    deliver(fn, env, d, fn.results(f80.sqrt, ...x.read(env, d)) as readonly Expr[]);
  });
}
