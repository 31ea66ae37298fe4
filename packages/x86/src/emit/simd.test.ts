/**
 * What MMX and SSE rows become: v128 ops without calls for integer vectors, plain float ops before one exact call for floating point. That the
 * results are right is checked against the processor (`tools/vectors`).
 */
import { describe, expect, it } from 'vitest';
import { printIr, verifyIr } from '@emu/tcg';
import { decode, Decoded } from '../decode/decode.ts';
import { Insn } from '../decode/insn.ts';
import type { Row } from '../decode/row.ts';
import { ALL_ROWS } from '../decode/tables.ts';
import { HF } from '../hflags.ts';
import { testCtx } from '../testing/translator.ts';

/** User code: plain float results exist at CPL 3 only. */
const BASE = HF.CPL | HF.CS64 | HF.PE | HF.LMA | HF.OSFXSR;
const c = testCtx(), { ir } = c;

/** IR of one instruction, a line an op. */
function translate(code: readonly number[], hflags = BASE | HF.SSE_FAST): string[] {
  const i = new Insn(), bytes = Uint8Array.from([...code, 0, 0, 0, 0]);
  if (decode(i, bytes, 0, bytes.length, 64) !== Decoded.OK) throw new Error(`${code.map((b) => b.toString(16)).join(' ')} does not decode`);
  ir.reset();
  c.begin(hflags, 0, 0);
  c.beginInsn(i);
  i.row.emit(c, i);
  if (!c.ended) c.gotoNext();
  c.early.finish();
  verifyIr(ir);
  return printIr(ir).trim().split('\n').filter((line) => !/insn_start|goto_tb|rip/.test(line));
}

const PREFIX = { NP: [], 66: [0x66], F3: [0xf3], F2: [0xf2], NFx: [] } as const;
const MAPS = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]] as const;
/** The row with registers 1 and 2, or from memory at [rdi]. */
function encodingOf(row: Row): number[] {
  const reg = row.group >= 0 ? row.group << 3 : 1 << 3;
  return [...PREFIX[row.opts.prefix ?? 'NP'], ...MAPS[row.map]!, row.opcode, ...(row.hasModrm ? [row.takesReg ? 0xc0 | reg | 2 : reg | 7] : []), 0x1b];
}

const VECTOR_ROWS = ALL_ROWS.filter((row) => row.unit === 'mmx' || row.unit === 'sse');
const HELPED = /^(PCMP[EI]STR|AES|SHA|PCLMUL|MASKMOV|DPP|R?SQRT|RCP|CVTP[SD]2PI|CVTTP[SD]2PI)/;
const calls = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('call')).map((line) => /call (\w+)/.exec(line)![1]!);

describe('translation of vectors', () => {
  it('every row translates to valid IR, with plain results and without', () => {
    expect(VECTOR_ROWS.length).toBeGreaterThan(360);
    for (const row of VECTOR_ROWS) for (const hflags of [BASE, BASE | HF.SSE_FAST, BASE | HF.SSE_FAST | HF.SSE_EXACT, BASE | HF.SSE_FAST | HF.SSE_WIDE]) expect(translate(encodingOf(row), hflags).length).toBeGreaterThan(0);
  });

  it('integer rows call nothing and take at most 26 ops, 7 on average', () => {
    let rows = 0, ops = 0;
    for (const row of VECTOR_ROWS.filter((r) => r.mnemonic.startsWith('P') && !HELPED.test(r.mnemonic))) {
      const lines = translate(encodingOf(row));
      expect([row.mnemonic, calls(lines)]).toEqual([row.mnemonic, []]);
      expect([row.mnemonic, lines.length > 26]).toEqual([row.mnemonic, false]);
      rows++;
      ops += lines.length;
    }
    expect(ops / rows).toBeLessThan(7);
  });

  it('floating-point rows call their exact helper in one place, and nothing where results are plain', () => {
    for (const row of VECTOR_ROWS.filter((r) => /^(ADD|SUB|MUL|DIV|MIN|MAX|SQRT|CMP|U?COMI|HADD|HSUB|ROUND|CVTS[SD]2|CVTTS[SD]2SI)/.test(r.mnemonic))) {
      for (const mode of [HF.SSE_EXACT, HF.SSE_WIDE]) expect([row.mnemonic, calls(translate(encodingOf(row), BASE | HF.SSE_FAST | mode)).length]).toEqual([row.mnemonic, 1]);
      expect([row.mnemonic, calls(translate(encodingOf(row)))]).toEqual([row.mnemonic, []]);
    }
  });

  it('PADDD is one op, moved to its register', () => {
    expect(translate([0x66, 0x0f, 0xfe, 0xca])).toEqual(['vadd32 t0, xmm1, xmm2', 'mov_v128 xmm1, t0']);
  });

  it('MOVAPS between registers is a copy', () => {
    expect(translate([0x0f, 0x28, 0xca])).toEqual(['mov_v128 xmm1, xmm2']);
  });

  it('ADDSD is an addition behind guards of its operands, which leave the TB for one that works it out exactly', () => {
    expect(translate([0xf2, 0x0f, 0x58, 0xca]).map((line) => line.split(' ')[0])).toEqual(
      ['vgetf64', 'vgetf64', 'fwild_f64', 'brcond_i32', 'fwild_f64', 'brcond_i32', 'fadd_f64', 'vsetf64', 'mov_v128', 'set_label',
        'mov_i32', 'ld_i32', 'or_i32', 'st_i32', 'ld_i32', 'add_i32', 'st_i32', 'lookup_and_goto_ptr']);
    expect(translate([0xf2, 0x0f, 0x58, 0xca], BASE | HF.SSE_FAST | HF.SSE_EXACT).map((line) => line.split(' ')[0])).toContain('call');
  });

  it('CVTSI2SD of a doubleword needs no guard, whatever MXCSR says', () => {
    expect(calls(translate([0xf2, 0x0f, 0x2a, 0xca], BASE))).toEqual([]);
  });

  it('an exact result that is the first inexact one leaves the TB for one with plain results', () => {
    const lines = translate([0xf2, 0x0f, 0x58, 0xca], BASE);
    expect(calls(lines)).toEqual(['addsd', 'simdException']);
    expect(lines).toContain('lookup_and_goto_ptr');
  });
});
