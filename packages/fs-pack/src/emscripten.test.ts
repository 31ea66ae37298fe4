/** Our packs and those of the real `file_packager.py`, each read by the other side. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './cli-run.ts';
import { filesOfModule, type EmscriptenModule } from './emscripten-module.ts';
import { checkEmscriptenMetadata, emscriptenPackFs, metadataOfLoader } from './emscripten-metadata.ts';
import { PackError } from './errors.ts';
import { openPack } from './node-open.ts';
import type { PackFs } from './pack-fs.ts';
import { findFilePackager, runFilePackager } from './testing/real-tool.ts';
import { cliHost } from './testing/cli-host.ts';

let dir: string;
const tool = findFilePackager();
const cwd = process.cwd();

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fs-pack-'));
  const put = (name: string, contents: string | Uint8Array) => {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), contents);
  };
  put('pack/bzImage', Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) & 0xff));
  put('pack/empty', '');
  put('pack/sub/deep/x.bin', 'deep');
  put('pack/sub/b.txt', 'b');
  put('pack/.hidden', 'h');
  put('pack/sp ace/q\'"uo</script>.txt', 'quotes');
  put('pack/ünïcode', 'u');
  put('other/b.txt', 'other b');
  symlinkSync('bzImage', join(dir, 'pack/link'));
  symlinkSync('sub', join(dir, 'pack/dirlink'));
  process.chdir(dir);
});
afterAll(() => {
  process.chdir(cwd);
  rmSync(dir, { recursive: true, force: true });
});

/** What each file of a tree contains. */
const tree = async (files: PackFs): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all(files.files.map(async (file) => [file.path, Buffer.from(await file.bytes()).toString('latin1')] as const)));

/** Runs a loader script as a page does, towards our side of `Module`. `serve` answers its requests. */
async function runLoader(script: string, options: { module?: EmscriptenModule; name?: string; noNode?: boolean; console?: object } = {}): Promise<PackFs> {
  const module: EmscriptenModule = options.module ?? {};
  const page = {
    [options.name ?? 'Module']: module, console: options.console ?? console, TextDecoder, URL, encodeURIComponent,
    ArrayBuffer, Uint8Array, // one realm: the real tool's script checks `instanceof ArrayBuffer`
    ...(options.noNode ? { XMLHttpRequest: FakeRequest, location: { pathname: '/app/index.html' } } : { process, require: createRequire(import.meta.url) }),
  };
  runInNewContext(script, page);
  return filesOfModule(module, { stallMs: 60_000 });
}

/** An `XMLHttpRequest` that finds files in the current directory. */
class FakeRequest {
  status = 0;
  statusText = '';
  response: ArrayBuffer | undefined;
  responseText = '';
  readyState = 0;
  responseType = '';
  onload: ((event: unknown) => void) | null = null;
  onprogress: ((event: unknown) => void) | null = null;
  onreadystatechange: (() => void) | null = null;
  #url = '';
  open(_method: string, url: string) { this.#url = url; }
  overrideMimeType() {}
  send() {
    setTimeout(() => {
      const bytes = Uint8Array.from(readFileSync(this.#url));
      this.status = 200;
      this.readyState = 4;
      this.response = bytes.buffer;
      if (this.responseType === '') this.responseText = new TextDecoder().decode(bytes);
      this.onprogress?.({ loaded: bytes.length, total: bytes.length, lengthComputable: true });
      this.onreadystatechange?.();
      this.onload?.({});
    });
  }
}

const ours = async (...args: string[]) => {
  const host = cliHost();
  const status = await runCli(args, host);
  return { status, stdout: host.text(), stderr: host.errors() };
};

/** Command lines in the tool's own words, and what they pack. */
const COMMANDS: [string, string[]][] = [
  ['a directory', ['--preload', 'pack']],
  ['a directory mapped to another', ['--preload', 'pack@/data/x']],
  ['a directory mapped to the root', ['--preload', 'pack@/']],
  ['a file mapped to a name', ['--preload', 'pack/bzImage@/boot/kernel']],
  ['a file mapped into a directory', ['--preload', 'pack/bzImage@/boot/']],
  ['a relative target', ['--preload', 'pack/sub@lib']],
  ['a target with dots', ['--preload', 'pack/sub@/a/../b/./c']],
  // Version 3.1.6 refuses these unless the last one has an '@'.
  ['several sources', ['--preload', 'pack/bzImage', './pack/../pack/empty', 'other@/o']],
  ['a source twice', ['--preload', 'pack', 'pack/sub']],
  ['two sources of one name', ['--preload', 'pack/sub@/d', 'other/b.txt@/d/']],
  ['exclusion by extension', ['--preload', 'pack', '--exclude', '*.bin', '*.txt']],
  ['exclusion of a directory', ['--preload', 'pack', '--exclude', '*/sub']],
  ['exclusion by full path', ['--preload', 'pack', '--exclude', 'pack/sub/deep']],
  ['exclusion of a named file', ['--preload', 'pack', 'other/b.txt', '--exclude', 'other/*']],
];

describe.skipIf(tool === undefined)('beside the real file_packager.py', () => {
  test.each(COMMANDS)('%s: both tools pack the same files with the same contents', async (_what, args) => {
    const real = runFilePackager(tool!, dir, ['real.data', ...args, '--js-output=real.js']);
    expect(real.status, real.stderr).toBe(0);
    expect(await ours('ours.data', ...args, '--js-output=ours.js')).toMatchObject({ status: 0 });
    const [theirs, mine] = [await openPack('real.js'), await openPack('ours.js')];
    expect(Object.keys(await tree(mine.files)).length).toBeGreaterThan(0);
    expect(await tree(mine.files)).toEqual(await tree(theirs.files));
  });

  test.each([
    ['', []], ['with separate metadata', ['--separate-metadata']], ['with preload plug-ins', ['--use-preload-plugins']], ['without Node', ['--no-node']],
  ])('a loader script of the real tool runs against our Module %s', async (_what, flags) => {
    const real = runFilePackager(tool!, dir, ['real.data', '--preload', 'pack', '--js-output=real.js', ...flags]);
    expect(real.status, real.stderr).toBe(0);
    const expected = await tree((await openPack('real.js')).files);
    const statuses: string[] = [];
    const module: EmscriptenModule = { setStatus: (text) => statuses.push(text), arguments: ['-m', '512M'] };
    // With separate metadata or without Node's code, the script knows XMLHttpRequest only.
    const noNode = flags.includes('--separate-metadata') || flags.includes('--no-node');
    expect(await tree(await runLoader(readFileSync('real.js', 'utf8'), { module, noNode }))).toEqual(expected);
    expect(module['arguments']).toEqual(['-m', '512M']);
  });
});

describe('our loader script', () => {
  test('goes to standard output, and loads in a page', async () => {
    const { status, stdout, stderr } = await ours('out.data', '--preload', 'pack@/p');
    expect([status, stderr]).toEqual([0, '']);
    const statuses: string[] = [];
    const module: EmscriptenModule = { setStatus: (text) => statuses.push(text) };
    const files = await tree(await runLoader(stdout, { module, noNode: true }));
    expect(files['p/sp ace/q\'"uo</script>.txt']).toBe('quotes');
    expect(files['p/link']).toBe(files['p/bzImage']);
    expect(Object.keys(files)).not.toContain('p/dirlink/b.txt');
    const size = readFileSync('out.data').length;
    expect(statuses).toContain(`Downloading data... (${size}/${size})`);
    expect(module['preloadResults']).toEqual({ 'out.data': { fromCache: false } });
    expect(module['expectedDataFileDownloads']).toBe(1);
  });

  test.each([
    ['', []], ['with separate metadata', ['--separate-metadata']], ['with plug-ins', ['--use-preload-plugins']], ['without Node', ['--no-node']],
    ['with a cache that the browser lacks', ['--use-preload-cache']],
  ])('has the same files %s', async (_what, flags) => {
    await ours('o.data', '--preload', 'pack', '--js-output=o.js', ...flags);
    const expected = await tree((await openPack('o.js')).files);
    for (const noNode of flags.includes('--no-node') ? [true] : [true, false]) {
      const errors: unknown[] = [];
      const quiet = { error: (...args: unknown[]) => errors.push(args.at(-1)) };
      expect(await tree(await runLoader(readFileSync('o.js', 'utf8'), { noNode, console: quiet }))).toEqual(expected);
      expect(errors).toEqual(flags.includes('--use-preload-cache') ? ['falling back to a download'] : []);
    }
  });

  test('takes data that the page already has, asks locateFile, and attaches to another name', async () => {
    await ours('o.data', '--preload', 'pack', '--js-output=o.js', '--export-name=QEMU');
    const asked: unknown[] = [];
    const data = Uint8Array.from(readFileSync('o.data')).buffer;
    const module: EmscriptenModule = {
      locateFile: (name: string) => `https://cdn.example/${name}`,
      getPreloadedPackage: (name: string, size: number) => { asked.push(name, size); return data; },
    };
    const files = await runLoader(readFileSync('o.js', 'utf8'), { module, name: 'QEMU', noNode: true });
    expect(files.files.length).toBeGreaterThan(3);
    expect(asked).toEqual(['https://cdn.example/o.data', data.byteLength]);
  });

  test('two packs load into one page', async () => {
    const [a, b] = [await ours('a.data', '--preload', 'pack/sub@/a'), await ours('b.data', '--preload', 'other@/b')];
    const files = await tree(await runLoader(a.stdout + b.stdout, { noNode: true }));
    expect(Object.keys(files)).toEqual(['a/b.txt', 'a/deep/x.bin', 'b/b.txt']);
  });

  test('loads after the program has started, too', async () => {
    const { stdout } = await ours('a.data', '--preload', 'other@/b');
    const made: string[] = [];
    const module = {
      calledRun: true, addRunDependency: () => {}, removeRunDependency: () => {}, FS_createPath: (parent: string, name: string) => made.push(`${parent}+${name}`),
      FS_createDataFile: (path: string, _name: null, data: Uint8Array) => made.push(`${path}=${new TextDecoder().decode(data)}`),
    };
    runInNewContext(stdout, { Module: module, console, XMLHttpRequest: FakeRequest });
    await expect.poll(() => made).toEqual(['/+b', '/b/b.txt=other b']);
  });

  test('the same input gives the same output, and changed input another uuid', async () => {
    const first = await ours('a.data', '--preload', 'other');
    const again = await ours('a.data', '--preload', 'other');
    expect(again.stdout).toBe(first.stdout);
    writeFileSync('other/c.txt', 'new');
    const changed = await ours('a.data', '--preload', 'other');
    rmSync('other/c.txt');
    expect(metadataOfLoader(changed.stdout)!.package_uuid).not.toBe(metadataOfLoader(first.stdout)!.package_uuid);
  });

  test('truncated data never reach the program', async () => {
    await ours('o.data', '--preload', 'pack', '--js-output=o.js');
    writeFileSync('o.data', readFileSync('o.data').subarray(0, 1000));
    const module: EmscriptenModule = {};
    const errors: string[] = [];
    const page = { Module: module, console: { error: (...args: unknown[]) => errors.push(args.join(' ')) }, XMLHttpRequest: FakeRequest, ArrayBuffer, Uint8Array };
    runInNewContext(readFileSync('o.js', 'utf8'), page);
    await expect(filesOfModule(module, { stallMs: 100 })).rejects.toThrow(/still waiting for datafile_o\.data/);
    expect(errors.join()).toMatch(/o\.data has 1000 bytes and should have 100/);
    await expect(openPack('o.js')).rejects.toMatchObject({ reason: 'corrupt' });
  });

  test('the command runs as a program of its own', () => {
    const cli = join(import.meta.dirname, '../bin/fs-pack.mjs');
    const result = spawnSync(process.execPath, ['--conditions=@emu/source', cli, 'p.data', '--preload', 'other'], { encoding: 'utf8' });
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(metadataOfLoader(result.stdout)!.files).toEqual([{ filename: '/other/b.txt', start: 0, end: 7 }]);
  });
});

test.each<[string, string[], RegExp]>([
  ['nothing to preload', ['x.data'], /--preload is missing/],
  ['a missing source', ['x.data', '--preload', 'nosuch'], /'nosuch' cannot be packed/],
  ['everything excluded', ['x.data', '--preload', 'pack', '--exclude', '*'], /nothing to pack: no file was found/],
  ['a source outside the current directory', ['x.data', '--preload', '/etc/hostname'], /outside the current directory.*@\/name/],
  ['a file where a directory is', ['x.data', '--preload', 'pack@/', 'other/b.txt@/sub'], /'sub' is both a file and a directory/],
  ['lz4', ['x.data', '--preload', 'pack', '--lz4'], /--lz4: lz4 packs are not written; leave it out/],
  ['embedding', ['x.data', '--embed', 'pack'], /--embed: embedding is not supported; use --preload/],
  ['an unknown option', ['x.data', '--preload', 'pack', '--fast'], /unknown option '--fast'/],
  ['a word without an option', ['x.data', 'pack'], /'pack' belongs to no option/],
  ['metadata without a script', ['x.data', '--preload', 'pack', '--separate-metadata'], /needs --js-output/],
  ['the script over the data', ['x.data', '--preload', 'pack', '--js-output=./x.data'], /would both be/],
  ['a target that cannot be written', ['no/such/dir/x.data', '--preload', 'pack'], /cannot be written/],
  ['an option without its value', ['x.data', '--preload', 'pack', '--js-output', 'o.js'], /takes its value after '='/],
])('%s: one clear line, exit status 1, no output file', async (_what, args, message) => {
  const { status, stdout, stderr } = await ours(...args);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(() => readFileSync('x.data')).toThrow();
});

describe('bad metadata', () => {
  const good = () => ({ files: [{ filename: '/a', start: 0, end: 2 }, { filename: '/d/b', start: 2, end: 5 }], remote_package_size: 5 });
  test.each<[string, (m: ReturnType<typeof good>) => void]>([
    ['path traversal', (m) => { m.files[0]!.filename = '/../../etc/passwd'; }],
    ['a duplicate', (m) => { m.files[0]!.filename = '/d/b'; }],
    ['a file that is also a directory', (m) => { m.files[0]!.filename = '/d'; }],
    ['an end before the start', (m) => { m.files[1]!.end = 1; }],
    ['an end past the data', (m) => { m.files[1]!.end = 6; }],
    ['a negative start', (m) => { m.files[0]!.start = -1; }],
    ['a fraction', (m) => { m.files[0]!.end = 1.5; }],
    ['an absurd size', (m) => { m.remote_package_size = 1e300; }],
    ['no name', (m) => { delete (m.files[0] as { filename?: string }).filename; }],
    ['no list', (m) => { (m as { files: unknown }).files = null; }],
  ])('%s is refused', (_what, change) => {
    const metadata = good();
    change(metadata);
    expect(() => checkEmscriptenMetadata(metadata)).toThrow(PackError);
  });

  test('data of another length are refused', () => {
    expect(() => emscriptenPackFs(checkEmscriptenMetadata(good()), new Uint8Array(4))).toThrow(/4 bytes and should have 5/);
  });

  test('a script that is no loader, or a truncated one, is refused', async () => {
    expect(() => metadataOfLoader('alert(1)')).toThrow(/no loader script/);
    expect(() => metadataOfLoader('loadPackage({"files": [{"filename"')).toThrow(/not JSON/);
    expect(metadataOfLoader(`x(); loadPackage({"files":[{"filename":"/}\\"{","start":0,"end":1}],"remote_package_size":1});`)!.files[0]!.filename).toBe('/}"{');
  });

  test('a preRun hook that throws is reported', async () => {
    await expect(filesOfModule({ preRun: [() => { throw new Error('boom'); }] })).rejects.toThrow('a preRun hook of the page failed: boom');
  });
});
