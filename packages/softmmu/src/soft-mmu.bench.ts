/**
 * What a guest access costs, in ns of process CPU time, the best of several rounds: inline hits of compiled loads and stores over the same loop without
 * a probe, refills after a miss (the walk is one that returns at once), device accesses, flushes. Run: `pnpm --filter @emu/softmmu bench`.
 */
import { fileURLToPath } from 'node:url';
import { Arena, type HostPtr } from '@emu/vaddr';
import { I32, I64, ModuleBuilder } from '@emu/wasm';
import { leastCpuNs } from '../../../tools/dev/cpu-ns.ts';
import { emitProbe, MemOp, PhysMap, SoftMmu } from './index.ts';
import { flatWalk } from './testing/naive-mmu.ts';

const PAGES = 32768;
const PAGE = 4096;
const DEVICE = PAGES * PAGE;
const ROUNDS = 7;

interface Figure { name: string; value: number; unit: string }

/** `count` 8-byte accesses at from + (i * step & mask). */
type Loop = (count: number, from: number, step: number, mask: number) => void;

function makeLoop(arena: Arena, mmu: SoftMmu, kind: 'read' | 'write', probe: boolean, ram: HostPtr): Loop {
  const m = new ModuleBuilder();
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const slowLoad = m.importFunc('env', 'slowLoad', [I32, I32, I32], [I32]);
  const slowStore = m.importFunc('env', 'slowStore', [I32, I32, I32, I32, I32], []);
  const f = m.func({ name: 'loop', params: [I32, I32, I32, I32] });
  const va = f.local(I64), at = f.local(I32), host = f.local(I32), entry = f.local(I32), value = f.local(I64);
  const again = f.loop();
  f.localGet(1); f.localGet(at); f.i32Add(); f.i64ExtendI32U(); f.localSet(va);
  if (probe) {
    emitProbe(f, { addr: va, access: kind, memop: MemOp.b64, descriptor: { at: mmu.descriptor(0) }, host, entry });
    f.i32Eqz();
    f.if_();
    f.i32Const(MemOp.b64); f.localGet(va); f.i32WrapI64(); f.i32Const(0);
    if (kind === 'read') { f.call(slowLoad); f.drop(); } else { f.i32Const(0); f.i32Const(0); f.call(slowStore); }
    f.i32Const(ram); f.localSet(host);
    f.end();
  } else { f.localGet(va); f.i32WrapI64(); f.i32Const(ram); f.i32Add(); f.localSet(host); }
  f.localGet(host);
  if (kind === 'read') { f.i64Load(0, 0); f.localGet(value); f.i64Add(); f.localSet(value); } else { f.localGet(va); f.i64Store(0, 0); }
  f.localGet(at); f.localGet(2); f.i32Add(); f.localGet(3); f.i32And(); f.localSet(at);
  f.localGet(0); f.i32Const(1); f.i32Sub(); f.localTee(0); f.brIf(again);
  f.end();
  f.i32Const(8); f.localGet(value); f.i64Store();
  f.end();
  m.exportFunc('loop', f);
  const env = { memory: arena.memory, slowLoad: mmu.slowLoad, slowStore: mmu.slowStore };
  return new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource), { env }).exports.loop as never;
}

const best = (count: number, run: () => void): number => leastCpuNs(ROUNDS, run) / count;

export function bench(): Figure[] {
  const arena = new Arena(PAGES * PAGE + 16 * 2 ** 20);
  const map = new PhysMap(arena);
  const header = arena.alloc(64);
  const ram = arena.alloc(PAGES * PAGE, PAGE);
  map.addRam('ram', 0, PAGES * PAGE, ram);
  map.addDevice('device', DEVICE, PAGE, { read: (offset) => offset, write: () => {} });
  const mmu = new SoftMmu(arena, map, {
    vaddrBits: 64, mmuModes: 1, walk: flatWalk, fault: { flag: header, retHi: header + 4, mailbox: header + 16 },
    onCodeWrite: () => false, onFlush: () => {},
  });
  const figures: Figure[] = [];
  const figure = (name: string, value: number) => { figures.push({ name: `softmmu: ${name}`, value, unit: 'ns' }); };
  const load = makeLoop(arena, mmu, 'read', true, ram), store = makeLoop(arena, mmu, 'write', true, ram);
  const plainLoad = makeLoop(arena, mmu, 'read', false, ram), plainStore = makeLoop(arena, mmu, 'write', false, ram);
  const hits = 20_000_000, step = 4104, mask = 0x3ffff;
  figure('load without a probe', best(hits, () => plainLoad(hits, 0, step, mask)));
  figure('load that hits', best(hits, () => load(hits, 0, step, mask)));
  figure('store without a probe', best(hits, () => plainStore(hits, 0, step, mask)));
  figure('store that hits', best(hits, () => store(hits, 0, step, mask)));
  const misses = 1_000_000;
  figure('refill after a miss', best(misses, () => load(misses, 0, PAGE, DEVICE - 1)));
  mmu.flushAll();
  const refill = () => {
    for (let i = 0; i < misses / 100; i++) {
      mmu.flushAll();
      load(100, 0, PAGE, DEVICE - 1);
    }
  };
  figure('flush and refill of 100 pages, a page', best(misses, refill));
  figure('device load of 8 bytes as two of 4', best(misses, () => load(misses, DEVICE, 8, 0xff8)));
  figure('load that crosses a page', best(misses, () => load(misses, PAGE - 4, 0, 0)));
  figure('typed load32 from TypeScript', best(hits, () => { for (let i = 0, at = 0; i < hits; i++, at = (at + step) & mask) mmu.load32(at, 0, 0); }));
  load(2000, 0, PAGE, DEVICE - 1);
  const tlb = mmu.tlb(0);
  figure(`write protection of a page, ${tlb.used} entries used`, best(20_000, () => { for (let i = 0; i < 20_000; i++) tlb.protect(0, 0); }));
  return figures;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, value, unit } of bench()) console.log(`${name}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit}`);
}
