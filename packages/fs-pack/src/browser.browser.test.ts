/** What only a browser can show: overlays in the real origin private file system, the Cache API, our loader script in a page.
 *  Runs in headless Chromium (`CHROMIUM`, default `/usr/bin/chromium`); the sources are served with their types stripped. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chunkFiles } from './node-chunker.ts';
import { packFiles } from './node-packager.ts';
import { findFilePackager, runFilePackager } from './testing/real-tool.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const packages = join(import.meta.dirname, '../..');
let dir: string;
let server: Server;
let browser: Browser;
let context: BrowserContext;
let origin: string;
let chunkRequests = 0;

/** Runs in the worker; the page sends it the text of an async function body, which sees the package as `fsPack`. */
const WORKER = `import * as fsPack from '/fs-pack/src/index.ts';
const kept = {};
onmessage = async ({ data: { id, body } }) => {
  const AsyncFunction = (async () => {}).constructor;
  try { postMessage({ id, value: await new AsyncFunction('fsPack', 'kept', body)(fsPack, kept) }); }
  catch (error) { postMessage({ id, error: [error.reason ?? error.name, error.message] }); }
};`;

const PAGE = `<!doctype html><script>
let next = 0;
const waiting = new Map();
const worker = new Worker('/worker.js', { type: 'module' });
worker.onmessage = ({ data }) => waiting.get(data.id)(data);
globalThis.work = (body) => new Promise((resolve) => { waiting.set(++next, resolve); worker.postMessage({ id: next, body }); });
</script>`;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fs-pack-browser-'));
  writeFileSync(join(dir, 'disk.img'), Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 9)) & 0xff));
  await chunkFiles({ files: [join(dir, 'disk.img')], output: join(dir, 'pack'), chunkBytes: 65536 });
  await packFiles({ target: join(dir, 'out.data'), jsOutput: join(dir, 'load.js'), preload: [`${dir}/disk.img@/pack/disk.img`], usePreloadCache: true });
  server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url!.split('?')[0]!));
    if (path.startsWith('/pack/chunks/')) chunkRequests++;
    const send = (type: string, body: string | Buffer) => void response.writeHead(200, { 'content-type': type }).end(body);
    if (path === '/') send('text/html', PAGE);
    else if (/^\/(load|real)\.html$/.test(path)) send('text/html', `<!doctype html><script>var Module = {};</script><script src="${path.replace('.html', '.js')}"></script>`);
    else if (path === '/worker.js') send('text/javascript', WORKER);
    else if (path.endsWith('.ts')) {
      const source = readFileSync(join(packages, path), 'utf8').replaceAll("'@emu/vaddr'", "'/vaddr/src/errors.ts'");
      send('text/javascript', stripTypeScriptTypes(source));
    } else if (existsSync(join(dir, path))) send('application/octet-stream', readFileSync(join(dir, path)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  context = await browser.newContext();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(dir, { recursive: true, force: true });
});

const openPage = async (path = '/'): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(origin + path);
  return page;
};

/** Runs `body` in the page's worker. */
const work = async (page: Page, body: string): Promise<unknown> => {
  const { value, error } = await page.evaluate((text) => (globalThis as never as { work(t: string): Promise<{ value: unknown; error?: string[] }> }).work(text), body);
  return error ?? value;
};

const OPEN = `
  kept.pack ??= await fsPack.ChunkedPack.open({ source: new fsPack.HttpSource(location.origin + '/pack'), cache: await fsPack.CacheApiChunks.open() });
  const disk = kept.pack.files.open('disk.img');
  kept.overlay ??= await fsPack.openOpfsOverlay('disk', disk, { baseId: kept.pack.id });
  const at = async (offset) => { const into = new Uint8Array(1); await kept.overlay.read(offset, into); return into[0]; };`;
const base = (offset: number) => (offset * 31 + (offset >> 9)) & 0xff;

test('what was written is there after a reload, the base shows through elsewhere, and chunks come from the cache', async () => {
  const page = await openPage();
  expect(await work(page, `${OPEN} kept.overlay.writeSync(512, new Uint8Array(512).fill(7)); kept.overlay.flushSync(); return [await at(512), await at(200_000)]`))
    .toEqual([7, base(200_000)]);
  const before = chunkRequests;
  expect(before).toBeGreaterThan(0);
  await page.reload();
  expect(await work(page, `${OPEN} return [await at(512), await at(200_000), kept.pack.stats.cachedChunks]`)).toEqual([7, base(200_000), 1]);
  expect(chunkRequests).toBe(before);
  await page.close();
});

test('a second tab is refused while the first has the disk, and gets it afterwards', async () => {
  const [first, second] = [await openPage(), await openPage()];
  expect(await work(first, `${OPEN} return at(512)`)).toBe(7);
  expect(await work(second, `${OPEN}`)).toEqual(['locked', expect.stringContaining('open in another tab')]);
  expect(await work(second, `await fsPack.resetOpfsOverlay('disk')`)).toEqual(['locked', expect.any(String)]);
  await first.close(); // the browser lets go of the file when the tab's worker is gone, a moment later
  await expect.poll(() => work(second, `${OPEN} return at(512)`), { timeout: 60_000 }).toBe(7);
  await second.close();
});

test('a tab that dies in the middle keeps what was flushed', async () => {
  const page = await openPage();
  await work(page, `${OPEN} kept.overlay.writeSync(70_144, new Uint8Array(512).fill(9)); kept.overlay.flushSync(); kept.overlay.writeSync(140_288, new Uint8Array(512).fill(9));`);
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => {}); // never answers
  await crashed;
  const next = await openPage();
  await expect.poll(async () => work(next, `${OPEN} return at(70_144)`), { timeout: 60_000 }).toBe(9);
  expect([9, base(140_288)]).toContain(await work(next, `${OPEN} return at(140_288)`));
  await next.close();
});

test('resetting brings the base back, and another base is refused', async () => {
  const page = await openPage();
  expect(await work(page, 'return fsPack.canKeepOverlays()')).toBe(true);
  expect(await work(page, `${OPEN} await kept.overlay.close(); delete kept.overlay; kept.pack = undefined;`)).toBeUndefined();
  expect(await work(page, `await fsPack.openOpfsOverlay('disk', new fsPack.BytesFile('x', new Uint8Array(512)), { baseId: 'other' })`))
    .toEqual(['base', expect.stringContaining('another disk image')]);
  expect(await work(page, `await fsPack.resetOpfsOverlay('disk'); ${OPEN} return at(512)`)).toBe(base(512));
  await page.close();
});

/** What a loader script brings into a page. */
const LOAD = `(async () => {
  const { filesOfModule } = await import('/fs-pack/src/index.ts');
  const files = await filesOfModule(Module, { stallMs: 60_000 });
  const bytes = await files.open('/pack/disk.img').bytes();
  return { size: bytes.length, last: bytes.at(-1), results: Object.values(Module.preloadResults) };
})()`;

test('our loader script brings its files into a page, and out of IndexedDB the second time', async () => {
  for (const fromCache of [false, true]) {
    const page = await openPage('/load.html');
    expect(await page.evaluate(LOAD)).toEqual({ size: 300_000, last: base(299_999), results: [{ fromCache }] });
    await page.close();
  }
});

const tool = findFilePackager();

test.skipIf(tool === undefined)('so does the loader script of the real file_packager.py', async () => {
  const { status, stderr } = runFilePackager(tool!, dir, ['real.data', '--preload', 'disk.img@/pack/disk.img', '--js-output=real.js', '--use-preload-cache']);
  expect(status, stderr).toBe(0);
  for (const fromCache of [false, true]) {
    const page = await openPage('/real.html');
    expect(await page.evaluate(LOAD)).toMatchObject({ size: 300_000, last: base(299_999), results: [{ fromCache }] });
    await page.close();
  }
});
