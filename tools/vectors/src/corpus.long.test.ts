/** Everything that the processor recorded, every precise page fault and many random strings, on the compiler: each form is compiled when it is first entered. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EmulatedCpu } from './emulated.ts';
import { jitEngine } from './engines.ts';
import { runFaults } from './fault-precision.ts';
import { FUZZ_MODES, FuzzTarget } from './fuzz.ts';
import { runRecorded } from './recorded.ts';
import { prepareSelfModifying, SELF_MODIFYING_PATH } from './self-modifying.ts';
import { Input, Output } from './step.ts';
import { digest, prepareStream, STREAMS_PATH } from './streams.ts';

const SHOWN = 10, STRINGS = 20_000;
const digests = (path: URL): Int32Array => new Int32Array(new Uint8Array(readFileSync(path)).buffer);

/** Seeds whose programs do not end in the recorded state. */
function seedsThatDiffer(expected: Int32Array, mode: 32 | 64, prepare: (input: Input, seed: number) => void): number[] {
  const cpu = new EmulatedCpu(jitEngine), input = new Input(), ours = new Output(), failed: number[] = [];
  expected.forEach((digestOfProcessor, seed) => {
    prepare(input, seed);
    cpu.run(input, ours);
    if (digest(ours, mode) !== digestOfProcessor) failed.push(seed);
  });
  return failed;
}

describe.each([64, 32] as const)('%i-bit mode on jit', (mode) => {
  it('ends every recorded vector as the processor did', () => {
    const { vectors, failed, notRecorded } = runRecorded(mode, jitEngine);
    expect(notRecorded).toEqual([]);
    expect(failed.slice(0, SHOWN), `${failed.length} of ${vectors}`).toEqual([]);
    expect(vectors).toBeGreaterThan(mode === 64 ? 190_000 : 100_000);
  });

  it('every form resumes after a page fault', () => {
    const { faults, failed } = runFaults(mode, jitEngine);
    expect(failed.slice(0, SHOWN), `${failed.length} of ${faults}`).toEqual([]);
    expect(faults).toBeGreaterThan(mode === 64 ? 8500 : 3400);
  });

  it('streams of 120 random forms end in the recorded states', () => {
    const all = digests(STREAMS_PATH), half = all.length / 2;
    expect(seedsThatDiffer(mode === 64 ? all.subarray(0, half) : all.subarray(half), mode, (input, seed) => prepareStream(input, mode, seed))).toEqual([]);
    expect(half).toBeGreaterThanOrEqual(2000);
  });
});

it('programs that patch themselves end as recorded on jit', () => {
  const all = digests(SELF_MODIFYING_PATH);
  expect(seedsThatDiffer(all, 64, prepareSelfModifying)).toEqual([]);
  expect(all.length).toBeGreaterThanOrEqual(1000);
});

it.each(FUZZ_MODES)('%s mode: random strings end in guest faults, HLT or a triple fault on jit', (mode) => {
  expect(new FuzzTarget(mode, 211, jitEngine).run(STRINGS)).toBeGreaterThan(STRINGS / 4);
});
