// Generated files are committed, and are what their scripts make: runs each package's `generate` script and lets git look for differences.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const generators = globSync('{packages,apps,tools}/*/package.json').filter((path) => JSON.parse(readFileSync(path, 'utf8')).scripts?.generate).map((path) => dirname(path));
const OUTPUTS = ['packages/*/src/gen', 'packages/*/docs'];
const differences = () => spawnSync('git', ['status', '--porcelain', '--', ...OUTPUTS.map((glob) => `:(glob)${glob}/**`)], { encoding: 'utf8' }).stdout;

const before = differences();
for (const dir of generators) {
  const { status } = spawnSync('pnpm', ['run', '--silent', 'generate'], { cwd: dir, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`generated: the generator of ${dir} failed`);
    process.exit(1);
  }
}
const after = differences();
if (after !== before) {
  console.error(`generated: files differ from what their scripts make; commit what \`pnpm generate\` wrote\n${after}`);
  process.exit(1);
}
console.log(`generated: ${generators.length} generators, no differences`);
