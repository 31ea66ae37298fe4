/** What a user may change without writing arguments: edits of the argument list, so that the command line shown is the one that runs. */

export interface Settings {
  /** As `-m` takes it: `512M`. */
  readonly memory?: string;
  /** Kernel command line. */
  readonly append?: string;
  /** As `-accel` takes it. */
  readonly accel?: string;
  /** Names of files that were given to the machine. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly disk?: string;
}

/** The arguments with the settings applied; without any they are what they were. */
export function applySettings(argv: readonly string[], settings: Settings): string[] {
  const { memory, append, accel, kernel, initrd, disk } = settings;
  let result = [...argv];
  if (memory !== undefined) result = setOption(result, 'm', memory);
  if (accel !== undefined) result = setOption(result, 'accel', accel);
  if (kernel !== undefined) result = setOption(result, 'kernel', kernel);
  if (initrd !== undefined) result = setOption(result, 'initrd', initrd);
  else if (kernel !== undefined) result = dropOption(result, 'initrd'); // the old one is for the old kernel's modules
  if (append !== undefined) result = setOption(result, 'append', append);
  if (disk !== undefined) result = setDisk(result, disk);
  return result;
}

/** The value of the last `-name`. */
export function optionValue(argv: readonly string[], name: string): string | undefined {
  const at = argv.findLastIndex((arg) => isOption(arg, name));
  return at < 0 ? undefined : argv[at + 1];
}

/** `-m 512M` in mebibytes, as QEMU reads it: a plain number is mebibytes. */
export function memoryMiB(text: string | undefined): number {
  const [, number, unit = 'm'] = /^(?:size=)?(\d+)([kmgKMG]?)/.exec(text ?? '') ?? [];
  if (number === undefined) return 128;
  const factor = { k: 1 / 1024, m: 1, g: 1024 }[unit.toLowerCase() || 'm'] ?? 1;
  return Number(number) * factor;
}

/** The command line as a shell takes it. */
export function commandLine(argv: readonly string[]): string {
  return ['qemu-system-x86_64', ...argv].map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** Words as a shell splits them: blanks outside quotes, `\` before a character that is meant as it is. */
export function splitCommandLine(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/g)) {
    words.push(word.replace(/\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g, (_all, escaped?: string, single?: string, double?: string) =>
      escaped ?? single ?? double!.replace(/\\(["\\$`])/g, '$1')));
  }
  return words;
}

const isOption = (arg: string, name: string): boolean => arg === `-${name}` || arg === `--${name}`;

function setOption(argv: readonly string[], name: string, value: string): string[] {
  const at = argv.findLastIndex((arg) => isOption(arg, name));
  return at < 0 ? [...argv, `-${name}`, value] : argv.with(at + 1, value);
}

function dropOption(argv: readonly string[], name: string): string[] {
  return argv.filter((arg, i) => !isOption(arg, name) && !isOption(argv[i - 1] ?? '', name));
}

/** Puts a disk into the place of the first drive, else adds it. */
function setDisk(argv: readonly string[], name: string): string[] {
  const value = name.replaceAll(',', ',,');
  const at = argv.findIndex((arg) => isOption(arg, 'drive'));
  if (at < 0) return [...argv, '-drive', `if=virtio,format=raw,file=${value}`];
  const parts = (argv[at + 1] ?? '').split(/(?<!,),(?!,)/);
  const others = parts.filter((part) => !part.startsWith('file=') && !part.startsWith('format=') && part.includes('='));
  return argv.with(at + 1, [...others, 'format=raw', `file=${value}`].join(','));
}
