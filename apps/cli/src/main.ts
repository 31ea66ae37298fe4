/** `emu-system-x86_64`: QEMU's command line in front of `createMachine`. */
import { readFileSync } from 'node:fs';
import { createMachine, EmuError, helpText, parseQemuArgs, type CharSource, type Machine, type MachineEnd, type MachineOptions, type ParsedArgs } from '@emu/machine';
import { nodeHost } from '@emu/machine/node';
import { Monitor } from './monitor.ts';
import { statsText } from './stats.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';

const NAME = 'emu-system-x86_64';
/** Signals that end the emulator in order, disks flushed and terminal restored. */
const END_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** Runs a machine as the arguments say; resolves with the exit status, as QEMU's: 0 after power-off, isa-debug-exit's status, 1 on errors. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const parsed = parseQemuArgs(argv);
    if (parsed.version) return print(`${NAME} ${version()}`);
    if (parsed.help !== undefined) return print(helpText(parsed.help));
    return await run(parsed);
  } catch (error) {
    if (!(error instanceof EmuError)) throw error;
    process.stderr.write(`${NAME}: ${error.message}\n`);
    return 1;
  }
}

async function run({ options, stats }: ParsedArgs): Promise<number> {
  const monitor = new Monitor();
  const terminal = new Terminal(terminalOptions(options), monitor);
  const machine = await createMachine(options, nodeHost({ dataDirs: options.dataDirs, stdio: terminal, logFile: options.logFile }));
  monitor.machine = machine;
  const quit = (): void => void machine.quit();
  for (const signal of END_SIGNALS) process.on(signal, quit);
  const alive = setInterval(() => {}, 2 ** 30); // a paused machine waits for its user
  try {
    terminal.start();
    if (options.monitor.type === 'stdio') terminal.openMonitor();
    return status(await ended(machine, options.paused));
  } finally {
    clearInterval(alive);
    terminal.stop();
    for (const signal of END_SIGNALS) process.off(signal, quit);
    if (stats) process.stderr.write(`\n${statsText(machine)}`);
  }
}

/** `-S`: the machine exists and waits for "cont". */
function ended(machine: Machine, paused: boolean): Promise<MachineEnd> {
  return paused ? machine.ended : machine.run();
}

function status(end: MachineEnd): number {
  return end.reason === 'debug-exit' ? end.status & 0xff : 0;
}

function terminalOptions({ serials, chardevs, monitor }: MachineOptions): TerminalOptions {
  const users = [...serials, monitor, ...Object.values(chardevs)].filter((c: CharSource) => c.type === 'stdio');
  return { used: users.length > 0, mux: users.some((c) => c.mux === true), signals: users.every((c) => c.signal !== false) };
}

function print(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
