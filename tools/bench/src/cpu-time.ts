/**
 * CPU time of another process and its children, thread by thread, in ms: `/proc/PID/task/TID/schedstat` (kernel:
 * Documentation/scheduler/sched-stats.rst, first field, ns). Threads that have ended are not in it; the emulators keep theirs.
 */
import { readFileSync, readdirSync } from 'node:fs';

/** Ms since the process started, by thread id. */
export type CpuTime = ReadonlyMap<string, number>;

export interface CpuUse {
  readonly totalMs: number;
  /** Of the thread that used most: the one that runs the guest. In Node and Chromium the others are V8's compilers and garbage collectors. */
  readonly mainMs: number;
}

const NS_PER_MS = 1e6;

/** @throws Error when the process is gone. */
export function cpuTime(pid: number): CpuTime {
  const times = new Map<string, number>();
  for (const process of family(pid)) for (const task of tasks(process)) times.set(task, taskMs(process, task));
  return times;
}

export function used(to: CpuTime, from: CpuTime = new Map()): CpuUse {
  const each = [...to].map(([task, ms]) => ms - (from.get(task) ?? 0));
  return { totalMs: each.reduce((sum, ms) => sum + ms, 0), mainMs: Math.max(...each) };
}

/** Resident memory in MiB, now and at its highest (`VmRSS`, `VmHWM`, proc_pid_status(5)), of the process and its children. */
export function residentMiB(pid: number): { now: number; peak: number } {
  let now = 0, peak = 0;
  for (const process of family(pid)) {
    const text = read(`/proc/${process}/status`);
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
    now += field('VmRSS');
    peak += field('VmHWM');
  }
  return { now, peak };
}

/** The process and all below it. */
function family(pid: number): string[] {
  const children = new Map<string, string[]>();
  for (const id of readdirSync('/proc')) {
    if (!/^\d+$/.test(id)) continue;
    const parent = /\) \S (\d+)/.exec(read(`/proc/${id}/stat`))?.[1];
    if (parent !== undefined) children.set(parent, [...children.get(parent) ?? [], id]);
  }
  const all = [String(pid)];
  for (const id of all) all.push(...children.get(id) ?? []);
  return all;
}

function tasks(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // a child that has just ended
  }
}

const taskMs = (pid: string, task: string): number => Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ', 1)[0]) / NS_PER_MS;

/** Empty when what it is about has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
