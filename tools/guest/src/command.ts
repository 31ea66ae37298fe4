/** Runs a host program to its end and says clearly when it is missing or fails. */
import { spawnSync } from 'node:child_process';
import { GuestError } from './errors.ts';

/** Where an unprivileged user's PATH lacks Debian's file system tools. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export interface CommandOptions {
  cwd?: string;
  input?: string | Uint8Array;
  env?: Record<string, string>;
}

/** Standard output of `argv`, as bytes. @throws GuestError with the last lines of its standard error. */
export function run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Buffer {
  const [program, ...args] = argv;
  const done = spawnSync(program, args, {
    cwd: options.cwd, input: options.input, maxBuffer: 1 << 30,
    env: { ...process.env, LC_ALL: 'C', PATH, ...options.env },
  });
  if (done.error) throw new GuestError(`${program} did not start (${done.error.message}); install it and try again`);
  if (done.status !== 0) {
    const why = done.stderr.toString().trim().split('\n').slice(-3).join(' / ');
    throw new GuestError(`${argv.slice(0, 3).join(' ')} failed with status ${done.status}: ${why}`);
  }
  return done.stdout;
}

/** True when `program` can be found. */
export function exists(program: string): boolean {
  return spawnSync('/bin/sh', ['-c', `command -v ${program}`], { env: { PATH } }).status === 0;
}
