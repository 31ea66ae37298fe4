/**
 * Builds a guest into `pack/`: `bzImage`, `initrd`, `initrd-bench` and `rootfs.bin`. A key over the recipe and over this
 * tool's sources says whether what is there is still right, so a second call does nothing and needs no network.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync, cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Apt } from './apt.ts';
import { run } from './command.ts';
import { debianUserland } from './debian.ts';
import { GuestError } from './errors.ts';
import { makeExt4 } from './ext4.ts';
import { appletNames, makeInitramfs } from './initramfs.ts';
import { builtinModules, loadOrder, scanModules, writeDepmod } from './modules.ts';
import type { Recipe } from './recipes.ts';
import { BENCH_INIT, BUSYBOX_DIRS, BUSYBOX_FILES, COMMON_FILES, INITRAMFS_INIT } from './userland.ts';
import { writeFiles } from './write-files.ts';

const SOURCES = dirname(fileURLToPath(import.meta.url));
const ROOT = join(SOURCES, '../../..');

export interface BuildOptions {
  /** Where the default guest goes; other recipes get a directory below it. Default: `pack` in the repository. */
  pack?: string;
  /** Packages and lists that are kept between builds. */
  cache?: string;
  /** Progress lines. */
  log?: (line: string) => void;
}

export interface Guest {
  dir: string;
  kernel: string;
  initrd: string;
  initrdBench: string;
  rootfs: string;
}

/** Paths of the guest, built first when it is missing or out of date. @throws GuestError */
export function buildGuest(recipe: Recipe, options: BuildOptions = {}): Guest {
  const { pack = join(ROOT, 'pack'), cache = join(ROOT, '.cache/guest'), log = () => {} } = options;
  const dir = join(pack, recipe.dir);
  const guest: Guest = {
    dir, kernel: join(dir, 'bzImage'), initrd: join(dir, 'initrd'), initrdBench: join(dir, 'initrd-bench'), rootfs: join(dir, 'rootfs.bin'),
  };
  const key = keyOf(recipe);
  const keyFile = join(dir, '.key');
  const complete = [guest.kernel, guest.initrd, guest.initrdBench, guest.rootfs].every((f) => existsSync(f));
  if (complete && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return guest;
  mkdirSync(dir, { recursive: true });
  const work = mkdtempSync(join(dir, '.build-'));
  try {
    build(recipe, work, cache, log);
    keepUserData(guest.rootfs, keyFile, log);
    for (const name of ['bzImage', 'initrd', 'initrd-bench', 'rootfs.bin']) renameSync(join(work, name), join(dir, name));
    writeFileSync(keyFile, key);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  log(`guest: ${dir} is ready`);
  return guest;
}

function build(recipe: Recipe, work: string, cache: string, log: (line: string) => void): void {
  const apt = new Apt(cache, recipe.arch);
  const kernelPackage = newestKernel(apt, recipe);
  log(`guest: unpacking ${kernelPackage}`);
  const unpacked = join(work, 'unpacked');
  for (const name of [kernelPackage, 'busybox-static']) run(['dpkg-deb', '-x', apt.download(name), unpacked]);
  const busybox = ['bin/busybox', 'usr/bin/busybox'].map((p) => join(unpacked, p)).find((p) => existsSync(p));
  if (!busybox) throw new GuestError('busybox-static holds no bin/busybox; use another Debian release');
  const libModules = ['lib/modules', 'usr/lib/modules'].map((p) => join(unpacked, p)).find((p) => existsSync(p))!;
  const version = readdirSync(libModules)[0]!;
  const modulesDir = join(libModules, version);
  copyFileSync(join(unpacked, `boot/vmlinuz-${version}`), join(work, 'bzImage'));

  const all = scanModules(modulesDir);
  const modules = loadOrder(all, builtinModules(modulesDir), recipe.modules);
  writeDepmod(modulesDir, all);
  writeFileSync(join(work, 'initrd'), makeInitramfs({ busybox, init: INITRAMFS_INIT, modulesDir, modules }));
  writeFileSync(join(work, 'initrd-bench'), makeInitramfs({ busybox, init: BENCH_INIT }));

  const rootfs = join(work, 'rootfs.bin');
  if (recipe.packages) {
    log(`guest: making a Debian userland with ${recipe.packages.join(', ')}`);
    debianUserland({ image: rootfs, recipe, packages: recipe.packages, modulesDir, version, apt, cache, work });
    return;
  }
  log('guest: making the root file system');
  const tree = join(work, 'tree');
  busyboxTree(tree, busybox);
  cpSync(modulesDir, join(tree, 'lib/modules', version), { recursive: true });
  makeExt4(rootfs, tree, { sizeMiB: recipe.rootfsMiB, label: 'emu-root' }, apt, cache);
}

/** The kernel package that the recipe's metapackage depends on. */
function newestKernel(apt: Apt, recipe: Recipe): string {
  const depends = apt.show(recipe.kernel)['Depends'] ?? '';
  const name = /linux-image-[^ ,|]+/.exec(depends)?.[0];
  if (!name) throw new GuestError(`${recipe.kernel} depends on no kernel package (${depends || 'nothing'}); use another Debian release`);
  return name;
}

function busyboxTree(tree: string, busybox: string): void {
  for (const name of BUSYBOX_DIRS) mkdirSync(join(tree, name), { recursive: true });
  symlinkSync('bin', join(tree, 'sbin'));
  for (const name of ['bin', 'sbin']) symlinkSync('../bin', join(tree, 'usr', name));
  copyFileSync(busybox, join(tree, 'bin/busybox'));
  for (const applet of appletNames(readFileSync(busybox))) if (applet !== 'busybox') symlinkSync('busybox', join(tree, 'bin', applet));
  writeFiles(tree, [...COMMON_FILES, ...BUSYBOX_FILES]);
}

function keyOf(recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  for (const name of readdirSync(SOURCES).sort()) {
    if (name.endsWith('.ts') && !name.endsWith('.test.ts') && !NOT_BUILD.has(name)) hash.update(readFileSync(join(SOURCES, name)));
  }
  return `${hash.digest('hex')}\n`;
}

/** Sources that do not change what is built. */
const NOT_BUILD = new Set(['index.ts', 'start.ts', 'run-protocol.ts', 'launch.ts']);

/** A root file system that a guest has written to since it was built is set aside rather than lost. */
function keepUserData(rootfs: string, keyFile: string, log: (line: string) => void): void {
  if (!existsSync(rootfs) || !existsSync(keyFile) || statSync(rootfs).mtimeMs <= statSync(keyFile).mtimeMs) return;
  renameSync(rootfs, `${rootfs}~`);
  log(`guest: the old root file system had been written to; it is kept as ${rootfs}~`);
}
