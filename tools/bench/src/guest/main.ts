/**
 * `pnpm bench:guest`: programs inside the same Linux guest on our engines, on native QEMU TCG and on this processor, all booted at once, pinned to
 * one host core, taking turns. What counts is the emulator's CPU time (user + system, all threads), read from outside; the best of
 * several runs; geometric means by class. "x" is speed relative to QEMU: 2.0 is twice as fast.
 *     --only crc32,sieve    programs (default: all); --class integer,sse
 *     --accel tci,jit       ours (default: both)
 *     --bits 64,32          64-bit guests and programs, or a 32-bit kernel with 32-bit builds, there also --v86
 *     --browser             ours also in a page of headless Chromium (64-bit)
 *     --no-qemu --no-host   leave one out
 *     --profile             where ours spends its time in each program, in one more run
 *     --runs 3 --ms 1000    runs that count, and CPU time of each
 *     --core 1 --json FILE --keep
 */
import { writeFileSync } from 'node:fs';
import { command, names, parseOptions } from '../arguments.ts';
import { exits, phases } from '../describe.ts';
import { browser, emulator, v86, type EmulatorCommand } from '../emulators.ts';
import { keep } from '../history.ts';
import { commit, hostFacts, qemuVersion } from '../host.ts';
import { besideNode } from './beside-node.ts';
import { benchGuest, type BenchGuest } from './initramfs.ts';
import { measure, type Measured } from './measure.ts';
import { CLASSES, PROGRAMS, programsOf, type Program } from './programs.ts';
import { report, type Row, type SessionFacts } from './report.ts';
import { Session } from './session.ts';

const USAGE = 'usage: pnpm bench:guest [--only NAMES] [--class NAMES] [--accel tci,jit] [--bits 64,32] [--v86] [--browser] [--no-qemu] [--no-host] [--profile] [--runs N] [--ms N] [--core N] [--json FILE] [--keep]';

await command(async () => {
  const options = parseOptions({
    only: { type: 'string' }, class: { type: 'string' }, accel: { type: 'string', default: 'tci,jit' }, bits: { type: 'string', default: '64' }, v86: { type: 'boolean' }, browser: { type: 'boolean' },
    'no-qemu': { type: 'boolean' }, 'no-host': { type: 'boolean' }, profile: { type: 'boolean' }, runs: { type: 'string', default: '3' }, ms: { type: 'string', default: '1000' },
    core: { type: 'string', default: '1' }, json: { type: 'string' }, keep: { type: 'boolean' },
  }, USAGE);
  const accels = names(options.accel, ['tci', 'jit'] as const, 'engine');
  const classes = options.class ? names(options.class, CLASSES, 'class') : CLASSES;
  const only = options.only ? names(options.only, PROGRAMS.map((p) => p.name), 'program') : PROGRAMS.map((p) => p.name);
  const core = Number(options.core);
  const facts = { date: new Date().toISOString(), commit: commit(), ...hostFacts(), qemu: qemuVersion() };
  console.log(`${facts.cpu}, Node ${facts.node}, QEMU ${facts.qemu ?? 'missing'}, commit ${facts.commit}; best of ${options.runs} runs of ${options.ms} ms`);
  const results: Record<string, object> = {};
  for (const bits of names(options.bits, ['64', '32'] as const, 'width').map(Number) as (64 | 32)[]) {
    const guest = benchGuest(bits, (line) => console.error(line));
    const programs = programsOf(bits).filter((p) => only.includes(p.name) && classes.includes(p.class));
    const emulators = [
      ...(options['no-qemu'] || facts.qemu === undefined ? [] : [emulator('qemu', guestOptions(guest), [], bits === 64 ? 'qemu-system-x86_64' : 'qemu-system-i386')]),
      ...accels.map((accel) => emulator(accel, guestOptions(guest))),
      ...(options.browser && bits === 64 ? accels.map((accel) => browser(accel, guestOptions(guest))) : []),
      ...(options.v86 && bits === 32 ? [v86(guest)] : []),
    ];
    results[`bits${bits}`] = await measureAll(guest, programs, emulators, { core, host: !options['no-host'], profile: options.profile ?? false, runs: Number(options.runs), targetMs: Number(options.ms) });
  }
  const result = { ...facts, ...results };
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 1)}\n`);
  if (options.keep) console.log(`kept as ${keep(options.browser ? 'browser' : 'guest', result)}`);
});

function guestOptions({ kernel, initrd }: BenchGuest): string[] {
  return ['-m', '512M', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot', '-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet'];
}

interface Settings { core: number; host: boolean; profile: boolean; runs: number; targetMs: number }

async function measureAll(guest: BenchGuest, programs: readonly Program[], emulators: readonly EmulatorCommand[], settings: Settings): Promise<object> {
  const { core } = settings;
  const host = await Session.start({ name: 'host', counts: 'nothing', argv: [`${guest.directory}/driver`, `${guest.directory}/`] }, core, true);
  const sessions: Session[] = [];
  try {
    for (const one of emulators) sessions.push(await Session.start(one, core));
    const measured = [...(settings.host ? [host] : []), ...sessions];
    const rows: Row[] = [];
    console.log(`\n${guest.bits}-bit guest`);
    for (const program of programs) {
      const by = await measure(program, measured, host, settings);
      rows.push({ program, by: Object.fromEntries([...by].map(([session, result]) => [session.name, result])) });
      console.error(`  ${program.name} ${[...by].map(([s, r]) => `${s.name} ${r instanceof Error ? r.message : r.cpuMs.toPrecision(3)}`).join(', ')}`);
      if (settings.profile) for (const session of sessions) await printProfile(session, program, by.get(session));
    }
    const facts: SessionFacts[] = await Promise.all(sessions.map(async (s) => ({ name: s.name, bootMs: s.boot.totalMs, residentMiB: s.memory(), counters: await s.counters() })));
    const { text, json } = report(rows, measured.map((s) => s.name), facts);
    console.log(text);
    const pages = besideNode(rows, measured.map((s) => s.name));
    if (pages !== '') console.log(`\n${pages}`);
    return json;
  } finally {
    for (const session of [host, ...sessions]) await session.stop();
  }
}

async function printProfile(session: Session, { name }: Program, measured: Measured | Error | undefined): Promise<void> {
  if (measured === undefined || measured instanceof Error) return;
  const got = await session.profile(name, measured.size);
  if (!got) return;
  const { profile, before, after } = got;
  const more = Object.fromEntries(Object.entries(after.exits).map(([reason, n]) => [reason, n - (before.exits[reason] ?? 0)]));
  const retranslated = after.translatedTbs - before.translatedTbs;
  console.log(`  ${name} on ${session.name}: ${phases(profile)}; ${retranslated} TBs translated; exits ${exits({ ...after, exits: more })}`);
  console.log(`    most in: ${profile.top.slice(0, 6).map(([place, ms]) => `${place} ${ms.toFixed(0)} ms`).join(', ')}`);
}
