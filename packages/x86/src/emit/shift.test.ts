/** What the flags of rotates become for the instructions behind them. That they are right is checked against the processor (`tools/vectors`). */
import { describe, expect, test } from 'vitest';
import { printIr, verifyIr } from '@emu/tcg';
import { decode, Decoded } from '../decode/decode.ts';
import { Insn } from '../decode/insn.ts';
import { HF } from '../hflags.ts';
import { testCtx } from '../testing/translator.ts';

const c = testCtx(), { ir } = c;

/** Helpers that a TB of `code` calls. */
function calls(...code: readonly number[]): string[] {
  const bytes = Uint8Array.from([...code, ...Array<number>(16).fill(0)]);
  ir.reset();
  c.begin(HF.CPL | HF.CS64 | HF.PE | HF.LMA, 0, 0);
  for (let at = 0; at < code.length; at = c.nextOffset) {
    const i = new Insn();
    if (decode(i, bytes, at, bytes.length, 64) !== Decoded.OK) throw new Error(`the bytes at ${at} do not decode`);
    c.beginInsn(i);
    i.row.emit(c, i);
  }
  c.gotoNext();
  c.early.finish();
  verifyIr(ir);
  return [...printIr(ir).matchAll(/call (\w+)/g)].map((match) => match[1]!);
}

const ROL = [0xd1, 0xc0];

describe('behind a rotate where nothing is known of the flags before it', () => {
  test('the flags before are worked out if an ADC or SBB may have left them', () => expect(calls(...ROL)).toEqual(['computeFlags']));
  test.each([['DEC', [0xff, 0xc9]], ['ADC', [0x11, 0xc8]], ['SETC', [0x0f, 0x92, 0xc1]], ['SETNO', [0x0f, 0x91, 0xc1]]])(
    '%s takes its flag from where the rotate put it', (_, code) => expect(calls(...ROL, ...code)).toEqual(['computeFlags']));
  test('SETZ works the flags out', () => expect(calls(...ROL, 0x0f, 0x94, 0xc1)).toEqual(['computeFlags', 'computeFlags']));
});
