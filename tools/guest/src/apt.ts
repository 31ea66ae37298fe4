/**
 * Fetches Debian packages with `apt-get download`, as any user: with the machine's own package lists where they are usable,
 * else with a private state directory that borrows the machine's Debian sources. Nothing is installed.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exists, run } from './command.ts';
import { GuestError, OWN_KERNEL } from './errors.ts';

/** A package as the archive describes it: control fields by name. */
export type PackageRecord = Readonly<Record<string, string>>;

export class Apt {
  readonly #cache: string;
  readonly #arch: string;
  #options: string[] = [];
  #updateError: unknown;

  /** @param cache directory for packages and private lists. @param arch Debian architecture name. */
  constructor(cache: string, arch: string) {
    if (!exists('apt-get') || !exists('dpkg-deb')) {
      throw new GuestError(`The guest is built from Debian packages, but this machine has no apt-get; ${OWN_KERNEL}`);
    }
    this.#cache = cache;
    this.#arch = arch;
    mkdirSync(cache, { recursive: true });
    if (arch !== run(['dpkg', '--print-architecture']).toString().trim()) this.#makePrivate();
  }

  /** Control fields of the newest version of `name`. */
  show(name: string): PackageRecord {
    const found = this.#tryShow(name) ?? (this.#makePrivate(), this.#tryShow(name));
    if (found) return found;
    throw new GuestError(`The package sources of this machine have no ${name} for ${this.#arch}; ${OWN_KERNEL}`, { cause: this.#updateError });
  }

  /** The package's file in the cache, fetched when it is not there. */
  download(name: string): string {
    const { Version, Filename } = this.show(name);
    const kept = join(this.#cache, basename(Filename ?? `${name}_${Version}.deb`));
    if (existsSync(kept)) return kept;
    const into = mkdtempSync(join(this.#cache, 'fetch-'));
    try {
      this.#fetch(name, into);
      const [deb] = readdirSync(into).filter((f) => f.endsWith('.deb'));
      if (!deb) throw new GuestError(`apt-get download ${name} left no package; run it by hand to see why`);
      renameSync(join(into, deb), kept);
    } finally {
      rmSync(into, { recursive: true, force: true });
    }
    return kept;
  }

  #fetch(name: string, into: string): void {
    const download = (): unknown => run(['apt-get', ...this.#options, '-o', 'APT::Sandbox::User=root', '-q', 'download', name], { cwd: into });
    try {
      download();
    } catch (first) {
      if (this.#options.length > 0) throw first;
      this.#makePrivate(); // the machine's lists may be older than what the archive still has
      download();
    }
  }

  #tryShow(name: string): PackageRecord | null {
    try {
      return parseControl(run(['apt-cache', ...this.#options, '--no-all-versions', 'show', name]).toString());
    } catch {
      return null;
    }
  }

  #makePrivate(): void {
    if (this.#options.length > 0) return;
    const root = join(this.#cache, `apt-${this.#arch}`);
    for (const dir of ['lists/partial', 'archives/partial', 'sources']) mkdirSync(join(root, dir), { recursive: true });
    const sources = debianSources();
    if (sources.length === 0) throw new GuestError(`This machine's apt has no Debian package sources; ${OWN_KERNEL}`);
    for (const source of sources) copyFileSync(source, join(root, 'sources', basename(source)));
    writeFileSync(join(root, 'status'), '');
    const set = (key: string, value: string): string[] => ['-o', `${key}=${value}`];
    this.#options = [
      ...set('Dir::State', root), ...set('Dir::State::lists', join(root, 'lists')), ...set('Dir::State::status', join(root, 'status')),
      ...set('Dir::Cache', root), ...set('Dir::Etc::sourcelist', '/dev/null'), ...set('Dir::Etc::sourceparts', join(root, 'sources')),
      ...set('APT::Architecture', this.#arch), ...set('APT::Architectures', this.#arch), ...set('APT::Sandbox::User', 'root'),
    ];
    try {
      run(['apt-get', ...this.#options, '-q', 'update']);
    } catch (error) {
      this.#updateError = error; // one archive of several may be out of step; what counts is whether the package is found
    }
  }
}

/** The machine's apt source files that speak of a Debian archive. */
export function debianSources(etc = '/etc/apt'): string[] {
  const parts = join(etc, 'sources.list.d');
  const files = existsSync(parts) ? readdirSync(parts).sort().map((f) => join(parts, f)) : [];
  return [join(etc, 'sources.list'), ...files].filter((f) =>
    /\.(list|sources)$/.test(f) && existsSync(f) && /^(deb\s|URIs:).*\/debian(-security)?\/?(\s|$)/m.test(readFileSync(f, 'utf8')));
}

/** The first record of RFC 822-like control data. */
export function parseControl(text: string): PackageRecord | null {
  const record: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line === '' && Object.keys(record).length > 0) break;
    const field = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
    if (field) record[field[1]!] = field[2]!;
  }
  return record['Package'] ? record : null;
}
