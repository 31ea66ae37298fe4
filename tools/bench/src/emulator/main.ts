/**
 * Our emulator as a measured process: QEMU's options, the guest's serial line on standard input and output, and counters over Node's IPC
 * channel when the parent asks (any message; the answer is a `Counters`). With `EMU_BENCH_PROFILE` set, the engine also measures its phases.
 */
import { createMachine, parseQemuArgs, type Machine } from '@emu/machine';
import { nodeHost, writeAll } from '@emu/machine/node';
import { counters } from './counters.ts';

const { options } = parseQemuArgs(process.argv.slice(2));
const stdio = {
  write: (bytes: Uint8Array): void => writeAll(1, bytes),
  onInput: (listener: (bytes: Uint8Array) => void): void => void process.stdin.on('data', (bytes: Buffer) => listener(bytes)),
};
const machine: Machine = await createMachine(options, nodeHost({ dataDirs: options.dataDirs, stdio, logFile: options.logFile }));
machine.engine.stats.timing = process.env['EMU_BENCH_PROFILE'] !== undefined;
process.on('message', () => void process.send?.(counters(machine)));
process.on('SIGTERM', () => process.exit(0)); // an orderly end, so that --cpu-prof writes its file
await machine.run();
process.stdin.destroy();
if (process.connected) process.disconnect();
