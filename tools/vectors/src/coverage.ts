/** `pnpm --filter @emu/tools-vectors generate`: writes packages/x86/docs/coverage.md from the decode table, the skips and the corpus. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { ALL_ROWS } from '@emu/x86';
import { Corpus } from './corpus.ts';
import { forms } from './forms.ts';
import { skipReason } from './skips.ts';

const MODES = [64, 32] as const;
const MAPS = ['One-byte opcodes (SDM Vol. 2, table A-2)', '0F (table A-3)', '0F 38 (table A-4)', '0F 3A (table A-5)'] as const;

interface Recorded { readonly vectors: number; readonly forms: number }

/** Vectors and forms of each row, by row index. */
function recorded(mode: 32 | 64, corpus: Corpus): Map<number, Recorded> {
  const vectors = new Map(corpus.header.rows.map((r) => [r.row, r.vectors]));
  const counts = new Map<number, number>();
  for (const form of forms(mode)) counts.set(form.rowIndex, (counts.get(form.rowIndex) ?? 0) + 1);
  return new Map([...counts].map(([index, count]) => [index, { forms: count, vectors: vectors.get(ALL_ROWS[index]!.toString()) ?? 0 }]));
}

const corpora = { 64: Corpus.load(64), 32: Corpus.load(32) };
const rows = { 64: recorded(64, corpora[64]), 32: recorded(32, corpora[32]) };
const cell = (index: number, mode: 32 | 64): string => {
  const found = rows[mode].get(index);
  return found ? `${found.forms} / ${found.vectors}` : (skipReason(ALL_ROWS[index]!, mode) ?? (ALL_ROWS[index]!.opts.rexB === 1 ? 'needs REX' : 'no form'));
};
const isCovered = (index: number): boolean => MODES.some((mode) => (rows[mode].get(index)?.vectors ?? 0) > 0);
/** Escapes what a table would take for a column. */
const text = (s: string): string => s.replaceAll('|', '\\|');

function skipped(): string[] {
  const byReason = new Map<string, string[]>();
  ALL_ROWS.forEach((row, index) => {
    if (isCovered(index)) return;
    const reason = skipReason(row, 64) === 'does not exist in 64-bit mode' ? skipReason(row, 32)! : (skipReason(row, 64) ?? skipReason(row, 32)!);
    byReason.set(reason, [...(byReason.get(reason) ?? []), row.toString()]);
  });
  return [...byReason].sort((a, b) => b[1].length - a[1].length).map(([reason, list]) => `| ${text(reason)} | ${list.length} | ${list.map((r) => `\`${r}\``).join(', ')} |`);
}

const covered = ALL_ROWS.filter((_, index) => isCovered(index)).length;
const vectors = (mode: 32 | 64): number => corpora[mode].header.rows.reduce((n, r) => n + r.vectors, 0);
const lines = [
  '# What is proved against a processor',
  '',
  '<!-- by tools/vectors/src/coverage.ts: pnpm --filter @emu/tools-vectors generate -->',
  '',
  `${(vectors(64) + vectors(32)).toLocaleString('en')} vectors, recorded on ${corpora[64].header.processor}: ${vectors(64).toLocaleString('en')} in 64-bit mode,`,
  `${vectors(32).toLocaleString('en')} in 32-bit (compatibility) mode. **${covered} of the ${ALL_ROWS.length} rows of the decode table** are run; the others cannot be in user mode, or`,
  'say nothing about the processor. Those that system code uses are run by the assembled guests of `tools/vectors/src/guests`, against QEMU.',
  '',
  'Every form of a row (operand size, registers, memory by base, SIB, RIP-relative, absolute, with prefix 67, LOCK and segment override, immediates) is run eight',
  'times with random and boundary values in registers, flags, x87, MXCSR, XMM and memory, the last time with floating-point exceptions unmasked. Every access of',
  'a form to memory is also made across the end of a page whose neighbour is absent, read-only and present, at an address that is not canonical, and misaligned',
  'with EFLAGS.AC set. Compared is all of the end state: exception and error code, CR2, RIP, EFLAGS, registers, segment bases, x87, MXCSR, XMM and memory.',
  '',
  'Not compared: the flags that the SDM leaves undefined for the row; the x87 instruction and operand pointers; the last place of the transcendental functions (with',
  'C1); for the instructions that make several accesses (FLDENV, FNSAVE, FXSAVE, XSAVE and theirs, FBSTP, FSTP m80, MASKMOV, PUSHA, POPA, ENTER) the address within',
  'the page of a page fault and what was written before it.',
  '',
  '## Rows that are not run',
  '',
  '| reason | rows | which |',
  '|---|---|---|',
  ...skipped(),
  '',
];
for (const [map, title] of MAPS.entries()) {
  lines.push(`## ${title}`, '', 'Forms / vectors in each mode.', '', '| row | 64-bit | 32-bit |', '|---|---|---|');
  ALL_ROWS.forEach((row, index) => {
    if (row.map === map) lines.push(`| \`${text(row.toString())}\` | ${cell(index, 64)} | ${cell(index, 32)} |`);
  });
  lines.push('');
}
const path = new URL('../../../packages/x86/docs/coverage.md', import.meta.url);
mkdirSync(new URL('.', path), { recursive: true });
writeFileSync(path, lines.join('\n'));
console.log(`${covered} of ${ALL_ROWS.length} rows, ${vectors(64) + vectors(32)} vectors`);
