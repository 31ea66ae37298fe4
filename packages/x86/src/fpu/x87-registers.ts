/**
 * The x87 register stack for instructions carried out in TypeScript: the counterpart of `x87-stack.ts`, with the same names. One
 * instance holds what the instruction at hand raised.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { BIAS, Class, INTEGER_BIT, QUIET_BIT, ROUNDED_UP } from './core.ts';
import { ALL_EXCEPTIONS, Exception, FpuState, FSW, PRE_COMPUTATION, type FpuView } from './state.ts';

/** An 80-bit value: sign and exponent, significand. */
export interface F80 { readonly se: number; readonly sig: bigint }

/** An unpacked operand: value = significand * 2^(exp - 63), with the leading one in bit 63 unless it is special. */
export interface Operand { readonly cls: number; readonly sign: number; readonly exp: number; readonly sig: bigint }

export const INDEFINITE: F80 = { se: 0xffff, sig: INTEGER_BIT | QUIET_BIT };
export const zero = (sign: number): F80 => ({ se: sign << 15, sig: 0n });
export const infinity = (sign: number): F80 => ({ se: sign << 15 | 0x7fff, sig: INTEGER_BIT });
export const ONE: F80 = { se: BIAS, sig: INTEGER_BIT };

const CELL_BYTES = 16;
/** `round_operand` of the generated module. */
export type RoundOperand = (env: number, sign: number, exp: number) => number;

export class X87Registers {
  readonly #arena: Arena;
  readonly #env: HostPtr;
  readonly #base: HostPtr;
  readonly #round: RoundOperand;
  readonly fpu: FpuView;
  #flags = 0;

  /** @param fpuOffset offset of `FpuState` from `env`. */
  constructor(arena: Arena, env: HostPtr, fpuOffset: number, round: RoundOperand) {
    this.#arena = arena;
    this.#env = env;
    this.#base = env + fpuOffset;
    this.#round = round;
    this.fpu = FpuState.at(arena, this.#base);
  }

  begin(): void {
    this.#flags = 0;
  }
  raise(flags: number): void {
    this.#flags |= flags;
  }
  underflow(): void {
    this.raise(FSW.SF | Exception.IE);
  }
  overflow(): void {
    this.raise(FSW.SF | Exception.IE | FSW.C1);
  }
  /** Raises IE and gives the default NaN. */
  invalid(): F80 {
    this.raise(Exception.IE);
    return INDEFINITE;
  }
  /** Whether an unmasked exception keeps the operation from being carried out. */
  get stopped(): boolean {
    return (this.#flags & ~this.fpu.fcw & PRE_COMPUTATION) !== 0;
  }
  /** Takes the flags over into FSW, with C2 as given; tells whether to deliver a result. */
  settle(c2 = 0): boolean {
    const { fpu } = this;
    fpu.fsw = fpu.fsw & ~(FSW.C1 | FSW.C2) | this.#flags | c2;
    if (this.#flags & ~fpu.fcw & ALL_EXCEPTIONS) fpu.fsw |= FSW.ES | FSW.B;
    return !this.stopped;
  }

  register(i: number): number {
    return (this.fpu.top + i) & 7;
  }
  isValid(i: number): boolean {
    return (this.fpu.valid >> this.register(i) & 1) !== 0;
  }
  read(i: number): F80 {
    const at = this.#base + FpuState.offset.st + CELL_BYTES * this.register(i);
    return { se: this.#arena.view.getUint16(at + 8, true), sig: this.#arena.view.getBigUint64(at, true) };
  }
  write(i: number, { se, sig }: F80): void {
    const at = this.#base + FpuState.offset.st + CELL_BYTES * this.register(i);
    this.#arena.view.setBigUint64(at, sig, true);
    this.#arena.view.setUint16(at + 8, se, true);
    this.fpu.valid |= 1 << this.register(i);
  }
  pop(): void {
    this.fpu.valid &= ~(1 << this.fpu.top);
    this.fpu.top = (this.fpu.top + 1) & 7;
  }
  push(value: F80): void {
    this.fpu.top = (this.fpu.top - 1) & 7;
    this.write(0, value);
  }

  /** Rounds magnitude * 2^exp, magnitude > 0, by rounding control; raises OE, UE, PE. Bits below the first 127 only count as "not exact". */
  round(sign: number, magnitude: bigint, exp: number): F80 {
    const length = magnitude.toString(2).length;
    const wide = length <= 128 ? magnitude << BigInt(128 - length) : magnitude >> BigInt(length - 128) | 1n;
    const { view } = this.#arena;
    const operand = this.#base + FpuState.offset.operand;
    view.setBigUint64(operand, wide >> 64n, true);
    view.setBigUint64(operand + 8, wide & 0xffff_ffff_ffff_ffffn, true);
    this.raise(this.#round(this.#env, sign, exp + length - 1 + BIAS) & (ALL_EXCEPTIONS | ROUNDED_UP));
    return { se: view.getUint16(operand + 8, true), sig: view.getBigUint64(operand, true) };
  }
}

/** Takes a value apart. */
export function unpack({ se, sig }: F80): Operand {
  const sign = se >> 15;
  const field = se & 0x7fff;
  const make = (cls: number, exp: number, significand = sig): Operand => ({ cls, sign, exp, sig: significand });
  if (field === 0) {
    if (sig === 0n) return make(Class.ZERO, 0);
    const places = 64 - sig.toString(2).length;
    return make(Class.DENORMAL, 1 - places - BIAS, sig << BigInt(places));
  }
  if (!(sig & INTEGER_BIT)) return make(Class.UNSUPPORTED, 0);
  if (field < 0x7fff) return make(0, field - BIAS);
  if (sig === INTEGER_BIT) return make(Class.INFINITY, 0);
  return make(sig & QUIET_BIT ? Class.QNAN : Class.SNAN, 0);
}
