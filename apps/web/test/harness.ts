/** For tests of the page: builds it, serves it like any static host (with faults on demand), drives it in headless Chromium. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { build } from 'vite';
import { serveSite } from '../../../tools/dev/static-server.mjs';
import type { EmuMachineElement } from '../src/element.ts';

const ROOT = join(import.meta.dirname, '..');
/** Of this process: test runs may overlap. */
const SITE = join(ROOT, `.cache/site-${process.pid}`);
/** A host name of this machine that browsers do not trust as they do `localhost`: a page there is one over plain HTTP. */
const PLAIN_HOST = 'plain.test';
const FLAGS = [
  `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`, '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
/** `CHROMIUM`, Debian's, or the one that Playwright has installed. */
const EXECUTABLE = [process.env['CHROMIUM'], '/usr/bin/chromium', chromium.executablePath()].find((path) => path && existsSync(path));

/** Whether there is a browser to test with; says how to get one. */
export function canBrowse(): boolean {
  if (!EXECUTABLE) console.log('no Chromium: install Debian\'s package chromium, or run: npx playwright-core install chromium');
  return EXECUTABLE !== undefined;
}

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });

const conditions = ['@emu/source', 'browser', 'module', 'import', 'default'];

/** Builds the site as it is published; it is gone when the process ends. */
export async function buildSite(): Promise<string> {
  process.once('exit', () => rmSync(SITE, { recursive: true, force: true }));
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  for (const old of readdirSync(join(ROOT, '.cache'), { withFileTypes: true })) { // of runs that were killed
    const [, pid] = /^site-(\d+)$/.exec(old.name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(ROOT, '.cache', old.name), { recursive: true, force: true });
  }
  await build({ root: ROOT, logLevel: 'warn', build: { outDir: SITE, emptyOutDir: true, sourcemap: false } });
  return SITE;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Bundles one module of this folder, for a worker; returns the directory that `NAME.js` is in. */
export async function bundle(entry: string): Promise<string> {
  const outDir = join(ROOT, '.cache', `bundle-${entry.replace(/\W/g, '-')}`);
  await build({
    root: ROOT, configFile: false, logLevel: 'warn', publicDir: false, resolve: { conditions },
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: join(import.meta.dirname, entry), output: { entryFileNames: '[name].js' } } },
  });
  return outDir;
}

/** What a test's page has in its `Module`, beside hooks of loader scripts. */
export interface ModuleSettings {
  readonly arguments?: readonly string[];
  readonly noInitialRun?: boolean;
  readonly keepDisk?: boolean;
  readonly sizeWord?: string;
}

export type Fault = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** A site: the built page, more directories, and pages of tests' own. */
export class TestSite {
  /** Answers a request in the server's place where it returns true. */
  fault: Fault = () => false;
  /** Bodies sent, by path. */
  readonly sent = new Map<string, number>();
  readonly #pages = new Map<string, string>();
  #server!: Awaited<ReturnType<typeof serveSite>>;

  static async open(site: string, mounts: Readonly<Record<string, string>> = {}): Promise<TestSite> {
    const test = new TestSite();
    test.#server = await serveSite({ '/': site, ...mounts }, {
      onRequest: (path, request, response) => test.fault(path, request, response) || test.#page(path, response),
      onSent: (path, bytes) => void test.sent.set(path, (test.sent.get(path) ?? 0) + bytes),
    });
    return test;
  }

  get url(): string {
    return this.#server.url;
  }

  /** The same page over plain HTTP from elsewhere. */
  static plain(url: string): string {
    return url.replace('127.0.0.1', PLAIN_HOST);
  }

  /** Bytes of all bodies whose path has the prefix. */
  sentUnder(prefix: string): number {
    return [...this.sent].reduce((sum, [path, bytes]) => sum + (path.startsWith(prefix) ? bytes : 0), 0);
  }

  /** The page with another `Module`, and with scripts after it. Returns its URL. */
  page(name: string, module: ModuleSettings, scripts = ''): string {
    const html = readFileSync(join(SITE, 'index.html'), 'utf8');
    const changed = html.replace(/<script>\s*\/\/ QEMU[\s\S]*?<\/script>/, () => `<script>var Module = ${JSON.stringify(module)};</script>${scripts}`);
    if (changed === html) throw new Error('index.html has no Module to replace');
    return this.html(name, changed);
  }

  html(name: string, html: string): string {
    this.#pages.set(`/${name}.html`, html);
    return `${this.url}${name}.html`;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #page(path: string, response: ServerResponse): boolean {
    const html = this.#pages.get(path);
    if (html === undefined) return false;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
    return true;
  }
}

/** How long a test waits for what takes a moment on an idle host. */
export const SOON_MS = 60_000;
/** The same for what takes Linux some ten seconds. */
export const BOOT_MS = 600_000;

/** One machine in a browser page. */
export class Machine {
  readonly page: Page;
  /** What the page's console and uncaught errors said. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => { if (message.type() === 'error') this.complaints.push(message.text()); });
  }

  static async open(context: BrowserContext, url: string): Promise<Machine> {
    const machine = new Machine(await context.newPage());
    await machine.page.goto(url);
    return machine;
  }

  text(): Promise<string> {
    return this.#element((element) => element.text);
  }

  state(): Promise<string> {
    return this.#element((element) => element.state);
  }

  /** What the message bar says. */
  message(): Promise<string> {
    return this.#element((element) => element.shadowRoot!.querySelector('.message.on .text')?.textContent ?? '');
  }

  statusBar(): Promise<string> {
    return this.#element((element) => (element.shadowRoot!.querySelector('.status') as HTMLElement).innerText.replaceAll('\n', ' '));
  }

  send(text: string): Promise<void> {
    return this.page.evaluate((typed) => (document.querySelector('emu-machine') as EmuMachineElement).send(typed), text);
  }

  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Waits for text in the terminal after `from` characters. Fails with the end of the screen. */
  async until(pattern: RegExp, withinMs = SOON_MS, from = 0): Promise<string> {
    return this.#poll(async () => {
      const text = await this.text();
      return pattern.test(text.slice(from)) ? text : undefined;
    }, withinMs, String(pattern));
  }

  async untilState(state: string, withinMs = SOON_MS): Promise<void> {
    await this.#poll(async () => ((await this.state()) === state ? state : undefined), withinMs, `state ${state}`);
  }

  async untilMessage(pattern: RegExp, withinMs = SOON_MS): Promise<string> {
    return this.#poll(async () => {
      const text = await this.message();
      return pattern.test(text) ? text : undefined;
    }, withinMs, `message ${pattern}`);
  }

  /** Waits for the guest's shell. */
  prompt(withinMs = BOOT_MS, from = 0): Promise<string> {
    return this.until(/[~/] #$/, withinMs, from);
  }

  /** Runs a command in the guest's shell and returns what it printed. */
  async run(command: string, withinMs = 60_000): Promise<string> {
    const from = (await this.text()).length;
    await this.send(`${command}; echo "=$?="\r`);
    const text = await this.until(/^=\d+=$/m, withinMs, from);
    const [, ...lines] = text.slice(from).split('\n');
    return lines.slice(0, lines.findIndex((line) => /^=\d+=$/.test(line))).join('\n');
  }

  #element<T>(read: (element: EmuMachineElement) => T): Promise<T> {
    return this.page.locator('emu-machine').evaluate(read as (element: Element) => T) as Promise<T>;
  }

  async #poll<T>(look: () => Promise<T | undefined>, withinMs: number, what: string): Promise<T> {
    const end = performance.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > end) {
        const [text, message, state] = await Promise.all([this.text(), this.message(), this.state()]);
        throw new Error(`waited ${withinMs} ms for ${what}; state ${state}; message "${message}"; complaints ${this.complaints.join('; ')}; screen:\n${text.slice(-1500)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Kernel and disk of tools/guest without the boot messages. */
export const QUIET_GUEST: readonly string[] = [
  '-nographic', '-m', '512M', '-L', 'pack/', '-drive', 'if=virtio,format=raw,file=pack/rootfs.bin', '-kernel', 'pack/bzImage', '-initrd', 'pack/initrd',
  '-append', 'console=ttyS0 root=/dev/vda quiet',
];
