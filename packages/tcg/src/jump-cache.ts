/** The jump cache lookup as generated code, written once for every back end. */
import type { HostPtr } from '@emu/vaddr';
import type { FuncBuilder } from '@emu/wasm';
import { HDR, JC, JUMP_CACHE_BITS, JUMP_CACHE_ENTRY } from './cpu.ts';
import { emitFoldHash } from './fold-hash.ts';

/** Pops the low half of a pc that is in the i32 local `pcLo` too, and pushes where in the jump cache, in bytes, its entry is. */
export function emitJumpCacheOffset(f: FuncBuilder, pcLo: number): void {
  emitFoldHash(f, pcLo, JUMP_CACHE_BITS);
  f.i32Const(Math.log2(JUMP_CACHE_ENTRY.size));
  f.i32Shl();
}

/**
 * Pushes the address of the TB that the header's key (pc, csBase, flags) leads to, or 0 on a miss. The key must be in memory.
 * @param entry an i32 local to use.
 */
export function emitJumpCacheProbe(f: FuncBuilder, header: HostPtr, jumpCache: HostPtr, entry: number): void {
  f.i32Const(header);
  f.i32Load(HDR.pc);
  f.localTee(entry);
  emitJumpCacheOffset(f, entry);
  f.localSet(entry);
  f.localGet(entry);
  f.i32Load(jumpCache + JC.tb);
  f.i32Const(0);
  f.localGet(entry);
  f.i64Load(jumpCache + JC.pc);
  f.i32Const(header);
  f.i64Load(HDR.pc);
  f.i64Eq();
  f.localGet(entry);
  f.i32Load(jumpCache + JC.flags);
  f.i32Const(header);
  f.i32Load(HDR.flags);
  f.i32Eq();
  f.i32And();
  f.localGet(entry);
  f.i64Load(jumpCache + JC.csBase);
  f.i32Const(header);
  f.i64Load(HDR.csBase);
  f.i64Eq();
  f.i32And();
  f.select();
}
