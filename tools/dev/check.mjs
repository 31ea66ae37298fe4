// `pnpm check`: everything that must hold before a commit goes out. Steps go on after a failure; the last lines say which failed and how long each took.
//     pnpm check             all steps
//     pnpm check types lint  only these
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const published = globSync('{packages,apps}/*/package.json').filter((path) => !JSON.parse(readFileSync(path, 'utf8')).private).map((path) => dirname(path)).sort();
const run = (program, args, cwd) => spawnSync(program, args, { cwd, stdio: 'inherit', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } }).status === 0;
/** Runs a command in the folder of each published package; quiet unless it fails. */
const inEach = (program, args) => published.map((dir) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: dir, encoding: 'utf8' });
  if (status !== 0) console.log(`${dir}: ${program} ${args.join(' ')}\n${stdout}${stderr}`);
  return status === 0;
}).every(Boolean);

const STEPS = {
  lockfile: () => run('pnpm', ['install', '--frozen-lockfile', '--lockfile-only', '--reporter=silent']) || (console.error('check: pnpm-lock.yaml is not what the package.json files say; run `pnpm install` and commit it'), false),
  types: () => run('node', ['tools/dev/types.mjs']),
  lint: () => run('oxlint', ['--quiet']),
  layers: () => run('node', ['tools/dev/layers.mjs']),
  unused: () => run('knip', ['--no-config-hints']),
  generated: () => run('node', ['tools/dev/generated.mjs']),
  build: () => run('turbo', ['run', 'build', '--output-logs=errors-only']),
  publint: () => inEach('publint', ['--strict']),
  attw: () => inEach('attw', ['--pack', '--profile', 'esm-only', '--quiet']),
  packed: () => run('node', ['tools/dev/packed.mjs']),
  tests: () => run('vitest', ['run', '--config', 'tools/dev/vitest.config.ts']),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in STEPS));
if (unknown.length) {
  console.error(`check: no step is called ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  process.exit(1);
}
const results = Object.entries(STEPS).filter(([name]) => wanted.length === 0 || wanted.includes(name)).map(([name, step]) => {
  console.log(`\ncheck: ${name}`);
  const start = performance.now();
  const ok = step();
  return { name, ok, seconds: (performance.now() - start) / 1000 };
});
console.log(`\n${readFileSync('package.json', 'utf8').match(/"name": "(.*)"/)[1]} check on Node ${process.versions.node}`);
for (const { name, ok, seconds } of results) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds.toFixed(1)} s`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
