// `npm start` and `npm test` on a machine with nothing but Node >= 20 and npm: installs pnpm and the dependencies when they are missing or out of
// date, then hands over to the workspace's own Node, which runs tools/dev/<command>.mjs. Uses nothing that is not in Node 20.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const bin = join(root, 'node_modules/.bin');
const [command, ...args] = process.argv.slice(2);
const COMMANDS = ['start', 'test'];

if (!COMMANDS.includes(command)) fail(`usage: node tools/dev/bootstrap.mjs ${COMMANDS.join('|')} [arguments]`);
if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node ${process.versions.node} is too old to bootstrap; install Node 20 or newer`);

if (!installed()) {
  console.error('emu: installing pnpm 12 and the dependencies of the workspace (once)'); // standard output is for what a guest prints
  const install = [...pnpm(), 'install', '--reporter=append-only', '--loglevel=error'];
  if (!succeeds(...install, '--frozen-lockfile')) {
    console.error('emu: that failed; trying again without holding on to the lock file');
    if (!succeeds(...install, '--no-frozen-lockfile')) fail('the dependencies cannot be installed; the lines above say why (is there a network?)');
  }
}
const node = join(bin, 'node');
process.exitCode = spawn(node, [join(root, `tools/dev/${command}.mjs`), ...args]);

/** Whether node_modules is what the lock file says. */
function installed() {
  const [wanted, current] = ['pnpm-lock.yaml', 'node_modules/.pnpm/lock.yaml'].map((path) => join(root, path));
  return existsSync(join(bin, 'node')) && existsSync(current) && readFileSync(current, 'utf8') === readFileSync(wanted, 'utf8');
}

/** pnpm 12 if it is there, else through npx. */
function pnpm() {
  const found = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  return found.status === 0 && /^12\./.test(found.stdout) ? ['pnpm'] : ['npx', '--yes', '--loglevel=error', 'pnpm@12'];
}

function spawn(program, programArgs) {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status, signal, error } = spawnSync(program, programArgs, { cwd: root, env, stdio: 'inherit' });
  if (error) fail(`${program} did not start: ${error.message}`);
  return status ?? (signal ? 128 : 1);
}

function succeeds(program, ...programArgs) {
  return spawn(program, programArgs) === 0;
}

function fail(message) {
  console.error(`emu: ${message}`);
  process.exit(1);
}
