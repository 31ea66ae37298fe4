/** A machine in a worker, as the page sees it: the API without any user interface. */
import type {
  Capabilities, DiskProblem, DiskWrites, EndReason, Failure, FromWorker, MachineState, NamedFile, Notice, Progress, Request, Stats, ToWorker,
} from './protocol.ts';
import { whyNoWorker } from './support.ts';
// oxlint-disable-next-line import/default -- Vite makes it, of the suffix
import workerUrl from './worker/main.ts?worker&url';

/** Something went wrong; `reason` is a word to decide by, the message one line for the user. */
export class WebMachineError extends Error {
  readonly reason: string;

  constructor({ reason, message }: Failure) {
    super(message);
    this.name = 'WebMachineError';
    this.reason = reason;
  }
}

export interface LaunchOptions {
  /** QEMU's arguments, word for word: `['-nographic', '-m', '512M', '-kernel', 'pack/bzImage', ...]`. */
  readonly arguments: readonly string[];
  /** What relative names in the arguments are looked up against; default: the page. */
  readonly baseUrl?: string;
  /** Where guest writes to disks go; default: memory, forgotten at the end. */
  readonly writes?: DiskWrites;
  /** Load only; `resume` powers on. */
  readonly paused?: boolean;
}

/** Events and their details. */
export interface WebMachineEvents {
  readonly state: { readonly state: MachineState; readonly end?: EndReason };
  /** Bytes of the serial port. Tell `shown` when they are dealt with, or the guest waits after 64 KiB. */
  readonly output: Uint8Array;
  readonly progress: Progress | null;
  readonly stats: Stats;
  /** A line of the log (`-d`). */
  readonly log: string;
  /** A download failed and is tried again. */
  readonly trouble: string;
  readonly disk: DiskProblem;
}

type Listener<K extends keyof WebMachineEvents> = (detail: WebMachineEvents[K]) => void;

export class WebMachine {
  #worker: Worker | undefined;
  readonly #listeners = new Map<keyof WebMachineEvents, Set<(detail: never) => void>>();
  readonly #replies = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #nextId = 0;
  #state: MachineState = 'off';
  /** The worker has answered once. */
  #loaded = false;

  /** Starts a worker. It costs nothing until `start`. */
  constructor() {
    this.#worker = this.#hire();
  }

  get state(): MachineState {
    return this.#state;
  }

  on<K extends keyof WebMachineEvents>(event: K, listener: Listener<K>): () => void {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all);
    all.add(listener);
    return () => void all.delete(listener);
  }

  capabilities(): Promise<Capabilities> {
    return this.#request({ type: 'capabilities' }) as Promise<Capabilities>;
  }

  /** Files by the names that the arguments use. Array buffers are handed over: they are empty here afterwards. */
  async addFiles(files: readonly NamedFile[]): Promise<void> {
    const buffers = new Set<Transferable>();
    for (const { contents } of files) {
      if (contents instanceof ArrayBuffer) buffers.add(contents);
      else if (ArrayBuffer.isView(contents) && contents.buffer instanceof ArrayBuffer) buffers.add(contents.buffer);
    }
    await this.#request({ type: 'addFiles', files }, [...buffers]);
  }

  /** Loads and powers on. Resolves when the guest runs. Rejects with `WebMachineError`. */
  async start(options: LaunchOptions): Promise<void> {
    const { baseUrl = document.baseURI, writes = { kind: 'memory' }, paused = false } = options;
    await this.#request({ type: 'start', options: { arguments: [...options.arguments], baseUrl, writes, paused } });
  }

  async pause(): Promise<void> { await this.#request({ type: 'pause' }); }
  async resume(): Promise<void> { await this.#request({ type: 'resume' }); }
  /** Presses the reset button. */
  async reset(): Promise<void> { await this.#request({ type: 'reset' }); }
  /** Presses the power button; the guest may turn itself off. */
  async powerButton(): Promise<void> { await this.#request({ type: 'powerButton' }); }
  /** Turns the machine off. Resolves when its disks are written. */
  async quit(): Promise<void> { await this.#request({ type: 'quit' }); }

  /** Forgets what was kept under `name` for the drives of `argv`. The machine must be off. */
  async resetDisks(name: string, argv: readonly string[]): Promise<void> {
    await this.#request({ type: 'resetDisks', name, arguments: [...argv] });
  }

  /** Types into the serial port. */
  send(input: string | Uint8Array): void {
    this.#notify({ type: 'input', bytes: typeof input === 'string' ? new TextEncoder().encode(input) : input });
  }

  /** So many bytes of output have been dealt with. */
  shown(bytes: number): void {
    this.#notify({ type: 'shown', bytes });
  }

  /** What becomes of disk reads that wait for the network. */
  decideDisk(decision: 'retry' | 'fail'): void {
    this.#notify({ type: 'disk', decision });
  }

  /** Ends the worker as it is. Kept disks keep what the guest has flushed. The next request gets a new worker, which knows no files that were added. */
  terminate(): void {
    this.#dismiss({ reason: 'closed', message: 'The machine was taken away' }, { reason: 'quit' });
  }

  /** A worker; undefined where the page's policy forbids one, which is reported in a moment. */
  #hire(): Worker | undefined {
    try {
      const worker = new Worker(sameOrigin(workerUrl), { type: 'module', name: 'emu' });
      worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
      worker.addEventListener('error', (event) => this.#crashed(event.message));
      return worker;
    } catch (error) {
      queueMicrotask(() => this.#crashed((error as Error).message));
      return undefined;
    }
  }

  #request(request: Request, transfer: Transferable[] = []): Promise<unknown> {
    const id = ++this.#nextId;
    return new Promise((resolve, reject) => {
      this.#replies.set(id, { resolve, reject });
      this.#post({ ...request, id }, transfer);
    });
  }

  #notify(notice: Notice): void {
    this.#post(notice, []);
  }

  #post(message: ToWorker, transfer: Transferable[]): void {
    this.#worker ??= this.#hire();
    this.#worker?.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'reply': {
        this.#loaded = true;
        const waiting = this.#replies.get(message.id);
        this.#replies.delete(message.id);
        if (message.failure) waiting?.reject(new WebMachineError(message.failure));
        else waiting?.resolve(message.value);
        return;
      }
      case 'state':
        this.#state = message.state;
        return this.#emit('state', { state: message.state, end: message.end });
      case 'output': return this.#emit('output', message.bytes);
      case 'progress': return this.#emit('progress', message.progress);
      case 'stats': return this.#emit('stats', message.stats);
      case 'log': return this.#emit('log', message.line);
      case 'trouble': return this.#emit('trouble', message.message);
      case 'disk': return this.#emit('disk', message.problem);
    }
  }

  /** The worker is of no use any more; the next request gets a new one, which knows no files that were added. @param message empty where the browser does not say. */
  #crashed(message: string): void {
    const failure = this.#loaded ? { reason: 'emulator', message: `The emulator stopped: ${message}` } : notLoaded(message);
    this.#dismiss(failure, { reason: 'failed', failure });
  }

  #dismiss(failure: Failure, end: EndReason): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#loaded = false;
    for (const { reject } of this.#replies.values()) reject(new WebMachineError(failure));
    this.#replies.clear();
    if (this.#state === 'off' && end.reason === 'quit') return;
    this.#state = 'off';
    this.#emit('state', { state: 'off', end });
  }

  #emit<K extends keyof WebMachineEvents>(event: K, detail: WebMachineEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as Listener<K>)(detail);
  }
}

function notLoaded(message: string): Failure {
  const browser = whyNoWorker();
  if (browser !== undefined) return { reason: 'browser', message: browser };
  const why = message || 'its script did not load; is the site complete, and does its Content-Security-Policy allow worker-src?';
  return { reason: 'worker', message: `The machine's worker did not start: ${why}` };
}

/** A worker must come from the page's own origin; a module of another one (a CDN) is imported by a one-line script of ours. */
function sameOrigin(url: string): string {
  const absolute = new URL(url, import.meta.url).href;
  if (new URL(absolute).origin === location.origin) return absolute;
  return URL.createObjectURL(new Blob([`import ${JSON.stringify(absolute)};`], { type: 'text/javascript' }));
}
