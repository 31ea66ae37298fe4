/** The machine's host in a worker: files of the page, disks with an overlay over them, the terminal as standard input and output. */
import { OverlayBlock, type BlockBackend } from '@emu/devices';
import { openOpfsOverlay } from '@emu/fs-pack';
import { MachineError, type CharBackend, type MachineHost } from '@emu/machine';
import type { DiskProblem, DiskWrites } from '../protocol.ts';
import type { DiskActivity } from './disk-activity.ts';
import { gateDisk, type Decisions } from './disk-gate.ts';
import type { Files, LookUp } from './files.ts';

export interface WorkerHostOptions {
  readonly files: Files;
  readonly look: LookUp;
  readonly writes: DiskWrites;
  readonly stdio: CharBackend;
  readonly activity: DiskActivity;
  readonly decisions: Decisions;
  onLog(line: string): void;
  onDiskProblem(problem: DiskProblem): void;
}

/** An overlay's name: one for each drive of a machine that keeps its disks under `name`. */
export const overlayName = (name: string, drive: string): string => `${name} ${drive}`;

export function workerHost(o: WorkerHostOptions): MachineHost {
  const { files, look, activity, decisions, onDiskProblem } = o;
  const { performance } = globalThis; // the name is a getter of the worker's, which costs as much again as reading the clock
  return {
    readFile: (name) => files.read(name, look),
    async openDisk(drive) {
      const base = await files.open(drive.file, look);
      const disk = gateDisk(base.disk, { drive: drive.id, decisions, onProblem: onDiskProblem });
      const top = drive.readonly ? disk : await overlay(disk, drive.id, base.id, o.writes);
      return activity.watch(top, ({ message, ...error }) => {
        onDiskProblem({ drive: drive.id, reason: (error as { reason?: string }).reason ?? 'io', message, waiting: false });
      });
    },
    openOutput: (path) => {
      throw new MachineError(`A page has no files to write to: 'file:${path}' cannot be used here; use stdio or null`);
    },
    stdio: o.stdio,
    log: (line) => o.onLog(line),
    nowMs: () => performance.now(),
    wallClock: () => ({ ms: Date.now(), offsetMinutes: new Date().getTimezoneOffset() }),
  };
}

async function overlay(base: BlockBackend, drive: string, baseId: string, writes: DiskWrites): Promise<BlockBackend> {
  if (writes.kind === 'memory') return new OverlayBlock(base);
  return openOpfsOverlay(overlayName(writes.name, drive), base, { baseId });
}
