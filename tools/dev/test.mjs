// What `npm test` runs, on the workspace's Node: programs that tests compare with, the build, then the test suite.
//     npm test                  everything
//     npm test -- packages/x86  tests whose path contains the argument
import { spawnSync } from 'node:child_process';
import { ensurePrograms } from './programs.mjs';

const run = (program, args) => spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } }).status ?? 1;

ensurePrograms();
console.log('emu: building what is stale');
const built = run('turbo', ['run', 'build', '--continue', '--output-logs=errors-only', '--log-order=grouped']);
if (built !== 0) console.error('emu: the build failed; the tests run on the sources, but the exit status will say so');
const tested = run('vitest', ['run', '--config', 'tools/dev/vitest.config.ts', ...process.argv.slice(2)]);
process.exitCode = tested || built;
