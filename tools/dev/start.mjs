// What `npm start` runs, on the workspace's Node: builds the guest when needed and boots it (`npm start -- --help`).
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('node', ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', 'tools/guest/src/start.ts', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
