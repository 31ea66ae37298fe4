/**
 * Finds the TB of the header's key without leaving generated code, after the jump cache missed: the code TLB gives the host address of the
 * next instruction, the physical cache its TB; the jump cache learns it. A small Wasm module of its own that back ends import.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { I32, ModuleBuilder } from '@emu/wasm';
import type { FuncBuilder } from '@emu/wasm';
import { HDR, JC, JUMP_CACHE_BITS, JUMP_CACHE_ENTRY, TB } from './cpu.ts';
import { emitFoldHash } from './fold-hash.ts';
import { CACHED_OFTEN, JUMP_CACHE_ENTRIES } from './jump-cache-table.ts';
import type { JumpCache } from './jump-cache-table.ts';
import { PHYS_CACHE_BITS, PHYS_CACHE_ENTRY } from './phys-cache.ts';
import type { PhysCache } from './phys-cache.ts';

export interface TbLookupOptions {
  readonly arena: Arena;
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly physCache: PhysCache;
  /**
   * The guest's part: probes the code TLB for the key's linear address. Leaves the host address in the i32 local `host`, and pushes 1; or
   * pushes 0 where the slow path must look.
   */
  readonly emitHostPc: (f: FuncBuilder, host: number) => void;
}

const PC = PHYS_CACHE_ENTRY.offset;

/** The lookup, a Wasm function `() -> i32`: the record of the TB at the key, or 0 if the engine has to find (or make) it. */
export function createTbLookup(options: TbLookupOptions): () => HostPtr {
  const m = new ModuleBuilder();
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const f = m.func({ name: 'lookup', results: [I32] });
  const host = f.local(I32, 'host'), entry = f.local(I32, 'entry'), tb = f.local(I32, 'tb');
  const miss = f.block();
  options.emitHostPc(f, host);
  f.i32Eqz();
  f.brIf(miss);
  emitFind(f, options, host, entry, miss);
  f.localGet(entry);
  f.i32Load(options.physCache.address + PC.tb);
  f.localSet(tb);
  emitFill(f, options, tb, entry);
  f.localGet(tb);
  f.return_();
  f.end();
  f.i32Const(0);
  f.end();
  m.exportFunc('lookup', f);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource), { env: { memory: options.arena.memory } });
  return exports.lookup as () => HostPtr;
}

/** Offset of the physical cache's entry into `entry`; branches to `miss` unless it has the key. */
function emitFind(f: FuncBuilder, o: TbLookupOptions, host: number, entry: number, miss: number): void {
  const base = o.physCache.address;
  f.localGet(host);
  emitFoldHash(f, host, PHYS_CACHE_BITS);
  f.i32Const(Math.log2(PHYS_CACHE_ENTRY.size));
  f.i32Shl();
  f.localTee(entry);
  f.i32Load(base + PC.host);
  f.localGet(host);
  f.i32Ne();
  f.brIf(miss);
  for (const [field, header] of [[PC.flags, HDR.flags], [PC.csBase, HDR.csBase]] as const) {
    f.localGet(entry);
    f.i32Load(base + field);
    f.i32Const(o.header);
    f.i32Load(header);
    f.i32Ne();
    f.brIf(miss);
  }
}

/** `JumpCache.fill` for the key; uses `entry` for the index. */
function emitFill(f: FuncBuilder, o: TbLookupOptions, tb: number, entry: number): void {
  const { header, jumpCache } = o, index = f.local(I32, 'index');
  f.i32Const(header);
  f.i32Load(HDR.pc);
  f.localTee(index);
  emitFoldHash(f, index, JUMP_CACHE_BITS);
  f.localSet(index);
  // the list of used entries
  f.i32Const(jumpCache.usedCount);
  f.i32Load();
  f.localTee(entry);
  f.i32Const(JUMP_CACHE_ENTRIES);
  f.i32LtU();
  f.if_();
  f.localGet(entry);
  f.i32Const(2);
  f.i32Shl();
  f.localGet(index);
  f.i32Store(jumpCache.used);
  f.i32Const(jumpCache.usedCount);
  f.localGet(entry);
  f.i32Const(1);
  f.i32Add();
  f.i32Store();
  f.end();
  // where the TB is cached
  f.localGet(tb);
  f.localGet(index);
  f.i32Const(1);
  f.i32Add();
  f.localTee(entry);
  f.i32Const(CACHED_OFTEN);
  f.localGet(tb);
  f.i32Load(TB.cachedAt);
  f.i32Eqz();
  f.localGet(tb);
  f.i32Load(TB.cachedAt);
  f.localGet(entry);
  f.i32Eq();
  f.i32Or();
  f.select();
  f.i32Store(TB.cachedAt);
  // the entry itself
  f.localGet(index);
  f.i32Const(Math.log2(JUMP_CACHE_ENTRY.size));
  f.i32Shl();
  f.localSet(index);
  for (const [to, from] of [[JC.pc, HDR.pc], [JC.csBase, HDR.csBase]] as const) {
    f.localGet(index);
    f.i32Const(header);
    f.i64Load(from);
    f.i64Store(jumpCache.address + to);
  }
  f.localGet(index);
  f.i32Const(header);
  f.i32Load(HDR.flags);
  f.i32Store(jumpCache.address + JC.flags);
  f.localGet(index);
  f.localGet(tb);
  f.i32Store(jumpCache.address + JC.tb);
  f.freeLocal(index);
}
