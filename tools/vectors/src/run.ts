/** `node src/run.ts [vectors per form] [seed] [row filter]`: runs forms on the processor and on our CPU and reports what differs, by row. */
import { ALL_ROWS } from '@emu/x86';
import { differences } from './compare.ts';
import { EmulatedCpu } from './emulated.ts';
import { forms, type Form } from './forms.ts';
import { runNatively } from './native.ts';
import { prepare, Random } from './prepare.ts';
import { Input, INPUT_BYTES, Output, OUTPUT_BYTES } from './step.ts';

const perForm = Number(process.argv[2] ?? 4), seed = Number(process.argv[3] ?? 1), filter = process.argv[4];
const BATCH = 8192;

interface RowResult { vectors: number; failed: number; first: string }
const results = new Map<number, RowResult>();
const cpu = new EmulatedCpu();
const random = new Random(seed);
const mode = Number(process.env.MODE ?? 64) as 32 | 64;

function* cases(): Generator<Form> {
  for (const form of forms(mode)) {
    if (filter && !form.row.mnemonic.startsWith(filter)) continue;
    if (form.tags.includes('segment-base') || form.tags.includes('undefined')) continue;
    for (let i = 0; i < perForm; i++) yield form;
  }
}

function runBatch(batch: Form[]): void {
  const inputs = new Uint8Array(batch.length * INPUT_BYTES);
  batch.forEach((form, i) => prepare(new Input(inputs.subarray(i * INPUT_BYTES, (i + 1) * INPUT_BYTES)), form, random));
  const outputs = runNatively(inputs), ours = new Output();
  batch.forEach((form, i) => {
    const input = new Input(inputs.subarray(i * INPUT_BYTES, (i + 1) * INPUT_BYTES));
    const theirs = new Output(outputs.subarray(i * OUTPUT_BYTES, (i + 1) * OUTPUT_BYTES));
    const result = results.get(form.rowIndex) ?? { vectors: 0, failed: 0, first: '' };
    results.set(form.rowIndex, result);
    result.vectors++;
    let why: string[];
    try {
      cpu.run(input, ours);
      why = differences(ours, theirs, { flagsUndefined: form.flagsUndefined, mode: form.mode });
    } catch (e) {
      why = [`threw ${String((e as Error).message).slice(0, 200)}`];
    }
    if (why.length === 0) return;
    result.failed++;
    if (result.first === '') result.first = `${Buffer.from(input.code).toString('hex')} vec ${theirs.vector} ${why.slice(0, 4).join('; ')}`;
  });
}

let batch: Form[] = [];
for (const form of cases()) {
  batch.push(form);
  if (batch.length === BATCH) {
    runBatch(batch);
    batch = [];
  }
}
if (batch.length) runBatch(batch);
let vectors = 0, failed = 0, rows = 0, bad = 0;
for (const [index, r] of results) {
  vectors += r.vectors;
  failed += r.failed;
  rows++;
  if (r.failed === 0) continue;
  bad++;
  console.log(`${ALL_ROWS[index]}  ${r.failed}/${r.vectors}  ${r.first}`);
}
console.log(`${vectors} vectors, ${failed} differ; ${rows} rows of ${ALL_ROWS.length}, ${bad} with differences`);
