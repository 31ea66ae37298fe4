/** AES-NI against FIPS 197 and against OpenSSL (node:crypto), by whole encryptions with keys that AESKEYGENASSIST and AESIMC make. */
import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VectorRig, fromWords, toWords, xor, type Vector } from './testing.ts';

const rig = new VectorRig();
const zero = new Uint8Array(16);
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
/** Bytes that look random and are the same each time. */
const sample = (title: string, count: number): Uint8Array => Uint8Array.from(createHash('shake256', { outputLength: count }).update(title).digest());

/** SubWord in word 0, RotWord(SubWord) ^ rcon in word 1, of `word`: SDM Vol. 2, AESKEYGENASSIST. */
const assist = (word: number, rcon: number): Int32Array => toWords(rig.run('aeskeygenassist', fromWords(rcon, 0, 0, 0), fromWords(0, word, 0, 0)));

/** FIPS 197, 5.2. */
function expandKey(key: Uint8Array): Vector[] {
  const nk = key.length / 4, rounds = nk + 6, w = [...new Int32Array(key.slice().buffer)];
  for (let i = nk, rcon = 1; i < 4 * (rounds + 1); i++) {
    let t = w[i - 1]!;
    if (i % nk === 0) {
      t = assist(t, rcon)[1]!;
      rcon = (rcon << 1) ^ (rcon & 0x80 ? 0x11b : 0);
    } else if (nk > 6 && i % nk === 4) t = assist(t, 0)[0]!;
    w.push(w[i - nk]! ^ t);
  }
  return Array.from({ length: rounds + 1 }, (_, i) => fromWords(...w.slice(4 * i, 4 * i + 4)));
}

function encrypt(keys: readonly Vector[], block: Vector): Vector {
  const state = keys.slice(1, -1).reduce((s, k) => rig.run('aesenc', s, k), xor(block, keys[0]!));
  return rig.run('aesenclast', state, keys.at(-1)!);
}
/** The equivalent inverse cipher, FIPS 197, 5.3.5. */
function decrypt(keys: readonly Vector[], block: Vector): Vector {
  const middle = keys.slice(1, -1).toReversed().map((k) => rig.run('aesimc', zero, k));
  const state = middle.reduce((s, k) => rig.run('aesdec', s, k), xor(block, keys.at(-1)!));
  return rig.run('aesdeclast', state, keys[0]!);
}

describe('AES-NI', () => {
  it('gives the cipher text and key schedule of FIPS 197, appendices A.1 and B', () => {
    const keys = expandKey(bytes('2b7e151628aed2a6abf7158809cf4f3c'));
    expect(keys.at(-1)).toEqual(bytes('d014f9a8c9ee2589e13f0cc8b6630ca6'));
    expect(encrypt(keys, bytes('3243f6a8885a308d313198a2e0370734'))).toEqual(bytes('3925841d02dc09fbdc118597196a0b32'));
  });

  it.each([16, 24, 32])('encrypts as OpenSSL does and decrypts again with keys of %i bytes', (size) => {
    for (let n = 0; n < 50; n++) {
      const key = sample(`key ${size} ${n}`, size), plain = sample(`block ${n}`, 16), keys = expandKey(key);
      const cipher = createCipheriv(`aes-${8 * size}-ecb`, key, null);
      const coded = encrypt(keys, plain);
      expect(coded).toEqual(Uint8Array.from(cipher.update(plain)));
      expect(decrypt(keys, coded)).toEqual(plain);
    }
  });
});
