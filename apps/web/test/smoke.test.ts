/** The page in a minute: it builds, it is small, a tiny guest prints, answers, pauses, and ends; what is missing or wrong is said. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT_PORT, GuestCode } from '@emu/machine/testing';
import { packFiles } from '@emu/fs-pack/node';
import { buildSite, canBrowse, launch, Machine, TestSite } from './harness.ts';

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

  test('Module.arguments boot a guest, which hears what is typed; pause, resume, restart', async () => {
    const machine = await Machine.open(context, web.page('echo', { arguments: TINY }));
    await machine.until(/ready/, 20_000);
    await machine.page.keyboard.type('hello');
    await machine.until(/HELLO/, 5000);
    await machine.press('Pause');
    await machine.untilState('paused');
    await machine.send('later');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await machine.text()).not.toMatch(/LATER/);
    await machine.press('Resume');
    await machine.until(/LATER/, 5000);
    await expect.poll(() => machine.statusBar()).toMatch(/^Running \d.* MIPS/);
    await machine.send('.');
    expect(await machine.untilMessage(/status/, 5000)).toBe('The guest ended the machine with status 7.');
    expect(await machine.state()).toBe('off');
    await machine.press('Start');
    await machine.until(/^ready\s*$/, 20_000);
    await machine.press('Reset');
    await machine.until(/ready\s+ready/, 5000);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
  });

  test('files of a loader script are found by the names that arguments use', async () => {
    await packFiles({ target: join(dir, 'files.data'), jsOutput: join(dir, 'load.js'), preload: [`${dir}/echo@/pack/guest`] });
    const argv = [...TINY.slice(0, -1), 'pack/guest'];
    const locate = "<script>Module.locateFile = (name) => 'tiny/' + name;</script>";
    const machine = await Machine.open(context, web.page('preloaded', { arguments: argv }, `${locate}<script src="tiny/load.js"></script>`));
    await machine.until(/ready/, 20_000);
    await machine.page.close();
  });

  test('a picked kernel takes the place of the page\'s own', async () => {
    writeFileSync(join(dir, 'mine'), new GuestCode().print('my own kernel').label('stay').hlt().jmp('stay').kernel());
    const machine = await Machine.open(context, web.page('own', { arguments: TINY }));
    await machine.until(/ready/, 20_000);
    await machine.press('Settings');
    await machine.page.locator('#own-kernel').setInputFiles(join(dir, 'mine'));
    expect(await machine.page.locator('#command-line').textContent()).toContain('-kernel own/kernel/mine');
    await machine.press('Apply');
    expect(await machine.untilMessage(/next start/, 5000)).toBe('Used at the next start of the machine.');
    await machine.press('Restart now');
    await machine.until(/my own kernel/, 20_000);
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
    expect(await machine.untilMessage(/qcow2/, 5000)).toContain('qemu-img convert -O raw disk.qcow2');
    const bzImage = new Array<number>(0x300).fill(0);
    for (const [i, c] of [...'HdrS'].entries()) bzImage[0x202 + i] = c.charCodeAt(0);
    await drop('vmlinuz', bzImage); // no real kernel, but it is taken for one
    expect(await machine.untilMessage(/vmlinuz/, 10_000)).toContain('own/kernel/vmlinuz');
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

  test('<emu-machine> comes from another origin, which only has to allow it', async () => {
    const cdn = await TestSite.open(site);
    cdn.fault = (_path, _request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      return false;
    };
    const html = `<!doctype html><emu-machine args="${TINY.join(' ')}" autostart bare></emu-machine><script type="module" src="${cdn.url}emu-machine.js"></script>`;
    const machine = await Machine.open(context, web.html('other-origin', html));
    await machine.page.waitForFunction(() => customElements.get('emu-machine'));
    await machine.until(/ready/, 20_000);
    expect(machine.complaints).toEqual([]);
    await machine.page.close();
    await cdn.close();
  });

  test('unknown options, missing files and a strict security policy are said in one clear message', async () => {
    const option = await Machine.open(context, web.page('option', { arguments: ['-nographic', '-vga', 'std'] }));
    expect(await option.untilMessage(/-vga/, 10_000)).toMatch(/not supported/);
    const missing = await Machine.open(context, web.page('missing', { arguments: [...TINY.slice(0, -1), 'tiny/nothing'] }));
    expect(await missing.untilMessage(/nothing/, 10_000)).toMatch(/could not load 'tiny\/nothing'.*404/);
    const strict = await browser.newContext();
    await strict.route('**/*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': "script-src 'self' 'unsafe-inline'" } });
    });
    const csp = await Machine.open(strict, web.page('csp', { arguments: TINY }));
    expect(await csp.untilMessage(/./, 10_000)).toMatch(/Content-Security-Policy forbids WebAssembly.*'wasm-unsafe-eval'/);
    const without = await browser.newContext();
    await without.addInitScript('delete globalThis.WebAssembly');
    const none = await Machine.open(without, web.page('none', { arguments: TINY }));
    expect(await none.untilMessage(/./, 10_000)).toMatch(/no WebAssembly/);
    const large = await Machine.open(context, web.page('large', { arguments: ['-m', '9G', ...TINY.slice(3)] }));
    expect(await large.untilMessage(/./, 20_000)).toMatch(/9216 MiB/);
    for (const { page } of [option, missing, csp, none, large]) await page.close();
  });

  test('everything can be reached by the keyboard, and the terminal can be left', async () => {
    const machine = await Machine.open(context, web.page('keys', { arguments: TINY }));
    await machine.until(/ready/, 20_000);
    await machine.page.keyboard.press('Tab');
    await machine.send('x');
    await machine.until(/X/, 5000);
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
    expect(await machine.page.locator('#command-line').textContent()).toContain('-append loglevel=3');
    await machine.page.keyboard.press('Escape');
    await machine.page.waitForSelector('#settings', { state: 'hidden' });
    await machine.page.close();
  });
});
