import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, createServer as createServer2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { formatDevice } from '@org/track-core';
import express from 'express';
import { type FastifyRequest, fastify } from 'fastify';
import { Hono } from 'hono';
import { afterEach, expect, expectTypeOf, test } from 'vitest';
import { createCollector } from '../collector/create-collector.ts';
import { aDestination } from '../collector/running-collector.ts';
import type { RequestLike } from '../identity/request-scope.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';
import { memoryLog } from '../log/memory-log.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
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

/** A body that the connection brings in turns of its own. */
const inPieces = (text: string): ReadableStream =>
  new ReadableStream({
    async start(controller) {
      for (const piece of text.match(/.{1,9}/gs) ?? []) {
        controller.enqueue(new TextEncoder().encode(piece));
        await sleep(5);
      }
      controller.close();
    },
  });

/** What an app does with a posted order: it reads, waits, and tracks without a word about whom. */
async function order(tracker: ServerTracker, { id }: { id: string }): Promise<void> {
  tracker.track('Order Received', { id });
  await sleep(Math.random() * 10);
  tracker.track('Order Completed', { id });
}

const apps: { name: string; serve: (tracker: ServerTracker) => Promise<string> }[] = [
  {
    name: 'node:http',
    serve: (tracker) =>
      listening(
        tracker.node(async (request, response) => {
          const body = Buffer.concat(await request.toArray()).toString();
          await order(tracker, JSON.parse(body));
          response.end();
        }),
      ),
  },
  {
    name: 'Express, before its parser',
    serve: (tracker) =>
      listening(
        express()
          .use(tracker.express)
          .use(express.json())
          .post('/order', async (request, response) => {
            await order(tracker, request.body);
            response.end();
          }),
      ),
  },
  {
    name: 'Express, behind its parser and in a router',
    serve: (tracker) => {
      const router = express.Router();
      router.use(express.json(), tracker.express);
      router.post('/', async (request, response) => {
        await order(tracker, request.body);
        response.end();
      });
      return listening(express().use('/order', router));
    },
  },
  {
    name: 'Fastify',
    serve: async (tracker) => {
      const app = fastify();
      app.register(tracker.fastify);
      app.post('/order', async (request) => {
        await order(tracker, request.body as { id: string });
        return {};
      });
      closers.push(() => app.close());
      return app.listen({ host: '127.0.0.1', port: 0 });
    },
  },
  {
    name: 'Hono',
    serve: (tracker) => {
      const app = new Hono();
      app.use(tracker.hono);
      app.post('/order', async (context) => {
        await order(tracker, await context.req.json());
        return context.json({});
      });
      return listening(getRequestListener(app.fetch));
    },
  },
];

test.each(apps)('$name: what a handler tracks is about its own request, however many overlap', async ({ serve }) => {
  const sink = aDestination();
  const collector = createCollector({ log: memoryLog(), destinations: [sink], ip: 'full' });
  closers.push(() => collector.close());
  const url = await serve(collector.tracker);
  const visitors = Array.from({ length: 10 }, (_, index) => `visitor-${index}`);
  await Promise.all(
    visitors.map(async (id) => {
      const headers = {
        cookie: formatDevice({ consent: [{ analytics: true }, 1], anonymousId: id }),
        'content-type': 'application/json',
        'user-agent': `agent of ${id}`,
        referer: `${url}/checkout/${id}`,
      };
      const body = inPieces(JSON.stringify({ id }));
      const response = await fetch(`${url}/order`, { method: 'POST', headers, body, duplex: 'half' });
      expect(response.status).toBe(200);
    }),
  );
  await collector.flush();

  expect(sink.received).toHaveLength(2 * visitors.length);
  for (const event of sink.received) {
    const { id } = (event as unknown as { properties: { id: string } }).properties;
    expect(event).toMatchObject({
      anonymousId: id,
      source: 'server',
      context: { userAgent: `agent of ${id}`, page: { path: `/checkout/${id}` }, ip: '127.0.0.1' },
    });
  }
});

test.each<{ why: string; isTrusted: boolean; protocol: string; ip: string }>([
  { why: 'proxies are trusted', isTrusted: true, protocol: 'https', ip: '203.0.113.7' },
  { why: 'nobody is', isTrusted: false, protocol: 'http', ip: '127.0.0.1' },
])('which page was opened, and who came, as the app judges it: $why', async ({ isTrusted, protocol, ip }) => {
  const sink = aDestination();
  const consent = { analytics: true };
  const collector = createCollector({ log: memoryLog(), destinations: [sink], ip: 'full', consent });
  closers.push(() => collector.close());
  const { tracker } = collector;
  const page = (): object => {
    tracker.page(undefined, {}, { anonymousId: 'visitor-1' });
    return {};
  };
  const app = fastify({ trustProxy: isTrusted });
  app.register(tracker.fastify).get('/cart', async () => page());
  closers.push(() => app.close());
  const site = express().set('trust proxy', isTrusted);
  site.use('/cart', tracker.express, (_request, response) => void response.json(page()));

  const headers = {
    'sec-fetch-dest': 'document',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '203.0.113.7',
    referer: 'https://search.example/',
  };
  for (const origin of [await app.listen({ host: '127.0.0.1', port: 0 }), await listening(site)]) {
    await fetch(`${origin}/cart?step=2`, { headers });
    await collector.flush();
    const url = `${origin.replace('http', protocol)}/cart?step=2`;
    const opened = { url, path: '/cart', search: '?step=2', referrer: 'https://search.example/' };
    expect(sink.received.pop()?.context).toMatchObject({ ip, page: opened });
  }
});

test('behind a proxy that ends TLS, Hono and HTTP/2 tell the page as its visitor sees it', async () => {
  const sink = aDestination();
  const collector = createCollector({ log: memoryLog(), destinations: [sink], consent: { analytics: true } });
  closers.push(() => collector.close());
  const { tracker } = collector;
  const page = (): unknown => tracker.page(undefined, {}, { anonymousId: 'visitor-1' });
  const app = new Hono().use(tracker.hono).get('/cart', (context) => context.json(void page()));
  const server = createServer2(
    tracker.node((_request: Http2ServerRequest, response: Http2ServerResponse) => {
      page();
      response.end();
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => void server.close());
  const headers = { 'sec-fetch-dest': 'document', 'x-forwarded-proto': 'https' };

  const origin = await listening(getRequestListener(app.fetch));
  await fetch(`${origin}/cart?step=2`, { headers });
  const other = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(other);
  await once(client.request({ ':path': '/cart?step=2', ...headers }).resume(), 'end');
  client.close();
  await collector.flush();

  const urls = sink.received.map(({ context }) => context?.page?.url);
  expect(urls).toEqual([origin, other].map((own) => `${own.replace('http', 'https')}/cart?step=2`));
});

test('a route that fails fails as it would without us', async () => {
  const collector = createCollector({ log: memoryLog() });
  closers.push(() => collector.close());
  const app = new Hono();
  app.use(collector.tracker.hono);
  app.get('/', () => {
    throw new Error('of the host');
  });
  app.onError((error, context) => context.text(error.message, 500));
  expect(await (await app.request('/')).text()).toBe('of the host');
});

test('the requests of frameworks fit as they are', () => {
  expectTypeOf<express.Request>().toExtend<RequestLike>();
  expectTypeOf<FastifyRequest>().toExtend<RequestLike>();
});
