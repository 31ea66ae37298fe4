/** The command line `fs-pack`. Its first form is `file_packager.py`'s, word for word; the others work on packs of both formats. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { messageOf, PackError } from './errors.ts';
import { chunkFiles } from './node-chunker.ts';
import { extractFiles } from './node-extract.ts';
import { openPack } from './node-open.ts';
import { packFiles } from './node-packager.ts';
import type { PackFile } from './pack-fs.ts';

export const USAGE = `usage:
  fs-pack TARGET.data --preload SRC[@DST]... [options] > load.js    pack files as Emscripten's file_packager.py does
      --exclude PATTERN...      leave out what matches (fnmatch over source paths)
      --js-output=FILE          write the loader script there instead of to standard output
      --separate-metadata       keep the metadata in FILE.metadata
      --use-preload-cache       keep the data in IndexedDB  [--indexedDB-name=NAME]
      --use-preload-plugins     let Emscripten's plug-ins decode images and sound
      --export-name=NAME        attach to NAME instead of Module
      --no-node                 leave the code for Node out of the script
  fs-pack chunk IMAGE[@NAME]... -o DIR [--chunk-size 128K] [--level 9] [--prune]    cut images into a lazily loaded pack
  fs-pack ls PACK                        list files: size, stored size, name
  fs-pack cat PACK FILE                  write a file to standard output
  fs-pack extract PACK -o DIR [FILE...] [--force]
  fs-pack verify PACK                    read everything and check it

PACK is a directory or URL with a manifest.json, or the loader script (.js) of a .data file.
`;

/** What the command line touches of its process. */
export interface CliHost {
  readonly stdout: Writable;
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

type Command = (args: readonly string[], host: CliHost) => Promise<void>;

/** Runs one command and returns its exit status: 0, or 1 after one line on `stderr`. */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  const commands: Record<string, Command> = { chunk, ls, cat, extract, verify };
  try {
    const [first, ...rest] = argv;
    if (first === undefined || first === '--help' || first === '-h') {
      (first === undefined ? host.stderr : host.stdout).write(USAGE);
      return first === undefined ? 1 : 0;
    }
    await (Object.hasOwn(commands, first) ? commands[first]!(rest, host) : pack(argv, host));
    return 0;
  } catch (error) {
    host.stderr.write(`fs-pack: ${error instanceof PackError ? error.message : (error as Error)?.stack ?? messageOf(error)}\n`);
    return 1;
  }
}

const usage = (message: string): PackError => new PackError('usage', `${message}; see fs-pack --help`);

/** `file_packager.py`'s options: lists after `--preload` and `--exclude`, the others with `=`. */
async function pack(argv: readonly string[], host: CliHost): Promise<void> {
  const [target, ...rest] = argv;
  if (target!.startsWith('-')) throw usage(`'${target}' stands where the data file's name belongs`);
  const lists: Record<string, string[]> = { '--preload': [], '--exclude': [] };
  const values: Record<string, string | undefined> = { '--js-output': undefined, '--export-name': undefined, '--indexedDB-name': undefined };
  const flags = new Set<string>();
  // --no-force and --no-heap-copy change nothing: no output without input, and never a second copy.
  const known = ['--separate-metadata', '--use-preload-cache', '--use-preload-plugins', '--no-node', '--no-force', '--no-heap-copy'];
  let list: string[] | undefined;
  for (const argument of rest) {
    const [name, ...value] = argument.split('=') as [string, ...string[]];
    if (!argument.startsWith('--')) {
      if (!list) throw usage(`'${argument}' belongs to no option; is --preload missing before it?`);
      list.push(argument);
    } else if (Object.hasOwn(lists, argument)) list = lists[argument];
    else if (Object.hasOwn(values, name)) {
      if (value.length === 0) throw usage(`${name} takes its value after '='`);
      values[name] = value.join('=');
    } else if (known.includes(argument)) flags.add(argument);
    else throw refused(name);
  }
  if (lists['--preload']!.length === 0) throw usage('nothing to pack: --preload is missing');
  const { loader, warnings } = await packFiles({
    target: target!,
    preload: lists['--preload']!,
    exclude: lists['--exclude'],
    jsOutput: values['--js-output'],
    exportName: values['--export-name'],
    indexedDbName: values['--indexedDB-name'],
    separateMetadata: flags.has('--separate-metadata'),
    usePreloadCache: flags.has('--use-preload-cache'),
    usePreloadPlugins: flags.has('--use-preload-plugins'),
    noNode: flags.has('--no-node'),
  });
  for (const warning of warnings) host.stderr.write(`fs-pack: warning: ${warning}\n`);
  if (values['--js-output'] === undefined) await writeOut(host, loader);
}

/** Options of the real tool that we do not have, each with what to do instead. */
function refused(name: string): PackError {
  const advice: Record<string, string> = {
    '--lz4': 'lz4 packs are not written; leave it out and let the web server compress, or use `fs-pack chunk` for large images',
    '--embed': 'embedding is not supported; use --preload, which leaves the data in a file of its own',
    '--obj-output': 'object files are not written; use --preload',
    '--from-emcc': 'this tool is called by you, not by emcc; leave it out',
  };
  return Object.hasOwn(advice, name) ? new PackError('usage', `${name}: ${advice[name]}`) : usage(`unknown option '${name}'`);
}

interface Parsed {
  readonly words: string[];
  readonly options: Map<string, string>;
}

/** Options with values as `-o DIR` or `--name=VALUE` or `--name VALUE`; `flags` have none. */
function parse(args: readonly string[], withValue: readonly string[], flags: readonly string[] = []): Parsed {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    const [name, ...value] = argument.split('=') as [string, ...string[]];
    if (!argument.startsWith('-')) words.push(argument);
    else if (flags.includes(argument)) options.set(argument, '');
    else if (!withValue.includes(name)) throw usage(`unknown option '${name}'`);
    else if (value.length > 0) options.set(name, value.join('='));
    else if (i + 1 < args.length) options.set(name, args[++i]!);
    else throw usage(`${name} needs a value`);
  }
  return { words, options };
}

/** `128K`, `1M` or plain bytes. */
function parseSize(text: string): number {
  const [, number, unit] = /^(\d+)([KkMm]?)$/.exec(text) ?? [];
  if (number === undefined) throw usage(`'${text}' is no size; write 128K or 1M`);
  return Number(number) * { '': 1, k: 1024, m: 1024 ** 2 }[unit!.toLowerCase()]!;
}

async function chunk(args: readonly string[], host: CliHost): Promise<void> {
  const { words, options } = parse(args, ['-o', '--output', '--chunk-size', '--level'], ['--prune']);
  const output = options.get('-o') ?? options.get('--output');
  if (output === undefined) throw usage('chunk: -o DIR is missing');
  const level = Number(options.get('--level') ?? 9);
  if (!Number.isInteger(level) || level < 0 || level > 9) throw usage(`--level ${options.get('--level')}: 0 to 9`);
  let shown = 0;
  const result = await chunkFiles({
    files: words.map((word) => {
      const at = word.lastIndexOf('@');
      return at > 0 ? { source: word.slice(0, at), path: word.slice(at + 1) } : word;
    }),
    output,
    level,
    chunkBytes: options.has('--chunk-size') ? parseSize(options.get('--chunk-size')!) : undefined,
    prune: options.has('--prune'),
    onProgress: ({ path, doneBytes, totalBytes }) => {
      const percent = Math.floor((100 * doneBytes) / totalBytes);
      if (!host.stderr.isTTY || percent === shown) return;
      shown = percent;
      host.stderr.write(`\r${path}: ${percent} %${percent === 100 ? '\n' : ''}`);
    },
  });
  const { imageBytes, storedBytes, manifest, writtenChunks } = result;
  host.stderr.write(`${output}: ${imageBytes} bytes in ${manifest.chunks.length} chunks of ${storedBytes} bytes, ${writtenChunks} written now\n`);
}

/** Opens the pack that a command's first word names. */
async function withPack<T>(words: readonly string[], command: string, use: (pack: Awaited<ReturnType<typeof openPack>>) => Promise<T>): Promise<T> {
  if (words.length === 0) throw usage(`${command}: which pack?`);
  const opened = await openPack(words[0]!);
  try {
    return await use(opened);
  } finally {
    opened.close();
  }
}

async function ls(args: readonly string[], host: CliHost): Promise<void> {
  const { words } = parse(args, []);
  await withPack(words, 'ls', async ({ files, chunked }) => {
    const stored = new Map(chunked?.manifest.files.map((file) => {
      const ids = new Set(file.chunks.flatMap(([first, count]) => (first < 0 ? [] : Array.from({ length: count }, (_, i) => first + i))));
      return [file.path, [...ids].reduce((sum, id) => sum + chunked.manifest.chunks[id]![1], 0)];
    }));
    const rows = files.files.map((file) => `${String(file.size).padStart(14)} ${String(stored.get(file.path) ?? file.size).padStart(14)} ${file.path}\n`);
    await writeOut(host, rows.join(''));
  });
}

async function cat(args: readonly string[], host: CliHost): Promise<void> {
  const { words } = parse(args, []);
  if (words.length !== 2) throw usage('cat: takes a pack and one file');
  await withPack(words, 'cat', async ({ files }) => {
    await eachPiece(files.open(words[1]!), async (piece) => writeOut(host, piece.slice()));
  });
}

async function extract(args: readonly string[], host: CliHost): Promise<void> {
  const { words, options } = parse(args, ['-o', '--output'], ['--force']);
  const output = options.get('-o') ?? options.get('--output');
  if (output === undefined) throw usage('extract: -o DIR is missing');
  await withPack(words, 'extract', async ({ files }) => {
    const chosen = words.length > 1 ? words.slice(1).map((name) => files.open(name)) : files.files;
    await extractFiles(chosen, output, { overwrite: options.has('--force') });
    host.stderr.write(`${output}: ${chosen.length} files\n`);
  });
}

async function verify(args: readonly string[], host: CliHost): Promise<void> {
  const { words } = parse(args, []);
  await withPack(words, 'verify', async ({ files }) => {
    let bytes = 0;
    for (const file of files.files) await eachPiece(file, async (piece) => { bytes += piece.length; });
    host.stderr.write(`${words[0]}: ${files.files.length} files, ${bytes} bytes, all good\n`);
  });
}

const STEP_BYTES = 1024 * 1024;

/** Calls `use` with a file's contents in order; each piece is only valid during the call. */
async function eachPiece(file: PackFile, use: (piece: Uint8Array) => Promise<void>): Promise<void> {
  const buffer = new Uint8Array(Math.min(STEP_BYTES, file.size));
  for (let at = 0; at < file.size; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, file.size - at));
    await file.read(at, piece);
    await use(piece);
  }
}

async function writeOut({ stdout }: CliHost, data: string | Uint8Array): Promise<void> {
  if (!stdout.write(data)) await once(stdout, 'drain');
}
