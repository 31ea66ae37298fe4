/** The crypto module in an arena of its own, driven as translated code drives it: operands into the block, a call, the result out. */
import { Arena } from '@emu/vaddr';
import { BLOCK } from './block.ts';
import { instantiateCrypto } from './module.ts';
import type { CryptoHelper } from '../helpers/crypto.ts';

/** 16 bytes, as an XMM register holds them. */
export type Vector = Uint8Array;

export class CryptoRig {
  readonly #arena = new Arena(0x10000);
  readonly #block = this.#arena.alloc(64, 64);
  readonly #functions = instantiateCrypto(this.#arena, this.#block);

  /** The instruction's destination after it ran with destination `a`, source `b` and XMM0 `c`. */
  run(name: CryptoHelper, a: Vector, b: Vector, c: Vector = new Uint8Array(16)): Vector {
    const { u8 } = this.#arena, at = this.#block;
    u8.set(a, at + BLOCK.A);
    u8.set(b, at + BLOCK.B);
    u8.set(c, at + BLOCK.C);
    this.#functions[name]!();
    return u8.slice(at + BLOCK.RESULT, at + BLOCK.RESULT + 16);
  }
}

export const xor = (a: Vector, b: Vector): Vector => a.map((x, i) => x ^ b[i]!);
/** Four doublewords, the lowest first. */
export const fromWords = (...words: readonly number[]): Vector => new Uint8Array(Int32Array.from(words).buffer);
export const toWords = (v: Vector): Int32Array => new Int32Array(v.slice().buffer);
