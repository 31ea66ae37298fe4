/**
 * The six arithmetic flags as translation knows them. An instruction records its result and operands (`flags.ts` says what each kind wants), and EFLAGS is
 * worked out from them when somebody looks. What is asked of them by condition codes is in `conditions.ts`.
 */
import { Cond } from '@emu/tcg';
import type { Ir, Temp } from '@emu/tcg';
import { CC_DYNAMIC, ccCode, CC_EFLAGS, CcKind, ccKind, CC_OVERRIDE } from './flags.ts';
import type { Globals } from './globals.ts';
import type { X86Helpers } from './helpers/index.ts';

/** Kinds whose `ccSrc2` means something. */
export const SRC2_KINDS: ReadonlySet<number> = new Set([CcKind.ADC, CcKind.SBB]);
/** Their codes are the numbers from the first one on. */
const FIRST_SRC2_CODE = CcKind.ADC * 4, SRC2_CODES = SRC2_KINDS.size * 4;

export class LazyFlags {
  /** What is known of `cc_op`: a code, or CC_DYNAMIC when memory holds it. */
  code: number = CC_DYNAMIC;
  /** CF and OF are in `cc_src2` although the code is in memory. */
  isOverridden = false;
  /** First operand of the last SUB/CMP of this TB, or -1: saves computing it back. */
  first: Temp = -1;
  /** Operands of the comparison that EFLAGS bits are of, or -1: see `setComparison`. */
  comparedA: Temp = -1;
  comparedB: Temp = -1;
  readonly #ir: Ir;
  readonly #h: X86Helpers;
  readonly #g: Globals;
  #dirty = false;
  /** This TB has written `ccSrc`, `ccSrc2` and not discarded it since. */
  #srcWritten = false;
  #src2Written = false;
  /** What `eflags` worked out for the flags as they are, or -1. */
  #worked: Temp = -1;

  constructor(ir: Ir, helpers: X86Helpers, globals: Globals) {
    this.#ir = ir;
    this.#h = helpers;
    this.#g = globals;
  }

  /** Begins a TB. */
  begin(): void {
    this.setDynamic();
    this.#srcWritten = this.#src2Written = false;
  }

  /** What memory has yet to be told of `code`; CC_DYNAMIC if nothing. */
  get unflushed(): number {
    return this.#dirty ? this.code : CC_DYNAMIC;
  }

  /** Records the flags of an operation; see `flags.ts` for what each kind wants. `first` is SUB's first operand, for free comparisons. */
  set(kind: CcKind, bits: number, dst: Temp, src: Temp = -1, src2: Temp = -1, first: Temp = -1): void {
    const ir = this.#ir, g = this.#g;
    const saved = first >= 0 ? ir.mov(first) : -1; // it may be a register that changes before the flags are asked for
    if (src >= 0) ir.set(g.ccSrc, src);
    if (src2 >= 0) ir.set(g.ccSrc2, src2);
    ir.set(g.ccDst, dst);
    this.#setCode(ccCode(kind, bits));
    this.first = saved;
    this.#discardUnused(src >= 0, src2 >= 0);
  }

  /** The flags that are recorded now do not look at what they did not write. */
  #discardUnused(src: boolean, src2: boolean): void {
    if (this.#srcWritten && !src) this.#ir.discard(this.#g.ccSrc);
    if (this.#src2Written && !src2) this.#ir.discard(this.#g.ccSrc2);
    this.#srcWritten = src;
    this.#src2Written = src2;
  }

  /** `cc_src` holds EFLAGS bits now. */
  setEflags(v: Temp): void {
    this.#ir.set(this.#g.ccSrc, v);
    this.#setCode(CC_EFLAGS);
    this.#discardUnused(true, false);
  }

  /** `cc_src` holds EFLAGS bits of the comparison of two floats, no NaNs. */
  setComparison(v: Temp, a: Temp, b: Temp): void {
    this.setEflags(v);
    this.comparedA = a;
    this.comparedB = b;
  }

  #setCode(code: number): void {
    this.code = code;
    this.#dirty = true;
    this.isOverridden = false;
    this.first = this.#worked = this.comparedA = -1;
  }

  /** Code wrote `cc_op` itself. */
  setDynamic(): void {
    this.code = CC_DYNAMIC;
    this.#dirty = this.isOverridden = false;
    this.first = this.#worked = this.comparedA = -1;
  }

  /** The current code as a temp. */
  codeTemp(): Temp {
    return this.code === CC_DYNAMIC ? this.#g.ccOp : this.#ir.const32(this.code);
  }

  /** Puts `cc_op` into memory: before leaving the TB, and before a helper that reads or replaces the flags. */
  flush(): void {
    if (!this.#dirty) return;
    this.#ir.set(this.#g.ccOp, this.#ir.const32(this.code));
    this.#dirty = false;
  }

  /** All six flags at their EFLAGS places, i64. The lazy state stays as it is: an access after this may fault, and be made again. */
  eflags(): Temp {
    if (this.code === CC_EFLAGS) return this.#g.ccSrc;
    if (this.#worked < 0) {
      const ir = this.#ir, g = this.#g;
      this.#worked = ir.extu_i32_i64(ir.call(this.#h.computeFlags, this.codeTemp(), g.ccDst, g.ccSrc, g.ccSrc2));
    }
    return this.#worked;
  }

  /**
   * New CF and OF (`carryOverflow` has them at their EFLAGS places, nothing else), the other flags stay. With `count`, a run-time
   * count of 0 leaves all six.
   */
  overrideCarryOverflow(carryOverflow: Temp, count: Temp = -1): void {
    const ir = this.#ir, g = this.#g;
    if (this.code === CC_DYNAMIC && count < 0) return this.#overrideDynamic(carryOverflow);
    const known = this.code !== CC_DYNAMIC && (this.code & CC_OVERRIDE || !SRC2_KINDS.has(ccKind(this.code)));
    if (!known) this.setEflags(this.eflags());
    const code = this.code | CC_OVERRIDE;
    this.#src2Written = true;
    if (count < 0) {
      ir.set(g.ccSrc2, carryOverflow);
      return this.#setCode(code);
    }
    const zero = ir.const64(0);
    ir.set(g.ccOp, ir.movcond(ir.extrl_i64_i32(count), ir.const32(0), ir.const32(code), ir.const32(this.code), Cond.ne));
    ir.set(g.ccSrc2, ir.movcond(count, zero, carryOverflow, g.ccSrc2, Cond.ne));
    this.setDynamic();
  }

  /** As `overrideCarryOverflow`, of a code in memory: `cc_src2` is free unless an ADC or SBB left it. */
  #overrideDynamic(carryOverflow: Temp): void {
    const ir = this.#ir, g = this.#g, free = ir.newLabel();
    ir.brcond(ir.sub(g.ccOp, ir.const32(FIRST_SRC2_CODE)), ir.const32(SRC2_CODES), Cond.geu, free);
    ir.set(g.ccSrc, ir.extu_i32_i64(ir.call(this.#h.computeFlags, g.ccOp, g.ccDst, g.ccSrc, g.ccSrc2)));
    ir.set(g.ccOp, ir.const32(CC_EFLAGS));
    ir.set_label(free);
    ir.set(g.ccOp, ir.or(g.ccOp, ir.const32(CC_OVERRIDE)));
    ir.set(g.ccSrc2, carryOverflow);
    this.#srcWritten = this.#src2Written = true;
    this.setDynamic();
    this.isOverridden = true;
  }
}
