/** What an emitter is: the function of a table row that turns one decoded instruction into IR. */
import type { Ctx } from '../ctx.ts';
import type { Insn } from '../decode/insn.ts';

export type { Ctx } from '../ctx.ts';

/** Translates `i` into IR through `c`. Guest faults are emitted, never thrown. */
export type Emit = (c: Ctx, i: Insn) => void;
