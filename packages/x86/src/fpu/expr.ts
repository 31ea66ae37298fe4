/**
 * Expressions for writing Wasm by hand readably: `hi.shl(n).or(lo.ne(0))` instead of stack code. An expression is a type and the
 * code that pushes its value; using one twice emits it twice, so a value needed again goes into a variable (`Fn.let`).
 * Operations carry Wasm's semantics (shift counts modulo the width, wrapping arithmetic).
 */
import { I32, I64, type FuncBuilder, type ValType } from '@emu/wasm';

type Emit = (f: FuncBuilder) => void;
type BinaryOp = 'Add' | 'Sub' | 'Mul' | 'DivU' | 'RemU' | 'And' | 'Or' | 'Xor' | 'Shl' | 'ShrS' | 'ShrU' | 'Rotl';
type CompareOp = 'Eq' | 'Ne' | 'LtS' | 'LtU' | 'GtS' | 'GtU' | 'LeS' | 'LeU' | 'GeS' | 'GeU';
type UnaryOp = 'Clz' | 'Ctz' | 'Popcnt';

/** What both integer types can do. `Lit` is what stands for a constant of the type. */
abstract class Int<Self, Lit> {
  abstract readonly type: ValType;
  readonly emit: Emit;
  constructor(emit: Emit) {
    this.emit = emit;
  }

  protected abstract readonly prefix: 'i32' | 'i64';
  protected abstract lift(x: Self | Lit): { emit: Emit };
  protected abstract make(emit: Emit): Self;

  private code(op: BinaryOp | CompareOp, y: Self | Lit): Emit {
    const right = this.lift(y);
    const method = `${this.prefix}${op}` as const;
    return (f) => {
      this.emit(f);
      right.emit(f);
      f[method]();
    };
  }
  private binary(op: BinaryOp, y: Self | Lit): Self {
    return this.make(this.code(op, y));
  }
  private compare(op: CompareOp, y: Self | Lit): Int32 {
    return new Int32(this.code(op, y));
  }
  private unary(op: UnaryOp): Self {
    return this.make((f) => {
      this.emit(f);
      f[`${this.prefix}${op}`]();
    });
  }

  add(y: Self | Lit): Self { return this.binary('Add', y); }
  sub(y: Self | Lit): Self { return this.binary('Sub', y); }
  mul(y: Self | Lit): Self { return this.binary('Mul', y); }
  divU(y: Self | Lit): Self { return this.binary('DivU', y); }
  remU(y: Self | Lit): Self { return this.binary('RemU', y); }
  and(y: Self | Lit): Self { return this.binary('And', y); }
  or(y: Self | Lit): Self { return this.binary('Or', y); }
  xor(y: Self | Lit): Self { return this.binary('Xor', y); }
  shl(y: Self | Lit): Self { return this.binary('Shl', y); }
  shrS(y: Self | Lit): Self { return this.binary('ShrS', y); }
  shrU(y: Self | Lit): Self { return this.binary('ShrU', y); }
  rotl(y: Self | Lit): Self { return this.binary('Rotl', y); }
  clz(): Self { return this.unary('Clz'); }
  ctz(): Self { return this.unary('Ctz'); }
  popcnt(): Self { return this.unary('Popcnt'); }

  eq(y: Self | Lit): Int32 { return this.compare('Eq', y); }
  ne(y: Self | Lit): Int32 { return this.compare('Ne', y); }
  ltS(y: Self | Lit): Int32 { return this.compare('LtS', y); }
  ltU(y: Self | Lit): Int32 { return this.compare('LtU', y); }
  gtS(y: Self | Lit): Int32 { return this.compare('GtS', y); }
  gtU(y: Self | Lit): Int32 { return this.compare('GtU', y); }
  leS(y: Self | Lit): Int32 { return this.compare('LeS', y); }
  leU(y: Self | Lit): Int32 { return this.compare('LeU', y); }
  geS(y: Self | Lit): Int32 { return this.compare('GeS', y); }
  geU(y: Self | Lit): Int32 { return this.compare('GeU', y); }
  eqz(): Int32 {
    return new Int32((f) => {
      this.emit(f);
      f[`${this.prefix}Eqz`]();
    });
  }
}

/** An i32; also a truth value and an address. */
export class Int32 extends Int<Int32, number> {
  readonly type: ValType = I32;
  protected readonly prefix = 'i32';
  protected lift(x: Int32 | number): Int32 { return typeof x === 'number' ? i32(x) : x; }
  protected make(emit: Emit): Int32 { return new Int32(emit); }

  /** Zero-extended to 64 bits. */
  u64(): Int64 { return new Int64((f) => { this.emit(f); f.i64ExtendI32U(); }); }
  /** Sign-extended to 64 bits. */
  s64(): Int64 { return new Int64((f) => { this.emit(f); f.i64ExtendI32S(); }); }

  /** `this ? yes : no`; both are evaluated. */
  select32(yes: Int32 | number, no: Int32 | number): Int32 { return new Int32(this.selecting(this.lift(yes), this.lift(no))); }
  select64(yes: Int64 | bigint, no: Int64 | bigint): Int64 { return new Int64(this.selecting(quad(yes), quad(no))); }
  private selecting(yes: { emit: Emit }, no: { emit: Emit }): Emit {
    return (f) => {
      yes.emit(f);
      no.emit(f);
      this.emit(f);
      f.select();
    };
  }

  load8(offset: number): Int32 { return new Int32((f) => { this.emit(f); f.i32Load8U(offset); }); }
  load16(offset: number): Int32 { return new Int32((f) => { this.emit(f); f.i32Load16U(offset); }); }
  loadS16(offset: number): Int32 { return new Int32((f) => { this.emit(f); f.i32Load16S(offset); }); }
  load32(offset: number): Int32 { return new Int32((f) => { this.emit(f); f.i32Load(offset); }); }
  load64(offset: number): Int64 { return new Int64((f) => { this.emit(f); f.i64Load(offset); }); }
}

/** An i64: a significand, or the bits of a number. */
export class Int64 extends Int<Int64, bigint> {
  readonly type: ValType = I64;
  protected readonly prefix = 'i64';
  protected lift(x: Int64 | bigint): Int64 { return quad(x); }
  protected make(emit: Emit): Int64 { return new Int64(emit); }

  /** The low 32 bits. */
  low(): Int32 { return new Int32((f) => { this.emit(f); f.i32WrapI64(); }); }
  /** The high 32 bits, zero-extended. */
  high(): Int64 { return this.shrU(32n); }
  /** 1 where the value is not zero, as an i64: the sticky bit. */
  sticky(): Int64 { return this.ne(0n).u64(); }
}

const quad = (x: Int64 | bigint): Int64 => typeof x === 'bigint' ? i64(x) : x;

export const i32 = (value: number): Int32 => new Int32((f) => f.i32Const(value | 0));
export const i64 = (value: bigint): Int64 => new Int64((f) => f.i64ConstBig(value));

export type Expr = Int32 | Int64;
