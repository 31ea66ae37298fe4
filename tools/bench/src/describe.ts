/** Counters and profiles in words. */
import type { Counters, JitCounters } from './emulator/counters.ts';
import { PHASES, type Profile } from './emulator/profile.ts';
import { show } from './table.ts';

/** Shares of a profile, the largest first. */
export function phases({ ms }: Profile): string {
  const total = PHASES.reduce((sum, phase) => sum + ms[phase], 0);
  return PHASES.filter((phase) => ms[phase] > 0).sort((a, b) => ms[b] - ms[a]).map((phase) => `${phase} ${Math.round(100 * ms[phase] / total)} %`).join(', ');
}

export function exits(counters: Counters): string {
  return Object.entries(counters.exits).filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`).join(', ');
}

export function compiled({ modules, regions, guestBytes, wasmBytes, invalidated, evicted, refused }: JitCounters): string {
  return `${regions} regions in ${modules} modules, ${show(wasmBytes / 1e6)} MB of Wasm, ${show(wasmBytes / guestBytes)} bytes a guest byte; `
    + `${invalidated} regions invalidated, ${evicted} evicted, ${refused} modules refused`;
}
