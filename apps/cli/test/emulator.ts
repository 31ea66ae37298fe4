/**
 * An emulator as a child process, whose serial console on standard streams a test reads and types on: wait for text, run a command in
 * the guest's shell, look at the process from outside, kill it. Works for ours and for the native program alike.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Program = readonly [string, ...string[]];

const BIN = fileURLToPath(new URL('../bin/emu-system-x86_64.mjs', import.meta.url));
/** Ours, from its sources. */
export const EMULATOR: Program = [process.execPath, '--disable-warning=ExperimentalWarning', BIN];
/** Debian's `qemu-system-x86`. */
export const NATIVE: Program = ['qemu-system-x86_64'];

/** What a shell of the guests in tools/guest prints when it waits for a command. */
export const PROMPT = /[#$] (\x1b\[6n)?$/;
/** How much of the console an error shows. */
const TAIL = 3000;
/** How much longer than its limit in CPU time a step may take by the clock: the machine may be busy, or the guest asleep. */
const PATIENCE = 8;
const LOOK_AGAIN_MS = 500;
/** Linux reports CPU time in units of 1/100 s (`getconf CLK_TCK`), whatever the kernel's own HZ. */
const TICKS_PER_SECOND = 100;

export interface CommandResult {
  readonly output: string;
  readonly status: number;
}

export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Emulator {
  /** Everything the guest has printed, with LF line ends. */
  text = '';
  /** Everything on standard error. */
  errors = '';
  /** CPU time that the way to the shell took, in s. */
  shellCpuSeconds = NaN;
  /** Resolves when the process is gone. */
  readonly ended: Promise<ProcessEnd>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #started = performance.now();
  #end: ProcessEnd | undefined;
  #seen = 0;
  #commands = 0;
  readonly #changed = new Set<() => void>();

  constructor(args: readonly string[], [program, ...first]: Program = EMULATOR, cwd?: string) {
    const child = spawn(program, [...first, ...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd });
    this.#child = child;
    this.pid = child.pid!;
    child.stdin!.on('error', () => {}); // it may be gone while we type
    child.stdout!.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1').replaceAll('\r', '');
      this.#notify();
    });
    child.stderr!.on('data', (bytes: Buffer) => { this.errors += bytes.toString(); });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => {
        this.#end = { status, signal };
        resolve(this.#end);
        this.#notify();
      });
    });
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** CPU time of the process so far, user and system, in s. */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' '); // proc(5): utime and stime are fields 14 and 15
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident memory of the process in MiB. */
  get residentMiB(): number {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1'))![1]) / 1024;
  }

  /** Types on the console. */
  type(text: string): void {
    this.#child.stdin!.write(text);
  }

  /**
   * Waits for text behind what was waited for before; returns what was printed up to its end. Rejects with the console's tail.
   * @param withinSeconds CPU time that the emulator may use for it.
   */
  async waitFor(pattern: RegExp | string, withinSeconds: number): Promise<string> {
    const until = performance.now() + withinSeconds * 1000 * PATIENCE;
    const cpuUntil = this.#end ? 0 : this.cpuSeconds + withinSeconds;
    for (;;) {
      const rest = this.text.slice(this.#seen);
      const end = endOf(rest, pattern);
      if (end >= 0) {
        this.#seen += end;
        return rest.slice(0, end);
      }
      if (this.#end) throw this.#failure(`ended (status ${this.#end.status}, signal ${this.#end.signal}) before printing ${pattern}`);
      const left = until - performance.now();
      if (left <= 0 || this.cpuSeconds >= cpuUntil) throw this.#failure(`did not print ${pattern} within ${withinSeconds} s of CPU time`);
      await this.#change(Math.min(left, LOOK_AGAIN_MS));
    }
  }

  /** Waits for the shell of a booting guest. */
  async shell(withinSeconds = 120): Promise<void> {
    await this.waitFor(PROMPT, withinSeconds);
    this.shellCpuSeconds = this.cpuSeconds;
  }

  /** Runs one line in the guest's shell. The quotes keep the echo of what is typed apart from the marks around the output. */
  async run(line: string, withinSeconds = 60): Promise<CommandResult> {
    const n = ++this.#commands;
    this.type(`echo "<<"${n}; ${line}; echo ">>"${n} $?\n`);
    await this.waitFor(`<<${n}\n`, withinSeconds);
    const text = await this.waitFor(new RegExp(`>>${n} \\d+\n`), withinSeconds);
    const mark = text.lastIndexOf(`>>${n} `);
    await this.waitFor(PROMPT, withinSeconds);
    return { output: text.slice(0, mark), status: Number(text.slice(mark).split(' ')[1]) };
  }

  /** Turns the guest off from its shell, or kills it when it does not want to. */
  async powerOff(withinSeconds = 30): Promise<ProcessEnd> {
    this.type('busybox poweroff\n');
    const late = setTimeout(() => this.kill('SIGKILL'), withinSeconds * 1000 * PATIENCE);
    try {
      return await this.ended;
    } finally {
      clearTimeout(late);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#end) this.kill('SIGKILL');
    await this.ended;
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#changed.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#changed.add(done);
    });
  }

  #notify(): void {
    for (const done of this.#changed) done();
  }

  #failure(what: string): Error {
    return new Error(`the emulator ${what}; after ${this.seconds.toFixed(0)} s its console ends with\n${this.text.slice(-TAIL)}\n${this.errors.slice(-TAIL)}`);
  }
}

function endOf(text: string, pattern: RegExp | string): number {
  if (typeof pattern === 'string') {
    const at = text.indexOf(pattern);
    return at < 0 ? -1 : at + pattern.length;
  }
  const found = pattern.exec(text);
  return found ? found.index + found[0].length : -1;
}
