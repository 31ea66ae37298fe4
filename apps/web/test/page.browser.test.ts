/** The page with the guest of tools/guest: a real kernel, a real disk. Minutes long. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chunkFiles } from '@emu/fs-pack/node';
import type { Manifest } from '@emu/fs-pack';
import { webPack } from '../../../tools/dev/web-pack.mjs';
import type { EmuMachineElement } from '../src/element.ts';
import { BOOT_MS, buildSite, canBrowse, launch, Machine, QUIET_GUEST, TestSite, type Fault } from './harness.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MIB = 2 ** 20;

describe.skipIf(!canBrowse())('the page with Debian\'s kernel', () => {
  let browser: Browser, web: TestSite, pack: string, built: string;

  beforeAll(async () => {
    pack = webPack();
    built = await buildSite();
    web = await TestSite.open(built, { '/pack/': pack });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await web?.close();
  });

  beforeEach(async () => {
    if (!browser.isConnected()) browser = await launch(); // a crash costs one test
  });
  afterEach(async () => {
    web.fault = () => false;
    for (const context of browser.contexts()) await context.close();
  });

  /** Chunks that belong to the disk alone. */
  const diskChunks = (): Set<string> => {
    const manifest = JSON.parse(readFileSync(join(pack, 'manifest.json'), 'utf8')) as Manifest;
    const of = (name: string) => manifest.files.find(({ path }) => path === name)!.chunks.flatMap(([first, count]) => (first < 0 ? [] : Array.from({ length: count }, (_, i) => first + i)));
    const others = new Set(['bzImage', 'initrd'].flatMap(of));
    return new Set(of('rootfs.bin').filter((id) => !others.has(id)).map((id) => manifest.chunks[id]![0]));
  };
  const isDiskChunk = (chunks: Set<string>, path: string): boolean => path.startsWith('/pack/chunks/') && chunks.has(path.split('/').at(-1)!);

  test('boots to a prompt, where uname -m says x86_64; times beside the command line\'s', async () => {
    const context = await browser.newContext();
    const began = performance.now();
    const machine = await Machine.open(context, web.url);
    await machine.prompt();
    const webS = (performance.now() - began) / 1000;
    expect(await machine.run('uname -m')).toBe('x86_64');
    expect(await machine.run('stty size')).toBe(await machine.page.evaluate(() => {
      const { rows, columns } = (document.querySelector('emu-machine') as EmuMachineElement).terminalSize;
      return `${rows} ${columns}`;
    }));
    const bytes = web.sentUnder('/');
    await context.close();
    const cliS = await cliToPrompt();
    console.log(`page open to prompt: ${webS.toFixed(1)} s in Chromium (${(bytes / MIB).toFixed(1)} MiB transferred); the command line's: ${cliS.toFixed(1)} s`);
    expect(bytes).toBeLessThan(40 * MIB);
  });

  test('pauses, goes on, and starts again by the reset button', async () => {
    const context = await browser.newContext();
    const machine = await Machine.open(context, web.page('quiet', { arguments: QUIET_GUEST }));
    await machine.prompt();
    await machine.press('Pause');
    await machine.untilState('paused');
    await machine.send('echo after the pause | tr a-z A-Z\r');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await machine.text()).not.toContain('AFTER THE PAUSE');
    await machine.press('Resume');
    await machine.until(/AFTER THE PAUSE/);
    const from = (await machine.text()).length;
    await machine.press('Reset');
    await machine.prompt(BOOT_MS, from);
    expect(await machine.run('cut -d. -f1 /proc/uptime')).toMatch(/^\d{1,2}$/);
    await machine.page.setViewportSize({ width: 800, height: 500 });
    await machine.page.locator('emu-machine').getByTitle(/Tell the guest's shell/).click();
    const { rows, columns } = await machine.page.locator('emu-machine').evaluate((element) => (element as EmuMachineElement).terminalSize);
    expect(rows).toBeLessThan(30);
    await machine.until(/stty rows/);
    expect(await machine.run('stty size')).toBe(`${rows} ${columns}`);
  });

  for (const accel of ['tci', 'jit']) {
    test(`with -accel ${accel}, while the guest is in a tight loop or prints without end, the page stays responsive, and Ctrl-C reaches the guest within 200 ms`, { retry: 2 }, async () => {
      const context = await browser.newContext();
      const machine = await Machine.open(context, web.page('busy', { arguments: ['-accel', accel, ...QUIET_GUEST] }));
      await machine.prompt();
      for (const [loop, running] of [['echo begun; while :; do :; done', /^begun$/m], ['yes a guest that prints without end', /^a guest that prints/m]] as const) {
        await machine.send(`${loop}\r`);
        await machine.until(running); // the shell reads no keys itself any more
        await browser.startTracing(machine.page, { categories: ['toplevel'] });
        const { long, ctrlCMs, heard } = await watchBusyPage(machine);
        const { wallMs, cpuMs } = longestTask(await browser.stopTracing());
        const load = loadavg()[0]! / cpus().length;
        console.log(`${accel}, ${loop}: longest task of the page ${cpuMs.toFixed(0)} ms of CPU, ${wallMs.toFixed(0)} ms by the clock, ${long.length} long tasks by the observer; `
          + `prompt ${ctrlCMs.toFixed(0)} ms after Ctrl-C; load per core ${load.toFixed(1)}`);
        expect(cpuMs).toBeLessThan(50);
        if (load < 1) expect(long).toEqual([]); // else the page waits for its turn on the host
        expect(ctrlCMs, JSON.stringify(heard)).toBeLessThan(200 * Math.max(1, load));
        await machine.until(/#$/);
      }
    });
  }

  test('an own kernel, initrd and disk boot: picked in the settings, and dragged onto the page', async () => {
    const guest = dirname(pack);
    const files = { kernel: join(guest, 'bzImage'), initrd: join(guest, 'initrd'), disk: join(guest, 'rootfs.bin') };
    const waiting = web.page('own', { arguments: ['-nographic', '-m', '512M', '-append', 'console=ttyS0 root=/dev/vda quiet'], noInitialRun: true });
    const before = web.sentUnder('/pack/');

    const picked = await Machine.open(await browser.newContext(), waiting);
    await picked.press('Settings');
    for (const [role, file] of Object.entries(files)) await picked.page.locator(`#own-${role}`).setInputFiles(file);
    await picked.press('Apply and start');
    await picked.prompt();
    expect(await picked.run('mount | grep -c "^/dev/vda on / "')).toBe('1');
    await picked.page.close();

    const dropped = await Machine.open(await browser.newContext(), waiting);
    const devtools = await dropped.page.context().newCDPSession(dropped.page);
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      devtools.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data: { items: [], files: Object.values(files), dragOperationsMask: 1 } });
    await drag('dragEnter');
    await drag('dragOver');
    await dropped.page.getByText('Drop a kernel, an initrd or a raw disk image').waitFor();
    await drag('drop');
    await dropped.prompt();
    expect(await dropped.run('mount | grep -c "^/dev/vda on / "')).toBe('1');
    expect(await dropped.page.locator('#drop').isHidden()).toBe(true);
    expect(web.sentUnder('/pack/')).toBe(before);
  });

  test('a file survives a reload with a kept disk; a second tab is told; reset brings the image back', async () => {
    const context = await browser.newContext();
    const url = web.page('kept', { arguments: QUIET_GUEST, keepDisk: true });
    const machine = await Machine.open(context, url);
    await machine.prompt();
    await machine.run('echo kept in the browser > /root/note; sync');
    await machine.page.reload();
    await machine.prompt();
    expect(await machine.run('cat /root/note')).toBe('kept in the browser');

    const second = await Machine.open(context, url);
    expect(await second.untilMessage(/another tab/)).toMatch(/close that tab, or use a temporary disk/);
    await second.press('Start with a temporary disk');
    await second.untilState('running');
    await second.page.close();

    machine.page.on('dialog', (dialog) => void dialog.accept());
    await machine.press('Settings');
    await machine.press('Reset disk');
    await machine.page.keyboard.press('Escape');
    await machine.until(/^(?![\s\S]*kept in the browser)/); // an empty terminal
    await machine.prompt();
    expect(await machine.run('ls /root/note')).toMatch(/No such file/);
  });

  test('a connection that breaks in the middle of a chunk is tried again, and the guest notices nothing', async () => {
    const context = await browser.newContext();
    const chunks = diskChunks();
    const broken = new Map<string, number>();
    web.fault = (path, _request, response) => {
      const times = broken.get(path) ?? 0;
      if (!isDiskChunk(chunks, path) || times >= 2) return false;
      broken.set(path, times + 1);
      response.writeHead(200, { 'content-length': 100_000 }).write(Buffer.alloc(1000), () => response.destroy());
      return true;
    };
    const machine = await Machine.open(context, web.page('flaky', { arguments: QUIET_GUEST }));
    const [trouble] = await Promise.all([machine.untilMessage(/trying again/, BOOT_MS), machine.prompt()]);
    expect(trouble).toMatch(/Connection trouble/);
    expect(broken.size).toBeGreaterThan(1);
    expect(await machine.run('dmesg | grep -ci "i/o error"')).toBe('0');
  });

  test('a connection that stays broken is reported, the guest waits, and goes on when it is back', async () => {
    const context = await browser.newContext();
    const chunks = diskChunks();
    const broken: Fault = (path, _request, response) => {
      if (!isDiskChunk(chunks, path)) return false;
      response.writeHead(503).end();
      return true;
    };
    web.fault = broken;
    const machine = await Machine.open(context, web.page('down', { arguments: QUIET_GUEST }));
    expect(await machine.untilMessage(/waits/, BOOT_MS)).toMatch(/disk virtio0 waits: .*503.*gave up after 6 attempts, check the connection/s);
    await new Promise((resolve) => setTimeout(resolve, 9000)); // chunks that are read ahead fail too, and must not hide the question
    expect(await machine.message()).toMatch(/disk virtio0 waits/);
    expect(await machine.text()).not.toMatch(/#$/);
    web.fault = () => false;
    await machine.press('Try again');
    await machine.prompt();

    web.fault = broken;
    const reading = machine.run('head -c 209715200 /dev/vda | wc -c', BOOT_MS);
    await machine.untilMessage(/waits/, BOOT_MS);
    web.fault = () => false;
    await machine.page.evaluate(() => dispatchEvent(new Event('online'))); // nobody has to press anything
    expect(await reading).toBe('209715200');
    expect(await machine.message()).toBe('');
    expect(await machine.run('dmesg | grep -ci "i/o error"')).toBe('0');
  });

  test('a corrupt chunk is reported and never reaches the guest, which gets an I/O error', async () => {
    const context = await browser.newContext();
    const chunks = diskChunks();
    const spoilt = new Set<string>();
    web.fault = (path, _request, response) => {
      if (!isDiskChunk(chunks, path)) return false;
      const body = readFileSync(join(pack, path.slice('/pack/'.length)));
      body[body.length >> 1]! ^= 1;
      spoilt.add(path);
      response.writeHead(200, { 'content-length': body.length }).end(body);
      return true;
    };
    const machine = await Machine.open(context, web.page('corrupt', { arguments: [...QUIET_GUEST.slice(0, -1), 'console=ttyS0 root=/dev/vda panic=5'] }));
    expect(await machine.untilMessage(/failed/, BOOT_MS)).toMatch(/guest was told: .*rootfs\.bin.*(hash|inflate|deflate).*upload the pack again/s);
    await machine.until(/I\/O error, dev vda/);
    expect(await machine.text()).not.toMatch(/mounted filesystem|# $/);
    expect(spoilt.size).toBeGreaterThan(0);
  });

  test('a sparse image of 1 GiB boots with less than 40 MiB transferred to the prompt', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'emu-gib-'));
    const guest = dirname(pack);
    const image = join(dir, 'rootfs.bin');
    copyFileSync(join(guest, 'rootfs.bin'), image);
    truncateSync(image, 1024 * MIB);
    const grown = spawnSync('resize2fs', ['-f', image], { env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
    expect(grown.status).toBe(0);
    await chunkFiles({ files: [image, join(guest, 'bzImage'), join(guest, 'initrd')], output: join(dir, 'pack') });
    const site = await TestSite.open(built, { '/pack/': join(dir, 'pack') });
    const context = await browser.newContext();
    const machine = await Machine.open(context, site.page('gib', { arguments: QUIET_GUEST }));
    await machine.prompt();
    const bytes = site.sentUnder('/pack/');
    console.log(`1 GiB image: ${(bytes / MIB).toFixed(1)} MiB of pack transferred to the prompt`);
    expect(bytes).toBeLessThan(40 * MIB);
    expect(await machine.run('cat /sys/block/vda/size')).toBe(String(1024 * MIB / 512));
    expect(Number((await machine.run("df -m / | tail -1 | awk '{ print $2 }'")))).toBeGreaterThan(900);
    await site.close();
    rmSync(dir, { recursive: true });
  });

  test('turning off writes the disk and frees the machine; the next start in the same page boots again', async () => {
    const context = await browser.newContext();
    const machine = await Machine.open(context, web.page('again', { arguments: QUIET_GUEST }));
    await machine.prompt();
    await machine.send('poweroff\r');
    await machine.untilState('off');
    expect(await machine.untilMessage(/turned itself off/)).toBe('The guest turned itself off.');
    await machine.press('Start');
    await machine.untilState('running');
    await machine.prompt();
    expect(machine.complaints).toEqual([]);
  });
});

/** Long tasks of the page in four seconds, and how long after Ctrl-C the guest's prompt is there. */
function watchBusyPage(machine: Machine): Promise<{ long: number[]; ctrlCMs: number; heard: string }> {
  return machine.page.evaluate(async () => {
    const element = document.querySelector('emu-machine') as EmuMachineElement;
    const long: number[] = [];
    const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: 'longtask' });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    observer.disconnect();
    const decoder = new TextDecoder();
    let heard = '';
    const began = performance.now();
    const prompt = new Promise<number>((resolve) => element.addEventListener('emu-output', (event) => {
      heard = (heard + decoder.decode((event as CustomEvent<Uint8Array>).detail)).slice(-200);
      if (/# (\x1b\[6n)?$/.test(heard)) resolve(performance.now() - began); // the echo of "^C" is not always before it
    }));
    element.send('\x03');
    const ctrlCMs = await Promise.race([prompt, new Promise<number>((resolve) => setTimeout(() => resolve(Infinity), 20_000))]);
    return { long, ctrlCMs, heard };
  });
}

/** The longest task of the page's main thread in a trace of Chromium's. */
function longestTask(trace: Buffer): { wallMs: number; cpuMs: number } {
  interface TraceEvent { name: string; pid: number; tid: number; dur?: number; tdur?: number; args: { name?: string } }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === 'ThreadControllerImpl::RunTask' && main.has(`${pid} ${tid}`));
  expect(tasks.length).toBeGreaterThan(100);
  return { wallMs: Math.max(...tasks.map(({ dur = 0 }) => dur)) / 1000, cpuMs: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000 };
}

/** Seconds from the start of the command line's emulator to its prompt, with the page's arguments. */
function cliToPrompt(): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [
    join(ROOT, 'apps/cli/bin/emu-system-x86_64.mjs'), ...QUIET_GUEST.slice(0, -2).map((arg) => arg.replace('rootfs.bin', 'rootfs.bin,snapshot=on')),
    '-append', 'earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7',
  ], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let text = '';
    child.on('error', reject);
    child.on('exit', (status) => reject(new Error(`the command line ended with ${status}:\n${text.slice(-1000)}`)));
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes;
      if (!/[~/] # (\x1b\[6n)?$/.test(text)) return;
      resolve((performance.now() - began) / 1000);
      child.kill('SIGKILL');
    });
  });
}
