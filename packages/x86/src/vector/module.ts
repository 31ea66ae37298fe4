/** The module of AES-NI, PCLMULQDQ, SHA and PCMPxSTRx: generated once per machine, imported by translated code as helpers. */
import type { Arena, HostPtr } from '@emu/vaddr';
import { ModuleBuilder } from '@emu/wasm';
import { Emitter } from '../fpu/fn.ts';
import { decryptionColumns, encryptionColumns, inverseOf, sBox } from './aes-tables.ts';
import { defineAes, type AesTables } from './aes.ts';
import { defineClmul } from './clmul.ts';
import { definePcmpstr } from './pcmpstr.ts';
import { defineSha } from './sha.ts';

const TABLE_BYTES = 256;

/** Puts the tables of AES into the arena. */
function placeTables(arena: Arena): AesTables {
  const box = sBox(), inverse = inverseOf(box);
  const bytes = (table: Uint8Array): HostPtr => {
    const at = arena.alloc(TABLE_BYTES, 64);
    arena.u8.set(table, at);
    return at;
  };
  const words = (table: Int32Array): HostPtr => {
    const at = arena.alloc(4 * TABLE_BYTES, 64);
    arena.i32.set(table, at >>> 2);
    return at;
  };
  return { box: bytes(box), inverseBox: bytes(inverse), encryption: words(encryptionColumns(box)), decryption: words(decryptionColumns(inverse)) };
}

/** The module's functions by name, working on the block at `block` (see `block.ts`). */
export function instantiateVector(arena: Arena, block: HostPtr): Readonly<Record<string, Function>> {
  const module = new ModuleBuilder();
  module.name('vector');
  module.importMemory('env', 'memory', { min: 0 });
  const ctx = { emitter: new Emitter(module), block };
  defineAes(ctx, placeTables(arena));
  defineClmul(ctx);
  defineSha(ctx);
  definePcmpstr(ctx);
  const compiled = new WebAssembly.Module(module.finish() as BufferSource);
  return new WebAssembly.Instance(compiled, { env: { memory: arena.memory } }).exports as Record<string, Function>;
}
