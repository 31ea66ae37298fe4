/** What page and worker say to each other: plain data that `postMessage` copies, buffers handed over where they are large. */

/** Contents of a file that an option names: bytes, or a picked file that is read piece by piece and never copied. */
export type FileContents = Uint8Array | ArrayBuffer | Blob;

export interface NamedFile {
  readonly name: string;
  readonly contents: FileContents;
}

/** Where guest writes go: `memory` forgets them when the machine is gone, `keep` saves them in this browser under a name. */
export type DiskWrites = { readonly kind: 'memory' } | { readonly kind: 'keep'; readonly name: string };

export interface StartOptions {
  /** QEMU's arguments. */
  readonly arguments: readonly string[];
  /** What relative names of files are looked up against. */
  readonly baseUrl: string;
  readonly writes: DiskWrites;
  /** Stop before the first instruction. */
  readonly paused: boolean;
}

export type MachineState =
  /** Nothing is running: not started yet, or ended. */
  | 'off'
  /** Files are being loaded. */
  | 'loading'
  | 'running'
  | 'paused';

/** Why the machine is off again. */
export type EndReason =
  | { readonly reason: 'power-off' | 'reset' | 'quit' }
  | { readonly reason: 'debug-exit'; readonly status: number }
  | { readonly reason: 'failed'; readonly failure: Failure };

/** `reason` is fs-pack's or devices' word where the error has one: `network`, `missing`, `corrupt`, `locked`, `base`, `io` ...; `browser` where
 *  something is missing here; `option` for arguments; `emulator` for faults of ours. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** A disk cannot go on as it is. `waiting`: the guest's read is held until somebody decides. */
export interface DiskProblem extends Failure {
  readonly drive: string;
  readonly waiting: boolean;
}

export interface Progress {
  readonly label: string;
  readonly loadedBytes: number;
  /** Unknown where a server does not say. */
  readonly totalBytes?: number;
}

/** Counters since the worker began, save the first four, which are the machine's. */
export interface Stats {
  readonly instructions: number;
  readonly runMs: number;
  readonly idleMs: number;
  readonly guestMs: number;
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
  readonly downloadedBytes: number;
  readonly requestsUnderWay: number;
  /** Bytes that the worker's caches answered, in chunks. */
  readonly cachedChunks: number;
}

/** What a worker of this browser can do; `problems` stand in the way of any machine. */
export interface Capabilities {
  readonly problems: readonly string[];
  readonly canKeepDisks: boolean;
}

export type Request =
  | { readonly type: 'capabilities' }
  | { readonly type: 'addFiles'; readonly files: readonly NamedFile[] }
  | { readonly type: 'start'; readonly options: StartOptions }
  | { readonly type: 'pause' | 'resume' | 'reset' | 'powerButton' | 'quit' }
  /** Forgets what was kept under `name` for the drives of `arguments`. */
  | { readonly type: 'resetDisks'; readonly name: string; readonly arguments: readonly string[] };

/** No reply is sent to these. */
export type Notice =
  | { readonly type: 'input'; readonly bytes: Uint8Array }
  /** The terminal has shown so many bytes of output. */
  | { readonly type: 'shown'; readonly bytes: number }
  /** What to do with reads that wait. */
  | { readonly type: 'disk'; readonly decision: 'retry' | 'fail' };

export type ToWorker = (Request & { readonly id: number }) | Notice;

export type FromWorker =
  | { readonly type: 'reply'; readonly id: number; readonly value?: unknown; readonly failure?: Failure }
  | { readonly type: 'state'; readonly state: MachineState; readonly end?: EndReason }
  | { readonly type: 'output'; readonly bytes: Uint8Array }
  | { readonly type: 'progress'; readonly progress: Progress | null }
  | { readonly type: 'stats'; readonly stats: Stats }
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'trouble'; readonly message: string }
  | { readonly type: 'disk'; readonly problem: DiskProblem };
