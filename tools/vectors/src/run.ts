/** `node src/run.ts [seed] [mnemonic] [place]`: runs vectors on this processor and on our CPU and reports what differs, by row. */
import { ALL_ROWS } from '@emu/x86';
import { EmulatedCpu } from './emulated.ts';
import { runNatively } from './native.ts';
import { cases, inputAt, inputsOf, mismatch, outputAt, type Case } from './suite.ts';
import { Output } from './step.ts';

const [seed = '1', filter = '', place = ''] = process.argv.slice(2);
const BATCH = 8192;

interface RowResult { vectors: number; failed: number; first: string[] }
const results = new Map<number, RowResult>();
const cpu = new EmulatedCpu();

function runBatch(batch: readonly Case[]): void {
  const inputs = inputsOf(batch, Number(seed)), outputs = runNatively(inputs), ours = new Output();
  batch.forEach((test, k) => {
    const why = mismatch(cpu, test, inputAt(inputs, k), outputAt(outputs, k), ours);
    const result = results.get(test.form.rowIndex) ?? { vectors: 0, failed: 0, first: [] };
    results.set(test.form.rowIndex, result);
    result.vectors++;
    if (why === '') return;
    result.failed++;
    if (result.first.length < 2) result.first.push(why);
  });
}

let batch: Case[] = [];
for (const mode of [64, 32] as const) {
  for (const test of cases(mode)) {
    if (!test.form.row.mnemonic.startsWith(filter) || !test.variant.place.startsWith(place)) continue;
    batch.push(test);
    if (batch.length === BATCH) {
      runBatch(batch);
      batch = [];
    }
  }
}
if (batch.length) runBatch(batch);
let vectors = 0, failed = 0, bad = 0;
for (const [index, r] of results) {
  vectors += r.vectors;
  failed += r.failed;
  if (r.failed === 0) continue;
  bad++;
  console.log(`${ALL_ROWS[index]}  ${r.failed}/${r.vectors}\n  ${r.first.join('\n  ')}`);
}
console.log(`${vectors} vectors, ${failed} differ; ${results.size} rows of ${ALL_ROWS.length}, ${bad} with differences`);
