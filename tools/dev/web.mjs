// `npm start -- --web [--port N] [--recipe NAME]`: builds the page and the guest, serves both from this machine and prints the address.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { serveSite } from './static-server.mjs';
import { webPack } from './web-pack.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const DEFAULT_PORT = 8080;

/** Runs until it is interrupted. */
export async function web(argv) {
  const value = (name) => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : undefined);
  const pack = webPack({ recipe: value('--recipe') });
  console.log('emu: building the page');
  const { status } = spawnSync('vite', ['build', '--logLevel', 'warn'], { cwd: join(root, 'apps/web'), stdio: 'inherit' });
  if (status !== 0) return status ?? 1;
  const server = await serveSite({ '/': join(root, 'apps/web/dist'), '/pack/': pack }, { port: Number(value('--port') ?? DEFAULT_PORT) });
  console.log(`emu: ${server.url}   (Ctrl-C ends it)`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await server.close();
  return 0;
}
