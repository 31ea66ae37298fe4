/** The machine's host in Node: files, disks in files, standard streams, a log. */
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { FileBlock } from '@emu/devices/node';
import { MachineError, ofOption } from './errors.ts';
import type { CharBackend, MachineHost } from './host.ts';

export interface NodeHostOptions {
  /** Directories that are searched for files which are not found as named (`-L`). */
  readonly dataDirs?: readonly string[];
  /** What `stdio` means; default: standard output, no input. */
  readonly stdio?: CharBackend;
  /** Log file (`-D`); default: standard error. */
  readonly logFile?: string;
}

/** For the whole process: V8 12 and 13 read branch hints in WebAssembly only when told to. Later ones always do, and do not know the flag. */
function readBranchHints(): void {
  if (/^1[23]\./.test(process.versions.v8)) setFlagsFromString('--experimental-wasm-branch-hinting');
}

export function nodeHost(options: NodeHostOptions = {}): MachineHost {
  readBranchHints();
  const { dataDirs = [], stdio = { write: (bytes) => writeAll(1, bytes) }, logFile } = options;
  const log = logFile === undefined ? { fd: 2, path: 'standard error' } : { fd: openLog(logFile), path: logFile };
  const find = (name: string): string => [name, ...dataDirs.map((dir) => join(dir, name))].find((path) => existsSync(path)) ?? name;
  return {
    readFile: async (name) => {
      const data = await readFile(find(name)).catch((error: NodeJS.ErrnoException) => {
        throw new MachineError(`could not load '${name}': ${reason(error)}`, { cause: error });
      });
      return new Uint8Array(data.buffer, data.byteOffset, data.length);
    },
    openDisk: ({ file, cache, readonly }) => FileBlock.open(file, { cache, readonly }),
    openOutput: (path, append) => {
      const fd = openFor(path, append ? 'a' : 'w');
      return { write: (bytes) => writeNamed({ fd, path }, bytes), close: () => closeSync(fd) };
    },
    stdio,
    log: (line) => writeNamed(log, Buffer.from(`${line}\n`)),
    nowMs: () => performance.now(),
    wallClock: () => ({ ms: Date.now(), offsetMinutes: new Date().getTimezoneOffset() }),
  };
}

function openLog(path: string): number {
  try {
    return openFor(path, 'w');
  } catch (error) {
    throw ofOption('-D', error);
  }
}

function openFor(path: string, flags: 'w' | 'a'): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw new MachineError(`could not write to '${path}': ${reason(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

/** @throws MachineError that names the file, for example when its disk is full. */
function writeNamed({ fd, path }: { fd: number; path: string }, bytes: Uint8Array): void {
  try {
    writeAll(fd, bytes);
  } catch (error) {
    throw new MachineError(`could not write to '${path}': ${reason(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

/** Writes everything, also to a pipe whose reader is slow. A reader that is gone loses the rest. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file or directory; check the path';
  if (code === 'EACCES') return 'permission denied; check who may read it';
  if (code === 'EISDIR') return 'it is a directory; name a file';
  if (code === 'ENOSPC') return 'the disk is full; make room';
  return message;
}
