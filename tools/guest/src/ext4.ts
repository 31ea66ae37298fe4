/**
 * Makes an ext4 image from a directory, as any user: `mke2fs -d` fills it, then `debugfs` hands every file to root and makes
 * the device nodes that an ordinary user cannot. Uses the machine's e2fsprogs, or fetches Debian's package.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Apt } from './apt.ts';
import { exists, run } from './command.ts';

export interface Ext4Options {
  /** Size of the image in MiB; the file is sparse. */
  sizeMiB: number;
  label: string;
}

/** Fixed, so that the same input gives the same file system. */
const UUID = '7e3a1c52-0b6d-4f8e-9a41-64c0ffee0001';

export function makeExt4(image: string, from: string, options: Ext4Options, apt: Apt, cache: string): void {
  const env = toolEnvironment(apt, cache);
  run(['mke2fs', '-q', '-F', '-t', 'ext4', '-b', '4096', '-L', options.label, '-U', UUID, '-m', '1', '-d', from,
    '-E', `root_owner=0:0,hash_seed=${UUID},lazy_itable_init=0,lazy_journal_init=0`, image, `${options.sizeMiB}M`], { env });
  run(['debugfs', '-w', '-f', '-', image], { env, input: finishScript(from) });
}

/** debugfs commands: owner root for everything below `from`, and the two nodes that init needs before devtmpfs. */
function finishScript(from: string): string {
  const paths = readdirSync(from, { recursive: true, withFileTypes: true }).map((e) => relative(from, join(e.parentPath, e.name)));
  const mine = process.getuid?.() !== 0;
  const owners = mine ? paths.flatMap((p) => [`sif "/${p}" uid 0`, `sif "/${p}" gid 0`]) : [];
  const nodes = ['cd /dev', 'mknod console c 5 1', 'mknod null c 1 3', 'sif console mode 0020600', 'sif null mode 0020666'];
  return [...owners, ...nodes, ''].join('\n');
}

function toolEnvironment(apt: Apt, cache: string): Record<string, string> {
  if (exists('mke2fs') && exists('debugfs')) return {};
  const root = join(cache, 'e2fsprogs');
  mkdirSync(root, { recursive: true });
  const { 'Pre-Depends': needs = '' } = apt.show('e2fsprogs');
  const libraries = needs.split(/[,|]/).map((d) => d.trim().split(' ')[0]!).filter((d) => d.startsWith('lib') && d !== 'libc6');
  for (const name of ['e2fsprogs', ...libraries]) run(['dpkg-deb', '-x', apt.download(name), root]);
  const lib = readdirSync(root, { recursive: true, withFileTypes: true }).filter((e) => e.name.includes('.so.')).map((e) => e.parentPath);
  return { PATH: `${process.env['PATH']}:${join(root, 'sbin')}:${join(root, 'usr/sbin')}`, LD_LIBRARY_PATH: [...new Set(lib)].join(':') };
}
