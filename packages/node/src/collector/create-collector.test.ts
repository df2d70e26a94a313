import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type ConsentPreferences, definePlan, type EventContext, type TrackEvent } from '@org/track-core';
import { anEvent, createFakeClock } from '@org/track-core/testing';
import { Analytics } from '@segment/analytics-node';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memoryLog } from '../log/memory-log.ts';
import { sqliteLog } from '../log/sqlite-log.ts';
import type { CollectorOptions } from './collector-options.ts';
import { createCollector } from './create-collector.ts';
import { aDestination, batchOf, closeAll, closeFirst, consented, idsOf, listen, run } from './running-collector.ts';

const okEvent = (overrides: Parameters<typeof anEvent>[0] = {}) => anEvent({ context: consented, ...overrides });

afterEach(closeAll);

describe('a batch', () => {
  test('is stored, acknowledged, stamped and delivered', async () => {
    const { post, delivered } = await run();
    const event = okEvent();
    const reply = await post(batchOf(event), { headers: { 'User-Agent': 'Agent/1' } });
    expect(reply).toMatchObject({ status: 200, body: { success: true } });
    expect(reply.body).not.toHaveProperty('results');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await delivered()).toMatchObject([
      {
        messageId: event.messageId,
        source: 'browser',
        originalTimestamp: event.timestamp,
        context: { ip: '127.0.0.0', userAgent: 'Agent/1' },
      },
    ]);
  });

  test('costs no event for its neighbour: one invalid among 200 is set aside with the reason', async () => {
    const { post, log, arrivals } = await run();
    const events: unknown[] = Array.from({ length: 199 }, () => okEvent());
    const { event: _name, ...nameless } = okEvent({ messageId: 'bad' });
    events.splice(100, 0, nameless);
    const { body } = await post(batchOf(...events));
    expect(body).toEqual({
      success: true,
      results: { bad: { status: 'invalid', kind: 'dead', reason: 'event: missing' } },
    });
    expect(log.stats()).toMatchObject({ events: 199, quarantined: 1 });
    expect(log.quarantined(10)).toMatchObject([
      { messageId: 'bad', issues: [{ path: 'event', code: 'missing' }], event: JSON.stringify(nameless) },
    ]);
    expect(arrivals.filter(({ status }) => status === 'stored')).toHaveLength(199);
    expect(arrivals.filter(({ status }) => status === 'invalid')).toHaveLength(1);
  });

  test('sent again because the answer was lost is stored once', async () => {
    const { post, log, delivered } = await run();
    const events = [okEvent({ messageId: '1' }), okEvent({ messageId: '2' })];
    await post(batchOf(...events));
    const { body } = await post(batchOf(...events, okEvent({ messageId: '3' }), okEvent({ messageId: '3' })));
    expect(body.results).toEqual({
      1: { status: 'duplicate', kind: 'delivered' },
      2: { status: 'duplicate', kind: 'delivered' },
      3: { status: 'duplicate', kind: 'delivered' },
    });
    expect(idsOf(await delivered())).toEqual(['1', '2', '3']);
    expect(log.stats().events).toBe(3);
  });

  test('of ours is kept as it came, without its key; of others without theirs', async () => {
    const { post, log } = await run({ keys: { secret: { source: 'browser', name: 'site' } } });
    const event = JSON.stringify(okEvent());
    await post(`{"sentAt":"2026-01-01T00:00:00.000Z","writeKey":"secret","batch":[ ${event} ]}`);
    expect(String(log.appended[0]?.body)).toBe(`{"batch":[ ${event} ]}`);
    expect(log.appended[0]?.facts).toMatchObject({ keyName: 'site', sentAt: '2026-01-01T00:00:00.000Z' });
    const other = JSON.parse(event);
    await post({ batch: [{ ...other, messageId: 'm', writeKey: 'secret' }], writeKey: 'secret' });
    expect(log.appended.map(({ body }) => String(body)).join()).not.toContain('secret');
  });

  test('that the browser held back keeps its time, and nobody is told when it was sent', async () => {
    const { post, log, delivered } = await run({ keys: { secret: { source: 'browser', name: 'site' } } });
    const event = okEvent();
    const batch = `"batch":[${JSON.stringify(event)}]}`;
    await post(`{"deferredAt":"2026-01-01T00:00:01.000Z","writeKey":"secret",${batch}`);
    expect(log.appended[0]?.facts).toMatchObject({ deferredAt: '2026-01-01T00:00:01.000Z' });
    expect(String(log.appended[0]?.body)).toBe(`{${batch}`);
    const [stored] = await delivered();
    expect(stored?.timestamp).toBe(event.timestamp);
    expect(stored).not.toHaveProperty('sentAt');
  });

  test.each<{ why: string; field?: string; headers?: Record<string, string>; retried: number }>([
    { why: 'says nothing', retried: 0 },
    { why: 'says that it is its first', field: '"retryCount":0,', retried: 0 },
    { why: 'says in its envelope that it is its third', field: '"retryCount":2,', retried: 1 },
    { why: 'says anything in its envelope', field: '"retryCount":"x",', headers: { 'X-Retry-Count': 'x' }, retried: 0 },
    { why: 'says in a header that it is its second', headers: { 'X-Retry-Count': '1' }, retried: 1 },
  ])('of a sender that $why', async ({ field = '', headers = {}, retried }) => {
    const { post, log, collector } = await run();
    const batch = `"batch":[ ${JSON.stringify(okEvent())} ]}`;
    const body = `{${field}"sentAt":"2026-01-01T00:00:00.000Z",${batch}`;
    log.isFull = true;
    expect((await post(body, { headers })).status).toBe(503);
    expect(collector.stats().retried).toBe(0); // nothing was stored
    log.isFull = false;
    expect((await post(body, { headers })).status).toBe(200);
    expect(collector.stats().retried).toBe(retried);
    if (!field.includes('x')) expect(String(log.appended[0]?.body)).toBe(body); // as it came
  });

  test('with the id __proto__ is answered under that id', async () => {
    const { post } = await run();
    const { body } = await post(batchOf(anEvent({ messageId: '__proto__' })));
    expect(Object.entries(body.results ?? {})).toEqual([
      ['__proto__', { status: 'consent_denied', kind: 'dropped', reason: 'consent' }],
    ]);
  });
});

describe('many at once', () => {
  test('50 parallel posts are all stored, each once', async () => {
    const { post, delivered } = await run();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        post(batchOf(...[0, 1, 2].map((part) => okEvent({ messageId: `${index}-${part}` })))),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const ids = idsOf(await delivered());
    expect(ids).toHaveLength(150);
    expect(new Set(ids).size).toBe(150);
  });

  test('more than fit are told when to come back', async () => {
    const { url, collector, post } = await run({ limits: { maxInFlight: 1, bodyTimeoutMs: 60_000 } });
    const { port } = new URL(url);
    const slow = connect(Number(port), '127.0.0.1');
    closeFirst(async () => slow.destroy());
    slow.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    await expect.poll(async () => (await post(batchOf(okEvent()))).status).toBe(503);
    const reply = await post(batchOf(okEvent()));
    expect(reply).toMatchObject({ status: 503, body: { success: false, error: 'overloaded' } });
    expect(reply.headers.get('retry-after')).toBe('1');
    slow.destroy();
    await expect.poll(async () => (await post(batchOf(okEvent()))).status).toBe(200);
    expect(collector.stats().requests['503']).toBeGreaterThan(0);
  });
});

describe('a log that cannot store', () => {
  test('means 503 and Retry-After, nothing acknowledged, and all is well again with the next try', async () => {
    const { post, log, delivered } = await run();
    log.isFull = true;
    const reply = await post(batchOf(okEvent({ messageId: '1' })));
    expect(reply).toMatchObject({ status: 503, body: { success: false, error: 'log-unavailable' } });
    expect(reply.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(log.stats().events).toBe(0);
    log.isFull = false;
    expect((await post(batchOf(okEvent({ messageId: '1' })))).status).toBe(200);
    expect(idsOf(await delivered())).toEqual(['1']);
  });

  test('holds back the events of this process until it can', async () => {
    const { collector, log, delivered } = await run({ consent: { analytics: true } });
    log.isFull = true;
    collector.tracker.track('Order Completed', {}, { userId: 'u1' });
    await expect.poll(() => collector.stats().tracker.pending).toBe(1);
    log.isFull = false;
    expect(await delivered()).toMatchObject([{ event: 'Order Completed', userId: 'u1', source: 'server' }]);
    expect(collector.stats().tracker).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
  });

  test('takes the events of this process however few one body may have', async () => {
    const { collector, delivered } = await run({ consent: { analytics: true }, limits: { maxEvents: 2 } });
    for (const messageId of ['1', '2', '3']) collector.tracker.track('Order Completed', {}, { userId: 'u', messageId });
    const facts = { receivedAt: Date.now(), source: 'server' as const };
    await collector.submit(
      ['4', '5', '6'].map((messageId) => okEvent({ messageId })),
      facts,
    );
    expect([...idsOf(await delivered())].sort()).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('that fails in an unknown way means 500 and no word of the reason', async () => {
    const { post, log } = await run();
    log.append = () => Promise.reject(new Error('secret path'));
    const reply = await post(batchOf(okEvent()));
    expect(reply.status).toBe(500);
    expect(JSON.stringify(reply.body)).not.toContain('secret');
  });
});

describe('bad bodies', () => {
  const event = JSON.stringify(okEvent());
  const good = JSON.stringify(batchOf(okEvent()));
  const big = JSON.stringify(batchOf(okEvent({ properties: { text: 'x'.repeat(20_000) } })));
  test.each<{
    why: string;
    body: string | Uint8Array;
    headers?: Record<string, string>;
    status: number;
    error?: string;
  }>([
    { why: 'empty', body: '', status: 400, error: 'not-json' },
    { why: 'not JSON', body: '{"batch":[', status: 400, error: 'not-json' },
    { why: 'not UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), status: 400, error: 'not-utf8' },
    { why: 'a list', body: `[${event}]`, status: 400, error: 'not-a-batch' },
    { why: 'too large', body: 'x'.repeat(1_000_001), status: 413, error: 'too-large' },
    { why: 'a bomb', body: gzipSync(Buffer.alloc(50_000_000)), status: 413, error: 'too-large' },
    { why: 'truncated gzip', body: gzipSync(big).subarray(0, 60), status: 400, error: 'bad-compression' },
    {
      why: 'gzip in name only',
      body: 'no gzip',
      headers: { 'Content-Encoding': 'gzip' },
      status: 400,
      error: 'not-json',
    },
    {
      why: 'brotli in name only',
      body: good,
      headers: { 'Content-Encoding': 'br' },
      status: 400,
      error: 'bad-compression',
    },
    { why: 'brackets by the 100,000', body: '['.repeat(100_000), status: 400, error: 'too-deep' },
    {
      why: 'objects by the 100,000',
      body: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      status: 400,
      error: 'too-deep',
    },
    {
      why: 'brackets in a string are no depth',
      body: JSON.stringify(
        batchOf(
          okEvent({ properties: { text: '["{'.repeat(9_000) } }),
          ...Array.from({ length: 200 }, () => okEvent()),
        ),
      ),
      status: 200,
    },
    {
      why: 'too many events',
      body: JSON.stringify(batchOf(...Array.from({ length: 501 }, () => ({})))),
      status: 413,
      error: 'too-many-events',
    },
    { why: 'no events', body: '{"batch":[]}', status: 200 },
    { why: 'a byte order mark', body: `\uFEFF${good}`, status: 200 },
    { why: 'a wrong content type', body: good, headers: { 'Content-Type': 'image/png' }, status: 200 },
    {
      why: 'form-encoded gzip, as from RudderStack',
      body: gzipSync(good),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip' },
      status: 200,
    },
    { why: 'gzip that does not say so', body: gzipSync(good), status: 200 },
    { why: 'deflate', body: deflateSync(good), status: 200 },
    { why: 'zstd', body: zstdCompressSync(good), status: 200 },
    { why: 'brotli', body: brotliCompressSync(good), headers: { 'Content-Encoding': 'br' }, status: 200 },
  ])('$why → $status $error', async ({ body, headers = {}, status, error }) => {
    const limits = { maxBodyBytes: 1_000_000, maxInflatedBytes: 10_000_000, maxEvents: 500 };
    const { post, log, collector } = await run({ limits });
    const reply = await post(body, { headers });
    expect(reply).toMatchObject({ status, body: status === 200 ? { success: true } : { success: false, error } });
    if (status !== 200) expect(log.appended).toEqual([]);
    expect((await post(batchOf(okEvent()))).status).toBe(200);
    expect(collector.stats().events.stored).toBeGreaterThan(0);
  });

  test.each([
    {
      why: 'a polluting key',
      event: `{"__proto__":{"polluted":1},${event.slice(1)}`,
      reason: '__proto__: forbidden-key',
    },
    {
      why: 'nesting',
      event: event.replace('"product_id":"p1"', `"a":${'['.repeat(9_000)}1${']'.repeat(9_000)}`),
      reason: 'too-deep',
    },
  ])('an event with $why costs only itself', async ({ event: bad, reason }) => {
    const { post, delivered } = await run();
    const { status, body } = await post(`{"batch":[${bad},${JSON.stringify(okEvent({ messageId: 'good' }))}]}`);
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain(reason);
    expect(idsOf(await delivered())).toEqual(['good']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each([
    { why: 'no end', bodyTimeoutMs: Number.POSITIVE_INFINITY },
    { why: 'longer than timers go', bodyTimeoutMs: 3_000_000_000 },
  ])('a body that comes in parts has all the time it was given: $why', async ({ bodyTimeoutMs }) => {
    const { collector, url } = await run({ limits: { bodyTimeoutMs, maxInflatedBytes: Number.POSITIVE_INFINITY } });
    const body = gzipSync(JSON.stringify(batchOf(okEvent())));
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
    await expect.poll(() => collector.stats().inFlight.requests).toBe(1);
    socket.write(body);
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  test('a body whose sender went away before we were asked takes up no room', async () => {
    const { collector } = await run();
    // As behind a middleware that looks something up first.
    const url = await listen((request, response) => request.on('close', () => collector.node(request, response)));
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();
    await expect.poll(() => collector.stats().refusals).toEqual({ aborted: 1 });
    expect(collector.stats().inFlight.requests).toBe(0);
  });

  test('a limit that is undefined, as of a setting nobody made, is the usual one', async () => {
    const { post } = await run({ limits: { maxInflatedBytes: undefined, maxEvents: undefined } as never });
    const bomb = gzipSync(Buffer.alloc(17 * 1024 * 1024, ' '));
    expect(await post(bomb)).toMatchObject({ status: 413, body: { error: 'too-large' } });
    const many = batchOf(...Array.from({ length: 5_001 }, () => okEvent()));
    expect(await post(many)).toMatchObject({ status: 413, body: { error: 'too-many-events' } });
  });

  test('a body that comes too slowly is given up', async () => {
    const { url } = await run({ limits: { bodyTimeoutMs: 50 } });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });
});

describe('methods and addresses', () => {
  test.each([
    { method: 'GET', path: '/', status: 405, allow: 'POST, OPTIONS' },
    { method: 'HEAD', path: '/', status: 405, allow: 'POST, OPTIONS' },
    { method: 'DELETE', path: '/v1/batch', status: 405, allow: 'POST, OPTIONS' },
    { method: 'POST', path: '/v1/nothing', status: 404, allow: null },
    { method: 'POST', path: '/v1/m', status: 200, allow: null },
  ])('$method $path → $status', async ({ method, path, status, allow }) => {
    const { url } = await run();
    const response = await fetch(url + path, {
      method,
      redirect: 'error',
      ...(method === 'POST' ? { body: '{"series":[]}' } : {}),
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
  });

  test.each([
    { path: '/v1/track', body: { event: 'e' }, type: 'track' },
    { path: '/v1/p', body: { name: 'Home' }, type: 'page' },
    { path: '/v1/identify', body: { traits: { tier: 'pro' } }, type: 'identify' },
    { path: '/v1/g', body: { groupId: 'g' }, type: 'group' },
    { path: '/v1/a', body: { previousId: 'old' }, type: 'alias' },
    { path: '/v1/s', body: { name: 'Start' }, type: 'screen' },
  ])('$path takes a single event', async ({ path, body, type }) => {
    const { post, delivered } = await run();
    const { status } = await post({ ...body, userId: 'u', context: consented }, { path });
    expect(status).toBe(200);
    expect(await delivered()).toMatchObject([{ ...body, type, messageId: expect.stringMatching(/^[\da-f-]{36}$/) }]);
  });
});

describe('consent', () => {
  const plan = definePlan({
    version: '1',
    events: {
      'Order Completed': { purpose: 'necessary' },
      'Ad Clicked': { purpose: 'advertising' },
      'Page Read': { purpose: 'analytics' },
    },
  });
  const said = (preferences: ConsentPreferences, more: { gpc?: boolean } = {}): EventContext => ({
    consent: { categoryPreferences: preferences, ...more },
  });
  test.each<{
    why: string;
    event: string;
    context?: EventContext;
    vouched?: ConsentPreferences;
    gpc?: boolean;
    stored: boolean;
  }>([
    { why: 'nothing said is no', event: 'Page Read', stored: false },
    { why: 'an unplanned event is analytics', event: 'Anything', context: said({ advertising: true }), stored: false },
    { why: 'necessary needs no answer', event: 'Order Completed', stored: true },
    { why: 'a yes', event: 'Page Read', context: said({ analytics: true }), stored: true },
    { why: 'a no', event: 'Page Read', context: said({ analytics: false }), stored: false },
    { why: 'a yes to something else', event: 'Ad Clicked', context: said({ analytics: true }), stored: false },
    { why: 'the source vouches where nothing is said', event: 'Page Read', vouched: { analytics: true }, stored: true },
    {
      why: 'what is said beats what is vouched for',
      event: 'Page Read',
      context: said({}),
      vouched: { analytics: true },
      stored: false,
    },
    {
      why: 'Global Privacy Control beats a yes to advertising',
      event: 'Ad Clicked',
      context: said({ advertising: true }),
      gpc: true,
      stored: false,
    },
    {
      why: 'Global Privacy Control in the event, too',
      event: 'Ad Clicked',
      context: said({ advertising: true }, { gpc: true }),
      stored: false,
    },
    {
      why: 'Global Privacy Control beats what is vouched for',
      event: 'Ad Clicked',
      vouched: { advertising: true },
      gpc: true,
      stored: false,
    },
    {
      why: 'Global Privacy Control leaves analytics',
      event: 'Page Read',
      context: said({ analytics: true }),
      gpc: true,
      stored: true,
    },
  ])('$why', async ({ event, context, vouched, gpc, stored }) => {
    const { post, log, arrivals } = await run({ plan, ...(vouched === undefined ? {} : { consent: vouched }) });
    const sent = anEvent({ event, messageId: 'm', userId: 'person', ...(context === undefined ? {} : { context }) });
    const { status, body } = await post(batchOf(sent), { headers: gpc ? { 'Sec-GPC': '1' } : {} });
    expect(status).toBe(200);
    expect(body.results?.m?.status).toBe(stored ? undefined : 'consent_denied');
    expect(log.appended).toHaveLength(stored ? 1 : 0);
    // Who did not agree is not shown either.
    expect(JSON.stringify(arrivals).includes('person')).toBe(stored);
  });

  test('Global Privacy Control is on every event it came with', async () => {
    const { post, delivered } = await run({ plan });
    await post(batchOf(okEvent({ context: said({ analytics: true, advertising: true }) })), {
      headers: { 'Sec-GPC': '1' },
    });
    expect((await delivered())[0]?.context?.consent).toEqual({
      categoryPreferences: { analytics: true, advertising: false },
      gpc: true,
    });
  });

  test('an invalid event of someone who did not agree is not kept aside', async () => {
    const { post, log } = await run();
    const { body } = await post(batchOf({ type: 'track', messageId: 'm', userId: 'person', timestamp: 'x' }));
    expect(body.results?.m?.status).toBe('invalid');
    expect(log.appended).toEqual([]);
  });
});

describe('the plan', () => {
  const plan = definePlan({
    version: '1',
    events: {
      'Product Added': { properties: z.object({ product_id: z.string(), price: z.number() }) },
      'Order Completed': { source: 'server' },
    },
  });
  const keys = { server: { source: 'server' } } as const;
  test.each<{
    why: string;
    event: TrackEvent;
    key?: string;
    unplanned?: 'quarantine';
    status?: string;
    reason?: RegExp;
  }>([
    { why: 'as planned', event: okEvent({ event: 'Product Added', properties: { product_id: 'p', price: 1 } }) },
    {
      why: 'wrong properties',
      event: okEvent({ event: 'Product Added', properties: { product_id: 'p', price: '1' } }),
      status: 'invalid',
      reason: /^properties\.price: /,
    },
    {
      why: 'a server event from a browser',
      event: okEvent({ event: 'Order Completed' }),
      status: 'invalid',
      reason: /server-only/,
    },
    { why: 'a server event from a server', event: okEvent({ event: 'Order Completed' }), key: 'server' },
    { why: 'unplanned is stored', event: okEvent({ event: 'Anything' }) },
    {
      why: 'unplanned is set aside if so wished',
      event: okEvent({ event: 'Anything' }),
      unplanned: 'quarantine',
      status: 'invalid',
      reason: /unplanned-event/,
    },
    {
      why: 'calls without a name are not planned',
      event: { type: 'page', messageId: 'p', userId: 'u', timestamp: '2026-01-01T00:00:00Z', context: consented },
      unplanned: 'quarantine',
    },
  ])('$why', async ({ event, key, unplanned, status, reason }) => {
    const { post, log } = await run({ plan, keys, ...(unplanned === undefined ? {} : { unplanned }) });
    const { body } = await post(batchOf(event), {
      headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
    });
    expect(body.results?.[event.messageId]?.status).toBe(status);
    if (reason !== undefined) expect(body.results?.[event.messageId]?.reason).toMatch(reason);
    expect(log.stats()).toMatchObject(
      status === undefined ? { events: 1, quarantined: 0 } : { events: 0, quarantined: 1 },
    );
  });
});

describe('keys and origins', () => {
  const server = { source: 'server', name: 'backend' } as const;
  const browser = { source: 'browser', name: 'site' } as const;
  const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const home = (url: string) => ({ Origin: url });
  test.each<{
    why: string;
    keys?: CollectorOptions['keys'];
    allowedOrigins?: readonly string[];
    headers?: Record<string, string> | ((url: string) => Record<string, string>);
    bodyKey?: string;
    status: number;
    source?: string;
  }>([
    { why: 'no key, no browser: a browser as far as we know', status: 200, source: 'browser' },
    { why: 'no key, same origin', headers: home, status: 200, source: 'browser' },
    {
      why: 'no key, same origin as the browser says',
      headers: { Origin: 'https://a.example', 'Sec-Fetch-Site': 'same-origin' },
      status: 200,
      source: 'browser',
    },
    { why: 'no key, another site', headers: { Origin: 'https://b.example' }, status: 403 },
    { why: 'no key, a sandboxed frame', headers: { Origin: 'null' }, status: 403 },
    {
      why: 'no key, another site that is allowed',
      allowedOrigins: ['https://b.example'],
      headers: { Origin: 'https://b.example' },
      status: 200,
      source: 'browser',
    },
    { why: 'no key where browsers have one', keys: { b: browser }, status: 401 },
    { why: 'no key where only servers have one', keys: { s: server }, status: 200, source: 'browser' },
    { why: 'a browser key in the body', keys: { b: browser }, bodyKey: 'b', status: 200, source: 'browser' },
    {
      why: 'a browser key from another site',
      keys: { b: browser },
      bodyKey: 'b',
      headers: { Origin: 'https://b.example' },
      status: 403,
    },
    { why: 'a server key as Basic', keys: { s: server }, headers: basic('s:'), status: 200, source: 'server' },
    {
      why: 'a server key as Basic without the colon',
      keys: { s: server },
      headers: basic('s'),
      status: 200,
      source: 'server',
    },
    {
      why: 'a server key as Bearer',
      keys: { s: server },
      headers: { Authorization: 'Bearer s' },
      status: 200,
      source: 'server',
    },
    { why: 'a server key in the body', keys: { s: server }, bodyKey: 's', status: 200, source: 'server' },
    { why: 'an unknown key', keys: { s: server }, headers: basic('x:'), status: 401 },
    { why: 'an unknown key in the body', bodyKey: 'x', status: 401 },
    { why: 'a key named like a method', keys: { s: server }, bodyKey: 'constructor', status: 401 },
    { why: 'a password for the whole site is not ours', headers: basic('staging:pw'), status: 200, source: 'browser' },
  ])('$why → $status', async ({ keys, allowedOrigins, headers = {}, bodyKey, status, source }) => {
    const options = {
      ...(keys === undefined ? {} : { keys }),
      ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
    };
    const { url, post, log } = await run(options);
    const given = typeof headers === 'function' ? headers(url) : headers;
    const reply = await post({ ...batchOf(okEvent()), writeKey: bodyKey }, { headers: given });
    expect(reply.status).toBe(status);
    expect(log.appended.map(({ facts }) => facts.source)).toEqual(source === undefined ? [] : [source]);
  });

  test('a key vouches for the consent of its events', async () => {
    const { post, log } = await run({ keys: { s: { ...server, consent: { analytics: true } } } });
    await post({ ...batchOf(anEvent()), writeKey: 's' });
    expect(log.stats().events).toBe(1);
  });
});

describe('CORS', () => {
  const allowedOrigins = ['https://shop.example'];
  test('an allowed site may ask and read', async () => {
    const { url, post } = await run({ allowedOrigins });
    const headers = { Origin: 'https://shop.example' };
    const preflight = await fetch(url, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(preflight.headers.get('access-control-allow-credentials')).toBe('true');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-max-age')).toBe('7200');
    for (const header of ['authorization', 'content-type', 'x-retry-count']) {
      expect(preflight.headers.get('access-control-allow-headers')?.split(', ')).toContain(header);
    }
    const reply = await post(batchOf(okEvent()), { headers });
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(reply.headers.get('vary')).toBe('Origin');
  });

  test.each([
    { why: 'another site', options: { allowedOrigins }, origin: 'https://b.example', vary: 'Origin' },
    { why: 'any site where none is allowed', options: {}, origin: 'https://b.example', vary: null },
  ])('$why may not', async ({ options, origin, vary }) => {
    const { url } = await run(options);
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { Origin: origin } });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    expect(preflight.headers.get('vary')).toBe(vary);
  });
});

describe('an unmodified Segment client', () => {
  test('1,000 events of all six types are stored once each', async () => {
    const { url, collector, delivered } = await run({
      keys: { 'write-key': { source: 'server', consent: { analytics: true } } },
    });
    const analytics = new Analytics({ writeKey: 'write-key', host: url, maxEventsInBatch: 50 });
    const failures: unknown[] = [];
    analytics.on('error', (error) => failures.push(error));
    for (let index = 0; index < 1_000; index++) {
      const userId = `u${index}`;
      const calls = [
        () => analytics.track({ userId, event: 'Article Read', properties: { index } }),
        () => analytics.identify({ userId, traits: { index } }),
        () => analytics.page({ userId, name: 'Home' }),
        () => analytics.screen({ userId, name: 'Start' }),
        () => analytics.group({ userId, groupId: 'acme' }),
        () => analytics.alias({ userId, previousId: `old${index}` }),
      ];
      calls[index % calls.length]?.();
    }
    await analytics.closeAndFlush();
    expect(failures).toEqual([]);
    const events = await delivered();
    expect(events).toHaveLength(1_000);
    expect(new Set(idsOf(events)).size).toBe(1_000);
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['track', 'identify', 'page', 'screen', 'group', 'alias']),
    );
    expect(events.every(({ source }) => source === 'server')).toBe(true);
    expect(collector.stats().events).toMatchObject({ stored: 1_000, duplicate: 0, invalid: 0 });
  });
});

describe('close', () => {
  test('finishes what is under way, delivers it, and answers 503 from then on', async () => {
    const { collector, url, post, sink } = await run({ consent: { analytics: true } });
    collector.tracker.track('Last One', {}, { userId: 'u', messageId: 'tracked' });
    await post(batchOf(okEvent({ messageId: 'posted' })));
    await collector.close({ deadlineMs: 5_000 });
    expect([...idsOf(sink.received)].sort()).toEqual(['posted', 'tracked']);
    const late = await fetch(url, { method: 'POST', body: JSON.stringify(batchOf(okEvent())) });
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  test('waits for a body no longer than it was told, and stores nothing of what comes behind', async () => {
    const clock = createFakeClock();
    const collector = createCollector({ log: memoryLog(), clock });
    let sender: ReadableStreamDefaultController | undefined;
    const body = new ReadableStream({
      start(controller) {
        sender = controller;
      },
    });
    const init: RequestInit & { readonly duplex: 'half' } = { method: 'POST', body, duplex: 'half' };
    const answer = collector.fetch(new Request('http://localhost/', init));
    let isClosed = false;
    const closed = collector.close({ deadlineMs: 100 }).then(() => {
      isClosed = true;
    });
    await clock.advance(99);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await closed;
    sender?.enqueue(Buffer.from(JSON.stringify(batchOf(okEvent()))));
    sender?.close();
    expect((await answer).status).toBe(503);
  });
});

test('a restart delivers what was not delivered, and nothing twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'collector-'));
  const path = join(folder, 'log.db');
  const first = aDestination();
  const before = createCollector({ log: sqliteLog(path), destinations: [first], consent: { analytics: true } });
  before.tracker.track('One', {}, { userId: 'u', messageId: '1' });
  await before.flush();
  expect(before.stats().destinations.sink).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
  first.deliver = async () => ({ kind: 'retry', reason: 'server' });
  // It is in the log before anybody closes: what that takes is the disk's affair.
  expect(await before.tracker.track('Two', {}, { userId: 'u', messageId: '2' }).durable).toBe(true);
  await before.close({ deadlineMs: 200 });
  expect(before.stats().destinations.sink).toMatchObject({ accepted: 2, delivered: 1, pending: 1 });

  const second = aDestination();
  const after = createCollector({ log: sqliteLog(path), destinations: [second] });
  await after.flush();
  expect(idsOf(second.received)).toEqual(['2']);
  await after.close();
  rmSync(folder, { recursive: true });
});

test('a watcher that throws disturbs nobody', async () => {
  const { collector, post, arrivals } = await run();
  const stop = collector.watch(() => {
    throw new Error('mine');
  });
  expect((await post(batchOf(okEvent()))).status).toBe(200);
  stop();
  expect(arrivals).toMatchObject([{ status: 'stored', source: 'browser', receivedAt: expect.any(Number) }]);
});

test.each([
  { why: 'one that vouches for nothing is told', key: { source: 'server' as const, name: 'shop' }, expected: ['shop'] },
  { why: 'one that vouches is fine', key: { source: 'server' as const, consent: { analytics: true } }, expected: [] },
  { why: 'a browser carries its own', key: { source: 'browser' as const }, expected: [] },
])('a server key without consent would lose all its events: $why', async ({ key, expected }) => {
  const heard: string[] = [];
  const collector = createCollector({
    log: memoryLog(),
    keys: { 'k-1': key },
    onDiagnostic: ({ code, detail }) => code === 'no-consent-vouched' && heard.push(detail),
  });
  await collector.close();
  expect(heard).toEqual(expected);
});
