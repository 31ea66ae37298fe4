/** AES-NI: rounds on a state in four columns of four bytes, by tables. SDM Vol. 2 (AESENC ...), FIPS 197, 5.1 and 5.3. */
import { i32, type Int32 } from '../fpu/expr.ts';
import type { Fn } from '../fpu/fn.ts';
import { BLOCK, storeWords, word, words, type BlockContext } from './block.ts';

/** Addresses of the tables: substitution boxes (256 bytes each), columns (256 doublewords each). */
export interface AesTables {
  readonly box: number;
  readonly inverseBox: number;
  readonly encryption: number;
  readonly decryption: number;
}

const byteOf = (x: Int32, n: number): Int32 => (n === 3 ? x.shrU(24) : n === 0 ? x.and(0xff) : x.shrU(8 * n).and(0xff));
const column = (table: number, index: Int32): Int32 => index.shl(2).load32(table);
const substituted = (table: number, index: Int32): Int32 => index.load8(table);

/** Row r of column j comes from column j + r (ShiftRows), or j - r (InvShiftRows). */
const SHIFT = 1, UNSHIFT = 3;

/** `round(env block)`: substitutes, shifts rows, mixes columns, adds the key in B. */
function defineRound(ctx: BlockContext, name: string, table: number, direction: number): void {
  ctx.emitter.export(name, [], [], (fn) => {
    const state = words(ctx, fn, BLOCK.A);
    storeWords(ctx, fn, state.map((_, j) => [1, 2, 3].reduce((sum, r) => sum.xor(column(table, byteOf(state[(j + direction * r) & 3]!, r)).rotl(8 * r)),
      column(table, byteOf(state[j]!, 0)).xor(keyWord(ctx, j)))));
  });
}
const keyWord = (ctx: BlockContext, n: number): Int32 => i32(ctx.block).load32(BLOCK.B + 4 * n);

/** The last round does not mix columns. */
function defineLastRound(ctx: BlockContext, name: string, box: number, direction: number): void {
  ctx.emitter.export(name, [], [], (fn) => {
    const state = words(ctx, fn, BLOCK.A);
    storeWords(ctx, fn, state.map((_, j) => [0, 1, 2, 3].reduce((sum, r) =>
      sum.xor(substituted(box, byteOf(state[(j + direction * r) & 3]!, r)).shl(8 * r)), keyWord(ctx, j))));
  });
}

/** Substitutes each byte of a word. */
const substitutedWord = (fn: Fn, box: number, x: Int32): Int32 =>
  fn.let([1, 2, 3].reduce((d, r) => d.or(substituted(box, byteOf(x, r)).shl(8 * r)), substituted(box, byteOf(x, 0))));

export function defineAes(ctx: BlockContext, tables: AesTables): void {
  defineRound(ctx, 'aesenc', tables.encryption, SHIFT);
  defineRound(ctx, 'aesdec', tables.decryption, UNSHIFT);
  defineLastRound(ctx, 'aesenclast', tables.box, SHIFT);
  defineLastRound(ctx, 'aesdeclast', tables.inverseBox, UNSHIFT);
  // the table of decryption substitutes inversely first: undo that
  ctx.emitter.export('aesimc', [], [], (fn) => {
    const state = words(ctx, fn, BLOCK.B);
    storeWords(ctx, fn, state.map((x) => [1, 2, 3].reduce((sum, r) => sum.xor(column(tables.decryption, substituted(tables.box, byteOf(x, r))).rotl(8 * r)),
      column(tables.decryption, substituted(tables.box, byteOf(x, 0))))));
  });
  // the round constant is the lowest doubleword of A
  ctx.emitter.export('aeskeygenassist', [], [], (fn) => {
    const constant = word(ctx, fn, BLOCK.A, 0);
    const halves = [1, 3].map((n) => substitutedWord(fn, tables.box, word(ctx, fn, BLOCK.B, n)));
    storeWords(ctx, fn, halves.flatMap((x) => [x, x.rotl(24).xor(constant)]));
  });
}
