// What users get: packs every published package, installs the tarballs with npm into an empty folder, and runs each README's example and the commands
// there, on the built JavaScript. Run after a build.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const EXAMPLE = /```ts\n([\s\S]*?)```[\s\S]*?```text\n([\s\S]*?)```/;
const home = mkdtempSync(join(tmpdir(), 'emu-packed-'));
const run = (program, args, cwd = home) => spawnSync(program, args, { cwd, encoding: 'utf8' });
const problems = [];

try {
  const packages = globSync('{packages,apps}/*/package.json').map((path) => ({ dir: dirname(path), manifest: JSON.parse(readFileSync(path, 'utf8')) })).filter(({ manifest }) => !manifest.private);
  for (const { dir, manifest } of packages) {
    const { status, stderr } = run('pnpm', ['pack', '--pack-destination', home], dir);
    if (status !== 0) problems.push(`${manifest.name} cannot be packed: ${stderr}`);
  }
  writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }');
  const { status, stderr } = run('npm', ['install', '--no-audit', '--no-fund', '--offline', ...globSync('*.tgz', { cwd: home }).map((file) => `./${file}`)]);
  if (status !== 0) problems.push(`npm cannot install the packages: ${stderr}`);
  else for (const { manifest } of packages) tryOut(manifest);
  console.log(problems.length ? `${problems.join('\n')}\npacked: ${problems.length} problems` : `packed: ${packages.length} packages install together, and do there what their READMEs say`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = problems.length ? 1 : 0;

function tryOut({ name, bin = {} }) {
  const installed = join(home, 'node_modules', name);
  const [, code, expected] = EXAMPLE.exec(readFileSync(join(installed, 'README.md'), 'utf8')) ?? [];
  if (code) {
    writeFileSync(join(home, 'example.ts'), code);
    const { stdout, stderr } = run(process.execPath, ['--disable-warning=ExperimentalWarning', 'example.ts']);
    if (stdout !== expected) problems.push(`${name}: the example in the README prints\n${stdout}${stderr}instead of\n${expected}`);
  }
  for (const command of Object.keys(bin)) {
    const { status, stderr } = run(join(home, 'node_modules/.bin', command), ['--help']);
    if (status !== 0) problems.push(`${name}: ${command} --help ends with status ${status}: ${stderr}`);
  }
}
