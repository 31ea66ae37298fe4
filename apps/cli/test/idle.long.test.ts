/**
 * What a guest costs that does nothing, on the program as it is published: CPU time while it waits at its prompt, and memory beyond what it has
 * touched of its RAM. From the TypeScript sources it is some 7 MiB more, and 35 the first time, when Node strips their types.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, readSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createMachine, memoryHost, parseQemuArgs } from '@emu/machine';
import { Scratch } from './disk-image.ts';
import type { Program } from './emulator.ts';
import { boot, guest } from './guests.ts';

const CLI = fileURLToPath(new URL('..', import.meta.url));
const BIN = 'emu-system-x86_64.mjs';

const MIB = 2 ** 20;
const PAGE = 4096;
const MEMORY = 512 * MIB;
const IDLE_SECONDS = 30;
const SETTLE_MS = 10_000;
/** 200 MB. */
const MOST_MIB = 200e6 / MIB;
const PRESENT = 0x80; // bit 63 of a pagemap entry (Linux, admin-guide/mm/pagemap)

/** Builds the program, and puts it where an installation would. */
function installed(scratch: Scratch): Program {
  const built = spawnSync('turbo', ['run', 'build', '--filter=@emu/cli...', '--output-logs=errors-only'], { cwd: CLI, encoding: 'utf8', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } });
  expect(built.status, built.stdout + built.stderr).toBe(0);
  const home = scratch.path('node_modules/@emu/cli');
  mkdirSync(join(home, 'bin'), { recursive: true });
  copyFileSync(join(CLI, 'bin', BIN), join(home, 'bin', BIN));
  symlinkSync(join(CLI, 'dist'), join(home, 'dist'));
  return [process.execPath, join(home, 'bin', BIN)];
}

/** Arena and RAM of a machine with these options, whose layout does not depend on the guest. */
async function layout(accel: string) {
  const kernel = new Uint8Array(new Uint32Array([0x1bad_b002, 0x1_0000, -0x1bad_b002 - 0x1_0000, 0x10_0000, 0x10_0000, 0, 0, 0x10_0020, 0xf4]).buffer);
  const { options } = parseQemuArgs(['-m', String(MEMORY / MIB), '-accel', accel, '-kernel', 'k']);
  const machine = await createMachine(options, memoryHost({ files: { k: kernel } }));
  return { arenaBytes: machine.arena.byteLength, ram: machine.ram };
}

/** MiB of guest RAM that are in memory. */
function touchedMiB(pid: number, { arenaBytes, ram }: Awaited<ReturnType<typeof layout>>): number {
  const ranges = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').map((line) => line.split(' ')[0]!.split('-').map((at) => Number.parseInt(at, 16)));
  const arenas = ranges.filter(([from, to]) => to! - from! >= arenaBytes && to! - from! < arenaBytes + MIB);
  expect(arenas).toHaveLength(1);
  const entries = Buffer.alloc((ram.bytes / PAGE) * 8);
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  readSync(pagemap, entries, 0, entries.length, ((arenas[0]![0]! + ram.host) / PAGE) * 8);
  closeSync(pagemap);
  let pages = 0;
  for (let at = 7; at < entries.length; at += 8) if (entries[at]! & PRESENT) pages++;
  return (pages * PAGE) / MIB;
}

describe('a guest at its prompt', () => {
  it.each(['tci', 'jit'])('-accel %s takes under three percent of a core, and at most 200 MB beside the RAM that it has touched', async (accel) => {
    using scratch = new Scratch();
    await using emulator = boot(guest('cloud'), { extra: ['-accel', accel], program: installed(scratch) });
    await emulator.shell();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS)); // the kernel's delayed work, and code that is still being compiled
    const before = emulator.cpuSeconds;
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
    const percent = (100 * (emulator.cpuSeconds - before)) / IDLE_SECONDS;
    const touched = touchedMiB(emulator.pid, await layout(accel));
    const beside = emulator.residentMiB - touched;
    console.log(`${accel}: ${percent.toFixed(2)} % of a core; ${touched.toFixed(0)} MiB of RAM touched, ${beside.toFixed(0)} MiB beside it`);
    expect(percent).toBeLessThan(3);
    expect(touched).toBeGreaterThan(50);
    expect(beside).toBeLessThan(MOST_MIB);
  });
});
