/** Builds and runs the native harnesses with the machine's gcc. Only on x86-64 Linux. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INPUT_BYTES, OUTPUT_BYTES } from './step.ts';

/** Whether vectors can be recorded here. */
export const canRunNatively = (): boolean =>
  process.arch === 'x64' && process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;

/** Binaries are kept in the workspace's cache. */
const DIRECTORY = fileURLToPath(new URL('../../../.cache/vectors', import.meta.url));

/** Path of the compiled harness `native/<name>.c`. */
export function buildHarness(name: string): string {
  mkdirSync(DIRECTORY, { recursive: true });
  const source = fileURLToPath(new URL(`../native/${name}.c`, import.meta.url)), binary = join(DIRECTORY, name);
  if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(source).mtimeMs) execFileSync('gcc', ['-O1', '-Wall', '-o', binary, source]);
  return binary;
}

/** Runs `count` input records on this processor. */
export function runNatively(inputs: Uint8Array): Uint8Array {
  const count = inputs.length / INPUT_BYTES;
  const { stdout, status, signal, stderr } = spawnSync(buildHarness('step'), { input: inputs, maxBuffer: count * OUTPUT_BYTES + 1024 });
  if (status !== 0 || stdout.length !== count * OUTPUT_BYTES) {
    throw new Error(`step.c ended with status ${status}, signal ${signal}, after ${stdout.length / OUTPUT_BYTES} of ${count} records: ${stderr}`);
  }
  return new Uint8Array(stdout.buffer, stdout.byteOffset, stdout.length);
}
