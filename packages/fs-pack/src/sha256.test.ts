import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256, sha256Sync } from './sha256.ts';

test('the examples of FIPS 180-4', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(sha256Sync(bytes('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256Sync(bytes('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')))
    .toBe('248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1');
  expect(sha256Sync(bytes('a'.repeat(1_000_000)))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
});

test('every length around the block size agrees with OpenSSL, also in a view of a larger buffer', async () => {
  const buffer = new Uint8Array(randomBytes(400));
  for (let length = 0; length <= 200; length++) {
    const view = buffer.subarray(3, 3 + length);
    const expected = createHash('sha256').update(view).digest('hex');
    expect(sha256Sync(view)).toBe(expected);
    expect(await sha256(view)).toBe(expected);
  }
});
