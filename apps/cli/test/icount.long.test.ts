/** `-icount`: a boot of Linux is a function of its inputs. Serial output, instructions and the whole state at the end are the same each time, on the interpreter and with the compiler. */
import { createMachine, parseQemuArgs } from '@emu/machine';
import { nodeHost } from '@emu/machine/node';
import { expect, it } from 'vitest';
import { guest } from './guests.ts';

interface Run {
  readonly output: string;
  readonly instructions: number;
  readonly virtualNs: number;
  readonly stateHash: string;
}

async function run(...accel: string[]): Promise<Run> {
  const { kernel, initrdBench } = guest('cloud');
  const { options } = parseQemuArgs([
    '-m', '256M', '-kernel', kernel, '-initrd', initrdBench, '-append', 'console=ttyS0', '-icount', 'shift=1,sleep=off', '-rtc', 'base=2026-01-31T12:00:00', ...accel,
  ]);
  const parts: Uint8Array[] = [];
  const machine = await createMachine(options, nodeHost({ stdio: { write: (bytes) => void parts.push(bytes.slice()) } }));
  expect(await machine.run()).toEqual({ reason: 'power-off' });
  const { instructions, virtualNs } = machine.stats;
  return { output: Buffer.concat(parts).toString('latin1'), instructions, virtualNs, stateHash: await machine.stateHash() };
}

it('two boots are equal to the byte and to the last bit of the state, and so are boots with the compiler', async () => {
  const first = await run('-accel', 'tci');
  expect(first.output).toContain('emu-bench: init reached');
  const second = await run('-accel', 'tci');
  expect(second.output).toBe(first.output);
  expect(second).toEqual(first);
  for (const accel of ['jit', 'jit,threshold=1']) {
    const compiled = await run('-accel', accel);
    expect(compiled.output).toBe(first.output);
    expect(compiled).toEqual(first);
  }
});
