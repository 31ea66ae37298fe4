/**
 * The part of translating a TB that every guest shares: one instruction after the other until control leaves, the page ends, or enough
 * is translated. QEMU's `translator_loop` (docs/devel/tcg) in shape. The guest plugs in what it knows: decoding, and what its
 * instructions do.
 */
import type { CodeWindow } from './code-window.ts';
import { IrError } from './errors.ts';
import { packWords } from './insn-data.ts';
import { STRIDE } from './ir.ts';
import type { Ir } from './ir.ts';
import { Op } from './ops.ts';
import type { Tb } from './tb.ts';

/** Guest instructions in a TB at most. */
export const MAX_TB_INSNS = 512;
/** Ops after which a TB ends; one instruction may go on beyond. Back ends keep room for so many. */
export const MAX_TB_OPS = 3600;

/** What loop and guest tell each other; a guest's own context has more. */
export interface DisasContext {
  /** Bytes from the TB's start to this instruction; the loop sets it. */
  pcOffset: number;
  /** Bytes from the TB's start to the next instruction; `translateInsn` sets it. */
  nextOffset: number;
  /** Set by `translateInsn`: the instruction has left the TB, nothing may follow. */
  ended: boolean;
}

export interface TranslatorOps<C extends DisasContext> {
  /** A TB begins: its key is in `tb`. `ended` and the offsets are reset already. */
  initDisas(ctx: C, tb: Tb): void;
  /** Emits `ir.insn_start(ctx.pcOffset, ...)`. Left out where `translateInsn` does it, as its first op. */
  insnStart?(ctx: C): void;
  /**
   * Decodes and translates the instruction at `ctx.pcOffset`. If a fetch from `code` fails it returns at once; ops of this instruction
   * are dropped then.
   */
  translateInsn(ctx: C, code: CodeWindow): void;
  /** The TB ends. Unless `ctx.ended`, control goes on at `ctx.nextOffset` and this emits how: by `goto_tb` if that is in the TB's page. */
  tbStop(ctx: C): void;
}

/**
 * Translates the TB whose key, `hostPc` and linear address are in `tb` into `ir`, and fills `icount`, `size`, `insnData` and the second page.
 * Returns false if fetching the first instruction faulted.
 */
export function translatorLoop<C extends DisasContext>(ir: Ir, tb: Tb, ops: TranslatorOps<C>, ctx: C, code: CodeWindow, maxInsns: number): boolean {
  ir.reset();
  code.begin(tb);
  ctx.pcOffset = ctx.nextOffset = 0;
  ctx.ended = false;
  ops.initDisas(ctx, tb);
  const limit = Math.min(maxInsns, MAX_TB_INSNS);
  const insnData: number[] = [];
  let insns = 0;
  while (!ctx.ended && insns < limit && ctx.nextOffset < code.inPage && ir.length < MAX_TB_OPS) {
    const start = ir.length;
    ctx.pcOffset = ctx.nextOffset;
    ops.insnStart?.(ctx);
    ops.translateInsn(ctx, code);
    if (code.failed) {
      if (insns === 0) return false;
      ir.length = start;
      ctx.nextOffset = ctx.pcOffset;
      ctx.ended = false;
      break;
    }
    if (ir.op[start] !== Op.insn_start || ctx.nextOffset <= ctx.pcOffset) {
      throw new IrError(`The instruction at TB offset ${ctx.pcOffset} has no insn_start, or its length is not positive; check translateInsn`);
    }
    const p = start * STRIDE, { args } = ir;
    insnData.push(args[p]!, args[p + 1]!, args[p + 2]!);
    insns++;
    code.mayCross = false;
  }
  ops.tbStop(ctx);
  tb.icount = insns;
  tb.size = ctx.nextOffset;
  tb.insnData = packWords(insnData);
  return true;
}
