/** `pnpm --filter @emu/web screenshots [light] [dark] [phone] [phone-dark] [tablet]`: pictures of the page before it starts, while it loads, at boot, at the prompt, with its dialogs and
 *  messages, and when it is off, in each look, into `screenshots/`. Look at them after every change of the design. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { webPack } from '../../../tools/dev/web-pack.mjs';
import { buildSite, canBrowse, launch, Machine, QUIET_GUEST, TestSite } from './harness.ts';

const DIR = join(import.meta.dirname, '../screenshots');
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const VIEWS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light', viewport: { width: 1180, height: 760 } },
  dark: { colorScheme: 'dark', viewport: { width: 1180, height: 760 } },
  phone: { colorScheme: 'light', ...PHONE },
  'phone-dark': { colorScheme: 'dark', ...PHONE },
  tablet: { colorScheme: 'light', viewport: { width: 768, height: 1024 }, hasTouch: true, isMobile: true },
};
const wanted = process.argv.slice(2);

if (!canBrowse()) process.exit(1);
rmSync(DIR, { recursive: true, force: true });
mkdirSync(DIR, { recursive: true });
const site = await TestSite.open(await buildSite(), { '/pack/': webPack() });
const browser = await launch();
const settle = (ms = 900): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

for (const [name, options] of Object.entries(VIEWS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await Promise.all([shootMachine(name, options), shootStates(name, options)]);
  console.log(`screenshots: ${name}`);
}
await shootArticle();
await browser.close();
await site.close();
console.log(DIR);

/** One machine from boot to power-off. */
async function shootMachine(name: string, options: BrowserContextOptions): Promise<void> {
  const context = await browser.newContext(options);
  const machine = await Machine.open(context, site.url);
  const shoot = (what: string) => machine.page.screenshot({ path: join(DIR, `${name}-${what}.png`) });
  await machine.until(/Command line/, 120_000);
  await shoot('boot');
  await machine.prompt();
  await machine.run('ls --color=always /; uname -a');
  await settle();
  await shoot('prompt');
  await machine.press('Settings');
  await settle();
  await shoot('settings');
  writeFileSync(join(DIR, 'vmlinuz-6.12-with-a-rather-long-name'), new Uint8Array(7_654_321));
  await machine.page.locator('#own-kernel').setInputFiles(join(DIR, 'vmlinuz-6.12-with-a-rather-long-name'));
  rmSync(join(DIR, 'vmlinuz-6.12-with-a-rather-long-name'));
  await machine.page.locator('#own-initrd').focus();
  await machine.page.keyboard.press('Tab'); // a focus that shows
  await settle();
  await shoot('own-files');
  await machine.page.locator('#settings .body').evaluate((body) => body.scrollTo(0, body.scrollHeight));
  await settle();
  await shoot('settings-end');
  await machine.page.keyboard.press('Escape');
  await machine.press('Help');
  await settle();
  await shoot('help');
  await machine.page.keyboard.press('Escape');
  await machine.press('Power off');
  await settle();
  await shoot('power-off-asked');
  await machine.press('Cut power');
  await machine.untilState('off');
  await settle();
  await shoot('off');
  await context.close();
}

/** What shows where no guest runs. */
async function shootStates(name: string, options: BrowserContextOptions): Promise<void> {
  const context = await browser.newContext(options);
  const shoot = async (machine: Machine, what: string): Promise<void> => {
    await settle();
    await machine.page.screenshot({ path: join(DIR, `${name}-${what}.png`) });
  };
  const waiting = await Machine.open(context, site.page('waiting', { arguments: QUIET_GUEST, noInitialRun: true }));
  await shoot(waiting, 'start');
  await waiting.page.evaluate(() => document.getElementById('drop')!.removeAttribute('hidden'));
  await shoot(waiting, 'drop');
  const failed = await Machine.open(context, site.page('failed', { arguments: ['-nographic', '-kernel', 'pack/vmlinux'] }));
  await failed.untilMessage(/./, 60_000);
  await shoot(failed, 'error');
  await context.route('**/pack/chunks/**', async (route) => { // a slow line, for the progress bar
    await settle(700);
    await route.continue().catch(() => {});
  });
  const slow = await Machine.open(context, site.page('slow', { arguments: QUIET_GUEST }));
  await slow.page.locator('emu-machine .progress.on').waitFor();
  await settle(2500);
  await shoot(slow, 'loading');
  await context.close();
}

/** The element in somebody's article. */
async function shootArticle(): Promise<void> {
  for (const [what, viewport] of Object.entries({ embed: { width: 1180, height: 760 }, 'embed-narrow': { width: 420, height: 800 } })) {
    const page = await browser.newPage({ colorScheme: 'light', viewport });
    await page.goto(`${site.url}embed.html`);
    await settle(1500);
    await page.screenshot({ path: join(DIR, `light-${what}.png`) });
    await page.close();
  }
}
