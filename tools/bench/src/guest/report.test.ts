import { expect, test } from 'vitest';
import { report, speed, type Row } from './report.ts';

const measured = (cpuMs: number) => ({ size: 1, cpuMs, mainMs: cpuMs, guestMs: cpuMs, firstMs: cpuMs });
const program = (name: string) => ({ name, class: 'integer', source: name } as const);
const rows: Row[] = [
  { program: program('a'), by: { qemu: measured(8), jit: measured(4) } },
  { program: program('b'), by: { qemu: measured(1), jit: measured(8) } },
  { program: program('c'), by: { qemu: measured(1), jit: new Error('c failed on jit') } },
];

test('speed is relative to QEMU, and a failed program has none', () => {
  expect(rows.map((row) => speed(row, 'jit'))).toEqual([2, 0.125, undefined]);
});

test('a class has the geometric mean of its programs', () => {
  const { text, json } = report(rows, ['qemu', 'jit'], []);
  expect(json).toMatchObject({ means: { integer: { jit: 0.5 } }, programs: { a: { class: 'integer', jit: { cpuMs: 4 } }, c: { jit: { failed: 'c failed on jit' } } } });
  expect(text.split('\n').slice(0, 5)).toEqual([
    'CPU ms a unit  qemu     jit  jit x',
    'a              8.00    4.00   2.00',
    'b              1.00    8.00  0.125',
    'c              1.00  failed      -',
    '= integer                    0.500',
  ]);
  expect(text).toContain('c failed on jit');
});
