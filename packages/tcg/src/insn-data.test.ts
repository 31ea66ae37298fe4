import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packWords, unpackWords } from './insn-data.ts';

const unpack = (packed: string, first: number, n: number): number[] => {
  const into = new Int32Array(n);
  unpackWords(packed, first, into);
  return [...into];
};

test('words are packed as DWARF 5 shows in its table 7.8 of signed LEB128', () => {
  for (const [word, bytes] of [[2, [2]], [-2, [0x7e]], [127, [0xff, 0]], [-127, [0x81, 0x7f]], [128, [0x80, 1]], [-128, [0x80, 0x7f]], [129, [0x81, 1]], [-129, [0xff, 0x7e]]] as const) {
    expect([...packWords([word])].map((c) => c.charCodeAt(0)), `${word}`).toEqual(bytes);
  }
});

test('any words come back from anywhere among them', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.integer(), fc.integer({ min: -70, max: 70 })), { minLength: 1, maxLength: 40 }), fc.nat(39), (words, n) => {
    const first = n % words.length;
    expect(unpack(packWords(words), first, words.length - first)).toEqual(words.slice(first));
  }));
});

test('the longest TB, of 512 instructions at the largest words, is packed too', () => {
  const words = Array.from({ length: 3 * 512 }, (_, i) => (i % 2 ? 0x7fff_ffff : -0x8000_0000));
  expect(unpack(packWords(words), 3 * 511, 3)).toEqual(words.slice(3 * 511));
});
