/**
 * `npm start`: builds the guest when needed and boots it.
 *
 *     start                          a shell in the terminal; Ctrl-A x leaves
 *     start --run 'CMD'              CMD's output on stdout, its exit status as ours
 *     start [--recipe NAME] [--persist | --snapshot] [--build-only] [--emulator PROGRAM] [EMULATOR OPTIONS...]
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest } from './build.ts';
import { GuestError } from './errors.ts';
import { interactive, runInGuest, type EmulatorCommand } from './launch.ts';
import { RECIPES, recipe } from './recipes.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const OURS: EmulatorCommand = [process.execPath, join(ROOT, 'apps/cli/bin/emu-system-x86_64.mjs')];

export interface StartOptions {
  run?: string;
  recipe: string;
  /** null: as usual, which keeps an interactive guest's writes and drops those of --run. */
  persist: boolean | null;
  buildOnly: boolean;
  help: boolean;
  timeoutS?: number;
  append?: string;
  emulator: EmulatorCommand;
  extra: string[];
}

/** Our own options; everything else goes to the emulator. @throws GuestError when a value is missing. */
export function parseStart(argv: readonly string[], emulator: EmulatorCommand = OURS): StartOptions {
  const options: StartOptions = { recipe: 'cloud', persist: null, buildOnly: false, help: false, emulator, extra: [] };
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i]!;
    const value = (): string => {
      const next = argv[++i];
      if (next === undefined) throw new GuestError(`${arg} needs a value; see --help`);
      return next;
    };
    if (arg === '--run') options.run = value();
    else if (arg === '--recipe') options.recipe = value();
    else if (arg === '--kernel-args') options.append = value();
    else if (arg === '--timeout') options.timeoutS = seconds(value());
    else if (arg === '--emulator') options.emulator = [value()];
    else if (arg === '--persist') options.persist = true;
    else if (arg === '--snapshot') options.persist = false;
    else if (arg === '--build-only') options.buildOnly = true;
    else if (arg === '--help') options.help = true;
    else if (arg !== '--') options.extra.push(arg);
  }
  return options;
}

function seconds(text: string): number {
  const n = Number(text);
  if (n > 0) return n;
  throw new GuestError(`--timeout ${text} is no number of seconds; use for example --timeout 120`);
}

const HELP = `usage: npm start -- [options] [emulator options]

  --run CMD          boot, run CMD in the guest's shell, print its output alone, exit with its status
  --recipe NAME      ${Object.values(RECIPES).map((r) => `${r.name}: ${r.summary}`).join('\n                     ')}
  --persist          keep what --run writes to the disk (an interactive guest keeps it anyway)
  --snapshot         drop what an interactive guest writes to the disk
  --kernel-args STR  more words for the kernel command line
  --timeout S        with --run: give up after S seconds
  --build-only       build the guest and print where it is
  --emulator PROG    use another program with QEMU's options, for comparison

Everything else goes to the emulator: npm start -- -m 1G -d int -D log.txt`;

/** The exit status. */
export async function start(argv: readonly string[]): Promise<number> {
  const options = parseStart(argv);
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const guest = buildGuest(recipe(options.recipe), { log: (line) => console.error(line) });
  const { emulator, extra, append } = options;
  if (options.buildOnly) {
    console.log(guest.dir);
    return 0;
  }
  if (options.run === undefined) return interactive({ emulator, guest, extra, append, persist: options.persist ?? true });
  return runInGuest({
    emulator, guest, extra, append, persist: options.persist ?? false, command: options.run, timeoutS: options.timeoutS,
    stdout: (bytes) => void process.stdout.write(bytes), stderr: (bytes) => void process.stderr.write(bytes),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await start(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    console.error(`emu: ${error.message}`);
    process.exitCode = 1;
  }
}
