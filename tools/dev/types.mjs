// Type-checks every workspace package, one `tsc -p` each, and reports all failures.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const only = process.argv.slice(2);
const projects = ['packages', 'apps', 'tools']
  .flatMap((top) => readdirSync(top).map((name) => `${top}/${name}`))
  .filter((dir) => existsSync(`${dir}/tsconfig.json`) && (only.length === 0 || only.some((o) => dir.endsWith(o))));
const failed = projects.filter((dir) => spawnSync('tsc', ['-p', dir, '--pretty', 'false'], { stdio: 'inherit' }).status !== 0);
console.log(failed.length ? `types: failed in ${failed.join(', ')}` : `types: ${projects.length} projects are clean`);
process.exit(failed.length ? 1 : 0);
