import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, createCollector, memoryLog } from '@org/track-node';
import { type DuckDbDestination, duckdb } from '@org/track-node/duckdb';
import { models } from '@org/track-node/models';
import { servedPages } from '@org/track-node/served';
import { type Browser, type BrowserContext, type Page, chromium as playwright } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../scripts/chromium.mjs';
import { chromium, needs } from '../scripts/optional.mjs';

interface Tracker {
  readonly consent: { set(preferences: object): void };
  flush(options?: { readonly deadlineMs: number }): Promise<{ readonly accepted: number; readonly pending: number }>;
}
declare const window: { readonly tracker: Tracker };
declare const history: { pushState(state: unknown, title: string, url: string): void };

interface Row {
  readonly page_path: string | null;
  readonly state: string;
  readonly told_by: string;
  readonly consent: string | null;
}

/** A browser as people have it: a headless one says so, and is a bot. */
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

describe('a page that was served, and the browser that shows it', needs(chromium), () => {
  let browser: Browser;
  let context: BrowserContext;
  let warehouse: DuckDbDestination;
  let collector: Collector;
  let script: string;
  let server: ReturnType<typeof createServer>;
  let url: string;
  let begun: PromiseWithResolvers<void>; // is there a page that nobody sees yet?

  beforeAll(async () => {
    script = await readFile(new URL('../packages/browser/dist/track-browser.iife.js', import.meta.url), 'utf8');
    const executablePath = findChromium();
    browser = await playwright.launch({
      args: chromiumArgs,
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      ...(executablePath ? { executablePath } : {}),
    });
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    warehouse = duckdb(':memory:', { models });
    collector = createCollector({ log: memoryLog(), destinations: [warehouse] });
    const pages = servedPages(collector.tracker);
    begun = Promise.withResolvers();
    const site = pages.node((request: IncomingMessage, response: ServerResponse) => answer(request, response, pages));
    server = createServer((request, response) => {
      if (request.url === '/api/j') return collector.node(request, response);
      if (request.url === '/prerendering-begun') return void begun.promise.then(() => response.end());
      // A cache or a proxy on the way that takes off what it does not know.
      if (request.url === '/stripped') without('server-timing', response);
      return site(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
    context = await browser.newContext({ userAgent });
  });
  afterEach(async () => {
    await context.close();
    server.closeAllConnections();
    server.close();
    await collector.close();
  });

  function answer(
    { url: path = '/', headers }: IncomingMessage,
    response: ServerResponse,
    pages: { id(): string | undefined },
  ) {
    if (path === '/tracker.js') return void response.setHeader('content-type', 'text/javascript').end(script);
    // The last that a page asks for: whoever goes there from now on finds it ready.
    if (path === '/begin.js' && headers.referer?.endsWith('/prerendered')) begun.resolve();
    if (path === '/begin.js') return void response.setHeader('content-type', 'text/javascript').end(begin);
    const meta = path === '/stripped' ? `<meta name="doc" content="${pages.id()}">` : '';
    const rules =
      path === '/prerendering'
        ? '<script type="speculationrules">{"prerender":[{"urls":["/prerendered"],"eagerness":"immediate"}]}</script>' +
          `<script>fetch('/prerendering-begun').then(() => { location.href = '/prerendered'; });</script>`
        : '';
    response.setHeader('content-type', 'text/html');
    if (path === '/strict')
      response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'; connect-src 'self'");
    response.end(
      `<!doctype html>${meta}<title>${path}</title><script src="/tracker.js"></script><script src="/begin.js"></script>${rules}<p>Hello`,
    );
  }

  const begin = `window.tracker = orgTrack.createTracker({
    endpoint: '/api/j', capture: [orgTrack.pageViews()], plugins: [orgTrack.servedPage()],
    ...(location.pathname.startsWith('/prerender') ? { consent: { model: 'opt-out' } } : {}),
  });`;

  async function rows(): Promise<readonly Row[]> {
    await collector.flush();
    return warehouse.query<Row>(
      'SELECT page_path, state, told_by, consent FROM served_pages ORDER BY coalesce(served_at, seen_at)',
    );
  }
  const agree = (page: Page): Promise<void> => page.evaluate(() => window.tracker.consent.set({ analytics: true }));
  /** All that these many calls of the page's tracker were is known. */
  const told = (page: Page, events: number): Promise<void> =>
    expect
      .poll(() => page.evaluate(() => window.tracker.flush().then(({ accepted, pending }) => [accepted, pending])), {
        timeout: 20_000,
      })
      .toEqual([events, 0]);
  const confirmed = (page_path: string, consent: string): Row => ({
    page_path,
    consent,
    state: 'confirmed',
    told_by: 'both',
  });

  test('confirmed once, by the document’s first view: later ones are no documents, and a reload is one more', async () => {
    const page = await context.newPage();
    await page.goto(`${url}/first`);
    await agree(page);
    await told(page, 1);
    await page.evaluate(() => history.pushState(null, '', '/second'));
    await told(page, 2);
    expect(await rows()).toEqual([confirmed('/first', 'undecided')]);
    await page.reload();
    await told(page, 1);
    expect(await rows()).toEqual([confirmed('/first', 'undecided'), confirmed('/second', 'given')]);
  });

  test('without a yes nothing is confirmed, nothing sent, and the silence is known to be meant', async () => {
    const sent: string[] = [];
    context.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    const page = await context.newPage();
    await page.goto(`${url}/undecided`);
    await page.evaluate(() => window.tracker.flush());
    await page.evaluate(() => window.tracker.consent.set({ analytics: false }));
    await page.goto(`${url}/denied`);
    await page.evaluate(() => window.tracker.flush());
    expect(sent).toEqual([]);
    const declined = { state: 'declined', told_by: 'server only' };
    expect(await rows()).toEqual([
      { ...declined, page_path: '/undecided', consent: 'undecided' },
      { ...declined, page_path: '/denied', consent: 'denied' },
    ]);
  });

  test('back from the cache of whole pages it is the same document', async () => {
    const page = await context.newPage();
    await page.goto(`${url}/first`);
    await agree(page);
    await told(page, 1);
    await page.goto(`${url}/second`);
    await told(page, 1);
    await page.goBack({ waitUntil: 'commit' }); // it comes back without a load
    await told(page, 2); // the same tracker goes on
    expect(await rows()).toEqual([confirmed('/first', 'undecided'), confirmed('/second', 'given')]);
  });

  test('with a blocker it stays unconfirmed, and is in no other book', async () => {
    const page = await context.newPage();
    await page.goto(`${url}/first`);
    await agree(page);
    await told(page, 1);
    await context.route('**/api/j', (route) => route.abort('blockedbyclient'));
    await page.goto(`${url}/second`);
    await page.evaluate(() => window.tracker.flush({ deadlineMs: 500 }));
    expect(await rows()).toEqual([
      confirmed('/first', 'undecided'),
      { page_path: '/second', state: 'unconfirmed', told_by: 'server only', consent: 'given' },
    ]);
    expect(await warehouse.query('SELECT expected, percent FROM blocked_share')).toEqual([
      { expected: 1, percent: 100 },
    ]);
  });

  test.each([
    { why: 'a policy that allows next to nothing', path: '/strict' },
    { why: 'a header that was lost, and a meta tag', path: '/stripped' },
  ])('confirmed with $why', async ({ path }) => {
    const page = await context.newPage();
    await page.goto(url + path);
    await agree(page);
    await told(page, 1);
    expect(await rows()).toEqual([confirmed(path, 'undecided')]);
  });

  test('a prerendered page is told by its view alone, once somebody sees it', async () => {
    // DevTools forbid prerendering, so nobody drives this browser.
    const profile = await mkdtemp(join(tmpdir(), 'prerender-'));
    const args = [...chromiumArgs, '--headless', `--user-data-dir=${profile}`, `--user-agent=${userAgent}`];
    const own = spawn(findChromium() ?? '', [...args, `${url}/prerendering`], { stdio: 'ignore' });
    try {
      await expect
        .poll(async () => (await rows()).map(({ page_path }) => page_path), { timeout: 30_000 })
        .toContain('/prerendered');
    } finally {
      own.kill();
      if (own.exitCode === null && own.signalCode === null) await once(own, 'exit');
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
    expect((await rows()).find(({ page_path }) => page_path === '/prerendered')).toEqual({
      page_path: '/prerendered',
      state: 'confirmed',
      told_by: 'browser only',
      consent: null,
    });
  });
});

/** Takes a header off an answer, whoever wrote it. */
function without(name: string, response: ServerResponse): void {
  const { writeHead } = response;
  response.writeHead = function (this: ServerResponse, ...args: Parameters<typeof writeHead>) {
    this.removeHeader(name);
    return writeHead.apply(this, args);
  } as typeof writeHead;
}
