/**
 * What is known of the floats in XMM registers at the instruction being translated: bounds that show operations on them to raise nothing but
 * inexact, so that no guard is needed. A guard that was passed holds for the rest of the TB, since what does not pass leaves it
 * (`Ctx.oddLabel`); what an operation gives follows from its operands.
 *
 * A value is known if it is finite and not denormal: 0, or 2^low <= |x| < 2^high, and a multiple of 2^unit in any case. `high` may be one
 * beyond the format for what may be infinite. Registers are followed by looking at the IR since the last question, whoever emitted it.
 */
import { Kind, Op, ROWS, STRIDE, type Ir, type Temp } from '@emu/tcg';

/** Scalars are lane 0; of a vector it is known what is true of all lanes. */
export const FloatKind = { SD: 0, SS: 1, PD: 2, PS: 3 } as const;
const KINDS = 4, REGISTERS = 16, XMM_BYTES = 16;
const NONE = -1;
/** In place of a bound. */
const UNKNOWN = 1 << 30;

/** A float format. `tame` is what `fwild` lets pass. */
export interface FloatFacts { readonly digits: number; readonly low: number; readonly high: number; readonly tameLow: number; readonly tameHigh: number }
const DOUBLE: FloatFacts = { digits: 53, low: -1022, high: 1024, tameLow: -255, tameHigh: 257 };
const SINGLE: FloatFacts = { digits: 24, low: -126, high: 128, tameLow: -50, tameHigh: 50 };
export const factsOf = (kind: number): FloatFacts => (kind === FloatKind.SD || kind === FloatKind.PD ? DOUBLE : SINGLE);

/** Bounds of 0, which is a multiple of everything. */
const NOTHING = 1 << 20;
const OUTS = Uint8Array.from(ROWS, (row) => row.outs.length);

/** A value: an index, for as long as the TB is translated. */
export type FloatValue = number;

export class FloatValues {
  readonly #ir: Ir;
  readonly #xmm: readonly Temp[];
  /** Address of XMM0 in CPU state. */
  readonly #address: number;
  /** The value of each register by kind, or -1. */
  readonly #held = new Int32Array(KINDS * REGISTERS).fill(NONE);
  /** By value. */
  readonly #temp: Temp[] = [];
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  readonly #unit: number[] = [];
  readonly #nonzero: boolean[] = [];
  /** Ops up to this one have been looked at. */
  #seen = 0;

  constructor(ir: Ir, xmm: readonly Temp[]) {
    this.#ir = ir;
    this.#xmm = xmm;
    this.#address = ir.tempLo[xmm[0]!]!;
  }

  /** Begins a TB. */
  begin(): void {
    this.#seen = this.#temp.length = 0;
    this.#held.fill(NONE);
  }

  /** A value of which nothing is known. `temp` is a scalar that no op writes again; -1 for a vector, or while nobody has taken it from a register. */
  unknown(temp: Temp): FloatValue {
    return this.make(temp, UNKNOWN, 0, 0);
  }

  make(temp: Temp, low: number, high: number, unit: number): FloatValue {
    const v = this.#temp.push(temp) - 1;
    this.#nonzero[v] = false;
    this.#set(v, low, high, unit);
    return v;
  }

  #set(v: FloatValue, low: number, high: number, unit: number): void {
    this.#low[v] = low;
    this.#high[v] = high;
    this.#unit[v] = unit;
  }

  /** The scalar is in `temp` now. */
  taken(v: FloatValue, temp: Temp): void {
    this.#temp[v] = temp;
  }

  temp(v: FloatValue): Temp { return this.#temp[v]!; }
  low(v: FloatValue): number { return this.#low[v]!; }
  high(v: FloatValue): number { return this.#high[v]!; }
  unit(v: FloatValue): number { return this.#unit[v]!; }
  isKnown(v: FloatValue): boolean { return this.#low[v] !== UNKNOWN; }
  isNonzero(v: FloatValue): boolean { return this.#nonzero[v]!; }
  isTame(v: FloatValue, f: FloatFacts): boolean { return this.isKnown(v) && this.#low[v]! >= f.tameLow && this.#high[v]! <= f.tameHigh; }

  /** `fwild` let the value pass. */
  tame(v: FloatValue, f: FloatFacts): void {
    const unit = f.tameLow - f.digits + 1;
    if (!this.isKnown(v)) this.#set(v, f.tameLow, f.tameHigh, unit);
    else this.#set(v, Math.max(f.tameLow, this.low(v)), Math.min(f.tameHigh, this.high(v)), Math.max(unit, this.unit(v)));
  }

  /** The value is no NaN and not denormal. */
  ordered(v: FloatValue, f: FloatFacts): void {
    this.#set(v, f.low, f.high + 1, f.low - f.digits + 1);
  }

  nonzero(v: FloatValue): void {
    this.#nonzero[v] = true;
  }

  /** What XMM register `n` holds, or -1 where no value has been given to it. */
  held(kind: number, n: number): FloatValue {
    this.#look();
    return this.#held[kind * REGISTERS + n]!;
  }

  /** XMM register `n` has just been written, and holds `v`. */
  hold(kind: number, n: number, v: FloatValue): void {
    this.#look();
    this.#held[kind * REGISTERS + n] = v;
  }

  /** XMM register `to` has just been written with what `from` holds: its low 32 or 64 bits, or all. `values` is what `holdings` gave before that. */
  copied(to: number, values: readonly FloatValue[], bits: 32 | 64 | 128): void {
    this.#look();
    for (let kind = 0; kind < KINDS; kind++) {
      if (bits === 128 || kind === FloatKind.SS || (bits === 64 && kind === FloatKind.SD)) this.#held[kind * REGISTERS + to] = values[kind]!;
    }
  }

  /** What register `n` holds, by kind. */
  holdings(n: number): FloatValue[] {
    this.#look();
    return Array.from({ length: KINDS }, (_, kind) => this.#held[kind * REGISTERS + n]!);
  }

  /** XMM register `n` has just been cleared. */
  cleared(n: number, zero: (kind: number) => Temp): void {
    this.#look();
    for (let kind = 0; kind < KINDS; kind++) this.#held[kind * REGISTERS + n] = this.make(zero(kind), NOTHING, -NOTHING, NOTHING);
  }

  /** Forgets registers that have been written since the last look. */
  #look(): void {
    const { op, args, length } = this.#ir;
    for (let i = this.#seen; i < length; i++) {
      const p = i * STRIDE;
      if (op[i] === Op.call) this.#called(p);
      else for (let k = 0; k < OUTS[op[i]!]!; k++) this.#written(args[p + k]!);
    }
    this.#seen = length;
  }

  #written(t: Temp): void {
    if (t >= this.#ir.globalCount) return;
    const n = t - this.#xmm[0]!;
    if (n >= 0 && n < REGISTERS) this.#forget(n);
  }

  #forget(n: number): void {
    for (let kind = 0; kind < KINDS; kind++) this.#held[kind * REGISTERS + n] = NONE;
  }

  /** A helper may write what its pointers lead to, or everything. */
  #called(p: number): void {
    const ir = this.#ir, { flags } = ir.helpers[ir.args[p + 1]!]!;
    if (flags.noWriteGlobals) return;
    if (!flags.pointersOnly) return void this.#held.fill(NONE);
    for (let k = 0; k < ir.args[p + 3]!; k++) {
      const t = ir.callArgs[ir.args[p + 2]! + k]!, n = Math.floor((ir.tempLo[t]! - this.#address) / XMM_BYTES);
      if (ir.tempKind[t] !== Kind.CONST) this.#held.fill(NONE);
      else if (n >= 0 && n < REGISTERS) this.#forget(n);
    }
  }
}
