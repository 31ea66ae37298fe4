/**
 * The head of every guest CPU's state, at the start of its struct in the arena: what generated code, back ends and engine
 * share. A guest's own struct begins at `CPU_HEADER.size`. Its address is constant for the life of the machine, so generated
 * code carries it as a constant. Also the records of TBs and of the jump cache, which generated code reads.
 */
import { struct } from '@emu/vaddr';
import { foldHash } from './fold-hash.ts';

export const CPU_HEADER = struct({
  /** Guest instructions left in this slice. Exact whenever a helper or slow path runs, and read again after it. */
  budget: 'i32',
  /** An `Exit` code, set by generated code when it leaves, with the TB and the slot (or `exit_tb`'s reason) it left from. */
  exitReason: 'i32',
  exitTb: 'u32',
  exitSlot: 'i32',
  /** Not 0: a helper or slow path raised. Generated code then leaves with Exit.FAULT at once. The engine clears it. */
  fault: 'i32',
  /** TB and index of its `insn_start` that were running when generated code left with Exit.FAULT. */
  faultTb: 'u32',
  faultInsn: 'i32',
  /** The key of the next TB: guest pc (offset in the code segment), code segment base, and CPU mode bits. */
  flags: 'i32',
  pc: 'i64',
  csBase: 'i64',
  /** High half of an i64 that a TypeScript helper or slow path returns. */
  retHi: 'i32',
  /** Instructions that the budget has paid for since generated code was entered and that were not executed, see `emitPayBack`. The engine adds them to it. */
  unspent: 'i32',
  reserved2: 'i64',
  /** v128 values on their way to and from TypeScript (slow paths use the first). */
  mailbox: ['v128', 4],
});
export const HDR = CPU_HEADER.offset;

/** What generated code needs of a translation block, 64 bytes in the arena. A TB's address is the address of this record. */
export const TB_RECORD = struct({
  /** Guest instructions in the TB; the budget pays them on entry. */
  icount: 'i32',
  /** Executions counted by the interpreter. At `hotCount` it leaves with Exit.HOT (once; 0 = never). */
  count: 'i32',
  hotCount: 'i32',
  /** Linked successors of `goto_tb` slots 0 and 1: TB address or 0. */
  jump: ['u32', 2],
  /** The last TB that `lookup_and_goto_ptr` of this TB went to, or 0: a prediction, and a hint for regions. */
  lastTarget: 'u32',
  /** Index of a compiled function in the back end's table (0 = none) and the i32 it is called with. */
  entry: 'u32',
  entryArg: 'i32',
  /** Address of the interpreter's bytecode. */
  code: 'u32',
  /** Flags of the TB's key. */
  flags: 'i32',
  /** Index of the TB in the TB store. */
  id: 'i32',
  /** Offset of the TB's first byte in its page: compiled code knows the pc of a page it is in, not of each TB. */
  pageOffset: 'i32',
  /** Where in the jump cache it is: 0 nowhere, n for entry n - 1, -1 for several entries. */
  cachedAt: 'i32',
  /** The targets of `lookup_and_goto_ptr` before `lastTarget`, latest first: hints that may be out of date. */
  olderTarget: ['u32', 2],
});
export const TB = TB_RECORD.offset;

/** Entry of the jump cache: guest pc to TB, direct-mapped. `tb` = 0 is empty. */
export const JUMP_CACHE_ENTRY = struct({ pc: 'i64', csBase: 'i64', flags: 'i32', tb: 'u32', reserved: 'i64' });
export const JC = JUMP_CACHE_ENTRY.offset;
export const JUMP_CACHE_BITS = 12;

/** Index in the jump cache of a guest pc whose low half is `pcLo`. */
export const jumpCacheIndex = (pcLo: number): number => foldHash(pcLo, JUMP_CACHE_BITS);
