/** What `--stats` and the monitor's `info stats` print. */
import type { Machine } from '@emu/machine';

const MILLION = 1e6;
const MIB = 2 ** 20;

export function statsText(machine: Machine): string {
  const { instructions, runMs, idleMs, virtualNs, slices, resets } = machine.stats;
  const { translatedTbs, translatedInsns, retranslatedTbs, flushes, invalidatedTbs, codeWrites } = machine.engine.stats;
  const { user, system } = process.cpuUsage();
  const rows: [string, string][] = [
    ['guest instructions', `${(instructions / MILLION).toFixed(1)} M`],
    ['speed', `${runMs > 0 ? (instructions / 1000 / runMs).toFixed(1) : '0'} MIPS while the guest ran`],
    ['guest ran, slept', `${(runMs / 1000).toFixed(2)} s, ${(idleMs / 1000).toFixed(2)} s in ${slices} slices`],
    ['virtual time', `${(virtualNs / 1e9).toFixed(2)} s`],
    ['host CPU time', `${((user + system) / MILLION).toFixed(2)} s`],
    ['memory', `${(process.memoryUsage.rss() / MIB).toFixed(0)} MiB resident`],
    ['translated', `${translatedTbs} TBs of ${translatedInsns} instructions, ${retranslatedTbs} once more; ${invalidatedTbs} invalidated by ${codeWrites} writes, ${flushes} flushes`],
  ];
  const { jit } = machine;
  if (jit) {
    const { regions, tbs, insns, wasmBytes, modules, invalidated, evicted, emitNs, compileNs } = jit;
    rows.push(['compiled', `${regions} regions of ${tbs} TBs and ${insns} instructions to ${(wasmBytes / 1024).toFixed(0)} KiB in ${modules} modules; `
      + `${invalidated} invalidated, ${evicted} evicted; ${((emitNs + compileNs) / 1e9).toFixed(2)} s on this thread`]);
  }
  if (resets > 0) rows.push(['resets', String(resets)]);
  return `${rows.map(([name, value]) => `${name.padEnd(20)}${value}`).join('\n')}\n`;
}
