/**
 * Functions of the floating-point module: parameters, variables, statements, calls. `Emitter.define` writes a whole function;
 * inside, expressions (`expr.ts`) are assigned, tested and returned.
 */
import { I32, I64, type FuncBuilder, type ModuleBuilder, type ValType } from '@emu/wasm';
import { Int32, Int64, type Expr } from './expr.ts';

type Class<T extends ValType> = T extends typeof I32 ? Int32 : Int64;
type Slots<T extends readonly ValType[]> = { -readonly [K in keyof T]: T[K] extends ValType ? Class<T[K]> : never };

/** A function that can be called: its index, and the types it returns. */
export class Callable<R extends readonly ValType[] = readonly ValType[]> {
  readonly index: number;
  readonly results: R;
  constructor(index: number, results: R) {
    this.index = index;
    this.results = results;
  }

  private push(args: readonly Expr[]) {
    return (f: FuncBuilder): void => {
      for (const arg of args) arg.emit(f);
      f.call(this.index);
    };
  }
  /** The call as an expression, for a function with the one result i32. */
  i32(...args: readonly Expr[]): Int32 { return new Int32(this.push(args)); }
  /** The call as an expression, for a function with the one result i64. */
  i64(...args: readonly Expr[]): Int64 { return new Int64(this.push(args)); }
  /** Pushes the arguments and calls; results stay on the stack. */
  emit(f: FuncBuilder, args: readonly Expr[]): void { this.push(args)(f); }
}

/** A local variable; as an expression it is the value it has at that place. */
const slot = <T extends ValType>(type: T, index: number): Class<T> =>
  (type === I32 ? new Int32((f) => f.localGet(index)) : new Int64((f) => f.localGet(index))) as Class<T>;

/** A mutable i32 of the module, private to it. */
export class Global extends Int32 {
  readonly index: number;
  constructor(index: number) {
    super((f) => f.globalGet(index));
    this.index = index;
  }
}

/** The body of one function. */
export class Fn {
  readonly f: FuncBuilder;
  readonly #locals = new Map<Expr, number>();

  constructor(f: FuncBuilder) {
    this.f = f;
  }

  /** Parameters as variables, in order. */
  params<T extends readonly ValType[]>(types: T): Slots<T> {
    return types.map((type, i) => this.bind(type, i)) as Slots<T>;
  }
  private bind<T extends ValType>(type: T, index: number): Class<T> {
    const variable = slot(type, index);
    this.#locals.set(variable, index);
    return variable;
  }

  /** A new variable, zero at first. */
  var32(): Int32 { return this.bind(I32, this.f.local(I32)); }
  var64(): Int64 { return this.bind(I64, this.f.local(I64)); }
  /** A new variable with a value. */
  let<E extends Expr>(value: E): E extends Int32 ? Int32 : Int64 {
    const variable = value.type === I32 ? this.var32() : this.var64();
    this.set(variable, value);
    return variable as E extends Int32 ? Int32 : Int64;
  }
  /** Assigns a variable made by `let`, `var32`, `var64` or `params`, or a global. */
  set<E extends Expr>(variable: E, value: E): void {
    value.emit(this.f);
    if (variable instanceof Global) this.f.globalSet(variable.index);
    else this.f.localSet(this.indexOf(variable));
  }
  private indexOf(variable: Expr): number {
    const index = this.#locals.get(variable);
    if (index === undefined) throw new TypeError('Only a variable of this function can be assigned');
    return index;
  }

  /** New variables with the results of a call. */
  results<R extends readonly ValType[]>(callee: Callable<R>, ...args: readonly Expr[]): Slots<R> {
    const variables = callee.results.map((type) => this.bind(type, this.f.local(type)));
    this.assign(variables, callee, ...args);
    return variables as Slots<R>;
  }
  /** Existing variables take the results of a call. */
  assign(variables: readonly Expr[], callee: Callable, ...args: readonly Expr[]): void {
    callee.emit(this.f, args);
    for (const variable of variables.toReversed()) this.f.localSet(this.indexOf(variable));
  }
  /** Calls a function without results. */
  call(callee: Callable, ...args: readonly Expr[]): void {
    callee.emit(this.f, args);
  }

  if(condition: Int32, then: () => void, otherwise?: () => void): void {
    condition.emit(this.f);
    this.f.if_();
    then();
    if (otherwise) {
      this.f.else_();
      otherwise();
    }
    this.f.end();
  }
  /** Repeats the body while it leaves `condition` true; runs it at least once. */
  doWhile(body: () => void, condition: Int32): void {
    const label = this.f.loop();
    body();
    condition.emit(this.f);
    this.f.brIf(label);
    this.f.end();
  }
  while(condition: Int32, body: () => void): void {
    this.if(condition, () => this.doWhile(body, condition));
  }
  /** A block that `leave` jumps out of. */
  block(body: (leave: (condition?: Int32) => void) => void): void {
    const label = this.f.block();
    body((condition) => {
      if (!condition) return this.f.br(label);
      condition.emit(this.f);
      this.f.brIf(label);
    });
    this.f.end();
  }
  /** Runs the arm numbered `index`; a number too large runs the last. */
  switch(index: Int32, arms: readonly (() => void)[]): void {
    const end = this.f.block();
    const labels = arms.map(() => this.f.block()).toReversed();
    index.emit(this.f);
    this.f.brTable(labels, labels.at(-1)!);
    for (const arm of arms) {
      this.f.end();
      arm();
      this.f.br(end);
    }
    this.f.end();
  }

  return(...values: readonly Expr[]): void {
    for (const value of values) value.emit(this.f);
    this.f.return_();
  }
  store8(address: Int32, offset: number, value: Int32): void { address.emit(this.f); value.emit(this.f); this.f.i32Store8(offset); }
  store16(address: Int32, offset: number, value: Int32): void { address.emit(this.f); value.emit(this.f); this.f.i32Store16(offset); }
  store32(address: Int32, offset: number, value: Int32): void { address.emit(this.f); value.emit(this.f); this.f.i32Store(offset); }
  store64(address: Int32, offset: number, value: Int64): void { address.emit(this.f); value.emit(this.f); this.f.i64Store(offset); }
}

/** Writes functions into a module. */
export class Emitter {
  readonly module: ModuleBuilder;
  constructor(module: ModuleBuilder) {
    this.module = module;
  }

  /** Defines a function. The body must return on every path that reaches its end, unless there are no results. */
  define<const P extends readonly ValType[], const R extends readonly ValType[]>(
    name: string, params: P, results: R, body: (fn: Fn, ...params: Slots<P>) => void,
  ): Callable<R> {
    const f = this.module.func({ name, params, results });
    const fn = new Fn(f);
    body(fn, ...fn.params(params));
    if (results.length) f.unreachable();
    f.end();
    return new Callable(f.index, results);
  }
  /** Defines a function that generated code and TypeScript can call. */
  export<const P extends readonly ValType[], const R extends readonly ValType[]>(
    name: string, params: P, results: R, body: (fn: Fn, ...params: Slots<P>) => void,
  ): Callable<R> {
    const callable = this.define(name, params, results, body);
    this.module.exportFunc(name, callable.index);
    return callable;
  }
  global(name: string): Global {
    return new Global(this.module.global(I32, true, 0, name));
  }
}
