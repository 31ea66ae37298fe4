/**
 * What the measured guest boots: the recipe's own benchmark initramfs (BusyBox), followed by a second archive with the programs and our
 * driver as /init. The kernel unpacks archives that follow each other, later files over earlier ones (kernel: buffer-format.rst).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { buildGuest, cpio, GuestError, RECIPES, type CpioEntry } from '@emu/tools-guest';
import { buildPrograms, type BuiltPrograms } from './build.ts';
import { programsOf } from './programs.ts';

export interface BenchGuest extends BuiltPrograms {
  readonly bits: 64 | 32;
  readonly kernel: string;
  readonly initrd: string;
}

/** Kernel from Debian, programs from this machine's gcc. @throws GuestError, BenchError */
export function benchGuest(bits: 64 | 32, log: (line: string) => void): BenchGuest {
  const guest = buildGuest(bits === 64 ? RECIPES.cloud : RECIPES.i386, { log });
  const built = buildPrograms(bits);
  const program = (name: string): Uint8Array => readFileSync(join(built.directory, name));
  const entries: CpioEntry[] = [
    { type: 'file', path: 'init', data: program('driver'), mode: 0o755 },
    { type: 'char', path: 'dev/ttyS0', major: 4, minor: 64 },
    { type: 'link', path: 'bench/busybox', to: '../bin/busybox' },
    { type: 'file', path: 'bench/readwrite.data', data: program('readwrite.data') },
    ...programsOf(bits).map(({ name }): CpioEntry => ({ type: 'file', path: `bench/${name}`, data: program(name), mode: 0o755 })),
  ];
  const first = readFileSync(guest.initrdBench);
  writeFileSync(join(built.directory, 'busybox'), member(gunzipSync(first), 'bin/busybox'), { mode: 0o755 });
  const initrd = join(built.directory, 'initrd');
  writeFileSync(initrd, Buffer.concat([first, gzipSync(cpio(entries))]));
  return { ...built, bits, kernel: guest.kernel, initrd };
}

const HEADER_BYTES = 110;

/** Contents of one file of a newc archive. */
function member(archive: Uint8Array, path: string): Uint8Array {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length);
  const field = (at: number, n: number): number => parseInt(bytes.toString('latin1', at + 6 + 8 * n, at + 14 + 8 * n), 16);
  const aligned = (n: number): number => (n + 3) & ~3;
  for (let at = 0; at + HEADER_BYTES < bytes.length;) {
    const size = field(at, 6), nameBytes = field(at, 11);
    const data = aligned(at + HEADER_BYTES + nameBytes);
    if (bytes.toString('latin1', at + HEADER_BYTES, at + HEADER_BYTES + nameBytes - 1) === path) return bytes.subarray(data, data + size);
    at = aligned(data + size);
  }
  throw new GuestError(`The benchmark initramfs holds no ${path}; build the guest again`);
}
