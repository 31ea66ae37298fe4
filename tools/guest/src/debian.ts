/**
 * A full Debian userland as an ext4 image, made by mmdebstrap: as root, or as any user whose machine allows user namespaces.
 * The image is made inside mmdebstrap's last hook, where file owners are what the guest shall see.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianSources, type Apt } from './apt.ts';
import { exists, run } from './command.ts';
import { GuestError } from './errors.ts';
import type { Recipe } from './recipes.ts';
import { COMMON_FILES } from './userland.ts';
import { writeFiles } from './write-files.ts';

export interface DebianUserlandOptions {
  image: string;
  recipe: Recipe;
  packages: readonly string[];
  modulesDir: string;
  version: string;
  apt: Apt;
  cache: string;
  work: string;
}

export function debianUserland(o: DebianUserlandOptions): void {
  const overlay = join(o.work, 'overlay');
  writeFiles(overlay, COMMON_FILES);
  mkdirSync(join(overlay, 'lib/modules'), { recursive: true });
  cpSync(o.modulesDir, join(overlay, 'lib/modules', o.version), { recursive: true });
  const hook = join(o.work, 'finish');
  writeFileSync(hook, FINISH, { mode: 0o755 });
  const env = { EMU_OVERLAY: overlay, EMU_IMAGE: o.image, EMU_MIB: String(o.recipe.rootfsMiB), PATH: `${process.env['PATH']}:/usr/sbin:/sbin:${unpackedBin(o.cache)}` };
  run([...mmdebstrap(o), '--quiet', '--variant=minbase', `--architectures=${o.recipe.arch}`, `--include=${o.packages.join(',')}`,
    '--dpkgopt=path-exclude=/usr/share/doc/*', '--dpkgopt=path-exclude=/usr/share/man/*', '--dpkgopt=path-exclude=/usr/share/locale/*',
    `--customize-hook=${hook} "$1"`, '--format=null', codename(), '/dev/null', ...debianSources()], { env });
  if (!existsSync(o.image)) throw new GuestError('mmdebstrap ended without making the root file system; run it by hand to see why');
}

/** The installed mmdebstrap (a Perl script), or the archive's, unpacked. */
function mmdebstrap(o: DebianUserlandOptions): [string, ...string[]] {
  if (exists('mmdebstrap')) return ['mmdebstrap'];
  if (!exists('perl')) throw new GuestError('A Debian userland is made by mmdebstrap, which needs perl; install mmdebstrap');
  const dir = join(o.cache, 'mmdebstrap');
  run(['dpkg-deb', '-x', o.apt.download('mmdebstrap'), dir]);
  return ['perl', join(unpackedBin(o.cache), 'mmdebstrap')];
}

/** It looks for its helper `mmtarfilter` on the PATH. */
const unpackedBin = (cache: string): string => join(cache, 'mmdebstrap/usr/bin');

function codename(): string {
  const name = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (name) return name.replaceAll('"', '');
  throw new GuestError('/etc/os-release names no VERSION_CODENAME, so the Debian release is unknown; use a Debian machine');
}

/** Runs with the finished root directory as $1. */
const FINISH = `#!/bin/sh
set -e
PATH="$PATH:/usr/sbin:/sbin"
cp -R --preserve=mode,links "$EMU_OVERLAY/." "$EMU_OVERLAY.copy"
cp -R --preserve=mode,links "$EMU_OVERLAY.copy/etc" "$1/"
cp -R --preserve=mode,links "$EMU_OVERLAY.copy/sbin/." "$1/sbin/"
cp -R --preserve=mode,links "$EMU_OVERLAY.copy/lib/modules" "$1/lib/"
for name in init poweroff reboot halt; do ln -sf /bin/busybox "$1/sbin/$name"; done
echo '/dev/vda / ext4 defaults 0 1' >"$1/etc/fstab"
rm -rf "$1/var/cache/apt/archives" "$1/var/lib/apt/lists"
mkdir -p "$1/var/cache/apt/archives/partial" "$1/var/lib/apt/lists/partial"
# mmdebstrap has /proc, /sys and /dev mounted in there; without them, in a mount namespace of our own, mke2fs sees the files alone
unshare -m sh -e -c '
  for at in $(cut -d" " -f5 /proc/self/mountinfo | grep "^$1/" | sort -r); do umount "$at"; done
  rm -rf "$1"/dev/*
  mke2fs -q -F -t ext4 -b 4096 -L emu-root -m 1 -E lazy_itable_init=0,lazy_journal_init=0 -d "$1" "$EMU_IMAGE" "$EMU_MIB"M
' sh "$1"
printf 'cd /dev\\nmknod console c 5 1\\nmknod null c 1 3\\nsif console mode 0020600\\nsif null mode 0020666\\n' | debugfs -w -f - "$EMU_IMAGE" >/dev/null
`;
