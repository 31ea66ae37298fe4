/** Random instruction streams end as on the processor: recorded ones anywhere, fresh ones where the host is x86-64 with a compiler. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statesDiffer } from './compare.ts';
import { EmulatedCpu, TIMED_OUT } from './emulated.ts';
import { ENGINES, type Accel } from './engines.ts';
import { canRunNatively, runNatively } from './native.ts';
import { Input, INPUT_BYTES, Output } from './step.ts';
import { prepareFloatStream } from './float-streams.ts';
import { digest, prepareStream, STREAMS_PATH } from './streams.ts';
import { inputAt, outputAt } from './suite.ts';

const SHOWN = 5;
const FRESH: Readonly<Record<Accel, number>> = { tci: 200, jit: 20 };
/** Of how many recorded streams one is run. */
const EVERY: Readonly<Record<Accel, number>> = { tci: 1, jit: 5 };
const EXACT = { flagsUndefined: 0, approximate: false, several: false } as const;

const recorded = (): Int32Array => new Int32Array(new Uint8Array(readFileSync(STREAMS_PATH)).buffer);

describe.each([[64, 'tci'], [64, 'jit'], [32, 'tci'], [32, 'jit']] as const)('%i-bit mode on %s', (mode, accel) => {
  it('streams of 120 random forms end in the recorded states', { timeout: 300_000 }, () => {
    const cpu = new EmulatedCpu(ENGINES[accel]), input = new Input(), ours = new Output(), all = recorded(), count = all.length / 2;
    const digests = mode === 64 ? all.subarray(0, count) : all.subarray(count), failed: string[] = [];
    digests.forEach((expected, seed) => {
      if (seed % EVERY[accel] !== 0) return;
      prepareStream(input, mode, seed);
      cpu.run(input, ours);
      if (digest(ours, mode) !== expected) failed.push(`seed ${seed} ended in vector ${ours.vector === TIMED_OUT ? 'none' : ours.vector} at ${ours.rip.toString(16)}`);
    });
    expect(failed.slice(0, SHOWN), `${failed.length} of ${count}`).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(2000);
  });

  it.runIf(canRunNatively()).each([['fresh streams', prepareStream], ['fresh streams of floating point', prepareFloatStream]])('%s end as on this processor', { timeout: 300_000 }, (_, make) => {
    const fresh = FRESH[accel], cpu = new EmulatedCpu(ENGINES[accel]), ours = new Output(), first = Date.now() % 1e9, inputs = new Uint8Array(fresh * INPUT_BYTES), failed: string[] = [];
    for (let k = 0; k < fresh; k++) make(inputAt(inputs, k), mode, first + k);
    const outputs = runNatively(inputs);
    for (let k = 0; k < fresh; k++) {
      cpu.run(inputAt(inputs, k), ours);
      const why = statesDiffer(ours, outputAt(outputs, k), mode, EXACT);
      if (why.length > 0) failed.push(`seed ${first + k}: ${why.slice(0, 4).join('; ')}`);
    }
    expect(failed.slice(0, SHOWN), `${failed.length} of ${fresh}`).toEqual([]);
  });
});
