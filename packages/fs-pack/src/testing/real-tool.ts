/** Finds Emscripten's own `file_packager.py` for the tests: installed, named by FILE_PACKAGER, or unpacked from Debian's package
 *  `emscripten` into the cache (109 MB are downloaded once). `undefined` where none can be had. Nothing of it is kept in the repository. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const INSTALLED = '/usr/share/emscripten/tools/file_packager.py';
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/file-packager');
const CACHED = join(CACHE, INSTALLED);

export function findFilePackager(): string | undefined {
  const named = process.env['FILE_PACKAGER'];
  if (named && existsSync(named)) return named;
  if (existsSync(INSTALLED)) return INSTALLED;
  if (!existsSync(CACHED)) download();
  return existsSync(CACHED) ? CACHED : undefined;
}

function download(): void {
  const work = `${CACHE}.partial-${process.pid}`;
  try {
    mkdirSync(work, { recursive: true });
    const run = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: work, timeout: 100_000 }).status === 0;
    if (!run('apt-get', 'download', 'emscripten')) return;
    const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (deb === undefined) return;
    // The packager needs only the Python files and a configuration.
    const wanted = ['tools', 'src', 'emscripten-version.txt', '.emscripten'].map((name) => `./usr/share/emscripten/${name}`);
    if (!run('sh', '-c', `dpkg-deb --fsys-tarfile ${deb} | tar x ${wanted.join(' ')}`)) return;
    rmSync(join(work, deb));
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(work, CACHE);
  } catch {
    // No Debian, no network: the tests that need the tool say that they were skipped.
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Runs the tool in `cwd`; returns what it printed. */
export function runFilePackager(tool: string, cwd: string, args: readonly string[]): { status: number; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('python3', [tool, ...args], { cwd, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  return { status: status ?? -1, stdout, stderr };
}
