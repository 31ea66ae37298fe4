/** How each emulator is started: the same QEMU options for all, this command in front. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from './errors.ts';
import { ROOT } from './host.ts';

export const ENGINES = ['qemu', 'tci', 'jit'] as const;
export type Engine = (typeof ENGINES)[number];

const OURS = fileURLToPath(new URL('./emulator/main.ts', import.meta.url));

export interface EmulatorCommand {
  readonly name: string;
  readonly argv: readonly string[];
  /** What it answers over IPC when it is asked for its counters. */
  readonly counts: 'nothing' | 'instructions' | 'everything';
}

/** @param nodeFlags for ours, for example `--cpu-prof`. */
export function emulator(engine: Engine, options: readonly string[], nodeFlags: readonly string[] = [], qemu = 'qemu-system-x86_64'): EmulatorCommand {
  if (engine === 'qemu') return { name: engine, counts: 'nothing', argv: [qemu, '-accel', 'tcg,thread=single', ...options] };
  return { name: engine, counts: 'everything', argv: [process.execPath, '--conditions=@emu/source', '--no-warnings', ...nodeFlags, OURS, '-accel', engine, ...options] };
}

const V86 = fileURLToPath(new URL('./v86/main.ts', import.meta.url));

/** The v86 emulator on a 32-bit kernel. */
export function v86({ kernel, initrd }: { readonly kernel: string; readonly initrd: string }): EmulatorCommand {
  return { name: 'v86', counts: 'instructions', argv: [process.execPath, '--conditions=@emu/source', '--no-warnings', V86, kernel, initrd] };
}

/** What the name of an engine has behind it when it runs in a page. */
export const WEB_SUFFIX = '-web';

const PAGE = fileURLToPath(new URL('./browser/main.ts', import.meta.url));

/** Ours in a page of Chromium, which is built first. */
export function browser(accel: 'tci' | 'jit', options: readonly string[]): EmulatorCommand {
  const site = join(ROOT, '.cache/bench/web');
  const { status, stderr } = spawnSync(join(ROOT, 'apps/web/node_modules/.bin/vite'), ['build', '--logLevel', 'warn', '--outDir', site, '--emptyOutDir'], { cwd: join(ROOT, 'apps/web'), encoding: 'utf8' });
  if (status !== 0) throw new BenchError(`The page does not build:\n${stderr}`);
  return { name: accel + WEB_SUFFIX, counts: 'nothing', argv: [process.execPath, '--conditions=@emu/source', '--no-warnings', PAGE, site, '-accel', accel, ...options] };
}
