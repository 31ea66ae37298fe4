import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { opsDoc } from '../scripts/ops-doc.ts';
import { OP_NAMES } from './ops.ts';

test('docs/ops.md is what the op table says; run `pnpm --filter @emu/tcg generate`', () => {
  const text = readFileSync(new URL('../docs/ops.md', import.meta.url), 'utf8');
  expect(text).toBe(opsDoc());
  for (const name of OP_NAMES) expect(text).toContain(`| \`${name}\` |`);
});
