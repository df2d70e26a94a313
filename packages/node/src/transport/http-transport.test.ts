import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Entry, SendOutcome } from '@org/track-core';
import { anEntry, createFakeClock, type FarEnd, transportContract } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpTransport, gzipFromLength, type HttpTransport } from './http-transport.ts';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
}

let cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps) cleanUp();
  cleanUps = [];
});

/** A real server; `answer` gets each request once its body is here. */
async function serve(answer: RequestListener): Promise<{ server: Server; url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, raw: Buffer.concat(chunks) });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/j`, received };
}

function connect(endpoint: string, writeKey?: string): HttpTransport {
  const transport = createHttpTransport({
    endpoint,
    clock: createFakeClock(),
    ...(writeKey === undefined ? {} : { writeKey }),
  });
  cleanUps.push(() => transport.close());
  return transport;
}

function send(
  transport: HttpTransport,
  entries: readonly Entry[],
  signal = new AbortController().signal,
): Promise<SendOutcome> {
  return transport.send(entries, { attempt: 0, exit: false, signal });
}

const success: RequestListener = (_, response) => response.end('{"success":true}');
const textOf = ({ raw, headers }: Received): string =>
  (headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();

describe('the contract of every transport', () => {
  const cases = transportContract({
    async create(farEnd: FarEnd) {
      const { url, received } = await serve((request, response) => {
        if (farEnd === 'hang') return;
        if (farEnd === 'reset') return void request.socket.destroy();
        response.writeHead(farEnd.status, farEnd.headers).end(farEnd.body);
      });
      const transport = connect(url);
      return {
        transport,
        received: () => {
          const [last] = received.slice(-1);
          return last === undefined ? undefined : JSON.parse(textOf(last));
        },
        close: async () => transport.close(),
      };
    },
  });
  for (const { rule, check } of cases) test(rule, check);
});

test('says what it is and who sends it', async () => {
  const { url, received } = await serve(success);
  await send(connect(url, 'key'), [anEntry()]);
  expect(received).toMatchObject([
    {
      method: 'POST',
      url: '/api/j',
      headers: {
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^org-track-node\/\d/),
        authorization: `Basic ${Buffer.from('key:').toString('base64')}`,
      },
    },
  ]);
  expect(textOf(received[0] as Received)).not.toContain('key');
});

test.each([
  { why: 'a large body is gzip', length: gzipFromLength, encoding: 'gzip' },
  { why: 'a small one is not worth it', length: 1, encoding: undefined },
])('$why', async ({ length, encoding }) => {
  const { url, received } = await serve(success);
  const entry = anEntry({ id: 'a', value: JSON.stringify({ messageId: 'a', text: 'ü'.repeat(length) }) });
  expect(await send(connect(url), [entry])).toMatchObject({ kind: 'delivered' });
  const [request] = received as [Received];
  expect(request.headers['content-encoding']).toBe(encoding);
  expect(Number(request.headers['content-length'])).toBe(request.raw.length);
  expect(request.raw.subarray(0, 2).toString('hex') === '1f8b').toBe(encoding === 'gzip');
  expect(JSON.parse(textOf(request)).batch).toEqual([JSON.parse(entry.value)]);
});

test('batches share a connection', async () => {
  const { server, url } = await serve(success);
  let connections = 0;
  server.on('connection', () => connections++);
  const transport = connect(url);
  for (let batch = 0; batch < 3; batch++) await send(transport, [anEntry()]);
  expect(connections).toBe(1);
});

test('the answer names what was not simply stored', async () => {
  const results = {
    a: { status: 'invalid', kind: 'dead', reason: 'no-event' },
    b: { status: 'duplicate', kind: 'delivered' },
    c: { status: 'retry', kind: 'retry', reason: 'retry' },
  };
  const { url } = await serve((_, response) => response.end(JSON.stringify({ success: true, results })));
  const entries = ['a', 'b', 'c', 'd'].map((id) => anEntry({ id }));
  expect(await send(connect(url), entries)).toEqual({
    kind: 'delivered',
    verdicts: new Map(Object.entries(results)),
  });
});

test.each<{ why: string; answer: RequestListener; expected: SendOutcome }>([
  {
    why: 'a server that stores and then breaks the connection',
    answer: (request) => request.socket.resetAndDestroy(),
    expected: { kind: 'retry', reason: 'network' },
  },
  {
    why: 'an answer that stops half way',
    answer: (request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"success":', () => request.socket.destroy());
    },
    expected: { kind: 'retry', reason: 'network' },
  },
  {
    why: 'an answer without end',
    answer: (_, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    },
    expected: { kind: 'retry', reason: 'network' },
  },
  {
    why: 'a redirect: the batch is not carried elsewhere',
    answer: (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    expected: { kind: 'retry', reason: 'http-307' },
  },
  {
    why: '503 that names its time',
    answer: (_, response) => response.writeHead(503, { 'retry-after': '3' }).end(),
    expected: { kind: 'retry', reason: 'http-503', retryAfterMs: 3_000 },
  },
])('$why', async ({ answer, expected }) => {
  const { url } = await serve(answer);
  expect(await send(connect(url), [anEntry()])).toMatchObject(expected);
});

test('nobody there', async () => {
  const { server, url } = await serve(success);
  await new Promise((resolve) => server.close(resolve));
  expect(await send(connect(url), [anEntry()])).toEqual({ kind: 'retry', reason: 'network' });
});

test.each([
  {
    why: 'while it waits',
    abort: (controller: AbortController, arrived: Promise<void>) => void arrived.then(() => controller.abort()),
  },
  { why: 'before it began', abort: (controller: AbortController) => controller.abort() },
])('an abort $why ends the request on the wire too', async ({ abort }) => {
  const controller = new AbortController();
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  let gone: Promise<unknown> = Promise.resolve();
  const { url } = await serve((request) => {
    gone = new Promise((resolve) => request.socket.on('close', resolve));
    arrive();
  });
  abort(controller, arrived);
  expect(await send(connect(url), [anEntry()], controller.signal)).toEqual({ kind: 'retry', reason: 'timeout' });
  await gone;
});
