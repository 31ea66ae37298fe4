/**
 * `pnpm bench:boot`: CPU time (user + system, all threads) from the emulator's start until the guest has booted: Debian's cloud kernel with an
 * initramfs to its init, and the default guest with its disk to the shell prompt. Ours beside native QEMU TCG in the same run, pinned to
 * one core, alternating; the best of several runs counts.
 *     --accel tci,jit   ours to measure (default: both)
 *     --target init,prompt
 *     --runs 3          runs of each
 *     --core 1          host core
 *     --json FILE       write the result; --keep: into tools/bench/history
 *     --no-profile      leave the profiled run out
 */
import { writeFileSync } from 'node:fs';
import { buildGuest, RECIPES, type Guest } from '@emu/tools-guest';
import { command, names, parseOptions } from '../arguments.ts';
import { used } from '../cpu-time.ts';
import { emulator, ENGINES, type Engine } from '../emulators.ts';
import { GuestProcess } from '../guest-process.ts';
import type { Counters } from '../emulator/counters.ts';
import type { Profile } from '../emulator/profile.ts';
import { keep } from '../history.ts';
import { commit, hostFacts, qemuVersion } from '../host.ts';
import { show, table } from '../table.ts';
import { compiled, exits, phases } from '../describe.ts';

const USAGE = 'usage: pnpm bench:boot [--accel tci,jit] [--target init,prompt] [--runs N] [--core N] [--json FILE] [--keep] [--no-profile]';
const TIMEOUT_S = 600;

const TARGETS = {
  init: {
    what: 'cloud kernel + initramfs, to init',
    options: (guest: Guest) => ['-kernel', guest.kernel, '-initrd', guest.initrdBench, '-append', 'console=ttyS0 quiet'],
    reached: /emu-bench: init reached/,
  },
  prompt: {
    what: 'default guest with its disk, to the shell prompt',
    options: (guest: Guest) => [
      '-drive', `if=virtio,format=raw,file=${guest.rootfs},snapshot=on`, '-kernel', guest.kernel, '-initrd', guest.initrd,
      '-append', 'console=ttyS0 root=/dev/vda quiet',
    ],
    reached: /~ # /,
  },
} as const;
type Target = keyof typeof TARGETS;

interface Boot {
  readonly cpuMs: number;
  /** Of threads other than the busiest: V8's compilers and garbage collectors, QEMU's main loop. */
  readonly otherThreadsMs: number;
  readonly wallMs: number;
  readonly residentMiB: number;
  readonly counters?: Counters | undefined;
  readonly profile?: Profile | undefined;
}

/** @param profiled ours only: with the profiler, which costs time itself. */
async function boot(engine: Engine, target: Target, guest: Guest, core: number, profiled = false): Promise<Boot> {
  const { options, reached } = TARGETS[target];
  const started = performance.now();
  const guestProcess = new GuestProcess(emulator(engine, ['-nographic', '-no-reboot', '-m', '512M', ...options(guest)]), core, profiled ? { EMU_BENCH_PROFILE: '1' } : {});
  try {
    await guestProcess.waitFor(reached, TIMEOUT_S);
    const wallMs = performance.now() - started;
    const { totalMs, mainMs } = used(guestProcess.cpu());
    const { peak } = guestProcess.memory();
    const counters = await guestProcess.counters();
    return { cpuMs: totalMs, otherThreadsMs: totalMs - mainMs, wallMs, residentMiB: peak, counters, profile: profiled ? await guestProcess.profiled() : undefined };
  } finally {
    await guestProcess.stop();
  }
}

await command(async () => {
  const options = parseOptions({
    accel: { type: 'string', default: 'tci,jit' }, target: { type: 'string', default: 'init,prompt' }, runs: { type: 'string', default: '3' },
    core: { type: 'string', default: '1' }, json: { type: 'string' }, keep: { type: 'boolean' }, 'no-profile': { type: 'boolean' },
  }, USAGE);
  const guest = buildGuest(RECIPES.cloud, { log: (line) => console.error(line) });
  const accels = names(options.accel, ENGINES, 'engine');
  const engines: Engine[] = [...(qemuVersion() ? ['qemu' as const] : []), ...accels.filter((e) => e !== 'qemu')];
  const targets = names(options.target, Object.keys(TARGETS) as Target[], 'target');
  const facts = { date: new Date().toISOString(), commit: commit(), ...hostFacts(), qemu: qemuVersion() };
  console.log(`${facts.cpu}, Node ${facts.node}, QEMU ${facts.qemu ?? 'missing'}, commit ${facts.commit}; best of ${options.runs}\n`);
  const results: Record<string, Record<string, Boot>> = {};
  for (const target of targets) {
    const best: Partial<Record<Engine, Boot>> = {};
    for (let run = 0; run < Number(options.runs); run++) {
      for (const engine of engines) {
        const once = await boot(engine, target, guest, Number(options.core));
        if (!best[engine] || once.cpuMs < best[engine].cpuMs) best[engine] = once;
      }
    }
    results[target] = best;
    console.log(`${TARGETS[target].what}\n${indent(table([
      ['', 'CPU s', 'x QEMU', 'wall s', 'M instructions', 'MIPS', 'other threads', 'MiB'],
      ...engines.map((engine) => row(engine, best[engine]!, best.qemu)),
    ]))}\n`);
    if (options['no-profile']) continue;
    for (const engine of engines.filter((e) => e !== 'qemu')) {
      const profiled = await boot(engine, target, guest, Number(options.core), true);
      best[engine] = { ...best[engine]!, profile: profiled.profile };
      console.log(`${indent(describe(engine, profiled))}\n`);
    }
  }
  const result = { ...facts, boot: results };
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 1)}\n`);
  if (options.keep) console.log(`kept as ${keep('boot', result)}`);
});

function row(engine: Engine, boot: Boot, qemu: Boot | undefined): string[] {
  const millions = boot.counters ? boot.counters.instructions / 1e6 : undefined;
  return [
    engine, show(boot.cpuMs / 1000), qemu ? show(boot.cpuMs / qemu.cpuMs) : '-', show(boot.wallMs / 1000), show(millions),
    show(millions === undefined ? undefined : millions / (boot.cpuMs / 1000)), `${show(100 * boot.otherThreadsMs / boot.cpuMs)} %`, show(boot.residentMiB),
  ];
}

/** Where the time went, in a run of its own. */
function describe(engine: Engine, { cpuMs, otherThreadsMs, counters, profile }: Boot): string {
  const seconds = (ms: number): string => `${show(ms / 1000)} s`;
  const lines = [`${engine}, where ${seconds(cpuMs)} of CPU time went (with the profiler): ${phases(profile!)}, other threads (V8's compilers and collectors) ${seconds(otherThreadsMs)}`];
  if (counters) lines.push(`  ${counters.translatedTbs} TBs translated, ${counters.invalidatedTbs} invalidated, ${counters.codeWrites} writes to code; exits ${exits(counters)}`);
  if (counters?.jit) lines.push(`  ${compiled(counters.jit)}`);
  lines.push(`  most in: ${profile!.top.map(([name, ms]) => `${name} ${seconds(ms)}`).join(', ')}`);
  return lines.join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
