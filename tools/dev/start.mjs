// What `npm start` runs, on the workspace's Node: builds the guest when needed and boots it in the terminal (`npm start -- --help`), or with
// `--web` serves the page that boots it in a browser.
import { spawnSync } from 'node:child_process';
import { web } from './web.mjs';

const argv = process.argv.slice(2);

if (argv.includes('--web')) process.exitCode = await web(argv.filter((arg) => arg !== '--web'));
else {
  const { status } = spawnSync('node', ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', 'tools/guest/src/start.ts', ...argv], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
