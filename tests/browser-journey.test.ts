import { type Browser, type BrowserContext, type Page, chromium as playwright } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../scripts/chromium.mjs';
import { chromium, needs } from '../scripts/optional.mjs';
import { type Backend, createBackend } from './backend.ts';

interface Tracker {
  track(event: string, properties?: object): { readonly messageId: string };
  readonly consent: { set(preferences: object): void };
  flush(): Promise<{ readonly accepted: number; readonly pending: number }>;
  stats(): { readonly accepted: number; readonly delivered: number; readonly pending: number };
}
declare const window: { readonly tracker: Tracker };
declare const location: { href: string };

describe('from a real page to the warehouse', needs(chromium), () => {
  let browser: Browser;
  let context: BrowserContext;
  let backend: Backend;

  beforeAll(async () => {
    const executablePath = findChromium();
    browser = await playwright.launch({ args: chromiumArgs, ...(executablePath ? { executablePath } : {}) });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    backend = await createBackend();
    await backend.start();
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await backend.remove();
  });

  /** Waits until the page's tracker knows `events` calls and found ones, and has the fate of all. */
  const drained = (page: Page, events: number): Promise<void> =>
    expect
      .poll(
        () => page.evaluate(() => window.tracker.flush().then(({ accepted, pending }) => ({ accepted, pending }))),
        {
          timeout: 20_000,
        },
      )
      .toEqual({ accepted: events, pending: 0 });

  const stored = (): Promise<readonly { event: string; times: number }[]> =>
    backend.stopAndAsk(
      'SELECT coalesce(event, type) AS event, count(*)::INT AS times FROM events GROUP BY 1 ORDER BY 1',
    );

  test('events, page views and the last click before a navigation arrive once', async () => {
    const page = await context.newPage();
    await page.goto(`${backend.url}/first`);
    await page.evaluate(() => window.tracker.consent.set({ analytics: true }));
    await page.evaluate(() => {
      window.tracker.track('Product Viewed', { product_id: 'p1' });
      location.href = '/second';
    });
    await page.waitForURL('**/second');
    // A URL is a view once it stands for 50 ms; a timer that is set later and is longer ends later.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    await page.evaluate(() => window.tracker.track('Product Added'));
    await expect.poll(() => page.evaluate(() => window.tracker.flush().then(({ pending }) => pending))).toBe(0);
    await expect.poll(() => page.evaluate(() => window.tracker.stats().accepted)).toBeGreaterThanOrEqual(2);
    await page.evaluate(() => window.tracker.flush());
    expect(await stored()).toEqual([
      { event: 'Product Added', times: 1 },
      { event: 'Product Viewed', times: 1 },
      { event: 'page', times: 2 },
    ]);
  });

  test('a tab closed while the server is down: its events come with the next visit', async () => {
    const page = await context.newPage();
    await page.goto(backend.url);
    await page.evaluate(() => window.tracker.consent.set({ analytics: true }));
    await drained(page, 1);
    await backend.kill();
    await page.evaluate(async () => {
      for (let index = 0; index < 10; index++) window.tracker.track('Product Added', { index });
    });
    await page.close();
    await backend.start();

    const later = await context.newPage();
    await later.goto(`${backend.url}/later`);
    await drained(later, 11);
    expect(await stored()).toEqual([
      { event: 'Product Added', times: 10 },
      { event: 'page', times: 2 },
    ]);
  });

  test('before a yes nothing is stored or sent, and after a no nothing ever is', async () => {
    const page = await context.newPage();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.goto(backend.url);
    await page.evaluate(async () => {
      window.tracker.track('Product Viewed');
      await window.tracker.flush();
    });
    const traces = () =>
      page.evaluate(async () => {
        const { indexedDB, localStorage } = globalThis as unknown as {
          indexedDB: { databases(): Promise<readonly unknown[]> };
          localStorage: { length: number };
        };
        return { databases: (await indexedDB.databases()).length, local: localStorage.length };
      });
    expect(await context.cookies()).toEqual([]);
    expect(await traces()).toEqual({ databases: 0, local: 0 });

    await page.evaluate(() => window.tracker.consent.set({ analytics: false, advertising: false }));
    await page.evaluate(() => window.tracker.flush());
    expect(await traces()).toEqual({ databases: 0, local: 0 });
    expect(requests.filter((request) => request.startsWith('POST'))).toEqual([]);
    const [decision, ...others] = await context.cookies();
    expect(others).toEqual([]);
    expect(decision?.value).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
    expect(await stored()).toEqual([]);
  });
});
