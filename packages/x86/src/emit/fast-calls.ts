/** SYSCALL, SYSRET, SYSENTER, SYSEXIT. SDM Vol. 2. The first two are inline between 64-bit code of a kernel and of its programs, else helpers (`system/syscall.ts`). */
import { Cond, HDR, Type } from '@emu/tcg';
import type { Temp } from '@emu/tcg';
import { HF, ONE_INSN } from '../hflags.ts';
import { ARITH_FLAGS, ATTR, DPL_SHIFT, EFER, EFLAGS, Reg, SegReg, ST } from '../state.ts';
import { loadableFlags } from '../system/iret.ts';
import { FAST_CODE, FAST_DATA } from '../system/syscall.ts';
import { distance, TRANSFER_BITS, transferBits, type WordArithmetic } from '../transfer-bits.ts';
import type { Ctx, Emit } from './types.ts';

/** What SYSRET takes from R11. SDM Vol. 2, SYSRET: all but RF and VM. */
const SYSRET_FLAGS = loadableFlags(0, 0, 8) & ~EFLAGS.RF;

/** EFER.SCE off: the helper raises. */
function unlessEnabled(c: Ctx, helper: () => void): void {
  const ir = c.ir, enabled = ir.newLabel();
  c.flags.flush();
  ir.brcond(ir.ld(Type.i32, ir.const32(c.env), ST.efer), ir.const32(EFER.SCE), Cond.tstne, enabled);
  helper();
  ir.set_label(enabled);
}

/** Hidden parts of the flat CS and SS that 64-bit SYSCALL and SYSRET load, and the selectors: IA32_STAR[48 or 32 up] plus `cs`, `ss`. */
function flatSegments(c: Ctx, shift: 16 | 0, cs: number, ss: number, cpl: 0 | 3): void {
  const ir = c.ir, env = ir.const32(c.env), star = ir.shr(ir.ld32u(env, ST.star + 4), ir.const64(shift));
  const selector = (add: number) => ir.or(ir.and(ir.extrl_i64_i32(ir.add(star, ir.const64(add))), ir.const32(0xfffc)), ir.const32(cpl));
  const load = (n: number, value: Temp, attr: number) => {
    ir.st(value, env, ST.segSelector + 4 * n);
    ir.set(c.g.segBase[n]!, ir.const64(0));
    ir.st(ir.const32(-1), env, ST.segLimit + 4 * n);
    ir.st(ir.const32(attr | cpl << DPL_SHIFT), env, ST.segAttr + 4 * n);
    ir.st(ir.const64(0, 1), env, ST.segEnd + 8 * n);
  };
  load(SegReg.CS, selector(cs), FAST_CODE | ATTR.L);
  load(SegReg.SS, selector(ss), FAST_DATA);
}

/** EFLAGS = e (i64), in parts, and the mode bits of the next TB at `cpl`; all else about the mode stays as it is. */
function setFlagsAndMode(c: Ctx, e: Temp, cpl: 0 | 3): void {
  const ir = c.ir, env = ir.const32(c.env), e32 = ir.extrl_i64_i32(e);
  c.flags.setEflags(ir.and(e, ir.const64(ARITH_FLAGS)));
  ir.st(ir.or(ir.and(e32, ir.const32(~(ARITH_FLAGS | EFLAGS.DF))), ir.const32(EFLAGS.FIXED1)), env, ST.eflags);
  ir.st(ir.sub(ir.const32(1), ir.shr(ir.and(e32, ir.const32(EFLAGS.DF)), ir.const32(9))), env, ST.df); // 1, or -1 with DF
  ir.st(ir.or(ir.const32(c.hflags & ~TRANSFER_BITS | cpl), transferBits(new IrWords(c), cpl, e32)), env, HDR.flags);
}

/** Words as IR calculates with them: i32 temps. */
class IrWords implements WordArithmetic<Temp> {
  readonly #c: Ctx;
  constructor(c: Ctx) {
    this.#c = c;
  }

  cr0(): Temp { return this.#load(ST.cr0); }
  cr4(): Temp { return this.#load(ST.cr4); }
  mxcsr(): Temp { return this.#load(ST.mxcsr); }
  move(w: Temp, from: number, to: number): Temp {
    const { ir } = this.#c, by = distance(from, to), field = ir.and(w, ir.const32(from));
    return by > 0 ? ir.shl(field, ir.const32(by)) : by < 0 ? ir.shr(field, ir.const32(-by)) : field;
  }
  and(a: Temp, b: Temp): Temp { return this.#c.ir.and(a, b); }
  andc(a: Temp, b: Temp): Temp { return this.#c.ir.andc(a, b); }
  or(a: Temp, b: Temp): Temp { return this.#c.ir.or(a, b); }
  where(w: Temp, mask: number, value: number, bit: number): Temp {
    const { ir } = this.#c;
    return ir.shl(ir.setcond(ir.and(w, ir.const32(mask)), ir.const32(value), Cond.eq), ir.const32(distance(1, bit)));
  }
  #load(offset: number): Temp {
    const { ir, env } = this.#c;
    return ir.ld(Type.i32, ir.const32(env), offset);
  }
}

/** Whether SYSCALL and SYSRET are few enough cases here to be made inline: 64-bit code without debugging. */
const isPlain64 = (c: Ctx): boolean => (c.hflags & (HF.CS64 | ONE_INSN)) === HF.CS64;

/** Interrupts are looked at on the way back to user code. */
export const emitSyscall: Emit = (c) => {
  const ir = c.ir, g = c.g, env = ir.const32(c.env), helper = () => void ir.call(c.h.syscall, c.nextPc());
  if (!isPlain64(c)) {
    c.flags.flush();
    helper();
    return c.endTransferDirect();
  }
  unlessEnabled(c, helper);
  const direction = ir.and(ir.ld(Type.i32, env, ST.df), ir.const32(EFLAGS.DF));
  const rest = ir.or(ir.and(ir.ld(Type.i32, env, ST.eflags), ir.const32(~EFLAGS.RF)), direction);
  const e = ir.or(c.flags.eflags(), ir.extu_i32_i64(rest));
  ir.set(g.gpr[Reg.RCX]!, c.nextPc());
  ir.set(g.gpr[Reg.R11]!, e);
  ir.set(g.rip, ir.ld(Type.i64, env, ST.lstar));
  flatSegments(c, 0, 0, 8, 0);
  setFlagsAndMode(c, ir.andc(e, ir.ld32u(env, ST.sfmask)), 0);
  c.flags.flush();
  c.endTransferDirect();
};

const returning = (name: 'sysret' | 'sysexit'): Emit => (c, i) => {
  c.flags.flush();
  c.ir.call(c.h[name], c.ir.const32(i.osz === 64 ? 8 : 4));
  c.endTransfer();
};
export const emitSysexit: Emit = returning('sysexit');
export const emitSysret: Emit = (c, i) => {
  if (!isPlain64(c) || c.cpl !== 0 || i.osz !== 64) return returning('sysret')(c, i);
  const ir = c.ir, g = c.g, target = g.gpr[Reg.RCX]!;
  unlessEnabled(c, () => void ir.call(c.h.sysret, ir.const32(8)));
  c.canonicalOrGp(target);
  ir.set(g.rip, target);
  flatSegments(c, 16, 16, 8, 3);
  const env = ir.const32(c.env), kept = ir.and(ir.ld32u(env, ST.eflags), ir.const64(~SYSRET_FLAGS & ~(ARITH_FLAGS | EFLAGS.DF | EFLAGS.RF)));
  setFlagsAndMode(c, ir.or(ir.and(g.gpr[Reg.R11]!, ir.const64(SYSRET_FLAGS)), kept), 3);
  c.flags.flush();
  c.endTransfer();
};
export const emitSysenter: Emit = (c) => {
  c.flags.flush();
  c.ir.call(c.h.sysenter);
  c.endTransfer();
};
