import { Arena } from '@emu/vaddr';
import { I32, ModuleBuilder } from '@emu/wasm';
import { expect, test } from 'vitest';
import { CPU_HEADER } from './cpu.ts';
import { emitJumpCacheProbe } from './jump-cache.ts';
import { JumpCache } from './jump-cache-table.ts';
import { Tb } from './tb.ts';

test('generated code finds what the engine filled in, and nothing else', () => {
  const arena = new Arena(1 << 20), header = arena.alloc(CPU_HEADER.size), jumpCache = new JumpCache(arena);
  const cpu = CPU_HEADER.at(arena, header), tb = new Tb(0x12340, 0);
  const m = new ModuleBuilder();
  const f = m.func({ results: [I32] });
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  emitJumpCacheProbe(f, header, jumpCache.address, f.local(I32));
  f.end();
  m.exportFunc('probe', f);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { env: { memory: arena.memory } });
  const probe = (pcLo: number, pcHi: number, csLo: number, csHi: number, flags: number) => {
    Object.assign(cpu, { pcLo, pcHi, csBaseLo: csLo, csBaseHi: csHi, flags });
    return (exports.probe as () => number)();
  };
  const key = [0x81000123 | 0, -1, 0x10, 1, 42] as const;
  jumpCache.fill(...key, tb);
  expect(probe(...key)).toBe(0x12340);
  key.forEach((_, i) => expect(probe(...(key.map((v, k) => (k === i ? v ^ 0x40000000 : v)) as unknown as typeof key))).toBe(0));
  jumpCache.flush();
  expect(probe(...key)).toBe(0);
});
