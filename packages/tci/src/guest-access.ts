/** How the interpreter reaches guest memory: cases for `qemu_ld`, `qemu_st` and the atomic ops. */
import type { HostPtr } from '@emu/vaddr';
import type { ModuleBuilder } from '@emu/wasm';
import type { Emitter } from './emit.ts';

/** Words of a guest access: addresses of its outputs and inputs, then memory op and mmu index as `memOpIdx` packs them, then `tlbOf(mmu index)`. */
export interface GuestCase {
  readonly name: string;
  emit(e: Emitter): void;
}

export interface GuestAccess {
  /** Declares what the module must import, before its memory, and returns the cases. */
  declare(m: ModuleBuilder): { readonly cases: readonly GuestCase[] };
  /** Imports for what `declare` declared. */
  readonly imports: WebAssembly.Imports;
  /** Index among the cases of an op with a memory op; throws `TciError` for a combination that the op does not have. */
  caseOf(op: number, type: number, memop: number): number;
  /** What the cases need to know of an mmu index: the address of its TLB's descriptor. */
  tlbOf(mmu: number): HostPtr;
}
