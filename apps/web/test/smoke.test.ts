/** The page in a minute: it builds, it is small, a tiny guest prints, answers, pauses, and ends; what is missing or wrong is said. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { EXIT_PORT, GuestCode } from '@emu/machine/testing';
import { chunkFiles, packFiles } from '@emu/fs-pack/node';
import { buildSite, canBrowse, launch, Machine, SOON_MS, TestSite } from './harness.ts';

vi.setConfig({ testTimeout: 5 * SOON_MS });

const MAX_FIRST_LOAD = 400 * 1024;
const TINY = ['-nographic', '-m', '32M', '-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=4`, '-kernel', 'tiny/echo'];
/** Echoes in upper case what it is sent; `.` ends it with status 7. */
const ECHO = new GuestCode().print('ready\r\n').label('next').getAl().cmpAl(0x2e).jz('end').bytes(0x24, 0xdf).putAl().jmp('next').label('end').exit(3); // and al, ~0x20

let site: string, dir: string;

beforeAll(async () => {
  site = await buildSite();
  dir = mkdtempSync(join(tmpdir(), 'emu-web-'));
  writeFileSync(join(dir, 'echo'), ECHO.kernel());
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('page, terminal, worker and styles are at most 400 KB when compressed', () => {
  const files = ['index.html', ...readdirSync(join(site, 'assets')).map((name) => `assets/${name}`)].filter((name) => /\.(html|js|css|wasm)$/.test(name));
  const sizes = files.map((name) => [name, gzipSync(readFileSync(join(site, name)), { level: 9 }).length] as const);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`first load: ${(total / 1024).toFixed(1)} KiB gzip  (${sizes.map(([name, bytes]) => `${name} ${(bytes / 1024).toFixed(1)}`).join(', ')})`);
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThanOrEqual(MAX_FIRST_LOAD);
});

describe.skipIf(!canBrowse())('in Chromium', () => {
  let browser: Browser, context: BrowserContext, web: TestSite;

  beforeAll(async () => {
    web = await TestSite.open(site, { '/tiny/': dir });
    browser = await launch();
    context = await browser.newContext();
  });
  afterAll(async () => {
    await browser?.close();
    await web?.close();
  });

  /** The site at another origin, which every page may read. */
  const allowingSite = async (): Promise<TestSite> => {
    const cdn = await TestSite.open(site);
    cdn.fault = (_path, _request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      return false;
    };
    return cdn;
  };
  const elementOf = (from: TestSite): string =>
    `<!doctype html><link rel="icon" href="data:,"><emu-machine args="${TINY.join(' ')}" autostart bare></emu-machine><script type="module" src="${from.url}emu-machine.js"></script>`;

  test('Module.arguments boot a guest, which hears what is typed; pause, resume, restart', async () => {
    const machine = await Machine.open(context, web.page('echo', { arguments: TINY }));
    await machine.until(/ready/);
    await machine.page.keyboard.type('hello');
    await machine.until(/HELLO/);
    await machine.press('Pause');
    await machine.untilState('paused');
    await machine.send('later');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await machine.text()).not.toMatch(/LATER/);
    await machine.press('Resume');
    await machine.until(/LATER/);
    await expect.poll(() => machine.statusBar(), { timeout: SOON_MS }).toMatch(/^Running \d.* MIPS/);
    await machine.send('.');
    expect(await machine.untilMessage(/status/)).toBe('The guest ended the machine with status 7.');
    expect(await machine.state()).toBe('off');
    const cursor = machine.page.locator('emu-machine .xterm-cursor');
    await cursor.waitFor({ state: 'detached' }); // nobody to type to
    await machine.press('Start');
    await cursor.waitFor({ state: 'attached' });
    await machine.until(/^ready\s*$/);
    await machine.press('Reset');
    await machine.until(/ready\s+ready/);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
  });

  test('the power button asks first, and cuts the power when it is pressed again', async () => {
    const machine = await Machine.open(context, web.page('power', { arguments: TINY }));
    await machine.until(/ready/);
    await machine.press('Power off');
    expect(await machine.untilMessage(/asked/)).toMatch(/press again to cut the power/); // this guest does not listen
    expect(await machine.state()).toBe('running');
    await machine.press('Cut power');
    await machine.untilState('off');
    expect(await machine.untilMessage(/off/)).toBe('The machine was turned off.');
    await machine.press('Start again');
    await machine.until(/^ready\s*$/);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
  });

  test('loading that takes long shows a bar at once, can be cancelled, and is not in the way of the next start', async () => {
    web.fault = (path) => path === '/tiny/slow'; // no answer
    const machine = await Machine.open(context, web.page('cancelled', { arguments: [...TINY.slice(0, -1), 'tiny/slow'] }));
    await machine.page.getByText('Loading tiny/slow').waitFor();
    await machine.press('Cancel');
    await machine.page.getByRole('button', { name: 'Start the machine' }).waitFor();
    expect(await machine.message()).toBe('');
    web.fault = () => false;
    await machine.page.evaluate((argv) => { document.querySelector('emu-machine')!.arguments = argv; }, TINY);
    await machine.press('Start the machine');
    await machine.until(/ready/);
    await machine.send('still heard');
    await machine.until(/STILL/);
    await machine.page.close();
  });

  test('nothing is animated while a machine runs: for that, browsers draw sixty frames a second', async () => {
    const machine = await Machine.open(context, web.page('still', { arguments: TINY }));
    await machine.until(/ready/);
    await machine.page.locator('emu-machine .xterm-cursor').waitFor();
    const moving = () => machine.page.evaluate(() => [document, document.querySelector('emu-machine')!.shadowRoot!].flatMap((root) =>
      root.getAnimations().map(({ effect }) => `${(effect as KeyframeEffect).target?.className} ${effect!.getTiming().iterations}`)));
    await expect.poll(moving, { timeout: SOON_MS }).toEqual([]);
    await machine.page.close();
  });

  test('a page that waits says what it would boot, and starts by the button in the middle', async () => {
    const machine = await Machine.open(context, web.page('waiting', { arguments: TINY, noInitialRun: true }));
    await machine.page.getByText('tiny/echo \u00b7 32\u00a0MiB\u00a0of\u00a0memory').waitFor();
    await machine.press('Start the machine');
    await machine.until(/ready/);
    await machine.page.getByRole('button', { name: 'Start the machine' }).waitFor({ state: 'hidden' });
    await machine.page.close();
  });

  test('over plain HTTP, without caches and kept disks, a chunked pack boots with a temporary disk, and that is said', async () => {
    writeFileSync(join(dir, 'disk'), new Uint8Array(200_000).fill(7));
    await chunkFiles({ files: [join(dir, 'echo'), join(dir, 'disk')], output: join(dir, 'pack') });
    const argv = [...TINY.slice(0, -1), 'tiny/pack/echo', '-drive', 'if=virtio,format=raw,file=tiny/pack/disk'];
    const machine = await Machine.open(context, TestSite.plain(web.page('plain', { arguments: argv, keepDisk: true })));
    expect(await machine.page.evaluate(() => [isSecureContext, 'caches' in globalThis, 'storage' in navigator])).toEqual([false, false, false]);
    expect(await machine.untilMessage(/./)).toMatch(/keeps no disks.*forgotten with the page/);
    await machine.until(/ready/);
    expect(await machine.statusBar()).toContain('Temporary disk');
    await machine.press('Settings');
    expect(await machine.page.getByLabel('Keep in this browser').isDisabled()).toBe(true);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
  });

  test('files of a loader script are found by the names that arguments use', async () => {
    await packFiles({ target: join(dir, 'files.data'), jsOutput: join(dir, 'load.js'), preload: [`${dir}/echo@/pack/guest`] });
    const argv = [...TINY.slice(0, -1), 'pack/guest'];
    const locate = "<script>Module.locateFile = (name) => 'tiny/' + name;</script>";
    const machine = await Machine.open(context, web.page('preloaded', { arguments: argv }, `${locate}<script src="tiny/load.js"></script>`));
    await machine.until(/ready/);
    await machine.page.close();
  });

  test('a picked kernel takes the place of the page\'s own', async () => {
    writeFileSync(join(dir, 'mine'), new GuestCode().print('my own kernel').label('stay').hlt().jmp('stay').kernel());
    const machine = await Machine.open(context, web.page('own', { arguments: TINY }));
    await machine.until(/ready/);
    await machine.press('Settings');
    await machine.page.locator('#own-kernel').setInputFiles(join(dir, 'mine'));
    expect(await machine.page.locator('#command-line').textContent()).toContain('-kernel own/kernel/mine');
    await machine.press('Apply');
    expect(await machine.untilMessage(/next start/)).toBe('Used at the next start of the machine.');
    await machine.press('Restart now');
    await machine.until(/my own kernel/);
    expect(await machine.text()).not.toContain('ready');
    await machine.page.close();
  });

  test('a dropped kernel boots at once when the machine is off, and a qcow2 image is refused with advice', async () => {
    const machine = await Machine.open(context, web.page('drop', { arguments: TINY, noInitialRun: true }));
    const drop = (name: string, bytes: number[]) => machine.page.evaluate(([fileName, content]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(content as number[])], fileName as string));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, [name, bytes] as const);
    await drop('disk.qcow2', [0x51, 0x46, 0x49, 0xfb, ...new Array<number>(600).fill(0)]);
    expect(await machine.untilMessage(/qcow2/)).toContain('qemu-img convert -O raw disk.qcow2');
    const bzImage = new Array<number>(0x300).fill(0);
    for (const [i, c] of [...'HdrS'].entries()) bzImage[0x202 + i] = c.charCodeAt(0);
    await drop('vmlinuz', bzImage); // no real kernel, but it is taken for one
    expect(await machine.untilMessage(/vmlinuz/)).toContain('own/kernel/vmlinuz');
    await machine.page.close();
  });

  test('<emu-machine> works in another page, with its API', async () => {
    const html = `<!doctype html><title>embed</title><emu-machine args="${TINY.join(' ')}" style="height: 20rem"></emu-machine><script type="module" src="emu-machine.js"></script>`;
    const machine = await Machine.open(context, web.html('embed-test', html));
    await machine.page.waitForFunction(() => customElements.get('emu-machine'));
    const result = await machine.page.locator('emu-machine').evaluate(async (element) => {
      const emu = element as HTMLElementTagNameMap['emu-machine'];
      const states: string[] = [];
      emu.addEventListener('emu-state', (event) => states.push((event as CustomEvent<{ state: string }>).detail.state));
      const started = await emu.start();
      emu.send('abc.');
      while (emu.state !== 'off' || !emu.text.includes('ABC')) await new Promise((resolve) => setTimeout(resolve, 20));
      return { started, states, text: emu.text };
    });
    expect(result).toEqual({ started: true, states: ['loading', 'running', 'off'], text: 'ready\nABC' });
    await machine.page.close();
  });

  test('properties that are set before the element is defined count, and an element that is taken out and put back starts anew', async () => {
    const html = `<!doctype html><title>early</title><emu-machine style="height: 20rem"></emu-machine>
      <script>document.querySelector('emu-machine').arguments = ${JSON.stringify(TINY)};</script><script type="module" src="emu-machine.js"></script>`;
    const machine = await Machine.open(context, web.html('early', html));
    await machine.press('Start the machine');
    await machine.until(/ready/);
    await machine.page.evaluate(async () => {
      const element = document.querySelector('emu-machine')!;
      element.remove();
      await new Promise((resolve) => setTimeout(resolve, 50));
      document.body.append(element);
    });
    expect(await machine.state()).toBe('off');
    await machine.press('Start the machine');
    await machine.until(/^ready\s*$/);
    await machine.page.evaluate(() => { // moving is not taking out
      const box = document.createElement('div');
      document.body.append(box);
      box.append(document.querySelector('emu-machine')!);
    });
    await machine.send('moved');
    await machine.until(/MOVED/);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
  });

  test('two machines in one page keep apart', async () => {
    const one = `<emu-machine args="${TINY.join(' ')}" autostart style="height: 15rem"></emu-machine>`;
    const { page, complaints } = await Machine.open(context, web.html('two', `<!doctype html><title>two</title>${one}${one}<script type="module" src="emu-machine.js"></script>`));
    await page.waitForFunction(() => [...document.querySelectorAll('emu-machine')].every(({ text }) => text?.includes('ready')));
    const texts = await page.evaluate(async () => {
      const both = [...document.querySelectorAll('emu-machine')];
      both.forEach((element, i) => element.send(i === 0 ? 'left' : 'right'));
      while (!both.every(({ text }) => /LEFT|RIGHT/.test(text))) await new Promise((resolve) => setTimeout(resolve, 20));
      return both.map(({ text }) => text);
    });
    expect(texts).toEqual(['ready\nLEFT', 'ready\nRIGHT']);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('<emu-machine> comes from another origin, which only has to allow it', async () => {
    const cdn = await allowingSite();
    const machine = await Machine.open(context, web.html('other-origin', elementOf(cdn)));
    await machine.page.waitForFunction(() => customElements.get('emu-machine'));
    await machine.until(/ready/);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
    await cdn.close();
  });

  test('unknown options, missing files and a strict security policy are said in one clear message', async () => {
    const option = await Machine.open(context, web.page('option', { arguments: ['-nographic', '-vga', 'std'] }));
    expect(await option.untilMessage(/-vga/)).toMatch(/not supported/);
    const missing = await Machine.open(context, web.page('missing', { arguments: [...TINY.slice(0, -1), 'tiny/nothing'] }));
    expect(await missing.untilMessage(/nothing/)).toMatch(/could not load 'tiny\/nothing'.*404.*check its name/);
    const withPolicy = async (policy: string): Promise<Machine> => {
      const strict = await browser.newContext();
      await strict.route('**/*', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
      });
      return Machine.open(strict, web.page('csp', { arguments: TINY }));
    };
    const csp = await withPolicy("script-src 'self' 'unsafe-inline'");
    expect(await csp.untilMessage(/./)).toMatch(/Content-Security-Policy forbids WebAssembly.*'wasm-unsafe-eval'/);
    const noWorker = await withPolicy("script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'none'");
    expect(await noWorker.untilMessage(/./)).toMatch(/worker did not start: .*(Content Security Policy|worker-src)/);
    const without = await browser.newContext();
    await without.addInitScript('delete globalThis.WebAssembly');
    const none = await Machine.open(without, web.page('none', { arguments: TINY }));
    expect(await none.untilMessage(/./)).toMatch(/no WebAssembly/);
    const large = await Machine.open(context, web.page('large', { arguments: ['-m', '9G', ...TINY.slice(3)] }));
    expect(await large.untilMessage(/./)).toMatch(/9216 MiB/);
    await missing.page.locator('emu-machine .progress').waitFor({ state: 'hidden' });
    for (const { page } of [option, missing, csp, noWorker, none, large]) await page.close();
  });

  test('without module workers the page runs all the same; an element of another origin says why it cannot', async () => {
    const old = await browser.newContext();
    await old.addInitScript(() => {
      const { Worker: Real } = globalThis; // as before module workers: nobody looks at the type
      globalThis.Worker = function Old(url: string | URL): Worker { return new Real(url); } as never;
    });
    const page = await Machine.open(old, web.page('old', { arguments: TINY }));
    await page.until(/ready/);
    const cdn = await allowingSite();
    const element = await Machine.open(old, web.html('old-element', elementOf(cdn)));
    await element.page.waitForFunction(() => customElements.get('emu-machine'));
    expect(await element.untilMessage(/./)).toMatch(/no module workers.*Chrome or Edge 112/);
    await old.close();
    await cdn.close();
  });

  test('a browser too old for the page, and a site of which a part is missing, are told so', async () => {
    const half = await browser.newContext();
    await half.route('**/assets/*.js', (route) => route.abort());
    const page = await half.newPage();
    await page.goto(web.page('half', { arguments: TINY }));
    expect(await page.getByRole('alert').textContent()).toMatch(/too old.*or a part of the site is missing/);
    await half.close();
    const workerless = await browser.newContext();
    await workerless.route(/\/assets\/main-[^/]*\.js$/, (route) => route.fulfill({ status: 404 }));
    const broken = await Machine.open(workerless, web.page('workerless', { arguments: TINY }));
    expect(await broken.untilMessage(/./)).toMatch(/worker did not start.*is the site complete/);
    await workerless.unroute(/\/assets\/main-[^/]*\.js$/);
    await broken.press('Start'); // with another worker
    await broken.until(/ready/);
    await workerless.close();
  });

  test('everything can be reached by the keyboard, and the terminal can be left', async () => {
    const machine = await Machine.open(context, web.page('keys', { arguments: ['-accel', 'jit,threshold=100', ...TINY] }));
    await machine.until(/ready/);
    await machine.page.keyboard.press('Tab');
    await machine.send('x');
    await machine.until(/X/);
    const focused = () => machine.page.evaluate(() => {
      const inner = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
      return inner?.textContent?.trim() || inner?.className || '';
    });
    expect(await focused()).toContain('xterm');
    await machine.page.keyboard.press('Shift+F6');
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) {
      seen.push(await focused());
      await machine.page.keyboard.press('Tab');
    }
    expect(seen).toEqual(expect.arrayContaining(['Pause', 'Reset', 'Power off', 'Paste', 'Settings', 'Help']));
    await machine.page.getByRole('button', { name: 'Settings' }).press('Enter');
    await machine.page.getByLabel('Kernel command line').fill('loglevel=3');
    expect(await machine.page.locator('#command-line').textContent()).toMatch(/-accel jit,threshold=100 .* -append loglevel=3$/);
    await machine.page.keyboard.press('Escape');
    await machine.page.waitForSelector('#settings', { state: 'hidden' });
    await machine.page.close();
  });
});
