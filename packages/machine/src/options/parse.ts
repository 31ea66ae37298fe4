/** `parseQemuArgs`: QEMU's command line as a description of a machine. */
import { resolveChar, type CharRef } from './chardev.ts';
import { OptionError } from './errors.ts';
import { INSTEAD, UNSUPPORTED } from './known.ts';
import { OPTIONS, resolveDevices, type Draft } from './table.ts';
import { DEFAULT_OPTIONS, type CharSource, type DeviceOptions, type MachineOptions } from './types.ts';

export interface ParsedArgs {
  readonly options: MachineOptions;
  /** `--stats`. */
  readonly stats: boolean;
  /** The help topic that was asked for ('' for all); then nothing should run. */
  readonly help?: string;
  readonly version: boolean;
}

/**
 * Takes the arguments after the program name. Options may start with one dash or two; a later one wins over an earlier one.
 * @throws OptionError on anything unknown, unsupported or malformed: one line that names the option and what to do.
 */
export function parseQemuArgs(argv: readonly string[]): ParsedArgs {
  const draft: Draft = {
    driveTexts: [], deviceTexts: [], globalTexts: [], serialRefs: [], chars: {}, fw: [], dirs: [],
    snapshot: false, nographic: false, nodefaults: false, stats: false, version: false,
  };
  for (let i = 0; i < argv.length; i++) {
    const { row, spelled, name } = lookUp(argv[i]!);
    const next = argv[i + 1];
    if (row.form === undefined) row.apply(draft, '');
    else if (name === 'help') row.apply(draft, next !== undefined && !next.startsWith('-') ? argv[++i]! : '');
    else if (next === undefined) throw new OptionError(`${spelled} needs an argument: ${spelled} ${row.form}`);
    else row.apply(draft, argv[++i]!);
  }
  return { options: finish(draft), stats: draft.stats, help: draft.help, version: draft.version };
}

function lookUp(argument: string) {
  if (!argument.startsWith('-')) throw new OptionError(`"${argument}" is no option; a disk image is given with -drive if=virtio,format=raw,file=${argument}`);
  for (const name of [argument.slice(1), argument.replace(/^--?/, '')]) {
    const row = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (row) return { row, name, spelled: argument };
  }
  const name = argument.replace(/^--?/, '');
  if (UNSUPPORTED.has(name)) throw new OptionError(`${argument}: this option of QEMU's is not supported; ${INSTEAD[name] ?? 'leave it out (--help lists the options)'}`);
  throw new OptionError(`${argument}: there is no such option; --help lists the options`);
}

function finish(draft: Draft): MachineOptions {
  const { driveTexts: _d, deviceTexts: _v, globalTexts: _g, serialRefs: _s, monitorRef: _m, debugconRef: _c, chars, fw, dirs, snapshot: _n,
    nographic: _o, nodefaults: _u, stats: _t, help: _h, version: _r, ...given } = draft;
  const consoles = resolveConsoles(draft);
  const { drives, devices } = resolveDevices(draft);
  const debugcon = draft.debugconRef ? [debugconDevice(draft.debugconRef, chars)] : [];
  return {
    ...DEFAULT_OPTIONS, ...given, ...consoles, drives, devices: [...devices, ...debugcon], chardevs: chars, fwCfg: fw, dataDirs: dirs,
  };
}

/**
 * Serial ports and monitor as QEMU deals them out: `-nographic` puts the first serial port and the monitor on the terminal where
 * neither was given another place. There is no window, so without any of these options the terminal is the first serial port.
 */
function resolveConsoles(draft: Draft): Pick<MachineOptions, 'serials' | 'monitor'> {
  const resolve = (ref: CharRef, option: string): CharSource => resolveChar(ref, draft.chars, option);
  const monitor: CharSource = draft.monitorRef ? resolve(draft.monitorRef, '-monitor') : { type: 'none' };
  let serials = draft.serialRefs.map((ref) => resolve(ref, '-serial'));
  if (serials.length === 0 && (draft.nographic || !draft.nodefaults)) serials = [{ type: 'stdio', mux: draft.monitorRef === undefined }];
  const users = [...serials, monitor, ...Object.values(draft.chars).filter((c) => !serials.includes(c))].filter((c) => c.type === 'stdio');
  if (users.length > 1) throw new OptionError('stdio is given to more than one of -serial, -monitor and -chardev; only one can have the terminal (mon:stdio shares it)');
  return { serials, monitor };
}

/** `-debugcon` is an isa-debugcon at port 0xe9 with a character device of its own. */
function debugconDevice(ref: CharRef, chars: Record<string, CharSource>): DeviceOptions {
  const id = 'debugcon';
  chars[id] = resolveChar(ref, chars, '-debugcon');
  return { driver: 'isa-debugcon', iobase: 0xe9, chardev: id };
}
