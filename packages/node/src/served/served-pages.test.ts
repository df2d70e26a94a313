import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { formatDevice } from '@org/track-core';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestTracker, type TestTracker } from '../testing/test-tracker.ts';
import { type ServedPages, type ServedPagesOptions, servedPages } from './served-pages.ts';

const closers: (() => Promise<unknown>)[] = [];
let tracker: TestTracker;
beforeEach(() => {
  tracker = createTestTracker({ consent: {} });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await tracker.shutdown();
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the sites below answer, by path. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
const html = { 'content-type': 'text/html; charset=utf-8' };
const answers: { readonly [path: string]: Answer } = {
  '/': { status: 200, headers: html, body: '<p>Hello' },
  '/missing': { status: 404, headers: html, body: '<p>No' },
  '/broken': { status: 500, headers: html, body: '<p>No' },
  '/moved': { status: 302, headers: { ...html, location: '/' }, body: '' },
  '/data': { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' },
  '/export': { status: 200, headers: { ...html, 'content-disposition': 'attachment; filename=a.html' }, body: '<p>' },
  '/shared': { status: 200, headers: { ...html, 'cache-control': 'public, max-age=60' }, body: '<p>' },
  '/timed': { status: 200, headers: { ...html, 'server-timing': 'db;dur=5, app;dur=9' }, body: '<p>' },
  '/strict': { status: 200, headers: { ...html, 'content-security-policy': "default-src 'none'" }, body: '<p>' },
};
const answerOf = (path: string): Answer => answers[path] ?? { status: 200, headers: html, body: '<p>' };
const chunks = ['<p>One', '<p>Two', '<p>Three'];
/** When the next piece of an answer may follow. */
let nextPiece: () => Promise<unknown>;
beforeEach(() => {
  nextPiece = () => sleep(5);
});

/** The same site in each framework; `/stream` comes in pieces, `/id` says its own id in the body. */
const sites: { readonly name: string; readonly serve: (pages: ServedPages) => Promise<string> }[] = [
  {
    name: 'node:http',
    serve: (pages) =>
      listening(
        pages.node(async (request: IncomingMessage, response) => {
          const { pathname: path } = new URL(request.url ?? '/', 'http://x');
          if (path === '/id')
            return void response.writeHead(200, html).end(`<meta name="doc" content="${pages.id()}">`);
          if (path === '/stream') {
            response.writeHead(200, Object.entries(html).flat());
            for (const chunk of chunks) {
              response.write(chunk);
              await nextPiece();
            }
            return void response.end();
          }
          const { status, headers, body } = answerOf(path);
          response.writeHead(status, headers).end(body);
        }),
      ),
  },
  {
    name: 'Express',
    serve: (pages) => {
      const app = express().use(pages.express, pages.express);
      app.get('/id', (_request, response) => void response.send(`<meta name="doc" content="${pages.id()}">`));
      app.get('/stream', async (_request, response) => {
        response.set(html);
        for (const chunk of chunks) {
          response.write(chunk);
          await nextPiece();
        }
        response.end();
      });
      app.get('/{*path}', (request, response) => {
        const { status, headers, body } = answerOf(request.path);
        response.status(status).set(headers).send(body);
      });
      return listening(app);
    },
  },
  {
    name: 'Fastify',
    serve: async (pages) => {
      const app = fastify();
      app.register(pages.fastify);
      app.get('/id', async (_request, reply) => reply.headers(html).send(`<meta name="doc" content="${pages.id()}">`));
      app.get('/stream', async (_request, reply) => reply.headers(html).send(streamed()));
      app.get('/*', async (request, reply) => {
        const { status, headers, body } = answerOf(request.url.replace(/\?.*/, ''));
        return reply.status(status).headers(headers).send(body);
      });
      closers.push(() => app.close());
      return app.listen({ host: '127.0.0.1', port: 0 });
    },
  },
  {
    name: 'Hono on Node',
    serve: (pages) => listening(getRequestListener(honoSite(pages).fetch)),
  },
];

function honoSite(pages: ServedPages): Hono {
  const app = new Hono();
  app.use(pages.hono);
  app.get('/id', (context) => context.html(`<meta name="doc" content="${pages.id()}">`));
  app.get('/stream', () => new Response(streamed(), { headers: html }));
  app.get('/*', (context) => {
    const { status, headers, body } = answerOf(context.req.path);
    return new Response(body, { status, headers });
  });
  return app;
}

const streamed = (): ReadableStream =>
  new ReadableStream({
    async start(controller) {
      for (const chunk of chunks) {
        controller.enqueue(new TextEncoder().encode(chunk));
        await nextPiece();
      }
      controller.close();
    },
  });

const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';

/** The answer to a browser, and the id in it. */
async function open(url: string, init: RequestInit = {}) {
  const headers = { 'user-agent': chrome, 'sec-fetch-dest': 'document', ...(init.headers as object) };
  const response = await fetch(url, { redirect: 'manual', ...init, headers });
  const body = await response.text();
  const timing = response.headers.get('server-timing');
  return { status: response.status, body, timing, id: /doc;desc="([^"]+)"/.exec(timing ?? '')?.[1] };
}

/** What was told. An answer may be read before its server knows that all of it has left. */
async function told(atLeast = 0) {
  for (let tries = 0; tracker.events.length < atLeast && tries < 2_000; tries++) await sleep(10);
  await sleep(20);
  return tracker.events as readonly (TestTracker['events'][number] & { properties?: unknown })[];
}

const pagesOf = (options?: ServedPagesOptions): ServedPages => servedPages(tracker, options);

describe.each(sites)('$name', ({ serve }) => {
  test('a page has an id, and is told once, with nothing of whoever asked', async () => {
    const url = await serve(pagesOf());
    const cookie = formatDevice({ consent: [{ analytics: true }, 1], anonymousId: 'anonymous-1', userId: 'u1' });
    const first = await open(`${url}/?email=ada@example.com`, { headers: { cookie, referer: `${url}/cart` } });
    const second = await open(`${url}/orders/ada@example.com`, { headers: { 'user-agent': firefox } });
    expect(first).toMatchObject({ status: 200, body: '<p>Hello', id: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(second.id).not.toBe(first.id);
    const base = { type: 'track', event: 'Page Served', messageId: expect.any(String), timestamp: expect.any(String) };
    const library = { name: '@org/track-node', version: expect.any(String) };
    expect(await told(2)).toEqual([
      {
        ...base,
        properties: { page_view_id: first.id, consent: 'given', browser: 'Chrome' },
        context: { library, page: { path: '/' } },
      },
      {
        ...base,
        properties: { page_view_id: second.id, consent: 'undecided', browser: 'Firefox' },
        context: { library, page: { path: '/orders/[email]' } },
      },
    ]);
  });

  test.each<{ why: string; path: string; init?: RequestInit; hasId?: true }>([
    { why: 'nothing is there', path: '/missing' },
    { why: 'an error', path: '/broken' },
    { why: 'a redirect', path: '/moved' },
    { why: 'no page but data', path: '/data' },
    { why: 'a download', path: '/export' },
    { why: 'what a cache may give to others', path: '/shared' },
    { why: 'only its head', path: '/', init: { method: 'HEAD' } },
    { why: 'asked for by a script', path: '/', init: { headers: { 'sec-fetch-dest': 'empty' } } },
    { why: 'asked for by a frame', path: '/', init: { headers: { 'sec-fetch-dest': 'iframe' } } },
    { why: 'to have it at hand', path: '/', init: { headers: { 'sec-purpose': 'prefetch' } }, hasId: true },
    {
      why: 'to have it ready, which its page view tells if it is ever seen',
      path: '/',
      init: { headers: { 'sec-purpose': 'prefetch;prerender' } },
      hasId: true,
    },
    { why: 'as older browsers say it', path: '/', init: { headers: { purpose: 'prefetch' } }, hasId: true },
  ])('counts for nothing: $why', async ({ path, init, hasId }) => {
    const { id } = await open((await serve(pagesOf())) + path, init);
    expect(id !== undefined).toBe(hasId === true);
    expect(await told()).toEqual([]);
  });

  test('an answer in pieces is a page like any other', async () => {
    const { body, id } = await open(`${await serve(pagesOf())}/stream`);
    expect(body).toBe(chunks.join(''));
    expect(await told(1)).toMatchObject([{ properties: { page_view_id: id } }]);
  });

  test('one that breaks off was seen by nobody', async () => {
    const url = await serve(pagesOf());
    let goOn = (): void => {};
    const gone = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    nextPiece = () => gone;
    const request = get(`${url}/stream`, { headers: { 'user-agent': chrome } });
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.destroy();
    await sleep(100);
    goOn();
    await sleep(100);
    expect(await told()).toEqual([]);
  });

  test('what the app measures stays', async () => {
    const { timing, id } = await open(`${await serve(pagesOf())}/timed`);
    expect(timing).toBe(`db;dur=5, app;dur=9, doc;desc="${id}"`);
  });

  test('the strictest policy of a page says nothing against it', async () => {
    expect((await open(`${await serve(pagesOf())}/strict`)).id).toBeDefined();
  });

  test('the page can say its own id, where headers are lost', async () => {
    const { body, id } = await open(`${await serve(pagesOf())}/id`);
    expect(body).toBe(`<meta name="doc" content="${id}">`);
  });

  test('many at once are each their own', async () => {
    const url = await serve(pagesOf());
    const opened = await Promise.all(Array.from({ length: 30 }, () => open(`${url}/id`)));
    for (const { body, id } of opened) expect(body).toContain(`"${id}"`);
    const ids = (await told(30)).map(({ properties }) => (properties as { page_view_id: string }).page_view_id);
    expect(ids.sort()).toEqual(opened.map(({ id }) => id).sort());
  });
});

test('not modified: the browser has it already', async () => {
  const app = express().use(pagesOf().express);
  app.get('/', (_request, response) => void response.send('<p>'));
  const hono = new Hono();
  hono.use(etag()).use(pagesOf().hono);
  hono.get('/', (context) => context.html('<p>'));
  for (const url of [await listening(app), await listening(getRequestListener(hono.fetch))]) {
    const { headers } = await fetch(url, { headers: { 'user-agent': chrome } });
    const tag = headers.get('etag') ?? '';
    expect((await told(1)).length).toBe(1);
    // `fetch` asks caches to stay out of it, and then nothing is "not modified".
    const [again] = await once(get(url, { headers: { 'user-agent': chrome, 'if-none-match': tag } }), 'response');
    expect(again.resume().statusCode).toBe(304);
    expect((await told(1)).length).toBe(1);
    tracker.clear();
  }
});

test('Hono where there is no Node tells it with its answer', async () => {
  const response = await honoSite(pagesOf()).request('/', { headers: { 'user-agent': chrome } });
  const id = /doc;desc="([^"]+)"/.exec(response.headers.get('server-timing') ?? '')?.[1];
  expect(await told(1)).toMatchObject([{ properties: { page_view_id: id } }]);
});

describe('who asked, as far as it may be told', () => {
  const decided = (analytics: boolean): string => formatDevice({ consent: [{ analytics }, 1] });
  test.each<{ why: string; headers: Record<string, string>; vouched?: object; expected: object }>([
    { why: 'a yes', headers: { cookie: decided(true) }, expected: { consent: 'given' } },
    { why: 'a no', headers: { cookie: decided(false) }, vouched: { analytics: true }, expected: { consent: 'denied' } },
    { why: 'nothing decided', headers: {}, expected: { consent: 'undecided' } },
    {
      why: 'nothing decided, and a yes vouched for',
      headers: {},
      vouched: { analytics: true },
      expected: { consent: 'given' },
    },
    {
      why: 'Global Privacy Control',
      headers: { 'sec-gpc': '1' },
      vouched: { analytics: true },
      expected: { consent: 'denied' },
    },
    {
      why: 'Global Privacy Control, and a yes to being counted',
      headers: { 'sec-gpc': '1', cookie: decided(true) },
      expected: { consent: 'given' },
    },
    {
      why: 'a cookie that somebody made up',
      headers: { cookie: 'jn=1%7B%22consent%22%3A%22yes%22%7D' },
      expected: { consent: 'undecided' },
    },
    {
      why: 'a bot, by its name',
      headers: { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' },
      expected: { bot: 'Googlebot' },
    },
    { why: 'a library', headers: { 'user-agent': 'python-requests/2.31' }, expected: { bot: 'python-requests' } },
    { why: 'what does not say', headers: { 'user-agent': '' }, expected: { bot: 'unnamed' } },
    {
      why: 'a name without end',
      headers: { 'user-agent': `${'x'.repeat(300)}bot` },
      expected: { bot: 'x'.repeat(40) },
    },
    { why: 'an app of ours', headers: { 'user-agent': 'ShopApp bot/1' }, expected: { browser: 'other' } },
    { why: 'Edge is no Chrome', headers: { 'user-agent': `${chrome} Edg/156.0.0.0` }, expected: { browser: 'Edge' } },
  ])('$why', async ({ headers, vouched, expected }) => {
    tracker = createTestTracker({ consent: vouched ?? {} });
    const url = await listening(
      pagesOf({ except: /^ShopApp/g }).node((_request, response) => void response.writeHead(200, html).end()),
    );
    const [host, port] = [new URL(url).hostname, new URL(url).port];
    await once(get({ host, port, path: '/', headers: { 'user-agent': chrome, ...headers } }), 'response').then(
      ([response]) => response.resume(),
    );
    const [event] = await told(1);
    expect(event?.properties).toMatchObject(expected);
    expect(Object.keys(event?.properties as object).sort()).toEqual(
      ['consent', 'page_view_id', 'bot' in expected ? 'bot' : 'browser'].sort(),
    );
  });

  test.each<{ why: string; path: (path: string) => string; expected: unknown }>([
    { why: 'grouped', path: (path) => path.replace(/^\/orders\/.*/, '/orders/…'), expected: { path: '/orders/…' } },
    { why: 'with a query after all: it goes', path: (path) => `${path}?x=1#y`, expected: { path: '/orders/7' } },
    { why: 'no path', path: () => 'orders', expected: undefined },
    { why: 'without end', path: () => `/${'x'.repeat(5_000)}`, expected: undefined },
  ])('its path, as the host says: $why', async ({ path, expected }) => {
    const url = await listening(
      pagesOf({ path }).node((_request, response) => void response.writeHead(200, html).end()),
    );
    await open(`${url}/orders/7`);
    expect((await told(1))[0]?.context?.page).toEqual(expected);
  });

  test('a host’s function that throws costs the count, not the page', async () => {
    const path = (): never => {
      throw new Error('of the host');
    };
    const url = await listening(
      pagesOf({ path }).node((_request, response) => void response.writeHead(200, html).end('<p>')),
    );
    expect(await open(url)).toMatchObject({ status: 200, body: '<p>', id: expect.any(String) });
    expect(await told()).toEqual([]);
  });
});

test.each<{ why: string; id: unknown; expected: boolean }>([
  { why: 'an id', id: '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11', expected: true },
  { why: 'none', id: undefined, expected: false },
  { why: 'something else', id: 'ada@example.com', expected: false },
])('a page that called home is told as alive, and nothing more: $why', ({ id, expected }) => {
  const request = { method: 'POST', url: '/cart?x=1', headers: { 'user-agent': chrome } };
  expect(pagesOf().calledHome(request, id)).toBe(expected);
  expect(tracker.events.map((event) => (event as { properties?: unknown }).properties)).toEqual(
    expected ? [{ page_view_id: id, consent: 'undecided', called_home: true, browser: 'Chrome' }] : [],
  );
});

describe('Next.js', () => {
  const nextPage = (headers: Record<string, string>) => {
    const later: (() => unknown)[] = [];
    const pageId = pagesOf().next({
      headers: async () => new Headers({ 'user-agent': chrome, ...headers }),
      after: (task) => void later.push(task),
    });
    return { pageId, later };
  };

  test('the layout has the id, and it is told after the answer', async () => {
    const { pageId, later } = nextPage({ 'sec-fetch-dest': 'document' });
    const id = await pageId('/offers?page=2');
    expect(tracker.events).toEqual([]);
    for (const task of later) await task();
    expect(tracker.events).toMatchObject([
      { properties: { page_view_id: id }, context: { page: { path: '/offers' } } },
    ]);
    expect(tracker.stats()).toMatchObject({ pending: 0, delivered: 1 });
  });

  test('a navigation within the app asks for no document', async () => {
    const { pageId, later } = nextPage({ 'sec-fetch-dest': 'empty' });
    expect(await pageId('/offers')).toBeUndefined();
    expect(later).toEqual([]);
  });

  test('while a page is built nobody asked', async () => {
    const pageId = pagesOf().next({
      headers: async () => new Headers(),
      after: () => {
        throw new Error('`after` was called outside a request scope.');
      },
    });
    await pageId();
    expect(tracker.events).toEqual([]);
  });
});

describe('the books', () => {
  test('count it like any event', async () => {
    tracker.served({ page_view_id: '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11', consent: 'given' });
    expect(tracker.stats()).toMatchObject({ accepted: 1, pending: 1 });
    await tracker.flush();
    expect(tracker.stats()).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
  });

  test('what is more than a served page is told to nobody', () => {
    const more = { page_view_id: '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11', consent: 'given', email: 'ada@example.com' };
    expect(tracker.served(more as never)).toBeUndefined();
    expect(tracker.stats().accepted).toBe(0);
    expect(tracker.diagnostics).toMatchObject([{ code: 'no-served-page' }]);
  });

  test('after shutdown it is dropped, and counted', async () => {
    await tracker.shutdown();
    tracker.served({ page_view_id: '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11', consent: 'given' });
    expect(tracker.stats()).toMatchObject({ accepted: 1, dropped: { shutdown: 1 } });
  });
});

test.each<{ why: string; make: () => unknown; message: string }>([
  { why: 'no tracker', make: () => servedPages(undefined as never), message: 'expected a tracker' },
  {
    why: 'an unknown option',
    make: () => pagesOf({ bots: true } as never),
    message: 'unknown option "bots"; known are except, path',
  },
  {
    why: 'a text for a pattern',
    make: () => pagesOf({ except: 'x' as never }),
    message: '"except" must be a regular expression',
  },
  { why: 'a text for a function', make: () => pagesOf({ path: '/' as never }), message: '"path" must be a function' },
  { why: 'no options', make: () => pagesOf(null as never), message: 'expected options' },
])('refused at set-up: $why', ({ make, message }) => {
  expect(make).toThrow(message);
});
