import { afterEach, expect, test, vi } from 'vitest';
import { capabilities } from './capabilities.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Bytes of an instruction by which its use in a module is seen: WebAssembly 3.0, section 5.4. */
const V128_SPLAT = [0xfd, 15], RETURN_CALL = [0x12, 0];
const has = (bytes: Uint8Array, [first, second]: readonly number[]): boolean => bytes.some((byte, i) => byte === first && bytes[i + 1] === second);

test('nothing is missing here, where the machine runs', async () => {
  expect((await capabilities()).problems).toEqual([]);
});

test.each([['SIMD', V128_SPLAT], ['tail calls', RETURN_CALL]])('an engine without %s is told which browsers have it', async (name, instruction) => {
  const { validate } = WebAssembly;
  vi.spyOn(WebAssembly, 'validate').mockImplementation((bytes) => !has(bytes as Uint8Array, instruction) && validate(bytes));
  expect((await capabilities()).problems).toEqual([`This browser has WebAssembly without ${name}. Use Chrome or Edge 112, Firefox 121, Safari 18.2, or anything newer.`]);
});

test('no WebAssembly at all, and a policy that forbids it, are told apart', async () => {
  vi.spyOn(WebAssembly, 'Module').mockImplementation(function refuse() { throw new WebAssembly.CompileError('blocked by Content Security Policy'); });
  expect((await capabilities()).problems).toEqual([expect.stringMatching(/Content-Security-Policy forbids.*'wasm-unsafe-eval'/)]);
  vi.stubGlobal('WebAssembly', undefined);
  expect((await capabilities()).problems).toEqual([expect.stringMatching(/no WebAssembly/)]);
});
