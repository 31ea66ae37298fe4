/**
 * The inline probe: the few instructions in front of every guest load and store of generated code. Interpreter and compiler emit the
 * same ones. A miss for whatever reason (absent, no permission, device, page crossing, misaligned, first write to a code page) looks the same.
 */
import { PAGE_BITS, TLB_LAYOUT, type HostPtr, type TlbLayout, type VaddrBits } from '@emu/vaddr';
import { I64, type FuncBuilder } from '@emu/wasm';
import { MemOp } from './memop.ts';
import { PAGE_MASK, TABLE_OFFSET, TLB_DESCRIPTOR } from './tlb-entry.ts';

export interface ProbeOptions {
  /** Local that holds the guest virtual address: i64, or i32 (zero-extended) for 32-bit guests. */
  readonly addr: number;
  /** 'fetch' finds code: the page as an instruction fetch sees it. */
  readonly access: 'read' | 'write' | 'fetch';
  /** Size and ALIGN are used. An RMW load is probed as a write. */
  readonly memop: number;
  /** Where the mmu index's descriptor is: a constant, or an i32 local that holds its address. */
  readonly descriptor: { readonly at: HostPtr } | { readonly local: number };
  /**
   * i32 local that holds the descriptor's mask, read earlier; only with a constant descriptor. If the table has another size by now, there are misses: what a mask does
   * not reach is empty.
   */
  readonly mask?: number | undefined;
  /** i32 local that receives the host address; garbage on a miss. */
  readonly host: number;
  /** i32 local to use. */
  readonly entry: number;
  /** Width of guest addresses; default 64. */
  readonly vaddrBits?: VaddrBits;
}

/** Emits a probe that leaves 1 on the stack after a hit, and 0 after a miss: then call the slow path. The comparison comes last, so that a
 *  branch on it costs nothing more. */
export function emitProbe(f: FuncBuilder, options: ProbeOptions): void {
  const { addr, memop, host, entry, vaddrBits = 64 } = options;
  const layout = TLB_LAYOUT[vaddrBits];
  const wide = f.typeOf(addr) === I64;
  f.localGet(addr);
  if (wide) f.i32WrapI64();
  f.localTee(host);
  const table = emitEntry(f, layout, options);
  f.i32Load(table + layout.addend);
  f.localGet(host);
  f.i32Add();
  f.localSet(host);
  const write = options.access === 'write' || (memop & MemOp.RMW) !== 0;
  f.localGet(entry);
  const comparator = table + (write ? layout.write : options.access === 'fetch' ? layout.code : layout.read);
  if (vaddrBits === 64) f.i64Load(comparator);
  else f.i32Load(comparator);
  emitTag(f, addr, wide, memop, vaddrBits);
}

/** Pushes the mask of the descriptor at a constant address, for probes with `mask`. */
export function emitMask(f: FuncBuilder, descriptor: HostPtr): void {
  f.i32Const(0);
  f.i32Load(descriptor + TLB_DESCRIPTOR.offset.mask);
}

/** From the low half of the address on the stack to the entry: offset in `entry` and on the stack, and the constant to add to it. */
function emitEntry(f: FuncBuilder, layout: TlbLayout, { descriptor, mask, entry }: ProbeOptions): number {
  f.i32Const(PAGE_BITS - Math.log2(layout.size));
  f.i32ShrU();
  if ('at' in descriptor) {
    if (mask === undefined) emitMask(f, descriptor.at);
    else f.localGet(mask);
    f.i32And();
    f.localTee(entry);
    return descriptor.at + TABLE_OFFSET;
  }
  f.localGet(descriptor.local);
  f.i32Load(TLB_DESCRIPTOR.offset.mask);
  f.i32And();
  f.localGet(descriptor.local);
  f.i32Add();
  f.localTee(entry);
  return TABLE_OFFSET;
}

/**
 * Compares the comparator on the stack with the page of the access's last byte: it differs from the first byte's, and so from what an entry at the
 * first byte's index can hold, when the access crosses a page. Where alignment is asked for, the first byte's page with the bits that must be 0.
 */
function emitTag(f: FuncBuilder, addr: number, wide: boolean, memop: number, vaddrBits: VaddrBits): void {
  const last = (1 << (memop & MemOp.SIZE)) - 1;
  const align = (memop & MemOp.ALIGN) !== 0;
  const mask = align ? PAGE_MASK | last : PAGE_MASK;
  f.localGet(addr);
  if (vaddrBits === 64) {
    if (!wide) f.i64ExtendI32U();
    if (last > 0 && !align) {
      f.i64Const(last, 0);
      f.i64Add();
    }
    f.i64Const(mask, -1);
    f.i64And();
    f.i64Eq();
    return;
  }
  if (wide) f.i32WrapI64();
  if (last > 0 && !align) {
    f.i32Const(last);
    f.i32Add();
  }
  f.i32Const(mask);
  f.i32And();
  f.i32Eq();
}

