/** The interpreter's side of a lowering: operands are cells whose addresses are words of the instruction at `ip`. */
import { operandType, ROWS, Type } from '@emu/tcg';
import type { Immediates, LowerTarget } from '@emu/tcg';
import type { FuncBuilder, ValType } from '@emu/wasm';
import { EXTRA_WORDS, WORD, type Extra } from './bytecode.ts';

export class CellTarget implements LowerTarget {
  readonly f: FuncBuilder;
  readonly static = false;
  /** What the instruction holds after its operands; filled while a case is lowered. */
  readonly extras: Extra[] = [];
  readonly #ip: number;
  readonly #types: Type[];
  /** The immediate that has a case for each of its values, and this case's value. */
  readonly #variantOperand: number;
  readonly #variant: number;
  #words: number;

  constructor(f: FuncBuilder, ip: number, op: number, type: Type, variantOperand: number, variant: number) {
    const row = ROWS[op]!;
    this.f = f;
    this.#ip = ip;
    this.#types = [...row.outs, ...row.ins].map((kind) => operandType(kind, type));
    this.#variantOperand = variantOperand;
    this.#variant = variant;
    this.#words = 1 + this.#types.length;
  }

  /** Bytes of the instruction so far. */
  get size(): number {
    return this.#words * WORD;
  }

  get(i: number): void {
    this.#word(i + 1);
    load(this.f, this.#types[i]!);
  }

  out(i: number): void {
    this.#word(i + 1);
  }

  put(i: number): void {
    store(this.f, this.#types[i]!);
  }

  imm(i: number): number {
    if (i !== this.#variantOperand) throw new Error(`immediate ${i} is known only when the op is encoded`);
    return this.#variant;
  }

  i32(value: (imm: Immediates) => number): void {
    this.f.localGet(this.#ip);
    this.f.i32Load(this.#extra({ kind: 'i32', value }));
  }

  i64(lo: (imm: Immediates) => number, hi: (imm: Immediates) => number): void {
    this.f.localGet(this.#ip);
    this.f.i64Load(this.#extra({ kind: 'i64', lo, hi }), 2);
  }

  v128(operand: number, value: (bytes: Uint8Array) => Uint8Array): void {
    this.f.localGet(this.#ip);
    this.f.v128Load(this.#extra({ kind: 'v128', operand, value }), 2);
  }

  shuffle(): Uint8Array {
    throw new Error('the lanes of a shuffle are known only when the op is encoded');
  }

  tmp(wasmType: ValType): number {
    return this.f.local(wasmType);
  }

  free(local: number): void {
    this.f.freeLocal(local);
  }

  #word(i: number): void {
    this.f.localGet(this.#ip);
    this.f.i32Load(i * WORD);
  }

  /** Byte offset of a new extra. */
  #extra(extra: Extra): number {
    const at = this.size;
    this.extras.push(extra);
    this.#words += EXTRA_WORDS[extra.kind];
    return at;
  }
}

/** Replaces an address on the stack by the value of that type there. Cells and pool words are read here and nowhere else. */
export function load(f: FuncBuilder, type: Type): void {
  if (type === Type.i32) f.i32Load();
  else if (type === Type.i64) f.i64Load();
  else if (type === Type.f32) f.f32Load();
  else if (type === Type.f64) f.f64Load();
  else f.v128Load();
}

/** Stores the value of that type on the stack at the address below it. */
export function store(f: FuncBuilder, type: Type): void {
  if (type === Type.i32) f.i32Store();
  else if (type === Type.i64) f.i64Store();
  else if (type === Type.f32) f.f32Store();
  else if (type === Type.f64) f.f64Store();
  else f.v128Store();
}
