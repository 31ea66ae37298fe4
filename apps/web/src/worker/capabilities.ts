/** What this browser's workers can do, found by trying it. */
import { canKeepOverlays } from '@emu/fs-pack';
import { MachineError } from '@emu/machine';
import type { Capabilities } from '../protocol.ts';
import { WANTED_BROWSERS } from '../support.ts';

/** A module with a function that makes a v128: `(func (result v128) i32.const 0 i8x16.splat)`. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
/** One with a tail call: `(func return_call 0)`. */
const TAIL_CALL = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 18, 0, 11];
const EMPTY = SIMD.slice(0, 8);

export async function capabilities(): Promise<Capabilities> {
  return { problems: problems(), canKeepDisks: await canKeepOverlays() };
}

/** Something that every machine needs is missing in this browser, or forbidden. */
export class BrowserError extends MachineError {
  readonly reason = 'browser';
}

/** @throws BrowserError with a line for each thing that is missing. */
export function checkBrowser(): void {
  const found = problems();
  if (found.length > 0) throw new BrowserError(found.join('\n'));
}

function problems(): string[] {
  if (typeof WebAssembly === 'undefined') return ['This browser has no WebAssembly, or it is switched off (some "lockdown" and "strict" modes do that).'];
  const found: string[] = [];
  try {
    void new WebAssembly.Module(new Uint8Array(EMPTY));
  } catch (error) {
    found.push(`This page's Content-Security-Policy forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src. (${(error as Error).message})`);
  }
  const lacks = ([['SIMD', SIMD], ['tail calls', TAIL_CALL]] as const).filter(([, module]) => !WebAssembly.validate(new Uint8Array(module))).map(([name]) => name);
  if (lacks.length > 0) found.push(`This browser has WebAssembly without ${lacks.join(' and ')}. ${WANTED_BROWSERS}`);
  return found;
}
