/**
 * CPU time of another process, thread by thread, in nanoseconds: `/proc/PID/task/TID/schedstat` (kernel: Documentation/scheduler/sched-stats.rst,
 * first field). Threads that have ended are not in it; the emulators keep theirs.
 */
import { readFileSync, readdirSync } from 'node:fs';

export interface CpuTime {
  readonly totalMs: number;
  /** The process' first thread: in Node the one that runs JavaScript and Wasm; the rest is V8's compilers and garbage collectors. */
  readonly mainMs: number;
}

const NS_PER_MS = 1e6;

/** Since the process started. @throws Error when the process is gone. */
export function cpuTime(pid: number): CpuTime {
  let totalMs = 0, mainMs = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const ms = taskMs(pid, task);
    totalMs += ms;
    if (task === String(pid)) mainMs = ms;
  }
  return { totalMs, mainMs };
}

export function since(from: CpuTime, to: CpuTime): CpuTime {
  return { totalMs: to.totalMs - from.totalMs, mainMs: to.mainMs - from.mainMs };
}

/** Resident memory of the process in MiB: now, and at its highest (`VmRSS`, `VmHWM`, proc_pid_status(5)). */
export function residentMiB(pid: number): { now: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

function taskMs(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]) / NS_PER_MS;
  } catch {
    return 0; // it ended between the listing and the reading
  }
}
