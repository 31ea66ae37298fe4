/** `pnpm --filter @emu/tools-vectors record`: records the corpus on this processor (x86-64 Linux with gcc). Takes a minute or two. */
import { mkdirSync, readFileSync } from 'node:fs';
import { Recorder, rowCases, type RowCases } from './corpus.ts';
import { runNatively } from './native.ts';
import { INPUT_BYTES, OUTPUT_BYTES } from './step.ts';
import { inputAt, inputsOf, outputAt } from './suite.ts';

/** Vectors that go through the harness at a time. */
const BATCH = 16_384;

const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)`, 'm').exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? '?';
const processor = `${field('model name')} (family ${field('cpu family')}, model ${field('model')}, stepping ${field('stepping')})`;

function record(rows: readonly RowCases[], recorder: Recorder): void {
  const inputs = inputsOf(rows.flatMap((r) => r.cases)), outputs = runNatively(inputs);
  let at = 0;
  for (const row of rows) {
    const positions = row.cases.map((_, k) => at + k);
    recorder.add(row, positions.map((k) => inputAt(inputs, k)), positions.map((k) => outputAt(outputs, k)));
    at += row.cases.length;
  }
  if (inputs.length / INPUT_BYTES !== outputs.length / OUTPUT_BYTES) throw new Error('the harness lost records');
}

mkdirSync(new URL('../corpus', import.meta.url), { recursive: true });
for (const mode of [64, 32] as const) {
  const recorder = new Recorder(processor, mode);
  let rows: RowCases[] = [], waiting = 0, vectors = 0;
  for (const row of rowCases(mode)) {
    rows.push(row);
    waiting += row.cases.length;
    vectors += row.cases.length;
    if (waiting < BATCH) continue;
    record(rows, recorder);
    rows = [];
    waiting = 0;
  }
  record(rows, recorder);
  console.log(`${mode}-bit: ${vectors} vectors of ${processor} in ${recorder.save()} bytes`);
}
