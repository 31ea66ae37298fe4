/** What this browser's workers can do, found by trying it. */
import { canKeepOverlays } from '@emu/fs-pack';
import type { Capabilities } from '../protocol.ts';

/** A module with a function that makes a v128: `(func (result v128) i32.const 0 i8x16.splat)`. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
const EMPTY = SIMD.slice(0, 8);

export async function capabilities(): Promise<Capabilities> {
  return { problems: problems(), canKeepDisks: await canKeepOverlays() };
}

function problems(): string[] {
  if (typeof WebAssembly === 'undefined') return ['This browser has no WebAssembly, or it is switched off (some "lockdown" and "strict" modes do that).'];
  const found: string[] = [];
  try {
    void new WebAssembly.Module(new Uint8Array(EMPTY));
  } catch (error) {
    found.push(`This page's Content-Security-Policy forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src. (${(error as Error).message})`);
  }
  if (!WebAssembly.validate(new Uint8Array(SIMD))) {
    found.push('This browser has WebAssembly without SIMD. Use Chrome or Edge 91, Firefox 89, Safari 16.4, or anything newer.');
  }
  return found;
}
