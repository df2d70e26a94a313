import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium as playwrightChromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';

const built = (name: string): URL => new URL(`../../packages/browser/dist/${name}.iife.js`, import.meta.url);

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
  let received = Promise.withResolvers<string>();

  beforeAll(async () => {
    const code = await readFile(built('track-browser'), 'utf8');
    const more = await readFile(built('track-browser-capture'), 'utf8');
    const pages: Record<string, string> = {
      '/import': page(watch, code),
      '/import-more': page(watch, more, code),
      '/track-more': page(
        code,
        more,
        `window.tracker = orgTrack.createTracker({
          endpoint: '/api/j',
          capture: [orgTrack.forms()],
          plugins: [orgTrack.redaction()],
          consent: { model: 'opt-out' },
        })`,
      ),
      '/track': page(
        code,
        "window.tracker = orgTrack.createTracker({ endpoint: '/api/j', consent: { model: 'opt-out' } })",
      ),
    };
    server = createServer(async (request, response) => {
      const { url = '/', method } = request;
      const [path = ''] = url.split('?');
      paths.push(url);
      if (method === 'POST') received.resolve(await bodyOf(request));
      const html = pages[path];
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

  test.each(['/import', '/import-more'])(
    'gets one global from the script, and nothing else happens: %s',
    async (path) => {
      paths.length = 0;
      const context = await browser.newContext();
      const tab = await context.newPage();
      await tab.goto(`${origin}${path}`, { waitUntil: 'networkidle' });
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
      expect(paths.filter((path) => path !== '/favicon.ico')).toEqual([path]);
      await context.close();
    },
  );

  test('the two scripts have all names between them, the second what few pages want, in whichever order they come', async () => {
    const tab = await browser.newPage();
    const names: string[][] = [];
    for (const path of ['/import', '/import-more', '/track-more']) {
      await tab.goto(`${origin}${path}`);
      names.push(await tab.evaluate('Object.keys(orgTrack).sort()'));
    }
    const [first, both, inOrder] = names;
    expect(first).toEqual(expect.arrayContaining(['beacon', 'clicks', 'createTracker', 'pageViews']));
    for (const name of ['forms', 'media', 'webVitals', 'engagement']) expect(first).not.toContain(name);
    expect(both).toEqual(inOrder);
    expect(both).toEqual(Object.keys(await import('@org/track-browser')).sort());
    await tab.close();
  });

  test('tracks through the global what the second script adds', async () => {
    received = Promise.withResolvers();
    const tab = await browser.newPage();
    await tab.goto(`${origin}/track-more?email=ada@example.com`);
    await tab.evaluate(() => {
      document.body.innerHTML = '<form id="signup"><input name="city"></form>';
    });
    await tab.fill('input', 'Tallinn');
    await tab.evaluate('tracker.flush()');
    const { batch } = JSON.parse(await received.promise);
    expect(batch).toMatchObject([{ event: 'Form Started', context: { page: { search: '?email=[redacted]' } } }]);
    await tab.close();
  });

  test('tracks through the global', async () => {
    received = Promise.withResolvers();
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
