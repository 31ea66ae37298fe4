/** What a machine needs from the program that embeds it. `@emu/machine/node` has one for Node; `memoryHost` serves a page or a worker. */
import { MemoryBlock, type BlockBackend, type SerialBackend } from '@emu/devices';
import { MachineError } from './errors.ts';
import type { DriveOptions } from './options/types.ts';

/** The host's end of a serial port or console. */
export interface CharBackend extends SerialBackend {
  /** Registers who takes what the host types. Without it there is no input. */
  onInput?(listener: (bytes: Uint8Array) => void): void;
  /** Registers who takes a break on the line. */
  onBreak?(listener: () => void): void;
  /** The machine is gone. */
  close?(): void;
}

export interface MachineHost {
  /** The contents of a file that an option names. Rejects with an error whose message names the file and what to do. */
  readFile(name: string): Promise<Uint8Array>;
  /** The raw disk that `drive.file` names; the machine itself puts `snapshot=on` on top. */
  openDisk(drive: DriveOptions & { readonly file: string }): Promise<BlockBackend>;
  /** A file that a character device writes to. */
  openOutput(path: string, append: boolean): CharBackend;
  /** What `stdio` means here. */
  readonly stdio: CharBackend;
  /** One line of the log (`-d`), without its newline. */
  log(line: string): void;
  /** Monotonic ms with fractions. */
  nowMs(): number;
  /** Calendar time, ms since 1970, and the local zone's offset from UTC in minutes (as `Date.getTimezoneOffset`). */
  wallClock(): { readonly ms: number; readonly offsetMinutes: number };
}

export interface MemoryHostOptions {
  /** Files by the names that the options use; disks among them are used in place. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly stdio?: CharBackend;
  readonly log?: (line: string) => void;
}

/** A host without a file system. */
export function memoryHost(options: MemoryHostOptions = {}): MachineHost {
  const { files = {}, stdio = { write() {} }, log = () => {} } = options;
  const find = (name: string): Uint8Array => {
    if (Object.hasOwn(files, name)) return files[name]!;
    throw new MachineError(`There is no file "${name}"; put it into memoryHost({ files })`);
  };
  return {
    readFile: async (name) => find(name),
    openDisk: async (drive) => new MemoryBlock(find(drive.file)),
    openOutput: () => ({ write() {} }),
    stdio,
    log,
    nowMs: () => performance.now(),
    wallClock: () => ({ ms: Date.now(), offsetMinutes: new Date().getTimezoneOffset() }),
  };
}
