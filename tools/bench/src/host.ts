/** What figures depend on beside the code: this machine, its Node, its QEMU, the commit. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const GIB = 2 ** 30;

export interface HostFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly v8: string;
  readonly os: string;
}

export function hostFacts(): HostFacts {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? 'unknown', cores: all.length, memoryGiB: Math.round(totalmem() / GIB), node: process.versions.node, v8: process.versions.v8, os: process.platform };
}

/** Short hash of the checked-out commit. */
export function commit(): string {
  return firstLine('git', ['rev-parse', '--short', 'HEAD']) ?? 'unknown';
}

/** First line that a program prints, or undefined when it is missing or fails. */
export function firstLine(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0]!.trim();
  } catch {
    return undefined;
  }
}

export const qemuVersion = (program = 'qemu-system-x86_64'): string | undefined => /version (\S+)/.exec(firstLine(program, ['--version']) ?? '')?.[1];
