/**
 * The one loop over a whole TLB that runs often: when the first code of a page is translated, every entry that lets stores reach the page must stop
 * doing so. As generated Wasm it takes a nanosecond or two an entry, some five times less than in TypeScript.
 */
import { PAGE_BITS, TLB_LAYOUT, type Arena, type VaddrBits } from '@emu/vaddr';
import { I32, ModuleBuilder } from '@emu/wasm';
import { PAGE_MASK, TlbFlag } from './tlb-entry.ts';

/**
 * Sets NOTDIRTY in the write comparators of entries whose page lies between pages `first` and `last` of the arena. The entries are those of `count`
 * slots from `table` on: the slots listed as u32 at `list`, or 0, 1, 2, ... when `list` is 0.
 */
export type ProtectKernel = (table: number, list: number, count: number, first: number, last: number) => void;

export function makeProtectKernel(arena: Arena, vaddrBits: VaddrBits): ProtectKernel {
  const layout = TLB_LAYOUT[vaddrBits];
  const m = new ModuleBuilder();
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const f = m.func({ name: 'protect', params: [I32, I32, I32, I32, I32] });
  const [table, list, count, first, last] = [0, 1, 2, 3, 4] as const;
  const slot = f.local(I32, 'slot'), entry = f.local(I32, 'entry'), tag = f.local(I32, 'tag');
  const done = f.block();
  f.localGet(count); f.i32Eqz(); f.brIf(done);
  const again = f.loop();
  f.localGet(list); // slot = list ? *list : slot
  f.if_(I32); f.localGet(list); f.i32Load(); f.else_(); f.localGet(slot); f.end();
  f.i32Const(Math.log2(layout.size)); f.i32Shl(); f.localGet(table); f.i32Add(); f.localSet(entry);
  const next = f.block();
  f.localGet(entry); f.i32Load(layout.write); f.localTee(tag);
  f.i32Const(TlbFlag.INVALID | TlbFlag.MMIO); f.i32And(); f.brIf(next);
  f.localGet(tag); f.i32Const(PAGE_MASK); f.i32And(); f.localGet(entry); f.i32Load(layout.addend); f.i32Add(); // host page - first <= last - first
  f.i32Const(PAGE_BITS); f.i32ShrU(); f.localGet(first); f.i32Sub();
  f.localGet(last); f.localGet(first); f.i32Sub(); f.i32GtU(); f.brIf(next);
  f.localGet(entry); f.localGet(tag); f.i32Const(TlbFlag.NOTDIRTY); f.i32Or(); f.i32Store(layout.write);
  f.end();
  f.localGet(list); f.if_(); f.localGet(list); f.i32Const(4); f.i32Add(); f.localSet(list); f.end();
  f.localGet(slot); f.i32Const(1); f.i32Add(); f.localSet(slot);
  f.localGet(count); f.i32Const(1); f.i32Sub(); f.localTee(count); f.brIf(again);
  f.end();
  f.end();
  f.end();
  m.exportFunc('protect', f);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource), { env: { memory: arena.memory } });
  return exports.protect as ProtectKernel;
}
