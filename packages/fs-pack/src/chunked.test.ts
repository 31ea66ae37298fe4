/** The chunked format from the image to the reader: packing, lazy fetching over HTTP, bad networks, bad packs. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CacheApiChunks, type ChunkCache } from './chunk-cache.ts';
import { HttpSource, type HttpSourceOptions } from './chunk-source.ts';
import { ChunkedPack, type ChunkedPackOptions } from './chunked-pack.ts';
import { runCli } from './cli-run.ts';
import { PackError } from './errors.ts';
import { chunkName, type Manifest } from './manifest.ts';
import { chunkFiles } from './node-chunker.ts';
import { DirectorySource, inflateZlib, openPack } from './node-open.ts';
import { cliHost } from './testing/cli-host.ts';
import { packingPeakKib } from './testing/packing-peak.ts';
import { PackServer } from './testing/pack-server.ts';

const CHUNK = 4096;
let dir: string;
let server: PackServer;
let image: Buffer;
let manifest: Manifest;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chunked-'));
  // 40 chunks: text that compresses, noise that does not, zeros, a repetition, and a short tail.
  const text = Buffer.from(Array.from({ length: 10 * CHUNK }, (_, i) => 65 + ((i * i) >> 8) % 26));
  image = Buffer.concat([text, randomBytes(10 * CHUNK), Buffer.alloc(10 * CHUNK), text, Buffer.from('the end')]);
  writeFileSync(join(dir, 'disk.img'), image);
  writeFileSync(join(dir, 'small'), 'small');
  await chunkFiles({ files: [join(dir, 'disk.img'), { source: join(dir, 'small'), path: 'etc/small' }], output: join(dir, 'pack'), chunkBytes: CHUNK });
  manifest = JSON.parse(readFileSync(join(dir, 'pack/manifest.json'), 'utf8')) as Manifest;
  server = await PackServer.start(join(dir, 'pack'));
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  server.fault = () => false;
  server.requests.length = 0;
});

const open = (options: Partial<ChunkedPackOptions> = {}, http: HttpSourceOptions = {}) =>
  ChunkedPack.open({ source: new HttpSource(server.url, { retryMs: 1, ...http }), readAhead: 0, ...options });

const chunkRequests = () => server.requests.filter((path) => path.startsWith('/chunks/'));

describe('packing', () => {
  test('stores each distinct chunk once, zeros never, and what does not compress as it is', () => {
    expect(manifest.files[0]).toEqual({ path: 'disk.img', size: image.length, chunks: [[0, 20], [-1, 10], [0, 10], [20, 1]] });
    expect(manifest.chunks).toHaveLength(22);
    expect(manifest.chunks[0]![1]).toBeLessThan(CHUNK);
    expect(manifest.chunks[15]!.slice(1)).toEqual([CHUNK, CHUNK]);
    expect(readFileSync(join(dir, 'pack', chunkName(manifest.chunks[15]![0]))).equals(image.subarray(15 * CHUNK, 16 * CHUNK))).toBe(true);
  });

  test('packing again writes nothing, a changed image only its changed chunks, and pruning removes the rest', async () => {
    const source = join(dir, 'changing');
    const output = join(dir, 'changing-pack');
    const contents = randomBytes(5 * CHUNK);
    writeFileSync(source, contents);
    const pack = (prune = false) => chunkFiles({ files: [source], output, chunkBytes: CHUNK, prune });
    expect((await pack()).writtenChunks).toBe(5);
    expect((await pack()).writtenChunks).toBe(0);
    contents[0]! ^= 1;
    writeFileSync(source, contents);
    expect((await pack()).writtenChunks).toBe(1);
    const stored = () => readdirSync(join(output, 'chunks'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
    expect(stored()).toBe(6);
    await pack(true);
    expect(stored()).toBe(5);
  });

  test('an empty file and a file of exactly one chunk come back', async () => {
    writeFileSync(join(dir, 'empty'), '');
    writeFileSync(join(dir, 'one'), randomBytes(CHUNK));
    await chunkFiles({ files: [join(dir, 'empty'), join(dir, 'one')], output: join(dir, 'edge'), chunkBytes: CHUNK });
    const { files } = await openPack(join(dir, 'edge'));
    expect((await files.open('empty').bytes()).length).toBe(0);
    expect(Buffer.from(await files.open('one').bytes()).equals(readFileSync(join(dir, 'one')))).toBe(true);
  });

  test.each([
    ['a missing image', { files: ['/no/such'] }, /cannot be read/], ['a directory', { files: ['/tmp'] }, /cannot be read|not a regular file/],
    ['an odd chunk size', { files: [], chunkBytes: 1000 }, /power of two/], ['no image', { files: [] }, /name at least one/],
    ['two images of one name', { files: ['/a/x', '/b/x'] }, /appears twice/],
    ['a name outside the pack', { files: [{ source: '/etc/hostname', path: '../x' }] }, /`\.\.` part/],
  ])('%s is a clear error', async (_what, options, message) => {
    await expect(chunkFiles({ output: join(dir, 'never'), ...options })).rejects.toThrow(message);
    await expect(chunkFiles({ output: join(dir, 'never'), ...options })).rejects.toBeInstanceOf(PackError);
  });

  test('a 1 GiB image packs in less than 300 MB of memory', () => {
    expect(packingPeakKib(dir, 2 ** 30)).toBeLessThan(300_000);
  });
});

describe('reading over HTTP', () => {
  test('any range comes back right, cold and warm, and readSync answers what is in memory', async () => {
    const pack = await open();
    const disk = pack.files.open('disk.img');
    expect(disk.size).toBe(image.length);
    for (const [offset, length] of [[0, 10], [4090, 20], [image.length - 7, 7], [5 * CHUNK - 1, 3 * CHUNK], [18 * CHUNK + 5, 14 * CHUNK], [0, image.length], [7, 0]]) {
      for (const sync of [false, true]) {
        const into = new Uint8Array(length!).fill(0xee);
        if (!sync) await disk.read(offset!, into);
        else expect(disk.readSync(offset!, into)).toBe(true);
        expect(image.subarray(offset, offset! + length!).equals(into)).toBe(true);
      }
    }
    expect(Buffer.from(await pack.files.open('/etc/small').bytes()).toString()).toBe('small');
    await expect(disk.read(image.length, new Uint8Array(1))).rejects.toMatchObject({ reason: 'range' });
    await expect(disk.write(0, new Uint8Array(1))).rejects.toMatchObject({ reason: 'readonly' });
  });

  test('fetches a chunk once, however many readers wait for it, and nothing for zeros', async () => {
    const disk = (await open()).files.open('disk.img');
    await Promise.all([disk.read(0, new Uint8Array(10)), disk.read(100, new Uint8Array(10)), disk.read(200, new Uint8Array(10))]);
    await disk.read(20 * CHUNK, new Uint8Array(10 * CHUNK));
    expect(disk.readSync(22 * CHUNK, new Uint8Array(CHUNK))).toBe(true);
    await disk.read(30 * CHUNK, new Uint8Array(10)); // the repetition of chunk 0
    expect(chunkRequests()).toHaveLength(1);
  });

  test('reads ahead of a sequential reader, and not of a random one', async () => {
    const count = async (order: number[]) => {
      server.requests.length = 0;
      const pack = await open({ readAhead: 8 });
      const disk = pack.files.open('disk.img');
      for (const position of order) await disk.read(position * CHUNK, new Uint8Array(512));
      await expect.poll(() => pack.stats.active).toBe(0);
      return chunkRequests().length - order.length;
    };
    expect(await count([0, 1, 2, 3])).toBe(4); // windows of 1, 2 and 4 chunks
    expect(await count([5, 1, 12, 8])).toBe(0);
    expect(await count([17, 18, 19])).toBe(0); // zeros follow
  });

  test('memory is bounded: the least recently used chunk is fetched again', async () => {
    const disk = (await open({ memoryBytes: 3 * CHUNK })).files.open('disk.img');
    for (const position of [0, 1, 2, 0, 3]) await disk.read(position * CHUNK, new Uint8Array(1));
    expect(disk.readSync(0, new Uint8Array(1))).toBe(true);
    expect(disk.readSync(CHUNK, new Uint8Array(1))).toBe(false);
  });

  test('at most `parallel` requests are under way', async () => {
    let running = 0;
    let most = 0;
    server.fault = ({ path }, response, body) => {
      if (!path.startsWith('/chunks/')) return false;
      most = Math.max(most, ++running);
      setTimeout(() => { running--; response.end(body); }, 5);
      return true;
    };
    const disk = (await open({ parallel: 3, readAhead: 30 })).files.open('disk.img');
    await disk.bytes();
    expect(most).toBe(3);
  });

  test('closing aborts what is under way and refuses more', async () => {
    server.fault = ({ path }) => path.startsWith('/chunks/'); // never answers
    const pack = await open({ parallel: 1 });
    const disk = pack.files.open('disk.img');
    const [first, second] = [disk.read(0, new Uint8Array(1)), disk.read(CHUNK, new Uint8Array(1))];
    await expect.poll(() => chunkRequests().length).toBe(1);
    pack.close();
    await expect(first).rejects.toMatchObject({ reason: 'closed' });
    await expect(second).rejects.toMatchObject({ reason: 'closed' });
    await expect(disk.read(0, new Uint8Array(1))).rejects.toMatchObject({ reason: 'closed' });
  });
});

describe('a bad network', () => {
  const first = () => `/${chunkName(manifest.chunks[0]![0])}`;
  const faults: [string, (response: import('node:http').ServerResponse, body: Buffer) => void][] = [
    ['a broken connection', (response) => { response.destroy(); }],
    ['a body that breaks off', (response, body) => { response.writeHead(200, { 'content-length': body.length }); response.write(body.subarray(0, 10), () => response.destroy()); }],
    ['a server error', (response) => { response.writeHead(503).end('busy'); }],
    ['too many requests', (response) => { response.writeHead(429).end(); }],
    ['wrong contents', (response, body) => { response.end(Buffer.from(body).fill(0x55, 20, 30)); }],
    ['contents of the wrong length', (response, body) => { response.end(body.subarray(5)); }],
    ['an error page with status 200', (response) => { response.end('<html>captive portal</html>'); }],
    ['silence', () => {}],
  ];

  /** Short where the test waits for it, long where a busy host must not be taken for a silent one. */
  const stallMs = (fault: string): number => (fault === 'silence' ? 500 : 60_000);

  test.each(faults)('%s is got over by trying again', async (what, fail) => {
    server.fault = ({ path, count }, response, body) => {
      if (path !== first() || count > 2) return false;
      fail(response, body);
      return true;
    };
    const pack = await open({}, { stallMs: stallMs(what) });
    const into = new Uint8Array(CHUNK);
    await pack.files.open('disk.img').read(0, into);
    expect(image.subarray(0, CHUNK).equals(into)).toBe(true);
  });

  test.each(faults)('%s that persists is reported and gives no bytes', async (what, fail) => {
    server.fault = ({ path }, response, body) => {
      if (path !== first()) return false;
      fail(response, body);
      return true;
    };
    const retries: string[] = [];
    const pack = await open({}, { attempts: 3, stallMs: stallMs(what), onRetry: (url, attempt, error) => retries.push(`${attempt} ${error.reason}`) });
    const disk = pack.files.open('disk.img');
    const error = await disk.read(0, new Uint8Array(CHUNK)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PackError);
    expect((error as PackError).reason).toMatch(/network|corrupt/);
    expect((error as PackError).message).toMatch(/^bytes 0\.\. of 'disk\.img': .*(gave up after 3 attempts|upload the pack again)/);
    expect(disk.readSync(0, new Uint8Array(1))).toBe(false);
    if ((error as PackError).reason === 'network') expect(retries).toEqual(['1 network', '2 network']);
    await disk.read(CHUNK, new Uint8Array(CHUNK)); // the rest of the disk still works
    server.fault = () => false;
    await disk.read(0, new Uint8Array(CHUNK)); // and so does the chunk when the network is back
  });

  test('a missing chunk is reported at once', async () => {
    server.fault = ({ path }, response) => path === first() && (response.writeHead(404).end(), true);
    await expect((await open()).files.open('disk.img').read(0, new Uint8Array(1))).rejects.toMatchObject({ reason: 'missing' });
    expect(chunkRequests()).toHaveLength(1);
  });

  test('a missing or mangled manifest is reported', async () => {
    server.fault = ({ path }, response) => path === '/manifest.json' && (response.writeHead(404).end(), true);
    await expect(open()).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('/manifest.json: the server answered 404') });
    server.fault = ({ path }, response, body) => path === '/manifest.json' && (response.end(body.subarray(0, 100)), true);
    await expect(open()).rejects.toMatchObject({ reason: 'format' });
  });
});

describe('the browser cache', () => {
  /** The Cache API over a map. */
  const fakeCache = () => {
    const entries = new Map<string, Uint8Array>();
    const cache = new CacheApiChunks({
      match: async (url) => { const found = entries.get(url); return found && new Response(found.slice()); },
      put: async (url, response) => { entries.set(url, new Uint8Array(await response.arrayBuffer())); },
      delete: async (url) => entries.delete(url),
    });
    return { cache, entries };
  };

  test('a second visit fetches no chunk', async () => {
    const { cache, entries } = fakeCache();
    await (await open({ cache })).files.open('disk.img').bytes();
    await expect.poll(() => entries.size).toBe(21);
    server.requests.length = 0;
    const pack = await open({ cache });
    expect(image.equals(await pack.files.open('disk.img').bytes())).toBe(true);
    expect(chunkRequests()).toEqual([]);
    expect(pack.stats).toMatchObject({ fetchedChunks: 0, cachedChunks: 21 });
  });

  test('a damaged entry is thrown away and fetched again', async () => {
    const { cache, entries } = fakeCache();
    await (await open({ cache })).files.open('disk.img').read(0, new Uint8Array(1));
    await expect.poll(() => entries.size).toBe(1);
    for (const bytes of entries.values()) bytes[5]! ^= 0xff;
    const pack = await open({ cache });
    const into = new Uint8Array(CHUNK);
    await pack.files.open('disk.img').read(0, into);
    expect(image.subarray(0, CHUNK).equals(into)).toBe(true);
    expect(pack.stats).toMatchObject({ fetchedChunks: 1, corruptChunks: 1 });
  });

  test('a cache that always fails changes nothing', async () => {
    const broken = async () => { throw new Error('quota'); };
    const cache: ChunkCache = { get: broken, put: broken, delete: broken };
    expect(image.equals(await (await open({ cache })).files.open('disk.img').bytes())).toBe(true);
  });

  test('without a Cache API there is no cache', async () => {
    expect(await CacheApiChunks.open()).toBeUndefined();
  });
});

describe('bad chunks on disk', () => {
  const damaged = async (change: (path: string, contents: Buffer) => void) => {
    const output = join(dir, 'damaged');
    rmSync(output, { recursive: true, force: true });
    await chunkFiles({ files: [join(dir, 'disk.img')], output, chunkBytes: CHUNK });
    const path = join(output, chunkName(manifest.chunks[0]![0]));
    change(path, readFileSync(path));
    return output;
  };
  const cases: [string, (path: string, contents: Buffer) => void, RegExp][] = [
    ['truncated', (path, contents) => writeFileSync(path, contents.subarray(0, 20)), /has 20 bytes and should have/],
    ['removed', (path) => rmSync(path), /cannot be read/],
    ['of other contents', (path, contents) => writeFileSync(path, contents.fill(0x41, 3, 9)), /does not inflate|hash|inflates to/],
    ['a deflate bomb', (path, contents) => writeFileSync(path, bomb(contents.length)), /more than|does not inflate|has \d+ bytes/],
  ];
  /** Zeros that inflate far beyond a chunk, cut to a length. */
  const bomb = (length: number) => {
    const { deflateRawSync } = process.getBuiltinModule('node:zlib');
    return deflateRawSync(Buffer.alloc(length * 900)).subarray(0, length);
  };

  test.each(cases)('a chunk that is %s is found by verify, with either inflater', async (_what, change, message) => {
    const output = await damaged(change);
    const host = cliHost();
    expect(await runCli(['verify', output], host)).toBe(1);
    expect(host.errors()).toMatch(message);
    for (const inflate of [inflateZlib, undefined]) {
      const pack = await ChunkedPack.open({ source: new DirectorySource(output), ...(inflate ? { inflate } : {}) });
      await expect(pack.files.open('disk.img').read(0, new Uint8Array(1))).rejects.toThrow(message);
    }
  });
});

describe('the command line', () => {
  const run = async (...args: string[]) => {
    const host = cliHost();
    const status = await runCli(args, host);
    return { status, out: host.bytes() as Buffer, errors: host.errors() };
  };

  test('chunk, ls, cat, verify and extract', async () => {
    const pack = join(dir, 'cli-pack');
    expect(await run('chunk', join(dir, 'disk.img'), `${join(dir, 'small')}@etc/conf`, '-o', pack, '--chunk-size', '8K', '--level=1')).toMatchObject({ status: 0 });
    const ls = await run('ls', pack);
    expect(ls.out.toString()).toMatch(new RegExp(`^ *${image.length} +\\d+ disk\\.img\n +5 +5 etc/conf\n$`));
    expect((await run('cat', pack, 'disk.img')).out.equals(image)).toBe(true);
    expect(await run('verify', join(pack, 'manifest.json'))).toMatchObject({ status: 0, errors: expect.stringContaining('all good') });
    expect(await run('extract', pack, '-o', join(dir, 'out'))).toMatchObject({ status: 0 });
    expect(readFileSync(join(dir, 'out/disk.img')).equals(image)).toBe(true);
    expect(readFileSync(join(dir, 'out/etc/conf'), 'utf8')).toBe('small');
    expect(await run('extract', pack, 'etc/conf', '-o', join(dir, 'out'))).toMatchObject({ status: 1, errors: expect.stringContaining('--force') });
    expect(await run('extract', pack, 'etc/conf', '-o', join(dir, 'out'), '--force')).toMatchObject({ status: 0 });
  });

  test('reads a pack over HTTP', async () => {
    expect((await run('cat', server.url, 'etc/small')).out.toString()).toBe('small');
  });

  test('extracting writes nothing through symbolic links that lie in the way', async () => {
    const out = join(dir, 'trap');
    const outside = join(dir, 'outside');
    mkdirSync(out);
    mkdirSync(outside);
    symlinkSync(outside, join(out, 'etc'));
    symlinkSync(join(outside, 'target'), join(out, 'disk.img'));
    expect(await run('extract', join(dir, 'pack'), '-o', out)).toMatchObject({ status: 1 });
    expect(await run('extract', join(dir, 'pack'), 'etc/small', '-o', out, '--force')).toMatchObject({ status: 1, errors: expect.stringContaining('in the way') });
    expect(readdirSync(outside)).toEqual([]);
  });

  test('extracting a sparse image keeps its holes', async () => {
    const source = join(dir, 'sparse');
    writeFileSync(source, 'x');
    truncateSync(source, 200 * 2 ** 20);
    const pack = join(dir, 'sparse-pack');
    await run('chunk', source, '-o', pack);
    expect(await run('extract', pack, '-o', join(dir, 'sparse-out'))).toMatchObject({ status: 0 });
    const { size, blocks } = statSync(join(dir, 'sparse-out/sparse'));
    expect(size).toBe(200 * 2 ** 20);
    expect(blocks * 512).toBeLessThan(4 * 2 ** 20);
  });

  test.each([
    [['chunk', 'x'], /-o DIR is missing/], [['chunk', '-o', 'x'], /name at least one image/], [['chunk', 'x', '-o', 'y', '--chunk-size', 'big'], /'big' is no size/],
    [['chunk', 'x', '-o', 'y', '--level', '11'], /0 to 9/], [['chunk', 'x', '-o'], /-o needs a value/], [['chunk', '--fast', '-o', 'x'], /unknown option '--fast'/],
    [['ls'], /which pack/], [['ls', '/no/such/pack'], /'\/no\/such\/pack' is no pack/], [['cat', '/tmp'], /takes a pack and one file/],
    [['ls', '/etc/hostname'], /give the directory with manifest.json/], [['extract', 'x'], /-o DIR is missing/],
  ])('%j is one clear line and exit status 1', async (args, message) => {
    const { status, errors } = await run(...args);
    expect([status, errors.trimEnd().split('\n').length]).toEqual([1, 1]);
    expect(errors).toMatch(message);
  });

  test('asking for a file that is not there names what is', async () => {
    expect((await run('cat', join(dir, 'pack'), 'nope')).errors).toBe("fs-pack: the pack has no 'nope'; it has disk.img, etc/small\n");
  });

  test('help', async () => {
    expect((await run('--help')).out.toString()).toMatch(/^usage:/);
    expect((await run()).status).toBe(1);
  });
});
