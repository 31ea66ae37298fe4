import { expect, test } from 'vitest';
import { besideNode } from './beside-node.ts';
import type { Row } from './report.ts';

const measured = (cpuMs: number) => ({ size: 1, cpuMs, mainMs: cpuMs, guestMs: cpuMs, firstMs: cpuMs });
const row = (name: string, node: number, page: number | Error): Row => (
  { program: { name, class: 'integer', source: name }, by: { jit: measured(node), 'jit-web': page instanceof Error ? page : measured(page) } }
);

test('each program has its ratio, the mean is geometric, and who takes more than 1.25 of Node\'s time is named', () => {
  expect(besideNode([row('slow', 2, 4), row('fast', 4, 2), row('broken', 1, new Error('no'))], ['jit', 'jit-web']).split('\n')).toEqual([
    'jit, ms         Node  Chromium  ratio',
    'slow            2.00      4.00   2.00',
    'fast            4.00      2.00   0.50',
    'geometric mean                   1.00',
    'above 1.25: slow',
    '',
  ]);
});

test('without a page there is nothing to compare', () => {
  expect(besideNode([row('a', 1, 1)], ['qemu', 'jit'])).toBe('');
});
