import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Device, definePlan, type Entry, formatDevice, type SendOutcome, type Transport } from '@org/track-core';
import { createFakeClock, createScriptedTransport, type FakeClock } from '@org/track-core/testing';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createInProcessTracker,
  createTracker,
  type NodeTrackerOptions,
  nodeQueueLimits,
} from './create-node-tracker.ts';
import type { ServerTracker } from './identity/request-tracker.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = createFakeClock();
});

const plan = definePlan({
  version: '1',
  events: { Paid: { purpose: 'necessary', source: 'server' }, Seen: { purpose: 'analytics' } },
});

const remote = { endpoint: 'https://collector.example/api/j', writeKey: 'key' };
const consent = { analytics: true };

const eventOf = (entry: Entry | undefined): Record<string, unknown> => JSON.parse(entry?.value ?? '{}');

describe('createTracker', () => {
  function start(overrides: Partial<NodeTrackerOptions> = {}) {
    const transport = createScriptedTransport();
    const tracker = createTracker({ ...remote, transport, clock, consent, ...overrides });
    return { tracker, transport };
  }

  test('sends what was tracked, once it has waited for company', async () => {
    const { tracker, transport } = start();
    tracker.track('Seen', { a: 1 }, { userId: 'u1' });
    await clock.advance(nodeQueueLimits.maxWaitMs - 1);
    expect(transport.sent).toEqual([]);
    await clock.advance(1);
    expect(eventOf(transport.sent[0]?.entries[0])).toMatchObject({
      type: 'track',
      event: 'Seen',
      userId: 'u1',
      properties: { a: 1 },
      context: { library: { name: '@org/track-node' }, consent: { categoryPreferences: consent } },
    });
    expect(tracker.stats()).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
    await tracker.shutdown();
  });

  test.each([
    { why: 'nothing vouched for', vouched: undefined, delivered: 1, dropped: { consent: 1 } },
    { why: 'a no', vouched: { analytics: false }, delivered: 1, dropped: { consent: 1 } },
    { why: 'a yes', vouched: { analytics: true }, delivered: 2, dropped: {} },
  ])('necessary events go, others need consent: $why', async ({ vouched, delivered, dropped }) => {
    const { consent: _, ...base } = { ...remote, consent };
    const transport = createScriptedTransport();
    const tracker = createTracker({
      ...base,
      plan,
      transport,
      clock,
      ...(vouched === undefined ? {} : { consent: vouched }),
    });
    tracker.track('Paid', {}, { userId: 'u1' });
    tracker.track('Seen', {}, { userId: 'u1' });
    const flushed = tracker.flush();
    await clock.advance(0);
    expect(await flushed).toMatchObject({ accepted: 2, delivered, dropped, pending: 0 });
    await tracker.shutdown();
  });

  test('nobody is meant: dropped, and counted', async () => {
    const { tracker } = start();
    expect(await tracker.track('Seen').delivered).toEqual({ kind: 'dropped', reason: 'no-identity' });
    await tracker.shutdown();
  });

  test('keeps to maxQueued', async () => {
    const { tracker } = start({ maxQueued: 2 });
    for (const userId of ['u1', 'u2', 'u3']) tracker.track('Seen', {}, { userId });
    expect(tracker.stats()).toMatchObject({ pending: 2, dropped: { 'outbox-full': 1 } });
    await clock.advance(nodeQueueLimits.maxWaitMs);
    await tracker.shutdown();
  });

  test('says how long the oldest of its events waits, and so do all that share its books', async () => {
    const { tracker } = start();
    expect(tracker.stats()).not.toHaveProperty('oldestAgeMs');
    tracker.track('Seen', {}, { userId: 'u1' });
    await clock.advance(100);
    tracker.track('Seen', {}, { userId: 'u2' });
    expect(tracker.stats()).toMatchObject({ pending: 2, oldestAgeMs: 100 });
    expect(tracker.with({ userId: 'u1' }).stats().oldestAgeMs).toBe(100);
    await clock.advance(nodeQueueLimits.maxWaitMs);
    expect(tracker.stats()).not.toHaveProperty('oldestAgeMs');
    expect(await tracker.shutdown()).not.toHaveProperty('oldestAgeMs');
  });

  test('what a request tracked leaves outside of it: it may travel with what others tracked', async () => {
    const request = new AsyncLocalStorage<string>();
    const sentInside: unknown[] = [];
    const transport: Transport = {
      async send(entries) {
        sentInside.push(...entries.map(() => request.getStore()));
        return { kind: 'delivered' };
      },
    };
    const tracker = createTracker({ ...remote, transport, consent, queue: { maxWaitMs: 5 } });
    for (const userId of ['u1', 'u2']) request.run(userId, () => tracker.track('Seen', {}, { userId }));
    await expect.poll(() => sentInside).toEqual([undefined, undefined]);
    await tracker.shutdown();
  });

  test('many trackers leave no listener behind, whoever shuts them down', async () => {
    const before = process.listenerCount('beforeExit');
    const trackers = Array.from({ length: 20 }, () => start().tracker);
    expect(process.listenerCount('beforeExit')).toBe(before + 1);
    await Promise.all(trackers.map((tracker) => tracker.with({ userId: 'u1' }).shutdown()));
    expect(process.listenerCount('beforeExit')).toBe(before);
  });

  test.each([
    { why: 'no options', options: undefined, message: 'createTracker: expected options, got undefined' },
    { why: 'no endpoint', options: { writeKey: 'k' }, message: '"endpoint" must be an absolute http or https URL' },
    { why: 'a path', options: { ...remote, endpoint: '/api/j' }, message: 'without credentials, got "/api/j"' },
    { why: 'another protocol', options: { ...remote, endpoint: 'ftp://a/b' }, message: 'got "ftp://a/b"' },
    {
      why: 'credentials in the URL',
      options: { ...remote, endpoint: 'https://k:s@a/b' },
      message: 'without credentials',
    },
    {
      why: 'no write key',
      options: { endpoint: remote.endpoint },
      message: '"writeKey" must be a text that is not empty, got undefined',
    },
    {
      why: 'an option we do not know',
      options: { ...remote, flushAt: 1 },
      message: 'unknown option "flushAt"; known are endpoint,',
    },
    {
      why: 'consent of another shape',
      options: { ...remote, consent: { analytics: 'yes' } },
      message: '"consent" must be answers by category',
    },
    {
      why: 'consent to what there is no category for',
      options: { ...remote, consent: { marketing: true } },
      message: '"consent" must be answers by category (functional, analytics, advertising)',
    },
    {
      why: 'a limit of another library',
      options: { ...remote, queue: { flushAt: 20 } },
      message: 'unknown option "queue.flushAt"; known are maxEvents, maxBytes, maxWaitMs,',
    },
    {
      why: 'a queue that would never send',
      options: { ...remote, queue: { concurrency: 0 } },
      message: '"queue.concurrency" must be a whole number above 0, got 0',
    },
    {
      why: 'a limit from the environment, as a text',
      options: { ...remote, queue: { maxWaitMs: '500' } },
      message: '"queue.maxWaitMs" must be milliseconds, 0 or more, got "500"',
    },
    {
      why: 'a wait that is no number',
      options: { ...remote, queue: { timeoutMs: Number.NaN } },
      message: '"queue.timeoutMs" must be milliseconds above 0, got NaN',
    },
    {
      why: 'no room at all',
      options: { ...remote, maxQueued: 0 },
      message: '"maxQueued" must be a whole number above 0, got 0',
    },
    {
      why: 'an outbox that is none',
      options: { ...remote, outbox: {} },
      message: '"outbox" must be an outbox, got object',
    },
    {
      why: 'a bound for another outbox',
      options: { ...remote, outbox: { pull: () => [] }, maxQueued: 5 },
      message: '"maxQueued" bounds the default outbox',
    },
  ])('refuses at set-up: $why', ({ options, message }) => {
    expect(() => createTracker(options as never)).toThrow(message);
    expect(() => createTracker(options as never)).toThrow(TypeError);
  });

  test('a limit that is not given is the default', async () => {
    const { tracker, transport } = start({ queue: { maxWaitMs: undefined, maxEvents: undefined } as never });
    for (let index = 0; index < nodeQueueLimits.maxEvents; index++) tracker.track('Seen', {}, { userId: 'u1' });
    await clock.advance(0);
    expect(transport.sent).toHaveLength(1);
    await tracker.shutdown();
  });

  test('a secret never shows in an error', () => {
    expect(() => createTracker({ ...remote, writeKey: ['secret'] } as never)).toThrow(/"writeKey".*got a list$/);
    expect(() => createTracker({ ...remote, endpoint: 'https://user:secret@collector.example' })).toThrow(
      /got "https:…@collector\.example"$/,
    );
  });
});

test('a far end that refuses whole batches, slowly, is done with before nobody waits for its answer any more', async () => {
  const taken = new Set<string>();
  const server = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray());
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const { batch } = JSON.parse(body.toString()) as { readonly batch: readonly { readonly event: string }[] };
    const isBad = batch.some(({ event }) => event.startsWith('Bad'));
    if (!isBad) for (const { event } of batch) taken.add(event);
    setTimeout(() => response.writeHead(isBad ? 400 : 200).end('{"success":true}'), 20);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tracker = createTracker({
    ...{ ...remote, consent, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/j` },
    queue: { timeoutMs: 500, baseDelayMs: 10 },
  });
  for (let index = 0; index < 64; index++) {
    tracker.track(`${index % 16 === 0 ? 'Bad' : 'Good'} ${index}`, {}, { userId: 'u1' });
  }
  expect(await tracker.flush({ deadlineMs: 20_000 })).toMatchObject({
    delivered: 60,
    dead: { 'http-400': 4 },
    pending: 0,
  });
  expect(taken.size).toBe(60);
  await tracker.shutdown();
  server.close();
}, 30_000);

describe('createInProcessTracker', () => {
  test('hands entries to the collector, soon and together', async () => {
    const batches: (readonly Entry[])[] = [];
    const accept = async (entries: readonly Entry[]): Promise<SendOutcome> => {
      batches.push(entries);
      return { kind: 'delivered' };
    };
    const tracker = createInProcessTracker({ accept, clock, consent });
    tracker.track('Seen', {}, { userId: 'u1' });
    tracker.track('Paid', {}, { userId: 'u1' });
    await clock.advance(50);
    expect(batches.map((batch) => batch.map((entry) => eventOf(entry).event))).toEqual([['Seen', 'Paid']]);
    await tracker.shutdown();
  });

  test('an accept that rejects is tried again', async () => {
    let tries = 0;
    const accept = async (): Promise<SendOutcome> => {
      tries++;
      if (tries === 1) throw new Error('the log is away');
      return { kind: 'delivered' };
    };
    const tracker = createInProcessTracker({ accept, clock, consent });
    const receipt = tracker.track('Seen', {}, { userId: 'u1' });
    await clock.advance(2_000);
    expect(await receipt.delivered).toEqual({ kind: 'delivered' });
    await tracker.shutdown();
  });
});

describe('for a request', () => {
  const device: Device = {
    consent: [{ analytics: true }, 1_767_225_600_000],
    anonymousId: '0190a5c8-7b2e-7c4d-8e5f-1a2b3c4d5e6f',
    userId: 'u1',
    session: ['0190a5c8-7b2e-7c4d-8e5f-aaaaaaaaaaaa', 1_767_225_600_000, 1_767_225_600_000],
  };
  const cookie = formatDevice(device);

  function start(overrides: Partial<NodeTrackerOptions> = {}): {
    tracker: ServerTracker;
    sent: () => Promise<Record<string, unknown>[]>;
  } {
    const transport = createScriptedTransport();
    const tracker = createTracker({ ...remote, transport, clock, ...overrides });
    return {
      tracker,
      async sent() {
        await clock.advance(nodeQueueLimits.maxWaitMs);
        await tracker.shutdown();
        return transport.sent.flatMap(({ entries }) => entries.map(eventOf));
      },
    };
  }

  test('events are about the person, session and page behind it', async () => {
    const { tracker, sent } = start();
    const headers = { cookie, referer: 'https://shop.example/cart', 'user-agent': 'Mozilla/5.0' };
    tracker.for({ headers, socket: { remoteAddress: '203.0.113.7' } }).track('Order Completed', { total: 5 });
    expect(await sent()).toMatchObject([
      {
        anonymousId: device.anonymousId,
        userId: 'u1',
        context: {
          session: { id: device.session?.[0] },
          page: { url: 'https://shop.example/cart', path: '/cart' },
          ip: '203.0.113.0',
          userAgent: 'Mozilla/5.0',
          consent: { categoryPreferences: { analytics: true } },
        },
      },
    ]);
  });

  test('a call says it better than its request', async () => {
    const { tracker, sent } = start();
    tracker.for({ headers: { cookie } }).track('Seen', {}, { userId: 'u2' });
    expect(await sent()).toMatchObject([{ userId: 'u2', anonymousId: device.anonymousId }]);
  });

  test.each([
    {
      why: 'a person who said no, though the backend vouches',
      answer: { analytics: false },
      vouched: { analytics: true },
      count: 0,
    },
    { why: 'a person who said yes', answer: { analytics: true }, vouched: undefined, count: 1 },
    { why: 'a person who has not decided', answer: undefined, vouched: undefined, count: 0 },
    { why: 'undecided, and the backend vouches', answer: undefined, vouched: { analytics: true }, count: 1 },
  ])('consent: $why', async ({ answer, vouched, count }) => {
    const { tracker, sent } = start(vouched === undefined ? {} : { consent: vouched });
    const { consent: _, ...undecided } = device;
    const person: Device = answer === undefined ? undecided : { ...device, consent: [answer, 1] };
    tracker.for({ headers: { cookie: formatDevice(person) } }).track('Seen');
    expect((await sent()).length).toBe(count);
  });
});

describe('a script that tracks once', () => {
  let folder: string;
  let script: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tracker-'));
    script = join(folder, 'script.mjs');
    const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
    await build({
      stdin: {
        contents: `import { createTracker } from './create-node-tracker.ts';
          const tracker = createTracker({ endpoint: process.argv[2], writeKey: 'key', consent: { analytics: true },
            onDiagnostic: ({ code, detail }) => console.log(code, detail) });
          const visitor = tracker.with({ userId: 'u1' });
          visitor.track('Seen', { a: 1 });
          process.on('exit', () => console.log('ended'));
          if (process.argv[3] !== undefined) {
            const { pending } = await visitor[process.argv[3]]({ deadlineMs: Number(process.argv[4]) });
            console.log('waited for', pending);
          }`,
        resolveDir: source('.'),
      },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      alias: { '@org/track-core': source('../../core/src/index.ts') },
      logLevel: 'error',
    });
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function run(endpoint: string, ...args: string[]): Promise<{ code: unknown; output: string; errors: string }> {
    const child = spawn(process.execPath, [script, endpoint, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, output, errors };
  }

  test('and ends by itself: it is delivered, and the process ends', async () => {
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      const chunks = await request.toArray();
      const raw = Buffer.concat(chunks);
      bodies.push((request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString());
      response.end('{"success":true}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await run(`http://127.0.0.1:${port}/api/j`)).toEqual({ code: 0, output: 'ended\n', errors: '' });
    expect(bodies.map((body) => JSON.parse(body).batch)).toMatchObject([[{ event: 'Seen', userId: 'u1' }]]);
    server.close();
  });

  test('and ends by itself: it is reported where nobody takes it, and the process ends', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, output, errors } = await run(`http://127.0.0.1:${port}/api/j`);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output.split('\n')).toContain('undelivered 1 events when the process ended');
  });

  test.each(['flush', 'shutdown'])('and awaits %s is not ended while a collector is asked again', async (call) => {
    let requests = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.statusCode = requests++ === 0 ? 503 : 200;
      response.end('{"success":true}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, output, errors } = await run(`http://127.0.0.1:${port}/api/j`, call, '60000');
    server.close();
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toBe('send-failed http-503\nwaited for 0\nended\n');
  });

  test('and awaits flush gets its answer at the deadline where nobody is there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, output, errors } = await run(`http://127.0.0.1:${port}/api/j`, 'flush', '100');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toContain('waited for 1\n');
  });
});
