/**
 * An emulator (or the driver itself, on this processor) as a child process pinned to one core: its output is waited for by text, its CPU
 * time read from outside.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpuTime, residentMiB, type CpuTime } from './cpu-time.ts';
import type { EmulatorCommand } from './emulators.ts';
import type { Counters } from './emulator/counters.ts';
import type { Profile } from './emulator/profile.ts';
import { BenchError } from './errors.ts';

interface Waiter {
  readonly find: (text: string) => string | undefined;
  readonly resolve: (found: string) => void;
  readonly reject: (error: Error) => void;
}

/** How much of the output is kept for error messages and slow waiters. */
const KEEP = 1 << 16;

export class GuestProcess {
  readonly name: string;
  readonly #counts: EmulatorCommand['counts'];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #text = '';
  #errors = '';
  #waiter: Waiter | undefined;
  #gone: string | undefined;

  /** @param core the host core that all of its threads are confined to. */
  constructor({ name, argv, counts }: EmulatorCommand, core: number, env: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.#counts = counts;
    this.#child = spawn('taskset', ['-c', String(core), ...argv], {
      stdio: ['pipe', 'pipe', 'pipe', ...(counts === 'nothing' ? [] : ['ipc' as const])], env: { ...process.env, ...env },
    });
    this.#child.stdin!.on('error', () => {}); // it ended; whoever waits hears of it
    this.#child.stdout!.on('data', (bytes: Buffer) => this.#receive(bytes.toString('latin1')));
    this.#child.stderr!.on('data', (bytes: Buffer) => { this.#errors = (this.#errors + bytes.toString('latin1')).slice(-KEEP); });
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill); // whatever ends us, no emulator stays behind
    this.#exited = new Promise((resolve) => {
      const end = (why: string): void => {
        this.#gone ??= why;
        this.#waiter?.reject(this.#failure(why));
        this.#waiter = undefined;
        process.off('exit', kill);
        resolve();
      };
      this.#child.on('error', (error) => end(`did not start: ${error.message}`));
      this.#child.on('close', (status, signal) => end(`ended with ${signal ?? `status ${status}`}`));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  send(text: string): void {
    this.#child.stdin!.write(text);
  }

  /** The first match of `pattern` in output that no earlier wait has passed. @throws BenchError when it ends first or time is up. */
  async waitFor(pattern: RegExp, timeoutS: number): Promise<string> {
    if (this.#waiter) throw new Error(`${this.name}: two waits at once`);
    const find = (text: string): string | undefined => {
      const match = pattern.exec(text);
      if (!match) return undefined;
      this.#text = text.slice(match.index + match[0].length);
      return match[0];
    };
    const found = find(this.#text);
    if (found !== undefined) return found;
    if (this.#gone !== undefined) throw this.#failure(this.#gone);
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiter = { find, resolve, reject };
        limit = setTimeout(() => reject(this.#failure(`said nothing like ${pattern} within ${timeoutS} s`)), timeoutS * 1000);
      });
    } finally {
      clearTimeout(limit);
      this.#waiter = undefined;
    }
  }

  /** CPU time so far, of all threads; `used` gives differences. */
  cpu(): CpuTime {
    return cpuTime(this.pid);
  }

  memory(): { now: number; peak: number } {
    return residentMiB(this.pid);
  }

  /** All counters of our emulator; undefined of others. */
  async counters(): Promise<Counters | undefined> {
    return this.#counts === 'everything' ? await this.#ask('counters') as Counters : undefined;
  }

  /** Guest instructions so far (v86 counts modulo 2^32); undefined where nobody counts. */
  async instructions(): Promise<number | undefined> {
    return this.#counts === 'nothing' ? undefined : (await this.#ask('counters') as { instructions: number }).instructions;
  }

  /** What our emulator spends its time on while `work` is done; undefined of others. */
  async profile(work: () => Promise<unknown>): Promise<Profile | undefined> {
    if (this.#counts !== 'everything') return undefined;
    await this.#ask('profile');
    await work();
    return this.profiled();
  }

  /** Ends the profile that `EMU_BENCH_PROFILE` began. */
  async profiled(): Promise<Profile> {
    return await this.#ask('profiled') as Profile;
  }

  async #ask(question: string): Promise<unknown> {
    if (this.#gone !== undefined) throw this.#failure(this.#gone);
    return new Promise((resolve) => {
      this.#child.once('message', resolve);
      this.#child.send(question);
    });
  }

  /** Ends it and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#gone === undefined) this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(hard);
  }

  #receive(text: string): void {
    this.#text = (this.#text + text).slice(-KEEP);
    const found = this.#waiter?.find(this.#text);
    if (found !== undefined) this.#waiter!.resolve(found);
  }

  #failure(what: string): BenchError {
    const tail = `${this.#text}\n${this.#errors}`.trim().split('\n').slice(-12).map((line) => `  ${line.trimEnd()}`).join('\n');
    return new BenchError(`${this.name} ${what}; its last lines:\n${tail}`);
  }
}
