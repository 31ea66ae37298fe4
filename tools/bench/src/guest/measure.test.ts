import { expect, test } from 'vitest';
import { measure } from './measure.ts';
import type { Ran, Session } from './session.ts';
import { BenchError } from '../errors.ts';

const PROGRAM = { name: 'p', class: 'integer', source: 'p' } as const;

/** A session whose program costs `msPerUnit`, and `lateMs` more in odd runs. */
function fake(name: string, msPerUnit: number, { lateMs = 0, wrong = false } = {}): Session & { sizes: number[] } {
  const sizes: number[] = [];
  const run = (_program: string, size: number): Promise<Ran> => {
    const cpuMs = size * msPerUnit + (sizes.push(size) % 2 ? lateMs : 0);
    return Promise.resolve({ checksum: wrong ? 7 : size, cpuMs, mainMs: cpuMs / 2, guestMs: cpuMs, wallMs: cpuMs, instructions: size * 1000 });
  };
  return { name, sizes, run } as unknown as Session & { sizes: number[] };
}

test('each session runs as much as takes the wanted time there, and the best run counts', async () => {
  const fast = fake('fast', 0.5), slow = fake('slow', 20, { lateMs: 100 });
  const results = await measure(PROGRAM, [fast, slow], fast, { runs: 2, targetMs: 1000 });
  expect(results.get(fast)).toMatchObject({ size: 2000, cpuMs: 0.5, mainMs: 0.25, instructions: 1000, mips: 2 });
  expect(results.get(slow)).toMatchObject({ cpuMs: 20, firstMs: 120 });
  expect(slow.sizes.slice(-2)).toEqual([(results.get(slow) as { size: number }).size, (results.get(slow) as { size: number }).size]);
});

test('what the first runs cost for translation does not make the runs that count short', async () => {
  const session = fake('jit', 5), plain = session.run.bind(session);
  const run = async (program: string, size: number): Promise<Ran> => {
    const ran = await plain(program, size);
    return { ...ran, cpuMs: ran.cpuMs + Math.max(0, 900 - 300 * session.sizes.length) };
  };
  const late = { name: 'late', run } as unknown as Session;
  const results = await measure(PROGRAM, [late], fake('host', 1), { runs: 1, targetMs: 500 });
  expect(results.get(late)).toMatchObject({ size: 100, cpuMs: 5, firstMs: 605 });
});

test('a session with another checksum than the processor has failed, and others go on', async () => {
  const reference = fake('host', 1), good = fake('good', 2), bad = fake('bad', 2, { wrong: true });
  const results = await measure(PROGRAM, [bad, good], reference, { runs: 1, targetMs: 100 });
  expect(results.get(bad)).toBeInstanceOf(BenchError);
  expect((results.get(bad) as Error).message).toBe('p 1: bad says 7, this processor 1');
  expect(results.get(good)).toMatchObject({ cpuMs: 2 });
});
