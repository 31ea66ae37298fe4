/** Remembering where `lookup_and_goto_ptr` leads, as generated code, written once for every back end. */
import type { FuncBuilder } from '@emu/wasm';
import { TB } from './cpu.ts';

/**
 * Notes that the TB whose record's address is in local `tb` went to the one in local `found`: the latest targets that differ, latest first, are
 * predictions for compiled code. A target that is there already moves to the front.
 */
export function emitNoteTarget(f: FuncBuilder, tb: number, found: number): void {
  const [older, oldest] = [TB.olderTarget, TB.olderTarget + 4];
  const load = (field: number) => { f.localGet(tb); f.i32Load(field); };
  const differs = (field: number) => { load(field); f.localGet(found); f.i32Ne(); f.if_(); };
  differs(TB.lastTarget);
  differs(older);
  f.localGet(tb);
  load(older);
  f.i32Store(oldest);
  f.end();
  f.localGet(tb);
  load(TB.lastTarget);
  f.i32Store(older);
  f.localGet(tb);
  f.localGet(found);
  f.i32Store(TB.lastTarget);
  f.end();
}
