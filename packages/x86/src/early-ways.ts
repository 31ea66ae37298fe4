/**
 * Ways out of the middle of a TB that are no faults: where an SSE operation is to be worked out exactly by a TB of its own (`emit/sse-exact.ts` says when), and
 * where one has made plain results right. Instructions that are left are paid back. Code of these ways is behind all other code of the TB.
 */
import { Cond, emitPayBack, HDR, Type } from '@emu/tcg';
import type { Label, Temp } from '@emu/tcg';
import type { Ctx } from './ctx.ts';
import { CC_DYNAMIC } from './flags.ts';
import { HF, ODD_WAYS } from './hflags.ts';
import { ST } from './state.ts';

/**
 * Goes on at `pcOffset` after `insns` instructions, with `ccOp` to be stored unless it is CC_DYNAMIC. `opening`: that is behind STI.
 */
interface EarlyWay { readonly label: Label; readonly pcOffset: number; readonly ccOp: number; readonly insns: number; readonly opening: boolean }

export class EarlyWays {
  readonly #c: Ctx;
  readonly #ways: EarlyWay[] = [];

  constructor(c: Ctx) {
    this.#c = c;
  }

  /** Begins a TB. */
  begin(): void {
    this.#ways.length = 0;
  }

  /**
   * Where a floating-point instruction goes that may raise something: out of the TB, to one that works this instruction out exactly. Nothing of the
   * instruction may have been written. The mode must not be one of `ONE_INSN`.
   */
  oddLabel(): Label {
    const { pcOffset, insns } = this.#c, last = this.#ways.at(-1);
    return last?.pcOffset === pcOffset ? last.label : this.#label(pcOffset, insns - 1);
  }

  /** Where an instruction goes, completed, that has made plain floating-point results right: out of the TB, for the next one has `SSE_FAST`. */
  fastLabel(): Label {
    return this.#label(this.#c.nextOffset, this.#c.insns);
  }

  #label(pcOffset: number, insns: number): Label {
    const { ir, flags, isOpening } = this.#c, label = ir.newLabel();
    this.#ways.push({ label, pcOffset, ccOp: flags.unflushed, insns, opening: isOpening });
    return label;
  }

  /** The TB is complete but for its rare ways out. They end alike: with the mode of the TB to come, and this TB's instructions that are left paid back. */
  finish(): void {
    const c = this.#c, { ir, g } = c, ways = this.#ways, unspent = ways.length > 0 ? ir.temp(Type.i32) : -1;
    let end: Label = -1;
    ways.forEach(({ label, pcOffset, ccOp, insns, opening }, i) => {
      const next = ways[i + 1], alike = next?.opening === opening;
      ir.set_label(label);
      if (ccOp !== CC_DYNAMIC) ir.set(g.ccOp, ir.const32(ccOp));
      ir.set(g.rip, c.pcAt(pcOffset));
      ir.set(unspent, ir.const32(c.insns - insns));
      if (alike) return ir.br(end < 0 ? (end = ir.newLabel()) : end);
      if (end >= 0) ir.set_label(end);
      end = -1;
      this.#leave(unspent, opening);
    });
  }

  /** TBs with `SSE_FAST` are left before an instruction, others behind one. */
  #leave(unspent: Temp, opening: boolean): void {
    const c = this.#c, { ir } = c, before = (c.hflags & HF.SSE_FAST) !== 0;
    this.#setFlags(ir.or(this.#flags(), ir.const32(before ? HF.SSE_EXACT : HF.SSE_FAST)));
    emitPayBack(ir, c.env, unspent);
    if (before && opening) ir.call(c.h.inhibitInterrupts);
    if (before) ir.lookup_and_goto_ptr();
    else c.leave(-1, opening);
  }

  /** This instruction is worked out exactly; the next one is not, or with guards of its own if that is often so. */
  countOddWay(): void {
    const c = this.#c, { ir } = c, env = ir.const32(c.env), count = ir.add(ir.ld(Type.i32, env, ST.oddWays), ir.const32(1)), zero = ir.const32(0);
    ir.st(count, env, ST.oddWays);
    const wide = ir.movcond(count, ir.const32(ODD_WAYS.limit), zero, ir.const32(HF.SSE_WIDE), Cond.lt);
    this.#setFlags(ir.or(ir.and(this.#flags(), ir.const32(~HF.SSE_EXACT)), wide));
  }

  #flags(): Temp {
    const { ir, env } = this.#c;
    return ir.ld(Type.i32, ir.const32(env), HDR.flags);
  }

  #setFlags(v: Temp): void {
    const { ir, env } = this.#c;
    ir.st(v, ir.const32(env), HDR.flags);
  }
}
