/** One worker's machine: loads it, starts, pauses and ends it, and reports. After an end the same worker makes the next one. */
import { resetOpfsOverlay } from '@emu/fs-pack';
import { createMachine, helpText, OptionError, parseQemuArgs, type Machine, type MachineEnd, type MachineOptions } from '@emu/machine';
import type { EndReason, Failure, FromWorker, MachineState, NamedFile, StartOptions, Stats } from '../protocol.ts';
import { checkBrowser } from './capabilities.ts';
import { DiskActivity } from './disk-activity.ts';
import { Decisions, type Decision } from './disk-gate.ts';
import { Downloads } from './download.ts';
import { Files } from './files.ts';
import { overlayName, workerHost } from './host.ts';
import { TerminalLine } from './terminal-line.ts';

export type Send = (message: FromWorker, transfer?: Transferable[]) => void;

const STATS_EVERY_MS = 500;

export class Session {
  readonly #send: Send;
  readonly #files: Files;
  readonly #downloads: Downloads;
  readonly #activity = new DiskActivity();
  readonly #line: TerminalLine;
  #decisions = new Decisions();
  #state: MachineState = 'off';
  #machine: Machine | undefined;
  /** Whether the machine has been powered on, and whether the user wants it to run. */
  #powered = false;
  #wanted = false;
  /** Counts starts, so that one which was given up while it loaded is not taken for the next. */
  #generation = 0;

  constructor(send: Send) {
    this.#send = send;
    this.#downloads = new Downloads({
      onProgress: (progress) => send({ type: 'progress', progress }),
      onTrouble: (message) => send({ type: 'trouble', message }),
    });
    this.#files = new Files(this.#downloads);
    this.#line = new TerminalLine({
      onOutput: (bytes) => send({ type: 'output', bytes }, [bytes.buffer as ArrayBuffer]),
      onBehind: () => this.#settle(),
    });
    setInterval(() => this.#report(), STATS_EVERY_MS);
  }

  addFiles(files: readonly NamedFile[]): void {
    this.#files.add(files);
  }

  /** Loads the machine and powers it on. Rejects with what stands in the way; then the state is `off` again. */
  async start(o: StartOptions): Promise<void> {
    if (this.#state !== 'off') throw new OptionError('The machine is on already; turn it off first');
    const generation = ++this.#generation;
    this.#decisions = new Decisions();
    this.#setState('loading');
    try {
      checkBrowser();
      const options = this.#options(o);
      if (options) await this.#load(o, options, generation);
      else this.#setState('off', { reason: 'quit' });
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#setState('off', { reason: 'failed', failure: failureOf(error, 'machine') });
      throw error;
    }
  }

  pause(): void {
    this.#wanted = false;
    this.#settle();
  }

  resume(): void {
    this.#wanted = true;
    this.#settle();
  }

  reset(): void {
    this.#machine?.reset();
  }

  powerButton(): void {
    this.#machine?.powerDown();
  }

  /** Ends the machine, or gives up loading it. Resolves when its disks are written and closed. */
  async quit(): Promise<void> {
    this.#decisions.close();
    if (this.#machine) return this.#machine.quit();
    if (this.#state !== 'loading') return;
    this.#generation++;
    this.#setState('off', { reason: 'quit' });
  }

  input(bytes: Uint8Array): void {
    this.#line.input(bytes);
  }

  shown(bytes: number): void {
    this.#line.shown(bytes);
  }

  decide(decision: Decision): void {
    this.#decisions.decide(decision);
  }

  async resetDisks(name: string, argv: readonly string[]): Promise<void> {
    if (this.#state !== 'off') throw new OptionError('The machine uses its disk; turn it off before you reset the disk');
    for (const { id } of parseQemuArgs(argv).options.drives) await resetOpfsOverlay(overlayName(name, id));
  }

  /** Undefined where help was asked for, which is printed instead. */
  #options(o: StartOptions): MachineOptions | undefined {
    const { options, help, version } = parseQemuArgs(o.arguments);
    if (help === undefined && !version) return options;
    this.#line.write(new TextEncoder().encode(`${helpText(help ?? '')}\n`.replaceAll('\n', '\r\n')));
    return undefined;
  }

  async #load(o: StartOptions, options: MachineOptions, generation: number): Promise<void> {
    const machine = await createMachine(options, workerHost({
      files: this.#files, look: { baseUrl: o.baseUrl, dataDirs: options.dataDirs }, writes: o.writes, stdio: this.#line.connect(), activity: this.#activity,
      decisions: this.#decisions, onLog: (line) => this.#send({ type: 'log', line }), onDiskProblem: (problem) => this.#send({ type: 'disk', problem }),
    }));
    if (generation !== this.#generation) return machine.quit();
    this.#machine = machine;
    this.#powered = false;
    this.#wanted = !o.paused && !options.paused;
    if (this.#wanted) this.#settle();
    else this.#setState('paused');
  }

  /** Brings the machine into the state that is wanted, as far as the terminal keeps up. */
  #settle(): void {
    const machine = this.#machine;
    if (!machine || machine.state === 'ended') return;
    if (!this.#wanted || this.#line.behind) void machine.pause();
    else if (this.#powered) machine.start();
    else {
      this.#powered = true;
      machine.run().then((end) => this.#ended(endOf(end)), (error: unknown) => this.#ended({ reason: 'failed', failure: failureOf(error, 'emulator') }));
    }
    this.#setState(this.#wanted ? 'running' : 'paused');
  }

  #ended(end: EndReason): void {
    this.#report();
    this.#machine = undefined;
    this.#setState('off', end);
  }

  #setState(state: MachineState, end?: EndReason): void {
    if (state === this.#state && !end) return;
    this.#line.flush(); // what the guest printed comes before what became of it
    this.#state = state;
    this.#send({ type: 'state', state, end });
  }

  #report(): void {
    const machine = this.#machine;
    if (machine?.state === 'paused' && this.#wanted && !this.#line.behind) { // the guest turned itself off, with -no-shutdown
      this.#wanted = false;
      this.#setState('paused');
    }
    if (this.#state !== 'off') this.#send({ type: 'stats', stats: this.#stats(machine) });
  }

  #stats(machine: Machine | undefined): Stats {
    const { instructions = 0, runMs = 0, idleMs = 0, virtualNs = 0 } = machine?.stats ?? {};
    return {
      instructions, runMs, idleMs, guestMs: virtualNs / 1e6, diskReadBytes: this.#activity.readBytes, diskWrittenBytes: this.#activity.writtenBytes,
      downloadedBytes: this.#downloads.bytes, requestsUnderWay: this.#downloads.active, cachedChunks: this.#files.cachedChunks,
    };
  }
}

function endOf(end: MachineEnd): EndReason {
  return end.reason === 'debug-exit' ? { reason: end.reason, status: end.status } : { reason: end.reason };
}

/** What the page is told of an error. `otherwise` is the reason where the error names none. */
export function failureOf(error: unknown, otherwise: string): Failure {
  if (error instanceof OptionError) return { reason: 'option', message: error.message };
  if (!(error instanceof Error)) return { reason: otherwise, message: String(error) };
  if (otherwise === 'emulator') console.error(error);
  return { reason: (error as { reason?: string }).reason ?? otherwise, message: error.message };
}
