/** The counters of a running machine, as the measuring process gets them. */
import type { Machine } from '@emu/machine';

export interface Counters {
  readonly instructions: number;
  /** Ms on the host's clock in guest code with its translation, and asleep. */
  readonly runMs: number;
  readonly idleMs: number;
  /** Ms, 0 unless phases are measured. */
  readonly translateMs: number;
  readonly executeMs: number;
  readonly translatedTbs: number;
  readonly translatedInsns: number;
  readonly invalidatedTbs: number;
  readonly codeWrites: number;
  readonly flushes: number;
  /** Exits of generated code, by reason. */
  readonly exits: Readonly<Record<string, number>>;
  readonly cpuMs: number;
}

export function counters(machine: Machine): Counters {
  const { instructions, runMs, idleMs } = machine.stats, { stats } = machine.engine;
  const { user, system } = process.cpuUsage();
  return {
    instructions, runMs, idleMs,
    translateMs: stats.translateNs / 1e6, executeMs: stats.executeNs / 1e6,
    translatedTbs: stats.translatedTbs, translatedInsns: stats.translatedInsns, invalidatedTbs: stats.invalidatedTbs,
    codeWrites: stats.codeWrites, flushes: stats.flushes, exits: stats.exitsByName,
    cpuMs: (user + system) / 1000,
  };
}
