/** The same engine in Node and in a page of Chromium, program by program: CPU time of a unit, ratio, geometric mean, and who is further away than the aim. */
import { geometricMean, show, table } from '../table.ts';
import { WEB_SUFFIX } from '../emulators.ts';
import type { Row } from './report.ts';

/** CPU time in a page that is no more than this multiple of Node's is what we aim at. */
const AIM = 1.25;

/** Empty where no engine ran in both. */
export function besideNode(rows: readonly Row[], names: readonly string[]): string {
  return names.filter((name) => names.includes(name + WEB_SUFFIX)).map((name) => oneEngine(rows, name)).join('\n');
}

function oneEngine(rows: readonly Row[], name: string): string {
  const compared = rows.flatMap(({ program, by }) => {
    const node = by[name], page = by[name + WEB_SUFFIX];
    if (!node || !page || node instanceof Error || page instanceof Error) return [];
    return [{ program: program.name, node: node.cpuMs, page: page.cpuMs, ratio: page.cpuMs / node.cpuMs }];
  });
  const lines = compared.map(({ program, node, page, ratio }) => [program, show(node), show(page), ratio.toFixed(2)]);
  const mean = geometricMean(compared.map(({ ratio }) => ratio));
  const outside = compared.filter(({ ratio }) => ratio > AIM).map(({ program }) => program);
  return `${table([[`${name}, ms`, 'Node', 'Chromium', 'ratio'], ...lines, ['geometric mean', '', '', mean?.toFixed(2) ?? '-']])}\n`
    + (outside.length === 0 ? `none above ${AIM}\n` : `above ${AIM}: ${outside.join(', ')}\n`);
}
