/** What an emitter is: the function of a table row that turns one decoded instruction into IR. */
import { EmuError } from '@emu/vaddr';
import type { Ctx } from '../ctx.ts';
import type { Insn } from '../decode/insn.ts';

export type { Ctx } from '../ctx.ts';

/** Translates `i` into IR through `c`. Guest faults are emitted, never thrown. */
export type Emit = (c: Ctx, i: Insn) => void;

/** A row was translated whose emitter is not written yet. */
export class UnimplementedEmitError extends EmuError {}

/** An emitter that is not written yet. Throws when translated, so that a missing instruction is loud. */
export const unimplemented = (name: string): Emit => (_c, i) => {
  throw new UnimplementedEmitError(`${name} (${i.row.mnemonic}, opcode 0x${i.opcode.toString(16)}) has no emitter; write it in packages/x86/src/emit`);
};
