import { formatDevice, type TrackEvent } from '@org/track-core';
import { createScriptedTransport, type ScriptedTransport } from '@org/track-core/testing';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createWorkerTracker, type WorkerTracker } from '../create-worker-tracker.ts';
import { servedPages, type WorkerServedPages } from './worker-served-pages.ts';

interface Worker {
  readonly tracker: WorkerTracker;
  readonly pages: WorkerServedPages;
  readonly diagnostics: string[];
  /** Sends a request; resolves with the answer when all that the Worker is kept for is over. */
  ask(handle: (request: Request) => unknown, init?: Ask): Promise<Answer>;
  /** What was told of pages. */
  told(): readonly TrackEvent[];
}

interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly response: Response;
  readonly id: string | undefined;
}

function aWorker(
  transport: ScriptedTransport = createScriptedTransport(),
  options?: Parameters<typeof servedPages>[1],
): Worker {
  const diagnostics: string[] = [];
  const tracker = createWorkerTracker({
    ...{ endpoint: 'https://collector.example/api/j', writeKey: 'key', transport },
    onDiagnostic: ({ code }) => void diagnostics.push(code),
  });
  const pages = servedPages(tracker, options);
  return {
    ...{ tracker, pages, diagnostics },
    async ask(handle, { path = '/journal', method = 'GET', headers = {} } = {}) {
      const waits: Promise<unknown>[] = [];
      const context = { waitUntil: (promise: Promise<unknown>) => void waits.push(promise) };
      const fetch = tracker.fetch(
        pages.fetch(async (request: Request, _env: object, _context: typeof context) => handle(request) as Response),
      );
      const request = new Request(`https://shop.example${path}`, {
        method,
        headers: { 'user-agent': chrome, 'sec-fetch-dest': 'document', ...headers },
      });
      const response = await fetch(request, {}, context);
      for (let known = -1; known < waits.length; ) {
        known = waits.length;
        await Promise.all(waits);
      }
      return { response, id: /doc;desc="([^"]+)"/.exec(response?.headers?.get('server-timing') ?? '')?.[1] };
    },
    told: () =>
      transport.sent
        .flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value) as TrackEvent))
        .filter((event) => event.type === 'track' && event.event === 'Page Served'),
  };
}

const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const cookie = formatDevice({ consent: [{ analytics: true }, 1], anonymousId: 'anonymous-1', userId: 'u1' });
const page = (init: ResponseInit = {}): Response =>
  new Response('<p>Hello', { ...init, headers: { 'content-type': 'text/html; charset=utf-8', ...init.headers } });

test('a page has an id, and is told once, with nothing of whoever asked', async () => {
  const worker = aWorker();
  const { response, id } = await worker.ask(() => page({ headers: { 'x-own': 'kept' } }), {
    path: '/orders/ada@example.com?token=1',
    headers: { cookie, 'cf-connecting-ip': '203.0.113.7', referer: 'https://shop.example/cart' },
  });
  expect(await response.text()).toBe('<p>Hello');
  expect([response.status, response.headers.get('x-own')]).toEqual([200, 'kept']);
  expect(id).toMatch(/^[\da-f-]{36}$/);
  expect(worker.told()).toEqual([
    {
      type: 'track',
      event: 'Page Served',
      messageId: expect.any(String),
      timestamp: expect.any(String),
      properties: { page_view_id: id, consent: 'given', browser: 'Chrome' },
      context: {
        library: { name: '@org/track-node', version: expect.any(String) },
        page: { path: expect.not.stringContaining('ada@example.com') },
      },
    },
  ]);
});

test('it leaves with what the handler tracked, as one batch', async () => {
  const transport = createScriptedTransport();
  const worker = aWorker(transport);
  await worker.ask(
    () => {
      worker.tracker.page();
      return page();
    },
    { headers: { cookie } },
  );
  expect(transport.sent.map(({ entries }) => entries.length)).toEqual([2]);
});

test.each<{ why: string; answer: () => unknown; ask?: Ask }>([
  { why: 'an error page', answer: () => page({ status: 404 }) },
  { why: 'data', answer: () => Response.json({}) },
  { why: 'a page for everybody', answer: () => page({ headers: { 'cache-control': 'public, max-age=60' } }) },
  { why: 'a page that a script asks for', answer: page, ask: { headers: { 'sec-fetch-dest': 'empty' } } },
  { why: 'a form that was sent', answer: page, ask: { method: 'POST' } },
])('$why has no id, is not told, and leaves as it is', async ({ answer, ask }) => {
  const worker = aWorker();
  const given = answer();
  const { response } = await worker.ask(() => given, ask);
  expect(response).toBe(given);
  expect(worker.told()).toEqual([]);
});

test.each([
  {
    why: 'what a bot gets is told with its name',
    agent: 'Googlebot/2.1 (+http://www.google.com/bot.html)',
    bot: 'Googlebot',
  },
  { why: 'the host’s own app is none', agent: 'ShopApp-bot/1.0', bot: undefined },
])('$why', async ({ agent, bot }) => {
  const worker = aWorker(undefined, { except: /^ShopApp/ });
  await worker.ask(() => page(), { headers: { 'user-agent': agent } });
  expect(worker.told()).toMatchObject([{ properties: bot === undefined ? { browser: 'other' } : { bot } }]);
});

test('a page that is fetched ahead has an id for its page view, and is not told', async () => {
  const worker = aWorker();
  expect((await worker.ask(() => page(), { headers: { 'sec-purpose': 'prefetch;prerender' } })).id).toBeDefined();
  expect(worker.told()).toEqual([]);
});

test('the handler knows the id; nobody else does', async () => {
  const worker = aWorker();
  let inside: string | undefined;
  const { id } = await worker.ask(() => {
    inside = worker.pages.id();
    return page();
  });
  expect(inside).toBe(id);
  expect(worker.pages.id()).toBeUndefined();
});

test('the app’s own timings are kept, and what cannot be changed is copied', async () => {
  const worker = aWorker();
  const fixed = page({ headers: { 'server-timing': 'db;dur=5' } });
  Object.defineProperty(fixed.headers, 'set', {
    value() {
      throw new TypeError('immutable');
    },
  });
  const { response, id } = await worker.ask(() => fixed);
  expect(response.headers.get('server-timing')).toBe(`db;dur=5, doc;desc="${id}"`);
});

test('wrapped twice it counts once', async () => {
  const worker = aWorker();
  const inner = worker.pages.fetch((_request: Request) => page());
  await worker.ask((request) => inner(request));
  expect(worker.told()).toHaveLength(1);
});

test('requests that overlap have each their own', async () => {
  const worker = aWorker();
  const ids = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => (await worker.ask(() => page(), { path: `/${index}` })).id),
  );
  expect(
    worker
      .told()
      .map(({ context }) => context?.page?.path)
      .sort(),
  ).toEqual(ids.map((_, index) => `/${index}`));
  expect(new Set(ids).size).toBe(10);
});

test('an app of Hono works like any handler', async () => {
  const worker = aWorker();
  const app = new Hono().get('/journal', (context) => context.html(`<meta name="doc" content="${worker.pages.id()}">`));
  const { response, id } = await worker.ask((request) => app.fetch(request));
  expect(await response.text()).toContain(`content="${id}"`);
  expect(worker.told()).toHaveLength(1);
});

test('a page that calls home is told as alive; what is no id is told to nobody', async () => {
  const worker = aWorker();
  const id = '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11';
  const answers: boolean[] = [];
  await worker.ask((request) => {
    answers.push(worker.pages.calledHome(request, id), worker.pages.calledHome(request, "'; --"));
    return Response.json({});
  });
  expect(answers).toEqual([true, false]);
  expect(worker.told()).toMatchObject([{ properties: { page_view_id: id, called_home: true } }]);
});

describe('what goes wrong is not the page’s loss', () => {
  test('a handler that fails fails as it would without us', async () => {
    const worker = aWorker();
    const failing = (): never => {
      throw new RangeError('of the host');
    };
    await expect(worker.ask(failing)).rejects.toThrow(RangeError);
    expect(worker.told()).toEqual([]);
  });

  test('what is no answer is handed on', async () => {
    expect((await aWorker().ask(() => undefined)).response).toBeUndefined();
  });

  test('a path that cannot be said is answered all the same', async () => {
    const failing = (): never => {
      throw new Error('of the host');
    };
    const worker = aWorker(undefined, { path: failing });
    const { response } = await worker.ask(() => page());
    expect(await response.text()).toBe('<p>Hello');
    expect(worker.told()).toEqual([]);
  });

  test('outside of the tracker’s own handler it is dropped by name', async () => {
    const worker = aWorker();
    const fetch = worker.pages.fetch((_request: Request) => page());
    await fetch(new Request('https://shop.example/', { headers: { 'user-agent': chrome } }));
    expect(worker.told()).toEqual([]);
    expect(worker.tracker.stats()).toMatchObject({ accepted: 1, dropped: { 'outside-invocation': 1 } });
    expect(worker.diagnostics).toEqual(['outside-invocation']);
  });
});

test.each<{ why: string; make: () => unknown; message: string }>([
  { why: 'no tracker', make: () => servedPages(undefined as never), message: 'a tracker of createWorkerTracker' },
  {
    why: 'an unknown option',
    make: () => servedPages(aWorker().tracker, { bots: true } as never),
    message: 'unknown option "bots"; known are except, path',
  },
])('refused at set-up: $why', ({ make, message }) => {
  expect(make).toThrow(message);
});
