/**
 * Condition codes of Jcc, SETcc and CMOVcc (SDM Vol. 1, appendix B) over flags that are not worked out: most conditions are a comparison of what an
 * instruction recorded (`lazy-flags.ts`), or of its result with 0. Where that is not enough they look at EFLAGS bits.
 */
import { Cond, FCond, Type } from '@emu/tcg';
import type { Ir, Temp } from '@emu/tcg';
import type { Mode } from './decode/insn.ts';
import { sext, zext } from './extend.ts';
import { CC_DYNAMIC, ccBits, ccCode, CC_EFLAGS, CcKind, ccKind, CC_OVERRIDE } from './flags.ts';
import type { Globals } from './globals.ts';
import type { X86Helpers } from './helpers/index.ts';
import { SRC2_KINDS, type LazyFlags } from './lazy-flags.ts';
import { EFLAGS } from './state.ts';

export class Conditions {
  /** What `prepare` found: the condition holds where `a op b`, i64 temps. */
  a: Temp = 0;
  b: Temp = 0;
  op: Cond = Cond.ne;
  readonly #ir: Ir;
  readonly #h: X86Helpers;
  readonly #g: Globals;
  readonly #flags: LazyFlags;
  #mode: Mode = 64;

  constructor(ir: Ir, helpers: X86Helpers, globals: Globals, flags: LazyFlags) {
    this.#ir = ir;
    this.#h = helpers;
    this.#g = globals;
    this.#flags = flags;
  }

  /** Begins a TB with code of so many bits. */
  begin(mode: Mode): void {
    this.#mode = mode;
  }

  /** CF as 0 or 1, i64. */
  carry(): Temp {
    if (this.#flags.code === CC_DYNAMIC && !this.#flags.isOverridden) return this.#dynamicCarry();
    this.prepare(2);
    return this.#ir.setcond(this.a, this.b, this.op);
  }

  /** CF of a TB that begins with INC or DEC: most often the loop's own INC or DEC left it, as 0 or 1, or TEST, which clears it, or a comparison. */
  #dynamicCarry(): Temp {
    const ir = this.#ir, g = this.#g, carry = ir.temp(Type.i64), compared = ir.newLabel(), other = ir.newLabel(), done = ir.newLabel();
    const logic = ccCode(CcKind.LOGIC, 8), inc = ccCode(CcKind.INC, 8), end = ccCode(CcKind.DEC, 64) + 1; // one behind the other
    ir.brcond(ir.sub(g.ccOp, ir.const32(logic)), ir.const32(end - logic), Cond.geu, compared);
    ir.set(carry, ir.movcond(ir.extu_i32_i64(g.ccOp), ir.const64(inc), g.ccSrc, ir.const64(0), Cond.geu));
    ir.br(done);
    ir.set_label(compared);
    const bits = this.#mode === 64 ? 64 : 32;
    ir.brcond(g.ccOp, ir.const32(ccCode(CcKind.SUB, bits)), Cond.ne, other);
    ir.set(carry, ir.setcond(zext(ir, ir.add(g.ccDst, g.ccSrc), bits), zext(ir, g.ccSrc, bits), Cond.ltu));
    ir.br(done);
    ir.set_label(other);
    ir.set(carry, ir.extu_i32_i64(ir.call(this.#h.carryFlag, g.ccOp, g.ccDst, g.ccSrc, g.ccSrc2)));
    ir.set_label(done);
    return carry;
  }

  /** Prepares condition code `cc` (0..15, the low four bits of Jcc) as `a op b` on i64 temps. */
  prepare(cc: number): void {
    const code = this.#flags.code;
    if (this.#flags.isOverridden && cc >> 1 <= 1) this.#set(this.#g.ccSrc2, Cond.tstne, this.#ir.const64(cc >> 1 === 0 ? EFLAGS.OF : EFLAGS.CF));
    else if (code === CC_DYNAMIC) this.#condEflags(cc);
    else if (code & CC_OVERRIDE) this.#condOverride(cc, code - CC_OVERRIDE);
    else if (code === CC_EFLAGS) this.#condFloats(cc);
    else if (ccKind(code) === CcKind.SUB) this.#condSub(cc, ccBits(code));
    else this.#condResult(cc, ccKind(code), ccBits(code));
    if (cc & 1) this.op = (this.op ^ 1) as Cond;
  }

  /** CF is in `cc_src2`; ZF, SF and PF follow from the rest; whatever mixes them needs EFLAGS. */
  #condOverride(cc: number, code: number): void {
    const kind = cc >> 1;
    if (kind === 1) this.#set(this.#g.ccSrc2, Cond.tstne, this.#ir.const64(EFLAGS.CF));
    else if (code === CC_EFLAGS && kind === 2) this.#set(this.#g.ccSrc, Cond.tstne, this.#ir.const64(EFLAGS.ZF));
    else if (code !== CC_EFLAGS && (kind === 2 || kind === 4)) this.#condResult(cc, ccKind(code), ccBits(code));
    else this.#condEflags(cc);
  }

  /** EFLAGS bits; if they are of a comparison of floats, the operands are compared. */
  #condFloats(cc: number): void {
    const ir = this.#ir, kind = cc >> 1, zero = ir.const64(0);
    if (this.#flags.comparedA < 0 || kind === 0 || kind === 4 || kind > 5) this.#condEflags(cc);
    else if (kind === 5) this.#set(zero, Cond.ne, zero); // not unordered
    else {
      const holds = ir.fsetcond(this.#flags.comparedA, this.#flags.comparedB, kind === 1 ? FCond.lt : kind === 2 ? FCond.eq : FCond.le);
      this.#set(ir.extu_i32_i64(holds), Cond.ne, zero);
    }
  }

  #set(a: Temp, op: Cond, b: Temp): void {
    this.a = a;
    this.op = op;
    this.b = b;
  }

  #bit(mask: number): void {
    this.#set(this.#flags.eflags(), Cond.tstne, this.#ir.const64(mask));
  }

  /** The even condition of the pair, from EFLAGS bits. */
  #condEflags(cc: number): void {
    const ir = this.#ir;
    switch (cc >> 1) {
      case 0: return this.#bit(EFLAGS.OF);
      case 1: return this.#bit(EFLAGS.CF);
      case 2: return this.#bit(EFLAGS.ZF);
      case 3: return this.#bit(EFLAGS.CF | EFLAGS.ZF);
      case 4: return this.#bit(EFLAGS.SF);
      case 5: return this.#bit(EFLAGS.PF);
      default: { // SF != OF: bring OF down to SF's place
        const e = this.#flags.eflags();
        const differ = ir.xor(e, ir.shr(e, ir.const64(4)));
        if (cc >> 1 === 6) return this.#set(differ, Cond.tstne, ir.const64(EFLAGS.SF));
        const zero = ir.shl(e, ir.const64(1)); // ZF to SF's place
        return this.#set(ir.or(differ, zero), Cond.tstne, ir.const64(EFLAGS.SF));
      }
    }
  }

  /** After SUB or CMP: compare the operands themselves. */
  #condSub(cc: number, bits: number): void {
    const ir = this.#ir, g = this.#g;
    const first = this.#flags.first >= 0 ? this.#flags.first : cc >> 1 === 1 || cc >> 1 === 3 || cc >> 1 >= 6 ? ir.add(g.ccDst, g.ccSrc) : 0;
    switch (cc >> 1) {
      case 1: return this.#set(zext(ir, first, bits), Cond.ltu, zext(ir, g.ccSrc, bits));
      case 3: return this.#set(zext(ir, first, bits), Cond.leu, zext(ir, g.ccSrc, bits));
      case 6: return this.#set(sext(ir, first, bits), Cond.lt, sext(ir, g.ccSrc, bits));
      case 7: return this.#set(sext(ir, first, bits), Cond.le, sext(ir, g.ccSrc, bits));
      default: return this.#condResult(cc, CcKind.SUB, bits);
    }
  }

  /** CF of ADC (SBB): the sum (the first operand) is below the second, or equal to it with a carry in. */
  #chainedCarry(kind: CcKind, bits: number): Temp {
    const ir = this.#ir, g = this.#g;
    const first = kind === CcKind.ADC ? g.ccDst : ir.add(ir.add(g.ccDst, g.ccSrc), g.ccSrc2);
    const a = zext(ir, first, bits), b = zext(ir, g.ccSrc, bits);
    return ir.or(ir.setcond(a, b, Cond.ltu), ir.and(ir.setcond(a, b, Cond.eq), g.ccSrc2));
  }

  /** From the result where that suffices, else from EFLAGS. */
  #condResult(cc: number, kind: CcKind, bits: number): void {
    const ir = this.#ir, g = this.#g, zero = ir.const64(0);
    const plain = kind !== CcKind.POPCNT && kind !== CcKind.BITS;
    switch (cc >> 1) {
      case 1:
        if (kind === CcKind.ADD) return this.#set(zext(ir, g.ccDst, bits), Cond.ltu, zext(ir, g.ccSrc, bits));
        if (kind === CcKind.INC || kind === CcKind.DEC || kind === CcKind.SHR) return this.#set(g.ccSrc, Cond.tstne, ir.const64(1));
        if (kind === CcKind.SHL) return this.#set(sext(ir, g.ccSrc, bits), Cond.lt, zero);
        if (kind === CcKind.LOGIC || kind === CcKind.POPCNT) return this.#set(zero, Cond.ne, zero);
        if (kind === CcKind.MUL) return this.#set(g.ccSrc, Cond.ne, zero);
        if (kind === CcKind.BITS) return this.#set(zext(ir, g.ccSrc, bits), Cond.eq, zero);
        if (SRC2_KINDS.has(kind)) return this.#set(this.#chainedCarry(kind, bits), Cond.ne, zero);
        break;
      case 2: return this.#set(zext(ir, g.ccDst, bits), Cond.eq, zero);
      case 3:
        if (kind === CcKind.LOGIC) return this.#set(zext(ir, g.ccDst, bits), Cond.eq, zero);
        break;
      case 4: if (plain) return this.#set(sext(ir, g.ccDst, bits), Cond.lt, zero); break;
      case 5:
        if (plain) { // an even number of ones in the low byte
          const ones = ir.ctpop(ir.extract(g.ccDst, 0, 8));
          return this.#set(ones, Cond.tsteq, ir.const64(1));
        }
        break;
      case 6: if (kind === CcKind.LOGIC) return this.#set(sext(ir, g.ccDst, bits), Cond.lt, zero); break;
      case 7: if (kind === CcKind.LOGIC) return this.#set(sext(ir, g.ccDst, bits), Cond.le, zero); break;
    }
    this.#condEflags(cc);
  }
}
