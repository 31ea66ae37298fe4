/** What a CPU gives to its SoftMmu and gets back: the page walk, the callbacks, the counters. */
import { EmuError, type HostPtr, type VaddrBits } from '@emu/vaddr';
import type { Access } from './memop.ts';
import type { TlbSize } from './tlb.ts';

/** The caller used a SoftMmu in a way that its options do not provide for. */
export class SoftMmuError extends EmuError {}

/** Permissions of a page. */
export const Prot = { READ: 1, WRITE: 2, EXEC: 4 } as const;

/** What a page walk found. One object is filled over and over. */
export interface WalkResult {
  /** Physical address of the byte, or of its 4 KiB page. */
  phys: number;
  /** `Prot` bits that later accesses may use without another walk. A page whose dirty bit is still to be set is not writable yet. */
  prot: number;
  /** Log2 of the size of the page that maps it: 12 to 31. */
  pageBits: number;
  /** The page survives `flushNonGlobal`. */
  global: boolean;
}

/**
 * The CPU's page walk for linear address hi:lo (signed halves). True: `result` is filled and allows the access. False: the CPU has recorded the
 * guest's fault. It does not touch the TLBs.
 */
export type Walk = (lo: number, hi: number, access: Access, mmuIdx: number, result: WalkResult) => boolean;

export interface SoftMmuOptions {
  /** Width of guest virtual addresses. */
  readonly vaddrBits: VaddrBits;
  /** Number of mmu indexes; each reserves 600 KiB of the arena (half of it with 32-bit addresses), which cost nothing until they are used. */
  readonly mmuModes: number;
  readonly walk: Walk;
  /** Words in the CPU header: the fault flag, the high half of results, and 16 bytes for v128 values. */
  readonly fault: { readonly flag: HostPtr; readonly retHi: HostPtr; readonly mailbox: HostPtr };
  /**
   * A store of `len` bytes to RAM at host address `ram`, in a page with translated code, is about to happen. True: abandon the instruction: the
   * callback has set the fault flag.
   */
  readonly onCodeWrite: (ram: HostPtr, len: number) => boolean;
  /** Translations of 2^`bits` bytes around hi:lo changed (64: all of them): virtual addresses in a jump cache are stale. */
  readonly onFlush: (lo: number, hi: number, bits: number) => void;
  /** An access with MemOp.ALIGN is misaligned: records the guest's fault. */
  readonly alignmentFault?: (lo: number, hi: number, access: Access, mmuIdx: number) => void;
  /** Abandons a helper after a guest fault has been recorded: throws. Needed by typed accesses and `probe` only. */
  readonly raise?: () => never;
  /** An access is about to touch a watchpoint. True: abandon the instruction; what stops it has been recorded. */
  readonly onWatch?: (lo: number, hi: number, size: number, access: Access) => boolean;
  readonly tlbSize?: TlbSize;
}

/** Events since the machine started; those of TLBs are summed over the mmu indexes. */
export interface SoftMmuStats {
  fills: number;
  victimHits: number;
  flushes: number;
  pageFlushes: number;
  resizes: number;
  slowLoads: number;
  slowStores: number;
  /** Accesses to devices, holes and pages of several regions. */
  io: number;
  crossings: number;
  codeWrites: number;
}
