/** The SHA extensions. SDM Vol. 2 (SHA1RNDS4 ...), FIPS 180-4. A is the destination, B the source, C is XMM0; doublewords from the lowest. */
import { type Int32, i32 } from '../fpu/expr.ts';
import type { Fn } from '../fpu/fn.ts';
import { BLOCK, storeWords, word, words, type BlockContext } from './block.ts';

const right = (x: Int32, n: number): Int32 => x.rotl(32 - n);
const choose = (x: Int32, y: Int32, z: Int32): Int32 => y.xor(z).and(x).xor(z);
const parity = (x: Int32, y: Int32, z: Int32): Int32 => x.xor(y).xor(z);
const majority = (x: Int32, y: Int32, z: Int32): Int32 => x.and(y).or(x.or(y).and(z));
/** FIPS 180-4, 4.1.2: big and small sigma. */
const SIGMA0 = (x: Int32): Int32 => right(x, 2).xor(right(x, 13)).xor(right(x, 22));
const SIGMA1 = (x: Int32): Int32 => right(x, 6).xor(right(x, 11)).xor(right(x, 25));
const sigma0 = (x: Int32): Int32 => right(x, 7).xor(right(x, 18)).xor(x.shrU(3));
const sigma1 = (x: Int32): Int32 => right(x, 17).xor(right(x, 19)).xor(x.shrU(10));

/** Function and constant of rounds 0-19, 20-39, 40-59, 60-79. FIPS 180-4, 4.1.1 and 4.2.1. */
const SHA1_STAGES = [[choose, 0x5a827999], [parity, 0x6ed9eba1], [majority, 0x8f1bbcdc], [parity, 0xca62c1d6]] as const;

export function defineSha(ctx: BlockContext): void {
  const define = (name: string, body: (fn: Fn) => readonly Int32[]): void => {
    ctx.emitter.export(name, [], [], (fn) => storeWords(ctx, fn, body(fn).map((x) => fn.let(x))));
  };
  SHA1_STAGES.forEach(([f, constant], stage) => define(`sha1rnds4_${stage}`, (fn) => {
    let [d, c, b, a] = words(ctx, fn, BLOCK.A);
    const w = words(ctx, fn, BLOCK.B);
    let e = i32(0); // the first word of B has E added already
    for (let round = 0; round < 4; round++) {
      const next = fn.let(f(b, c, d).add(a.rotl(5)).add(w[3 - round]!).add(e).add(constant | 0));
      [e, d, c, b, a] = [d, c, fn.let(b.rotl(30)), a, next];
    }
    return [d, c, b, a];
  }));
  define('sha1nexte', (fn) => {
    const [w0, w1, w2, w3] = words(ctx, fn, BLOCK.B);
    return [w0, w1, w2, w3.add(word(ctx, fn, BLOCK.A, 3).rotl(30))];
  });
  define('sha1msg1', (fn) => {
    const [w3, w2, w1, w0] = words(ctx, fn, BLOCK.A);
    const [, , w5, w4] = words(ctx, fn, BLOCK.B);
    return [w5.xor(w3), w4.xor(w2), w3.xor(w1), w2.xor(w0)];
  });
  define('sha1msg2', (fn) => {
    const [x3, x2, x1, x0] = words(ctx, fn, BLOCK.A);
    const [w15, w14, w13] = words(ctx, fn, BLOCK.B);
    const w16 = fn.let(x0.xor(w13).rotl(1));
    return [x3.xor(w16).rotl(1), x2.xor(w15).rotl(1), x1.xor(w14).rotl(1), w16];
  });
  define('sha256rnds2', (fn) => {
    let [h, g, d, c] = words(ctx, fn, BLOCK.A);
    let [f, e, b, a] = words(ctx, fn, BLOCK.B);
    for (let round = 0; round < 2; round++) {
      const t = fn.let(choose(e, f, g).add(SIGMA1(e)).add(word(ctx, fn, BLOCK.C, round)).add(h));
      [h, g, f, e, d, c, b, a] = [g, f, e, fn.let(t.add(d)), c, b, a, fn.let(t.add(majority(a, b, c)).add(SIGMA0(a)))];
    }
    return [f, e, b, a];
  });
  define('sha256msg1', (fn) => {
    const [w0, w1, w2, w3] = words(ctx, fn, BLOCK.A);
    const w4 = word(ctx, fn, BLOCK.B, 0);
    return [w0.add(sigma0(w1)), w1.add(sigma0(w2)), w2.add(sigma0(w3)), w3.add(sigma0(w4))];
  });
  define('sha256msg2', (fn) => {
    const [x0, x1, x2, x3] = words(ctx, fn, BLOCK.A);
    const [, , w14, w15] = words(ctx, fn, BLOCK.B);
    const w16 = fn.let(x0.add(sigma1(w14))), w17 = fn.let(x1.add(sigma1(w15)));
    return [w16, w17, x2.add(sigma1(w16)), x3.add(sigma1(w17))];
  });
}
