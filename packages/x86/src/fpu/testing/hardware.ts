/**
 * The processor we run on as an oracle: compiles `tools/vectors/native/fpu.c` with gcc once and feeds it batches of records.
 * Where the host is no x86-64 Linux or has no gcc, `hardware()` is undefined and the recorded corpus stands in.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RECORD_BYTES } from './record.ts';

export interface Group {
  /** Instruction bytes; the memory operand is [rdi]. */
  readonly code: readonly number[];
  /** Records of `RECORD_BYTES` each. */
  readonly records: Uint8Array;
}

export interface Hardware {
  /** The groups' records after execution. */
  run(groups: readonly Group[]): Uint8Array[];
  [Symbol.dispose](): void;
}

const SOURCE = fileURLToPath(new URL('../../../../../tools/vectors/native/fpu.c', import.meta.url));
const HEADER_BYTES = 40;

/** Builds the harness, or says undefined where that cannot work. */
export function hardware(): Hardware | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'fpu-'));
  const program = join(directory, 'fpu');
  if (spawnSync('gcc', ['-O2', '-o', program, SOURCE]).status !== 0) {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  return {
    run: (groups) => split(execFileSync(program, { input: join_(groups), maxBuffer: 2 ** 31 - 1 }), groups),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function join_(groups: readonly Group[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { code, records } of groups) {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(code.length, 0);
    header.set(code, 4);
    header.writeUInt32LE(records.length / RECORD_BYTES, 32);
    parts.push(header, records);
  }
  return Buffer.concat(parts);
}

function split(output: Uint8Array, groups: readonly Group[]): Uint8Array[] {
  let at = 0;
  return groups.map(({ records }) => output.subarray(at, at += records.length));
}
