/** What translation concludes about floats from one instruction for the next, and when it stops to. That results are right then is tested with streams (`tools/vectors`). */
import { describe, expect, it } from 'vitest';
import { printIr, verifyIr } from '@emu/tcg';
import { decode, Decoded } from './decode/decode.ts';
import { Insn } from './decode/insn.ts';
import { HF, ODD_WAYS } from './hflags.ts';
import { testProcessor } from './testing/processor.ts';
import { testCtx } from './testing/translator.ts';

const FAST = HF.CPL | HF.CS64 | HF.PE | HF.LMA | HF.OSFXSR | HF.SSE_FAST;
const c = testCtx(), { ir } = c;

/** Guards of each instruction of a TB. */
function guards(...code: number[][]): number[] {
  ir.reset();
  c.begin(FAST, 0, 0);
  for (const bytes of code) {
    const i = new Insn(), padded = Uint8Array.from([...bytes, 0, 0, 0, 0]);
    expect(decode(i, padded, 0, padded.length, 64)).toBe(Decoded.OK);
    c.beginInsn(i);
    i.row.emit(c, i);
  }
  c.gotoNext();
  c.early.finish();
  verifyIr(ir);
  return printIr(ir).split('insn_start').slice(1).map((text) => text.split('brcond').length - 1);
}

const sse = (prefix: number, opcode: number, to: number, from: number): number[] => [prefix, 0x0f, opcode, 0xc0 | to << 3 | from];
const addsd = (to: number, from: number): number[] => sse(0xf2, 0x58, to, from), mulsd = (to: number, from: number): number[] => sse(0xf2, 0x59, to, from);
const divsd = (to: number, from: number): number[] => sse(0xf2, 0x5e, to, from), comisd = (to: number, from: number): number[] => sse(0x66, 0x2f, to, from);
const movapd = (to: number, from: number): number[] => sse(0x66, 0x28, to, from), pxor = (to: number, from: number): number[] => sse(0x66, 0xef, to, from);
const rsqrtss = (to: number, from: number): number[] => sse(0xf3, 0x52, to, from), addpd = (to: number, from: number): number[] => sse(0x66, 0x58, to, from);
const unpcklpd = (to: number, from: number): number[] => sse(0x66, 0x14, to, from), cvtsi2sd = (to: number, from: number): number[] => sse(0xf2, 0x2a, to, from);

describe('guards', () => {
  it('stand before the first use of a value, not before others', () => {
    expect(guards(mulsd(0, 1), addsd(0, 1), comisd(0, 1), addsd(2, 0))).toEqual([2, 0, 0, 1]);
  });

  it('are shared by copies', () => {
    expect(guards(movapd(2, 1), mulsd(2, 1), mulsd(1, 1))).toEqual([0, 1, 0]);
  });

  it('are not needed for zeros and integers', () => {
    expect(guards(pxor(3, 3), addsd(3, 3), cvtsi2sd(1, 0), mulsd(1, 1), addsd(1, 3))).toEqual([0, 0, 0, 0, 0]);
  });

  it('come again where a product may leave the format: 2^257 to the fourth', () => {
    expect(guards(movapd(0, 1), mulsd(0, 1), mulsd(0, 1), mulsd(0, 1), mulsd(0, 1))).toEqual([0, 1, 0, 1, 0]);
  });

  it('look at divisors for zero, once', () => {
    expect(guards(mulsd(0, 1), divsd(0, 1), divsd(2, 1))).toEqual([2, 1, 1]);
  });

  it('of the low lane do for both once it is in both', () => {
    expect(guards(mulsd(0, 0), unpcklpd(0, 0), addpd(0, 0))).toEqual([1, 0, 0]);
    expect(guards(mulsd(0, 0), addpd(0, 0))).toEqual([1, 1]);
  });

  it('are needed anew for a register that was written otherwise, by a helper too', () => {
    expect(guards(mulsd(1, 1), pxor(1, 2), addsd(1, 1))).toEqual([1, 0, 1]);
    expect(guards(mulsd(1, 1), rsqrtss(1, 2), addsd(1, 1))).toEqual([1, 0, 1]);
  });
});

it('where instructions are worked out exactly all the time, there is SSE_WIDE for some returns to user code', () => {
  const { cpu } = testProcessor('max'), isWide = (): boolean => {
    cpu.updateHflags(3);
    return (cpu.s.flags & HF.SSE_WIDE) !== 0;
  };
  cpu.s.mxcsr = 0x1fa0;
  cpu.s.oddWays = ODD_WAYS.limit - 1;
  expect([isWide(), isWide(), cpu.s.oddWays]).toEqual([false, false, (ODD_WAYS.limit - 1) >> 2]);
  cpu.s.oddWays = ODD_WAYS.limit;
  let returns = 0;
  while (isWide()) returns++;
  expect([returns, cpu.s.oddWays]).toEqual([ODD_WAYS.period + 1, 0]);
});
