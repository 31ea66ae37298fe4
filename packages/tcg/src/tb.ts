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
  /** Host address of the first byte, or -1 for code that must be fetched byte by byte; of the second page, or -1. */
  hostPc: HostPtr = -1;
  hostPage2: HostPtr = -1;
  /** Linear address at which it was translated. It may run at others. */
  linearLo = 0;
  linearHi = 0;
  /** Guest bytes and instructions translated. */
  size = 0;
  icount = 0;
  /** Its `insn_start` words, `INSN_WORDS` per instruction, as `packWords` packs them. */
  insnData = '';
  /** In the TB store. Not so while it is translated, after its invalidation, and for TBs that run once only. */
  valid = false;
  /** For the back ends. */
  codeBytes = 0;

  /** For the TB store: next TB of the hash chain. */
  next: Tb | null = null;

  constructor(record: HostPtr, id: number) {
    this.record = record;
    this.id = id;
  }
}
