// The guest of tools/guest as a chunked pack for the page: kernel, initrd and disk, cut again only when one of them has changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['bzImage', 'initrd', 'rootfs.bin'];

/** Builds the guest when needed. Returns the directory of its pack, which belongs under `/pack/` of a site. */
export function webPack({ recipe = 'cloud' } = {}) {
  const guest = node('tools/guest/src/start.ts', '--build-only', '--recipe', recipe).trim().split('\n').at(-1);
  const pack = join(guest, 'web');
  const stampFile = join(pack, '.stamp');
  const stamp = FILES.map((name) => { const { size, mtimeMs } = statSync(join(guest, name)); return `${name} ${size} ${mtimeMs}`; }).join('\n');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return pack;
  console.log('emu: cutting the guest into a pack for the page');
  node('packages/fs-pack/bin/fs-pack.mjs', 'chunk', ...FILES.map((name) => join(guest, name)), '-o', pack, '--level', '6', '--prune');
  writeFileSync(stampFile, stamp);
  return pack;
}

function node(...args) {
  const { status, stdout } = spawnSync(process.execPath, ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', ...args], {
    cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${args.slice(0, 2).join(' ')} failed with status ${status}`);
  return stdout;
}
