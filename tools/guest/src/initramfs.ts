/** The guest's initramfs images: BusyBox, its links, the modules in load order, and an /init. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cpio, type CpioEntry } from './cpio.ts';
import { GuestError } from './errors.ts';
import { readModule, type KernelModule } from './modules.ts';

/**
 * The applets in a BusyBox binary, read from its sorted table of names, so that the binary need not run here.
 * The table starts with `[` and `[[` and ends with an empty string.
 */
export function appletNames(busybox: Uint8Array): string[] {
  const bytes = Buffer.from(busybox.buffer, busybox.byteOffset, busybox.length);
  const start = bytes.indexOf('\0[\0[[\0') + 1;
  if (start === 0) throw new GuestError('This BusyBox has no applet table that starts with "["; use Debian\'s busybox-static');
  return bytes.toString('latin1', start, bytes.indexOf('\0\0', start)).split('\0');
}

export interface InitramfsParts {
  busybox: string;
  init: string;
  /** `lib/modules/VERSION` of the kernel package, and what to take from it. */
  modulesDir?: string;
  modules?: readonly KernelModule[];
}

/** A gzip-compressed newc archive; the same parts give the same bytes. */
export function makeInitramfs({ busybox, init, modulesDir = '', modules = [] }: InitramfsParts): Uint8Array {
  const program = readFileSync(busybox);
  const entries: CpioEntry[] = [
    { type: 'file', path: 'init', data: init, mode: 0o755 },
    { type: 'file', path: 'bin/busybox', data: program, mode: 0o755 },
    ...appletNames(program).filter((a) => a !== 'busybox').map((a): CpioEntry => ({ type: 'link', path: `bin/${a}`, to: 'busybox' })),
    ...['dev', 'proc', 'root', 'sys', 'tmp'].map((path): CpioEntry => ({ type: 'directory', path })),
    { type: 'char', path: 'dev/console', major: 5, minor: 1 },
    { type: 'file', path: 'modules', data: modules.map((m) => `${moduleFile(m)}\n`).join('') },
    ...modules.map((m): CpioEntry => ({ type: 'file', path: `lib/modules/${moduleFile(m)}`, data: readModule(join(modulesDir, m.path)) })),
  ];
  return gzipSync(cpio(entries), { level: 9 });
}

const moduleFile = (m: KernelModule): string => basename(m.path).replace(/\.(xz|zst)$/, '');
