/**
 * Our emulator as a measured process: QEMU's options, the guest's serial line on standard input and output. Over Node's IPC channel the
 * parent asks: `counters` is answered by `Counters`, `profile` starts the profiler (answer: true), `profiled` ends it (answer: `Profile`).
 * With `EMU_BENCH_PROFILE` set, the profiler starts before the machine is made.
 */
import { setFlagsFromString } from 'node:v8';
import { createMachine, parseQemuArgs, type Machine } from '@emu/machine';
import { nodeHost, writeAll } from '@emu/machine/node';
import { counters } from './counters.ts';
import { ProfileSession } from './profile.ts';

setFlagsFromString('--semi-space-growth-factor=1');

const { options } = parseQemuArgs(process.argv.slice(2));
const stdio = {
  write: (bytes: Uint8Array): void => writeAll(1, bytes),
  onInput: (listener: (bytes: Uint8Array) => void): void => void process.stdin.on('data', (bytes: Buffer) => listener(bytes)),
};
const profile = new ProfileSession();
if (process.env['EMU_BENCH_PROFILE'] !== undefined) await profile.start();
const machine: Machine = await createMachine(options, nodeHost({ dataDirs: options.dataDirs, stdio, logFile: options.logFile }));
const ANSWERS: Record<string, () => unknown> = {
  counters: () => counters(machine),
  profile: async () => { await profile.start(); return true; },
  profiled: () => profile.stop(),
};
process.on('message', async (question: string) => void process.send?.(await ANSWERS[question]!() as object));
process.on('SIGTERM', () => process.exit(0)); // an orderly end, so that --cpu-prof writes its file
await machine.run();
process.stdin.destroy();
if (process.connected) process.disconnect();
