/**
 * The mode bits that a transfer between privilege levels of 64-bit code changes: those that follow from CPL, EFLAGS and MXCSR. Written once, over an
 * arithmetic: `X86Cpu.updateHflags` works them out with numbers, SYSCALL and SYSRET by IR (`emit/fast-calls.ts`).
 */
import { HF } from './hflags.ts';
import { CR0, CR4, EFLAGS } from './state.ts';

/** MXCSR as it is where host arithmetic gives what SSE does: to nearest, no DAZ or FTZ, all masked, PE set; other flags do not matter. SDM Vol. 1, 10.2.3. */
export const PLAIN_MXCSR = { mask: 0xffe0, value: 0x1fa0 } as const;

/** How 32-bit words are calculated with, and where the registers are. */
export interface WordArithmetic<W> {
  cr0(): W;
  cr4(): W;
  mxcsr(): W;
  /** The field `from` (a mask) of `w` at the place of the field `to`, which is as wide; all else 0. */
  move(w: W, from: number, to: number): W;
  and(a: W, b: W): W;
  /** a & ~b */
  andc(a: W, b: W): W;
  or(a: W, b: W): W;
  /** `bit` where `w & mask` is `value`, else 0. */
  where(w: W, mask: number, value: number, bit: number): W;
}

/** All that `transferBits` may give, and the CPL. SSE_WIDE goes with SSE_FAST, where it is counted. */
export const TRANSFER_BITS = HF.CPL | HF.IOPL | HF.TF | HF.SMAP | HF.AC | HF.SSE_FAST | HF.SSE_WIDE;

/** The bits but CPL and SSE_WIDE, of EFLAGS `e` at `cpl`. */
export function transferBits<W>(w: WordArithmetic<W>, cpl: number, e: W): W {
  const kept = w.or(w.move(e, EFLAGS.IOPL, HF.IOPL), w.move(e, EFLAGS.TF, HF.TF));
  const f = w.or(kept, w.andc(w.move(w.cr4(), CR4.SMAP, HF.SMAP), w.move(e, EFLAGS.AC, HF.SMAP)));
  if (cpl !== 3) return f; // kernels have one translation, whatever MXCSR says
  const checked = w.and(w.move(w.cr0(), CR0.AM, HF.AC), w.move(e, EFLAGS.AC, HF.AC));
  return w.or(w.or(f, checked), w.where(w.mxcsr(), PLAIN_MXCSR.mask, PLAIN_MXCSR.value, HF.SSE_FAST));
}

/** By how much a field moves up. */
export const distance = (from: number, to: number): number => Math.clz32(from) - Math.clz32(to);

/** With numbers, of a CPU's state as it is. */
export class NumberWords implements WordArithmetic<number> {
  readonly #s: { readonly cr0: number; readonly cr4: number; readonly mxcsr: number };
  constructor(s: { readonly cr0: number; readonly cr4: number; readonly mxcsr: number }) {
    this.#s = s;
  }

  cr0(): number { return this.#s.cr0; }
  cr4(): number { return this.#s.cr4; }
  mxcsr(): number { return this.#s.mxcsr; }
  move(w: number, from: number, to: number): number {
    const by = distance(from, to);
    return by >= 0 ? (w & from) << by : (w & from) >>> -by;
  }
  and(a: number, b: number): number { return a & b; }
  andc(a: number, b: number): number { return a & ~b; }
  or(a: number, b: number): number { return a | b; }
  where(w: number, mask: number, value: number, bit: number): number { return (w & mask) === value ? bit : 0; }
}
