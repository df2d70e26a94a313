import { createServer, request } from 'node:http';
import { connect, createServer as createServer2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import type { BodyRead, Handle, HttpRequest } from './exchange.ts';
import { expressHandler } from './express.ts';
import { fetchHandler } from './fetch.ts';
import { nodeHandler } from './node.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const limits = { maxBytes: 100, timeoutMs: 5_000 };

/** Answers with what it saw. */
const echo: Handle = async (incoming: HttpRequest) => {
  const room = Number(incoming.header('x-room') ?? Number.POSITIVE_INFINITY);
  const read: BodyRead = await incoming.readBody({ ...limits, hasRoom: (bytes) => bytes <= room });
  const { method, path, query } = incoming;
  const body = read.kind === 'read' ? new TextDecoder().decode(read.bytes) : read.kind;
  const decoded = read.kind === 'read' && read.decoded === true;
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'X-Seen': incoming.header('x-mark') ?? '' },
    body: JSON.stringify({ method, path, query, body, decoded }),
  };
};

type Send = (path: string, init: RequestInit) => Promise<Response>;

async function listening(app: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function served(app: Parameters<typeof createServer>[1]): Promise<Send> {
  const port = await listening(app);
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

const mounted = (...before: express.RequestHandler[]) => {
  const app = express();
  for (const handler of before) app.use(handler);
  app.use('/api/j', expressHandler(echo));
  return served(app);
};

const text = '{"batch":[1,"zwölf"]}';
const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers,
});

describe.each<{ name: string; send: () => Promise<Send> }>([
  { name: 'node', send: () => served(nodeHandler(echo)) },
  { name: 'express', send: () => served(express().use(expressHandler(echo))) },
  { name: 'fetch', send: async () => (path, init) => fetchHandler(echo)(new Request(`http://x.example${path}`, init)) },
])('$name', ({ send }) => {
  test('hands over method, path, query, headers and body', async () => {
    const response = await (await send())('/v1/batch?x=1', post(text, { 'X-Mark': 'here' }));
    expect(response.status).toBe(200);
    expect(response.headers.get('x-seen')).toBe('here');
    expect(await response.json()).toMatchObject({
      method: 'POST',
      path: '/v1/batch',
      query: 'x=1',
      body: text,
      decoded: false,
    });
  });

  test('stops a body that is too large, declared or not, and still answers', async () => {
    const ask = await send();
    const large = 'x'.repeat(300_000);
    expect(await (await ask('/', post(large))).json()).toMatchObject({ body: 'too-large' });
    const stream = new Blob([large]).stream();
    const streamed = { ...post(stream), duplex: 'half' } as RequestInit;
    expect(await (await ask('/', streamed)).json()).toMatchObject({ body: 'too-large' });
  });

  test('stops a body there is no room for, and still answers', async () => {
    const ask = await send();
    const body = post('x'.repeat(90), { 'X-Room': '50' });
    expect(await (await ask('/', body)).json()).toMatchObject({ body: 'no-room' });
  });

  test('takes a request without a body', async () => {
    expect(await (await (await send())('/', { method: 'POST' })).json()).toMatchObject({ body: '' });
  });
});

test('over HTTP/2 there is a host too', async () => {
  const host: Handle = async (incoming) => ({ status: 200, headers: {}, body: `${incoming.header('host')}` });
  const server = createServer2(nodeHandler(host) as unknown as Parameters<typeof createServer2>[1]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(`http://${authority}`);
  closers.push(() => {
    client.close();
    server.close();
  });
  const body = await client.request({ ':path': '/' }).setEncoding('utf8').toArray();
  expect(body.join('')).toBe(authority);
});

/** Sends a large body piece by piece, whatever the server says meanwhile. */
function sendSlowly(port: number): Promise<string> {
  return new Promise((resolve) => {
    const upload = request({ port, method: 'POST', agent: false, headers: { 'Content-Length': 8_000_000 } });
    upload.on('error', (error) => resolve(error.message));
    upload.on('response', (response) => {
      response.resume().on('end', () => resolve(`${response.statusCode} ${response.headers['retry-after']}`));
    });
    let sent = 0;
    const timer = setInterval(() => {
      upload.write(Buffer.alloc(100_000));
      sent += 100_000;
      if (sent < 8_000_000) return;
      clearInterval(timer);
      upload.end();
    }, 2);
  });
}

test.each([
  { why: 'node', app: nodeHandler },
  { why: 'express', app: (handle: Handle) => express().use(expressHandler(handle)) },
])('$why: an answer that does not wait for the body is heard by whoever is still sending it', async ({ app }) => {
  const refuse: Handle = async () => ({ status: 429, headers: { 'Retry-After': '7' }, body: '' });
  const port = await listening(app(refuse));
  const heard = await Promise.all(Array.from({ length: 30 }, () => sendSlowly(port)));
  expect(heard).toEqual(heard.map(() => '429 7'));
});

describe('Express, mounted', () => {
  test.each<{ why: string; send: () => Promise<Send>; type: string; decoded: boolean }>([
    { why: 'without a parser', send: () => mounted(), type: 'text/plain', decoded: false },
    { why: 'behind json()', send: () => mounted(express.json()), type: 'application/json', decoded: true },
    {
      why: 'behind json(), which left it alone',
      send: () => mounted(express.json()),
      type: 'text/plain',
      decoded: false,
    },
    { why: 'behind raw()', send: () => mounted(express.raw({ type: '*/*' })), type: 'text/plain', decoded: true },
    {
      why: 'behind what wants the body as text, and leaves it to us',
      send: () => mounted((incoming, _response, next) => void next(incoming.setEncoding('utf8') && undefined)),
      type: 'text/plain',
      decoded: false,
    },
    { why: 'behind text()', send: () => mounted(express.text({ type: '*/*' })), type: 'text/plain', decoded: true },
  ])('$why', async ({ send, type, decoded }) => {
    const response = await (await send())('/api/j/v1/batch', post(text, { 'Content-Type': type }));
    expect(await response.json()).toEqual({
      method: 'POST',
      path: '/api/j/v1/batch',
      query: '',
      body: text,
      decoded,
    });
  });

  test('where SDKs look for it, the address is still whole', async () => {
    const ask = await served(express().use(['/v1', '/api/j'], expressHandler(echo)));
    const paths = ['/v1/batch', '/v1/projects/k/settings', '/v1/pixel/track?data=x', '/api/j', '/api/j/v1/t'];
    const seen = await Promise.all(
      paths.map(async (path) => ((await (await ask(path, {})).json()) as { path: string }).path),
    );
    expect(seen).toEqual(['/v1/batch', '/v1/projects/k/settings', '/v1/pixel/track', '/api/j/', '/api/j/v1/t']);
  });

  test('a body that comes in pieces, to be read as text by somebody else, is read', async () => {
    const ask = await mounted((incoming, _response, next) => void next(incoming.setEncoding('utf8') && undefined));
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (const piece of text.split(',')) {
        yield Buffer.from(`${piece} `);
        await sleep(20);
      }
    }
    const body = ReadableStream.from(pieces());
    const response = await ask('/api/j', { ...post(body), duplex: 'half' } as RequestInit);
    expect(await response.json()).toMatchObject({ body: `${text.replace(',', ' ')} ` });
  });

  test('a cookie that the app sets is set beside ours', async () => {
    const recognise: Handle = async () => ({ status: 200, headers: { 'Set-Cookie': 'ours=1' }, body: '' });
    const app = express().use((_request, response, next) => void next(response.cookie('theirs', '2') && undefined));
    const ask = await served(app.use('/api/j', expressHandler(recognise)));
    const response = await ask('/api/j', post(text));
    expect(response.headers.getSetCookie()).toEqual(['theirs=2; Path=/', 'ours=1']);
  });

  test('a parsed body counts against the limit too', async () => {
    const ask = await mounted(express.json({ limit: '1mb' }));
    const body = JSON.stringify({ batch: ['x'.repeat(200)] });
    const response = await ask('/api/j', post(body, { 'Content-Type': 'application/json' }));
    expect(await response.json()).toMatchObject({ body: 'too-large' });
  });
});
