/** Results of reference runs: the newest of each kind as indented JSON, all of them one line each beside it. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './host.ts';

const DIRECTORY = join(ROOT, 'tools/bench/history');

/** Keeps `result` as `<kind>.json` and appends it to `<kind>.jsonl`. */
export function keep(kind: string, result: object): string {
  const path = join(DIRECTORY, `${kind}.json`);
  writeFileSync(path, `${JSON.stringify(result, undefined, 1)}\n`);
  appendFileSync(join(DIRECTORY, `${kind}.jsonl`), `${JSON.stringify(result)}\n`);
  return path;
}
