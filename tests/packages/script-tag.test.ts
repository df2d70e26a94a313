import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium as playwrightChromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';

const file = new URL('../../packages/browser/dist/track-browser.iife.js', import.meta.url);

/** Notes what a script does to its page, from before it runs. */
const watch = `
  const seen = { before: Reflect.ownKeys(window), did: [] };
  const note = (owner, name) => {
    const original = owner[name];
    owner[name] = function (...args) { seen.did.push(name); return original.apply(this, args); };
  };
  note(EventTarget.prototype, 'addEventListener');
  for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'queueMicrotask', 'fetch']) note(window, name);
  note(Navigator.prototype, 'sendBeacon');
  note(IDBFactory.prototype, 'open');
  note(Storage.prototype, 'setItem');
  window.seen = seen;
`;

const page = (...scripts: string[]): string =>
  `<!doctype html><title>Shop</title>${scripts.map((script) => `<script>${script}</script>`).join('')}`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

describe('a page without a bundler', needs(chromium), () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  const paths: string[] = [];
  const received = Promise.withResolvers<string>();

  beforeAll(async () => {
    const code = await readFile(file, 'utf8');
    const pages: Record<string, string> = {
      '/import': page(watch, code),
      '/track': page(
        code,
        "window.tracker = orgTrack.createTracker({ endpoint: '/api/j', consent: { model: 'opt-out' } })",
      ),
    };
    server = createServer(async (request, response) => {
      const { url = '/', method } = request;
      paths.push(url);
      if (method === 'POST') received.resolve(await bodyOf(request));
      const html = pages[url];
      response.writeHead(html === undefined && method !== 'POST' ? 404 : 200, { 'content-type': 'text/html' });
      response.end(html ?? '{"success":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const executablePath = findChromium();
    browser = await playwrightChromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: chromiumArgs,
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test('gets one global from the script, and nothing else happens', async () => {
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(`${origin}/import`, { waitUntil: 'networkidle' });
    const { seen, after, ...kept } = await tab.evaluate(async () => ({
      seen: (window as unknown as { seen: { before: (string | symbol)[]; did: string[] } }).seen,
      after: Reflect.ownKeys(window).filter((key) => key !== 'seen'),
      databases: await indexedDB.databases(),
      local: localStorage.length,
      session: sessionStorage.length,
    }));
    expect(after.filter((name) => !seen.before.includes(name))).toEqual(['orgTrack']);
    expect(seen.did).toEqual([]);
    expect(kept).toEqual({ databases: [], local: 0, session: 0 });
    expect(await context.cookies()).toEqual([]);
    expect(paths.filter((path) => path !== '/favicon.ico')).toEqual(['/import']);
    await context.close();
  });

  test('tracks through the global', async () => {
    const tab = await browser.newPage();
    await tab.goto(`${origin}/track`);
    await tab.evaluate(async () => {
      type Global = { tracker: { track(name: string, properties: object): void; flush(): Promise<unknown> } };
      const { tracker } = window as unknown as Global;
      tracker.track('Product Added', { product_id: 'p1' });
      await tracker.flush();
    });
    const { batch } = JSON.parse(await received.promise);
    expect(batch).toMatchObject([{ type: 'track', event: 'Product Added', properties: { product_id: 'p1' } }]);
    await tab.close();
  });
});
