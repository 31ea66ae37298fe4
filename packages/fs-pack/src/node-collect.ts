/** Which files of the host go into an Emscripten pack, and under which names: `--preload SRC[@DST]` and `--exclude`, as
 *  `file_packager.py` has them. Directory symlinks are not followed, file symlinks are. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { posix } from 'node:path';
import { messageOf, PackError } from './errors.ts';
import { fnmatch } from './fnmatch.ts';
import { checkPackPath, checkPackTree } from './paths.ts';

export interface CollectedFile {
  /** Path on the host. */
  readonly source: string;
  /** Absolute name in the pack. */
  readonly filename: string;
}

export interface Collection {
  readonly files: readonly CollectedFile[];
  /** Things that the user should hear of and that stop nothing. */
  readonly warnings: readonly string[];
}

export interface CollectOptions {
  /** `SRC` or `SRC@DST`; `@@` is a plain `@`. Order matters: the first source of a name wins. */
  readonly preload: readonly string[];
  /** `fnmatch` patterns over source paths as given or found. */
  readonly exclude?: readonly string[];
}

/** Throws `PackError` of reason `usage` or `missing`. */
export function collectFiles({ preload, exclude = [] }: CollectOptions): Collection {
  const warnings: string[] = [];
  const files = new Map<string, CollectedFile>();
  const excluded = (path: string) => exclude.some((pattern) => fnmatch(path, pattern));
  for (const argument of preload) {
    const { source, target } = splitMapping(argument);
    for (const found of expand(source, excluded)) {
      const filename = target === undefined ? nameInPlace(found.path) : nameUnder(target, found);
      const before = files.get(filename);
      if (!before) files.set(filename, { source: found.path, filename });
      else if (realpathSync(before.source) !== realpathSync(found.path)) {
        warnings.push(`'${filename}' comes from '${before.source}' and '${found.path}'; the first is taken`);
      }
    }
  }
  checkPackTree([...files.keys()].map((name) => checkPackPath(name)));
  return { files: [...files.values()], warnings };
}

/** Splits at the `@` that is not doubled. */
export function splitMapping(argument: string): { source: string; target: string | undefined } {
  const at = argument.replaceAll('@@', '\u0000\u0000').indexOf('@');
  const plain = (text: string) => text.replaceAll('@@', '@');
  if (at < 0) return { source: plain(argument), target: undefined };
  const target = plain(argument.slice(at + 1));
  if (target.includes('@')) throw new PackError('usage', `--preload '${argument}': more than one '@'; write @@ for an @ in a name`);
  return { source: plain(argument.slice(0, at)), target };
}

interface Found {
  readonly path: string;
  /** Under the directory that was named; `undefined` if a file was named. */
  readonly below: string | undefined;
}

function* expand(source: string, excluded: (path: string) => boolean): Generator<Found> {
  if (excluded(source)) return;
  if (!statOf(source).isDirectory()) yield { path: source, below: undefined };
  else yield* walk(source, source, excluded);
}

function* walk(root: string, directory: string, excluded: (path: string) => boolean): Generator<Found> {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (excluded(path)) continue;
    if (entry.isDirectory()) yield* walk(root, path, excluded);
    else if (!entry.isSymbolicLink() || !statOf(path).isDirectory()) yield { path, below: relative(root, path).split(sep).join('/') };
  }
}

function statOf(path: string) {
  try {
    const stat = statSync(path);
    if (stat.isFile() || stat.isDirectory()) return stat;
  } catch (error) {
    throw new PackError('missing', `'${path}' cannot be packed: ${messageOf(error)}`, { cause: error });
  }
  throw new PackError('usage', `'${path}' is neither a file nor a directory; leave it out with --exclude`);
}

/** Without a target, a file keeps its place below the current directory, which is the root that the program sees. */
function nameInPlace(path: string): string {
  const place = relative(realpathSync('.'), realpathSync(path)).split(sep).join('/');
  if (place.startsWith('../')) {
    throw new PackError('usage', `'${path}' is outside the current directory, which becomes the root of the pack; map it with ${path}@/name`);
  }
  return `/${place}`;
}

function nameUnder(target: string, { path, below }: Found): string {
  const directory = target.endsWith('/') || target === '' ? posix.basename(path.split(sep).join('/')) : '';
  return posix.normalize(`/${target}/${below ?? directory}`).replace(/\/$/, '');
}
