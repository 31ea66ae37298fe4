/** How much memory `fs-pack chunk` needs: runs it as a process of its own over an image that is half noise at its start. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NOISE_BYTES = 96 * 2 ** 20;

/** Peak resident memory in KiB; throws if the command fails. */
export function packingPeakKib(directory: string, imageBytes: number): number {
  const image = join(directory, 'large.img');
  const noise = randomBytes(NOISE_BYTES);
  for (let at = 0; at < noise.length; at += 8192) noise.fill(0x41, at, at + 4096);
  writeFileSync(image, noise);
  truncateSync(image, imageBytes);
  const cli = join(import.meta.dirname, '../../bin/fs-pack.mjs');
  const script = `await import(${JSON.stringify(cli)}); console.log(process.resourceUsage().maxRSS)`;
  const args = ['--conditions=@emu/source', '--input-type=module', '-e', script, '--', 'fs-pack', 'chunk', image, '-o', join(directory, 'large-pack'), '--level=1'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  rmSync(image);
  rmSync(join(directory, 'large-pack'), { recursive: true, force: true });
  if (status !== 0 || !(Number(stdout) > 10_000)) throw new Error(`fs-pack chunk failed: ${stderr}${stdout}`);
  return Number(stdout);
}
