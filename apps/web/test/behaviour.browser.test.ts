/** The machine's behaviour suite in a browser's worker: the same cases as in Node, and the same reports where a case is deterministic. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { behaviours } from '@emu/machine/testing';
import { bundle, canBrowse, launch, TestSite } from './harness.ts';

interface Outcome {
  accel?: string;
  title?: string;
  report?: string;
  failure?: string;
}

describe.skipIf(!canBrowse())('machine behaviour in a worker', () => {
  let browser: Browser, site: TestSite, outcomes: Outcome[];

  beforeAll(async () => {
    site = await TestSite.open(await bundle('behaviour-worker.ts'));
    browser = await launch();
    const page = await browser.newPage();
    await page.goto(site.html('run', '<!doctype html><title>behaviour</title>'));
    outcomes = await page.evaluate(() => new Promise<Outcome[]>((resolve, reject) => {
      const heard: Outcome[] = [];
      const worker = new Worker('behaviour-worker.js', { type: 'module' });
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        if (data.done) resolve(heard);
        else heard.push(data);
      };
    }));
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  for (const accel of ['tci', 'jit']) {
    for (const { title, run, sameEverywhere } of behaviours(accel)) {
      test(`${accel}: ${title}`, async () => {
        const outcome = outcomes.find((o) => o.title === title && o.accel === accel);
        expect(outcome).toEqual({ accel, title, report: expect.any(String) });
        if (sameEverywhere) expect(outcome!.report).toBe(await run());
      });
    }
  }
});
