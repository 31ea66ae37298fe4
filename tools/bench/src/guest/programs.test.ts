/** The programs on this processor: right results, and the same ones from 64- and 32-bit builds. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildPrograms } from './build.ts';
import { PROGRAMS, programsOf } from './programs.ts';

const usable = process.arch === 'x64' && process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;
const mix = (sum: number, value: number): number => (((sum << 5) | (sum >>> 27)) ^ value) >>> 0;

function checksum(bits: 64 | 32, name: string, size: number): number {
  const { directory } = buildPrograms(bits);
  return Number(execFileSync(join(directory, name), [String(size)], { cwd: directory, encoding: 'utf8' }).split(' ')[0]);
}

describe.skipIf(!usable)('benchmark programs', { timeout: 300_000 }, () => {
  let runs32 = true;
  beforeAll(() => {
    buildPrograms(64);
    runs32 = spawnSync(join(buildPrograms(32).directory, 'block1'), ['1']).status === 0;
  });

  test('sieve counts the 41538 primes below 500000', () => {
    expect(checksum(64, 'sieve', 2)).toBe(mix(mix(0, 41538), 41538));
  });

  test('crc32 is the CRC-32 of zlib', () => {
    const data = new Uint8Array(65536);
    for (let i = 0, seed = 1; i < data.length; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      data[i] = seed >>> 24;
    }
    let sum = 0;
    for (let i = 0; i < 8; i++) sum = crc32(data, sum);
    expect(checksum(64, 'crc32', 1)).toBe(sum);
  });

  test('fib(24) is 46368', () => {
    expect(checksum(64, 'fib', 1)).toBe(46368);
  });

  test('the bytecode counts Collatz steps', () => {
    let steps = 0;
    for (let number = 1; number < 3000; number++) for (let n = number; n !== 1; n = n % 2 ? 3 * n + 1 : n / 2) steps++;
    expect(checksum(64, 'bytecode', 1)).toBe(mix(0, steps));
  });

  test('all escaped and inner points of mandelbrot are as double precision gives them', () => {
    let sum = 0;
    for (let i = 0; i < 64; i++) for (let k = 0; k < 64; k++) {
      const a = -2 + k * (2.75 / 64), b = -1.25 + i * (2.5 / 64);
      for (let n = 0, x = 0, y = 0, xx = 0, yy = 0; n < 120 && xx + yy < 4; n++, sum++) {
        y = 2 * x * y + b;
        x = xx - yy + a;
        xx = x * x;
        yy = y * y;
      }
    }
    expect(checksum(64, 'mandelbrot', 1)).toBe(sum);
  });

  test.each(programsOf(64).filter(({ name }) => name !== 'shell').map(({ name }) => name))('%s gives the same from 64 and 32 bits', (name) => {
    if (!runs32) return expect(checksum(64, name, 1)).toBeTypeOf('number'); // this kernel runs no 32-bit programs
    expect(checksum(32, name, 1)).toBe(checksum(64, name, 1));
  });

  test('x87 programs do what their SSE twins do', () => {
    if (!runs32) return;
    for (const { name, source } of PROGRAMS.filter((p) => p.x87)) expect([name, checksum(32, name, 1)]).toEqual([name, checksum(64, source, 1)]);
  });
});
