import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Blocker, createBlocker } from '../../examples/shop/drive/blocker.ts';
import { crawl } from '../../examples/shop/drive/crawl.ts';
import type { ServedAnswers } from '../../examples/shop/drive/served.ts';
import { createServer } from '../../examples/shop/drive/server.ts';
import { runMark, runName } from '../../examples/shop/insights/ask.ts';
import { chromium, needs } from '../../scripts/optional.mjs';
import { type Example, launchChromium, startExample } from './example.ts';

declare const window: { isViewed?: boolean };
declare const document: { addEventListener(type: string, hear: (event: { detail: { type: string } }) => void): void };

/** Runs in the page, before the shop's own code: notes that its page view is recorded. */
function noteViews(): void {
  document.addEventListener('shop:tracked', ({ detail }) => {
    if (detail.type === 'page') window.isViewed = true;
  });
}

/** One of those that people have. The driver takes all of them: `npm run drive -- --blockers 0.5`. */
const list = '/analytics/event*';

describe('examples/shop: what a content blocker swallows is measured', needs(chromium), () => {
  const run = runName(Date.now());
  let folder: string;
  let browser: Browser;
  let blocker: Blocker;
  let example: Example | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lists-'));
    writeFileSync(join(folder, 'easyprivacy.txt'), `! A list\n${list}\n`);
    blocker = await createBlocker(folder);
    // The browser's own, not emulated by a context: a request that outlives its page has none.
    browser = await launchChromium([
      `--user-agent=Mozilla/5.0 (X11; Linux x86_64) Chrome/156 Safari/537.36 ${runMark(run)}v1`,
    ]);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(() => example?.remove());

  test.each([
    // Who refuses said nothing of the page they were asked on, nor of the two behind it; who blocks, nothing of the first.
    { why: 'its path is on a list', path: '/analytics/events', confirmed: 3, declined: 4, unconfirmed: 2, percent: 50 },
    { why: 'its path is on none', path: '/api/j', confirmed: 6, declined: 3, unconfirmed: 0, percent: 0 },
  ])('$why', async ({ path, why: _why, ...fates }) => {
    const started = await startExample('shop', ['server.ts'], { TRACK_PATH: path });
    example = started;
    /** Reads three pages, of which the first one asks. */
    async function visit(button: string, options: BrowserContextOptions = {}): Promise<Page> {
      const page = await (await browser.newContext(options)).newPage();
      await page.addInitScript(noteViews);
      await page.goto(started.url);
      await page.click(`[data-consent=${button}]`);
      for (const next of ['/shop', '/journal']) {
        if (button === 'all') await page.waitForFunction(() => window.isViewed === true);
        await page.goto(started.url + next);
      }
      return page;
    }
    const pages = [
      await visit('all'),
      await visit('all', { proxy: { server: blocker.proxy, bypass: '<-loopback>' } }),
      await visit('necessary'),
    ];
    expect(await crawl(createServer(started.url), 4)).toBe(4);

    const answer = async (): Promise<unknown> => {
      const response = await fetch(`${started.url}/insights/reconcile.json?run=${run}`);
      const [row] = ((await response.json()) as ServedAnswers).blocked;
      const { confirmed, declined, bot, unconfirmed, expected: asked, percent } = row ?? {};
      return { confirmed, declined, bot, unconfirmed, asked, percent };
    };
    await expect.poll(answer, { timeout: 30_000 }).toEqual({ ...fates, bot: 4, asked: 4 });
    for (const page of pages) await page.context().close();
  });
});
