/**
 * `pnpm bench [filter...] [--no-save]`: runs the benchmarks of all packages, prints their figures with the machine, and appends them to
 * `history/figures.jsonl`, one JSON object a run. A benchmark is a file named `*.bench.ts` that exports `bench()`: figures, or a promise of them.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, globSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Figure {
  /** What was measured, beginning with the package: `tci: mixed loop ...`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}
interface BenchModule { bench?: () => readonly Figure[] | Promise<readonly Figure[]> }

const HISTORY = join(dirname(fileURLToPath(import.meta.url)), '../history/figures.jsonl');
const ROOT = join(dirname(HISTORY), '../../..');
const GIB = 2 ** 30;

/** What figures depend on beside the code. */
function machine(): Record<string, string | number> {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? 'unknown', cores: all.length, memoryGiB: Math.round(totalmem() / GIB), node: process.versions.node, v8: process.versions.v8, os: process.platform };
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

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

const host = machine();
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
