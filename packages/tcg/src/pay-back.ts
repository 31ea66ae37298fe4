/** Leaving a TB before its last instruction, without a fault, as guests emit it. */
import type { HostPtr } from '@emu/vaddr';
import { HDR } from './cpu.ts';
import type { Ir, Temp } from './ir.ts';
import { Type } from './types.ts';

/**
 * Pays back `insns` (i32) instructions of the TB, which will not be executed: for a way out of its middle. The budget, which compiled code has in a
 * local and an exit request has emptied, gets them when generated code is left.
 * @param header address of the CPU header.
 */
export function emitPayBack(ir: Ir, header: HostPtr, insns: Temp): void {
  const at = ir.const32(header);
  ir.st(ir.add(ir.ld(Type.i32, at, HDR.unspent), insns), at, HDR.unspent);
}
