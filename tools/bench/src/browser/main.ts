/**
 * Our emulator in a page of headless Chromium, as a measured process: SITE, then QEMU's options; the serial line on standard input and output.
 * The page is `emu-machine.js` of apps/web with nothing around it; the files that the options name come over HTTP from this process.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { writeAll } from '@emu/machine/node';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const TYPES: Record<string, string> = { js: 'text/javascript', html: 'text/html', css: 'text/css', wasm: 'application/wasm' };
const FILE_OPTIONS = ['-kernel', '-initrd'];

const [site, ...options] = process.argv.slice(2) as [string, ...string[]];
/** By the name that the page uses. */
const files = new Map<string, string>();
const shown = options.map((word, i) => {
  if (!FILE_OPTIONS.includes(options[i - 1] ?? '')) return word;
  files.set(`/${options[i - 1]!.slice(1)}`, word);
  return options[i - 1]!.slice(1);
});

const server = createServer((request, response) => {
  const path = request.url!.split('?')[0]!;
  if (path === '/') return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>bench</title>');
  const file = files.get(path) ?? join(site, normalize(decodeURIComponent(path)));
  if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
  response.setHeader('content-length', statSync(file).size).setHeader('content-type', TYPES[file.split('.').pop()!] ?? 'application/octet-stream');
  createReadStream(file).pipe(response);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const executablePath = [process.env['CHROMIUM'], '/usr/bin/chromium', chromium.executablePath()].find((path) => path && existsSync(path));
const browser = await chromium.launch({ executablePath, args: FLAGS });
process.on('SIGTERM', () => void browser.close().finally(() => process.exit(0)));
const page = await browser.newPage();
page.on('console', (message) => console.error(message.text()));
page.on('pageerror', (error) => console.error(error.message));
await page.exposeFunction('emuOutput', (text: string) => writeAll(1, Buffer.from(text, 'latin1')));
await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
await page.evaluate(async (args) => {
  const { WebMachine } = await import(new URL('emu-machine.js', location.href).href);
  const machine = new WebMachine(), w = globalThis as unknown as { emuOutput(text: string): void; emuMachine: unknown };
  machine.on('output', (bytes: Uint8Array) => {
    machine.shown(bytes.length);
    w.emuOutput(String.fromCharCode(...bytes));
  });
  machine.on('log', (line: string) => console.log(line));
  machine.on('state', ({ end }: { end?: unknown }) => { if (end) console.log(JSON.stringify(end)); });
  w.emuMachine = machine;
  await machine.start({ arguments: args });
}, shown);
process.stdin.on('data', (bytes: Buffer) => void page.evaluate((text) => {
  (globalThis as unknown as { emuMachine: { send(text: string): void } }).emuMachine.send(text);
}, bytes.toString('latin1')));
