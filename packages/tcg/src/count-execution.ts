/** Counting how often a TB is entered, as generated code, written once for every back end. */
import { I32, type FuncBuilder } from '@emu/wasm';
import { TB } from './cpu.ts';

/** Counts one execution of the TB whose record's address is in local `tb`. `whenHot` emits what happens at the one that makes it hot, and leaves. */
export function emitCountExecution(f: FuncBuilder, tb: number, whenHot: () => void): void {
  const count = f.local(I32, 'count');
  f.localGet(tb);
  f.localGet(tb);
  f.i32Load(TB.count);
  f.i32Const(1);
  f.i32Add();
  f.localTee(count);
  f.i32Store(TB.count);
  f.localGet(count);
  f.localGet(tb);
  f.i32Load(TB.hotCount);
  f.i32Eq();
  f.if_();
  whenHot();
  f.end();
  f.freeLocal(count);
}
