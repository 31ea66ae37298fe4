/** `pnpm --filter @emu/web screenshots [light] [dark] [phone] [phone-dark]`: pictures of the page at boot, at the prompt, with its dialogs and a message, light, dark and on a phone, into
 *  `screenshots/`. Look at them after every change of the design. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { webPack } from '../../../tools/dev/web-pack.mjs';
import { buildSite, canBrowse, launch, Machine, TestSite } from './harness.ts';

const DIR = join(import.meta.dirname, '../screenshots');
const VIEWS = {
  light: { colorScheme: 'light', viewport: { width: 1180, height: 760 } },
  dark: { colorScheme: 'dark', viewport: { width: 1180, height: 760 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  'phone-dark': { colorScheme: 'dark', viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
} as const;

if (!canBrowse()) process.exit(1);
rmSync(DIR, { recursive: true, force: true });
mkdirSync(DIR, { recursive: true });
const site = await TestSite.open(await buildSite(), { '/pack/': webPack() });
const browser = await launch();
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 900));

const wanted = process.argv.slice(2);
for (const [name, options] of Object.entries(VIEWS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const context = await browser.newContext(options);
  const machine = await Machine.open(context, site.url);
  const shoot = (what: string) => machine.page.screenshot({ path: join(DIR, `${name}-${what}.png`) });
  await machine.until(/Command line/, 60_000);
  await shoot('boot');
  await machine.prompt();
  await machine.run('ls --color=always /; uname -a');
  await settle();
  await shoot('prompt');
  await machine.page.getByRole('button', { name: 'Settings' }).click();
  await settle();
  await shoot('settings');
  await machine.page.keyboard.press('Escape');
  await machine.page.getByRole('button', { name: 'Help' }).click();
  await settle();
  await shoot('help');
  await machine.page.keyboard.press('Escape');
  await machine.press('Power off');
  await settle();
  await shoot('message');
  await context.close();
  console.log(`screenshots: ${name}`);
}

const context = await browser.newContext(VIEWS.light);
await context.route('**/pack/chunks/**', async (route) => { // a slow line, for the progress bar
  await settle();
  await route.continue();
});
const slow = await Machine.open(context, site.url);
await new Promise((resolve) => setTimeout(resolve, 5000));
await slow.page.screenshot({ path: join(DIR, 'light-loading.png') });
await context.close();
const failed = await Machine.open(await browser.newContext(VIEWS.dark), site.page('failed', { arguments: ['-nographic', '-kernel', 'pack/vmlinux'] }));
await failed.untilMessage(/./, 10_000);
await failed.page.screenshot({ path: join(DIR, 'dark-error.png') });
const article = await (await browser.newContext(VIEWS.light)).newPage();
await article.goto(`${site.url}embed.html`);
await settle();
await article.screenshot({ path: join(DIR, 'light-embed.png') });
await browser.close();
await site.close();
console.log(DIR);
