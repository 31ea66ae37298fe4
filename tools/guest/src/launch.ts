/**
 * Starts an emulator on a built guest: interactively with the terminal handed over, or for one command over the run protocol.
 * The emulator is any program with QEMU's option syntax, so the same code drives ours and the native one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Guest } from './build.ts';
import { RunSession } from './run-protocol.ts';

/** Program and leading arguments. */
export type EmulatorCommand = readonly [string, ...string[]];

export interface LaunchOptions {
  emulator: EmulatorCommand;
  guest: Guest;
  /** More arguments for the emulator; a later option wins over ours. */
  extra?: readonly string[];
  /** More words for the kernel command line. */
  append?: string;
  /** Whether guest writes reach rootfs.bin. */
  persist: boolean;
}

export interface RunOptions extends LaunchOptions {
  command: string;
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** Give up after so many seconds without an exit status. */
  timeoutS?: number;
}

/** Our own status when the guest never delivered one, as `timeout` and shells use 124 to 127. */
export const STATUS_LOST = 125;

function machineArgs({ guest, persist, extra = [] }: LaunchOptions, append: string): string[] {
  const drive = `if=virtio,format=raw,file=${guest.rootfs}${persist ? '' : ',snapshot=on'}`;
  const given = (option: string): boolean => extra.includes(option);
  return [
    '-m', '512M', '-L', `${guest.dir}/`, '-drive', drive, '-kernel', guest.kernel, '-initrd', guest.initrd,
    ...(given('-append') ? [] : ['-append', append]), ...extra,
  ];
}

/** The emulator's arguments for an interactive session. */
export function interactiveArgs(options: LaunchOptions): string[] {
  const size = process.stdout.isTTY ? ` emu.size=${process.stdout.rows}x${process.stdout.columns}` : '';
  const append = `earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7${size}${options.append ? ` ${options.append}` : ''}`;
  return ['-nographic', ...machineArgs(options, append)];
}

/** Hands the terminal to the emulator; resolves with its exit status. */
export function interactive(options: LaunchOptions): Promise<number> {
  const [program, ...first] = options.emulator;
  const child = spawn(program, [...first, ...interactiveArgs(options)], { stdio: 'inherit' });
  return withSignals(child, () => new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? (signal ? 128 : 1)));
  }));
}

/** Boots, runs one command in the guest's shell, and resolves with its exit status. */
export async function runInGuest(options: RunOptions): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'emu-run-'));
  const consoleLog = join(scratch, 'console');
  const append = `console=ttyS0 root=/dev/vda quiet panic=-1 emu.run=ttyS1${options.append ? ` ${options.append}` : ''}`;
  const args = ['-display', 'none', '-monitor', 'none', '-no-reboot', '-serial', `file:${consoleLog}`, '-serial', 'stdio', ...machineArgs(options, append)];
  const [program, ...first] = options.emulator;
  try {
    const child = spawn(program, [...first, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    return await withSignals(child, () => converse(child, options, () => consoleTail(consoleLog)));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function converse(child: ChildProcess, options: RunOptions, tail: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = -1;
    let complaint = '';
    let lost = '';
    const session = new RunSession(options.command, {
      send: (bytes) => void child.stdin!.write(bytes), stdout: options.stdout, stderr: options.stderr,
      exit: (code) => { status = code; },
    });
    const limit = options.timeoutS
      ? setTimeout(() => { lost = ` within ${options.timeoutS} s`; child.kill('SIGKILL'); }, options.timeoutS * 1000) : undefined;
    child.stdin!.on('error', () => {}); // the emulator may be gone before it has read everything
    child.stdout!.on('data', (bytes: Buffer) => {
      session.receive(bytes);
      if (status >= 0 && !child.killed) setTimeout(() => child.kill('SIGTERM'), GRACE_MS).unref();
    });
    child.stderr!.on('data', (bytes: Buffer) => { complaint += bytes; });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      if (status >= 0) return resolve(status);
      const when = session.started ? 'before the command had ended' : 'before the guest was ready for the command';
      options.stderr(Buffer.from(`${complaint}${tail()}emu: the emulator stopped (status ${code}) ${when}${lost}\n`));
      resolve(STATUS_LOST);
    });
  });
}

/** How long a guest that has delivered its status may take to turn itself off. */
const GRACE_MS = 5000;

function consoleTail(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15);
    return lines.length > 0 && lines[0] !== '' ? `${lines.map((l) => `  console: ${l.trimEnd()}`).join('\n')}\n` : '';
  } catch {
    return '';
  }
}

/** Our own end ends the emulator; Ctrl-C is the guest's business while the emulator has the terminal. */
async function withSignals<T>(child: ChildProcess, work: () => Promise<T>): Promise<T> {
  const stop = (): void => void child.kill('SIGTERM');
  const ignore = (): void => {};
  process.on('SIGTERM', stop).on('SIGHUP', stop).on('SIGINT', child.stdin ? stop : ignore);
  try {
    return await work();
  } finally {
    process.off('SIGTERM', stop).off('SIGHUP', stop).off('SIGINT', child.stdin ? stop : ignore);
  }
}
