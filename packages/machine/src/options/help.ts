/** The text of `--help`, made from the option table, so that it lists what there is. */
import { cpuHelp } from './cpu-help.ts';
import { DRIVERS } from './device.ts';
import { OptionError } from './errors.ts';
import { OPTIONS, type Topic } from './table.ts';

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

/** Help on one topic; '' for all. @throws OptionError that lists the topics. */
export function helpText(topic: string): string {
  if (topic === 'device') return ['Devices for -device:', ...Object.entries(DRIVERS).map(([name, d]) => row(name, d.summary))].join('\n');
  if (topic === 'cpu') return cpuHelp();
  if (topic === 'keys') return KEYS;
  if (topic === '') return [USAGE, ...Object.keys(TOPICS).map((t) => section(t as Topic)), KEYS, EXAMPLE].join('\n\n');
  if (Object.hasOwn(TOPICS, topic)) return section(topic as Topic);
  throw new OptionError(`--help ${topic}: no such topic; use ${[...Object.keys(TOPICS), 'device', 'cpu', 'keys'].join(', ')}`);
}

const USAGE = 'usage: emu-system-x86_64 [options]\nA PC that boots unmodified x86-64 systems; options as QEMU has them. --help TOPIC shows one part.';

function section(topic: Topic): string {
  const rows = Object.entries(OPTIONS).filter(([, o]) => o.topic === topic);
  return [`${topic}: ${TOPICS[topic]}`, ...rows.map(([name, o]) => row(`-${name}${o.form ? ` ${o.form}` : ''}`, o.help))].join('\n');
}

const WIDTH = 30;
const row = (left: string, right: string): string => (left.length < WIDTH ? `  ${left.padEnd(WIDTH)}${right}` : `  ${left}\n  ${' '.repeat(WIDTH)}${right}`);
