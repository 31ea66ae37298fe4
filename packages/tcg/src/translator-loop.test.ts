import { Arena } from '@emu/vaddr';
import { describe, expect, test } from 'vitest';
import { CodeWindow } from './code-window.ts';
import { packWords } from './insn-data.ts';
import { Ir } from './ir.ts';
import { printIr } from './text/print.ts';
import { Tb } from './tb.ts';
import { MAX_TB_INSNS, translatorLoop } from './translator-loop.ts';
import type { DisasContext, TranslatorOps } from './translator-loop.ts';

const PAGE = 4096;

/** Instructions are their length in bytes, repeated; 0 ends the TB. The second page has host address 2 * PAGE, or is missing (-1) or a device (-2). */
function translate(bytes: number[], { offset = 0, maxInsns = 100, page2 = 3 * PAGE, device = false, ops = {} as Partial<TranslatorOps<DisasContext>> } = {}) {
  const arena = new Arena(1 << 16), ir = new Ir(), tb = new Tb(1024, 0);
  arena.u8.set(bytes.slice(0, PAGE - offset), 2 * PAGE + offset);
  if (page2 >= 0) arena.u8.set(bytes.slice(PAGE - offset), page2);
  const pages: number[] = [];
  const code = new CodeWindow(arena, {
    physPage: 99,
    page: (lo) => (pages.push(lo), page2),
    byte: (lo) => bytes[lo - offset] ?? -1,
  });
  tb.hostPc = device ? -1 : 2 * PAGE + offset;
  tb.linearLo = offset;
  const done = translatorLoop(ir, tb, {
    initDisas: () => {},
    insnStart: (ctx) => ir.insn_start(ctx.pcOffset, 7, 8),
    translateInsn: (ctx, window) => {
      const length = window.fetch(ctx.pcOffset);
      for (let i = 1; i < length; i++) window.fetch(ctx.pcOffset + i);
      if (window.failed) return;
      ctx.nextOffset += Math.max(length, 1);
      ctx.ended = length === 0;
    },
    tbStop: (ctx) => ir.exit_tb(ctx.ended ? 1 : 0),
    ...ops,
  }, { pcOffset: -1, nextOffset: -1, ended: true }, code, maxInsns);
  return { done, ir, tb, pages };
}

test('translates until control leaves, and records the instructions', () => {
  const { done, ir, tb } = translate([2, 2, 3, 3, 3, 0, 1]);
  expect(done).toBe(true);
  expect(printIr(ir)).toBe('insn_start 0, 7, 8\ninsn_start 2, 7, 8\ninsn_start 5, 7, 8\nexit_tb 1\n');
  expect(tb).toMatchObject({ icount: 3, size: 6, insnData: packWords([0, 7, 8, 2, 7, 8, 5, 7, 8]), physPage2: -1 });
});

test('stops after the instructions asked for, and after 512', () => {
  const ones = Array<number>(1000).fill(1);
  expect(translate(ones, { maxInsns: 1 }).tb).toMatchObject({ icount: 1, size: 1 });
  expect(translate(ones, { maxInsns: 10_000 }).tb.icount).toBe(MAX_TB_INSNS);
});

describe('at the end of the page', () => {
  test('stops before the next page', () => {
    const { tb, pages } = translate([1, 1, 1, 1, 1], { offset: PAGE - 3 });
    expect(tb).toMatchObject({ icount: 3, size: 3, physPage2: -1 });
    expect(pages).toEqual([]);
  });

  test('an instruction that crosses is left to a TB of its own', () => {
    const { tb, pages, ir } = translate([1, 2, 2], { offset: PAGE - 2 });
    expect(tb).toMatchObject({ icount: 1, size: 1, physPage2: -1 });
    expect(pages).toEqual([]);
    expect(printIr(ir)).toBe('insn_start 0, 7, 8\nexit_tb 0\n');
  });

  test('that TB knows its second page', () => {
    const { tb, pages } = translate([2, 2, 1], { offset: PAGE - 1 });
    expect(tb).toMatchObject({ icount: 1, size: 2, physPage2: 99, hostPage2: 3 * PAGE });
    expect(pages).toEqual([PAGE]);
  });

  test('a fault there is reported, nothing is translated', () => {
    expect(translate([2, 2], { offset: PAGE - 1, page2: -1 }).done).toBe(false);
  });

  test('a second page that is a device is read byte by byte', () => {
    expect(translate([3, 3, 3], { offset: PAGE - 1, page2: -2 }).tb).toMatchObject({ icount: 1, size: 3, physPage2: 99, hostPage2: -1 });
  });
});

test('code of a device is read byte by byte', () => {
  expect(translate([2, 2, 0], { device: true }).tb).toMatchObject({ icount: 2, size: 3 });
});

test('a translator that forgets insn_start or the length is told so', () => {
  expect(() => translate([1], { ops: { insnStart: () => {} } })).toThrow('The instruction at TB offset 0 has no insn_start, or its length is not positive; check translateInsn');
  expect(() => translate([1], { ops: { translateInsn: () => {} } })).toThrow('its length is not positive');
});
