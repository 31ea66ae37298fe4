/** What `-cpu help` prints. */
import { CPU_MODELS, FEATURES } from '@emu/x86';

const LINE = 76;

export function cpuHelp(): string {
  const lines = [''];
  for (const name of Object.keys(FEATURES)) {
    if (lines.at(-1)!.length + name.length > LINE) lines.push('');
    lines[lines.length - 1] += ` ${name}`;
  }
  return [`Available CPUs:`, ...CPU_MODELS.map((m) => `  ${m}`), '', 'Features, for example -cpu max,-sse4_2:', ...lines.map((l) => ` ${l}`)].join('\n');
}
