/** The hash of jump cache and physical cache, for TypeScript and as generated code: an address whose upper bits are folded onto the lower `bits`. */
import type { FuncBuilder } from '@emu/wasm';

export const foldHash = (address: number, bits: number): number => (address ^ (address >>> bits)) & ((1 << bits) - 1);

/** Pops an address (i32) that is in the local `address` too, and pushes its hash. */
export function emitFoldHash(f: FuncBuilder, address: number, bits: number): void {
  f.localGet(address);
  f.i32Const(bits);
  f.i32ShrU();
  f.i32Xor();
  f.i32Const((1 << bits) - 1);
  f.i32And();
}
