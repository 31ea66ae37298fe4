/** The text of `--help`, made from the option table, so that it lists what there is. */
import { cpuHelp } from './cpu-help.ts';
import { canonicalDriver, DRIVERS } from './device.ts';
import { OptionError } from './errors.ts';
import { OPTIONS, type Topic } from './table.ts';
import { DEFAULT_ACCEL, type LogItem } from './types.ts';

const TOPICS: Readonly<Record<Topic, string>> = {
  machine: 'CPU, memory and machine type', boot: 'kernel and firmware', disks: 'disks', devices: 'other devices',
  console: 'serial ports and the terminal', run: 'time, reset and power-off', debug: 'logs', general: 'everything else',
};

const KEYS = `In the terminal of -nographic:
  Ctrl-A h   this list
  Ctrl-A x   end the emulator
  Ctrl-A c   switch between the serial port and the monitor
  Ctrl-A b   send a break
  Ctrl-A Ctrl-A   send Ctrl-A`;

const EXAMPLE = `Example:
  emu-system-x86_64 -nographic -m 512M -kernel pack/bzImage -initrd pack/initrd \\
    -drive if=virtio,format=raw,file=pack/rootfs.bin -append 'console=ttyS0 root=/dev/vda'`;

const LOG_HELP: Readonly<Record<LogItem, string>> = {
  in_asm: 'guest instructions of each TB that is translated',
  op: 'its IR',
  out_asm: 'WebAssembly of each region that is compiled',
  int: 'interrupts and exceptions, with the registers',
  cpu_reset: 'registers before a reset',
  guest_errors: 'what the guest asks of a device that the device does not have',
  unimp: 'what a device has and this emulator has not',
};

/** What is no section of the whole, but asked for with "help" as an option's argument. */
const LISTS: Readonly<Record<string, () => string>> = {
  device: () => ['Devices for -device:', ...Object.entries(DRIVERS).map(([name, d]) => row(name, d.summary))].join('\n'),
  cpu: cpuHelp,
  types: () => ['Supported machines are:', row('pc', 'standard PC (i440FX + PIIX3)'), row('pc-i440fx-N.N', 'the same')].join('\n'),
  accel: () => [
    'Accelerators:', row('tci', 'interpreter'), row('jit', 'interpreter, and a compiler to WebAssembly for code that runs often'), row('tcg', `the default of them: ${DEFAULT_ACCEL}`),
  ].join('\n'),
  log: () => ['Log items (comma separated):', ...Object.entries(LOG_HELP).map(([item, help]) => row(item, help))].join('\n'),
  keys: () => KEYS,
};

/** Help on one topic, option or device; '' for all. @throws OptionError that lists the topics. */
export function helpText(topic: string): string {
  if (topic === '') return [USAGE, ...Object.keys(TOPICS).map((t) => section(t as Topic)), KEYS, EXAMPLE].join('\n\n');
  if (Object.hasOwn(LISTS, topic)) return LISTS[topic]!();
  if (Object.hasOwn(TOPICS, topic)) return section(topic as Topic);
  const driver = canonicalDriver(topic);
  if (driver) return row(driver, DRIVERS[driver].summary);
  const name = [topic, topic.replace(/^--?/, ''), `-${topic.replace(/^--?/, '')}`].find((n) => Object.hasOwn(OPTIONS, n));
  if (name !== undefined) return optionRow(name);
  throw new OptionError(`--help ${topic}: no such topic; use ${[...Object.keys(TOPICS), ...Object.keys(LISTS)].join(', ')}, or an option's name`);
}

const USAGE = 'usage: emu-system-x86_64 [options]\nA PC that boots unmodified x86-64 systems; options as QEMU has them. --help TOPIC shows one part, --help NAME one option.';

function section(topic: Topic): string {
  return [`${topic}: ${TOPICS[topic]}`, ...Object.keys(OPTIONS).filter((name) => OPTIONS[name]!.topic === topic).map(optionRow)].join('\n');
}

function optionRow(name: string): string {
  const { form, help } = OPTIONS[name]!;
  return row(`-${name}${form ? ` ${form}` : ''}`, help);
}

const WIDTH = 30;
const row = (left: string, right: string): string => (left.length < WIDTH ? `  ${left.padEnd(WIDTH)}${right}` : `  ${left}\n  ${' '.repeat(WIDTH)}${right}`);
