/** `pnpm --filter @emu/tools-vectors record`: records the corpus on this processor (x86-64 Linux with gcc). Takes a minute or two. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Recorder, rowCases, type RowCases } from './corpus.ts';
import { runNatively } from './native.ts';
import { prepareSelfModifying, SELF_MODIFYING_PATH } from './self-modifying.ts';
import { INPUT_BYTES, OUTPUT_BYTES } from './step.ts';
import { digest, prepareStream, STREAMS_PATH } from './streams.ts';
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

/** Streams of each mode, and how many go through the harness at a time. */
const STREAMS = 2000, STREAM_BATCH = 500, SELF_MODIFYING = 1000;

/** Records what the first seeds' streams end in. */
function recordStreams(): void {
  const digests = new Int32Array(2 * STREAMS);
  for (const [m, mode] of ([64, 32] as const).entries()) {
    for (let first = 0; first < STREAMS; first += STREAM_BATCH) {
      const inputs = new Uint8Array(STREAM_BATCH * INPUT_BYTES);
      for (let k = 0; k < STREAM_BATCH; k++) prepareStream(inputAt(inputs, k), mode, first + k);
      const outputs = runNatively(inputs);
      for (let k = 0; k < STREAM_BATCH; k++) digests[m * STREAMS + first + k] = digest(outputAt(outputs, k), mode);
    }
  }
  writeFileSync(STREAMS_PATH, new Uint8Array(digests.buffer));
  console.log(`${2 * STREAMS} streams`);
}

/** Records what the first seeds' self-modifying programs end in. */
function recordSelfModifying(): void {
  const inputs = new Uint8Array(SELF_MODIFYING * INPUT_BYTES), digests = new Int32Array(SELF_MODIFYING);
  for (let k = 0; k < SELF_MODIFYING; k++) prepareSelfModifying(inputAt(inputs, k), k);
  const outputs = runNatively(inputs);
  for (let k = 0; k < SELF_MODIFYING; k++) digests[k] = digest(outputAt(outputs, k), 64);
  writeFileSync(SELF_MODIFYING_PATH, new Uint8Array(digests.buffer));
  console.log(`${SELF_MODIFYING} self-modifying programs`);
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
recordStreams();
recordSelfModifying();
