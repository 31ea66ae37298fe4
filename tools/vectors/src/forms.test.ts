/** Every row is either made into forms or skipped with a reason; iced-x86 agrees on the forms (they decode to the row by construction). */
import { describe, expect, it } from 'vitest';
import { Decoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { ALL_ROWS, Method } from '@emu/x86';
import { forms, type Form } from './forms.ts';
import { skipReason } from './skips.ts';

const FORMS: Record<32 | 64, Form[]> = { 32: [...forms(32)], 64: [...forms(64)] };
const of = (mode: 32 | 64, mnemonic: string): Form[] => FORMS[mode].filter((f) => f.row.mnemonic === mnemonic);
const hex = (f: Form): string => Array.from(f.bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');

describe('forms', () => {
  it('cover every row that is not skipped with a reason, in each mode', () => {
    for (const mode of [32, 64] as const) {
      const made = new Set(FORMS[mode].map((f) => f.rowIndex));
      const missing = ALL_ROWS.filter((r, k) => skipReason(r, mode) === undefined && !made.has(k) && !(mode === 32 && r.opts.rexB === 1));
      expect(missing.map(String)).toEqual([]);
    }
  });

  it('reach more than nine rows in ten', () => {
    const reached = new Set([...FORMS[32], ...FORMS[64]].map((f) => f.rowIndex));
    expect(reached.size / ALL_ROWS.length).toBeGreaterThan(0.9);
  });

  it('are instructions of the same name and length to iced-x86', () => {
    for (const mode of [32, 64] as const) {
      for (const f of FORMS[mode]) {
        const decoder = new Decoder(mode, f.bytes, DecoderOptions.None);
        const i = decoder.decode();
        const name = Mnemonic[i.mnemonic]!.toUpperCase();
        const mine = f.row.mnemonic.split('/');
        const agreed = mine.includes(name) || (mine[0] === 'NOP' && HINTS.has(name));
        if (!agreed || i.length !== f.bytes.length) expect(`${hex(f)} ${name} ${i.length}`).toBe(`${mine.join('/')} ${f.bytes.length}`);
        i.free();
        decoder.free();
      }
    }
  });

  it('have no two the same', () => {
    for (const mode of [32, 64] as const) expect(new Set(FORMS[mode].map(hex)).size).toBe(FORMS[mode].length);
  });

  it('add comes in all sizes, register pairs and addresses, with LOCK', () => {
    const add = of(64, 'ADD').filter((f) => f.row.opcode === 0x01).map(hex);
    for (const code of ['01 de', '66 01 de', '48 01 de', '4d 01 ce', '01 4b 18', '45 01 53 e8', '01 05 00 00 00 00', '67 01 4b 18', 'f0 01 4b 18']) {
      expect(add).toContain(code);
    }
  });

  it('byte forms use AH to BH and SPL to DIL', () => {
    const add = of(64, 'ADD').filter((f) => f.row.opcode === 0x00).map(hex);
    expect(add).toContain('00 e7'); // add bh, ah
    expect(add).toContain('40 00 ef'); // add dil, bpl
    expect(of(64, 'ADD').find((f) => hex(f) === '00 e7')!.gprs).toBe(0b1001);
  });

  it('RIP-relative and absolute forms say where to patch the displacement', () => {
    const patched = [...FORMS[32], ...FORMS[64]].filter((f) => f.memory?.kind === 'rip' || f.memory?.kind === 'absolute');
    expect(patched.length).toBeGreaterThan(500);
    for (const f of patched) {
      const { dispAt, asz } = f.memory!;
      const width = f.row.operands.some((o) => o.method === Method.O) ? asz / 8 : 4;
      expect(Array.from(f.bytes.subarray(dispAt, dispAt + width)).every((b) => b === 0)).toBe(true);
    }
    for (const f of FORMS[64]) if (f.memory === undefined || f.memory.base >= 0) expect(f.memory?.dispAt ?? -1).toBe(-1);
  });

  it('string instructions come with and without REP', () => {
    expect(of(64, 'MOVSB').map(hex)).toEqual(['a4', 'f3 a4', '67 a4', '67 f3 a4', '65 a4', '64 f3 a4']);
    expect(of(64, 'SCASB').map(hex)).toEqual(['ae', 'f3 ae', 'f2 ae', '67 ae', '67 f3 ae', '65 ae', '64 f3 ae']);
  });

  it('BCD and the other instructions of 16/32-bit modes have forms there', () => {
    for (const name of ['AAA', 'AAS', 'DAA', 'DAS', 'AAM', 'AAD', 'SALC', 'ARPL', 'BOUND', 'PUSHA/PUSHAD/PUSHAD']) {
      expect([name, of(32, name).length > 0]).toEqual([name, true]);
      expect(of(64, name)).toEqual([]);
    }
  });

  it('relative branches go 32 bytes behind the instruction', () => {
    expect(of(64, 'JE').map((f) => [hex(f), f.branch])).toEqual([
      ['74 20', { kind: 'relative', taken: 0x22 }],
      ['0f 84 20 00 00 00', { kind: 'relative', taken: 0x26 }],
    ]);
  });
});

/** Names that iced gives to hints which are NOPs on a processor without the extension. */
const HINTS = new Set(['RESERVEDNOP', 'PREFETCHW', 'PREFETCH', 'PREFETCHWT1', 'PREFETCHIT0', 'PREFETCHIT1', 'CLDEMOTE']);
