/**
 * `pnpm bench [filter...] [--no-save]`: runs the benchmarks of all packages, prints their figures with the machine, and appends them to
 * `history/figures.jsonl`, one JSON object a run. A benchmark is a file named `*.bench.ts` that exports `bench()`: figures, or a promise of them.
 */
import { appendFileSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commit, hostFacts, ROOT } from './host.ts';

export interface Figure {
  /** What was measured, beginning with the package: `tci: mixed loop ...`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}
interface BenchModule { bench?: () => readonly Figure[] | Promise<readonly Figure[]> }

const HISTORY = join(ROOT, 'tools/bench/history/figures.jsonl');

/** Three significant digits, without an exponent. */
function show(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

async function figuresOf(path: string): Promise<readonly Figure[]> {
  const { bench } = await import(pathToFileURL(join(ROOT, path)).href) as BenchModule;
  if (!bench) throw new Error(`${path} exports no bench(); let it return { name, value, unit } of each figure`);
  return bench();
}

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith('--'));
const paths = globSync('{packages,apps,tools}/*/src/**/*.bench.ts', { cwd: ROOT }).sort().filter((path) => filters.length === 0 || filters.some((f) => path.includes(f)));
if (paths.length === 0) {
  console.error(`No benchmark matches ${filters.join(', ')}; there are src/**/*.bench.ts in packages, apps and tools`);
  process.exit(1);
}

const host = hostFacts();
console.log(`${host.cpu}, ${host.cores} cores, ${host.memoryGiB} GiB, Node ${host.node} (V8 ${host.v8}), ${host.os}, commit ${commit()}\n`);
const figures: Figure[] = [];
for (const path of paths) {
  for (const figure of await figuresOf(path)) {
    console.log(`${figure.name.padEnd(72)} ${show(figure.value).padStart(9)} ${figure.unit}`);
    figures.push(figure);
  }
}
if (!args.includes('--no-save') && figures.length > 0) {
  const run = { date: new Date().toISOString(), commit: commit(), ...host, figures: Object.fromEntries(figures.map(({ name, value, unit }) => [name, `${show(value)} ${unit}`])) };
  appendFileSync(HISTORY, `${JSON.stringify(run)}\n`);
}
