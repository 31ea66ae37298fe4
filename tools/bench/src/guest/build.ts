/**
 * Compiles the programs with the machine's gcc, static and without any library, into `.cache/bench/64` and `.cache/bench/32`. A key over
 * sources, flags and compiler says whether what is there is still right.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../errors.ts';
import { firstLine, ROOT } from '../host.ts';
import { coldAssembly, dispersedAssembly } from './generated.ts';
import { programsOf, type Program } from './programs.ts';

const SOURCES = join(ROOT, 'tools/bench/programs');
const FLAGS = [
  '-O2', '-static', '-nostdlib', '-ffreestanding', '-fno-pie', '-no-pie', '-fno-stack-protector', '-fcf-protection=none', '-fno-math-errno',
  '-fno-tree-loop-distribute-patterns', '-fno-asynchronous-unwind-tables', '-Wl,-z,noexecstack', '-Wl,--build-id=none', '-Wall', '-Wextra',
];
const FLAGS_32 = ['-m32', '-march=i686'];
const GENERATED = { dispersed: dispersedAssembly, cold: coldAssembly };

export interface BuiltPrograms {
  /** Holds `driver` and each program by its name. */
  readonly directory: string;
  readonly compiler: string;
}

/** @throws BenchError when there is no gcc, or it refuses. */
export function buildPrograms(bits: 64 | 32): BuiltPrograms {
  const compiler = firstLine('gcc', ['--version']);
  if (compiler === undefined) throw new BenchError('The benchmark programs are compiled here, but there is no gcc; install gcc');
  const directory = join(ROOT, '.cache/bench', String(bits));
  const keyFile = join(directory, '.key'), key = keyOf(compiler, bits);
  if (existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return { directory, compiler };
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(GENERATED)) writeFileSync(join(directory, `${name}.S`), text());
  compile(directory, 'driver', ['driver.c', 'runtime.c'], flags(bits));
  for (const program of programsOf(bits)) {
    const generated = program.generated ? [join(directory, `${program.generated}.S`)] : [];
    compile(directory, program.name, [`${program.source}.c`, 'main.c', 'runtime.c', ...generated], [...flags(bits, program)]);
  }
  writeFileSync(join(directory, 'readwrite.data'), new Uint8Array(8192).fill(65));
  writeFileSync(keyFile, key);
  return { directory, compiler };
}

function flags(bits: 64 | 32, program?: Program): string[] {
  if (bits === 64) return FLAGS;
  if (program?.class === 'sse') return [...FLAGS, ...FLAGS_32, '-msse2', '-mfpmath=sse'];
  return [...FLAGS, ...FLAGS_32, '-mno-sse', '-mfpmath=387'];
}

function compile(directory: string, name: string, sources: readonly string[], options: readonly string[]): void {
  const { status, stderr } = spawnSync('gcc', [...options, '-o', join(directory, name), ...sources], { cwd: SOURCES, encoding: 'utf8' });
  if (status !== 0) throw new BenchError(`gcc does not compile ${name}:\n${stderr}`);
}

function keyOf(compiler: string, bits: number): string {
  const hash = createHash('sha256').update(JSON.stringify([compiler, bits, FLAGS, FLAGS_32, programsOf(bits as 64 | 32)]));
  for (const file of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, file)));
  for (const text of Object.values(GENERATED)) hash.update(text());
  return `${hash.digest('hex')}\n`;
}
