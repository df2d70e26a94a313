import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { type DuckDbDestination, duckdb } from '@org/track-node/duckdb';
import { type Browser, type BrowserContext, type Page, chromium as playwright } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';

const dist = join(dirname(createRequire(import.meta.url).resolve('@org/track-browser/package.json')), 'dist');
const built = (file: string): string => readFileSync(join(dist, file), 'utf8');

/**
 * What every worker does: starts a tracker once it is told with what, then does what it is asked and answers. A worker
 * that is started as `eager` waits for nobody and reads who visits by itself, as a service worker does that was woken up.
 */
const conduct = (library: string): string => `
  const { createWorkerTracker, readVisitor, sequence } = ${library};
  const errors = [];
  addEventListener('error', ({ message }) => errors.push(message));
  addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));
  let tracker;
  const tasks = {
    start: (options) => {
      tracker = createWorkerTracker({ endpoint: '/api/j', plugins: [sequence()], ...options });
    },
    startAsVisitor: async () => tasks.start(await readVisitor()),
    consent: (preferences) => tracker.consent.set(preferences),
    track: (event) => tracker.track(event).durable,
    trackForAWhile: (event) => {
      const timeUp = new Promise((resolve) => setTimeout(resolve, 300, 'undecided'));
      return Promise.race([tracker.track(event).durable, timeUp]);
    },
    flush: async () => {
      const { accepted, delivered, dropped, pending } = await tracker.flush({ deadlineMs: 5000 });
      return { accepted, delivered, dropped, pending, errors };
    },
  };
  const perform = async ({ data: [task, argument], ports: [port] }) => port.postMessage(await tasks[task](argument));
  addEventListener('message', (event) => {
    const done = perform(event);
    if (event.waitUntil) event.waitUntil(done);
  });
`;

const files: Record<string, string> = {
  '/': '<!doctype html><meta charset="utf-8"><title>Shop</title><script src="/page.js"></script>',
  '/favicon.ico': '',
  '/page.js': built('track-browser.iife.js'),
  '/track-worker.js': built('track-worker.iife.js'),
  '/module.js': built('worker.js'),
  '/classic-worker.js': `importScripts('/track-worker.js'); ${conduct('orgTrack')}`,
  '/module-worker.js': `import * as library from '/module.js'; ${conduct('library')}`,
  '/shared-worker.js': `importScripts('/track-worker.js'); ${conduct('orgTrack')}
    addEventListener('connect', ({ ports: [port] }) => {
      port.onmessage = perform;
    });`,
  '/service-worker.js': `import * as library from '/module.js'; ${conduct('library')}
    addEventListener('install', () => skipWaiting());`,
};

type Kind = 'classic' | 'module' | 'blob' | 'shared' | 'service';

describe('a tracker in a worker', needs(chromium), () => {
  let folder: string;
  let browser: Browser;
  let server: Server;
  let origin: string;
  let collector: ReturnType<typeof createCollector>;
  let warehouse: DuckDbDestination;
  let context: BrowserContext;
  let page: Page;
  let isDown: boolean;
  let said: string[]; // to the console

  beforeAll(async () => {
    const executablePath = findChromium();
    browser = await playwright.launch({ args: chromiumArgs, ...(executablePath ? { executablePath } : {}) });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'worker-'));
    isDown = false;
    warehouse = duckdb(join(folder, 'events.duckdb'));
    collector = createCollector({ log: sqliteLog(join(folder, 'log.db')), destinations: [warehouse] });
    server = createServer((request, response) => {
      const { url = '/' } = request;
      if (url === '/api/j') return void (isDown ? response.destroy() : collector.node(request, response));
      const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(files[url] === undefined ? 404 : 200, { 'content-type': type }).end(files[url]);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    said = [];
    context = await browser.newContext();
    context.on('console', (message) => void said.push(message.text()));
    page = await open();
  });
  afterEach(async () => {
    await context.close();
    server.closeAllConnections();
    server.close();
    await collector.close();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(origin);
    return opened;
  }

  /** Starts a worker of the page, in place of the one before. */
  const startWorker = (kind: Kind): Promise<void> =>
    page.evaluate(async (kind) => {
      const tested = window as unknown as { worker: unknown; end(): Promise<unknown> | void };
      if (kind === 'service') {
        const registration = await navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
        await navigator.serviceWorker.ready;
        tested.worker = registration.active;
        return;
      }
      if (kind === 'shared') {
        tested.worker = new SharedWorker('/shared-worker.js').port;
        return;
      }
      let address = kind === 'module' ? '/module-worker.js' : '/classic-worker.js';
      if (kind === 'blob') {
        const code = await (await fetch(address)).text();
        address = URL.createObjectURL(
          new Blob([code.replace('/track-worker.js', `${location.origin}/track-worker.js`)]),
        );
      }
      const worker = new Worker(address, { type: kind === 'module' ? 'module' : 'classic' });
      tested.worker = worker;
      tested.end = () => worker.terminate();
    }, kind);

  /** Has the worker do something; what it answers. */
  const ask = (task: string, argument?: unknown): Promise<unknown> =>
    page.evaluate(
      ([task, argument]) => {
        const { port1, port2 } = new MessageChannel();
        const { worker } = window as unknown as { worker: Worker };
        worker.postMessage([task, argument], [port2]);
        return new Promise((resolve) => {
          port1.onmessage = ({ data }) => resolve(data);
        });
      },
      [task, argument] as const,
    );

  async function endWorker(kind: Kind): Promise<void> {
    if (kind === 'service') {
      const session = await context.newCDPSession(page);
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
      return;
    }
    if (kind === 'shared') {
      await page.close();
      page = await open();
      return;
    }
    await page.evaluate(() => (window as unknown as { end(): void }).end());
  }

  async function stored(): Promise<readonly unknown[]> {
    await collector.flush();
    return warehouse.query(`
      SELECT event, anonymous_id AS who, session_id AS visit, page_url AS page, context ->> '$.library.name' AS library
      FROM events ORDER BY timestamp`);
  }

  const visitor = { anonymousId: 'anonymous-1', sessionId: 'session-1', consent: { initial: { analytics: true } } };
  const asStored = (event: string) => ({
    event,
    who: 'anonymous-1',
    visit: 'session-1',
    page: null,
    library: '@org/track-browser/worker',
  });
  const kinds: readonly Kind[] = ['classic', 'module', 'blob', 'shared', 'service'];

  test.each(kinds)('that is %s: its events arrive, it leaves no cookie and says nothing', async (kind) => {
    await startWorker(kind);
    await ask('start', visitor);
    expect(await ask('track', 'First')).toBe(true);
    expect(await ask('track', 'Second')).toBe(true);
    expect(await ask('flush')).toEqual({ accepted: 2, delivered: 2, dropped: {}, pending: 0, errors: [] });
    expect(await stored()).toEqual([asStored('First'), asStored('Second')]);
    expect(await context.cookies()).toEqual([]);
    expect(said).toEqual([]);
  });

  test.each(kinds)('that is %s: what it leaves when it is ended comes with the next one, once', async (kind) => {
    await startWorker(kind);
    await ask('start', visitor);
    isDown = true;
    expect(await ask('track', 'First')).toBe(true);
    expect(await ask('track', 'Second')).toBe(true);
    await endWorker(kind);
    isDown = false;
    await startWorker(kind);
    await ask('start', visitor);
    await ask('track', 'Third');
    await expect.poll(() => ask('flush'), { timeout: 10_000 }).toMatchObject({ accepted: 3, delivered: 3, pending: 0 });
    expect(await stored()).toEqual([asStored('First'), asStored('Second'), asStored('Third')]);
  });

  test('nothing is stored or sent before a yes comes by message', async () => {
    await startWorker('module');
    await ask('start', { anonymousId: 'anonymous-1' });
    expect(await ask('trackForAWhile', 'First')).toBe('undecided');
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
    await ask('consent', { analytics: true });
    expect(await ask('flush')).toMatchObject({ delivered: 1, pending: 0 });
    expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([
      'jn:worker:/api/j:undefined',
    ]);
  });

  test.each<{ why: string; kind: Kind; start: () => Promise<unknown> }>([
    {
      why: 'a page tells its worker',
      kind: 'module',
      start: async () =>
        ask(
          'start',
          await page.evaluate(() =>
            (window as unknown as { orgTrack: typeof import('@org/track-browser') }).orgTrack.readVisitor(),
          ),
        ),
    },
    { why: 'a service worker reads it itself', kind: 'service', start: () => ask('startAsVisitor') },
  ])('who visits, and what they agreed to, is in the page’s cookie: $why', async ({ kind, start }) => {
    await page.evaluate(async () => {
      const { orgTrack } = window as unknown as { orgTrack: typeof import('@org/track-browser') };
      const tracker = orgTrack.createTracker({ endpoint: '/api/j' });
      tracker.consent.set({ analytics: true });
      tracker.track('On The Page');
      await tracker.flush();
    });
    const cookies = await context.cookies();
    await startWorker(kind);
    await start();
    await ask('track', 'In The Worker');
    expect(await ask('flush')).toMatchObject({ delivered: 1, errors: [] });
    const [onPage, inWorker] = (await stored()) as { event: string; who: string; visit: string }[];
    expect([onPage?.event, inWorker?.event]).toEqual(['On The Page', 'In The Worker']);
    expect([inWorker?.who, inWorker?.visit]).toEqual([onPage?.who, onPage?.visit]);
    expect(await context.cookies()).toEqual(cookies);
  });

  test('a page and its worker leave each other’s events alone', async () => {
    await startWorker('module');
    await ask('start', visitor);
    isDown = true;
    await ask('track', 'In The Worker');
    await endWorker('module');
    isDown = false;
    const books = await page.evaluate(async () => {
      const { orgTrack } = window as unknown as { orgTrack: typeof import('@org/track-browser') };
      const tracker = orgTrack.createTracker({ endpoint: '/api/j' });
      tracker.consent.set({ analytics: true });
      tracker.track('On The Page');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return tracker.flush();
    });
    expect(books).toMatchObject({ accepted: 1, delivered: 1 });
  });
});
