// `pnpm play <package> [arguments]`: runs one package's playground alone, on its sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const [name, ...args] = process.argv.slice(2);
const players = readdirSync('packages').filter((dir) => existsSync(`packages/${dir}/playground/play.ts`));
if (!players.includes(name)) {
  console.error(`usage: pnpm play ${players.join('|')} [arguments]`);
  process.exit(1);
}
const { status } = spawnSync('node', ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', `packages/${name}/playground/play.ts`, ...args], { stdio: 'inherit' });
process.exitCode = status ?? 1;
