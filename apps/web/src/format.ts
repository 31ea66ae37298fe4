/** Figures as the status bar shows them. */
import type { EndReason, Progress, Stats } from './protocol.ts';

const KIB = 1024;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes with two or three digits: `0 B`, `9.5 KiB`, `512 MiB`. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** Minutes and seconds, hours where there are any. */
export function timeText(ms: number): string {
  const s = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** What happened between two readings. */
export interface Rates {
  /** Million guest instructions a second of running, and the part of the time that the guest ran, 0 to 1. */
  readonly mips: number;
  readonly busy: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly downloadedBytes: number;
}

export function rates(before: Stats, now: Stats): Rates {
  const runMs = Math.max(0, now.runMs - before.runMs);
  const idleMs = Math.max(0, now.idleMs - before.idleMs);
  const instructions = Math.max(0, now.instructions - before.instructions);
  return {
    mips: runMs > 0 ? instructions / 1000 / runMs : 0,
    busy: runMs + idleMs > 0 ? runMs / (runMs + idleMs) : 0,
    readBytes: now.diskReadBytes - before.diskReadBytes,
    writtenBytes: now.diskWrittenBytes - before.diskWrittenBytes,
    downloadedBytes: now.downloadedBytes - before.downloadedBytes,
  };
}

/** Below this part of the time the guest counts as waiting. */
const IDLE = 0.05;

/** `412 MIPS`, or `idle` while the guest waits for something to do. */
export function speedText({ mips, busy }: Rates): string {
  if (busy < IDLE) return 'idle';
  return `${mips < 9.95 ? mips.toFixed(1) : Math.round(mips)} MIPS`;
}

export function progressText({ label, loadedBytes, totalBytes }: Progress): string {
  if (totalBytes === undefined && loadedBytes === 0) return `Loading ${label}`;
  return `Loading ${label}: ${bytesText(loadedBytes)}${totalBytes === undefined ? '' : ` of ${bytesText(totalBytes)}`}`;
}

/** One line about an end that needs no action; undefined for a failure, which has its own. */
export function endText(end: EndReason): string | undefined {
  switch (end.reason) {
    case 'power-off': return 'The guest turned itself off.';
    case 'reset': return 'The guest asked for a reset; -no-reboot ends it then.';
    case 'quit': return 'The machine was turned off.';
    case 'debug-exit': return `The guest ended the machine with status ${end.status}.`;
    case 'failed': return undefined;
  }
}
