/** A translation block as TypeScript keeps it. The part that generated code reads is `TB_RECORD`, at `record` in the arena. */
import type { HostPtr } from '@emu/vaddr';

export class Tb {
  /** Address of the `TB_RECORD`. */
  readonly record: HostPtr;
  readonly id: number;
  /** Key: physical address of the first byte (a JS number up to 2^52), code segment base, CPU mode flags. */
  physPc = 0;
  csBaseLo = 0;
  csBaseHi = 0;
  flags = 0;
  /** Physical page number of the second page when the code crosses into one, else -1. */
  physPage2 = -1;
  /** Guest bytes and instructions translated. */
  size = 0;
  icount = 0;
  /** `insn_start` words, three per instruction: pc offset, word0, word1. */
  insnData = new Int32Array(0);
  valid = false;
  /** TBs whose `goto_tb` slots or `lastTarget` may lead here: record address * 4 + slot (2 = lastTarget). */
  incoming: number[] = [];
  /** For the back ends. */
  codeBytes = 0;

  constructor(record: HostPtr, id: number) {
    this.record = record;
    this.id = id;
  }
}
