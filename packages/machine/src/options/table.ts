/**
 * The command line's options, one row each: form, topic for `--help`, a line of help, and what it does. QEMU's names and meanings
 * (QEMU 7.2 invocation manual); options that exist only here are written with two dashes.
 */
import { parseChardev, parseCharWord, type CharRef } from './chardev.ts';
import { driverOf, parseDevice, parseGlobal } from './device.ts';
import { parseDrive } from './drive.ts';
import { OptionError } from './errors.ts';
import { SubOptions } from './suboptions.ts';
import { DEFAULT_ACCEL, LOG_ITEMS, type AccelOptions, type CharSource, type DeviceDriver, type FwCfgOptions, type LogItem, type MachineOptions } from './types.ts';
import { parseBool, parseChoice, parseNumber } from './values.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What the rows fill in; `parse.ts` makes `MachineOptions` of it. */
export interface Draft extends Mutable<Partial<MachineOptions>> {
  driveTexts: string[];
  deviceTexts: string[];
  globalTexts: string[];
  serialRefs: CharRef[];
  monitorRef?: CharRef;
  debugconRef?: CharRef;
  chars: Record<string, CharSource>;
  fw: FwCfgOptions[];
  dirs: string[];
  snapshot: boolean;
  nographic: boolean;
  nodefaults: boolean;
  stats: boolean;
  /** `--help` and its kin were asked for: the topic, '' for all. */
  help?: string;
  version: boolean;
}

export type Topic = 'machine' | 'boot' | 'disks' | 'devices' | 'console' | 'run' | 'debug' | 'general';

export interface OptionRow {
  readonly topic: Topic;
  /** How the argument looks; absent: the option takes none. */
  readonly form?: string;
  readonly help: string;
  apply(draft: Draft, argument: string): void;
}

const flag = (topic: Topic, help: string, apply: (draft: Draft) => void): OptionRow => ({ topic, help, apply });
const option = (topic: Topic, form: string, help: string, apply: (draft: Draft, argument: string) => void): OptionRow => ({ topic, form, help, apply });

export const OPTIONS: Readonly<Record<string, OptionRow>> = {
  m: option('machine', '[size=]SIZE', 'RAM, for example 512M or 3G (default 128M)', (d, text) => {
    const sub = new SubOptions('-m', text, 'size');
    d.memory = sub.size('size', 'm');
    sub.end();
  }),
  cpu: option('machine', 'MODEL[,+FEATURE][,-FEATURE]', 'CPU model and changes to it; -cpu help lists them', (d, text) => {
    const [model = '', ...features] = text.split(',');
    if (model === 'help' || model === '?') d.help = 'cpu';
    d.cpu = { model, features: Object.fromEntries(features.map(parseFeature)) };
  }),
  smp: option('machine', '1', 'number of CPUs; more than one is not emulated', (d, text) => {
    const sub = new SubOptions('-smp', text, 'cpus');
    for (const key of ['cpus', 'maxcpus', 'sockets', 'dies', 'cores', 'threads']) {
      const n = sub.number(key, 1);
      if (n !== undefined && n > 1) throw new OptionError(`-smp ${key}=${n}: more than one CPU is not emulated; use -smp 1`);
    }
    sub.end();
  }),
  machine: option('machine', 'pc[,acpi=on|off][,accel=ACCEL]', 'machine type; only pc (i440FX)', applyMachine),
  M: option('machine', 'pc', 'the same as -machine', applyMachine),
  accel: option('machine', 'tci|jit|tcg[,threshold=N][,tb-size=MIB][,one-insn-per-tb=on]', `execution engine: interpreter, with compiler, or the default of them (tcg: ${DEFAULT_ACCEL})`, (d, text) => {
    if (text === 'help') {
      d.help = 'accel';
      return;
    }
    const sub = new SubOptions('-accel', text, 'accel');
    d.accel = parseAccel(sub);
    sub.end();
  }),
  'no-acpi': flag('machine', 'no ACPI tables', (d) => { d.acpi = false; }),
  'no-hpet': flag('machine', 'there is no HPET anyway', () => {}),
  rtc: option('machine', 'base=utc|localtime|DATE', "start of the guest's calendar", (d, text) => {
    const sub = new SubOptions('-rtc', text);
    const base = sub.take('base') ?? 'utc';
    d.rtc = { base: base === 'utc' || base === 'localtime' ? base : parseDate(base) };
    sub.choice('clock', ['host'] as const);
    sub.choice('driftfix', ['none'] as const);
    sub.end();
  }),
  name: option('machine', 'NAME', 'name of the guest, for messages', (d, text) => {
    const sub = new SubOptions('-name', text, 'guest');
    d.name = sub.need('guest');
    sub.end();
  }),
  nodefaults: flag('machine', 'no devices that were not asked for', (d) => { d.nodefaults = true; }),

  kernel: option('boot', 'FILE', 'bzImage, ELF with a PVH note, ELF64 or multiboot kernel', (d, file) => { d.kernel = file; }),
  initrd: option('boot', 'FILE', "the kernel's initial RAM disk, or multiboot modules: \"FILE ARGS,FILE ARGS\"", (d, file) => { d.initrd = file; }),
  append: option('boot', 'TEXT', 'kernel command line', (d, text) => { d.append = text; }),
  L: option('boot', 'DIR', 'directory where files are looked for too', (d, dir) => void d.dirs.push(dir)),
  fw_cfg: option('boot', '[name=]NAME,file=FILE|string=TEXT', 'an entry of the firmware configuration device', (d, text) => {
    const sub = new SubOptions('-fw_cfg', text, 'name');
    const name = sub.need('name');
    const string = sub.take('string');
    d.fw.push({ name, data: string === undefined ? sub.need('file') : new TextEncoder().encode(string) });
    sub.end();
  }),

  drive: option('disks', 'if=virtio,format=raw,file=FILE[,readonly=on][,snapshot=on][,cache=MODE][,discard=unmap]', 'a disk; MODE is writeback, none, writethrough, directsync or unsafe', (d, text) => void d.driveTexts.push(text)),
  snapshot: flag('disks', 'every disk keeps guest writes in memory and drops them at the end', (d) => { d.snapshot = true; }),

  device: option('devices', 'DRIVER[,PROPERTY=VALUE]', 'adds a device; -device help lists them', (d, text) => {
    const asked = /^(?:([^,]*),)?(?:help|\?)$/.exec(text);
    if (asked) d.help = asked[1] === undefined ? 'device' : driverOf(asked[1], '-device');
    else d.deviceTexts.push(text);
  }),
  global: option('devices', 'DRIVER.PROPERTY=VALUE', "default of a device's property", (d, text) => void d.globalTexts.push(text)),
  chardev: option('devices', 'stdio|null|file,id=ID[,path=FILE][,mux=on][,signal=off]', 'a named end of a character device', (d, text) => {
    const [id, source] = parseChardev(text);
    d.chars[id] = source;
  }),
  debugcon: option('devices', 'stdio|file:PATH|null', 'port 0xe9 writes there', (d, text) => { d.debugconRef = parseCharWord('-debugcon', text); }),
  seed: option('devices', 'N', 'makes the random numbers of RDRAND and virtio-rng repeatable', (d, text) => { d.seed = parseNumber(text, '-seed', 0, 2 ** 32 - 1); }),
  net: option('devices', 'none', 'there is no network device', (_, text) => void parseChoice(text, '-net', ['none'] as const)),
  nic: option('devices', 'none', 'there is no network device', (_, text) => void parseChoice(text, '-nic', ['none'] as const)),

  nographic: flag('console', 'the terminal is the first serial port, shared with the monitor', (d) => { d.nographic = true; }),
  serial: option('console', 'stdio|mon:stdio|file:PATH|null|none|chardev:ID', 'the next serial port (COM1 to COM4)', (d, text) => {
    if (d.serialRefs.length === 4) throw new OptionError('-serial: a PC has four serial ports; leave the fifth out');
    d.serialRefs.push(parseCharWord('-serial', text));
  }),
  monitor: option('console', 'none|stdio|chardev:ID', "the monitor's console", (d, text) => { d.monitorRef = parseCharWord('-monitor', text); }),
  display: option('console', 'none', 'there is no display', (_, text) => void parseChoice(text, '-display', ['none'] as const)),
  vga: option('console', 'none', 'there is no graphics adapter', (_, text) => void parseChoice(text, '-vga', ['none'] as const)),
  parallel: option('console', 'none', 'there is no parallel port', (_, text) => void parseChoice(text, '-parallel', ['none'] as const)),

  icount: option('run', '[shift=]N|auto[,sleep=on|off]', 'deterministic time: 2^N ns an instruction', (d, text) => {
    const sub = new SubOptions('-icount', text, 'shift');
    const shift = sub.take('shift') ?? 'auto';
    sub.choice('align', ['off'] as const);
    d.icount = { shift: shift === 'auto' ? 'auto' : parseNumber(shift, '-icount shift', 0, 10), sleep: sub.bool('sleep', true) };
    sub.end();
  }),
  'no-reboot': flag('run', 'a guest reset ends the emulator', (d) => { d.onReset = 'shutdown'; }),
  'no-shutdown': flag('run', 'a guest power-off pauses the emulator instead of ending it', (d) => { d.onShutdown = 'pause'; }),
  action: option('run', 'reboot=reset|shutdown,shutdown=poweroff|pause', 'what guest events do', (d, text) => {
    const sub = new SubOptions('-action', text);
    d.onReset = sub.choice('reboot', ['reset', 'shutdown'] as const) ?? d.onReset;
    d.onShutdown = sub.choice('shutdown', ['poweroff', 'pause'] as const) ?? d.onShutdown;
    sub.end();
  }),
  S: flag('run', 'start paused; the monitor\'s "cont" goes on', (d) => { d.paused = true; }),

  d: option('debug', 'ITEM,ITEM', `log ${LOG_ITEMS.join(', ')}`, (d, text) => {
    if (text === 'help') d.help = 'log';
    else d.log = [...new Set([...(d.log ?? []), ...text.split(',').map(parseLogItem)])];
  }),
  D: option('debug', 'FILE', 'log to a file instead of standard error', (d, file) => { d.logFile = file; }),

  'no-user-config': flag('general', 'there are no configuration files to leave out', () => {}),
  version: flag('general', 'print the version', (d) => { d.version = true; }),
  h: flag('general', 'the same as --help', (d) => { d.help = ''; }),
  help: { topic: 'general', form: '[TOPIC]', help: 'options of one topic, or of all', apply: (d, topic) => { d.help = topic; } },
  '-stats': flag('general', 'print speed and where time went at the end', (d) => { d.stats = true; }),
};

function applyMachine(d: Draft, text: string): void {
  if (text === 'help') {
    d.help = 'types';
    return;
  }
  const sub = new SubOptions('-machine', text, 'type');
  const type = sub.take('type') ?? 'pc';
  if (!/^(pc|pc-i440fx-\d+\.\d+)$/.test(type)) throw new OptionError(`-machine ${type}: only pc (i440FX) is emulated`);
  d.acpi = sub.bool('acpi') ?? d.acpi;
  const accel = sub.take('accel');
  if (accel !== undefined) d.accel = parseAccel(new SubOptions('-machine accel', accel, 'accel'));
  sub.choice('usb', ['off'] as const);
  sub.choice('hpet', ['off'] as const);
  sub.choice('vmport', ['off'] as const);
  sub.end();
}

function parseAccel(sub: SubOptions): AccelOptions {
  const name = sub.take('accel') ?? 'tcg';
  if (name !== 'tci' && name !== 'jit' && name !== 'tcg') throw new OptionError(`-accel ${name}: not available; use tci, jit or tcg`);
  sub.choice('thread', ['single'] as const);
  const tbSizeMiB = sub.number('tb-size', 1, 2048), oneInsn = sub.bool('one-insn-per-tb', false);
  return {
    kind: name === 'tcg' ? 'auto' : name, threshold: sub.number('threshold', 1, 2 ** 31 - 1),
    tbSizeBytes: tbSizeMiB === undefined ? undefined : tbSizeMiB * 2 ** 20, ...(oneInsn ? { oneInsnPerTb: true } : {}),
  };
}

/** `+f`, `-f`, `f`, `f=on`. */
function parseFeature(text: string): [string, boolean] {
  const signed = /^([+-])([\w.-]+)$/.exec(text);
  if (signed) return [signed[2]!, signed[1] === '+'];
  const [name = '', value = 'on'] = text.split('=');
  if (!/^[\w.-]+$/.test(name)) throw new OptionError(`-cpu: "${text}" is no feature; write +NAME or -NAME`);
  return [name, parseBool(value, `-cpu ${name}`)];
}

function parseLogItem(item: string): LogItem {
  return parseChoice(item, '-d', LOG_ITEMS);
}

function parseDate(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$/.test(text) ? Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00:00Z`) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw new OptionError(`-rtc base=${text}: use utc, localtime, or a date such as 2026-01-31T12:00:00`);
}

/** The drives and devices of a draft, once `-global` and `-snapshot` are known. */
export function resolveDevices(draft: Draft): Pick<MachineOptions, 'drives' | 'devices'> {
  const globals = new Map<DeviceDriver, string[]>();
  for (const text of draft.globalTexts) {
    const [driver, property] = parseGlobal(text);
    globals.set(driver, [...(globals.get(driver) ?? []), property]);
  }
  const drives = draft.driveTexts.map((text, i) => parseDrive(text, i, draft.snapshot));
  const own = drives.filter((d) => d.interface === 'virtio').map(({ id }) => parseDevice(`virtio-blk-pci,drive=${id.replaceAll(',', ',,')}`, globals));
  return { drives, devices: [...own, ...draft.deviceTexts.map((text) => parseDevice(text, globals))] };
}
