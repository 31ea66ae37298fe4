/** Beside the native `qemu-system-x86_64`: the same exit statuses for the same ends, and a word about each option that it has. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { helpText, parseQemuArgs } from '@emu/machine';
import { GuestCode } from '@emu/machine/testing';
import { describe, expect, it } from 'vitest';
import { Scratch } from './disk-image.ts';
import { EMULATOR, NATIVE, type Program } from './emulator.ts';

const help = spawnSync(NATIVE[0], ['-help'], { encoding: 'utf8' });
const LIMIT_MS = 200_000;

const statusOf = ([program, ...first]: Program, args: readonly string[]): number | null =>
  spawnSync(program, [...first, ...args], { timeout: LIMIT_MS, stdio: ['ignore', 'ignore', 'ignore'] }).status;

describe.skipIf(help.status !== 0)('as native QEMU', { timeout: 2 * LIMIT_MS }, () => {
  const softOff = new GuestCode().bytes(0x66, 0xb8, 0x00, 0x20).outAx(0x604).cli().hlt(); // mov ax, SLP_EN of type S5
  const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=1'];
  it.each<[string, GuestCode, string[], number]>([
    ['isa-debug-exit of 0', new GuestCode().exit(0), exit, 1],
    ['isa-debug-exit of 20', new GuestCode().exit(20), exit, 41],
    ['isa-debug-exit of 255', new GuestCode().exit(255), exit, 255],
    ['ACPI S5', softOff, [], 0],
    ['ACPI S5 with -no-reboot', softOff, ['-no-reboot'], 0],
    ['a triple fault with -no-reboot', new GuestCode().bytes(0x0f, 0x0b), ['-no-reboot'], 0],
    ['a reset by the keyboard controller with -no-reboot', new GuestCode().outb(0x64, 0xfe).cli().hlt(), ['-no-reboot'], 0],
    ['a reset by port 0xcf9 with -no-reboot', new GuestCode().outb(0xcf9, 6).cli().hlt(), ['-no-reboot'], 0],
    ['a kernel that is not there', new GuestCode(), ['-kernel', '/no/such/file'], 1],
    ['a disk that is not there', new GuestCode(), ['-drive', 'if=virtio,format=raw,file=/no/such/file'], 1],
    ['an option that is not there', new GuestCode(), ['-frobnicate'], 1],
    ['an impossible -m', new GuestCode(), ['-m', 'lots'], 1],
  ])('%s: the same exit status', (_name, code, extra, expected) => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), code.kernel());
    const args = ['-nographic', '-m', '16M', '-kernel', scratch.path('kernel'), '-monitor', 'none', '-serial', 'null', ...extra];
    expect(statusOf(NATIVE, args)).toBe(expected);
    expect(statusOf(EMULATOR, args)).toBe(expected);
  });

  it('each option of -help is one of ours, or said to be not supported', () => {
    const names = new Set([...help.stdout.matchAll(/^-(?!-)([\w-]+)/gm)].map(([, name]) => name!));
    expect(names.size).toBeGreaterThan(100);
    const unknown = [...names].filter((name) => {
      try {
        parseQemuArgs([`-${name}`, '?']);
        return false;
      } catch (error) {
        return /there is no such option/.test((error as Error).message);
      }
    });
    expect(unknown).toEqual([]);
    expect(helpText('').length).toBeGreaterThan(1000);
  });
});
