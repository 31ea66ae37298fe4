/** The counters of a running machine, as the measuring process gets them. */
import type { Machine } from '@emu/machine';

export interface Counters {
  readonly instructions: number;
  /** Ms on the host's clock in guest code with its translation, and asleep. */
  readonly runMs: number;
  readonly idleMs: number;
  readonly translatedTbs: number;
  readonly translatedInsns: number;
  readonly invalidatedTbs: number;
  readonly codeWrites: number;
  readonly flushes: number;
  /** Exits of generated code, by reason. */
  readonly exits: Readonly<Record<string, number>>;
  /** Of the region compiler, where it is used. */
  readonly jit?: JitCounters | undefined;
}

export interface JitCounters {
  readonly modules: number;
  readonly regions: number;
  readonly guestBytes: number;
  readonly wasmBytes: number;
  readonly invalidated: number;
  readonly evicted: number;
  readonly refused: number;
}

export function counters(machine: Machine): Counters {
  const { instructions, runMs, idleMs } = machine.stats, { stats } = machine.engine;
  return {
    instructions, runMs, idleMs,
    translatedTbs: stats.translatedTbs, translatedInsns: stats.translatedInsns, invalidatedTbs: stats.invalidatedTbs,
    codeWrites: stats.codeWrites, flushes: stats.flushes, exits: stats.exitsByName,
    jit: machine.jit && jitCounters(machine.jit),
  };
}

function jitCounters({ modules, regions, guestBytes, wasmBytes, invalidated, evicted, refused }: JitCounters): JitCounters {
  return { modules, regions, guestBytes, wasmBytes, invalidated, evicted, refused };
}
