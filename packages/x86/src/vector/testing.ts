/** The vector module in an arena of its own, driven as translated code drives it: operands into the block, a call, the result out. */
import { Arena } from '@emu/vaddr';
import { BLOCK } from './block.ts';
import { instantiateVector } from './module.ts';
import type { PcmpstrHelper, VectorHelper } from '../helpers/vector.ts';

/** 16 bytes, as an XMM register holds them. */
export type Vector = Uint8Array;

export class VectorRig {
  readonly #arena = new Arena(0x10000);
  readonly #block = this.#arena.alloc(64, 64);
  readonly #functions = instantiateVector(this.#arena, this.#block);

  /** The instruction's destination after it ran with destination `a`, source `b` and XMM0 `c`. */
  run(name: VectorHelper, a: Vector, b: Vector, c: Vector = new Uint8Array(16)): Vector {
    this.#arena.u8.set(c, this.#block + BLOCK.C);
    this.call(name, a, b);
    return this.result;
  }

  /** What a function with arguments returns. */
  call(name: VectorHelper | PcmpstrHelper, a: Vector, b: Vector, ...args: readonly (number | bigint)[]): number {
    const { u8 } = this.#arena;
    u8.set(a, this.#block + BLOCK.A);
    u8.set(b, this.#block + BLOCK.B);
    return this.#functions[name]!(...args) as number;
  }

  get result(): Vector {
    const at = this.#block + BLOCK.RESULT;
    return this.#arena.u8.slice(at, at + 16);
  }
}

export const xor = (a: Vector, b: Vector): Vector => a.map((x, i) => x ^ b[i]!);
/** Four doublewords, the lowest first. */
export const fromWords = (...words: readonly number[]): Vector => new Uint8Array(Int32Array.from(words).buffer);
export const toWords = (v: Vector): Int32Array => new Int32Array(v.slice().buffer);
