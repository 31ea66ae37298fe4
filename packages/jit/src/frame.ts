/** What the emitters of a region's function share. */
import type { VaddrBits, HostPtr } from '@emu/vaddr';
import type { FuncBuilder } from '@emu/wasm';
import type { Globals } from './globals.ts';
import type { KnownPages } from './known-pages.ts';
import type { RegionCode } from './region-code.ts';
import type { Values } from './values.ts';

/** What compiled code needs to know of guest memory; a `SoftMmu` is one. */
export interface GuestMemory {
  readonly vaddrBits: VaddrBits;
  /** Address of the TLB descriptor of an mmu index, constant for the life of the machine. */
  descriptor(mmuIdx: number): HostPtr;
  readonly slowLoad: (oi: number, lo: number, hi: number) => number;
  readonly slowStore: (oi: number, lo: number, hi: number, valueLo: number, valueHi: number) => void;
}

export interface Frame {
  readonly f: FuncBuilder;
  readonly code: RegionCode;
  readonly globals: Globals;
  readonly values: Values;
  readonly pages: KnownPages;
  readonly memory: GuestMemory;
  /** Addresses of the CPU header and of the jump cache. */
  readonly header: HostPtr;
  readonly jumpCache: HostPtr;
  /** Function indices: of `find`, of helpers by helper index, of access functions by `accessKey`. */
  readonly find: number;
  readonly helpers: ReadonlyMap<number, number>;
  readonly access: ReadonlyMap<number, number>;
  /** i32 locals with the TLB masks, by mmu index, of those that are probed inline. */
  readonly masks: ReadonlyMap<number, number>;
  /** i32 locals: budget, record of the running TB, what the exit is told (`Leave`), selector of dispatchers, two to use. */
  readonly budgetLocal: number;
  readonly tbLocal: number;
  readonly codeLocal: number;
  readonly selectLocal: number;
  readonly hostLocal: number;
  readonly entryLocal: number;
  /** i32 local that holds `header`: shorter code than the constant, which an engine makes of it. */
  readonly headerLocal: number;
  /** Way out for faults: stores all globals of the chain; for faults that access functions report; for faults in helpers that found them stored. */
  readonly faultLabel: number;
  readonly accessFaultLabel: number;
  readonly storedLabel: number;
  /** codeLocal = value */
  setCode(value: number): void;
}
