// Programs that tests compare us with or drive us by. On Debian, as root, missing ones are installed; elsewhere the tests that need them say so.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program -> Debian package. */
const PROGRAMS = {
  gcc: 'gcc', as: 'binutils', gdb: 'gdb', tmux: 'tmux', script: 'bsdutils', 'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils',
  'mke2fs': 'e2fsprogs', 'ar': 'binutils', 'xz': 'xz-utils', 'zstd': 'zstd', chromium: 'chromium', objdump: 'binutils',
};

/** Whether a program is on the path (or in /sbin). */
export function has(program) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export function ensurePrograms() {
  const missing = Object.keys(PROGRAMS).filter((program) => !has(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PROGRAMS[program]))];
  if (process.getuid?.() === 0 && has('apt-get')) {
    console.log(`emu: installing ${packages.join(' ')} for the tests (apt-get)`);
    const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
    const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
    if (install() || (apt('update') && install())) return;
  }
  console.log(`emu: tests that need ${missing.join(', ')} are skipped (Debian packages: ${packages.join(' ')})`);
}
