/** How each emulator is started: the same QEMU options for all, this command in front. */
import { fileURLToPath } from 'node:url';

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
