/** Writes `docs/ops.md` from the op table. Run: `pnpm --filter @emu/tcg generate`. A test sees that it is current. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONTROL_OPS, MEMORY_OPS, VALUE_OPS } from '../src/index.ts';
import type { Row } from '../src/index.ts';

const list = (items: readonly string[]): string => items.join(', ') || '—';

function notes({ flags }: Row): string {
  const words = [
    flags.commutative && 'commutative', flags.mayFault && 'may fault', flags.terminal && 'ends a path',
    flags.unspecified && `any result if ${flags.unspecified}`,
  ];
  return words.filter(Boolean).join('; ');
}

const line = ([name, row]: [string, Row]): string =>
  `| \`${name}\` | ${list(row.types)} | ${list(row.outs)} | ${list(row.ins)} | ${list(row.imms)} | ${row.doc.replaceAll('|', '\\|')} | ${notes(row)} |`;

function table(title: string, about: string, ops: Record<string, Row>): string {
  return `## ${title}\n\n${about}\n\n| op | T | outputs | inputs | immediates | meaning | |\n|---|---|---|---|---|---|---|\n${Object.entries(ops).map(line).join('\n')}\n`;
}

/** The text of `docs/ops.md`. */
export function opsDoc(): string {
  return [
    '# Ops\n\nBy `scripts/ops-doc.ts` from the table in `src/ops.ts`; do not edit.\n',
    `An op that has types is written with one, \`add_i64 d, a, b\`, and \`T\` stands for it. Operands are outputs, inputs, immediates, in this order; in meanings inputs are
a, b, c and outputs d, unless said otherwise. i32 and i64 are both signed and unsigned; the op says how it reads them.\n`,
    table('Value ops', 'They compute outputs from inputs and do nothing else. An op with outputs is a method of `Ir` that makes temps for them: `const d = ir.add(a, b)`.', VALUE_OPS),
    table('Memory ops', `Host ops (\`ld*\`, \`st*\`) take an address in the arena; guest ops take a guest virtual address, zero-extended to i64, a memory op (\`b8\` to \`b128\`, then
\`.s\` sign-extend, \`.align\` fault if unaligned, \`.rmw\` fault as a write) and an mmu index. Host ops must not touch globals.`, MEMORY_OPS),
    table('Control ops', 'Labels are branched to forwards only: a loop is a TB that goes to itself, so that the budget sees every turn.', CONTROL_OPS),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(new URL('../docs/ops.md', import.meta.url), opsDoc());
