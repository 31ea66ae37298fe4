/**
 * `pnpm --filter @emu/tools-vectors vectors [seed] [mnemonic] [place]`: runs vectors on this processor and on our CPU and reports what differs, by row.
 * `vectors recorded [every]`: runs the recorded ones, or those of one form in so many. Both take `--accel jit`.
 */
import { ALL_ROWS } from '@emu/x86';
import { EmulatedCpu } from './emulated.ts';
import { accelOf, ENGINES } from './engines.ts';
import { runNatively } from './native.ts';
import { runRecorded } from './recorded.ts';
import { cases, inputAt, inputsOf, mismatch, outputAt, type Case } from './suite.ts';
import { Output } from './step.ts';

const BATCH = 8192, SHOWN = 20;

interface RowResult { vectors: number; failed: number; first: string[] }
type Results = Map<number, RowResult>;

function runBatch(cpu: EmulatedCpu, results: Results, batch: readonly Case[], seed: number): void {
  const inputs = inputsOf(batch, seed), outputs = runNatively(inputs), ours = new Output();
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

function fresh(cpu: EmulatedCpu, seed: number, filter: string, place: string): void {
  const results: Results = new Map();
  let batch: Case[] = [];
  for (const mode of [64, 32] as const) {
    for (const test of cases(mode)) {
      if (!test.form.row.mnemonic.startsWith(filter) || !test.variant.place.startsWith(place)) continue;
      batch.push(test);
      if (batch.length < BATCH) continue;
      runBatch(cpu, results, batch, seed);
      batch = [];
    }
  }
  if (batch.length) runBatch(cpu, results, batch, seed);
  let vectors = 0, failed = 0, bad = 0;
  for (const [index, r] of results) {
    vectors += r.vectors;
    failed += r.failed;
    if (r.failed === 0) continue;
    bad++;
    console.log(`${ALL_ROWS[index]}  ${r.failed}/${r.vectors}\n  ${r.first.join('\n  ')}`);
  }
  console.log(`${vectors} vectors, ${failed} differ; ${results.size} rows of ${ALL_ROWS.length}, ${bad} with differences`);
}

function main(): void {
  const args = process.argv.slice(2), accel = accelOf(args), [first = '1', second = '', place = ''] = args;
  if (first !== 'recorded') return fresh(new EmulatedCpu(ENGINES[accel]), Number(first), second, place);
  for (const mode of [64, 32] as const) {
    const start = process.cpuUsage().user, { vectors, failed, notRecorded } = runRecorded(mode, ENGINES[accel], Number(second || 1));
    for (const line of [...notRecorded.map((row) => `${row} is not recorded`), ...failed.slice(0, SHOWN)]) console.log(line);
    console.log(`${mode}-bit on ${accel}: ${vectors} recorded vectors, ${failed.length} differ (${((process.cpuUsage().user - start) / 1e6).toFixed(0)} s of CPU time)`);
    if (failed.length + notRecorded.length > 0) process.exitCode = 1;
  }
}
main();
